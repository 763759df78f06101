// SPDX-License-Identifier: Apache-2.0
// Batches of a training on several texts in turn, with replay of earlier ones. What is kept of a stage, which
// sequences of a step are replayed and which they are is drawn by counter (RngPurpose::Replay), so nothing of
// it has to be saved. Trainer thread only.
#pragma once

#include "core/data/batch_sampler.h"
#include "core/spec/replay_plan.h"
#include "core/spec/stage_plan.h"
#include "core/train/batch_source.h"
#include "core/train/objective.h"
#include "core/train/run_data.h"

#include <vector>

namespace orrery {

class StagedBatchSource final : public BatchSource {
public:
    /// A sequence of the last batch that came from an earlier stage.
    struct Replay {
        int64_t row = 0;
        int64_t stage = 0;
        int64_t chunk = 0; ///< in the stage's buffer; −1: a text that the model made up
    };

    /// @param data one text per stage; with a plan of one stage and several texts each sequence takes the
    /// next text in turn (all at once) @param objective must outlive it
    /// @error InvalidInput: a text shorter than a window, a buffer without room for one
    static Result<std::unique_ptr<StagedBatchSource>> create(const RunSpec &spec, const RunData &data,
                                                             StagePlan plan, const ReplayPlan &replay,
                                                             const Objective &objective);
    void fill(const BatchPlace &place, ModelBatch &out) override;

    [[nodiscard]] const std::vector<Replay> &lastReplays() const { return m_replays; }
    [[nodiscard]] int64_t numChunks(int64_t stage) const
    {
        return std::ssize(m_buffers[static_cast<size_t>(stage)]);
    }
    /// Of the stage's training text, that its chunks hold together: those of numChunks() excerpts of one
    /// window or of several.
    [[nodiscard]] int64_t numKeptTokens(int64_t stage) const;
    /// Whole windows of the stage's training text; at least 1.
    [[nodiscard]] int64_t numWindows(int64_t stage) const;
    /// The first window of a chunk. Appends context + 1 tokens and context masks.
    void appendChunk(int64_t stage, int64_t chunk, Batch &batch) const;
    /// Window `number` of the stage's training text that was drawn for looking at the stage; appends as well.
    void appendSample(int64_t stage, int64_t number, Batch &batch) const;
    /// The first tokens of an excerpt of the stage's buffer, from any offset within it.
    [[nodiscard]] std::vector<int32_t> excerptStart(int64_t stage, int64_t number, int64_t length) const;
    /// How many made-up texts of an earlier stage the stage that begins will ask for.
    [[nodiscard]] int64_t numDreamsWanted(int64_t stage) const;
    /// Takes the place of those before. @param texts_NT1 by stage, context + 1 tokens each
    void setDreams(std::vector<std::vector<int32_t>> texts_NT1) { m_dreams_NT1 = std::move(texts_NT1); }
    /// An empty batch to append to.
    [[nodiscard]] Batch emptyBatch() const { return {.context = m_context}; }

private:
    StagedBatchSource(RunData data, StagePlan plan, const ReplayPlan &replay, const Objective &objective)
        : m_data(std::move(data)), m_plan(plan), m_replay(replay), m_objective(objective)
    {
    }
    Result<void> drawBuffers();
    void append(const TokenShards &shards, uint64_t start, Batch &batch) const;
    [[nodiscard]] bool isReplayed(const BatchPlace &place, int64_t sample) const;
    void appendDream(int64_t stage, uint64_t number, Batch &batch) const;

    RunData m_data;
    StagePlan m_plan;
    ReplayPlan m_replay;
    const Objective &m_objective;
    int64_t m_context = 0;
    uint64_t m_seed = 0;
    bool m_hasMask = false;
    std::vector<std::vector<uint64_t>> m_buffers; ///< by stage: where its chunks begin
    std::vector<int64_t> m_chunkWindows;          ///< by stage that is kept
    std::vector<std::vector<int32_t>> m_dreams_NT1; ///< by stage; empty: none
    int64_t m_sequencesPerStep = 0;
    Batch m_text;
    std::vector<Replay> m_replays;
};

} // namespace orrery
