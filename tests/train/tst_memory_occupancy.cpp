// SPDX-License-Identifier: Apache-2.0
// How full the built-in memory is while it trains, as a series, and as a reason to pause.
#include "core/nn/plugin_loader.h"
#include "tests/base/check_result.h"
#include "tests/train/run_fixture.h"

#include <QtTest>

#include <cmath>
#include <thread>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr const char *kOccupancy = "part/episodic/occupancy";

/// Sequences of 16 tokens, 12 of which are behind the window at the end.
RunSpec rememberingRun(int64_t numSlots)
{
    RunSpec spec = smallRun();
    spec.model.window = 4;
    spec.plugins.use = {"memory"};
    spec.plugins.settings["plugins.memory.episodic_size"] = numSlots;
    return spec;
}

} // namespace

class TestMemoryOccupancy : public QObject {
    Q_OBJECT

    PluginCatalogue m_catalogue = PluginCatalogue::scan({{ORRERY_PLUGIN_DIR, DirectoryNeed::Named}});

    TrainingOptions loading(nn::EnginePlugins &plugins)
    {
        return {.preparePlugins = [&](const RunSpec &spec) { return plugins.load(m_catalogue, spec); }};
    }

private Q_SLOTS:
    void isTheShareOfItsSlots_data()
    {
        QTest::addColumn<int>("numSlots");
        QTest::addColumn<int>("accumulation");
        QTest::addColumn<double>("share");
        QTest::newRow("three of four") << 16 << 1 << 0.75;
        QTest::newRow("more than there are") << 8 << 1 << 1.0;
        QTest::newRow("hardly any") << 1200 << 1 << 0.01;
        QTest::newRow("in micro-batches") << 16 << 3 << 0.75;
    }
    void isTheShareOfItsSlots()
    {
        QFETCH(int, numSlots);
        QFETCH(int, accumulation);
        QFETCH(double, share);
        RunSpec spec = rememberingRun(numSlots);
        spec.train.accumulation = accumulation;
        nn::EnginePlugins plugins; // outlives the training
        RunFixture fixture(spec);
        Recorder recorder;
        QCOMPARE(must(fixture.train(recorder, loading(plugins))), RunState::Finished);
        QCOMPARE(recorder.series[kOccupancy].size(), size_t(12));
        for (const auto &[step, value] : recorder.series[kOccupancy])
            QVERIFY(std::abs(value - share) < 1e-12);
    }

    void pausesTheTraining()
    {
        const RunSpec spec = rememberingRun(16);
        nn::EnginePlugins plugins; // outlives the training
        RunFixture fixture(spec);
        Recorder recorder;
        auto trainer = must(fixture.make(recorder, loading(plugins)));
        must(trainer->post({.verb = ControlVerb::Break, .setting = {"", "memory > 0.5"}}));
        Result<void> late = Error{ErrorCode::Internal, "", ""}, misspelt;
        recorder.afterReport = [&](int64_t step) {
            if (step != 3) return;
            late = trainer->post({.verb = ControlVerb::Break, .setting = {"", "memory > 0.9"}});
            misspelt = trainer->post(
                {.verb = ControlVerb::Break, .setting = {"", "part/epsodic/occupancy > 0.9"}});
        };
        RunStatus paused;
        std::thread viewer([&] {
            while ((paused = trainer->status()).state != RunState::Paused) std::this_thread::yield();
            must(trainer->post({.verb = ControlVerb::Continue}));
        });
        const auto outcome = trainer->run();
        viewer.join();
        QCOMPARE(must(outcome), RunState::Finished);
        QCOMPARE(paused.step, int64_t(1));
        QCOMPARE(paused.pauseReason, std::string("memory > 0.5: part/episodic/occupancy was 0.7500"));
        QCOMPARE(paused.pauseSeries, std::string(kOccupancy));
        VERIFY_OK(late); // it is told, and never that full
        VERIFY_ERROR(misspelt, ErrorCode::InvalidInput, "Did you mean \"part/episodic/occupancy\"?");
        QCOMPARE(recorder.count(EventKind::Breakpoint), 1);
        QCOMPARE(recorder.count(EventKind::Warning), 0);
    }

    void aModelWithoutItTellsNothing()
    {
        const RunSpec spec = rememberingRun(0);
        nn::EnginePlugins plugins; // outlives the training
        RunFixture fixture(spec);
        Recorder recorder;
        auto trainer = must(fixture.make(recorder, loading(plugins)));
        must(trainer->post({.verb = ControlVerb::Break, .setting = {"", "memory > 0.5"}}));
        QCOMPARE(must(trainer->run()), RunState::Finished);
        QCOMPARE(recorder.series.count(kOccupancy), size_t(0));
        const RunEvent *warning = recorder.last(EventKind::Warning);
        QVERIFY(warning);
        QVERIFY2(warning->text.ends_with("plugins.memory.episodic_size above 0."), warning->text.c_str());
    }
};

QTEST_GUILESS_MAIN(TestMemoryOccupancy)
#include "tst_memory_occupancy.moc"
