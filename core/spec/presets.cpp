// SPDX-License-Identifier: Apache-2.0
// Presets are whole specs: what one owns is set for every preset, so that no value of another one stays
// behind.
#include "core/base/text.h"
#include "core/spec/estimate.h"
#include "core/spec/field_table.h"

#include <array>

namespace orrery {

namespace {

struct Preset {
    const char *name;
    ModelSpec model;
    int64_t batchSize;
    int64_t accumulation;
    double lr;
};

ModelSpec modelOf(const char *name, int64_t layers, int64_t width, int64_t heads, int64_t context)
{
    ModelSpec model;
    model.preset = name;
    model.layers = layers;
    model.width = width;
    model.heads = heads;
    model.context = context;
    return model;
}

const std::array<Preset, 4> &presets()
{
    static const std::array<Preset, 4> table = [] {
        // The layers of GPT-2 as bench's Python peer builds them: LayerNorm with bias, linear layers without.
        ModelSpec gpt2 = modelOf("gpt2", 12, 768, 12, 1024);
        gpt2.ffn = "gelu";
        gpt2.norm = "layernorm";
        gpt2.position = "learned";
        gpt2.qkNorm = false;
        // The layers of Llama 3, at a size that a laptop trains. Those of Qwen3 are what tiny and small have.
        ModelSpec llama = modelOf("llama", 8, 512, 8, 512);
        llama.kvHeads = 4;
        llama.ropeTheta = 500'000;
        llama.normEps = 1e-5;
        llama.qkNorm = false;
        llama.tied = false;
        return std::array<Preset, 4>{Preset{"tiny", modelOf("tiny", 4, 128, 4, 128), 16, 1, 1e-3},
                                     Preset{"small", modelOf("small", 6, 384, 6, 256), 8, 1, 1e-3},
                                     Preset{"gpt2", gpt2, 4, 8, 6e-4}, Preset{"llama", llama, 8, 2, 6e-4}};
    }();
    return table;
}

const Preset *findPreset(std::string_view name)
{
    for (const Preset &preset : presets())
        if (name == preset.name) return &preset;
    return nullptr;
}

} // namespace

std::vector<std::string> presetNames()
{
    std::vector<std::string> names;
    for (const Preset &preset : presets()) names.emplace_back(preset.name);
    return names;
}

void applyPreset(RunSpec &spec, std::string_view name)
{
    const Preset *preset = findPreset(name);
    if (!preset) return;
    const double dropout = spec.model.dropout, attentionDropout = spec.model.attentionDropout;
    const double stochasticDepth = spec.model.stochasticDepth;
    const AttentionSpec attention = spec.model.attention;
    const MediaSpec media = spec.model.media;
    spec.model = preset->model;
    spec.model.dropout = dropout;
    spec.model.attentionDropout = attentionDropout;
    spec.model.stochasticDepth = stochasticDepth;
    spec.model.attention = attention;
    spec.model.media = media;
    spec.train.batchSize = preset->batchSize;
    spec.train.accumulation = preset->accumulation;
    spec.optimizer.lr = preset->lr;
}

std::string presetSummary(std::string_view name)
{
    if (!findPreset(name)) return {};
    RunSpec spec;
    applyPreset(spec, name);
    const auto estimate = estimateRun(spec, byteVocabSize(spec.data), 1e9);
    return std::string(name) + ": " + std::to_string(spec.model.layers) + " layers × " +
           std::to_string(spec.model.width) + ", context " + std::to_string(spec.model.context) + ", " +
           formatCount(static_cast<double>(estimate.numParameters)) + " parameters";
}

} // namespace orrery
