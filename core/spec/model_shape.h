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

inline constexpr double kRmsNormEps = 1e-6;
inline constexpr double kLayerNormEps = 1e-5;

/// What norms of this kind add before they divide: model.norm_eps, or their own.
inline double normEpsilon(const ModelSpec &model, bool isLayerNorm)
{
    if (model.normEps > 0) return model.normEps;
    return isLayerNorm ? kLayerNormEps : kRmsNormEps;
}

} // namespace orrery
