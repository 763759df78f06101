// SPDX-License-Identifier: Apache-2.0
#include "core/data/corpus_errors.h"

#include "core/base/text.h"

namespace orrery {

Error dataError(const std::filesystem::path &path, const BrokenRule &rule, std::string hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot read data \"" + path.string() + "\": " + rule.found + ", expected " + rule.expected + ".",
            std::move(hint)};
}

Error dataLineError(const std::filesystem::path &path, uint64_t line, const BrokenRule &rule,
                    std::string hint)
{
    if (hint.empty()) hint = "Mend or remove line " + std::to_string(line) + " of the file.";
    return {ErrorCode::InvalidInput,
            "Cannot read data \"" + path.string() + "\", line " + std::to_string(line) + ": " + rule.found +
                ", expected " + rule.expected + ".",
            std::move(hint)};
}

Error dataCancelled(const std::filesystem::path &path)
{
    return {ErrorCode::Cancelled, "Preparing the data \"" + path.string() + "\" was cancelled.",
            "Start again to go on."};
}

std::string shownText(std::string_view text)
{
    constexpr size_t kMaxShown = 80;
    std::string shown = sanitizeUtf8(text.substr(0, kMaxShown));
    for (char &c : shown)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text.size() > kMaxShown ? shown + "…" : shown;
}

} // namespace orrery
