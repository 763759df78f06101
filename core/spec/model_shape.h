// SPDX-License-Identifier: Apache-2.0
// What the zeros in a model's settings stand for. Values; any thread.
#pragma once

#include "core/spec/run_spec.h"

#include <algorithm>

namespace orrery {

/// Width of one head's queries, keys and values: model.head_dim, or the width shared out.
inline int64_t headWidth(const ModelSpec &model)
{
    return model.headDim > 0 ? model.headDim : model.width / std::max<int64_t>(model.heads, 1);
}

/// Heads of keys and values: model.kv_heads, or one for each head of queries.
inline int64_t keyHeads(const ModelSpec &model) { return model.kvHeads > 0 ? model.kvHeads : model.heads; }

/// What queries and keys of one token are read from: all heads beside each other.
inline int64_t queryWidth(const ModelSpec &model) { return model.heads * headWidth(model); }
inline int64_t keyWidth(const ModelSpec &model) { return keyHeads(model) * headWidth(model); }

inline constexpr int64_t kPictureColours = 3, kStemKernel = 3;

/// Sizes of the convolutions that a patch goes through (media.image_stem): a kernel of 3 × 3 with a stride of 2 each.
struct ImageStemShape {
    int64_t channels0 = 0;                ///< that they see: colours (conv), or 1, brightness (luma)
    int64_t channels1 = 0, channels2 = 0; ///< C / 4, C / 2
    int64_t side1 = 0, side2 = 0;         ///< pixels a side behind the first and the second one
    /// Numbers of the colours, beside what the convolutions give (luma).
    [[nodiscard]] int64_t tones() const { return channels0 == 1 ? kPictureColours * side2 * side2 : 0; }
    [[nodiscard]] int64_t outputs() const { return channels2 * side2 * side2 + tones(); }
};

inline bool hasImageStem(const ModelSpec &model)
{
    return model.attention.numModalities > 1 && model.media.imageStem != "linear";
}

inline ImageStemShape imageStemShape(const ModelSpec &model)
{
    const int64_t half = (model.media.patchSize + 1) / 2;
    return {model.media.imageStem == "luma" ? 1 : kPictureColours, std::max<int64_t>(model.width / 4, 1), std::max<int64_t>(model.width / 2, 1), half, (half + 1) / 2};
}

inline constexpr double kRmsNormEps = 1e-6;
inline constexpr double kLayerNormEps = 1e-5;

/// What norms of this kind add before they divide: model.norm_eps, or their own.
inline double normEpsilon(const ModelSpec &model, bool isLayerNorm)
{
    if (model.normEps > 0) return model.normEps;
    return isLayerNorm ? kLayerNormEps : kRmsNormEps;
}

} // namespace orrery
