// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/tokenizer_error.h"

#include "core/base/text.h"

namespace orrery::tok {

namespace {
constexpr size_t kShownBytes = 80;
}

Error tokenizerError(const std::string &name, const std::string &found, const std::string &expected,
                     const std::string &hint)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot read tokenizer \"" + name + "\": " + found + ", expected " + expected + ".", hint};
}

std::string shownText(const std::string &text)
{
    const bool isLong = text.size() > kShownBytes;
    return '"' + sanitizeUtf8(std::string_view(text).substr(0, kShownBytes)) + (isLong ? "…\"" : "\"");
}

} // namespace orrery::tok
