// SPDX-License-Identifier: Apache-2.0
// Generated tokens as compressed bytes, for the archive of prompts: ids, texts, probabilities and candidates. Numbers are
// kept as 32-bit floats, those of candidates to 5 digits. Pure functions; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::store {

/// Most tokens that one packed piece has.
inline constexpr size_t kMaxPackedTokens = 1U << 16;

std::string packTokens(std::span<const GeneratedToken> tokens);
/// Every length is checked before it is believed. @error Io: damaged
Result<std::vector<GeneratedToken>> unpackTokens(std::string_view packed);

std::string packText(std::string_view text);
/// @error Io: damaged, or longer than maxBytes
Result<std::string> unpackText(std::string_view packed, uint64_t maxBytes);

} // namespace orrery::store
