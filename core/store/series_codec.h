// SPDX-License-Identifier: Apache-2.0
// Private to core/store: points, their summaries, and both as bytes. Pure functions; any thread. Decoders
// check every length and a CRC, and say "no" instead of reading past the end.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::store {

inline constexpr size_t kChunkPoints = 4096; ///< points of a full chunk
inline constexpr size_t kCoarseBlock = 512;  ///< points per summary of the coarse level
inline constexpr size_t kFineBlock = 64;     ///< points per summary of the fine level

struct Point {
    int64_t step = 0;
    int64_t wallMicros = 0; ///< Unix time
    double value = 0;       ///< any bits, NaN and Inf too
};

int64_t toMicros(double seconds);
inline double toSeconds(int64_t micros) { return static_cast<double>(micros) * 1e-6; }

/// Exact extrema of some neighbouring points. minimum, maximum and mean are of the finite ones, NaN without
/// any.
struct Summary {
    int64_t firstStep = 0;
    int64_t lastStep = 0;
    int64_t firstWallMicros = 0;
    int64_t lastWallMicros = 0;
    double minimum = 0;
    double maximum = 0;
    double mean = 0;
    double last = 0;
    uint64_t numPoints = 0;
    uint64_t numNonFinite = 0;

    void add(const Point &point);
    /// `later` follows this one.
    void merge(const Summary &later);
};
Summary summarize(std::span<const Point> points);

/// CRC-32 (IEEE 802.3), as in zip and zlib.
uint32_t crc32(std::string_view data);

/// Steps as differences, times as differences of differences, values XORed with the one before: version,
/// attempt, count, points, CRC.
std::string encodeChunk(int32_t attempt, std::span<const Point> points);
/// Nothing when damaged, of another attempt, or larger than kChunkPoints.
std::optional<std::vector<Point>> decodeChunk(std::string_view data, int32_t attempt);

/// One summary per `block` points, with a CRC.
std::string encodeBlocks(std::span<const Point> points, size_t block);
std::optional<std::vector<Summary>> decodeBlocks(std::string_view data);

/// Points of one series in one commit.
struct LogPart {
    int64_t series = 0;
    int32_t attempt = 0;
    std::vector<Point> points;
};
class LogRowEncoder {
public:
    void add(int64_t series, int32_t attempt, std::span<const Point> points);
    [[nodiscard]] bool isEmpty() const { return m_data.empty(); }
    std::string finish();

private:
    std::string m_data;
};
/// Appends the parts of one series, or of all (nothing given). False when damaged.
bool decodeLogRow(std::string_view data, std::optional<int64_t> series, std::vector<LogPart> &parts);

} // namespace orrery::store
