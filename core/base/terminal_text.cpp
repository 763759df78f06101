// SPDX-License-Identifier: Apache-2.0
#include "core/base/terminal_text.h"

#include "core/base/text.h"

namespace orrery {

std::string terminalText(std::string_view text, char instead)
{
    std::string shown;
    bool isBehindC2 = false; // U+0080 to U+00BF are two bytes, 0xc2 and their number
    for (const char c : sanitizeUtf8(text)) {
        const auto byte = static_cast<unsigned char>(c);
        if (isBehindC2 && byte < 0xa0)
            shown.back() = instead;
        else
            shown += byte < 0x20 || byte == 0x7f ? instead : c;
        isBehindC2 = byte == 0xc2;
    }
    return shown;
}

} // namespace orrery
