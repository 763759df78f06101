// SPDX-License-Identifier: Apache-2.0
// Code points in UTF-8, and the properties that tokenizers ask for. Properties are those of Unicode 15.0
// (utf8proc 2.8); docs/tokenizers.md says what that pins. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orrery::tok {

/// Bytes of the well-formed sequence at `at`; 0 where the bytes are broken or cut off.
size_t sequenceLength(std::string_view text, size_t at);
/// Of a well-formed sequence of that length.
char32_t codePointAt(std::string_view text, size_t at, size_t length);
void appendCodePoint(char32_t point, std::string &text);
/// Where the well-formed text that begins at `from` ends.
size_t validEnd(std::string_view text, size_t from);

bool isWhiteSpace(char32_t point); ///< property White_Space
bool isNumeric(char32_t point);    ///< categories Nd, Nl, No
bool isWordPart(char32_t point);   ///< letters, marks, digits, connectors

enum class NormalForm : uint8_t { Nfc, Nfd, Nfkc, Nfkd };
/// @param text well-formed
std::string normalized(std::string_view text, NormalForm form);
std::string lowerCased(std::string_view text);

/// The byte alphabet of GPT-2: each byte has a printable character of its own, so that a vocabulary of bytes
/// can be written as text.
char32_t letterOfByte(uint8_t byte);
/// -1: not a letter of the alphabet.
int byteOfLetter(char32_t letter);
std::string lettersOfBytes(std::string_view bytes);
/// Nothing is written when a character is no letter of the alphabet.
bool bytesOfLetters(std::string_view letters, std::string &bytes);

} // namespace orrery::tok
