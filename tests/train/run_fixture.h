// SPDX-License-Identifier: Apache-2.0
// A run on a small text in a temporary folder, and an observer that keeps what it is told.
#pragma once

#include "core/data/token_shards.h"
#include "core/engine_api/trainer.h"
#include "core/spec/field_table.h"
#include "core/spec/schedule.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"
#include "core/train/training.h"

#include <QTemporaryDir>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>

namespace orrery::test {

template <typename T> T must(Result<T> result)
{
    if (!result.ok()) {
        std::cerr << result.error().text() << '\n';
        std::abort();
    }
    if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

class Recorder : public TrainerObserver {
public:
    void onReport(const StepReport &report) override
    {
        if (writer) writer->addReport(report);
        for (const MetricValue &metric : report.values) series[metric.series][report.step] = metric.value;
        if (afterReport) afterReport(report.step);
    }
    void onEvent(const RunEvent &event) override
    {
        if (writer) writer->addEvent(event);
        events.push_back(event);
    }
    void beforeCheckpoint(int64_t step) override
    {
        announced.push_back(step);
        if (whileSaving) whileSaving(step);
    }
    void onCheckpoint(const CheckpointInfo &checkpoint) override { checkpoints.push_back(checkpoint); }
    void onFrame(const FrameInfo &frame, std::string bytes) override
    {
        if (writer) writer->addFrame(frame, bytes, uint64_t{256} << 20);
        frames.emplace_back(frame, std::move(bytes));
    }
    void onStatus(const RunStatus &status) override
    {
        if (writer) writer->setStatus(status);
        states.push_back(status.state);
        statuses.push_back(status);
    }

    [[nodiscard]] int count(EventKind kind) const
    {
        int number = 0;
        for (const RunEvent &event : events) number += event.kind == kind;
        return number;
    }
    [[nodiscard]] const RunEvent *last(EventKind kind) const
    {
        for (auto event = events.rbegin(); event != events.rend(); ++event)
            if (event->kind == kind) return &*event;
        return nullptr;
    }

    RunWriter *writer = nullptr;
    std::function<void(int64_t)> afterReport;
    std::function<void(int64_t)> whileSaving;
    std::map<std::string, std::map<int64_t, double>> series;
    std::vector<RunEvent> events;
    std::vector<std::pair<FrameInfo, std::string>> frames;
    std::vector<int64_t> announced;
    std::vector<CheckpointInfo> checkpoints;
    std::vector<RunState> states;
    std::vector<RunStatus> statuses;
};

inline RunSpec smallRun()
{
    RunSpec spec;
    spec.name = "small";
    spec.model.layers = 2;
    spec.model.width = 16;
    spec.model.heads = 2;
    spec.model.context = 16;
    spec.data.specialTokens = "none";
    spec.train.steps = 12;
    spec.train.batchSize = 4;
    spec.train.evalEvery = 4;
    spec.train.evalTokens = 64;
    spec.train.checkpointEvery = 4;
    spec.probes.every = 0;
    spec.probes.framesEvery = 0;
    spec.threads = 2;
    return spec;
}

/// An empty run of this spec in a folder of its own.
inline std::unique_ptr<RunDirectory> newRunDirectory(const std::filesystem::path &folder, const RunSpec &spec,
                                                     const std::string &name)
{
    FrozenSpec frozen;
    frozen.spec = spec;
    frozen.digest = specDigest(spec);
    frozen.id = name;
    return std::make_unique<RunDirectory>(must(RunDirectory::create(folder / name, frozen)));
}

class RunFixture {
public:
    explicit RunFixture(RunSpec spec = smallRun()) : m_spec(std::move(spec))
    {
        const std::filesystem::path text = folder() / "text.txt";
        {
            std::ofstream out(text);
            for (int i = 0; i < 400; ++i)
                out << "line " << i * i % 97 << " of a text that a small model can learn\n";
        }
        m_spec.data.path = text.string();
        m_spec.schedule.totalSteps = m_spec.train.steps;
        shards = std::make_unique<TokenShards>(must(prepareData(
            m_spec.data, m_spec.model.context, static_cast<uint64_t>(m_spec.seed), folder() / "shards")));
        newRun("run");
    }

    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }

    /// Another run of the same spec.
    void newRun(const std::string &name)
    {
        run = newRunDirectory(folder(), m_spec, name);
        attempt = -1;
    }

    /// @param totalSteps as --steps of a resume
    Result<std::unique_ptr<Trainer>> make(TrainerObserver &observer, const TrainingOptions &options = {},
                                          int64_t totalSteps = 0)
    {
        auto start = findTrainingStart(*run);
        if (!start) return start.error();
        ORRERY_TRY(changeTotalSteps(*start, *run, totalSteps));
        note = start->note;
        return createTrainer(*run, RunData::ofShards(*shards), observer, *start, ++attempt, options);
    }

    /// Trains from wherever the run stands.
    Result<RunState> train(Recorder &recorder, const TrainingOptions &options = {}, int64_t totalSteps = 0)
    {
        auto trainer = make(recorder, options, totalSteps);
        if (!trainer) return trainer.error();
        return (*trainer)->run();
    }

    std::unique_ptr<TokenShards> shards;
    std::unique_ptr<RunDirectory> run;
    int32_t attempt = -1;
    std::string note;

private:
    QTemporaryDir m_folder;
    RunSpec m_spec;
};

} // namespace orrery::test
