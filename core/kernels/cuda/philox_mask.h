// SPDX-License-Identifier: Apache-2.0
// C interface of liborrery_cuda.so, found by name at run time. Pointers are device memory of the current device.
#pragma once

#include <cstdint>

extern "C" {

/// Fills out_BN (perSample numbers for each of numSamples) with keep_B[b] where the stream's number is >= threshold, else 0:
/// the same bits as orrery::kernels::fillKeepMask with words_B4[b] from block 0. Queued on `stream` (a cudaStream_t).
/// @return 0, or the cudaError of the launch
int orrery_cuda_fill_keep_mask(const uint32_t *words_B4, const float *keep_B, int64_t numSamples, int64_t perSample,
                               uint32_t threshold, float *out_BN, void *stream);

} // extern "C"
