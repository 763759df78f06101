// SPDX-License-Identifier: Apache-2.0
// Which token of a batch belongs to which modality, sorted once per batch so that every layer works on whole
// slices: tokens of modality m are rows starts[m] … starts[m + 1] - 1 of a sorted [N, C] tensor, N = B·T.
// Made by the trainer or generator thread, used by the same. Axes: N = B·T tokens, S segments, M modalities.
#pragma once

#include "core/spec/modality.h"
#include "core/spec/run_spec.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::nn {

/// Modalities are numbered by modalityIndex(): text is 0.
inline constexpr int64_t kTextModality = 0;
/// "text", "image", "audio"; "modality3" … behind the built-in ones.
std::string modalityLabel(int64_t modality);
/// Of parameter names: text has those of the plain model, others stand in a folder: "blocks.0.image.".
std::string modalityPrefix(const std::string &blockPrefix, int64_t modality);

/// Whether the blocks have weights of each modality's own (the block "multimodal", whatever model.block
/// says).
bool hasModalityWeights(const ModelSpec &spec);

struct ModalityLayout {
    int64_t numModalities = 1;
    int64_t batch = 0, numTokens = 0; ///< B, T
    at::Tensor modality_BT;           ///< int64
    at::Tensor order_N;   ///< int64: place in the sorted tensor → flat place b·T + t; undefined when
                          ///< the batch is sorted as it is (one modality only)
    at::Tensor inverse_N; ///< int64: flat place → place in the sorted tensor
    std::vector<int64_t> starts; ///< M + 1 numbers; the last is N
    /// A run of neighbouring tokens of one modality other than text within one sequence: one picture, one
    /// recording.
    struct Segment {
        int64_t sequence = 0, modality = 0, firstToken = 0, numTokens = 0;
    };
    std::vector<Segment> segments; ///< S, in flat order
    // The same for the device; undefined when there are no segments. K counts the tokens that are in one.
    at::Tensor segmentOfToken_K;    ///< int64
    at::Tensor tokenInSegment_K;    ///< int64, flat places
    at::Tensor sortedInSegment_K;   ///< int64, places in the sorted tensor
    at::Tensor sizeOfSegment_S;     ///< float, tokens
    at::Tensor modalityOfSegment_S; ///< int64

    [[nodiscard]] int64_t begin(int64_t modality) const { return starts[static_cast<size_t>(modality)]; }
    [[nodiscard]] int64_t size(int64_t modality) const
    {
        return starts[static_cast<size_t>(modality) + 1] - begin(modality);
    }
    /// Flat places of a modality's tokens.
    [[nodiscard]] at::Tensor places(int64_t modality) const;
    /// Rows of [N, …] from flat to sorted order, and back.
    [[nodiscard]] at::Tensor sorted(const at::Tensor &x_N) const;
    [[nodiscard]] at::Tensor flat(const at::Tensor &x_N) const;
};

/// @param modality_BT int64 on the CPU, values 0 … numModalities - 1   @param device where the model is
ModalityLayout makeModalityLayout(const at::Tensor &modality_BT, int64_t numModalities, at::Device device);

/// apply(m, rows) on each modality's slice of a sorted tensor; empty slices are left out.
template <typename Apply>
std::vector<at::Tensor> perModality(const ModalityLayout &layout, const at::Tensor &x_NC, Apply apply)
{
    std::vector<at::Tensor> pieces;
    for (int64_t m = 0; m < layout.numModalities; ++m)
        if (layout.size(m) > 0) pieces.push_back(apply(m, x_NC.narrow(0, layout.begin(m), layout.size(m))));
    return pieces;
}
/// One tensor again; no copy when there is one piece.
at::Tensor joinPieces(const std::vector<at::Tensor> &pieces);

} // namespace orrery::nn
