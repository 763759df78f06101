// SPDX-License-Identifier: Apache-2.0
#include "core/infer/stop_text.h"

#include "core/spec/field_values.h"

#include <algorithm>

namespace orrery {

namespace {

Error badStop(const std::string &found, const std::string &expected, const std::string &hint)
{
    return Error{ErrorCode::InvalidInput, "Cannot generate text: " + found + ", expected " + expected + ".",
                 hint};
}

/// How much of the text is read behind `byte`, when `length` of it were before.
size_t advanced(const std::string &text, const std::vector<size_t> &fallback, size_t length, char byte)
{
    if (length == text.size()) length = fallback[length];
    while (length > 0 && text[length] != byte) length = fallback[length];
    return text[length] == byte ? length + 1 : 0;
}

} // namespace

Result<void> checkStopTexts(const std::vector<std::string> &texts)
{
    if (texts.size() > kMaxStopTexts)
        return badStop("there are " + std::to_string(texts.size()) + " stop texts", "at most 16",
                       "Leave some out.");
    for (size_t i = 0; i < texts.size(); ++i) {
        const std::string name = "stop text " + std::to_string(i + 1);
        if (texts[i].empty())
            return badStop(name + " is empty", "1 … 256 bytes",
                           "Leave it out, or write what ends the answer.");
        if (texts[i].size() > kMaxStopBytes)
            return badStop(name + ", " + quotedValue(texts[i]) + ", has " + std::to_string(texts[i].size()) +
                               " bytes",
                           "1 … 256", "The beginning of it is enough.");
    }
    return {};
}

StopMatcher::StopMatcher(const std::vector<std::string> &texts)
{
    for (const std::string &text : texts) {
        Pattern pattern{.text = text, .fallback = std::vector<size_t>(text.size() + 1, 0)};
        for (size_t i = 1; i < text.size(); ++i)
            pattern.fallback[i + 1] = advanced(text, pattern.fallback, pattern.fallback[i], text[i]);
        m_patterns.push_back(std::move(pattern));
    }
}

size_t StopMatcher::read(char byte)
{
    size_t longest = 0;
    for (Pattern &pattern : m_patterns) {
        pattern.length = advanced(pattern.text, pattern.fallback, pattern.length, byte);
        if (pattern.length == pattern.text.size()) longest = std::max(longest, pattern.length);
    }
    return longest;
}

size_t StopMatcher::numOpen() const
{
    size_t longest = 0;
    for (const Pattern &pattern : m_patterns) {
        const bool isWhole = pattern.length == pattern.text.size();
        longest = std::max(longest, isWhole ? pattern.fallback[pattern.length] : pattern.length);
    }
    return longest;
}

} // namespace orrery
