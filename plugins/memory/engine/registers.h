// SPDX-License-Identifier: Apache-2.0
// Recurrent registers: R vectors that carry the text from segment to segment of fixed length. Tokens of
// segment i read the registers that segments before i have made; then segment i changes them. Behind one
// layer; off: no parameter and no operation. Only the thread that owns the model. Axes: B batch, T tokens, C
// width, R registers, L tokens of a segment.
//
//   y   = W_o · attend(norm(x) W_q, r_(i−1) W_k, r_(i−1) W_v)          to every token of segment i; W_o
//   begins as 0 r_i = z ⊙ r_(i−1) + (1 − z) ⊙ (attend(norm(r_(i−1)) U_q, norm(x) U_k, norm(x) U_v) U_o),    z
//   = sigmoid(b) per
//                                                                                            channel and
//                                                                                            register
//
// Sources: Hutchins et al. (2022), "Block-recurrent transformers", section 3.2 (the fixed gate, which they
// found best); Bulatov et al. (2022), "Recurrent memory transformer" (gradients through a few segments only).
#pragma once

#include "core/nn/extension_points.h"

namespace orrery::memory {

struct RegisterSettings {
    int64_t count = 0;         ///< R; 0: off
    int64_t layer = -1;        ///< behind which they stand; −1: the one before the middle
    int64_t segmentLength = 0; ///< L; 0: model.window, or a quarter of the context without one
    int64_t bptt = 4;          ///< segments that a gradient goes back through
};

/// @return nullptr where they have no place   @throw nn::SettingError when the layer does not exist
std::unique_ptr<nn::ResidualModule> makeRegisters(nn::BuildContext &build, const RegisterSettings &settings);

} // namespace orrery::memory
