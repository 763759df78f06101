// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/group_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace orrery::ui {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Places of all runs, each once, and thinned.
std::vector<double> commonPlaces(std::span<const std::vector<QPointF>> runs)
{
    std::vector<double> places;
    for (const std::vector<QPointF> &run : runs)
        for (const QPointF &point : run)
            if (std::isfinite(point.x())) places.push_back(point.x());
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    if (places.size() <= kMaxGroupPoints) return places;
    std::vector<double> thinned;
    thinned.reserve(kMaxGroupPoints);
    for (size_t i = 0; i < kMaxGroupPoints; ++i)
        thinned.push_back(places[i * (places.size() - 1) / (kMaxGroupPoints - 1)]);
    return thinned;
}

/// Walks along one run, whose values are asked for at ascending places.
class Walker {
public:
    explicit Walker(std::span<const QPointF> line) : m_line(line) {}
    double at(double x)
    {
        // Of two points at one place the later one counts.
        while (m_next < m_line.size() && m_line[m_next].x() <= x) ++m_next;
        if (m_next == 0) return kNan;
        const QPointF &before = m_line[m_next - 1];
        if (before.x() == x) return std::isfinite(before.y()) ? before.y() : kNan;
        if (m_next == m_line.size()) return kNan;
        const QPointF &after = m_line[m_next];
        if (!std::isfinite(before.y()) || !std::isfinite(after.y())) return kNan;
        return before.y() + (after.y() - before.y()) * ((x - before.x()) / (after.x() - before.x()));
    }

private:
    std::span<const QPointF> m_line;
    size_t m_next = 0; ///< first point behind the last place
};

GroupPoint pointOf(double x, const std::vector<double> &values, BandKind band)
{
    GroupPoint point{x, 0, 0, 0, int(values.size())};
    const double n = double(values.size());
    for (const double value : values) point.mean += value / n;
    if (band == BandKind::Extremes) {
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        point.low = *low;
        point.high = *high;
        // The sum of rounded parts may lie a bit outside equal values.
        point.mean = std::clamp(point.mean, point.low, point.high);
        return point;
    }
    double squares = 0;
    for (const double value : values) squares += (value - point.mean) * (value - point.mean);
    double reach = std::sqrt(squares / (n - 1));
    if (band == BandKind::Confidence) reach *= studentQuantile(int(values.size()) - 1) / std::sqrt(n);
    point.low = point.mean - reach;
    point.high = point.mean + reach;
    return point;
}

} // namespace

double studentQuantile(int degrees)
{
    static constexpr std::array kTable = {12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912,
                                          2.364624,  2.306004, 2.262157, 2.228139, 2.200985, 2.178813,
                                          2.160369,  2.144787, 2.131450, 2.119905, 2.109816, 2.100922,
                                          2.093024,  2.085963, 2.079614, 2.073873, 2.068658, 2.063899,
                                          2.059539,  2.055529, 2.051831, 2.048407, 2.045230, 2.042272};
    if (degrees < 1) return kNan;
    if (size_t(degrees) <= kTable.size()) return kTable[size_t(degrees) - 1];
    const double z = 1.959963985, n = degrees;
    const double z2 = z * z;
    return z + z * (z2 + 1) / (4 * n) + z * ((5 * z2 + 16) * z2 + 3) / (96 * n * n) +
           z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * n * n * n);
}

GroupCurve groupCurve(std::span<const std::vector<QPointF>> runs, BandKind band)
{
    GroupCurve group;
    std::vector<Walker> walkers;
    for (const std::vector<QPointF> &run : runs) {
        if (!run.empty()) ++group.numRuns;
        walkers.emplace_back(run);
    }
    std::vector<double> values;
    bool isInGap = false;
    for (const double x : commonPlaces(runs)) {
        values.clear();
        for (Walker &walker : walkers)
            if (const double value = walker.at(x); !std::isnan(value)) values.push_back(value);
        if (values.size() < 2) {
            isInGap = true;
            continue;
        }
        if (std::exchange(isInGap, false) && !group.points.empty())
            group.points.push_back({x, kNan, kNan, kNan, 0});
        group.points.push_back(pointOf(x, values, band));
    }
    return group;
}

} // namespace orrery::ui
