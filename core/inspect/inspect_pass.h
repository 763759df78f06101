// SPDX-License-Identifier: Apache-2.0
// One text through a model as often as a look needs it, in evaluation. Only the thread that owns the model.
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
    /// Of the tokens behind those that a state holds (InspectInput::numRead), which rows and tokens below count from.
    /// @param cache that the text is read into; null: none  @param embedded_BTC as nn::ForwardContext has it
    /// @return what the head reads
    [[nodiscard]] at::Tensor run(nn::AttentionTap &tap, nn::KvCache *cache = nullptr,
                                 std::span<nn::Probe *const> probes = {},
                                 at::Tensor *embedded_BTC = nullptr) const;
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
    nn::Transformer &m_model;
    const InspectInput &m_input;
    at::ScalarType m_dtype;
    std::function<bool()> m_isCancelled;
    at::Tensor m_ids_BT;
    std::optional<nn::ModalityInput> m_modalities;
};

/// Fills in how surprising each token is that the one before it could not see.
/// @param surprise as InspectPass::surprise()  @param isSeenBefore as seenByTheOneBefore()
void noteSurprise(const std::vector<at::Tensor> &surprise, const std::vector<bool> &isSeenBefore,
                  std::vector<InspectedToken> &tokens);

} // namespace orrery
