// SPDX-License-Identifier: Apache-2.0
// From "cpu" or "cuda" to a device that is ready. The CUDA half of LibTorch is loaded when it is first asked
// for, so the worker starts without it. Call before the first tensor on that device; any thread.
#pragma once

#include "core/base/result.h"

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace orrery::nn {

/// @error InvalidInput (unknown name), Unavailable (no driver, no GPU, or a LibTorch without CUDA)
Result<at::Device> openDevice(const std::string &name);

/// Our CUDA kernels, when liborrery_cuda.so was found beside the programs; nullptr otherwise, and masks are
/// then made on the CPU and copied: the same bits, slower.
using CudaFillKeepMask = int(const uint32_t *words_B4, const float *keep_B, int64_t numSamples,
                             int64_t perSample, uint32_t threshold, float *out_BN, void *stream);
CudaFillKeepMask *cudaFillKeepMask();

} // namespace orrery::nn
