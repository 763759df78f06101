// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/philox_mask.h"

#include "core/base/platform.h"

#include <algorithm>
#include <cmath>

namespace orrery::kernels {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53u;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57u;
constexpr uint32_t kWeyl0 = 0x9E3779B9u;
constexpr uint32_t kWeyl1 = 0xBB67AE85u;
constexpr size_t kLanes = 16; ///< counters in flight: one AVX-512 register of 32-bit words

/// kLanes blocks from `first`, as structure of arrays so that every line below is one vector instruction or
/// two.
__attribute__((always_inline)) inline void philoxLanes(const std::array<uint32_t, 4> &words, uint64_t first,
                                                       uint32_t threshold, float keep, float *out)
{
    uint32_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
    for (size_t i = 0; i < kLanes; ++i) {
        const uint64_t counter = first + i;
        c0[i] = static_cast<uint32_t>(counter);
        c1[i] = static_cast<uint32_t>(counter >> 32);
        c2[i] = words[2];
        c3[i] = words[3];
    }
    uint32_t key0 = words[0], key1 = words[1];
    for (int round = 0; round < 10; ++round) {
        for (size_t i = 0; i < kLanes; ++i) {
            const uint64_t product0 = static_cast<uint64_t>(kMultiplier0) * c0[i];
            const uint64_t product1 = static_cast<uint64_t>(kMultiplier1) * c2[i];
            const uint32_t next0 = static_cast<uint32_t>(product1 >> 32) ^ c1[i] ^ key0;
            const uint32_t next2 = static_cast<uint32_t>(product0 >> 32) ^ c3[i] ^ key1;
            c1[i] = static_cast<uint32_t>(product1);
            c3[i] = static_cast<uint32_t>(product0);
            c0[i] = next0;
            c2[i] = next2;
        }
        key0 += kWeyl0;
        key1 += kWeyl1;
    }
    for (size_t i = 0; i < kLanes; ++i) {
        out[4 * i] = c0[i] >= threshold ? keep : 0.0f;
        out[4 * i + 1] = c1[i] >= threshold ? keep : 0.0f;
        out[4 * i + 2] = c2[i] >= threshold ? keep : 0.0f;
        out[4 * i + 3] = c3[i] >= threshold ? keep : 0.0f;
    }
}

__attribute__((always_inline)) inline void fillBody(const std::array<uint32_t, 4> &words, uint64_t firstBlock,
                                                    size_t count, uint32_t threshold, float keep, float *out)
{
    constexpr size_t kStride = kLanes * kPhiloxBlock;
    size_t done = 0;
    for (; done + kStride <= count; done += kStride)
        philoxLanes(words, firstBlock + done / kPhiloxBlock, threshold, keep, out + done);
    if (done < count) {
        float tail[kStride];
        philoxLanes(words, firstBlock + done / kPhiloxBlock, threshold, keep, tail);
        std::copy_n(tail, count - done, out + done);
    }
}

void fillPortable(const std::array<uint32_t, 4> &words, uint64_t firstBlock, size_t count, uint32_t threshold,
                  float keep, float *out)
{
    fillBody(words, firstBlock, count, threshold, keep, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void fillAvx2(const std::array<uint32_t, 4> &words, uint64_t firstBlock,
                                              size_t count, uint32_t threshold, float keep, float *out)
{
    fillBody(words, firstBlock, count, threshold, keep, out);
}

__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512"))) void
fillAvx512(const std::array<uint32_t, 4> &words, uint64_t firstBlock, size_t count, uint32_t threshold,
           float keep, float *out)
{
    fillBody(words, firstBlock, count, threshold, keep, out);
}
#endif

FillKeepMask *chooseVariant() { return keepMaskVariants().back().fill; }

} // namespace

uint32_t dropThreshold(double p)
{
    const double scaled = std::nearbyint(std::clamp(p, 0.0, 1.0) * 0x1p32);
    return static_cast<uint32_t>(std::min(scaled, 0x1p32 - 1.0));
}

std::vector<KeepMaskVariant> keepMaskVariants()
{
    std::vector<KeepMaskVariant> variants = {{"reference", fillKeepMaskReference},
                                             {"portable", fillPortable}};
#if defined(__x86_64__)
    if (cpuInfo().hasAvx2) variants.push_back({"avx2", fillAvx2});
    if (cpuInfo().hasAvx512) variants.push_back({"avx512", fillAvx512});
#endif
    return variants;
}

void fillKeepMask(const std::array<uint32_t, 4> &words, uint64_t firstBlock, size_t count, uint32_t threshold,
                  float keep, float *out)
{
    static FillKeepMask *const variant = chooseVariant();
    variant(words, firstBlock, count, threshold, keep, out);
}

void fillKeepMaskReference(const std::array<uint32_t, 4> &words, uint64_t firstBlock, size_t count,
                           uint32_t threshold, float keep, float *out)
{
    for (size_t i = 0; i < count; ++i) {
        const uint64_t block = firstBlock + i / kPhiloxBlock;
        const auto numbers =
            philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), words[2], words[3]},
                       {words[0], words[1]});
        out[i] = numbers[i % kPhiloxBlock] >= threshold ? keep : 0.0f;
    }
}

} // namespace orrery::kernels
