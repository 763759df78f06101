// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/cuda/philox_mask.h"

#include <cuda_runtime.h>

namespace {

constexpr int kThreads = 256;

/// One block of four numbers per thread and turn; gridDim.y runs over samples.
__global__ void fillKeepMask(const uint32_t *words_B4, const float *keep_B, int64_t numSamples, int64_t perSample,
                             uint32_t threshold, float *out_BN)
{
    const int64_t numBlocks = (perSample + 3) / 4;
    for (int64_t sample = blockIdx.y; sample < numSamples; sample += gridDim.y) {
        const uint32_t *words = words_B4 + 4 * sample;
        const float keep = keep_B[sample];
        float *out = out_BN + sample * perSample;
        for (int64_t block = int64_t(blockIdx.x) * kThreads + threadIdx.x; block < numBlocks;
             block += int64_t(gridDim.x) * kThreads) {
            uint32_t counter[4] = {uint32_t(block), uint32_t(uint64_t(block) >> 32), words[2], words[3]};
            uint32_t key0 = words[0], key1 = words[1];
            for (int round = 0; round < 10; ++round) {
                const uint64_t product0 = uint64_t(0xD2511F53u) * counter[0];
                const uint64_t product1 = uint64_t(0xCD9E8D57u) * counter[2];
                counter[0] = uint32_t(product1 >> 32) ^ counter[1] ^ key0;
                counter[2] = uint32_t(product0 >> 32) ^ counter[3] ^ key1;
                counter[1] = uint32_t(product1);
                counter[3] = uint32_t(product0);
                key0 += 0x9E3779B9u;
                key1 += 0xBB67AE85u;
            }
            for (int i = 0; i < 4 && 4 * block + i < perSample; ++i)
                out[4 * block + i] = counter[i] >= threshold ? keep : 0.0f;
        }
    }
}

} // namespace

extern "C" int orrery_cuda_fill_keep_mask(const uint32_t *words_B4, const float *keep_B, int64_t numSamples,
                                          int64_t perSample, uint32_t threshold, float *out_BN, void *stream)
{
    if (numSamples < 1 || perSample < 1) return 0;
    const int64_t wanted = ((perSample + 3) / 4 + kThreads - 1) / kThreads;
    const dim3 grid(unsigned(wanted < 4096 ? wanted : 4096), unsigned(numSamples < 65535 ? numSamples : 65535));
    fillKeepMask<<<grid, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(words_B4, keep_B, numSamples, perSample,
                                                                         threshold, out_BN);
    return int(cudaGetLastError());
}
