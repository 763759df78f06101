// SPDX-License-Identifier: Apache-2.0
// Where a pass shows what its attention does to somebody who looks, and where that somebody may change what
// heads give. A pass without a tap does nothing more than ask for one. Only the thread that owns the model.
// Axes: B batch, H heads, T queries, S keys, D width.
#pragma once

#include "core/nn/attention_core.h"

#include <string_view>

namespace orrery::nn {

/// What one layer's softmax is about to read. The tensors are those that the kernel gets; they must not be
/// changed.
struct AttentionLook {
    int64_t layer = 0;
    const at::Tensor &q_BHTD;
    const at::Tensor
        &k_BHSD;      ///< what the cache holds, too; both with the extra dimensions of several modalities
    double scale = 1; ///< of q·k
    const AttentionMask &mask;
    int64_t firstQuery = 0; ///< queries stand at firstQuery …, keys at 0 …
};

/// What the heads of a layer read beside their window.
struct SourceLook {
    int64_t layer = 0;
    std::string_view memory; ///< "episodic", "semantic"
    at::Tensor slots_BHTK;   ///< int64, −1: none
    at::Tensor weights_BHTK; ///< fp32, sum 1 over K where something was read
    at::Tensor gate_BHT;     ///< fp32, share of the head's output
    at::Tensor events_BHTK;  ///< int64 MemoryEvent::id of each slot; undefined: not known
    at::Tensor places_BHTK;  ///< int64 place in the text of each slot; undefined: not known
};

class AttentionTap {
public:
    virtual ~AttentionTap() = default;
    virtual void look(const AttentionLook &look) = 0;
    virtual void read(const SourceLook &) {}
    /// What the heads give to the output projection. @return the same, or what shall take its place
    [[nodiscard]] virtual at::Tensor output(int64_t /*layer*/, const at::Tensor &y_BHTD) { return y_BHTD; }
};

} // namespace orrery::nn
