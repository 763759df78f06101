// SPDX-License-Identifier: Apache-2.0
#include "core/data/batch_sampler.h"

#include "core/base/assert.h"
#include "core/base/checked.h"
#include "core/base/counter_rng.h"

#include <algorithm>
#include <cstring>

namespace orrery {

namespace {

void reset(Batch &batch, int64_t numSequences, int64_t context, bool hasMask)
{
    batch.numSequences = numSequences;
    batch.context = context;
    batch.tokens_BT1.resize(static_cast<size_t>(numSequences * (context + 1)));
    batch.mask_BT.resize(hasMask ? static_cast<size_t>(numSequences * context) : 0);
}

/// Sequence `row` of the batch from the tokens at `start`; the mask is that of the targets, one token later.
void fillRow(const TokenShards &shards, Split split, uint64_t start, int64_t row, Batch &batch)
{
    const auto context = static_cast<uint64_t>(batch.context);
    const auto index = static_cast<uint64_t>(row);
    shards.read(split, start, context + 1, batch.tokens_BT1.data() + index * (context + 1));
    if (!batch.mask_BT.empty())
        shards.readMask(split, start + 1, context, batch.mask_BT.data() + index * context);
}

} // namespace

Result<BatchSampler> BatchSampler::create(const TokenShards &shards, int64_t context, uint64_t seed)
{
    const uint64_t numTokens = shards.numTokens(Split::Train);
    if (context < 1 || numTokens < static_cast<uint64_t>(context) + 1)
        return Error{ErrorCode::InvalidInput,
                     "Cannot draw batches from \"" + shards.folder().string() +
                         "\": the training split has " + std::to_string(numTokens) +
                         " tokens, expected at least one context of " + std::to_string(context) +
                         " and one more.",
                     "Use more text or a smaller model.context."};
    BatchSampler sampler;
    sampler.m_shards = &shards;
    sampler.m_context = context;
    sampler.m_seed = seed;
    return sampler;
}

Result<BatchSampler> BatchSampler::fromFile(const std::filesystem::path &path, int64_t numSequences,
                                            int64_t context)
{
    auto refuse = [&path](const std::string &found, const std::string &expected) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot read batches \"" + path.string() + "\": " + found + ", expected " + expected +
                         ".",
                     "Write the file again for this batch size and context."};
    };
    if (numSequences < 1 || context < 1)
        return refuse(std::to_string(numSequences) + " sequences of context " + std::to_string(context) +
                          " are asked for",
                      "one at least");
    BatchSampler sampler;
    sampler.m_fixed = std::make_shared<MappedFile>();
    ORRERY_ASSIGN(*sampler.m_fixed, MappedFile::open(path));
    const auto perStep =
        checkedMul<uint64_t>(static_cast<uint64_t>(numSequences), static_cast<uint64_t>(context) + 1);
    const auto stepBytes = perStep ? checkedMul<uint64_t>(*perStep, sizeof(int32_t)) : std::nullopt;
    const std::span<const std::byte> bytes = sampler.m_fixed->bytes();
    if (bytes.empty() || !stepBytes || bytes.size() % *stepBytes != 0)
        return refuse("the file has " + std::to_string(bytes.size()) + " bytes",
                      "a multiple of " + (stepBytes ? std::to_string(*stepBytes) : std::string("one step")) +
                          " (int32, " + std::to_string(numSequences) + " × " + std::to_string(context + 1) +
                          " per step)");
    for (uint64_t i = 0; i < bytes.size() / sizeof(int32_t); ++i) {
        int32_t id = 0;
        std::memcpy(&id, bytes.data() + i * sizeof id, sizeof id);
        if (id < 0) return refuse("token " + std::to_string(i) + " is " + std::to_string(id), "0 or more");
    }
    sampler.m_fixedSequences = numSequences;
    sampler.m_context = context;
    return sampler;
}

int64_t BatchSampler::numFixedSteps() const
{
    if (!m_fixed) return 0;
    return static_cast<int64_t>(m_fixed->bytes().size() / sizeof(int32_t)) /
           (m_fixedSequences * (m_context + 1));
}

void BatchSampler::fill(int64_t step, int64_t micro, int64_t numSequences, Batch &batch) const
{
    ORRERY_ASSERT(step >= 0 && micro >= 0 && numSequences >= 1);
    const int64_t first = micro * numSequences;
    if (m_fixed) {
        ORRERY_ASSERT(first + numSequences <= m_fixedSequences);
        reset(batch, numSequences, m_context, false);
        const int64_t row = (step % numFixedSteps()) * m_fixedSequences + first;
        std::memcpy(batch.tokens_BT1.data(),
                    m_fixed->bytes().data() + row * (m_context + 1) * int64_t(sizeof(int32_t)),
                    batch.tokens_BT1.size() * sizeof(int32_t));
        return;
    }
    reset(batch, numSequences, m_context, m_shards->hasMask());
    const uint64_t numStarts = m_shards->numTokens(Split::Train) - static_cast<uint64_t>(m_context);
    for (int64_t i = 0; i < numSequences; ++i) {
        const CounterRng rng({.seed = m_seed,
                              .step = static_cast<uint64_t>(step),
                              .sample = static_cast<uint32_t>(first + i),
                              .purpose = RngPurpose::BatchOrder});
        fillRow(*m_shards, Split::Train, rng.below(0, numStarts), i, batch);
    }
}

int64_t EvalWindows::numWindows() const
{
    const uint64_t numTokens = shards ? shards->numTokens(Split::Validation) : 0;
    return numTokens < 2 || context < 1
               ? 0
               : static_cast<int64_t>((numTokens - 1) / static_cast<uint64_t>(context));
}

void EvalWindows::fill(int64_t firstWindow, int64_t count, Batch &batch) const
{
    ORRERY_ASSERT(firstWindow >= 0 && count >= 0 && firstWindow + count <= numWindows());
    reset(batch, count, context, shards->hasMask());
    for (int64_t i = 0; i < count; ++i)
        fillRow(*shards, Split::Validation, static_cast<uint64_t>((firstWindow + i) * context), i, batch);
}

} // namespace orrery
