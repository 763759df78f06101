// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/map_pool.h"

#include "core/base/assert.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>

namespace orrery {
namespace {

int64_t tokensPerCell(int64_t numTokens, int64_t edge) { return (numTokens + edge - 1) / edge; }

struct Pooled {
    at::Tensor sum, max;
};

/// Whole cells along the rows, or a part of one.
Pooled rowsTogether(const Pooled &x_HRS, int64_t perCell)
{
    if (perCell == 1) return x_HRS;
    const int64_t numRows = x_HRS.sum.size(1), inCell = std::min(perCell, numRows);
    const auto cells = [&](const at::Tensor &x) { return x.unflatten(1, {numRows / inCell, inCell}); };
    return {cells(x_HRS.sum).sum(2), x_HRS.max.defined() ? cells(x_HRS.max).amax(2) : at::Tensor()};
}

Pooled columnsTogether(const Pooled &x_HYS, int64_t perCell)
{
    if (perCell == 1) return x_HYS;
    const int64_t behind = (perCell - x_HYS.sum.size(2) % perCell) % perCell;
    // Weights are 0 or more: zeros change neither sum nor maximum.
    const auto cells = [&](const at::Tensor &x) {
        return (behind > 0 ? at::constant_pad_nd(x, {0, behind}) : x).unflatten(2, {-1, perCell});
    };
    return {cells(x_HYS.sum).sum(3), x_HYS.max.defined() ? cells(x_HYS.max).amax(3) : at::Tensor()};
}

constexpr int64_t kCellsAtOnce = 1 << 16; ///< fewer are not worth another thread

std::vector<float> valuesOf(const at::Tensor &host_HYX, int64_t head)
{
    if (!host_HYX.defined()) return {};
    const int64_t count = host_HYX.size(1) * host_HYX.size(2);
    const float *of = host_HYX.const_data_ptr<float>() + head * count;
    return {of, of + count};
}

} // namespace

MapShape shapeOf(int64_t firstRow, int64_t numRows, int64_t firstColumn, int64_t numColumns, int64_t edge)
{
    return {firstRow,
            numRows,
            firstColumn,
            numColumns,
            tokensPerCell(numRows, edge),
            tokensPerCell(numColumns, edge)};
}

std::vector<AttentionMap> mapsOf(const HostCells &cells, const std::vector<HeadRef> &heads)
{
    const MapShape &shape = cells.shape;
    ORRERY_ASSERT(std::ssize(heads) == cells.mean_HYX.size(0));
    std::vector<AttentionMap> maps(heads.size());
    const int64_t perMap = std::max<int64_t>(1, shape.height() * shape.width());
    // New memory costs as much as what is copied into it: maps of many cells are made on several threads.
    at::parallel_for(0, std::ssize(heads), std::max<int64_t>(1, kCellsAtOnce / perMap), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
            maps[static_cast<size_t>(i)] = {.head = heads[static_cast<size_t>(i)],
                                            .firstRow = shape.firstRow,
                                            .numRows = shape.numRows,
                                            .firstColumn = shape.firstColumn,
                                            .numColumns = shape.numColumns,
                                            .rowsPerCell = shape.rowsPerCell,
                                            .columnsPerCell = shape.columnsPerCell,
                                            .mean = valuesOf(cells.mean_HYX, i),
                                            .maximum = valuesOf(cells.max_HYX, i)};
    });
    return maps;
}

MapPool::MapPool(const MapShape &shape, int64_t numHeads, const at::TensorOptions &options, Keeps keeps)
    : m_shape(shape), m_sum_HYX(at::zeros({numHeads, shape.height(), shape.width()}, options))
{
    if (!shape.isExact() && keeps == Keeps::SumsAndMaxima) m_max_HYX = at::zeros_like(m_sum_HYX);
}

void MapPool::add(const at::Tensor &weights_HRS, int64_t firstRow)
{
    const int64_t begin = std::max(firstRow, m_shape.firstRow);
    const int64_t end = std::min(firstRow + weights_HRS.size(1), m_shape.firstRow + m_shape.numRows);
    const int64_t endColumn = std::min(weights_HRS.size(2), m_shape.firstColumn + m_shape.numColumns);
    if (begin >= end || endColumn <= m_shape.firstColumn) return;
    const at::Tensor part = weights_HRS.narrow(2, m_shape.firstColumn, endColumn - m_shape.firstColumn);
    const int64_t perCell = m_shape.rowsPerCell;
    for (int64_t row = begin; row < end;) {
        // As many whole cells as there are, else what is left of one.
        const int64_t inCell = (row - m_shape.firstRow) % perCell;
        const int64_t count = inCell > 0 || end - row < perCell ? std::min(perCell - inCell, end - row)
                                                                : (end - row) / perCell * perCell;
        addCells(part.narrow(1, row - firstRow, count), (row - m_shape.firstRow) / perCell);
        row += count;
    }
}

void MapPool::addCells(const at::Tensor &weights_HRS, int64_t firstCell)
{
    // Rows first: they are added as whole vectors, and there is little left for the columns.
    const Pooled rows =
        rowsTogether({weights_HRS, m_max_HYX.defined() ? weights_HRS : at::Tensor()}, m_shape.rowsPerCell);
    const Pooled cells = columnsTogether(rows, m_shape.columnsPerCell);
    const auto own = [&](const at::Tensor &all_HYX) {
        return all_HYX.narrow(1, firstCell, cells.sum.size(1)).narrow(2, 0, cells.sum.size(2));
    };
    own(m_sum_HYX).add_(cells.sum);
    if (!m_max_HYX.defined()) return;
    at::Tensor highest = own(m_max_HYX);
    highest.copy_(at::maximum(highest, cells.max));
}

HostCells MapPool::cells(const at::Tensor &numPairs_YX, HostCopies &copies) const
{
    const at::Tensor mean_HYX = m_shape.isExact() ? m_sum_HYX : m_sum_HYX / numPairs_YX.clamp_min(1);
    return {m_shape, copies.begin(mean_HYX.to(at::kFloat)),
            m_max_HYX.defined() ? copies.begin(m_max_HYX.to(at::kFloat)) : at::Tensor()};
}

} // namespace orrery
