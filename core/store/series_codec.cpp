// SPDX-License-Identifier: Apache-2.0
#include "core/store/series_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace orrery::store {

static_assert(std::endian::native == std::endian::little, "blobs are little-endian");

namespace {

constexpr char kChunkFormat = 1;
constexpr char kBlocksFormat = 1;
constexpr char kLogFormat = 1;
constexpr size_t kCrcBytes = 4;
constexpr size_t kMaxLogPoints = size_t{1} << 24;
// A point has at least a byte each for step, time and value.
constexpr size_t kMinPointBytes = 3;

constexpr auto kCrcTables = [] {
    std::array<std::array<uint32_t, 256>, 8> tables{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0xEDB88320U : 0U);
        tables[0][i] = value;
    }
    for (uint32_t i = 0; i < 256; ++i)
        for (size_t slice = 1; slice < 8; ++slice)
            tables[slice][i] = (tables[slice - 1][i] >> 8) ^ tables[0][tables[slice - 1][i] & 0xff];
    return tables;
}();

void putVarint(std::string &out, uint64_t value)
{
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

// Differences are taken modulo 2^64, so that any two steps have one.
uint64_t zigzag(uint64_t difference) { return (difference << 1) ^ (0 - (difference >> 63)); }
uint64_t unzigzag(uint64_t coded) { return (coded >> 1) ^ (0 - (coded & 1)); }

class ByteReader {
public:
    explicit ByteReader(std::string_view data) : m_next(data.data()), m_end(data.data() + data.size()) {}

    bool varint(uint64_t &value)
    {
        value = 0;
        for (int shift = 0; shift < 64 && m_next < m_end; shift += 7) {
            const auto byte = static_cast<uint8_t>(*m_next++);
            value |= static_cast<uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }
    bool byte(uint8_t &value)
    {
        if (m_next == m_end) return false;
        value = static_cast<uint8_t>(*m_next++);
        return true;
    }
    bool raw(void *out, size_t numBytes)
    {
        if (left() < numBytes) return false;
        std::memcpy(out, m_next, numBytes);
        m_next += numBytes;
        return true;
    }
    bool skip(size_t numBytes)
    {
        if (left() < numBytes) return false;
        m_next += numBytes;
        return true;
    }
    [[nodiscard]] size_t left() const { return static_cast<size_t>(m_end - m_next); }
    [[nodiscard]] std::string_view rest() const { return {m_next, left()}; }

private:
    const char *m_next;
    const char *m_end;
};

void putValue(std::string &out, uint64_t changed)
{
    if (changed == 0) {
        out.push_back(0);
        return;
    }
    // Whole zero bytes at both ends go: neighbouring values share sign and exponent, and values that were
    // float have three empty bytes at the low end.
    const int high = std::countl_zero(changed) / 8;
    const int low = std::countr_zero(changed) / 8;
    const int length = 8 - high - low;
    out.push_back(static_cast<char>(low | (length << 4)));
    changed >>= 8 * low;
    out.append(reinterpret_cast<const char *>(&changed), static_cast<size_t>(length));
}

bool readValue(ByteReader &in, uint64_t &changed)
{
    uint8_t control = 0;
    if (!in.byte(control)) return false;
    changed = 0;
    const unsigned low = control & 0xf;
    const unsigned length = control >> 4;
    if (low + length > 8 || (length == 0 && low != 0)) return false;
    if (length == 0) return true;
    if (!in.raw(&changed, length)) return false;
    changed <<= 8 * low;
    return true;
}

void putPoints(std::string &out, std::span<const Point> points)
{
    uint64_t step = 0;
    for (const Point &point : points) {
        putVarint(out, zigzag(static_cast<uint64_t>(point.step) - step));
        step = static_cast<uint64_t>(point.step);
    }
    uint64_t wall = 0;
    uint64_t difference = 0;
    for (const Point &point : points) {
        const uint64_t next = static_cast<uint64_t>(point.wallMicros) - wall;
        putVarint(out, zigzag(next - difference));
        difference = next;
        wall = static_cast<uint64_t>(point.wallMicros);
    }
    uint64_t bits = 0;
    for (const Point &point : points) {
        const auto next = std::bit_cast<uint64_t>(point.value);
        putValue(out, next ^ bits);
        bits = next;
    }
}

bool readPoints(ByteReader &in, size_t numPoints, std::vector<Point> &points)
{
    if (numPoints > in.left() / kMinPointBytes) return false;
    const size_t begin = points.size();
    points.resize(begin + numPoints);
    const std::span<Point> out(points.data() + begin, numPoints);
    uint64_t coded = 0;
    uint64_t step = 0;
    for (Point &point : out) {
        if (!in.varint(coded)) return false;
        step += unzigzag(coded);
        point.step = static_cast<int64_t>(step);
    }
    uint64_t wall = 0;
    uint64_t difference = 0;
    for (Point &point : out) {
        if (!in.varint(coded)) return false;
        difference += unzigzag(coded);
        wall += difference;
        point.wallMicros = static_cast<int64_t>(wall);
    }
    uint64_t bits = 0;
    for (Point &point : out) {
        if (!readValue(in, coded)) return false;
        bits ^= coded;
        point.value = std::bit_cast<double>(bits);
    }
    return true;
}

void appendCrc(std::string &out)
{
    const uint32_t crc = crc32(out);
    out.append(reinterpret_cast<const char *>(&crc), kCrcBytes);
}

/// The data without its CRC, when that is right.
std::optional<std::string_view> checkedBody(std::string_view data)
{
    if (data.size() < kCrcBytes) return std::nullopt;
    const std::string_view body = data.substr(0, data.size() - kCrcBytes);
    uint32_t crc = 0;
    std::memcpy(&crc, data.data() + body.size(), kCrcBytes);
    if (crc != crc32(body)) return std::nullopt;
    return body;
}

struct BlockRecord {
    int64_t firstStep, lastStep, firstWallMicros, lastWallMicros;
    double minimum, maximum, mean, last;
    uint32_t numPoints, numNonFinite;
};
static_assert(sizeof(BlockRecord) == 72);

} // namespace

int64_t toMicros(double seconds)
{
    if (!std::isfinite(seconds)) return 0;
    return static_cast<int64_t>(std::llround(std::clamp(seconds, -9e12, 9e12) * 1e6));
}

void Summary::add(const Point &point)
{
    Summary one;
    one.firstStep = one.lastStep = point.step;
    one.firstWallMicros = one.lastWallMicros = point.wallMicros;
    const bool isFinite = std::isfinite(point.value);
    one.minimum = one.maximum = one.mean = isFinite ? point.value : std::numeric_limits<double>::quiet_NaN();
    one.last = point.value;
    one.numPoints = 1;
    one.numNonFinite = isFinite ? 0 : 1;
    merge(one);
}

void Summary::merge(const Summary &later)
{
    if (later.numPoints == 0) return;
    if (numPoints == 0) {
        *this = later;
        return;
    }
    const uint64_t here = numPoints - numNonFinite;
    const uint64_t there = later.numPoints - later.numNonFinite;
    if (here == 0) {
        minimum = later.minimum;
        maximum = later.maximum;
        mean = later.mean;
    } else if (there != 0) {
        minimum = std::min(minimum, later.minimum);
        maximum = std::max(maximum, later.maximum);
        // A weighted mean of means: a plain sum of values near the largest double would overflow.
        const double share = static_cast<double>(there) / static_cast<double>(here + there);
        mean = std::clamp(mean * (1 - share) + later.mean * share, minimum, maximum);
    }
    lastStep = later.lastStep;
    lastWallMicros = later.lastWallMicros;
    last = later.last;
    numPoints += later.numPoints;
    numNonFinite += later.numNonFinite;
}

Summary summarize(std::span<const Point> points)
{
    Summary summary;
    for (const Point &point : points) summary.add(point);
    return summary;
}

uint32_t crc32(std::string_view data)
{
    // Slicing by eight; source: Kounavis and Berry (2005), "A Systematic Approach to Building High
    // Performance Software-based CRC Generators".
    uint32_t crc = 0xFFFFFFFFU;
    const char *next = data.data();
    size_t left = data.size();
    const auto &t = kCrcTables;
    for (; left >= 8; left -= 8, next += 8) {
        uint32_t low = 0;
        uint32_t high = 0;
        std::memcpy(&low, next, 4);
        std::memcpy(&high, next + 4, 4);
        low ^= crc;
        crc = t[7][low & 0xff] ^ t[6][(low >> 8) & 0xff] ^ t[5][(low >> 16) & 0xff] ^ t[4][low >> 24] ^
              t[3][high & 0xff] ^ t[2][(high >> 8) & 0xff] ^ t[1][(high >> 16) & 0xff] ^ t[0][high >> 24];
    }
    for (; left > 0; --left, ++next) crc = (crc >> 8) ^ t[0][(crc ^ static_cast<uint8_t>(*next)) & 0xff];
    return ~crc;
}

std::string encodeChunk(int32_t attempt, std::span<const Point> points)
{
    std::string out;
    out.reserve(16 + points.size() * 12);
    out.push_back(kChunkFormat);
    putVarint(out, zigzag(static_cast<uint64_t>(int64_t{attempt})));
    putVarint(out, points.size());
    putPoints(out, points);
    appendCrc(out);
    return out;
}

std::optional<std::vector<Point>> decodeChunk(std::string_view data, int32_t attempt)
{
    const auto body = checkedBody(data);
    if (!body) return std::nullopt;
    ByteReader in(*body);
    uint8_t format = 0;
    uint64_t codedAttempt = 0;
    uint64_t numPoints = 0;
    if (!in.byte(format) || format != kChunkFormat || !in.varint(codedAttempt) || !in.varint(numPoints))
        return std::nullopt;
    if (static_cast<int64_t>(unzigzag(codedAttempt)) != attempt || numPoints == 0 || numPoints > kChunkPoints)
        return std::nullopt;
    std::vector<Point> points;
    if (!readPoints(in, numPoints, points) || in.left() != 0) return std::nullopt;
    return points;
}

std::string encodeBlocks(std::span<const Point> points, size_t block)
{
    std::string out;
    out.reserve(1 + kCrcBytes + (points.size() / block + 1) * sizeof(BlockRecord));
    out.push_back(kBlocksFormat);
    for (size_t begin = 0; begin < points.size(); begin += block) {
        const Summary s = summarize(points.subspan(begin, std::min(block, points.size() - begin)));
        const BlockRecord record{s.firstStep,
                                 s.lastStep,
                                 s.firstWallMicros,
                                 s.lastWallMicros,
                                 s.minimum,
                                 s.maximum,
                                 s.mean,
                                 s.last,
                                 static_cast<uint32_t>(s.numPoints),
                                 static_cast<uint32_t>(s.numNonFinite)};
        out.append(reinterpret_cast<const char *>(&record), sizeof record);
    }
    appendCrc(out);
    return out;
}

std::optional<std::vector<Summary>> decodeBlocks(std::string_view data)
{
    const auto body = checkedBody(data);
    if (!body || body->empty() || body->front() != kBlocksFormat ||
        (body->size() - 1) % sizeof(BlockRecord) != 0)
        return std::nullopt;
    std::vector<Summary> blocks((body->size() - 1) / sizeof(BlockRecord));
    const char *next = body->data() + 1;
    for (Summary &s : blocks) {
        BlockRecord r{};
        std::memcpy(&r, next, sizeof r);
        next += sizeof r;
        s = Summary{r.firstStep, r.lastStep, r.firstWallMicros, r.lastWallMicros, r.minimum, r.maximum,
                    r.mean,      r.last,     r.numPoints,       r.numNonFinite};
    }
    return blocks;
}

void LogRowEncoder::add(int64_t series, int32_t attempt, std::span<const Point> points)
{
    if (m_data.empty()) m_data.push_back(kLogFormat);
    std::string payload;
    putPoints(payload, points);
    putVarint(m_data, static_cast<uint64_t>(series));
    putVarint(m_data, zigzag(static_cast<uint64_t>(int64_t{attempt})));
    putVarint(m_data, points.size());
    putVarint(m_data, payload.size());
    m_data += payload;
}

std::string LogRowEncoder::finish()
{
    appendCrc(m_data);
    return std::move(m_data);
}

bool decodeLogRow(std::string_view data, std::optional<int64_t> series, std::vector<LogPart> &parts)
{
    const auto body = checkedBody(data);
    if (!body) return false;
    ByteReader in(*body);
    uint8_t format = 0;
    if (!in.byte(format) || format != kLogFormat) return false;
    while (in.left() > 0) {
        uint64_t id = 0;
        uint64_t codedAttempt = 0;
        uint64_t numPoints = 0;
        uint64_t numBytes = 0;
        if (!in.varint(id) || !in.varint(codedAttempt) || !in.varint(numPoints) || !in.varint(numBytes))
            return false;
        if (numBytes > in.left() || numPoints > kMaxLogPoints) return false;
        const std::string_view payload = in.rest().substr(0, numBytes);
        in.skip(numBytes);
        if (series && static_cast<int64_t>(id) != *series) continue;
        LogPart part{
            static_cast<int64_t>(id), static_cast<int32_t>(static_cast<int64_t>(unzigzag(codedAttempt))), {}};
        ByteReader points(payload);
        if (!readPoints(points, numPoints, part.points) || points.left() != 0) return false;
        parts.push_back(std::move(part));
    }
    return true;
}

} // namespace orrery::store
