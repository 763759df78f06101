// SPDX-License-Identifier: Apache-2.0
#include "core/nn/dropout.h"

#include "core/kernels/philox_mask.h"
#include "core/nn/device.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <cstring>

namespace orrery::nn {
namespace {

CounterRng streamOf(const ForwardContext &context, int64_t sample, uint32_t layerWord, RngPurpose purpose)
{
    return CounterRng({.seed = context.seed,
                       .step = context.step,
                       .sample = context.firstSample + static_cast<uint32_t>(sample),
                       .layer = layerWord,
                       .purpose = purpose});
}

template <typename KeepOf>
at::Tensor makeMaskOnGpu(const ForwardContext &context, uint32_t layerWord, RngPurpose purpose,
                         at::IntArrayRef shape, double dropout, at::Device device, KeepOf keepOf)
{
    at::Tensor words = at::empty({shape[0], 4}, at::TensorOptions(at::kInt).pinned_memory(true));
    at::Tensor keeps = at::empty({shape[0]}, at::TensorOptions(at::kFloat).pinned_memory(true));
    for (int64_t sample = 0; sample < shape[0]; ++sample) {
        const auto stream = streamOf(context, sample, layerWord, purpose).words();
        std::memcpy(words.data_ptr<int32_t>() + 4 * sample, stream.data(), sizeof stream);
        keeps.data_ptr<float>()[sample] = keepOf(sample);
    }
    words = words.to(device, true);
    keeps = keeps.to(device, true);
    at::Tensor mask = at::empty(shape, at::TensorOptions(at::kFloat).device(device));
    // The trainer leaves torch on the default stream, which is the null stream.
    const int problem = cudaFillKeepMask()(reinterpret_cast<const uint32_t *>(words.data_ptr<int32_t>()),
                                           keeps.data_ptr<float>(), shape[0], mask.numel() / shape[0],
                                           kernels::dropThreshold(dropout), mask.data_ptr<float>(), nullptr);
    TORCH_CHECK(problem == 0, "the mask kernel could not be started, CUDA error ", problem);
    return mask;
}

/// One stream per sample, cut into pieces for the threads at multiples of the generator's block.
template <typename KeepOf>
at::Tensor makeMask(const ForwardContext &context, uint32_t layerWord, RngPurpose purpose,
                    at::IntArrayRef shape, double dropout, at::Device device, KeepOf keepOf)
{
    constexpr int64_t kPiece = 4096;
    if (device.is_cuda() && cudaFillKeepMask())
        return makeMaskOnGpu(context, layerWord, purpose, shape, dropout, device, keepOf);
    at::Tensor mask = at::empty(shape, at::TensorOptions(at::kFloat).pinned_memory(device.is_cuda()));
    const int64_t perSample = mask.numel() / shape[0];
    const int64_t pieces = (perSample + kPiece - 1) / kPiece;
    const uint32_t threshold = kernels::dropThreshold(dropout);
    float *out = mask.data_ptr<float>();
    at::parallel_for(0, shape[0] * pieces, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const int64_t sample = i / pieces;
            const int64_t first = (i % pieces) * kPiece;
            kernels::fillKeepMask(streamOf(context, sample, layerWord, purpose).words(),
                                  static_cast<uint64_t>(first) / kernels::kPhiloxBlock,
                                  static_cast<size_t>(std::min(kPiece, perSample - first)), threshold,
                                  keepOf(sample), out + sample * perSample + first);
        }
    });
    return device.is_cpu() ? mask : mask.to(device, true);
}

} // namespace

double depthDropout(const ModelSpec &spec, int64_t layer)
{
    return spec.stochasticDepth * static_cast<double>(layer + 1) / static_cast<double>(spec.layers);
}

at::Tensor residualMask(const ForwardContext &context, int64_t layer, DropoutPlace place,
                        at::IntArrayRef shape_BTC, double dropout, double depthDropout, at::Device device)
{
    if (!context.isTraining || (dropout <= 0 && depthDropout <= 0)) return {};
    const uint32_t layerWord = 4 * static_cast<uint32_t>(layer) + static_cast<uint32_t>(place);
    const float keepElement = static_cast<float>(1.0 / (1.0 - dropout));
    const float keepBranch = static_cast<float>(1.0 / (1.0 - depthDropout));
    const auto branchFactor = [&](int64_t sample) {
        if (depthDropout <= 0) return 1.0f;
        const bool isKept = streamOf(context, sample, layerWord, RngPurpose::StochasticDepth).bits(0) >=
                            kernels::dropThreshold(depthDropout);
        return isKept ? keepBranch : 0.0f;
    };
    if (dropout <= 0) {
        at::Tensor factors = at::empty({shape_BTC[0], 1, 1}, at::kFloat);
        for (int64_t b = 0; b < shape_BTC[0]; ++b) factors.data_ptr<float>()[b] = branchFactor(b);
        return factors.to(device);
    }
    return makeMask(context, layerWord, RngPurpose::Dropout, shape_BTC, dropout, device,
                    [&](int64_t sample) { return keepElement * branchFactor(sample); });
}

at::Tensor attentionMask(const ForwardContext &context, int64_t layer, at::IntArrayRef shape_BHTS,
                         double dropout, at::Device device)
{
    const float keep = static_cast<float>(1.0 / (1.0 - dropout));
    return makeMask(context, static_cast<uint32_t>(layer), RngPurpose::AttentionDropout, shape_BHTS, dropout,
                    device, [keep](int64_t) { return keep; });
}

} // namespace orrery::nn
