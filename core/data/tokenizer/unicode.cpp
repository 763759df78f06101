// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/unicode.h"

#include <utf8proc.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace orrery::tok {

size_t sequenceLength(std::string_view text, size_t at)
{
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
    const size_t room = text.size() - at;
    const auto follows = [&](size_t i, uint8_t low, uint8_t high) {
        return i < room && byte(i) >= low && byte(i) <= high;
    };
    const uint8_t lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    if (lead < 0xE0) return follows(1, 0x80, 0xBF) ? 2 : 0;
    if (lead < 0xF0) {
        const uint8_t low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2, 0x80, 0xBF) ? 3 : 0;
    }
    const uint8_t low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return follows(1, low, high) && follows(2, 0x80, 0xBF) && follows(3, 0x80, 0xBF) ? 4 : 0;
}

char32_t codePointAt(std::string_view text, size_t at, size_t length)
{
    const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<uint8_t>(text[at + i])); };
    switch (length) {
    case 1:
        return byte(0);
    case 2:
        return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3:
        return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    default:
        return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    }
}

void appendCodePoint(char32_t point, std::string &text)
{
    const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (point >> shift & 0x3F)); };
    if (point < 0x80) {
        text += static_cast<char>(point);
    } else if (point < 0x800) {
        text += static_cast<char>(0xC0 | point >> 6);
        tail(0);
    } else if (point < 0x10000) {
        text += static_cast<char>(0xE0 | point >> 12);
        tail(6);
        tail(0);
    } else {
        text += static_cast<char>(0xF0 | point >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

size_t validEnd(std::string_view text, size_t from)
{
    size_t at = from;
    while (at < text.size()) {
        const size_t length = sequenceLength(text, at);
        if (length == 0) break;
        at += length;
    }
    return at;
}

bool isWhiteSpace(char32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
           c == 0x3000;
}

bool isNumeric(char32_t point)
{
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(point));
    return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL ||
           category == UTF8PROC_CATEGORY_NO;
}

bool isWordPart(char32_t point)
{
    if (point == 0x200C || point == 0x200D) return true;
    if (point >= 0x24B6 && point <= 0x24E9) return true; // circled letters are alphabetic symbols
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
        return true;
    default:
        return false;
    }
}

std::string normalized(std::string_view text, NormalForm form)
{
    int options = UTF8PROC_STABLE;
    options |= form == NormalForm::Nfc || form == NormalForm::Nfkc ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
    if (form == NormalForm::Nfkc || form == NormalForm::Nfkd) options |= UTF8PROC_COMPAT;
    utf8proc_uint8_t *made = nullptr;
    const utf8proc_ssize_t length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t *>(text.data()),
                                                 static_cast<utf8proc_ssize_t>(text.size()), &made,
                                                 static_cast<utf8proc_option_t>(options));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, &std::free);
    if (length < 0) return std::string(text); // no memory, or longer than 2^31: left as it is
    return {reinterpret_cast<const char *>(made), static_cast<size_t>(length)};
}

std::string lowerCased(std::string_view text)
{
    std::string lower;
    lower.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const size_t length = sequenceLength(text, at);
        if (length == 0) {
            lower += text[at++];
            continue;
        }
        const char32_t point = codePointAt(text, at, length);
        at += length;
        if (point == 0x130)
            lower += "i\xCC\x87"; // the only letter whose lower case is two
        else
            appendCodePoint(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point))),
                            lower);
    }
    return lower;
}

namespace {

/// Printable characters of Latin-1 stand for themselves, the others follow from U+0100 on.
bool standsForItself(int byte)
{
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
    std::array<char32_t, 256> letters{};
    std::array<int16_t, 512> bytes{};

    Alphabet()
    {
        bytes.fill(-1);
        char32_t next = 0x100;
        for (int byte = 0; byte < 256; ++byte) {
            const char32_t letter = standsForItself(byte) ? static_cast<char32_t>(byte) : next++;
            letters[static_cast<size_t>(byte)] = letter;
            bytes[letter] = static_cast<int16_t>(byte);
        }
    }
};

const Alphabet &alphabet()
{
    static const Alphabet made;
    return made;
}

} // namespace

char32_t letterOfByte(uint8_t byte) { return alphabet().letters[byte]; }

int byteOfLetter(char32_t letter) { return letter < 512 ? alphabet().bytes[letter] : -1; }

std::string lettersOfBytes(std::string_view bytes)
{
    std::string letters;
    for (const char byte : bytes) appendCodePoint(letterOfByte(static_cast<uint8_t>(byte)), letters);
    return letters;
}

bool bytesOfLetters(std::string_view letters, std::string &bytes)
{
    std::string made;
    for (size_t at = 0; at < letters.size();) {
        const size_t length = sequenceLength(letters, at);
        if (length == 0) return false;
        const int byte = byteOfLetter(codePointAt(letters, at, length));
        if (byte < 0) return false;
        made += static_cast<char>(byte);
        at += length;
    }
    bytes = std::move(made);
    return true;
}

} // namespace orrery::tok
