// SPDX-License-Identifier: Apache-2.0
#include "core/train/continual/staged_source.h"

#include "core/base/counter_rng.h"
#include "core/spec/continual_work.h"
#include "core/train/continual/dreams.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace orrery {
namespace {

/// Layers of the keys of RngPurpose::Replay.
enum ReplayStream : uint32_t { kBuffer, kSequence, kOffset, kSample, kDreams = kDreamStream, kStart };

} // namespace

Result<std::unique_ptr<StagedBatchSource>> StagedBatchSource::create(const RunSpec &spec, const RunData &data,
                                                                     StagePlan plan, const ReplayPlan &replay,
                                                                     const Objective &objective)
{
    std::unique_ptr<StagedBatchSource> source(new StagedBatchSource(data, plan, replay, objective));
    source->m_context = spec.model.context;
    source->m_seed = static_cast<uint64_t>(spec.seed);
    source->m_sequencesPerStep = spec.train.batchSize * spec.train.accumulation;
    for (const auto &shards : data.text) {
        ORRERY_TRY(BatchSampler::create(*shards, source->m_context, source->m_seed));
        source->m_hasMask = source->m_hasMask || shards->hasMask();
    }
    source->m_buffers.resize(data.text.size());
    if (replay.sequenceShare > 0) ORRERY_TRY(source->drawBuffers());
    return source;
}

// A part of the stage's text without overlap, every part equally likely: what a reservoir over the stage
// would hold at its end (Vitter 1985, "Random sampling with a reservoir").
Result<void> StagedBatchSource::drawBuffers()
{
    for (size_t stage = 0; stage + 1 < m_data.text.size(); ++stage) {
        ORRERY_ASSIGN(const ReplayBuffer buffer,
                      planReplayBuffer(m_replay, m_context, static_cast<int64_t>(stage),
                                       m_data.text[stage]->numTokens(Split::Train)));
        m_chunkWindows.push_back(buffer.windowsPerChunk);
        std::vector<uint64_t> places(buffer.numPlaces);
        std::iota(places.begin(), places.end(), uint64_t(0));
        const CounterRng rng(
            {.seed = m_seed, .step = stage, .layer = kBuffer, .purpose = RngPurpose::Replay});
        for (uint64_t i = 0; i < buffer.numKept; ++i) {
            std::swap(places[i], places[i + rng.below(i, buffer.numPlaces - i)]);
            m_buffers[stage].push_back(places[i] * buffer.chunkTokens);
        }
    }
    return {};
}

// The share of every step, to one sequence, whichever sequences they are.
bool StagedBatchSource::isReplayed(const BatchPlace &place, int64_t sample) const
{
    const CounterRng rng({.seed = m_seed,
                          .step = static_cast<uint64_t>(place.step),
                          .layer = kOffset,
                          .purpose = RngPurpose::Replay});
    const double share = m_replay.sequenceShare, offset = rng.uniformDouble(0);
    const auto before = std::floor(static_cast<double>(sample) * share + offset);
    return std::floor(static_cast<double>(sample + 1) * share + offset) > before;
}

void StagedBatchSource::append(const TokenShards &shards, uint64_t start, Batch &batch) const
{
    const auto context = static_cast<uint64_t>(m_context);
    const size_t numTokens = batch.tokens_BT1.size(), numMasks = batch.mask_BT.size();
    batch.tokens_BT1.resize(numTokens + context + 1);
    shards.read(Split::Train, start, context + 1, batch.tokens_BT1.data() + numTokens);
    if (m_hasMask) {
        batch.mask_BT.resize(numMasks + context, 1);
        if (shards.hasMask())
            shards.readMask(Split::Train, start + 1, context, batch.mask_BT.data() + numMasks);
    }
    ++batch.numSequences;
}

void StagedBatchSource::appendChunk(int64_t stage, int64_t chunk, Batch &batch) const
{
    const auto index = static_cast<size_t>(stage);
    append(*m_data.text[index], m_buffers[index][static_cast<size_t>(chunk)], batch);
}

int64_t StagedBatchSource::numKeptTokens(int64_t stage) const
{
    const int64_t count = numChunks(stage);
    return count == 0 ? 0 : count * m_chunkWindows[static_cast<size_t>(stage)] * (m_context + 1);
}

int64_t StagedBatchSource::numWindows(int64_t stage) const
{
    return static_cast<int64_t>(m_data.text[static_cast<size_t>(stage)]->numTokens(Split::Train)) /
           (m_context + 1);
}

void StagedBatchSource::appendSample(int64_t stage, int64_t number, Batch &batch) const
{
    const TokenShards &shards = *m_data.text[static_cast<size_t>(stage)];
    const CounterRng rng({.seed = m_seed,
                          .step = static_cast<uint64_t>(stage),
                          .sample = static_cast<uint32_t>(number),
                          .layer = kSample,
                          .purpose = RngPurpose::Replay});
    append(shards, rng.below(0, shards.numTokens(Split::Train) - static_cast<uint64_t>(m_context)), batch);
}

