// SPDX-License-Identifier: Apache-2.0
// One text through a model as often as a look needs it, in evaluation, and behind a state in the passes in which it came. Only the thread that owns the model.
// Axes: B batch (of one), T tokens, C width, V vocabulary.
#pragma once

#include "core/inspect/attention_watch.h"
#include "core/inspect/inspect.h"
#include "core/nn/extension_points.h"
#include "core/nn/modality_input.h"

#include <optional>

namespace orrery {

/// Keeps one token's stream at each layer.
class StreamKeeper final : public nn::Probe {
public:
    explicit StreamKeeper(int64_t token) : m_token(token) {}
    void look(int64_t layer, const at::Tensor &x_BTC, const nn::ForwardContext &context) override;
    std::vector<nn::ProbeValue> take() override { return {}; }
    /// By layer, [1, 1, C]; the last one is what the head reads.
    [[nodiscard]] const std::vector<at::Tensor> &streams() const { return m_streams; }

private:
    int64_t m_token;
    std::vector<at::Tensor> m_streams;
};

class InspectPass {
public:
    /// Both outlive it.
    InspectPass(nn::Transformer &model, const InspectInput &input, at::ScalarType dtype,
                std::function<bool()> isCancelled);
    /// Without a state.
    /// @param cache that the text is read into; null: none  @param embedded_BTC as nn::ForwardContext has it
    /// @return what the head reads
    [[nodiscard]] at::Tensor run(nn::AttentionTap &tap, nn::KvCache *cache = nullptr,
                                 std::span<nn::Probe *const> probes = {},
                                 at::Tensor *embedded_BTC = nullptr) const;
    /// Behind a state, one after the other: with all that the pass notes for the next one. @return logits of its tokens
    [[nodiscard]] at::Tensor readOn(size_t pass, nn::AttentionTap &tap, nn::KvCache &cache,
                                    std::span<nn::Probe *const> probes) const;
    [[nodiscard]] size_t numPasses() const { return m_parts.size(); }
    [[nodiscard]] TokenRange tokensOf(size_t pass) const { return m_parts[pass].tokens; }
    /// What is likely behind one token.
    [[nodiscard]] at::Tensor logitsAt(const at::Tensor &hidden_BTC, int64_t token) const;
    [[nodiscard]] at::Tensor lens(const at::Tensor &stream_BTC, int64_t layer) const;
    /// −log p of each token from the second one on, in pieces. @return behind a wait for the copies, fp32
    [[nodiscard]] std::vector<at::Tensor> surprise(const at::Tensor &hidden_BTC, HostCopies &copies) const;
    /// A plan for all that the input says; what to watch is still open.
    [[nodiscard]] WatchPlan plan() const;
    /// Whether the pass keeps nothing for a later one with gradients: there are no parts of plugins in it, of
    /// which nobody knows.
    [[nodiscard]] bool leavesNothing() const;

private:
    struct Part {
        TokenRange tokens;
        std::optional<nn::ModalityInput> modalities; ///< nothing: all is text
    };
    [[nodiscard]] nn::ForwardContext contextOf(const Part &part, nn::AttentionTap &tap, nn::KvCache *cache,
                                               std::span<nn::Probe *const> probes) const;

    nn::Transformer &m_model;
    const InspectInput &m_input;
    at::ScalarType m_dtype;
    std::function<bool()> m_isCancelled;
    at::Tensor m_ids_BT;
    std::vector<Part> m_parts;
};

/// Fills in how surprising each token is that the one before it could not see.
/// @param surprise as InspectPass::surprise()  @param isSeenBefore as seenByTheOneBefore()
void noteSurprise(const std::vector<at::Tensor> &surprise, const std::vector<bool> &isSeenBefore,
                  std::vector<InspectedToken> &tokens);

} // namespace orrery
