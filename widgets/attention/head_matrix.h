// SPDX-License-Identifier: GPL-3.0-or-later
// The weights of one head (or how they changed) over groups of tokens: what a view draws, reads out and
// exports. A row looks, a column is looked at. Values and pure functions; any thread.
#pragma once

#include "core/spec/inspection.h"

#include <optional>
#include <vector>

namespace orrery::ui {

struct HeadMatrix {
    HeadRef head;
    std::vector<TokenRange> rows, columns; ///< which tokens a cell stands for; end is behind the last one
    std::vector<float> mean;               ///< [rows, columns]; -1 … 1 where it is a difference
    std::vector<float> maximum;            ///< likewise; empty where every cell is one token by one
    bool isDifference = false;
    [[nodiscard]] int height() const { return static_cast<int>(rows.size()); }
    [[nodiscard]] int width() const { return static_cast<int>(columns.size()); }
    [[nodiscard]] bool isEmpty() const { return mean.empty(); }
    [[nodiscard]] bool isPooled() const { return !maximum.empty(); }
    [[nodiscard]] float meanAt(int row, int column) const { return mean[index(row, column)]; }
    [[nodiscard]] float maximumAt(int row, int column) const
    {
        return maximum.empty() ? meanAt(row, column) : maximum[index(row, column)];
    }

private:
    [[nodiscard]] size_t index(int row, int column) const
    {
        return static_cast<size_t>(row) * columns.size() + static_cast<size_t>(column);
    }
};

/// What a cell of many weights shows.
enum class CellValue : uint8_t { Maximum, Mean };
inline float valueAt(const HeadMatrix &matrix, CellValue value, int row, int column)
{
    return value == CellValue::Mean ? matrix.meanAt(row, column) : matrix.maximumAt(row, column);
}

/// A map whose numbers do not fit its size (a broken answer) gives an empty matrix.
HeadMatrix toMatrix(const AttentionMap &map);
/// Words or lines instead of tokens: the weight that a group gives to another is the sum over the tokens
/// looked at, the mean over those that look; the maximum is the largest single weight.
/// @param matrix one token a cell; of a part of the text it has parts of the groups
HeadMatrix grouped(const HeadMatrix &matrix, const std::vector<TokenRange> &groups);
/// now − base; nothing when they are not over the same tokens.
std::optional<HeadMatrix> difference(const HeadMatrix &now, const HeadMatrix &base);
/// How far apart two maps are, which heads are sorted by: half of what a row's weights differ by in sum, mean over the rows, 0 … 1
/// (total variation distance; of pooled maps a lower bound). NaN when they are not over the same tokens.
double differenceBetween(const AttentionMap &now, const AttentionMap &base);
/// What rounding may have done to a difference of two maps that were kept in eight bits as square roots: a
/// root is off by up to 1/510, so a weight w by up to √w/255. One value a cell, of the mean or the maximum.
std::vector<float> keptRounding(const HeadMatrix &now, const HeadMatrix &base, CellValue value);
/// Largest absolute value.
double largestValue(const HeadMatrix &matrix, CellValue value);

} // namespace orrery::ui
