// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/smoothing.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery::ui {

DebiasedEma::DebiasedEma(double alpha) : m_alpha(std::clamp(alpha, 0.0, kMaxSmoothing)) {}

double DebiasedEma::nan() { return std::numeric_limits<double>::quiet_NaN(); }

double DebiasedEma::add(double mean, uint64_t numPoints)
{
    if (!std::isfinite(mean) || numPoints == 0) return nan();
    const double kept = std::pow(m_alpha, double(numPoints));
    const double taken = 1 - kept;
    m_weight = m_weight * kept + taken;
    // As a step towards the mean, so that equal values leave the state untouched whatever the rounding.
    m_value = m_weight == taken ? mean : m_value + taken / m_weight * (mean - m_value);
    return m_value;
}

} // namespace orrery::ui
