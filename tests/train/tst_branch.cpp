// SPDX-License-Identifier: Apache-2.0
// A branch goes on where its parent stood: bit for bit when nothing changes, and with a reason when it
// cannot.
#include "core/nn/masks.h"
#include "core/store/begun_from.h"
#include "core/tensorfile/checkpoint_files.h"
#include "tests/base/check_result.h"
#include "tests/train/branch_plan.h"
#include "tests/train/run_fixture.h"

#include <QtTest>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

namespace {

using Losses = std::map<int64_t, double>;

struct Killed {};

Losses behind(const Losses &losses, int64_t step) { return {losses.upper_bound(step), losses.end()}; }

} // namespace

class TestBranch : public QObject {
    Q_OBJECT

    std::unique_ptr<RunFixture> m_fixture;
    std::unique_ptr<RunDirectory> m_parent;
    std::unique_ptr<Catalogue> m_catalogue;
    Losses m_expected;

    Result<RunDirectory> branch(const BranchPlan &plan) { return branchRun(*m_catalogue, *m_parent, plan); }
    void use(const RunDirectory &run)
    {
        m_fixture->run = std::make_unique<RunDirectory>(run);
        m_fixture->attempt = -1;
    }
    Losses train(const RunDirectory &run)
    {
        use(run);
        Recorder recorder;
        if (must(m_fixture->train(recorder)) != RunState::Finished) qFatal("the branch did not finish");
        return recorder.series[series::kLoss];
    }
    /// Trains with a change behind step 9, killed behind step 10 and resumed when `isKilled`.
    Losses trainWithChange(const RunDirectory &run, bool isKilled, int *numSettings)
    {
        use(run);
        Losses losses;
        auto writer = must(RunWriter::open(run.path()));
        for (int part = 0; part < (isKilled ? 2 : 1); ++part) {
            Recorder recorder;
            recorder.writer = writer.get();
            auto trainer = must(m_fixture->make(recorder));
            recorder.afterReport = [&](int64_t step) {
                if (part == 0 && step == 9)
                    must(trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", "5"}}));
                if (part == 0 && step == 10 && isKilled) throw Killed();
            };
            try {
                static_cast<void>(trainer->run());
            } catch (const Killed &) {
            }
            must(writer->flush());
            for (const auto &[step, loss] : recorder.series[series::kLoss]) losses[step] = loss;
            *numSettings = recorder.count(EventKind::Setting);
        }
        return losses;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_fixture = std::make_unique<RunFixture>();
        Recorder recorder;
        auto trainer = must(m_fixture->make(recorder));
        recorder.afterReport = [&](int64_t step) {
            if (step == 5) must(trainer->post({.verb = ControlVerb::Set, .setting = {"lr_factor", "3"}}));
        };
        must(trainer->run());
        m_expected = recorder.series[series::kLoss];
        m_parent = std::move(m_fixture->run);
        m_catalogue = std::make_unique<Catalogue>(m_fixture->folder() / "home");
    }

    void withoutAChangeItGoesOnBitForBit()
    {
        const auto run = branch(plan(8));
        VERIFY_OK(run);
        QCOMPARE(run->frozen().digest, m_parent->frozen().digest);
        QCOMPARE(train(*run), behind(m_expected, 8));
        // As the parent's own resume from that step.
        const auto own = m_parent->copyTo(m_fixture->folder() / "resumed");
        VERIFY_OK(own);
        must(removeCheckpoint(own->checkpoints(), 12));
        QCOMPARE(train(*own), behind(m_expected, 8));
    }
    void anEarlierStepWorksToo()
    {
        const auto run = branch(plan(4));
        VERIFY_OK(run);
        QCOMPARE(run->status().step, 4);
        QCOMPARE(run->status().state, RunState::Created);
        QCOMPARE(run->status().parent, m_parent->frozen().id);
        QCOMPARE(run->status().parentStep, 4);
        QCOMPARE(run->status().name, std::string("small-from-4"));
        // The change that the parent's user made behind step 5 is not the branch's.
        const Losses losses = train(*run);
        QCOMPARE(losses.begin()->first, 5);
        QCOMPARE(losses.at(5), m_expected.at(5));
        QVERIFY(losses.at(12) != m_expected.at(12));
    }
    void aChangedSettingActsFromTheNextStep()
    {
        const auto run = branch(plan(8, {{"optimizer.lr", "0.05"}}));
        VERIFY_OK(run);
        QCOMPARE(run->frozen().branch->changedKeys, std::vector<std::string>{"optimizer.lr"});
        QVERIFY(run->frozen().digest != m_parent->frozen().digest);
        const Losses losses = train(*run);
        QCOMPARE(losses.at(9), m_expected.at(9)); // of the weights of step 8
        QVERIFY(losses.at(10) != m_expected.at(10));
    }
    void whatIsSetHoldsThoughTheSpecHadIt()
    {
        const RunSpec &spec = m_parent->frozen().spec;
        const auto unchanged = branch(plan(8));
        const std::string rate = fieldValueText(FieldValue{spec.optimizer.lr});
        const auto run = branch(plan(8, {{"optimizer.lr", rate}, {"model.width", "16"}}));
        VERIFY_OK(run);
        QCOMPARE(run->frozen().branch->changedKeys, std::vector<std::string>{"optimizer.lr"});
        QCOMPARE(run->frozen().digest, m_parent->frozen().digest);
        // The parent's user had made it three times as high behind step 5.
        QVERIFY(train(*run).at(12) != train(*unchanged).at(12));
    }
    void patienceIsItsOwn()
    {
        // The parent's count is 2 at step 12: with it the next evaluation would end the branch.
        RunSpec spec = smallRun();
        spec.train.steps = 24;
        spec.train.patience = 3;
        spec.train.minImprovement = 50;
        RunFixture fixture(spec);
        Recorder recorder;
        must(fixture.train(recorder));
        QCOMPARE(recorder.last(EventKind::EarlyStop)->step, 16);
        const auto run = branchRun(*m_catalogue, *fixture.run, plan(12));
        VERIFY_OK(run);
        fixture.run = std::make_unique<RunDirectory>(*run);
        fixture.attempt = -1;
        Recorder branched;
        must(fixture.train(branched));
        QCOMPARE(branched.series[series::kLoss].rbegin()->first, 24);
        QCOMPARE(branched.count(EventKind::EarlyStop), 0);
    }
    void aBestLossOfOtherDataIsNotKept()
    {
        const auto bestAt = [this](const Result<RunDirectory> &run) {
            use(*run);
            Recorder recorder;
            return must(m_fixture->make(recorder))->status().bestValLoss;
        };
        int64_t best = -1;
        for (const int64_t step : {4, 8})
            if (std::isfinite(bestAt(branch(plan(step))))) best = step;
        QVERIFY(best > 0);
        QVERIFY(std::isnan(bestAt(branch(plan(best, {{"seed", "99"}})))));
        QVERIFY(std::isfinite(bestAt(branch(plan(best, {{"optimizer.lr", "0.01"}})))));
    }
    void anotherSeedReadsOtherBatches()
    {
        const auto run = branch(plan(8, {{"seed", "99"}}));
        VERIFY_OK(run);
        QVERIFY(train(*run).at(9) != m_expected.at(9));
    }
    void moreStepsMoveTheHorizon()
    {
        const auto run = branch(plan(12, {{"train.steps", "16"}}));
        VERIFY_OK(run);
        QCOMPARE(run->frozen().spec.train.steps, 16);
        QCOMPARE(run->frozen().spec.schedule.totalSteps, 16);
        QCOMPARE(train(*run).size(), size_t{4});
    }
    void changesOfBeforeStandInItsLog()
    {
        const auto run = branch(plan(8));
        use(*run);
        Recorder recorder;
        must(m_fixture->train(recorder));
        std::vector<RunEvent> settings;
        for (const RunEvent &event : recorder.events)
            if (event.kind == EventKind::Setting) settings.push_back(event);
        QCOMPARE(settings.size(), size_t(1));
        QCOMPARE(settings.front().step, 8);
        QCOMPARE(settings.front().text, "lr_factor is 3 (as in " + m_parent->frozen().id + ")");
        QVERIFY(settings.front().payload.find("\"key\":\"lr_factor\",\"value\":\"3\"") != std::string::npos);
        // What the branch sets itself is not told to be as it was.
        const auto other = branch(plan(8, {{"optimizer.lr", "0.05"}}));
        use(*other);
        Recorder silent;
        must(m_fixture->train(silent));
        QCOMPARE(silent.count(EventKind::Setting), 0);
    }
    void itsOwnChangesAreReplayed()
    {
        int numSettings = 0;
        const auto whole = branch(plan(8));
        const Losses expected = trainWithChange(*whole, false, &numSettings);
        const auto killed = branch(plan(8));
        QCOMPARE(trainWithChange(*killed, true, &numSettings), expected);
        QCOMPARE(numSettings, 1);
        QVERIFY(expected.at(11) != m_expected.at(11));
    }
    void anotherOptimizerBeginsAtZero()
    {
        const auto start = [this] {
            auto run = must(branch(plan(8)));
            // The same one that is said to be another: what differs is that its moments begin at zero, nothing else.
            const fs::path spec = run.path() / "spec.json";
            std::ifstream in(spec);
            std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
            const size_t at = text.find("\"optimizer_from\": 0");
            text.replace(at, 19, "\"optimizer_from\": 8");
            std::ofstream(spec) << text;
            return must(RunDirectory::open(run.path()));
        };
        const Losses whole = train(start());
        QCOMPARE(whole.at(9), m_expected.at(9));
        QVERIFY(whole.at(10) != m_expected.at(10));
    }
    void aBranchTrainsWithAnotherOptimizer()
    {
        const auto run = branch(plan(8, {{"optimizer.name", "muon"}}));
        VERIFY_OK(run);
        const Losses whole = train(*run);
        QCOMPARE(whole.at(9), m_expected.at(9)); // before its first update
        QVERIFY(whole.at(10) != m_expected.at(10));
    }
    void aBranchOfABranchGoesOn()
    {
        const auto first = branch(plan(4));
        const Losses expected = train(*first);
        const auto second = branchRun(*m_catalogue, *first, plan(8));
        VERIFY_OK(second);
        QCOMPARE(train(*second), behind(expected, 8));
        // From its own beginning, whose checkpoint is the grandparent's.
        const auto third = branchRun(*m_catalogue, *first, plan(4));
        VERIFY_OK(third);
        QCOMPARE(train(*third), expected);
    }
    void withoutItsCheckpointItDoesNotStart()
    {
        const auto run = branch(plan(8));
        must(removeCheckpoint(run->checkpoints(), 8));
        VERIFY_ERROR(findTrainingStart(*run), ErrorCode::InvalidInput, "checkpoint 8 of run \"run\"");
    }
    void aRunThatBeganWithAModelDoesNotBeginAtRandom()
    {
        const auto run = newRunDirectory(m_fixture->folder(), smallRun(), "begun");
        QVERIFY(findTrainingStart(*run).ok()); // a new one
        must(writeBegunFrom(run->path(), "a model"));
        VERIFY_ERROR(findTrainingStart(*run), ErrorCode::InvalidInput, "weights of model \"a model\"");
        const auto copy = m_parent->copyTo(m_fixture->folder() / "begun-too");
        must(writeBegunFrom(copy->path(), "a model"));
        QCOMPARE(findTrainingStart(*copy)->step, 12);
        const auto again = copy->copyTo(m_fixture->folder() / "begun-copied");
        QCOMPARE(readBegunFrom(again->path()), std::optional<std::string>("a model"));
        must(again->remove());
        QVERIFY(!fs::exists(again->path()));
    }
    /// Its mask would be that of nobody, and rules that came later refuse it in a new run.
    void aRunThatIsOlderThanARuleGoesOn()
    {
        nn::maskPolicyRegistry().add("strided", [](const ModelSpec &) { return nn::makeCausalMask(0); });
        RunSpec spec = smallRun();
        spec.objective.name = "hybrid";
        spec.objective.mix = {1, 1, 0};
        spec.model.mask = "strided";
        spec.plugins.use = {"parts@1.0.0"};
        RunFixture old(spec);
        TrainingOptions options;
        options.preparePlugins = [](const RunSpec &) { return Result<void>(); };
        Recorder recorder;
        QCOMPARE(must(old.train(recorder, options)), RunState::Finished);
        old.run = std::make_unique<RunDirectory>(must(RunDirectory::open(old.run->path())));
        RunSpec now = old.run->frozen().spec;
        QCOMPARE(now.model.mask, std::string("strided"));
        VERIFY_ERROR(validateSpec(now), ErrorCode::InvalidInput, "found strided beside objective.name hybrid");
        Recorder more;
        QCOMPARE(must(old.train(more, options, 14)), RunState::Finished);
        QCOMPARE(more.series[series::kLoss].size(), size_t(2));
        const Catalogue catalogue(old.folder() / "home");
        const auto branch = branchRun(catalogue, *old.run, plan(8, {{"optimizer.lr", "0.01"}}));
        VERIFY_OK(branch);
        QCOMPARE(branch->frozen().spec.model.mask, std::string("strided"));
        VERIFY_OK(RunDirectory::open(branch->path()));
        // What it does not have from its parent is refused.
        VERIFY_ERROR(branchRun(catalogue, *old.run, plan(8, {{"optimizer.lr", "0.01"}, {"train.eval_tokens", "3"}})),
                     ErrorCode::InvalidInput, "train.eval_tokens");
        nn::maskPolicyRegistry().remove("strided");
    }
    void theParentMayGo()
    {
        const auto copy = m_parent->copyTo(m_fixture->folder() / "short-lived");
        const auto run = branchRun(*m_catalogue, *copy, plan(8));
        VERIFY_OK(run);
        must(copy->remove());
        QCOMPARE(train(*run), behind(m_expected, 8));
    }

    void whatAChangeMayNotBe_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("rule");
        QTest::newRow("width") << "model.width"
                               << "32"
                               << "model.width=32: its checkpoint has 16";
        QTest::newRow("layers") << "model.layers"
                                << "3"
                                << "shapes or meaning of the weights";
        QTest::newRow("heads") << "model.heads"
                               << "4"
                               << "shapes or meaning of the weights";
        QTest::newRow("modalities") << "attention.num_modalities"
                                    << "3"
                                    << "shapes or meaning of the weights";
        QTest::newRow("tokens") << "data.special_tokens"
                                << "default"
                                << "know the tokens by their numbers";
        QTest::newRow("stages") << "continual.strategy"
                                << "er"
                                << "belongs to them";
        QTest::newRow("no steps") << "train.steps"
                                  << "8"
                                  << "train.steps is 8, expected more than that step";
        QTest::newRow("range") << "optimizer.lr"
                               << "-1"
                               << "optimizer.lr";
        QTest::newRow("unknown") << "optimizer.rate"
                                 << "1"
                                 << "optimizer.rate";
        QTest::newRow("data") << "data.path"
                              << "/no/such/text"
                              << "/no/such/text";
    }
    void whatAChangeMayNotBe()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, rule);
        const auto run = branch(plan(8, {{key.toStdString(), value.toStdString()}}));
        QVERIFY2(!run.ok(), "no error was given");
        QVERIFY2(errorText(run).contains(rule), qPrintable(errorText(run)));
    }
    void stepsWithoutACheckpointAreNamed()
    {
        VERIFY_ERROR(branch(plan(7)), ErrorCode::NotFound, "expected one of 4, 8, 12");
        const auto fresh = newRunDirectory(m_fixture->folder(), smallRun(), "fresh");
        VERIFY_ERROR(branchRun(*m_catalogue, *fresh, plan(7)), ErrorCode::NotFound,
                     "expected a run that has one");
    }
    void aDamagedCheckpointIsRefused()
    {
        const auto copy = m_parent->copyTo(m_fixture->folder() / "damaged");
        VERIFY_OK(copy);
        const fs::path file = checkpointPath(copy->checkpoints(), 8) / "model.safetensors";
        fs::resize_file(file, fs::file_size(file) - 1);
        VERIFY_ERROR(branchRun(*m_catalogue, *copy, plan(8)), ErrorCode::InvalidInput, "model.safetensors");
    }
    void aCheckpointThatIsNotTakenWholeIsNoBranch()
    {
        const auto copy = m_parent->copyTo(m_fixture->folder() / "linked");
        VERIFY_OK(copy);
        // It verifies, but a link is not taken over.
        const fs::path file = checkpointPath(copy->checkpoints(), 8) / "model.safetensors";
        fs::rename(file, m_fixture->folder() / "elsewhere");
        fs::create_symlink(m_fixture->folder() / "elsewhere", file);
        const size_t numRuns = m_catalogue->scan().size();
        const auto run = branchRun(*m_catalogue, *copy, plan(8));
        QVERIFY(!run.ok());
        QVERIFY2(errorText(run).contains("model.safetensors"), qPrintable(errorText(run)));
        QCOMPARE(m_catalogue->scan().size(), numRuns);
    }
    void aTakenFolderIsRefused()
    {
        BranchPlan wanted = plan(8);
        wanted.directory = m_parent->path();
        VERIFY_ERROR(branch(wanted), ErrorCode::Conflict, "a run is there");
    }
    void importedRunsHaveNoModel()
    {
        FrozenSpec frozen = m_parent->frozen();
        frozen.id = "imported";
        frozen.importedFrom = "/logs";
        const auto run = RunDirectory::create(m_fixture->folder() / "imported", frozen);
        VERIFY_ERROR(branchRun(*m_catalogue, *run, plan(8)), ErrorCode::Conflict, "imported from \"/logs\"");
    }
    void notesReachTheLogWhileItTrains()
    {
        const auto run = branch(plan(8));
        use(*run);
        Recorder recorder;
        auto trainer = must(m_fixture->make(recorder));
        VERIFY_ERROR(trainer->post({.verb = ControlVerb::Set, .setting = {"note", "here"}}),
                     ErrorCode::InvalidInput, "does not begin with a step");
        VERIFY_OK(trainer->post({.verb = ControlVerb::Set, .setting = {"note", "3 look here"}}));
        QCOMPARE(must(trainer->run()), RunState::Finished);
        QCOMPARE(recorder.count(EventKind::Setting), 1); // that of before
        const RunEvent *note = recorder.last(EventKind::Note);
        QVERIFY(note);
        QCOMPARE(note->step, 3);
        QCOMPARE(note->text, std::string("look here"));
    }
};

QTEST_APPLESS_MAIN(TestBranch)
#include "tst_branch.moc"
