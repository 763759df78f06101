// SPDX-License-Identifier: Apache-2.0
#include "core/nn/modality_layout.h"

#include <torch/types.h>

#include <array>
#include <string>

namespace orrery::nn {
namespace {

at::Tensor onDevice(const std::vector<int64_t> &values, at::Device device)
{
    return at::tensor(values, at::kLong).to(device);
}

} // namespace

std::string modalityLabel(int64_t modality)
{
    const auto index = static_cast<size_t>(modality);
    return index < kNumModalities ? modalityName(kModalities[index]) : "modality" + std::to_string(modality);
}

bool hasModalityWeights(const ModelSpec &spec)
{
    return spec.attention.numModalities > 1 && spec.attention.isSeparate;
}

std::string modalityPrefix(const std::string &blockPrefix, int64_t modality)
{
    return modality == kTextModality ? blockPrefix : blockPrefix + modalityLabel(modality) + ".";
}

at::Tensor ModalityLayout::places(int64_t modality) const
{
    if (order_N.defined()) return order_N.narrow(0, begin(modality), size(modality));
    return at::arange(begin(modality), begin(modality) + size(modality),
                      at::TensorOptions(at::kLong).device(modality_BT.device()));
}

at::Tensor ModalityLayout::sorted(const at::Tensor &x_N) const
{
    return order_N.defined() ? x_N.index_select(0, order_N) : x_N;
}

at::Tensor ModalityLayout::flat(const at::Tensor &x_N) const
{
    return inverse_N.defined() ? x_N.index_select(0, inverse_N) : x_N;
}

at::Tensor joinPieces(const std::vector<at::Tensor> &pieces)
{
    return pieces.size() == 1 ? pieces.front() : at::cat(pieces, 0);
}

namespace {

/// A counting sort keeps the order within a modality, so neighbours stay neighbours in memory.
void sortTokens(ModalityLayout &layout, const int64_t *modality_N, std::vector<int64_t> &inverse,
                at::Device device)
{
    const int64_t total = layout.batch * layout.numTokens;
    layout.starts.assign(static_cast<size_t>(layout.numModalities) + 1, 0);
    for (int64_t n = 0; n < total; ++n) {
        TORCH_CHECK(modality_N[n] >= 0 && modality_N[n] < layout.numModalities, "token ", n,
                    " is of modality ", modality_N[n], ", expected 0 to ", layout.numModalities - 1);
        ++layout.starts[static_cast<size_t>(modality_N[n]) + 1];
    }
    for (size_t m = 1; m < layout.starts.size(); ++m) layout.starts[m] += layout.starts[m - 1];
    std::vector<int64_t> next(layout.starts.begin(), layout.starts.end() - 1);
    std::vector<int64_t> order(static_cast<size_t>(total));
    inverse.resize(order.size());
    bool isSorted = true;
    for (int64_t n = 0; n < total; ++n) {
        const int64_t place = next[static_cast<size_t>(modality_N[n])]++;
        order[static_cast<size_t>(place)] = n;
        inverse[static_cast<size_t>(n)] = place;
        isSorted = isSorted && place == n;
    }
    if (isSorted) return;
    layout.order_N = onDevice(order, device);
    layout.inverse_N = onDevice(inverse, device);
}

void findSegments(ModalityLayout &layout, const int64_t *modality_N, const std::vector<int64_t> &inverse,
                  at::Device device)
{
    std::vector<int64_t> segmentOfToken, tokenInSegment, sortedInSegment, modalityOfSegment;
    std::vector<float> sizes;
    for (int64_t n = 0; n < layout.batch * layout.numTokens; ++n) {
        if (modality_N[n] == kTextModality) continue;
        const int64_t b = n / layout.numTokens, t = n % layout.numTokens;
        if (t == 0 || modality_N[n - 1] != modality_N[n]) {
            layout.segments.push_back({b, modality_N[n], t, 0});
            modalityOfSegment.push_back(modality_N[n]);
            sizes.push_back(0);
        }
        segmentOfToken.push_back(static_cast<int64_t>(sizes.size()) - 1);
        tokenInSegment.push_back(n);
        sortedInSegment.push_back(inverse[static_cast<size_t>(n)]);
        ++layout.segments.back().numTokens;
        ++sizes.back();
    }
    if (sizes.empty()) return;
    layout.segmentOfToken_K = onDevice(segmentOfToken, device);
    layout.tokenInSegment_K = onDevice(tokenInSegment, device);
    layout.sortedInSegment_K = onDevice(sortedInSegment, device);
    layout.modalityOfSegment_S = onDevice(modalityOfSegment, device);
    layout.sizeOfSegment_S = at::tensor(sizes, at::kFloat).to(device);
}

} // namespace

ModalityLayout makeModalityLayout(const at::Tensor &modality_BT, int64_t numModalities, at::Device device)
{
    const at::Tensor host_BT = modality_BT.contiguous();
    TORCH_CHECK(host_BT.is_cpu() && host_BT.dim() == 2 && host_BT.scalar_type() == at::kLong,
                "modalities must be int64 [B, T] on the CPU");
    ModalityLayout layout;
    layout.numModalities = numModalities;
    layout.batch = host_BT.size(0);
    layout.numTokens = host_BT.size(1);
    layout.modality_BT = host_BT.to(device);
    std::vector<int64_t> inverse;
    sortTokens(layout, host_BT.data_ptr<int64_t>(), inverse, device);
    findSegments(layout, host_BT.data_ptr<int64_t>(), inverse, device);
    return layout;
}

} // namespace orrery::nn
