// SPDX-License-Identifier: Apache-2.0
// A run on three texts in turn, small enough for a test.
#pragma once

#include "core/train/continual/staged_source.h"
#include "tests/train/run_fixture.h"

#include <fstream>

namespace orrery::test {

/// Three texts of other letters each.
class StagedFixture {
public:
    explicit StagedFixture(const std::string &strategy, const std::function<void(RunSpec &)> &change = {})
    {
        spec = smallRun();
        spec.train.evalEvery = 100;
        spec.train.checkpointEvery = 2;
        spec.train.keepLast = 100;
        spec.train.reportEvery = 1;
        spec.schedule.preset = "constant";
        spec.optimizer.lr = 0.02;
        spec.threads = 1;
        spec.continual.strategy = strategy;
        spec.continual.bufferPercent = 5;
        for (int stage = 0; stage < 3; ++stage) {
            const auto path = folder() / ("text" + std::to_string(stage));
            writeText(stage, 1);
            if (stage == 0)
                spec.data.path = path.string();
            else
                spec.continual.stages.push_back(path.string());
        }
        if (change) change(spec);
        spec.schedule.totalSteps = spec.train.steps;
        data = must(prepareRunData(spec, folder() / "shards"));
        newRun("run");
    }

    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }

    void writeText(int stage, int multiplier)
    {
        std::ofstream out(folder() / ("text" + std::to_string(stage)));
        for (int i = 0; i < 4000; ++i)
            out << static_cast<char>('a' + 8 * stage + (multiplier * i * i / 7) % 8);
    }

    void newRun(const std::string &name)
    {
        run = newRunDirectory(folder(), spec, name);
        attempt = -1;
    }

    Result<RunState> train(Recorder &recorder, const TrainingOptions &options = {}, int64_t totalSteps = 0)
    {
        auto start = findTrainingStart(*run);
        if (!start) return start.error();
        ORRERY_TRY(changeTotalSteps(*start, *run, totalSteps));
        auto trainer = createTrainer(*run, data, recorder, *start, ++attempt, options);
        if (!trainer) return trainer.error();
        return (*trainer)->run();
    }

    RunSpec spec;
    RunData data;
    std::unique_ptr<RunDirectory> run;
    int32_t attempt = -1;

private:
    QTemporaryDir m_folder;
};

inline std::unique_ptr<StagedBatchSource> sourceOf(const StagedFixture &fixture)
{
    return must(StagedBatchSource::create(fixture.spec, fixture.data, StagePlan::of(fixture.spec),
                                          replayPlan(fixture.spec.continual), nextTokenObjective()));
}

} // namespace orrery::test
