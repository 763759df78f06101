// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T queries, S keys; with a prefix S = T, because it is read in one pass.
#include "core/nn/masks.h"

#include <torch/types.h>

#include <algorithm>
#include <limits>

namespace orrery::nn {
namespace {

using Kind = AttentionMask::Kind;

/// Query t, at place offset + t, sees the keys from window − 1 before itself to itself.
AttentionMask causalMask(const MaskShape &shape, int64_t window, const at::TensorOptions &options)
{
    const int64_t numKeys = shape.offset + shape.numQueries;
    if (window == 0 || numKeys <= window) return {};
    const at::Tensor seen_TS =
        at::ones({shape.numQueries, numKeys}, at::TensorOptions(at::kBool).device(options.device()))
            .tril_(shape.offset)
            .triu_(shape.offset - window + 1);
    return {Kind::Bias, at::zeros({1, 1, shape.numQueries, numKeys}, options)
                            .masked_fill_(seen_TS.logical_not(), -std::numeric_limits<double>::infinity())};
}

class CausalMask final : public MaskPolicy {
public:
    explicit CausalMask(int64_t window) : m_window(window) {}
    [[nodiscard]] AttentionMask make(const MaskShape &shape, const ForwardContext &,
                                     const at::TensorOptions &options) const override
    {
        return causalMask(shape, m_window, options);
    }

private:
    int64_t m_window = 0;
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
    explicit PrefixMask(int64_t window) : m_window(window) {}
    [[nodiscard]] AttentionMask make(const MaskShape &shape, const ForwardContext &context,
                                     const at::TensorOptions &options) const override
    {
        const std::vector<int64_t> &prefix = context.prefixLengths;
        TORCH_CHECK(static_cast<int64_t>(prefix.size()) == shape.batch, "a batch of ", shape.batch,
                    " sequences came with ", prefix.size(), " prefix lengths");
        const auto [shortest, longest] = std::minmax_element(prefix.begin(), prefix.end());
        if (*longest <= shape.offset + 1) return causalMask(shape, m_window, options);
        TORCH_CHECK(shape.offset == 0 && *longest <= shape.numQueries, "a prefix of ", *longest,
                    " tokens must be read in one pass, found tokens ", shape.offset, " to ",
                    shape.offset + shape.numQueries - 1);
        if (*shortest == shape.numQueries) return {Kind::Full, {}};
        at::Tensor bias_B1TT = prefixBias(prefix, shape.numQueries, options);
        const AttentionMask windowed = causalMask(shape, m_window, options);
        if (windowed.kind == Kind::Bias) {
            const at::Tensor length_B111 =
                at::tensor(prefix, at::kLong).to(options.device()).view({-1, 1, 1, 1});
            const at::Tensor isFree_B1T1 =
                at::arange(shape.numQueries, length_B111.options()).view({1, 1, -1, 1}) < length_B111;
            bias_B1TT = at::where(isFree_B1T1, bias_B1TT, bias_B1TT + windowed.bias_B1TS);
        }
        return {Kind::Bias, bias_B1TT};
    }

private:
    int64_t m_window = 0;
};

} // namespace

std::unique_ptr<MaskPolicy> makeCausalMask(int64_t window) { return std::make_unique<CausalMask>(window); }
std::unique_ptr<MaskPolicy> makeBidirectionalMask() { return std::make_unique<BidirectionalMask>(); }
std::unique_ptr<MaskPolicy> makePrefixMask(int64_t window) { return std::make_unique<PrefixMask>(window); }

} // namespace orrery::nn
