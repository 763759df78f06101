// SPDX-License-Identifier: Apache-2.0
// A model in which it matters what earlier tokens saw, and what it says of a text without cache or chunks.
#pragma once

#include "tiny_run.h"

#include "core/infer/text_generator.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include <memory>
#include <string>
#include <vector>

namespace orrery::test {

inline constexpr int64_t kContext = 16;

inline std::vector<int32_t> idsOf(const std::string &text)
{
    std::vector<int32_t> ids;
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
}

inline RunSpec hybridSpec()
{
    RunSpec spec = tinySpec();
    spec.model.layers = 2;
    spec.objective.name = "hybrid";
    return spec;
}

/// Two layers, so that it matters what earlier tokens saw, with weights as large as after some training.
inline std::unique_ptr<nn::Transformer> livelyModel(const RunSpec &spec)
{
    auto model = tinyModel(spec, 100);
    const at::NoGradGuard noGradients;
    for (nn::Parameter &parameter : model->parameters())
        if (parameter.decays) parameter.master.mul_(8);
    model->mastersChanged();
    return model;
}

/// A generator of such a model.
inline TextGenerator livelyGenerator(const RunSpec &spec)
{
    LoadedModel loaded;
    loaded.model = livelyModel(spec);
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.objective = spec.objective;
    loaded.info.name = "lively";
    loaded.info.step = 100;
    return TextGenerator(std::move(loaded));
}

/// Probabilities of the token behind `seen`, of which the first `numVisible` see one another.
inline at::Tensor plainProbabilities(nn::Transformer &model, const std::vector<int32_t> &seen, int64_t numVisible)
{
    const at::NoGradGuard noGradients;
    nn::ForwardContext context;
    context.maskPolicy = "prefix";
    context.prefixLengths = {numVisible};
    const std::vector<int64_t> wide(seen.begin(), seen.end());
    const at::Tensor logits_BTV = model.logits(at::tensor(wide, at::kLong).unsqueeze(0), context);
    return at::log_softmax(logits_BTV.select(0, 0).select(0, -1).to(at::kDouble), -1).exp();
}

} // namespace orrery::test