std::vector<int32_t> StagedBatchSource::excerptStart(int64_t stage, int64_t number, int64_t length) const
{
    const auto index = static_cast<size_t>(stage);
    const CounterRng rng({.seed = m_seed,
                          .step = static_cast<uint64_t>(stage),
                          .sample = static_cast<uint32_t>(number),
                          .layer = kStart,
                          .purpose = RngPurpose::Replay});
    const int64_t chunk = m_chunkWindows[index] * (m_context + 1);
    const uint64_t start = m_buffers[index][rng.below(0, m_buffers[index].size())] +
                           rng.below(1, static_cast<uint64_t>(chunk - length + 1));
    std::vector<int32_t> tokens(static_cast<size_t>(length));
    m_data.text[index]->read(Split::Train, start, static_cast<uint64_t>(length), tokens.data());
    return tokens;
}

int64_t StagedBatchSource::numDreamsWanted(int64_t stage) const
{
    if (m_replay.sequenceShare <= 0 || m_replay.dreamShare <= 0) return 0;
    const double sequences = static_cast<double>(m_plan.end(stage + 1) - m_plan.begin(stage + 1)) *
                             static_cast<double>(m_sequencesPerStep);
    const double wanted =
        sequences * m_replay.sequenceShare * m_replay.dreamShare / static_cast<double>(stage + 1);
    return std::clamp<int64_t>(std::llround(std::min(wanted, 1e9)), 1, kMaxDreams);
}

void StagedBatchSource::appendDream(int64_t stage, uint64_t number, Batch &batch) const
{
    const auto &texts = m_dreams_NT1[static_cast<size_t>(stage)];
    const auto length = static_cast<size_t>(m_context + 1);
    const size_t begin = number % (texts.size() / length) * length;
    batch.tokens_BT1.insert(batch.tokens_BT1.end(), texts.begin() + static_cast<std::ptrdiff_t>(begin),
                            texts.begin() + static_cast<std::ptrdiff_t>(begin + length));
    if (m_hasMask) batch.mask_BT.resize(batch.mask_BT.size() + static_cast<size_t>(m_context), 1);
    ++batch.numSequences;
}

void StagedBatchSource::fill(const BatchPlace &place, ModelBatch &out)
{
    const int64_t stage = m_plan.stageAt(place.step);
    m_text.context = m_context;
    m_text.numSequences = 0;
    m_text.tokens_BT1.clear();
    m_text.mask_BT.clear();
    m_replays.clear();
    for (int64_t row = 0; row < place.batchSize; ++row) {
        const int64_t sample = place.firstSample() + row;
        RngKey key{.seed = m_seed,
                   .step = static_cast<uint64_t>(place.step),
                   .sample = static_cast<uint32_t>(sample),
                   .layer = kSequence,
                   .purpose = RngPurpose::Replay};
        if (stage > 0 && m_replay.sequenceShare > 0 && isReplayed(place, sample)) {
            const CounterRng rng(key);
            const auto from = static_cast<int64_t>(rng.below(0, static_cast<uint64_t>(stage)));
            const bool hasDreams = static_cast<size_t>(from) < m_dreams_NT1.size();
            if (hasDreams && rng.uniformDouble(2) < m_replay.dreamShare) {
                appendDream(from, rng.bits(6), m_text);
                m_replays.push_back({row, from, -1});
                continue;
            }
            const auto &buffer = m_buffers[static_cast<size_t>(from)];
            const auto chunk = static_cast<int64_t>(rng.below(1, buffer.size()));
            const TokenShards &shards = *m_data.text[static_cast<size_t>(from)];
            uint64_t start = buffer[static_cast<size_t>(chunk)];
            const int64_t spare = (m_chunkWindows[static_cast<size_t>(from)] - 1) * (m_context + 1);
            start += rng.below(2, static_cast<uint64_t>(spare + 1));
            m_replays.push_back({row, from, chunk});
            append(shards, start, m_text);
            continue;
        }
        const auto numTexts = std::ssize(m_data.text);
        const int64_t from = m_plan.numStages == numTexts ? stage : (place.step + sample) % numTexts;
        const TokenShards &shards = *m_data.text[static_cast<size_t>(from)];
        key.layer = 0;
        key.purpose = RngPurpose::BatchOrder; // as BatchSampler draws
        append(shards,
               CounterRng(key).below(0, shards.numTokens(Split::Train) - static_cast<uint64_t>(m_context)),
               m_text);
    }
    m_objective.prepare(m_text,
                        {.seed = place.seed,
                         .step = static_cast<uint64_t>(place.step),
                         .firstSample = static_cast<uint32_t>(place.firstSample())},
                        out);
}

} // namespace orrery
