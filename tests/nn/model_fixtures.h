// SPDX-License-Identifier: Apache-2.0
// Small models and inputs that the tests of nn share.
#pragma once

#include "core/nn/transformer.h"

#include <ATen/ATen.h>

#include <cstdlib>
#include <iostream>

namespace orrery::nn::test {

inline ModelSpec smallSpec()
{
    ModelSpec spec;
    spec.layers = 2;
    spec.width = 16;
    spec.heads = 2;
    spec.context = 12;
    spec.dropout = 0;
    return spec;
}

inline ModelSpec gpt2Spec()
{
    ModelSpec spec = smallSpec();
    spec.norm = "layernorm";
    spec.position = "learned";
    spec.ffn = "gelu";
    spec.qkNorm = false;
    return spec;
}

inline constexpr int64_t kVocab = 23;

inline std::unique_ptr<Transformer> makeModel(const ModelSpec &spec, uint64_t seed = 7)
{
    auto model = Transformer::create(spec, kVocab, seed, "cpu");
    if (!model) {
        std::cerr << model.error().text() << '\n';
        std::abort();
    }
    return std::move(model).value();
}

/// Deterministic ids that touch the whole vocabulary.
inline at::Tensor makeIds(int64_t batch, int64_t tokens, int64_t offset = 0)
{
    return ((at::arange(batch * tokens, at::kLong) * 7 + offset * 5 + 3) % kVocab).view({batch, tokens});
}

/// Weights as after some training: norms and biases off their start, matrices large enough to matter.
inline void stirWeights(Transformer &model)
{
    const at::NoGradGuard noGrad;
    double phase = 0.1;
    for (Parameter &parameter : model.parameters()) {
        const at::Tensor wave = at::sin(at::arange(parameter.master.numel(), at::kFloat) * 1.7 + phase)
                                    .view(parameter.master.sizes())
                                    .to(parameter.master.device());
        parameter.master.mul_(parameter.decays ? 4.0 : 1.0).add_(wave, parameter.decays ? 0.05 : 0.2);
        phase += 0.7;
    }
    model.mastersChanged();
}

} // namespace orrery::nn::test
