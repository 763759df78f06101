// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/head_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery::ui {
namespace {

std::vector<TokenRange> ranges(int64_t first, int64_t count, int64_t perCell)
{
    std::vector<TokenRange> cells;
    for (int64_t begin = 0; begin < count; begin += perCell)
        cells.push_back({first + begin, first + std::min(count, begin + perCell)});
    return cells;
}

/// The parts of the groups that a map of some of the tokens has.
std::vector<TokenRange> within(const std::vector<TokenRange> &groups, const std::vector<TokenRange> &cells)
{
    std::vector<TokenRange> parts;
    for (const TokenRange &group : groups) {
        const TokenRange part{std::max(group.begin, cells.front().begin),
                              std::min(group.end, cells.back().end)};
        if (part.begin < part.end) parts.push_back(part);
    }
    return parts;
}

bool isWhole(const AttentionMap &map)
{
    if (map.numRows <= 0 || map.numColumns <= 0 || map.rowsPerCell <= 0 || map.columnsPerCell <= 0)
        return false;
    const auto cells = static_cast<size_t>(map.height() * map.width());
    return map.mean.size() == cells && (map.maximum.empty() || map.maximum.size() == cells);
}

} // namespace

HeadMatrix toMatrix(const AttentionMap &map)
{
    HeadMatrix matrix;
    matrix.head = map.head;
    if (!isWhole(map)) return matrix;
    matrix.rows = ranges(map.firstRow, map.numRows, map.rowsPerCell);
    matrix.columns = ranges(map.firstColumn, map.numColumns, map.columnsPerCell);
    matrix.mean = map.mean;
    matrix.maximum = map.maximum;
    return matrix;
}

HeadMatrix grouped(const HeadMatrix &matrix, const std::vector<TokenRange> &groups)
{
    HeadMatrix result;
    result.head = matrix.head;
    if (matrix.isEmpty() || matrix.isPooled() || groups.empty()) return result;
    result.rows = within(groups, matrix.rows);
    result.columns = within(groups, matrix.columns);
    const int64_t firstRow = matrix.rows.front().begin, firstColumn = matrix.columns.front().begin;
    result.mean.reserve(result.rows.size() * result.columns.size());
    result.maximum.reserve(result.rows.size() * result.columns.size());
    for (const TokenRange &looks : result.rows)
        for (const TokenRange &seen : result.columns) {
            double sum = 0;
            float largest = 0;
            for (int64_t r = looks.begin - firstRow; r < looks.end - firstRow; ++r)
                for (int64_t c = seen.begin - firstColumn; c < seen.end - firstColumn; ++c) {
                    const float weight = matrix.meanAt(int(r), int(c));
                    sum += weight;
                    largest = std::max(largest, weight);
                }
            result.mean.push_back(
                static_cast<float>(sum / double(std::max<int64_t>(1, looks.end - looks.begin))));
            result.maximum.push_back(largest);
        }
    return result;
}

std::optional<HeadMatrix> difference(const HeadMatrix &now, const HeadMatrix &base)
{
    if (now.rows != base.rows || now.columns != base.columns || now.mean.size() != base.mean.size() ||
        now.isEmpty())
        return std::nullopt;
    HeadMatrix result = now;
    result.isDifference = true;
    for (size_t i = 0; i < result.mean.size(); ++i) result.mean[i] -= base.mean[i];
    if (now.maximum.size() == base.maximum.size())
        for (size_t i = 0; i < result.maximum.size(); ++i) result.maximum[i] -= base.maximum[i];
    else
        result.maximum.clear();
    return result;
}

double differenceBetween(const AttentionMap &now, const AttentionMap &base)
{
    if (!isWhole(now) || now.mean.size() != base.mean.size() || now.numRows != base.numRows ||
        now.numColumns != base.numColumns)
        return std::numeric_limits<double>::quiet_NaN();
    const int64_t width = now.width();
    const auto looksAhead = [width](const AttentionMap &map) {
        for (size_t i = 0; i < map.mean.size(); ++i) {
            const int64_t column = static_cast<int64_t>(i) % width, row = static_cast<int64_t>(i) / width;
            if (column * map.columnsPerCell >= (row + 1) * map.rowsPerCell && map.mean[i] > 0) return true;
        }
        return false;
    };
    const bool isCausal = !looksAhead(now) && !looksAhead(base);
    double sum = 0;
    for (size_t i = 0; i < now.mean.size(); ++i) {
        const int64_t column = static_cast<int64_t>(i) % width, row = static_cast<int64_t>(i) / width;
        const auto columns = std::min(now.columnsPerCell, now.numColumns - column * now.columnsPerCell);
        const auto rows = std::min(now.rowsPerCell, now.numRows - row * now.rowsPerCell);
        // A cell's mean is over the pairs that may look at each other.
        int64_t pairs = 0;
        for (int64_t y = 0; y < rows; ++y) {
            const int64_t visible = row * now.rowsPerCell + y + 1 - column * now.columnsPerCell;
            pairs += isCausal ? std::clamp<int64_t>(visible, 0, columns) : columns;
        }
        sum += std::abs(double(now.mean[i]) - double(base.mean[i])) * double(pairs);
    }
    return sum / 2 / double(now.numRows);
}

std::vector<float> keptRounding(const HeadMatrix &now, const HeadMatrix &base, CellValue value)
{
    const auto valuesOf = [value](const HeadMatrix &matrix) -> const std::vector<float> & {
        return value == CellValue::Maximum && matrix.isPooled() ? matrix.maximum : matrix.mean;
    };
    const std::vector<float> &after = valuesOf(now), &before = valuesOf(base);
    std::vector<float> rounding(after.size() == before.size() ? after.size() : 0);
    for (size_t i = 0; i < rounding.size(); ++i)
        rounding[i] = (std::sqrt(std::max(0.0F, after[i])) + std::sqrt(std::max(0.0F, before[i]))) / 255 +
                      2.0F / (510 * 510);
    return rounding;
}

double largestValue(const HeadMatrix &matrix, CellValue value)
{
    const std::vector<float> &values =
        value == CellValue::Maximum && matrix.isPooled() ? matrix.maximum : matrix.mean;
    double largest = 0;
    for (float one : values)
        if (std::isfinite(one)) largest = std::max(largest, double(std::abs(one)));
    return largest;
}

} // namespace orrery::ui
