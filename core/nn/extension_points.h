// SPDX-License-Identifier: Apache-2.0
// Where other code can put its own parts into the model: a part is an interface, a name, and a factory in a
// registry. Blocks are built through here, so a new feed-forward network or a fused block needs no change of
// the model. Registration happens while libraries load or in tests, before models are built; not safe against
// building.
#pragma once

#include "core/nn/parameter_store.h"
#include "core/nn/registry.h"
#include "core/nn/transformer.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace orrery::nn {

/// Tables that all layers of one model share.
struct SharedTables {
    at::Tensor ropeCos_TD; ///< fp32 [context, D / 2]; undefined without RoPE
    at::Tensor ropeSin_TD;
    at::Tensor causalBias_1TT; ///< fp32, 0 on and below the diagonal, -inf above; made when first needed
    bool remembers = false;    ///< whether a part keeps something between the passes of one text
    std::vector<std::function<void(KvCache &, int64_t)>> textStarts; ///< beginText() of these parts
};

/// What a part may know while it is built.
struct BuildContext {
    const ModelSpec &spec;
    int64_t layer = 0;
    std::string prefix; ///< of its parameter names: "blocks.0."
    ParameterStore &parameters;
    SharedTables &tables;
};

class FeedForward {
public:
    virtual ~FeedForward() = default;
    /// @param x_BTC normalised input in context.dtype   @return the branch before dropout, same shape
    virtual at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &context) = 0;
};

/// One layer: residual stream in, residual stream out (fp32, or double when context.dtype is double).
class Block {
public:
    virtual ~Block() = default;
    virtual at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &context) = 0;
};

/// What an attention hands to its sources: heads before rotary positions, so that they compare by content.
struct SourceInput {
    const at::Tensor &q_BHTD, &k_BHTD,
        &v_BHTD;                  ///< of this pass's tokens, queries and keys normed if the model norms them
    const at::Tensor &local_BHTD; ///< what attention under the pass's mask gave
};

/// Something beside the window that the heads of a layer read from: a gate per head decides how much.
class AttentionSource {
public:
    virtual ~AttentionSource() = default;
    /// @return [B, H, T, D] in place of local_BHTD; must not depend on tokens behind each query
    virtual at::Tensor read(const SourceInput &input, const ForwardContext &context) = 0;
    /// Whether it keeps a PartState: a text longer than the context is then read from its start. The pass's
    /// first token stands at place cache->origin + cache->length of the text; tokens come again when the
    /// cache was full.
    [[nodiscard]] virtual bool remembers() const { return false; }
    /// A text begins, of `batch` sequences. A part that remembers may make its PartState here instead of in
    /// its first pass: it can then be looked at, and be filled from a file, before anything was read.
    virtual void beginText(KvCache &, int64_t /*batch*/) {}
};

/// A branch behind a layer: residual stream in, what is added to it out.
class ResidualModule {
public:
    virtual ~ResidualModule() = default;
    /// @param x_BTC the stream, fp32 (double when context.dtype is)   @return same shape; must not depend on
    /// later tokens
    virtual at::Tensor forward(const at::Tensor &x_BTC, const ForwardContext &context) = 0;
    [[nodiscard]] virtual bool remembers() const { return false; } ///< as AttentionSource::remembers()
    virtual void beginText(KvCache &, int64_t /*batch*/) {}        ///< as AttentionSource::beginText()
};

/// Where the tokens of a pass stand.
struct MaskShape {
    int64_t batch = 0;
    int64_t numQueries = 0;
    int64_t offset = 0; ///< tokens in the cache: queries stand at offset …, keys at 0 …
};

/// Which tokens see which. Asked once per pass; one mask serves all layers and heads.
class MaskPolicy {
public:
    virtual ~MaskPolicy() = default;
    /// Each query must see one key at least. Only with the kind Bias there is something to allocate.
    /// @param options dtype and device that a bias must have
    [[nodiscard]] virtual AttentionMask make(const MaskShape &shape, const ForwardContext &context,
                                             const at::TensorOptions &options) const = 0;
};

