// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/series_buffer.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

namespace orrery::ui {
namespace {

bool isBefore(const SeriesBucket &a, const SeriesBucket &b)
{
    return a.attempt != b.attempt ? a.attempt < b.attempt : a.firstStep < b.firstStep;
}

bool canMerge(const SeriesBucket &a, const SeriesBucket &b, int64_t width)
{
    return a.attempt == b.attempt && a.isSuperseded == b.isSuperseded && b.lastStep - a.firstStep < width;
}

} // namespace

SeriesBucket mergedBuckets(const SeriesBucket &early, const SeriesBucket &late)
{
    SeriesBucket both = early;
    both.lastStep = late.lastStep;
    both.lastWallTime = late.lastWallTime;
    both.last = late.last;
    both.numPoints += late.numPoints;
    both.numNonFinite += late.numNonFinite;
    // fmin and fmax take the other one when one is NaN.
    both.minimum = std::fmin(early.minimum, late.minimum);
    both.maximum = std::fmax(early.maximum, late.maximum);
    const double n1 = double(numFinite(early)), n2 = double(numFinite(late));
    if (n1 == 0)
        both.mean = late.mean;
    else if (n2 > 0)
        both.mean = early.mean + (late.mean - early.mean) * (n2 / (n1 + n2));
    return both;
}

void SeriesBuffer::setHistory(std::vector<SeriesBucket> buckets)
{
    std::stable_sort(buckets.begin(), buckets.end(), isBefore);
    const std::vector<SeriesBucket> before = std::exchange(m_buckets, std::move(buckets));
    m_width = 1;
    for (const SeriesBucket &bucket : m_buckets)
        m_width = std::max(m_width, bucket.lastStep - bucket.firstStep + 1);
    const int32_t endAttempt = m_buckets.empty() ? -1 : m_buckets.back().attempt;
    const int64_t endStep = m_buckets.empty() ? -1 : m_buckets.back().lastStep;
    const auto isAfter = [&](int32_t attempt, int64_t step) {
        return attempt > endAttempt || (attempt == endAttempt && step > endStep);
    };
    const bool hasForgotten = m_recent.size() >= kMaxRecent;
    while (!m_recent.empty() && !isAfter(m_recent.front().attempt, m_recent.front().step))
        m_recent.pop_front();
    for (SeriesBucket bucket : before) {
        if (!isAfter(bucket.attempt, bucket.lastStep)) continue; // the history has it
        if (isAfter(bucket.attempt, bucket.firstStep)) {
            m_buckets.push_back(bucket);
            continue;
        }
        // The history ends inside this bucket: its later points one by one, or, should they be forgotten, its
        // extrema.
        const int64_t until = bucket.lastStep;
        if (!hasForgotten) {
            for (const Point &point : m_recent)
                if (point.attempt == bucket.attempt && point.step <= until) place(point);
        } else {
            bucket.firstStep = endStep + 1;
            m_buckets.push_back(bucket);
        }
    }
    if (m_buckets.size() > kMaxBuckets) coarsen();
}

SeriesBuffer::Append SeriesBuffer::append(int64_t step, double wallTime, int32_t attempt, double value)
{
    bool isNewAttempt = false;
    if (!m_buckets.empty()) {
        const SeriesBucket &end = m_buckets.back();
        if (attempt < end.attempt || (attempt == end.attempt && step <= end.lastStep)) return Append::Known;
        isNewAttempt = attempt > end.attempt;
    }
    if (isNewAttempt) {
        for (SeriesBucket &bucket : m_buckets)
            bucket.isSuperseded = bucket.isSuperseded || bucket.firstStep >= step;
        setDetail(0, -1, {});
    }
    const Point point{step, wallTime, attempt, value};
    m_recent.push_back(point);
    if (m_recent.size() > kMaxRecent) m_recent.pop_front();
    place(point);
    if (m_buckets.size() > kMaxBuckets) coarsen();
    return isNewAttempt ? Append::NewAttempt : Append::Added;
}

void SeriesBuffer::place(const Point &point)
{
    const bool isFinite = std::isfinite(point.value);
    const double value = isFinite ? point.value : std::numeric_limits<double>::quiet_NaN();
    SeriesBucket bucket;
    bucket.firstStep = bucket.lastStep = point.step;
    bucket.firstWallTime = bucket.lastWallTime = point.wallTime;
    bucket.minimum = bucket.maximum = bucket.mean = value;
    bucket.last = point.value;
    bucket.numPoints = 1;
    bucket.numNonFinite = isFinite ? 0 : 1;
    bucket.attempt = point.attempt;
    if (!m_buckets.empty() && canMerge(m_buckets.back(), bucket, m_width))
        m_buckets.back() = mergedBuckets(m_buckets.back(), bucket);
    else
        m_buckets.push_back(bucket);
}

void SeriesBuffer::coarsen()
{
    constexpr int64_t kWidest = std::numeric_limits<int64_t>::max() / 4;
    while (m_buckets.size() > kMaxBuckets && m_width < kWidest) {
        m_width *= 2;
        std::vector<SeriesBucket> next;
        next.reserve(m_buckets.size());
        for (const SeriesBucket &bucket : m_buckets) {
            if (!next.empty() && canMerge(next.back(), bucket, m_width))
                next.back() = mergedBuckets(next.back(), bucket);
            else
                next.push_back(bucket);
        }
        m_buckets = std::move(next);
    }
}

void SeriesBuffer::setDetail(int64_t from, int64_t to, std::vector<SeriesBucket> buckets)
{
    std::stable_sort(buckets.begin(), buckets.end(), isBefore);
    m_detail = std::move(buckets);
    m_detailFrom = from;
    m_detailTo = -1;
    // The window ends with its last point: what comes live after it is shown from the coarse buckets.
    for (const SeriesBucket &bucket : m_detail)
        m_detailTo = std::max(m_detailTo, std::min(to, bucket.lastStep));
    if (m_detail.empty()) m_detailFrom = 0;
}

std::vector<SeriesBucket> SeriesBuffer::buckets() const
{
    if (m_detail.empty()) return m_buckets;
    std::vector<SeriesBucket> outside;
    outside.reserve(m_buckets.size());
    for (SeriesBucket bucket : m_buckets) {
        if (bucket.firstStep >= m_detailFrom && bucket.lastStep <= m_detailTo) continue;
        if (bucket.firstStep < m_detailFrom)
            bucket.lastStep = std::min(bucket.lastStep, m_detailFrom - 1);
        else if (bucket.firstStep <= m_detailTo)
            bucket.firstStep = m_detailTo + 1;
        outside.push_back(bucket);
    }
    std::vector<SeriesBucket> all;
    all.reserve(outside.size() + m_detail.size());
    std::merge(outside.begin(), outside.end(), m_detail.begin(), m_detail.end(), std::back_inserter(all),
               isBefore);
    return all;
}

uint64_t SeriesBuffer::numPoints() const
{
    uint64_t sum = 0;
    for (const SeriesBucket &bucket : m_buckets) sum += bucket.numPoints;
    return sum;
}

bool SeriesBuffer::isCoarse(int64_t from, int64_t to) const
{
    return std::any_of(m_buckets.begin(), m_buckets.end(), [&](const SeriesBucket &bucket) {
        return bucket.numPoints > 1 && bucket.lastStep >= from && bucket.firstStep <= to;
    });
}

} // namespace orrery::ui
