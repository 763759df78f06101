// SPDX-License-Identifier: Apache-2.0
// The model: embedding, pre-norm blocks, final norm, head. Owns its fp32 master parameters. Only the trainer
// or generator thread of a worker calls it. Axes: B batch, T tokens, C width, H heads, D head width, V
// vocabulary.
#pragma once

#include "core/base/counter_rng.h"
#include "core/base/result.h"
#include "core/spec/memory_events.h"
#include "core/spec/run_spec.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace orrery::nn {

/// One named parameter. Names are those of the checkpoint and of nothing else (see docs/model-files.md).
struct Parameter {
    std::string name;   ///< "blocks.0.attention.qkv.weight"
    at::Tensor master;  ///< fp32 leaf
    bool decays = true; ///< false for norms, biases and gates
};

struct KvCache;
class Transformer;

/// What a part of the model keeps of a cache's sequences between passes: registers, an episodic store.
class PartState {
public:
    virtual ~PartState() = default;
    /// What it remembers, as plain values; nullptr when nobody may look (core/spec/memory_events.h).
    virtual MemoryControl *memory() { return nullptr; }
    /// Another one that holds the same, to begin further texts with; nullptr: it is of one text only.
    [[nodiscard]] virtual std::shared_ptr<PartState> clone() const { return nullptr; }
    /// No more of this text is going to come: what waited to leave the window may be kept.
    virtual void endText(const KvCache &) {}
    /// Writes what it remembers into the model's own weights. @param background ids of texts of all kinds, so
    /// that what they need stays as it is
    /// @error NotFound (the part or the model cannot), InvalidInput (too little to learn from), Cancelled;
    /// nothing has changed then
    virtual Result<Consolidation> consolidate(Transformer &model,
                                              const std::vector<std::vector<int32_t>> &background,
                                              const ConsolidationSettings &settings,
                                              const std::atomic<bool> &cancel);
};

/// Keys and values of everything seen so far, per layer [B, H, capacity, D].
struct KvCache {
    std::vector<at::Tensor> keys;
    std::vector<at::Tensor> values;
    int64_t length = 0;
    int64_t origin = 0; ///< place of the first token within the whole text; above 0 when the start was let go
    /// Of parts that keep one, by the prefix of their parameters; made when a text begins, or by the part in
    /// its first pass. Copies of a cache share them.
    std::map<std::string, std::shared_ptr<PartState>> parts;
    /// What the sequences are made of, where a part notes where it has something from; in order of places.
    std::vector<TextSource> sources;
    /// A part that wants surprises sets it; then logits() notes −log p (nats) of the tokens of its pass, NaN
    /// where nothing was predicted. Undefined behind a pass that made no logits.
    bool keepsSurprise = false;
    at::Tensor surprise_BT;
    at::Tensor lastLogits_BV; ///< of the pass before

    /// The cache is full: the last numKept tokens of the text are going to be read again, from place 0.
    void restart(int64_t numKept)
    {
        origin += length - numKept;
        length = 0;
    }
    /// Of the token at this place of the text; empty: nobody said.
    [[nodiscard]] std::string sourceAt(int64_t place) const
    {
        const auto behind =
            std::upper_bound(sources.begin(), sources.end(), place,
                             [](int64_t at, const TextSource &source) { return at < source.firstToken; });
        return behind == sources.begin() ? std::string() : (behind - 1)->name;
    }
};

/// What the tokens of one pass may see; made once per pass by a MaskPolicy (extension_points.h), shared by
/// all layers.
struct AttentionMask {
    enum class Kind : uint8_t {
        Causal, ///< each token sees itself and what stands before it
        Full,   ///< each token sees all of them
        Bias,   ///< as the bias says
    };
    Kind kind = Kind::Causal;
    /// Of Bias: 0 where query t may look at key s, -inf elsewhere, S = cached tokens + T; B may be 1.
    at::Tensor bias_B1TS;
};
struct ModalityInput;
class Probe;
class AttentionTap;

/// What parts of the model say of a pass beside what they compute.
struct PassNotes {
    at::Tensor loss; ///< scalar terms that the training loss gets, summed; undefined: none
    std::map<std::string, at::Tensor> values; ///< scalars to report, detached

    /// @param term a scalar, differentiable, already weighted
    void addLoss(const at::Tensor &term) { loss = loss.defined() ? loss.add(term) : term; }
    void addValue(const std::string &name, const at::Tensor &value) { values[name] = value.detach(); }
};

