// SPDX-License-Identifier: Apache-2.0
#include "core/spec/estimate.h"

#include <algorithm>
#include <limits>

namespace orrery {

namespace {

constexpr int64_t kNumBytes = 256;
constexpr int64_t kNumSpecials = 16; // as core/data/tokenizer.h fixes them; a test there compares
constexpr int64_t kFfnMultiple = 64;

/// Doubles are exact up to 2^53 and never wrap; what is larger runs nowhere anyway.
uint64_t saturated(double value)
{
    if (!(value > 0)) return 0;
    if (value >= 0x1p64) return std::numeric_limits<uint64_t>::max();
    return static_cast<uint64_t>(value);
}

struct ModelSize {
    double blocks = 0;    ///< all blocks and the final norm
    double tokens = 0;    ///< token embedding
    double positions = 0; ///< learned positions
    double head = 0;      ///< untied head
};

ModelSize sizeOf(const ModelSpec &model, double vocab)
{
    const auto width = static_cast<double>(model.width);
    const auto inner = static_cast<double>(feedForwardWidth(model));
    const bool isGated = model.ffn == "swiglu";
    const double norm = model.norm == "layernorm" ? 2 * width : width;
    double block = 2 * norm + 4 * width * width + (isGated ? 3 : 2) * width * inner;
    if (model.qkNorm) block += 2 * (width / static_cast<double>(std::max<int64_t>(model.heads, 1)));
    if (model.bias) block += 3 * width + width + (isGated ? 2 : 1) * inner + width;
    ModelSize size;
    size.blocks = static_cast<double>(model.layers) * block + norm;
    size.tokens = vocab * width;
    size.positions = model.position == "learned" ? static_cast<double>(model.context) * width : 0;
    size.head = model.tied ? 0 : vocab * width;
    return size;
}

/// What autograd keeps of one token in one micro-batch, counted over the reference block's operations.
double activationBytesPerToken(const RunSpec &spec, double vocab)
{
    const ModelSpec &model = spec.model;
    const auto width = static_cast<double>(model.width);
    const auto inner = static_cast<double>(feedForwardWidth(model));
    const double bytes = spec.train.dtype == "bf16" ? 2 : 4;
    // Two norms (input and output), qkv, turned and normalised q and k, attention and projection outputs,
    // residuals.
    double values = 4 * width + 3 * width + (model.qkNorm ? 4 : 2) * width + 4 * width;
    values += model.ffn == "swiglu" ? 4 * inner : 2 * inner;
    double perLayer = values * bytes;
    if (model.dropout > 0) {
        // Masks of both residual branches; softmax, mask and their product of every score (attention
        // dropout).
        perLayer += 2 * width * bytes;
        perLayer += static_cast<double>(model.heads) * static_cast<double>(model.context) * (4 + 4 + bytes);
    }
    // The mask that differs between sequences stands there once, for all layers.
    const double mask = spec.objective.name == "hybrid" ? 4 * static_cast<double>(model.context) : 0;
    // Logits, their softmax and their gradient stay fp32.
    return static_cast<double>(model.layers) * perLayer + mask + 3 * 4 * vocab + 2 * 4 * width;
}

} // namespace

int64_t feedForwardWidth(const ModelSpec &model)
{
    if (model.ffnWidth > 0) return model.ffnWidth;
    if (model.ffn != "swiglu") return 4 * model.width;
    const int64_t exact = (8 * model.width + 2) / 3;
    return (exact + kFfnMultiple - 1) / kFfnMultiple * kFfnMultiple;
}

int64_t byteVocabSize(const DataSpec &data)
{
    if (data.vocabSize > 0) return data.vocabSize;
    return data.specialTokens == "none" ? kNumBytes : kNumBytes + kNumSpecials;
}

RunEstimate estimateRun(const RunSpec &spec, int64_t vocabSize, double flopsPerSecond)
{
    const auto vocab = static_cast<double>(spec.data.vocabSize > 0 ? spec.data.vocabSize : vocabSize);
    const ModelSize size = sizeOf(spec.model, vocab);
    const double parameters = size.blocks + size.tokens + size.positions + size.head;
    const double batchTokens =
        static_cast<double>(spec.train.batchSize) * static_cast<double>(spec.model.context);
    const double stepTokens = batchTokens * static_cast<double>(spec.train.accumulation);
    const double weightBytes = parameters * (spec.train.dtype == "bf16" ? 6 : 4);
    const double optimizerBytes = parameters * 12;
    const double activationBytes = batchTokens * activationBytesPerToken(spec, vocab);

    RunEstimate estimate;
    estimate.numParameters = saturated(parameters);
    estimate.numNonEmbedding = saturated(size.blocks);
    estimate.weightBytes = saturated(weightBytes);
    estimate.optimizerBytes = saturated(optimizerBytes);
    estimate.activationBytes = saturated(activationBytes);
    estimate.totalBytes =
        saturated(weightBytes + optimizerBytes + activationBytes + static_cast<double>(kWorkerBaseBytes));
    // Looking up an embedding costs nothing; the head multiplies with all of it, shared or not.
    estimate.flopsPerToken = 6 * (size.blocks + vocab * static_cast<double>(spec.model.width)) +
                             12.0 * static_cast<double>(spec.model.layers) *
                                 static_cast<double>(spec.model.width) *
                                 static_cast<double>(spec.model.context);
    estimate.tokensPerStep = saturated(stepTokens);
    estimate.totalTokens = saturated(stepTokens * static_cast<double>(spec.train.steps));
    estimate.secondsPerStep = flopsPerSecond > 0 ? estimate.flopsPerToken * stepTokens / flopsPerSecond : 0;
    estimate.totalSeconds = estimate.secondsPerStep * static_cast<double>(spec.train.steps);
    return estimate;
}

} // namespace orrery
