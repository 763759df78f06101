// SPDX-License-Identifier: GPL-3.0-or-later
// One series of one run in bounded memory: history from the store, live points after it, and a finer window
// where somebody zoomed. Extrema, counts and non-finite points are never lost by merging. Values; GUI thread.
#pragma once

#include "core/spec/run_records.h"

#include <cstdint>
#include <deque>
#include <vector>

namespace orrery::ui {

/// Both buckets as one: exact extrema, mean over finite points, last value of the later one.
SeriesBucket mergedBuckets(const SeriesBucket &early, const SeriesBucket &late);
/// Points of a bucket that have a place on the value axis.
inline uint64_t numFinite(const SeriesBucket &bucket) { return bucket.numPoints - bucket.numNonFinite; }

class SeriesBuffer {
public:
    enum class Append {
        Added,
        Known,      ///< already here, or older than what is here
        NewAttempt, ///< added; which old points are superseded is only known to the store: ask it again
    };
    static constexpr size_t kMaxBuckets = 4096;
    static constexpr size_t kMaxRecent = 4096;

    /// Replaces what is known up to the history's end; live points after it stay.
    void setHistory(std::vector<SeriesBucket> buckets);
    Append append(int64_t step, double wallTime, int32_t attempt, double value);
    /// Finer buckets of steps from … to; replaces an earlier window. Nothing: the window goes.
    void setDetail(int64_t from, int64_t to, std::vector<SeriesBucket> buckets);

    /// By attempt, then step: coarse outside the window, fine inside. A coarse bucket that overlaps an edge
    /// of the window keeps its extrema and is moved to the outer side of the edge.
    [[nodiscard]] std::vector<SeriesBucket> buckets() const;
    [[nodiscard]] bool isEmpty() const { return m_buckets.empty(); }
    [[nodiscard]] uint64_t numPoints() const;
    [[nodiscard]] size_t numStoredBuckets() const { return m_buckets.size() + m_detail.size(); }
    /// Whether some bucket between the steps stands for more than one point.
    [[nodiscard]] bool isCoarse(int64_t from, int64_t to) const;
    [[nodiscard]] const SeriesBucket &first() const { return m_buckets.front(); } ///< not when empty
    [[nodiscard]] const SeriesBucket &last() const { return m_buckets.back(); }   ///< not when empty

private:
    struct Point {
        int64_t step;
        double wallTime;
        int32_t attempt;
        double value;
    };
    void place(const Point &point);
    void coarsen();

    std::vector<SeriesBucket> m_buckets;
    std::vector<SeriesBucket> m_detail;
    std::deque<Point>
        m_recent; ///< live points, to put them behind a history that was asked for before they came
    int64_t m_detailFrom = 0, m_detailTo = -1;
    int64_t m_width = 1; ///< steps that one live bucket may span
};

} // namespace orrery::ui
