// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T queries, S keys; here S = T, because a prefix is read in one pass.
#include "core/nn/masks.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

namespace orrery::nn {
namespace {

using Kind = AttentionMask::Kind;

class CausalMask final : public MaskPolicy {
public:
    [[nodiscard]] AttentionMask make(const MaskShape &, const ForwardContext &,
                                     const at::TensorOptions &) const override
    {
        return {};
    }
};

class BidirectionalMask final : public MaskPolicy {
public:
    [[nodiscard]] AttentionMask make(const MaskShape &shape, const ForwardContext &,
                                     const at::TensorOptions &) const override
    {
        return {shape.offset == 0 ? Kind::Full : Kind::Causal, {}};
    }
};

/// Query t sees the keys below max(t + 1, prefix).
at::Tensor prefixBias(const std::vector<int64_t> &prefix, int64_t numTokens, const at::TensorOptions &options)
{
    const auto batch = static_cast<int64_t>(prefix.size());
    const at::Tensor prefix_B11 = at::tensor(prefix, at::kLong).to(options.device()).view({batch, 1, 1});
    const at::Tensor place_T = at::arange(numTokens, prefix_B11.options());
    const at::Tensor end_BT1 = at::maximum(place_T.view({1, numTokens, 1}) + 1, prefix_B11);
    const at::Tensor isHidden_BTS = place_T.view({1, 1, numTokens}) >= end_BT1;
    return at::zeros({batch, 1, numTokens, numTokens}, options)
        .masked_fill_(isHidden_BTS.unsqueeze(1), -std::numeric_limits<double>::infinity());
}

class PrefixMask final : public MaskPolicy {
public:
    [[nodiscard]] AttentionMask make(const MaskShape &shape, const ForwardContext &context,
                                     const at::TensorOptions &options) const override
    {
        const std::vector<int64_t> &prefix = context.prefixLengths;
        TORCH_CHECK(static_cast<int64_t>(prefix.size()) == shape.batch, "a batch of ", shape.batch,
                    " sequences came with ", prefix.size(), " prefix lengths");
        const auto [shortest, longest] = std::minmax_element(prefix.begin(), prefix.end());
        if (*longest <= shape.offset + 1) return {};
        TORCH_CHECK(shape.offset == 0 && *longest <= shape.numQueries, "a prefix of ", *longest,
                    " tokens must be read in one pass, found tokens ", shape.offset, " to ",
                    shape.offset + shape.numQueries - 1);
        if (*shortest == shape.numQueries) return {Kind::Full, {}};
        return {Kind::Bias, prefixBias(prefix, shape.numQueries, options)};
    }
};

} // namespace

std::unique_ptr<MaskPolicy> makeCausalMask() { return std::make_unique<CausalMask>(); }
std::unique_ptr<MaskPolicy> makeBidirectionalMask() { return std::make_unique<BidirectionalMask>(); }
std::unique_ptr<MaskPolicy> makePrefixMask() { return std::make_unique<PrefixMask>(); }

} // namespace orrery::nn
