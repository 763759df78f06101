// SPDX-License-Identifier: Apache-2.0
// Numbers of a tensor as a list, and how far two lists are from one another.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace orrery::test {

inline std::vector<float> values(const at::Tensor &tensor)
{
    const at::Tensor flat = tensor.detach().contiguous();
    return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

/// Largest difference. @pre of one length
inline double worst(const std::vector<float> &a, const std::vector<float> &b)
{
    double largest = 0;
    for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double(a[i]) - double(b[i])));
    return largest;
}

} // namespace orrery::test