/// A branch between the final norm and the head: what it adds is read by the head and by embeddings.
class HeadModule {
public:
    virtual ~HeadModule() = default;
    /// @param h_BTC the normed stream, fp32 (double when context.dtype is)   @return what is added to it,
    /// same shape; must not depend on later tokens. A term of the training loss and values to report go into
    /// context.notes.
    virtual at::Tensor forward(const at::Tensor &h_BTC, const ForwardContext &context) = 0;
    [[nodiscard]] virtual bool remembers() const { return false; } ///< as AttentionSource::remembers()
    virtual void beginText(KvCache &, int64_t /*batch*/) {}        ///< as AttentionSource::beginText()
};

struct ProbeValue {
    std::string name; ///< "entropy.layer0"
    double value = 0;
};

/// Looks at a pass without taking part in it: the passes over the validation data of a training show it
/// theirs.
class Probe {
public:
    virtual ~Probe() = default;
    /// @param layer 0 …: the stream that this layer reads; the number of layers: what the head reads
    /// @param x_BTC must not be changed   @param context of the pass; no gradients are recorded
    virtual void look(int64_t layer, const at::Tensor &x_BTC, const ForwardContext &context) = 0;
    /// What the passes since the last call gave; the next ones begin anew.
    virtual std::vector<ProbeValue> take() = 0;
};

template <typename Part> struct LayerPoint {
    using Factory = std::function<std::unique_ptr<Part>(BuildContext &)>;
};
template <> struct ExtensionPoint<FeedForward> : LayerPoint<FeedForward> {
    static constexpr const char *name = "FeedForward";
};
template <> struct ExtensionPoint<Block> : LayerPoint<Block> {
    static constexpr const char *name = "Block";
};
template <> struct ExtensionPoint<AttentionSource> : LayerPoint<AttentionSource> {
    static constexpr const char *name = "AttentionSource";
};
template <> struct ExtensionPoint<ResidualModule> : LayerPoint<ResidualModule> {
    static constexpr const char *name = "ResidualModule";
};
template <> struct ExtensionPoint<HeadModule> : LayerPoint<HeadModule> {
    static constexpr const char *name = "HeadModule";
};
template <> struct ExtensionPoint<MaskPolicy> {
    static constexpr const char *name = "MaskPolicy";
    using Factory = std::function<std::unique_ptr<MaskPolicy>(const ModelSpec &)>;
};
template <> struct ExtensionPoint<Probe> {
    static constexpr const char *name = "Probe";
    using Factory = std::function<std::unique_ptr<Probe>(const ModelSpec &)>; ///< nullptr: it is off
};

Registry<FeedForward> &feedForwardRegistry(); ///< "gelu", "gelu_tanh", "swiglu" (key model.ffn)
Registry<Block> &blockRegistry();             ///< "reference" (key model.block)
/// Empty but for plugins. All that are registered are asked in each layer, in order of their names; a factory
/// returns nullptr for layers in which its part has no place.
Registry<AttentionSource> &attentionSourceRegistry();
Registry<ResidualModule> &residualModuleRegistry();
/// As these, asked once per model with the prefix "head." and one more than the last layer's number.
Registry<HeadModule> &headModuleRegistry();
/// All parts that have a place in this layer, their parameters made in a PartScope.
template <typename Part>
std::vector<std::unique_ptr<Part>> makeParts(const Registry<Part> &registry, BuildContext &build)
{
    std::vector<std::unique_ptr<Part>> parts;
    const ParameterStore::PartScope scope(build.parameters);
    for (const std::string &name : registry.names())
        if (auto part = (*registry.find(name))(build)) {
            if (part->remembers()) {
                build.tables.remembers = true;
                // The model owns both: tables and parts are gone together.
                build.tables.textStarts.push_back(
                    [made = part.get()](KvCache &cache, int64_t batch) { made->beginText(cache, batch); });
            }
            parts.push_back(std::move(part));
        }
    return parts;
}
/// "causal" (key model.mask), "bidirectional", "prefix"; objectives name them, too
/// (ForwardContext::maskPolicy).
Registry<MaskPolicy> &maskPolicyRegistry();
Registry<Probe> &probeRegistry(); ///< empty but for plugins; a training makes one of each

} // namespace orrery::nn
