// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/memory_uses.h"

#include <torch/types.h>

#include <algorithm>

namespace orrery {
namespace {

constexpr size_t kMaxValues = 64, kMaxReaders = 4; ///< as MemoryUse has them

void addReader(std::vector<MemoryUse::Reader> &readers, const MemoryUse::Reader &reader)
{
    const auto isLighter = [&reader](const MemoryUse::Reader &one) { return one.weight < reader.weight; };
    const auto behind = std::find_if(readers.begin(), readers.end(), isLighter);
    if (behind == readers.end() && readers.size() == kMaxReaders) return;
    readers.insert(behind, reader);
    if (readers.size() > kMaxReaders) readers.pop_back();
}

} // namespace

void MemoryUses::add(const nn::SourceLook &look, int64_t first)
{
    if (look.events_BHTK.defined() || look.places_BHTK.defined()) return; // of a text
    const at::Tensor slots_HTK = look.slots_BHTK[0].to(at::kCPU, at::kLong).contiguous();
    const at::Tensor weights_HTK = look.weights_BHTK[0].detach().to(at::kCPU, at::kDouble).contiguous();
    const auto *slot = slots_HTK.const_data_ptr<int64_t>();
    const auto *weight = weights_HTK.const_data_ptr<double>();
    const int64_t numHeads = slots_HTK.size(0), numTokens = slots_HTK.size(1), perToken = slots_HTK.size(2);
    Counted &all = m_all[{look.layer, std::string(look.memory)}];
    all.numTokens += numTokens;
    all.numHeads = numHeads;
    for (int64_t head = 0; head < numHeads; ++head)
        for (int64_t token = 0; token < numTokens; ++token)
            for (int64_t k = 0; k < perToken; ++k, ++slot, ++weight) {
                if (*slot < 0 || *weight <= 0) continue;
                Value &value = all.values[*slot];
                value.weight += *weight;
                ++value.numReads;
                all.weight += *weight;
                addReader(value.readers, {head, first + token, *weight});
            }
}

std::vector<MemoryUse> MemoryUses::uses() const
{
    std::vector<MemoryUse> uses;
    for (const auto &[where, counted] : m_all) {
        uses.push_back({.memory = where.second,
                        .layer = where.first,
                        .numTokens = counted.numTokens,
                        .numHeads = counted.numHeads,
                        .numValues = std::ssize(counted.values),
                        .values = {}});
        std::vector<MemoryUse::Value> &values = uses.back().values;
        for (const auto &[slot, value] : counted.values)
            values.push_back({slot, value.weight / counted.weight, value.numReads, value.readers});
        const auto isBefore = [](const MemoryUse::Value &a, const MemoryUse::Value &b) {
            return a.share != b.share ? a.share > b.share : a.slot < b.slot;
        };
        const auto end = values.begin() + static_cast<std::ptrdiff_t>(std::min(kMaxValues, values.size()));
        std::partial_sort(values.begin(), end, values.end(), isBefore);
        values.erase(end, values.end());
    }
    return uses;
}

} // namespace orrery