struct ForwardContext {
    bool isTraining = false;
    at::ScalarType dtype = at::kFloat; ///< of the matmuls; norms, softmax and loss stay fp32
    uint64_t seed = 0;                 ///< randomness key (RngKey) of dropout and stochastic depth
    uint64_t step = 0;
    uint32_t firstSample = 0; ///< number of the micro-batch's first sequence within the step
    double dropout = -1;      ///< overrides the spec's (a setting changed while running); below 0: the spec's
    double attentionDropout = -1; ///< likewise, of the attention's probabilities
    KvCache *cache = nullptr; ///< generation: T new tokens behind cache->length old ones
    /// bidirectional, prefix, or what somebody registered; "causal" stands for the spec's model.mask.
    std::string maskPolicy = "causal";
    std::vector<int64_t> prefixLengths; ///< for "prefix": tokens of each sequence that see one another
    AttentionMask mask;                 ///< filled in by the model from the three above; leave it empty
    at::Tensor ids_BT;                  ///< what this pass reads; filled in by the model
    /// What of the batch is not text (core/nn/modality_input.h); null: everything is text.
    const ModalityInput *modalities = nullptr;
    PassNotes *notes = nullptr;     ///< where parts leave what they have to say; null: nobody listens
    std::span<Probe *const> probes; ///< who is shown the stream of this pass
    AttentionTap *tap = nullptr;    ///< who is shown its attention (attention_tap.h); null: nobody
    /// Where the pass leaves its tokens' vectors before positions, cut off from the weights that made them so
    /// that gradients end there; null: nobody asks.
    at::Tensor *embedded_BTC = nullptr;
};

class Transformer {
public:
    /// Allocates and initialises (normal 0.02, residual projections / sqrt(2L)) from the counter-based
    /// generator.
    /// @error InvalidInput, OutOfMemory, Unavailable (cuda without a GPU)
    static Result<std::unique_ptr<Transformer>> create(const ModelSpec &spec, int64_t vocabSize,
                                                       uint64_t seed, const std::string &device);
    virtual ~Transformer() = default;

    [[nodiscard]] virtual const ModelSpec &spec() const = 0;
    [[nodiscard]] virtual int64_t vocabSize() const = 0;
    [[nodiscard]] virtual std::vector<Parameter> &parameters() = 0;
    [[nodiscard]] virtual uint64_t numParameters() const = 0;

    /// The stream behind the final norm, which the head reads. Moves context.cache on.
    /// @param ids_BT int64   @return hidden_BTC fp32 (double when context.dtype is)
    virtual at::Tensor hidden(const at::Tensor &ids_BT, const ForwardContext &context) = 0;
    /// @param ids_BT int64   @return logits_BTV fp32
    virtual at::Tensor logits(const at::Tensor &ids_BT, const ForwardContext &context) = 0;
    /// Mean cross entropy (nats) over targets with mask 1; differentiable. mask_BT may be undefined. In
    /// training a model of several modalities adds attention.z_loss · log² Z, Z the softmax's denominator.
    /// What parts leave in context.notes is for the caller to add.
    virtual at::Tensor loss(const at::Tensor &ids_BT, const at::Tensor &targets_BT, const at::Tensor &mask_BT,
                            const ForwardContext &context) = 0;
    /// What the model would say if the head read the stream at a layer: final norm and head, without the
    /// branches that parts have between them.
    /// @param x_BTC, layer as Probe::look() is shown them   @return logits_BTV as logits() has them
    virtual at::Tensor lens(const at::Tensor &x_BTC, int64_t layer, at::ScalarType dtype);
    /// Whether a part keeps something in KvCache::parts.
    [[nodiscard]] virtual bool remembers() const = 0;
    [[nodiscard]] virtual KvCache makeCache(int64_t batch, int64_t capacity) const = 0;
    /// Forgets what the cache holds, that of the parts too: another text begins.
    virtual void beginText(KvCache &cache) const = 0;
    /// Tells the model that masters changed (cached low-precision copies are made again).
    virtual void mastersChanged() = 0;
};

/// Copies weights from a checkpoint's or model directory's model.safetensors. Names and shapes must match
/// exactly.
/// @error InvalidInput naming the first tensor that is missing, extra or of another shape
Result<void> loadWeights(Transformer &model, const std::string &safetensorsPath);
/// As loadWeights reads them. @error Io
Result<void> saveWeights(Transformer &model, const std::string &safetensorsPath);

} // namespace orrery::nn
