// SPDX-License-Identifier: Apache-2.0
// Reads a tokenizer.json only when it is small enough in every direction: a first pass counts and keeps
// nothing. Pure; any thread.
#pragma once

#include "core/base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace orrery::tok {

inline constexpr uint64_t kMaxTokenizerBytes = 128u << 20; ///< the largest ones in use have 35 MB

/// @error InvalidInput: larger than kMaxTokenizerBytes, not JSON (with the place), not an object, too many
/// entries in one list or object, too deep
Result<nlohmann::json> parseWithinLimits(const std::string &text, const std::string &name);

} // namespace orrery::tok
