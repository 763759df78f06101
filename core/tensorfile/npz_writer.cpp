// SPDX-License-Identifier: Apache-2.0
// Sources: PKWARE's APPNOTE.TXT 6.3 (records 4.3.7, 4.3.12, 4.3.16); NumPy's "NEP 1: A simple file format".
#include "core/tensorfile/npz_writer.h"

#include "core/base/assert.h"
#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace orrery {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they stand in memory");

constexpr size_t kNpyAlignment = 64;
constexpr uint16_t kZipVersion = 20;
constexpr uint16_t kFirstDosDay = 0x21; ///< 1980-01-01: equal arrays make equal files

void put16(std::string &out, uint16_t value)
{
    out.push_back(static_cast<char>(value & 0xFF));
    out.push_back(static_cast<char>(value >> 8));
}

void put32(std::string &out, uint32_t value)
{
    put16(out, static_cast<uint16_t>(value & 0xFFFF));
    put16(out, static_cast<uint16_t>(value >> 16));
}

std::string npyHeader(const std::string &type, const std::vector<size_t> &shape)
{
    std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (";
    for (const size_t size : shape) text += std::to_string(size) + ",";
    text += "), }";
    constexpr size_t kFixed = 10; // magic, version, length
    const size_t total = (kFixed + text.size() + 1 + kNpyAlignment - 1) / kNpyAlignment * kNpyAlignment;
    text.append(total - kFixed - text.size() - 1, ' ');
    text += "\n";
    std::string header = "\x93NUMPY";
    header += std::string("\x01\x00", 2);
    put16(header, static_cast<uint16_t>(text.size()));
    return header + text;
}

/// What the local and the central record of a file have in common: version to flags, and time to name length.
void putCommon(std::string &out, const std::string &name, const std::string &content, uint32_t crc)
{
    put16(out, kZipVersion);
    put16(out, 0); // flags
    put16(out, 0); // stored
    put16(out, 0); // time
    put16(out, kFirstDosDay);
    put32(out, crc);
    put32(out, static_cast<uint32_t>(content.size()));
    put32(out, static_cast<uint32_t>(content.size()));
    put16(out, static_cast<uint16_t>(name.size()));
    put16(out, 0); // extra
}

/// @param text well-formed UTF-8
std::vector<uint32_t> codePoints(std::string_view text)
{
    std::vector<uint32_t> points;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0) == 0x80)
            points.back() = (points.back() << 6) | (byte & 0x3Fu);
        else
            points.push_back(byte < 0x80 ? byte : byte & (byte < 0xE0 ? 0x1Fu : byte < 0xF0 ? 0x0Fu : 0x07u));
    }
    return points;
}

} // namespace

uint32_t crc32(std::string_view data)
{
    static const std::array<uint32_t, 256> table = [] {
        std::array<uint32_t, 256> made{};
        for (uint32_t i = 0; i < 256; ++i) {
            uint32_t value = i;
            for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? 0xEDB88320u : 0u);
            made[i] = value;
        }
        return made;
    }();
    uint32_t crc = ~0u;
    for (const char byte : data) crc = (crc >> 8) ^ table[(crc ^ static_cast<uint8_t>(byte)) & 0xFF];
    return ~crc;
}

void NpzWriter::add(const std::string &name, std::span<const float> values, const std::vector<size_t> &shape)
{
    addEntry(name, "<f4", 4, shape, values.data(), values.size_bytes());
}

void NpzWriter::add(const std::string &name, std::span<const int64_t> values,
                    const std::vector<size_t> &shape)
{
    addEntry(name, "<i8", 8, shape, values.data(), values.size_bytes());
}

void NpzWriter::addTexts(const std::string &name, std::span<const std::string> texts)
{
    std::vector<std::vector<uint32_t>> points;
    size_t width = 1; // numpy has no texts of width 0
    for (const std::string &text : texts) {
        points.push_back(codePoints(sanitizeUtf8(text)));
        width = std::max(width, points.back().size());
    }
    std::vector<uint32_t> padded;
    padded.reserve(width * texts.size());
    for (std::vector<uint32_t> &text : points) {
        text.resize(width);
        padded.insert(padded.end(), text.begin(), text.end());
    }
    addEntry(name, "<U" + std::to_string(width), 4 * width, {texts.size()}, padded.data(),
             padded.size() * sizeof(uint32_t));
}

void NpzWriter::addEntry(const std::string &name, const std::string &type, size_t itemBytes,
                         const std::vector<size_t> &shape, const void *data, size_t numBytes)
{
    size_t numValues = 1;
    for (const size_t size : shape) numValues *= size;
    ORRERY_ASSERT(numValues * itemBytes == numBytes);
    Entry entry{name + ".npy", npyHeader(type, shape)};
    entry.content.append(static_cast<const char *>(data), numBytes);
    m_entries.push_back(std::move(entry));
}

Result<std::string> NpzWriter::bytes() const
{
    uint64_t total = 0;
    for (const Entry &entry : m_entries) total += entry.content.size() + 2 * entry.name.size() + 128;
    if (total >= std::numeric_limits<uint32_t>::max())
        return Error{ErrorCode::InvalidInput,
                     "Cannot write arrays of " + std::to_string(total) +
                         " bytes into one .npz, expected less "
                         "than 4 GiB.",
                     "Write fewer of them into one file."};
    std::string file, directory;
    file.reserve(total);
    for (const Entry &entry : m_entries) {
        const auto offset = static_cast<uint32_t>(file.size());
        const uint32_t crc = crc32(entry.content);
        put32(file, 0x04034b50u);
        putCommon(file, entry.name, entry.content, crc);
        file += entry.name;
        file += entry.content;
        put32(directory, 0x02014b50u);
        put16(directory, kZipVersion); // made by
        putCommon(directory, entry.name, entry.content, crc);
        put16(directory, 0); // comment
        put16(directory, 0); // disk
        put16(directory, 0); // internal attributes
        put32(directory, 0); // external attributes
        put32(directory, offset);
        directory += entry.name;
    }
    const auto begin = static_cast<uint32_t>(file.size());
    file += directory;
    put32(file, 0x06054b50u);
    put16(file, 0); // this disk
    put16(file, 0); // disk of the directory
    put16(file, static_cast<uint16_t>(m_entries.size()));
    put16(file, static_cast<uint16_t>(m_entries.size()));
    put32(file, static_cast<uint32_t>(directory.size()));
    put32(file, begin);
    put16(file, 0); // comment
    return file;
}

} // namespace orrery
