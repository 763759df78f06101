// SPDX-License-Identifier: GPL-3.0-or-later
// Exponential moving average of a series, free of the bias of its start, on points or on buckets of points.
// Pure; any thread.
#pragma once

#include <cstdint>

namespace orrery::ui {

inline constexpr double kMaxSmoothing = 0.999;

/// s_t = Σ αᵏ x_{t-k} / Σ αᵏ: an average with weights that fall by α per point, divided by their own sum, so
/// that the first value is the first point and a constant stays that constant to the bit. A bucket counts as
/// its points, all at their mean: the line hardly depends on how finely a series was cut. Copy the object to
/// go on from a state (a later attempt).
class DebiasedEma {
public:
    /// @param alpha weight kept per point, clamped to 0 (no smoothing) … kMaxSmoothing
    explicit DebiasedEma(double alpha);

    /// @param mean of the bucket's finite points; not finite: the state stays, and NaN comes back so that the
    /// gap is drawn
    /// @param numPoints finite points in the bucket; 0 counts as a gap
    double add(double mean, uint64_t numPoints = 1);
    /// Smoothed value after the last finite point; NaN before the first.
    [[nodiscard]] double value() const { return m_weight > 0 ? m_value : nan(); }

private:
    static double nan();
    double m_alpha;
    double m_value = 0;
    double m_weight = 0; ///< Σ (1-α) αᵏ, tends to 1
};

} // namespace orrery::ui
