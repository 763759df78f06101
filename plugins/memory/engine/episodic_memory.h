// SPDX-License-Identifier: Apache-2.0
// The episodic memory of one layer: what has left the window is kept, and each head reads the few tokens of
// it that point most nearly its query's way. Off: no parameter and no operation. Only the thread that owns
// the model. Axes: B batch, H heads, T tokens, D head width, S slots.
//
//   memory = Σ_s softmax over the top k of (scale_h · cos(q'_t, k'_s)) · v_s
//            k'_s = (1 − a_h) · k_s + a_h · k_(s−1),   q'_t = (1 − c_h) · q_t + c_h · k_t
//   out    = (1 − g) · local + g · memory,             g = sigmoid(b_h + w_h · q_t)
//
// With a = c = 1 a token asks "what followed when I came last"; with a = c = 0 it is attention. Each head
// learns its own. Queries and keys are those of the layer before positions. Without a cache (training,
// evaluation) s runs over the sequence's own tokens up to t − window, so nothing passes from one sequence to
// another. With a cache tokens move into an EpisodicStore when they have left the window; the two agree as
// long as nothing is evicted or skipped. Sources: Wu et al. (2022), "Memorizing transformers", section 3;
// Khandelwal et al. (2020), "Generalization through memorization" (what followed, found by what came before);
// Fountas et al. (2024) for events.
#pragma once

#include "core/nn/extension_points.h"
#include "plugins/memory/engine/episodic_store.h"

namespace orrery::memory {

struct EpisodicSettings {
    StoreSettings store; ///< capacity 0: off
    int64_t layer = -1;  ///< −1: the one in the middle
    int64_t topK = 8;
    double scale = 10;        ///< of the cosine, at the start
    double keyShift = 1;      ///< a: share of the token before in what a token is found by, at the start
    double queryKey = 1;      ///< c: share of the token's own key in what it asks for, at the start
    double gateBias = 0;      ///< at the start: 0 reads half and half
    int64_t softSteps = 0;    ///< training steps in which all of the past is read, not the top k
    double writeSurprise = 0; ///< with both 0 all is stored; else what is as surprising (nats)
    double writeNovelty = 0;  ///< or as new (1 − the largest cosine with what is stored)
};

/// @return nullptr where the memory has no place: it is off, or of another layer
/// @throw nn::SettingError when there is no window, or the layer does not exist. A window of a whole context
/// or more is refused for new runs only (memory.json): older ones have it.
std::unique_ptr<nn::AttentionSource> makeEpisodicMemory(nn::BuildContext &build,
                                                        const EpisodicSettings &settings);

} // namespace orrery::memory
