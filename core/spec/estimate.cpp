// SPDX-License-Identifier: Apache-2.0
#include "core/spec/estimate.h"

#include "core/spec/model_shape.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace orrery {

namespace {

constexpr int64_t kNumBytes = 256;
constexpr int64_t kNumSpecials = 16; // as core/data/tokenizer.h fixes them; a test there compares
constexpr int64_t kBpeVocabulary = 8192; // as core/data/tokenizer/bpe_trainer.h has it; a test there compares
constexpr int64_t kFfnMultiple = 64;

/// Doubles are exact up to 2^53 and never wrap; what is larger runs nowhere anyway.
uint64_t saturated(double value)
{
    if (!(value > 0)) return 0;
    if (value >= 0x1p64) return std::numeric_limits<uint64_t>::max();
    return static_cast<uint64_t>(value);
}

constexpr double kFeaturesOfAudio = 32 * 4; // mel bands of the frames of a token, as core/nn/modality_embedding.h has them
constexpr int64_t kKeyMultiple = 8;         // extra key dimensions come in eights
constexpr double kGroupsPerModality = 2;    // as core/nn/modality_groups.h makes them; a test there compares

struct ModelSize {
    double blocks = 0;    ///< all blocks and the final norm
    double active = 0;    ///< of them, what one token passes through
    double media = 0;     ///< embeddings of patches and frames
    double tokens = 0;    ///< token embedding
    double positions = 0; ///< learned positions
    double head = 0;      ///< untied head
};

bool hasModalityWeights(const ModelSpec &model)
{
    return model.attention.numModalities > 1 && model.attention.isSeparate;
}

/// Dimensions that carry the biases between modalities beside each head's own.
double extraKeyWidth(const ModelSpec &model)
{
    if (!hasModalityWeights(model)) return 0;
    return static_cast<double>((model.attention.numModalities + 1 + kKeyMultiple - 1) / kKeyMultiple *
                               kKeyMultiple);
}

/// Weights and biases of the convolutions in front of a patch's linear layer.
double stemSize(const ModelSpec &model)
{
    const ImageStemShape shape = imageStemShape(model);
    constexpr double kTaps = kStemKernel * kStemKernel;
    const auto first = static_cast<double>(shape.channels1), second = static_cast<double>(shape.channels2);
    return first * (static_cast<double>(shape.channels0) * kTaps + 1) + second * (first * kTaps + 1);
}

/// A linear layer and a learned position for patches, with what stands in front of it, and the same for frames.
double mediaSize(const ModelSpec &model)
{
    const auto width = static_cast<double>(model.width);
    const auto cells =
        static_cast<double>(model.media.imageSize / std::max<int64_t>(model.media.patchSize, 1));
    const auto patch = static_cast<double>(model.media.patchSize);
    const double features = hasImageStem(model) ? static_cast<double>(imageStemShape(model).outputs())
                                                : patch * patch * kPictureColours;
    double size = hasImageStem(model) ? stemSize(model) : 0;
    if (model.attention.numModalities > 1) size += (features + 1 + cells * cells) * width;
    if (model.attention.numModalities > 2)
        size += (kFeaturesOfAudio + 1 + static_cast<double>(model.media.audioTokens)) * width;
    return size;
}

ModelSize sizeOf(const ModelSpec &model, double vocab)
{
    const auto width = static_cast<double>(model.width);
    const auto inner = static_cast<double>(feedForwardWidth(model));
    const bool isGated = model.ffn == "swiglu";
    const double norm = model.norm == "layernorm" ? 2 * width : width;
    const auto queries = static_cast<double>(queryWidth(model)), keys = static_cast<double>(keyWidth(model));
    double block = 2 * norm + (2 * queries + 2 * keys) * width + (isGated ? 3 : 2) * width * inner;
    if (model.qkNorm) block += 2 * static_cast<double>(headWidth(model));
    if (model.bias) block += queries + 2 * keys + width + (isGated ? 2 : 1) * inner + width;
    ModelSize size;
    const auto layers = static_cast<double>(model.layers);
    const auto modalities = static_cast<double>(model.attention.numModalities);
    size.active = layers * block + norm;
    size.blocks = size.active;
    if (hasModalityWeights(model))
        // A block for each modality, a gate for each but text, the weights between them of each head.
        size.blocks = layers * (modalities * block + (modalities - 1) * (width + 1) +
                                static_cast<double>(model.heads) * modalities * modalities) +
                      norm;
    size.media = mediaSize(model);
    size.tokens = vocab * width;
    size.positions = model.position == "learned" ? static_cast<double>(model.context) * width : 0;
    size.head = model.tied ? 0 : vocab * width;
    return size;
}

struct MuonCost {
    double matrices = 0; ///< parameters that have one moment in place of two
    double flops = 0;    ///< of orthogonalising them, once a step
};

/// What core/train/muon.h does with a model's own matrices; nothing for other optimizers.
MuonCost muonCost(const RunSpec &spec)
{
    MuonCost cost;
    if (spec.optimizer.name != "muon") return cost;
    const ModelSpec &model = spec.model;
    const auto width = static_cast<double>(model.width), inner = static_cast<double>(feedForwardWidth(model));
    const auto queries = static_cast<double>(queryWidth(model)), keys = static_cast<double>(keyWidth(model));
    const double copies = static_cast<double>(model.layers) *
                          (hasModalityWeights(model) ? static_cast<double>(model.attention.numModalities) : 1);
    constexpr double kNumIterations = 5;
    for (const auto &[rows, columns] : {std::pair{queries + 2 * keys, width}, {width, queries},
                                        {(model.ffn == "swiglu" ? 2 : 1) * inner, width}, {width, inner}}) {
        const double shorter = std::min(rows, columns), longer = std::max(rows, columns);
        cost.matrices += copies * rows * columns;
        cost.flops += copies * kNumIterations * 2 * shorter * shorter * (2 * longer + shorter); // xxT, its square, times x
    }
    return cost;
}

/// fp32 copies of all parameters that a strategy keeps.
double parameterCopies(const ContinualSpec &continual)
{
    if (!continual.isOn()) return 0;
    if (continual.strategy == "rehearsal") return 2; // the model before, and the mean of the stage's weights
    if (continual.strategy == "ewc") return 2;       // Fisher and anchor
    if (continual.strategy == "sparse_memory") return 1; // the weights before an update
    return 0;
}

/// Whether another model reads replayed sequences: a forward pass, a third of training.
bool hasTeacher(const ContinualSpec &continual) { return continual.isOn() && continual.strategy == "rehearsal"; }

/// A GPU goes over all modalities at once (core/nn/grouped_blocks.h): in each pass the weights stand side by side once more, a
/// modality's as often as it may have groups, and so do their gradients before they are added up.
double stackBytes(const RunSpec &spec, double blocks, const PluginCostSum &plugins)
{
    const std::string &ffn = spec.model.ffn;
    const bool isOwnNetwork = ffn == "swiglu" || ffn == "gelu" || ffn == "gelu_tanh";
    const bool hasParts = plugins.parameters > 0 || plugins.activations > 0 || plugins.cacheNumbers > 0;
    if (spec.device == "cpu" || !hasModalityWeights(spec.model) || !isOwnNetwork || hasParts) return 0;
    const bool isCoarse = spec.train.dtype == "bf16";
    const double stack = kGroupsPerModality * blocks * (isCoarse ? 2 : 4);
    const double gradients = blocks * 4; // of the masters, which count with the optimizer
    // In fp32 the sums stay where they were added up. Those of the micro-batches before wait beside a new one's.
    const double whole = isCoarse ? gradients : stack;
    const double added = isCoarse ? stack : stack - gradients;
    return stack + added + (spec.train.accumulation > 1 ? whole : 0);
}

/// What autograd keeps of one token in one micro-batch, counted over the reference block's operations.
double activationBytesPerToken(const RunSpec &spec, double vocab)
{
    const ModelSpec &model = spec.model;
    const auto width = static_cast<double>(model.width);
    const auto inner = static_cast<double>(feedForwardWidth(model));
    const double bytes = spec.train.dtype == "bf16" ? 2 : 4;
    const auto queries = static_cast<double>(queryWidth(model)), keys = static_cast<double>(keyWidth(model));
    // Two norms (input and output), qkv, turned and normalised q and k, attention and projection outputs,
    // residuals.
    double values = 4 * width + queries + 2 * keys + (model.qkNorm ? 2 : 1) * (queries + keys) + queries + 3 * width;
    if (keys < queries) values += 2 * queries; // keys and values once for each head of queries
    values += model.ffn == "swiglu" ? 4 * inner : 2 * inner;
    if (hasModalityWeights(model)) {
        // q, k, v and the attention's output once more in the other order; q and k with their extra
        // dimensions in fp32; norms and their outputs joined again.
        values += 4 * width + 2 * width;
        values += 2 * (width + static_cast<double>(model.heads) * extraKeyWidth(model)) * 4 / bytes;
    }
    double perLayer = values * bytes;
    if (model.dropout > 0) perLayer += 2 * width * bytes; // masks of both residual branches
    if (model.attentionDropout > 0) {
        // Softmax, mask and their product of every score.
        perLayer += static_cast<double>(model.heads) * static_cast<double>(model.context) * (4 + 4 + bytes);
    }
    // The mask that differs between sequences stands there once, for all layers.
    const double mask = spec.objective.name == "hybrid" ? 4 * static_cast<double>(model.context) : 0;
    // Logits, their softmax and their gradient stay fp32.
    return static_cast<double>(model.layers) * perLayer + mask + 3 * 4 * vocab + 2 * 4 * width;
}

/// What autograd keeps of the convolutions of one picture: what goes into each, and what comes out before its SiLU.
double stemBytes(const RunSpec &spec)
{
    if (!hasImageStem(spec.model)) return 0;
    const ImageStemShape shape = imageStemShape(spec.model);
    const MediaSpec &media = spec.model.media;
    const auto cells = static_cast<double>(media.imageSize / std::max<int64_t>(media.patchSize, 1));
    const double numbers = static_cast<double>(media.patchSize * media.patchSize * kPictureColours +
                                               2 * shape.channels1 * shape.side1 * shape.side1 + 2 * shape.outputs());
    return cells * cells * numbers * (spec.train.dtype == "bf16" ? 2 : 4);
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
    if (data.tokenizer == "bpe") return kBpeVocabulary;
    return data.specialTokens == "none" ? kNumBytes : kNumBytes + kNumSpecials;
}

RunEstimate estimateRun(const RunSpec &spec, int64_t vocabSize, double flopsPerSecond,
                        const PluginCostSum &plugins)
{
    const auto vocab = static_cast<double>(spec.data.vocabSize > 0 ? spec.data.vocabSize : vocabSize);
    ModelSize size = sizeOf(spec.model, vocab);
    size.blocks += plugins.parameters;
    size.active += plugins.parameters - plugins.idleParameters;
    const double parameters = size.blocks + size.tokens + size.positions + size.media + size.head;
    const double batchTokens =
        static_cast<double>(spec.train.batchSize) * static_cast<double>(spec.model.context);
    const double stepTokens = batchTokens * static_cast<double>(spec.train.accumulation);
    const double weightBytes = parameters * (spec.train.dtype == "bf16" ? 6 : 4);
    const MuonCost muon = muonCost(spec);
    const double optimizerBytes = parameters * 12 - muon.matrices * 4;
    const double activationBytes = batchTokens * (activationBytesPerToken(spec, vocab) +
                                                  plugins.activations * (spec.train.dtype == "bf16" ? 2 : 4)) +
                                   static_cast<double>(spec.train.batchSize) * stemBytes(spec); // a picture a window

    const double continualBytes = parameters * 4 * parameterCopies(spec.continual);
    const double stacks = stackBytes(spec, size.blocks, plugins);

    RunEstimate estimate;
    estimate.numParameters = saturated(parameters);
    estimate.numNonEmbedding = saturated(size.blocks);
    estimate.numOfPlugins = saturated(plugins.parameters);
    const double keysAndValues = static_cast<double>(spec.model.layers) *
                                 static_cast<double>(spec.model.context) *
                                 (2 * static_cast<double>(keyWidth(spec.model)) +
                                  static_cast<double>(spec.model.heads) * extraKeyWidth(spec.model));
    estimate.cacheBytes = saturated(4 * (keysAndValues + plugins.cacheNumbers));
    estimate.weightBytes = saturated(weightBytes);
    estimate.optimizerBytes = saturated(optimizerBytes);
    estimate.activationBytes = saturated(activationBytes);
    estimate.continualBytes = saturated(continualBytes);
    estimate.stackBytes = saturated(stacks);
    estimate.totalBytes = saturated(weightBytes + optimizerBytes + activationBytes + continualBytes + stacks +
                                    static_cast<double>(kWorkerBaseBytes));
    // Looking up an embedding costs nothing; the head multiplies with all of it, shared or not.
    estimate.flopsPerToken = 6 * (size.active + vocab * static_cast<double>(spec.model.width)) +
                             12.0 * static_cast<double>(spec.model.layers) *
                                 (static_cast<double>(queryWidth(spec.model)) +
                                  static_cast<double>(spec.model.heads) * extraKeyWidth(spec.model) / 2) *
                                 static_cast<double>(spec.model.context);
    if (hasTeacher(spec.continual)) estimate.flopsPerToken *= 1 + spec.continual.replayShare / 3;
    if (stepTokens > 0) estimate.flopsPerToken += muon.flops / stepTokens;
    estimate.tokensPerStep = saturated(stepTokens);
    estimate.totalTokens = saturated(stepTokens * static_cast<double>(spec.train.steps));
    estimate.secondsPerStep = flopsPerSecond > 0 ? estimate.flopsPerToken * stepTokens / flopsPerSecond : 0;
    estimate.totalSeconds = estimate.secondsPerStep * static_cast<double>(spec.train.steps);
    return estimate;
}

} // namespace orrery
