// SPDX-License-Identifier: Apache-2.0
// Small models with an episodic memory, and texts that are read through their caches.
#pragma once

#include "core/nn/extension_points.h"
#include "plugins/memory/engine/episodic_memory.h"
#include "tests/nn/model_fixtures.h"

#include <torch/types.h>

#include <memory>
#include <vector>

namespace orrery::memory::test {

inline constexpr int64_t kWindow = 3, kContext = 24;

inline EpisodicSettings smallMemory(int64_t capacity = 100)
{
    EpisodicSettings settings;
    settings.store = {.capacity = capacity, .surpriseGamma = 1, .blockMin = 2, .blockMax = 4};
    settings.topK = 3;
    settings.keyShift = 0.4;
    settings.queryKey = 0.3;
    return settings;
}

inline ModelSpec memorySpec()
{
    ModelSpec spec = nn::test::smallSpec();
    spec.context = kContext;
    spec.window = kWindow;
    return spec;
}

/// In the registry while it lives.
class Registered {
public:
    explicit Registered(const EpisodicSettings &settings)
    {
        nn::attentionSourceRegistry().add(
            "episodic", [settings](nn::BuildContext &build) { return makeEpisodicMemory(build, settings); });
    }
    ~Registered() { nn::attentionSourceRegistry().remove("episodic"); }
};

inline std::unique_ptr<nn::Transformer> memoryModel(const EpisodicSettings &settings,
                                                    const ModelSpec &spec = memorySpec())
{
    const Registered registered(settings);
    auto model = nn::test::makeModel(spec);
    nn::test::stirWeights(*model);
    return model;
}

inline MemoryControl &controlOf(nn::KvCache &cache) { return *cache.parts.begin()->second->memory(); }

inline double distance(const at::Tensor &a, const at::Tensor &b)
{
    return (a - b).abs().max().item<double>();
}

inline at::Tensor cachedLogits(nn::Transformer &model, const at::Tensor &ids,
                               const std::vector<int64_t> &lengths, nn::KvCache &cache)
{
    nn::ForwardContext context;
    context.cache = &cache;
    std::vector<at::Tensor> pieces;
    int64_t place = 0;
    for (const int64_t length : lengths) {
        pieces.push_back(model.logits(ids.narrow(1, place, length), context));
        place += length;
    }
    return at::cat(pieces, 1);
}

} // namespace orrery::memory::test
