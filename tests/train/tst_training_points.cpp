// SPDX-License-Identifier: Apache-2.0
// What other code may bring to a training: probes and their series, terms of the loss and values that parts
// of the model leave, objectives and optimisers; doubles put in through the registries.
#include "core/infer/logit_sampler.h"
#include "core/nn/plugin_parts.h"
#include "core/nn/torch_guard.h"
#include "core/train/guarded_parts.h"
#include "core/train/part_series.h"
#include "tests/base/check_result.h"
#include "tests/train/run_fixture.h"

#include <torch/types.h>

#include <set>
#include <thread>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr double kTerm = 0.75;

/// Changes nothing; leaves a constant term of the loss, and how many sequences it saw.
class NotingHead final : public nn::HeadModule {
public:
    at::Tensor forward(const at::Tensor &h_BTC, const nn::ForwardContext &context) override
    {
        if (context.notes) {
            context.notes->addLoss(at::full({1}, kTerm));
            context.notes->addValue("sequences", at::full({}, static_cast<double>(h_BTC.size(0))));
            context.notes->addValue("notes/occupancy", at::full({}, 0.75));
        }
        return at::zeros_like(h_BTC);
    }
};

/// Mean size of what the head reads, and how many passes there were.
class SizeProbe final : public nn::Probe {
public:
    void look(int64_t layer, const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        if (context.isTraining) throw std::runtime_error("it was shown a training pass");
        if (layer == 0) ++m_numPasses;
        m_size += x_BTC.abs().mean().item<double>();
    }
    std::vector<nn::ProbeValue> take() override
    {
        std::vector<nn::ProbeValue> values = {{"size", m_size}, {"passes", m_numPasses}};
        m_size = m_numPasses = 0;
        return values;
    }

private:
    double m_size = 0;
    double m_numPasses = 0;
};

/// Whatever a test registers goes with it.
template <typename Part> class Registered {
public:
    Registered(nn::Registry<Part> &registry, typename nn::Registry<Part>::Factory factory)
        : m_registry(registry)
    {
        m_registry.add("double", std::move(factory));
    }
    ~Registered() { m_registry.remove("double"); }

private:
    nn::Registry<Part> &m_registry;
};

class BadObjective final : public Objective {
public:
    explicit BadObjective(QString what) : m_what(std::move(what)) {}
    void prepare(const Batch &batch, const ObjectiveKey &key, ModelBatch &out) const override
    {
        nextTokenObjective().prepare(batch, key, out);
        if (m_what == "throws") throw std::runtime_error("it has no objective");
        if (m_what == "sequences") out.numSequences += 1;
        if (m_what == "ids") out.ids_BT.pop_back();
        if (m_what == "targets") out.targets_BT.push_back(0);
        if (m_what == "mask") out.mask_BT = {1};
        if (m_what == "negative") out.targets_BT[3] = -100;
    }
    [[nodiscard]] std::vector<Measure> measures() const override
    {
        if (m_what == "measures") throw std::runtime_error("it measures nothing");
        return {};
    }

private:
    QString m_what;
};

class BadOptimizer final : public Optimizer {
public:
    void update(const UpdateSettings &) override { throw std::runtime_error("it will not move"); }
    [[nodiscard]] int64_t numUpdates() const override { throw 7; }
    void setNumUpdates(int64_t) override { throw std::runtime_error("it cannot count"); }
    std::vector<NamedTensor> state() override { throw std::runtime_error("it has no state"); }
};

nn::Registry<Objective>::Factory objectiveThat(const QString &what)
{
    return [what](const RunSpec &, const Tokenizer &) -> Result<std::unique_ptr<Objective>> {
        const nn::PluginGuard guard("bad");
        if (what == "nothing") return guardedPart(Result<std::unique_ptr<Objective>>(nullptr), guard);
        if (what == "refuses")
            return guardedPart(Result<std::unique_ptr<Objective>>(
                                   Error{ErrorCode::InvalidInput, "Not with this spec.", "Use another."}),
                               guard);
        return guardedPart(Result<std::unique_ptr<Objective>>(
                               std::unique_ptr<Objective>(std::make_unique<BadObjective>(what))),
                           guard);
    };
}

} // namespace

class TestTrainingPoints : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aLibraryIsToldApartByWhatItsPartsAreHanded();
    void probesBecomeSeriesAndMoveNothing();
    void termsAndValuesOfPartsAreInTheRun();
    void howFullAMemoryIsPauses();
    void accumulationWeighsWhatPartsLeave();
    void objectivesAreGuarded_data();
    void objectivesAreGuarded();
    void optimisersAreGuarded();
    void unknownNamesAreListed();
};

