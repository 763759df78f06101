// SPDX-License-Identifier: Apache-2.0
// A tokenizer.json as other programs write it whose tokens are single bytes, without specials.
#pragma once

#include "core/data/tokenizer/unicode.h"

#include <string>

namespace orrery::test {

/// @param fields before the model, for example R"("pre_tokenizer":{"type":"ByteLevel"},)"
inline std::string letterTokenizer(const std::string &fields)
{
    std::string vocabulary;
    for (int byte = 0; byte < 256; ++byte) {
        const std::string letter = tok::lettersOfBytes(std::string(1, static_cast<char>(byte)));
        const bool isEscaped = letter == "\"" || letter == "\\";
        vocabulary += std::string(byte == 0 ? "\"" : ",\"") + (isEscaped ? "\\" : "") + letter +
                      "\":" + std::to_string(byte);
    }
    return "{" + fields + R"("model":{"type":"BPE","merges":[],"vocab":{)" + vocabulary + "}}}";
}

} // namespace orrery::test
