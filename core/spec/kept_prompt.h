// SPDX-License-Identifier: Apache-2.0
// How somebody names one of the texts that a run keeps frames of, pictures and recordings with it: by its number, in
// place of a text, with the tokens of an answer to it where there is one. The running training knows it, and whoever
// has a saved step of the run finds it in the run's data. Values; any thread.
#pragma once

#include "core/spec/generation.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orrery {

inline constexpr std::string_view kKeptPromptPrefix = "probe:";

/// @param number as FrameInfo::prompt
inline GenerateRequest keptPrompt(int32_t number)
{
    GenerateRequest request;
    request.source = std::string(kKeptPromptPrefix) + std::to_string(number);
    return request;
}

/// Nothing: it is a request for a text, whatever that is called.
inline std::optional<int32_t> keptPromptNumber(const GenerateRequest &request)
{
    const std::string_view source = request.source;
    const bool hasText = !request.prompt.empty() || !request.promptIds.empty() || !request.messages.empty() ||
                         !request.media.empty() || request.infill.has_value();
    if (hasText || !source.starts_with(kKeptPromptPrefix)) return std::nullopt;
    const std::string_view digits = source.substr(kKeptPromptPrefix.size());
    int32_t number = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() || number < 0) return std::nullopt;
    return number;
}

} // namespace orrery
