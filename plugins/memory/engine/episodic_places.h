// SPDX-License-Identifier: Apache-2.0
// Places of tokens in their text and numbers of slots, as tensors. Private to this folder; any thread.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace orrery::memory {

/// From this place on a slot may be read that no token may: it is free, or its token was wiped.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

inline at::Tensor placesOn(const std::vector<int64_t> &places, at::Device device)
{
    return at::tensor(places, at::kLong).to(device);
}

} // namespace orrery::memory