void TestTrainingPoints::probesBecomeSeriesAndMoveNothing()
{
    RunFixture fixture;
    Recorder plain, probed;
    QCOMPARE(must(fixture.train(plain)), RunState::Finished);
    fixture.newRun("probed");
    const Registered probe(nn::probeRegistry(),
                           [](const ModelSpec &) { return std::make_unique<SizeProbe>(); });
    QCOMPARE(must(fixture.train(probed)), RunState::Finished);
    for (const char *name : {series::kLoss, series::kValLoss, series::kGradNorm}) {
        QVERIFY(!plain.series[name].empty());
        QVERIFY2(plain.series[name] == probed.series[name], name);
    }
    QCOMPARE(plain.series.count(series::probe("size")), size_t(0));
    QCOMPARE(probed.series[series::probe("size")].size(), size_t(3)); // of steps 4, 8 and 12
    for (const auto &[step, number] : probed.series[series::probe("passes")]) {
        QCOMPARE(step % 4, int64_t(0));
        QCOMPARE(number, 1.0); // 64 tokens are one batch: each evaluation gives what it saw itself
    }
    QVERIFY(probed.series[series::probe("size")].at(4) != probed.series[series::probe("size")].at(12));
}

void TestTrainingPoints::termsAndValuesOfPartsAreInTheRun()
{
    RunFixture fixture;
    Recorder plain, noted;
    QCOMPARE(must(fixture.train(plain)), RunState::Finished);
    fixture.newRun("noted");
    const Registered head(nn::headModuleRegistry(),
                          [](nn::BuildContext &) { return std::make_unique<NotingHead>(); });
    QCOMPARE(must(fixture.train(noted)), RunState::Finished);
    // A constant term has no gradient: the training is the same, its loss higher, and that of the validation
    // not.
    QCOMPARE(noted.series[series::kLoss].size(), plain.series[series::kLoss].size());
    for (const auto &[step, loss] : plain.series[series::kLoss])
        QVERIFY(std::abs(noted.series[series::kLoss].at(step) - loss - kTerm) < 1e-5);
    QVERIFY(noted.series[series::kValLoss] == plain.series[series::kValLoss]);
    QCOMPARE(noted.series[series::part("sequences")].size(), size_t(12));
    QCOMPARE(noted.series[series::part("sequences")].at(7), 4.0);
    QCOMPARE(plain.series.count(series::part("sequences")), size_t(0));
}

void TestTrainingPoints::howFullAMemoryIsPauses()
{
    const Registered head(nn::headModuleRegistry(),
                          [](nn::BuildContext &) { return std::make_unique<NotingHead>(); });
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    must(trainer->post({.verb = ControlVerb::Break, .setting = {"", "memory > 0.9"}}));
    Result<void> late = Error{ErrorCode::Internal, "", ""};
    recorder.afterReport = [&](int64_t step) {
        if (step != 3) return;
        late = trainer->post({.verb = ControlVerb::Break, .setting = {"", "memory > 0.7"}});
        must(trainer->post({.verb = ControlVerb::Unbreak, .setting = {"", "memory > 0.9"}}));
    };
    std::thread viewer([&] {
        RunStatus status;
        while ((status = trainer->status()).state != RunState::Paused) std::this_thread::yield();
        must(trainer->post({.verb = ControlVerb::Continue}));
    });
    const auto outcome = trainer->run();
    viewer.join();
    QCOMPARE(must(outcome), RunState::Finished);
    VERIFY_OK(late);
    QCOMPARE(recorder.count(EventKind::Warning), 0);
    QCOMPARE(recorder.count(EventKind::Breakpoint), 1);
    QCOMPARE(recorder.last(EventKind::Breakpoint)->step, int64_t(4));
    const std::string reason = "memory > 0.7: part/notes/occupancy was 0.7500";
    QVERIFY(std::any_of(recorder.statuses.begin(), recorder.statuses.end(), [&](const RunStatus &status) {
        return status.pauseReason == reason && status.pauseSeries == "part/notes/occupancy";
    }));
}

void TestTrainingPoints::accumulationWeighsWhatPartsLeave()
{
    RunSpec spec = smallRun();
    spec.train.accumulation = 3;
    spec.train.steps = 2;
    RunFixture fixture(spec);
    Recorder plain, noted;
    QCOMPARE(must(fixture.train(plain)), RunState::Finished);
    fixture.newRun("noted");
    const Registered head(nn::headModuleRegistry(),
                          [](nn::BuildContext &) { return std::make_unique<NotingHead>(); });
    QCOMPARE(must(fixture.train(noted)), RunState::Finished);
    for (const auto &[step, loss] : plain.series[series::kLoss]) {
        QVERIFY(std::abs(noted.series[series::kLoss].at(step) - loss - kTerm) < 1e-5);
        QVERIFY(std::abs(noted.series[series::part("sequences")].at(step) - 4.0) < 1e-5);
    }
}

