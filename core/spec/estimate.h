// SPDX-License-Identifier: Apache-2.0
// What a spec will cost, before anything is allocated: parameters, memory, time. Any thread.
#pragma once

#include "core/spec/run_spec.h"

namespace orrery {

/// What parts of plugins add: numbers, not bytes.
struct PluginCostSum {
    double parameters = 0;
    double idleParameters = 0; ///< of them, what a token does not pass through
    double activations = 0;    ///< that training keeps of each token
    double cacheNumbers = 0;   ///< that a generated text keeps beside keys and values
};

/// Parameters, with V vocabulary, C width, T context, L layers, D = C / heads, F = feedForwardWidth():
///   token embedding V·C (a tied head shares it, an untied one has V·C of its own); learned positions T·C;
///   per block: norm C, qkv 3C·C, output C·C, norm C, feed-forward 2·C·F (gelu, gelu_tanh) or 3·C·F (swiglu:
///   gate, up, down), with qk_norm 2·D (weights for q and for k, shared by the heads); final norm C. norm =
///   layernorm has weight and bias always (2C each, as the peer's nn.LayerNorm); model.bias adds the biases
///   of linear layers: 3C, C, F per first matrix of the feed-forward (twice for swiglu) and C; the head never
///   has one. With M = attention.num_modalities above 1 (core/nn/multimodal_block.h), unless
///   attention.separate is off: blocks M times, per layer (M − 1)·(C + 1) for the gates and heads·M² between
///   modalities; and for pictures (3·patch² + 1 + cells²)·C, for recordings (128 + 1 + media.audio_tokens)·C. With
///   media.image_stem = conv (core/nn/image_stem.h) S = (C/2)·⌈patch/4⌉² stands for 3·patch², and 28·C/4 + (9·C/4 + 1)·C/2 are
///   added; what they compute is not in the FLOPs, as how many tokens are of pictures is not known.
///   A token passes through one modality's blocks: the FLOPs count those, and all of the head.
/// With plugins (core/spec/plugin_cost.h): their parameters count like the others, those that a token does
/// not pass through not for the FLOPs.
struct RunEstimate {
    uint64_t numParameters = 0;   ///< the same number as the built model
    uint64_t numNonEmbedding = 0; ///< without token embedding, positions and an untied head
    uint64_t numOfPlugins = 0;    ///< of them, in parts of plugins
    uint64_t weightBytes = 0;     ///< fp32 masters, plus bf16 copies
    uint64_t optimizerBytes = 0;  ///< gradients and both moments
    uint64_t activationBytes = 0; ///< one micro-batch, an estimate within a factor of two
    uint64_t continualBytes = 0;  ///< what a strategy keeps of earlier stages; derpp's logits, which go with the text, not
    uint64_t stackBytes = 0; ///< on a GPU, with weights of each modality's own: these side by side, and their gradients
    uint64_t totalBytes = 0; ///< the five above and kWorkerBaseBytes
    uint64_t cacheBytes = 0; ///< a text that is generated: keys, values, what parts remember when full; fp32
    double flopsPerToken = 0; ///< training: 6N + 12·L·d·T (Chowdhery et al. 2022, App. B), N: blocks and head;
                              ///< a third more for sequences that a teacher reads, too
    uint64_t tokensPerStep = 0; ///< context · batch_size · accumulation
    uint64_t totalTokens = 0;
    double secondsPerStep = 0; ///< by the given speed
    double totalSeconds = 0;
};
/// What a worker takes before it has a model: its libraries and their threads.
inline constexpr uint64_t kWorkerBaseBytes = uint64_t{200} << 20;
/// Sums that do not fit into 64 bits saturate.
/// @param vocabSize of the tokenizer; data.vocab_size takes its place when set
/// @param flopsPerSecond what this machine sustains (a finished run's figure; 60e9 on an unknown CPU)
/// @param plugins what the parts of the spec's plugins add
RunEstimate estimateRun(const RunSpec &spec, int64_t vocabSize, double flopsPerSecond,
                        const PluginCostSum &plugins = {});
/// model.ffn_width, or what 0 stands for: 4·width; for swiglu 8/3·width rounded up to a multiple of 64.
int64_t feedForwardWidth(const ModelSpec &model);
/// Vocabulary of a byte tokenizer under these settings: data.vocab_size, or 256 bytes and 16 specials.
int64_t byteVocabSize(const DataSpec &data);

} // namespace orrery
