// SPDX-License-Identifier: Apache-2.0
// PNG and WAV files made byte by byte, and damage for the fuzz-like tests. The writers here share no code
// with the ones under test.
#pragma once

#include "core/base/counter_rng.h"
#include "core/base/result.h"

#include <QByteArray>
#include <QTest>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace orrery {

inline std::string bigEndian32(uint32_t value)
{
    return {char(value >> 24), char(value >> 16), char(value >> 8), char(value)};
}

template <typename T> std::string littleEndian(T value)
{
    std::string out(sizeof value, '\0');
    std::memcpy(out.data(), &value, sizeof value);
    return out;
}

inline uint32_t crc32Of(const std::string &bytes)
{
    uint32_t crc = 0xffffffff;
    for (char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int k = 0; k < 8; ++k) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

inline std::string pngChunk(const std::string &type, const std::string &data)
{
    return bigEndian32(static_cast<uint32_t>(data.size())) + type + data + bigEndian32(crc32Of(type + data));
}

inline std::string zlibOf(const std::string &bytes)
{
    // qCompress puts the length in front of the zlib stream.
    return qCompress(QByteArray::fromStdString(bytes)).mid(4).toStdString();
}

struct PngParts {
    uint32_t width = 0;
    uint32_t height = 0;
    char depth = 8;
    char colourType = 2;
    char interlace = 0;
    std::string extra; ///< chunks between header and data
    std::string rows;  ///< with a filter byte in front of each
};

inline std::string pngOf(const PngParts &parts)
{
    std::string header = bigEndian32(parts.width) + bigEndian32(parts.height);
    header += {parts.depth, parts.colourType, 0, 0, parts.interlace};
    return std::string("\x89PNG\r\n\x1a\n", 8) + pngChunk("IHDR", header) + parts.extra +
           pngChunk("IDAT", zlibOf(parts.rows)) + pngChunk("IEND", "");
}

struct WavParts {
    uint16_t encoding = 1; ///< 1 PCM, 3 float, 2 MS ADPCM
    uint16_t channels = 1;
    uint32_t rate = 8000;
    uint16_t bits = 16;
    std::string samples;
    int64_t statedBytes = -1; ///< of the data part; -1: what is there
};

inline std::string wavOf(const WavParts &parts)
{
    const auto frameBytes = static_cast<uint16_t>(parts.channels * parts.bits / 8);
    const std::string format = littleEndian(parts.encoding) + littleEndian(parts.channels) +
                               littleEndian(parts.rate) + littleEndian(parts.rate * frameBytes) +
                               littleEndian(frameBytes) + littleEndian(parts.bits);
    const auto stated =
        static_cast<uint32_t>(parts.statedBytes < 0 ? parts.samples.size() : size_t(parts.statedBytes));
    return "RIFF" + littleEndian(static_cast<uint32_t>(36 + parts.samples.size())) + "WAVEfmt " +
           littleEndian(uint32_t{16}) + format + "data" + littleEndian(stated) + parts.samples;
}

template <typename T> std::string samplesOf(const std::vector<T> &values)
{
    return {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)};
}

/// An ID3v2.4 tag of so many bytes behind its head; seven bits of them in each byte of the length.
inline std::string id3TagOf(uint32_t size)
{
    std::string tag("ID3\4\0\0", 6);
    for (int shift = 21; shift >= 0; shift -= 7) tag += char((size >> shift) & 0x7f);
    return tag + std::string(size, '\0');
}

enum class ByteOrder : bool { Little, Big };

/// A number of a TIFF: two or four bytes.
template <typename T> std::string tiffNumber(T value, ByteOrder order)
{
    std::string bytes = littleEndian(value);
    if (order == ByteOrder::Big) std::reverse(bytes.begin(), bytes.end());
    return bytes;
}

/// An entry of a TIFF directory whose value is one short number.
inline std::string tiffEntry(uint16_t tag, uint16_t value, ByteOrder order)
{
    return tiffNumber(tag, order) + tiffNumber(uint16_t{3}, order) + tiffNumber(uint32_t{1}, order) +
           tiffNumber(value, order) + std::string(2, '\0');
}

/// EXIF with two directories, of which the first says how the camera was held.
inline std::string exifOf(uint16_t orientation, ByteOrder order)
{
    const std::string first = tiffNumber(uint16_t{2}, order) + tiffEntry(0x0100, 24, order) +
                              tiffEntry(0x0112, orientation, order) +
                              tiffNumber(uint32_t{8 + 2 + 24 + 4}, order);
    const std::string second =
        tiffNumber(uint16_t{1}, order) + tiffEntry(0x0103, 6, order) + tiffNumber(uint32_t{0}, order);
    return std::string("Exif\0\0", 6) + (order == ByteOrder::Little ? "II" : "MM") +
           tiffNumber(uint16_t{42}, order) + tiffNumber(uint32_t{8}, order) + first + second;
}

/// A JPEG with an APP1 segment right behind its mark.
inline std::string withApp1(const std::string &jpeg, const std::string &content)
{
    const auto length = static_cast<uint16_t>(content.size() + 2);
    return jpeg.substr(0, 2) + "\xff\xe1" + char(length >> 8) + char(length & 0xff) + content +
           jpeg.substr(2);
}

inline std::string fixtureBytes(const std::string &name)
{
    std::ifstream file(ORRERY_TEST_DATA "/media/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Calls `decode` for every prefix of the file and for `count` copies with one to eight changed bits or a
/// changed stretch. Each must end in a value or in an error with message and hint. @return values among them
template <typename Decode> int survivesDamage(const std::string &bytes, int count, const Decode &decode)
{
    int numGood = 0;
    auto one = [&](const std::string &damaged) {
        const auto result = decode(damaged);
        if (result.ok())
            ++numGood;
        else if (result.error().message.empty() || result.error().hint.empty())
            qFatal("an error without message or hint");
    };
    for (size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 2000)
        one(bytes.substr(0, length));
    const CounterRng rng({.seed = 11, .purpose = RngPurpose::Sampling});
    uint64_t draw = 0;
    for (int i = 0; i < count; ++i) {
        std::string damaged = bytes;
        if (rng.below(draw++, 4) == 0) {
            const size_t at = rng.below(draw++, damaged.size());
            const size_t length = std::min(damaged.size() - at, 1 + rng.below(draw++, 16));
            for (size_t k = 0; k < length; ++k) damaged[at + k] = char(rng.bits(draw++));
        } else {
            for (uint64_t flips = 1 + rng.below(draw++, 8); flips > 0; --flips) {
                const size_t bit = rng.below(draw++, damaged.size() * 8);
                damaged[bit / 8] ^= char(1u << bit % 8);
            }
        }
        if (rng.below(draw++, 8) == 0) damaged.resize(rng.below(draw++, damaged.size() + 1));
        one(damaged);
    }
    return numGood;
}

} // namespace orrery