void TestTrainingPoints::objectivesAreGuarded_data()
{
    QTest::addColumn<QString>("reason"); // empty: nothing is wrong
    QTest::newRow("good") << "";
    QTest::newRow("nothing") << "plugin \"bad\" failed: its factory made nothing";
    QTest::newRow("refuses") << "Not with this spec. Use another.";
    QTest::newRow("throws") << "plugin \"bad\" failed: it has no objective";
    QTest::newRow("measures") << "plugin \"bad\" failed: it measures nothing";
    QTest::newRow("sequences") << "its objective gave 5 sequences of 16 tokens, expected 4 of 16";
    QTest::newRow("ids") << "its objective gave 63 ids, expected 64";
    QTest::newRow("targets") << "its objective gave 65 targets, expected 64";
    QTest::newRow("mask") << "its objective gave 1 loss mask entries, expected 64";
    QTest::newRow("negative") << "its objective gave a token below 0";
}

void TestTrainingPoints::objectivesAreGuarded()
{
    QFETCH(QString, reason);
    const Registered objective(objectiveRegistry(),
                               objectiveThat(QString::fromLatin1(QTest::currentDataTag())));
    RunSpec spec = smallRun();
    spec.objective.name = "double";
    spec.train.steps = 1;
    RunFixture fixture(spec);
    Recorder recorder;
    const auto outcome = fixture.train(recorder);
    if (reason.isEmpty()) {
        VERIFY_OK(outcome);
        return;
    }
    const auto code = reason.startsWith("Not") ? ErrorCode::InvalidInput : ErrorCode::Unavailable;
    VERIFY_ERROR(outcome, code, reason.toUtf8().constData());
}

void TestTrainingPoints::optimisersAreGuarded()
{
    const nn::PluginGuard guard("bad");
    const auto optimizer = guardedPart(std::unique_ptr<Optimizer>(std::make_unique<BadOptimizer>()), guard);
    const auto reasonOf = [](auto &&call) -> QString {
        try {
            call();
        } catch (const nn::PluginFailure &failure) {
            return QString::fromUtf8(failure.what());
        }
        return {};
    };
    QCOMPARE(reasonOf([&] { optimizer->update({}); }), QString("plugin \"bad\" failed: it will not move"));
    QCOMPARE(reasonOf([&] { optimizer->setNumUpdates(1); }),
             QString("plugin \"bad\" failed: it cannot count"));
    QCOMPARE(reasonOf([&] { (void)optimizer->state(); }), QString("plugin \"bad\" failed: it has no state"));
    QCOMPARE(reasonOf([&] { (void)optimizer->numUpdates(); }),
             QString("plugin \"bad\" failed: it threw something that is no exception class"));
    QCOMPARE(reasonOf([&] { (void)guardedPart(std::unique_ptr<Optimizer>(), guard); }),
             QString("plugin \"bad\" failed: its factory made nothing"));
    const Registered registered(optimizerRegistry(),
                                [&](std::vector<nn::Parameter> &, const OptimizerSpec &) {
                                    return guardedPart(std::unique_ptr<Optimizer>(), guard);
                                });
    std::vector<nn::Parameter> parameters;
    OptimizerSpec spec;
    spec.name = "double";
    VERIFY_ERROR(makeOptimizer(parameters, spec), ErrorCode::Unavailable, "its factory made nothing");
}

void TestTrainingPoints::unknownNamesAreListed()
{
    std::vector<nn::Parameter> parameters;
    OptimizerSpec spec;
    spec.name = "lion";
    VERIFY_ERROR(makeOptimizer(parameters, spec), ErrorCode::InvalidInput,
                 "optimizer.name is \"lion\", expected one of adamw, muon.");
}

/// A plugin's library compares these with its own before it registers a part: see nn::EngineContext::findPointOf().
void TestTrainingPoints::aLibraryIsToldApartByWhatItsPartsAreHanded()
{
    QCOMPARE(nn::pointLayout<nn::FeedForward>(), uint64_t{0}); // what it is handed is in engineLayout()
    const std::set<uint64_t> layouts = {nn::pointLayout<Objective>(), nn::pointLayout<Optimizer>(),
                                        nn::pointLayout<Sampler>()};
    QCOMPARE(layouts.size(), size_t{3});
    QVERIFY(!layouts.contains(0));
    // One member more, or two types that change places, are another layout.
    QVERIFY(nn::hashedSizes({sizeof(ModelBatch), 8}) != nn::hashedSizes({sizeof(ModelBatch) + 8, 8}));
    QVERIFY(nn::hashedSizes({16, 8}) != nn::hashedSizes({8, 16}));
    // The program's own registries say the same as the headers.
    const PluginInfo none;
    nn::ScopedRegistry<Objective> objectives(objectiveRegistry(), none);
    nn::ScopedRegistry<Optimizer> optimizers(optimizerRegistry(), none);
    QCOMPARE(objectives.layout(), nn::pointLayout<Objective>());
    QCOMPARE(optimizers.layout(), nn::pointLayout<Optimizer>());
}

QTEST_GUILESS_MAIN(TestTrainingPoints)
#include "tst_training_points.moc"
