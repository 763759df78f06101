// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/map_pool.h"

#include "core/base/assert.h"

#include <torch/torch.h>

#include <algorithm>

namespace orrery {
namespace {

int64_t tokensPerCell(int64_t numTokens, int64_t edge) { return (numTokens + edge - 1) / edge; }

struct Pooled {
    at::Tensor sum, max;
};

/// Neighbours along a dimension together. @param offset places of the first cell that are not in `x`
Pooled pooled(const Pooled &x, int64_t dim, int64_t perCell, int64_t offset)
{
    if (perCell == 1) return x;
    const int64_t size = x.sum.size(dim);
    const int64_t behind = (perCell - (offset + size) % perCell) % perCell;
    const auto cells = [&](const at::Tensor &whole) {
        at::Tensor padded = whole;
        // Weights are 0 or more: zeros change neither sum nor maximum.
        if (offset > 0 || behind > 0)
            padded = dim == 2 ? at::constant_pad_nd(whole, {offset, behind})
                              : at::constant_pad_nd(whole, {0, 0, offset, behind});
        return padded.unflatten(dim, {-1, perCell});
    };
    return {cells(x.sum).sum(dim + 1), x.max.defined() ? cells(x.max).amax(dim + 1) : at::Tensor()};
}

std::vector<float> valuesOf(const at::Tensor &tensor)
{
    const at::Tensor flat = tensor.to(at::kCPU, at::kFloat).contiguous();
    return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
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

MapPool::MapPool(const MapShape &shape, int64_t numHeads, const at::TensorOptions &options)
    : m_shape(shape), m_sum_HYX(at::zeros({numHeads, shape.height(), shape.width()}, options))
{
    if (!shape.isExact()) m_max_HYX = at::zeros_like(m_sum_HYX);
}

void MapPool::add(const at::Tensor &weights_HRS, int64_t firstRow)
{
    const int64_t begin = std::max(firstRow, m_shape.firstRow);
    const int64_t end = std::min(firstRow + weights_HRS.size(1), m_shape.firstRow + m_shape.numRows);
    const int64_t endColumn = std::min(weights_HRS.size(2), m_shape.firstColumn + m_shape.numColumns);
    if (begin >= end || endColumn <= m_shape.firstColumn) return;
    const at::Tensor part = weights_HRS.narrow(1, begin - firstRow, end - begin)
                                .narrow(2, m_shape.firstColumn, endColumn - m_shape.firstColumn);
    const int64_t place = begin - m_shape.firstRow;
    // Rows first: they are added as whole vectors, and there is little left for the columns.
    const Pooled rows = pooled({part, m_max_HYX.defined() ? part : at::Tensor()}, 1, m_shape.rowsPerCell,
                               place % m_shape.rowsPerCell);
    const Pooled cells = pooled(rows, 2, m_shape.columnsPerCell, 0);
    const auto own = [&](const at::Tensor &all_HYX) {
        return all_HYX.narrow(1, place / m_shape.rowsPerCell, cells.sum.size(1))
            .narrow(2, 0, cells.sum.size(2));
    };
    own(m_sum_HYX).add_(cells.sum);
    if (!m_max_HYX.defined()) return;
    at::Tensor highest = own(m_max_HYX);
    highest.copy_(at::maximum(highest, cells.max));
}

std::vector<AttentionMap> MapPool::maps(const std::vector<HeadRef> &heads,
                                        const at::Tensor &numPairs_YX) const
{
    ORRERY_ASSERT(static_cast<int64_t>(heads.size()) == m_sum_HYX.size(0));
    const at::Tensor mean_HYX = m_shape.isExact() ? m_sum_HYX : m_sum_HYX / numPairs_YX.clamp_min(1);
    std::vector<AttentionMap> maps;
    for (size_t i = 0; i < heads.size(); ++i) {
        const auto index = static_cast<int64_t>(i);
        maps.push_back({.head = heads[i],
                        .firstRow = m_shape.firstRow,
                        .numRows = m_shape.numRows,
                        .firstColumn = m_shape.firstColumn,
                        .numColumns = m_shape.numColumns,
                        .rowsPerCell = m_shape.rowsPerCell,
                        .columnsPerCell = m_shape.columnsPerCell,
                        .mean = valuesOf(mean_HYX[index]),
                        .maximum = m_max_HYX.defined() ? valuesOf(m_max_HYX[index]) : std::vector<float>()});
    }
    return maps;
}

} // namespace orrery
