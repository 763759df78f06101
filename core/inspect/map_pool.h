// SPDX-License-Identifier: Apache-2.0
// Attention of many tokens in few cells: the mean, and the maximum so that a single sharp weight stays seen.
// Fed block of rows by block of rows. Only the thread that owns the model. Axes: H heads, R rows of a block,
// S keys, Y × X cells.
#pragma once

#include "core/inspect/host_copies.h"
#include "core/spec/inspection.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// A rectangle of tokens and how it is cut into cells; the last cells may be cut.
struct MapShape {
    int64_t firstRow = 0, numRows = 0;
    int64_t firstColumn = 0, numColumns = 0;
    int64_t rowsPerCell = 1, columnsPerCell = 1;
    [[nodiscard]] int64_t height() const { return (numRows + rowsPerCell - 1) / rowsPerCell; }
    [[nodiscard]] int64_t width() const { return (numColumns + columnsPerCell - 1) / columnsPerCell; }
    [[nodiscard]] bool isExact() const { return rowsPerCell == 1 && columnsPerCell == 1; }
};
/// At most `edge` cells a side, as small as that allows.
MapShape shapeOf(int64_t firstRow, int64_t numRows, int64_t firstColumn, int64_t numColumns, int64_t edge);

/// Cells of some heads on the host, or on their way there. fp32
struct HostCells {
    MapShape shape;
    at::Tensor mean_HYX;
    at::Tensor max_HYX; ///< undefined where a cell is one token by one
};
/// One map per head, of cells that have come.
std::vector<AttentionMap> mapsOf(const HostCells &cells, const std::vector<HeadRef> &heads);

class MapPool {
public:
    enum class Keeps : uint8_t { Sums, SumsAndMaxima };
    MapPool(const MapShape &shape, int64_t numHeads, const at::TensorOptions &options,
            Keeps keeps = Keeps::SumsAndMaxima);
    /// Each row once. @param weights_HRS of rows firstRow …, 0 or more; columns behind the last one count as
    /// 0
    void add(const at::Tensor &weights_HRS, int64_t firstRow);
    /// Of all weights of a cell.
    [[nodiscard]] const at::Tensor &sum_HYX() const { return m_sum_HYX; }
    /// @param numPairs_YX how many pairs of a cell may look at each other: the mean is over these
    [[nodiscard]] HostCells cells(const at::Tensor &numPairs_YX, HostCopies &copies) const;

private:
    /// Whole cells, or rows of a single one.
    void addCells(const at::Tensor &weights_HRS, int64_t firstCell);

    MapShape m_shape;
    at::Tensor m_sum_HYX;
    at::Tensor m_max_HYX; ///< undefined where nobody wants it, or a cell is one token by one
};

} // namespace orrery
