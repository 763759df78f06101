// SPDX-License-Identifier: Apache-2.0
#include "app/worker/token_output.h"

#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery::worker {

namespace {

std::string hexOf(const std::string &bytes, const char *separator)
{
    std::string hex;
    for (const char byte : bytes) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
        hex += (hex.empty() ? "" : separator) + std::string(digits);
    }
    return hex;
}

/// In one line: control characters as they are written in C; a byte of a longer character is no text.
std::string shownText(const std::string &bytes)
{
    if (!isValidUtf8(bytes)) return "";
    std::string shown;
    for (size_t i = 0; i < bytes.size(); ++i) {
        const char byte = bytes[i];
        const auto code = static_cast<unsigned char>(byte);
        const bool isC1 = code == 0xC2 && static_cast<unsigned char>(bytes[i + 1]) < 0xA0; // U+0080 to U+009F
        if (isC1)
            shown += "\\x" + hexOf(bytes.substr(i++, 2), "\\x");
        else if (byte == '\n')
            shown += "\\n";
        else if (byte == '\t')
            shown += "\\t";
        else if (byte == '\\')
            shown += "\\\\";
        else if (code < 0x20 || code == 0x7F)
            shown += "\\x" + hexOf(std::string(1, byte), "");
        else
            shown += byte;
    }
    return '"' + shown + '"';
}

size_t numBytesOf(const std::vector<TokenPiece> &pieces)
{
    size_t sum = 0;
    for (const TokenPiece &piece : pieces) sum += piece.bytes.size();
    return sum;
}

/// @param width at least; numbers stand at its right
std::string right(const std::string &text, size_t width)
{
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string left(const std::string &text, size_t width)
{
    return text.size() < width ? text + std::string(width - text.size(), ' ') : text;
}

} // namespace

std::string tokensJson(const std::vector<TokenPiece> &pieces)
{
    nlohmann::ordered_json json;
    json["tokens"] = nlohmann::ordered_json::array();
    for (const TokenPiece &piece : pieces)
        json["tokens"].push_back(
            {{"id", piece.id}, {"text", sanitizeUtf8(piece.bytes)}, {"bytes", hexOf(piece.bytes, "")}});
    json["num_tokens"] = pieces.size();
    json["num_bytes"] = numBytesOf(pieces);
    return json.dump();
}

std::vector<std::string> tokensTable(const std::vector<TokenPiece> &pieces)
{
    std::vector<std::string> hex;
    size_t width = 5;
    for (const TokenPiece &piece : pieces) {
        hex.push_back(hexOf(piece.bytes, " "));
        width = std::max(width, std::min<size_t>(hex.back().size(), 36));
    }
    const auto line = [width](const std::string &place, const std::string &id, const std::string &bytes,
                              const std::string &text) {
        return right(place, 7) + "  " + right(id, 7) + "  " + left(bytes, width) + "  " + text;
    };
    std::vector<std::string> lines{line("place", "id", "bytes", "text")};
    for (size_t i = 0; i < pieces.size(); ++i)
        lines.push_back(line(std::to_string(i), std::to_string(pieces[i].id), hex[i], shownText(pieces[i].bytes)));
    const size_t numBytes = numBytesOf(pieces);
    const double perToken =
        pieces.empty() ? 0 : static_cast<double>(numBytes) / static_cast<double>(pieces.size());
    lines.push_back(std::to_string(pieces.size()) + (pieces.size() == 1 ? " token, " : " tokens, ") +
                    std::to_string(numBytes) + (numBytes == 1 ? " byte, " : " bytes, ") +
                    formatSignificant(perToken, 3) + " bytes/token");
    return lines;
}

} // namespace orrery::worker
