// SPDX-License-Identifier: Apache-2.0
// One id per byte, specials behind them at fixed ids. Pure; any thread.
#pragma once

#include "core/data/tokenizer.h"

#include <nlohmann/json_fwd.hpp>

namespace orrery::tok {

/// @param vocabSize 0: what it has  @error InvalidInput: fewer than it has
Result<std::unique_ptr<Tokenizer>> createByteTokenizer(bool hasSpecials, int64_t vocabSize);
/// {"type":"bytes",…}: what toJson() of one writes.
bool isByteTokenizer(const nlohmann::json &json);
/// @error InvalidInput
Result<std::unique_ptr<Tokenizer>> byteTokenizerFromJson(const nlohmann::json &json, const std::string &name);

} // namespace orrery::tok
