// SPDX-License-Identifier: Apache-2.0
#include "core/nn/modality_groups.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <atomic>

namespace orrery::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGroupsPerModality = 2;             ///< more waste less and copy more weights
constexpr int64_t kMostMembership = int64_t{1} << 24; ///< elements of members_SN: 64 MiB

std::atomic<Grouping> g_grouping{Grouping::ByDevice};

int64_t groupsOf(const ModalityLayout &layout, int64_t modality, int64_t numRows)
{
    return (layout.size(modality) + numRows - 1) / numRows;
}

/// The smallest number of rows with which so many groups do.
int64_t rowsFor(const ModalityLayout &layout, int64_t numGroups)
{
    int64_t low = 1, high = layout.batch * layout.numTokens;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        int64_t needed = 0;
        for (int64_t m = 0; m < layout.numModalities; ++m) needed += groupsOf(layout, m, middle);
        if (needed <= numGroups)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct ToRows : torch::autograd::Function<ToRows> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x_N, const at::Tensor &tokenOfRow_R,
                              const at::Tensor &rowOfToken_N)
    {
        context->save_for_backward({rowOfToken_N});
        return x_N.index_select(0, tokenOfRow_R);
    }
    static variable_list backward(AutogradContext *context, variable_list gradients)
    {
        // What fills up has gradients of 0: nothing has to be added.
        return {gradients[0].index_select(0, context->get_saved_variables()[0]), at::Tensor(), at::Tensor()};
    }
};

struct ToTokens : torch::autograd::Function<ToTokens> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x_R, const at::Tensor &rowOfToken_N)
    {
        context->save_for_backward({rowOfToken_N});
        context->saved_data["rows"] = x_R.size(0);
        return x_R.index_select(0, rowOfToken_N);
    }
    static variable_list backward(AutogradContext *context, variable_list gradients)
    {
        const at::Tensor &gradient_N = gradients[0];
        std::vector<int64_t> shape = gradient_N.sizes().vec();
        shape[0] = context->saved_data["rows"].toInt();
        at::Tensor gradient_R = at::zeros(shape, gradient_N.options());
        gradient_R.index_copy_(0, context->get_saved_variables()[0], gradient_N);
        return {gradient_R, at::Tensor()};
    }
};

/// Gradients of weights come as the weights lie in memory, so that nobody has to turn them round.
struct Product : torch::autograd::Function<Product> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x_GPC, const at::Tensor &weight_GEC)
    {
        context->save_for_backward({x_GPC, weight_GEC});
        return at::bmm(x_GPC, weight_GEC.transpose(1, 2));
    }
    static variable_list backward(AutogradContext *context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        return {at::bmm(gradients[0], saved[1]), at::bmm(gradients[0].transpose(1, 2), saved[0])};
    }
};

} // namespace

void setGrouping(Grouping grouping) { g_grouping = grouping; }

bool isGrouped(const ModalityLayout &layout, at::Device device)
{
    const Grouping grouping = g_grouping.load(std::memory_order_relaxed);
    if (grouping == Grouping::Never || (grouping == Grouping::ByDevice && !device.is_cuda())) return false;
    const int64_t total = layout.batch * layout.numTokens;
    for (int64_t m = 0; m < layout.numModalities; ++m)
        if (layout.size(m) == total) return false; // a single modality: there is nothing to put together
    return std::ssize(layout.segments) * total <= kMostMembership;
}

ModalityGroups makeModalityGroups(const ModalityLayout &layout, at::ScalarType dtype)
{
    const at::NoGradGuard noGrad;
    const int64_t numGroups = kGroupsPerModality * layout.numModalities;
    ModalityGroups groups{.numRows = rowsFor(layout, numGroups)};
    const at::Device device = layout.modality_BT.device();
    const at::TensorOptions options = at::TensorOptions(dtype).device(device);
    const int64_t total = layout.batch * layout.numTokens;
    std::vector<int64_t> shift, sortedOfRow;
    int64_t last = 0; // the last modality that is there has the groups that are left over
    for (int64_t m = 0; m < layout.numModalities; ++m)
        if (layout.size(m) > 0) last = m;
    for (int64_t m = 0; m < layout.numModalities; ++m) {
        const int64_t begin = layout.begin(m), size = layout.size(m), first = std::ssize(groups.modalityOfGroup);
        shift.push_back(first * groups.numRows - begin);
        const int64_t count = m == last ? numGroups - first : groupsOf(layout, m, groups.numRows);
        groups.modalityOfGroup.insert(groups.modalityOfGroup.end(), static_cast<size_t>(count), m);
        for (int64_t i = 0; i < count * groups.numRows; ++i)
            sortedOfRow.push_back(i < size ? begin + i : begin);
        if (m == last) break;
    }
    shift.resize(static_cast<size_t>(layout.numModalities));
    const at::Tensor modality_N = layout.modality_BT.view({-1});
    const at::Tensor shift_M = at::tensor(shift, at::kLong).to(device);
    const at::Tensor sortedOfRow_R = at::tensor(sortedOfRow, at::kLong).to(device);
    groups.rowOfToken_N = shift_M.index_select(0, modality_N);
    groups.rowOfToken_N += layout.inverse_N.defined() ? layout.inverse_N : at::arange(total, shift_M.options());
    groups.tokenOfRow_R =
        layout.order_N.defined() ? layout.order_N.index_select(0, sortedOfRow_R) : sortedOfRow_R;
    groups.oneHot_NM = at::one_hot(modality_N, layout.numModalities).to(dtype);
    const int64_t numSegments = std::ssize(layout.segments);
    if (numSegments == 0) return groups;
    groups.spread_NS = at::zeros({total, numSegments}, options);
    groups.spread_NS.index_put_({layout.tokenInSegment_K, layout.segmentOfToken_K},
                                at::ones({}, options));
    groups.members_SN = groups.spread_NS.t() / layout.sizeOfSegment_S.to(dtype).unsqueeze(1);
    groups.oneHot_SM = at::one_hot(layout.modalityOfSegment_S, layout.numModalities).to(dtype);
    return groups;
}

at::Tensor toRows(const ModalityGroups &groups, const at::Tensor &x_N)
{
    return ToRows::apply(x_N, groups.tokenOfRow_R, groups.rowOfToken_N)
        .unflatten(0, {std::ssize(groups.modalityOfGroup), groups.numRows});
}

at::Tensor toTokens(const ModalityGroups &groups, const at::Tensor &x_GP)
{
    return ToTokens::apply(x_GP.flatten(0, 1), groups.rowOfToken_N);
}

at::Tensor groupedProduct(const at::Tensor &x_GPC, const at::Tensor &weight_GEC)
{
    return Product::apply(x_GPC, weight_GEC);
}

} // namespace orrery::nn
