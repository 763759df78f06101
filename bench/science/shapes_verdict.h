// SPDX-License-Identifier: Apache-2.0
// When a training of the shapes was as good as another: from its validation curve to FLOPs. Pure; any thread.
#pragma once

#include "bench/science/science_results.h"

#include <cstdint>
#include <string>

namespace orrery::bench {

inline constexpr int64_t kNumPoints = 12; ///< of the validation curve, equally far from one another

/// The metric that holds a point's loss: "val_loss_03". @param point 1 … kNumPoints
std::string pointName(int64_t point);

/// Share of the steps after which a validation curve first is at `loss`, by lines between its points; NaN
/// when it never is, or a point is missing before it. Before the first point nothing is known: the point
/// itself counts.
double shareToReach(const ScienceRow &row, double loss);

/// FLOPs ("train_tflops") of an arm over those of its rival, both up to the higher one of their last losses,
/// seed by seed. Seeds that one of them lacks are left out.
MeanInterval flopsRatio(const ScienceResults &results, const std::string &arm, const std::string &rival);

} // namespace orrery::bench
