// SPDX-License-Identifier: Apache-2.0
// From "cpu" or "cuda" to a device that is ready. The CUDA half of LibTorch is loaded when it is first asked
// for, so the worker starts without it. Call before the first tensor on that device; any thread.
#pragma once

#include "core/base/result.h"

#include <c10/core/Device.h>

#include <string>

namespace orrery::nn {

/// @error InvalidInput (unknown name), Unavailable (no driver, no GPU, or a program without the CUDA library)
Result<at::Device> openDevice(const std::string &name);

} // namespace orrery::nn
