// SPDX-License-Identifier: Apache-2.0
// Frames of the prompts' attention: taken where they are due and affordable, told as series, and without any
// trace in what is trained.
#include "core/store/attention_frame_codec.h"
#include "core/train/frame_taker.h"
#include "tests/base/check_result.h"
#include "tests/train/run_fixture.h"

#include <ATen/record_function.h>
#include <QtTest>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cmath>
#include <set>

using namespace orrery;
using namespace orrery::test;

namespace {

RunSpec framedRun(int64_t every = 4)
{
    RunSpec spec = smallRun();
    spec.probes.framesEvery = every;
    spec.probes.budgetPercent = 100;
    return spec;
}

std::vector<int64_t> stepsOf(const Recorder &recorder, FrameKind kind, int32_t prompt)
{
    std::vector<int64_t> steps;
    for (const auto &[frame, bytes] : recorder.frames)
        if (frame.kind == kind && frame.prompt == prompt) steps.push_back(frame.step);
    return steps;
}

std::vector<int64_t> stepsOfSeries(Recorder &recorder, const std::string &name)
{
    std::vector<int64_t> steps;
    for (const auto &[step, value] : recorder.series[name]) steps.push_back(step);
    return steps;
}

struct Cost {
    int operations = 0, allocations = 0; ///< dispatched by LibTorch; of tensors' memory
    int64_t bytes = 0;                   ///< allocated, whatever was freed again
    bool operator==(const Cost &) const = default;
};
Cost g_cost; ///< since the last report

/// LibTorch tells it of each allocation on a thread that has it.
class AllocationCounter final : public c10::MemoryReportingInfoBase {
public:
    [[nodiscard]] bool memoryProfilingEnabled() const override { return true; }
    void reportMemoryUsage(void *, int64_t size, size_t, size_t, c10::Device) override
    {
        if (size <= 0) return; // freed
        ++g_cost.allocations;
        g_cost.bytes += size;
    }
};

/// What a step costs on the trainer's thread between two reports, by the step that it led to.
std::map<int64_t, Cost> costByStep(const RunSpec &spec)
{
    std::map<int64_t, Cost> costs;
    RunFixture fixture(spec);
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    recorder.afterReport = [&](int64_t step) { costs[step] = std::exchange(g_cost, {}); };
    const auto handle = at::addThreadLocalCallback(
        at::RecordFunctionCallback([](const at::RecordFunction &) -> std::unique_ptr<at::ObserverContext> {
            ++g_cost.operations;
            return nullptr;
        }).scopes({at::RecordScope::FUNCTION}));
    {
        const c10::DebugInfoGuard allocations(c10::DebugInfoKind::PROFILER_STATE,
                                              std::make_shared<AllocationCounter>());
        g_cost = {};
        must(trainer->run());
    }
    at::removeCallback(handle);
    return costs;
}

} // namespace

class TestFrames : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void areTakenWhereTheyAreDue();
    void holdWhatTheModelDoes();
    void promptsThatAreCutAreToldOf();
    void starredHeadsHaveMoreCells();
    void moreHeadsHaveFewerCells();
    void overviewsAreRarerThanStarredHeads();
    void theRhythmsChangeWhileItTrains();
    void headsThatAreNotThereAreRefused_data();
    void headsThatAreNotThereAreRefused();
    void starsChangeWhileItTrains();
    void theValidationTextIsLookedAt_data();
    void theValidationTextIsLookedAt();
    void summariesAreSeries();
    void thereIsRoomForSoManySeries();
    void anOverviewHasAsManyHeadsAsAFrame();
    void aThousandOverviewsFitTheirRoom();
    void lossesStayTheSame();
    void lossesStayTheSameAcrossAResume();
    void offCostsNothing();
    void withoutBudgetOnlyTheFirstAndTheLastAreTaken();
    void theCostIsShown();
    void theStoreKeepsThem();
};

void TestFrames::areTakenWhereTheyAreDue()
{
    RunFixture fixture(framedRun(5));
    Recorder recorder;
    must(fixture.train(recorder));
    const std::vector<int64_t> expected = {0, 1, 5, 10, 12};
    QCOMPARE(stepsOf(recorder, FrameKind::Overview, 0), expected);
    QCOMPARE(stepsOf(recorder, FrameKind::Overview, 1), expected);
    QCOMPARE(stepsOf(recorder, FrameKind::Overview, 2), expected); // the validation text
    QCOMPARE(recorder.frames.size(), size_t(15));
    QVERIFY(recorder.frames.front().first.wallTime > 1e9);
    // A resume goes on where the frames are.
    Recorder resumed;
    must(fixture.train(resumed, {}, 16));
    QCOMPARE(stepsOf(resumed, FrameKind::Overview, 0), (std::vector<int64_t>{15, 16}));
    QCOMPARE(resumed.frames.front().first.attempt, 1);
}

void TestFrames::holdWhatTheModelDoes()
{
    RunSpec spec = framedRun();
    spec.probes.prompts = {"line 16 of a text, which is more than the context", "", "li"};
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    std::vector<AttentionFrame> frames;
    for (const auto &[info, bytes] : recorder.frames) {
        frames.push_back(must(unpackFrame(bytes)));
        QCOMPARE(frames.back().step, info.step);
    }
    const AttentionFrame &first = frames[0];
    QCOMPARE(first.tokens.size(), size_t(16)); // the context
    QCOMPARE(first.tokens[3].bytes, std::string("e"));
    QCOMPARE(frames[1].tokens.size(), size_t(1)); // where samples begin without a prompt
    QCOMPARE(frames[1].tokens[0].bytes, std::string("\n"));
    QCOMPARE(frames[2].tokens.size(), size_t(2));
    QVERIFY(first.heads == (std::vector<HeadRef>{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
    QCOMPARE(first.edge(), int64_t(16));
    QCOMPARE(first.mean.size(), size_t(4 * 16 * 16));
    for (size_t row = 0; row < 4 * 16; ++row) {
        double sum = 0;
        for (size_t column = 0; column < 16; ++column) {
            const uint8_t cell = first.mean[row * 16 + column];
            sum += static_cast<double>(frameWeight(cell));
            if (column > row % 16) QCOMPARE(cell, uint8_t(0)); // nobody looks ahead
        }
        QVERIFY2(std::abs(sum - 1) < 0.05, qPrintable(QString::number(sum)));
    }
    QVERIFY(first.mean != frames[frames.size() - 4].mean); // it has learned
    QVERIFY(!first.candidates.empty());
}

void TestFrames::promptsThatAreCutAreToldOf()
{
    RunSpec spec = framedRun();
    spec.probes.prompts = {"line 16 of a text, which is more than the context", "exactly sixteen.",
                           "seventeen tokens!"};
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    std::vector<std::string> warnings;
    for (const RunEvent &event : recorder.events)
        if (event.kind == EventKind::Warning) warnings.push_back(event.text);
    QCOMPARE(warnings.size(), size_t(2)); // each once, however many frames are taken
    QCOMPARE(warnings[0],
             std::string("The probe prompt \"line 16 of a text, which is more than the context\" has 49 "
                         "tokens, expected at most the model's context of 16: its frames show the first "
                         "16, and its samples go on from the last 16. Shorten it in probes.prompts."));
    QVERIFY(warnings[1].starts_with("The probe prompt \"seventeen tokens!\" has 17 tokens"));
    spec.probes.prompts = {std::string(400, 'x')};
    RunFixture longer(spec);
    Recorder other;
    must(longer.train(other));
    QVERIFY(other.last(EventKind::Warning)->text.find(std::string(60, 'x') + "…\" has 400 tokens") !=
            std::string::npos);
}

void TestFrames::starredHeadsHaveMoreCells()
{
    RunSpec spec = framedRun();
    spec.model.context = 64;
    spec.model.layers = 8;
    spec.model.width = 64;
    spec.model.heads = 32;
    spec.train.steps = 4;
    spec.probes.prompts = {std::string(64, 'x')};
    spec.probes.starred = {"1.1", "0.0", "1.1"};
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    QCOMPARE(stepsOf(recorder, FrameKind::Heads, 0), (std::vector<int64_t>{0, 1, 4}));
    for (const auto &[info, bytes] : recorder.frames) {
        const AttentionFrame frame = must(unpackFrame(bytes));
        if (info.kind == FrameKind::Overview) {
            QCOMPARE(frame.edge(), int64_t(32));
            QCOMPARE(frame.heads.size(), size_t(256));
            QVERIFY(!frame.maximum.empty());
        } else {
            QCOMPARE(frame.edge(), int64_t(64));
            QVERIFY(frame.heads == (std::vector<HeadRef>{{1, 1}, {0, 0}}));
            QVERIFY(frame.maximum.empty());
        }
    }
}

void TestFrames::moreHeadsHaveFewerCells()
{
    for (const auto &[numHeads, edge] : std::vector<std::pair<int64_t, int64_t>>{
             {1, 128}, {16, 128}, {36, 85}, {64, 64}, {144, 42}, {384, 26}, {4096, 16}})
        QCOMPARE(FrameTaker::overviewEdge(numHeads), edge);
    // A text of 64 tokens has a cell for each pair.
    RunSpec spec = framedRun();
    spec.model.context = 64;
    spec.train.steps = 1;
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    const AttentionFrame frame = must(unpackFrame(recorder.frames.back().second));
    QCOMPARE(frame.tokens.size(), size_t(64));
    QCOMPARE(frame.edge(), int64_t(64));
    QVERIFY(frame.maximum.empty());
}

void TestFrames::overviewsAreRarerThanStarredHeads()
{
    RunSpec spec = framedRun(2);
    spec.probes.overviewEvery = 5;
    spec.probes.starred = {"0.1"};
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    const std::vector<int64_t> rare = {0, 1, 5, 10, 12}, often = {0, 1, 2, 4, 6, 8, 10, 12};
    for (const int prompt : {0, 2}) {
        QCOMPARE(stepsOf(recorder, FrameKind::Overview, prompt), rare);
        QCOMPARE(stepsOf(recorder, FrameKind::Heads, prompt), often);
    }
    // Each head tells its numbers with the frames that are its own.
    for (const char *what : {"entropy", "change"}) {
        QCOMPARE(stepsOfSeries(recorder, std::string("head/0.0/") + what),
                 std::vector<int64_t>(rare.begin() + 1, rare.end()));
        QCOMPARE(stepsOfSeries(recorder, std::string("head/0.1/") + what),
                 std::vector<int64_t>(often.begin() + 1, often.end()));
    }
    QVERIFY(recorder.series["head/0.1/change"][10] > 0);
    // Without starred heads their rhythm is nobody's.
    spec.probes.starred.clear();
    RunFixture bare(spec);
    Recorder overviews;
    must(bare.train(overviews));
    QCOMPARE(stepsOf(overviews, FrameKind::Overview, 0), rare);
    QCOMPARE(overviews.frames.size(), 3 * rare.size());
    QCOMPARE(overviews.series[series::kLoss], recorder.series[series::kLoss]);
    spec.probes.framesEvery = 0; // none at all
    RunFixture off(spec);
    Recorder nothing;
    must(off.train(nothing));
    QVERIFY(nothing.frames.empty());
}

void TestFrames::theRhythmsChangeWhileItTrains()
{
    RunSpec spec = framedRun(2);
    spec.probes.starred = {"0.1"};
    spec.probes.overviewEvery = 0;
    RunFixture fixture(spec);
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    VERIFY_ERROR(trainer->post({.verb = ControlVerb::Set, .setting = {"probes.overview_every", "-2"}}),
                 ErrorCode::InvalidInput, "probes.overview_every");
    recorder.afterReport = [&](int64_t step) {
        if (step == 3) must(trainer->post({.verb = ControlVerb::Set, .setting = {"probes.overview_every", "9"}}));
        if (step == 9) must(trainer->post({.verb = ControlVerb::Set, .setting = {"probes.overview_every", "0"}}));
    };
    must(trainer->run());
    QCOMPARE(stepsOf(recorder, FrameKind::Overview, 0), (std::vector<int64_t>{0, 1, 2, 9, 10, 12}));
    QCOMPARE(stepsOf(recorder, FrameKind::Heads, 0), (std::vector<int64_t>{0, 1, 2, 4, 6, 8, 10, 12}));
}

void TestFrames::headsThatAreNotThereAreRefused_data()
{
    QTest::addColumn<QString>("star");
    QTest::addColumn<QString>("reason");
    QTest::newRow("layer")
        << "2.0"
        << "\"2.0\" is a head that the model does not have, expected layer.head from 0.0 to 1.1";
    QTest::newRow("head") << "0.2"
                          << "\"0.2\" is a head that the model does not have";
    QTest::newRow("no head") << "first"
                             << "\"first\" is no head";
}

void TestFrames::headsThatAreNotThereAreRefused()
{
    QFETCH(QString, star);
    QFETCH(QString, reason);
    RunSpec spec = framedRun();
    spec.probes.starred = {"1.0", star.toStdString()};
    RunFixture starred(spec), fixture(framedRun());
    Recorder recorder;
    VERIFY_ERROR(starred.make(recorder), ErrorCode::InvalidInput, reason.toUtf8().constData());
    auto trainer = must(fixture.make(recorder));
    VERIFY_ERROR(trainer->post({.verb = ControlVerb::Set, .setting = {kStarredKey, star.toStdString()}}),
                 ErrorCode::InvalidInput, reason.toUtf8().constData());
}

void TestFrames::starsChangeWhileItTrains()
{
    RunFixture fixture(framedRun());
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    recorder.afterReport = [&](int64_t step) {
        if (step == 5) must(trainer->post({.verb = ControlVerb::Set, .setting = {kStarredKey, "1.0"}}));
        if (step == 9)
            must(trainer->post({.verb = ControlVerb::Set, .setting = {"probes.frames_every", "0"}}));
    };
    must(trainer->run());
    QCOMPARE(stepsOf(recorder, FrameKind::Heads, 0), std::vector<int64_t>{8});
    // All heads every four steps while none is starred, then every twenty.
    QCOMPARE(stepsOf(recorder, FrameKind::Overview, 0), (std::vector<int64_t>{0, 1, 4}));
}

void TestFrames::theValidationTextIsLookedAt_data()
{
    QTest::addColumn<int>("numPrompts");
    QTest::newRow("without prompts") << 0;
    QTest::newRow("behind the prompts") << 2;
}

void TestFrames::theValidationTextIsLookedAt()
{
    QFETCH(const int, numPrompts);
    RunSpec spec = framedRun();
    spec.probes.prompts.resize(static_cast<size_t>(numPrompts), "line");
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    const auto &[info, bytes] = recorder.frames[static_cast<size_t>(numPrompts)];
    QCOMPARE(info.prompt, numPrompts);
    const AttentionFrame frame = must(unpackFrame(bytes));
    QCOMPARE(frame.tokens.size(), size_t(16));
    std::vector<int32_t> ids(16);
    fixture.shards->read(Split::Validation, 0, 16, ids.data());
    for (size_t i = 0; i < ids.size(); ++i) QCOMPARE(frame.tokens[i].id, ids[i]);
}

void TestFrames::summariesAreSeries()
{
    RunFixture fixture(framedRun());
    Recorder recorder;
    must(fixture.train(recorder));
    for (const std::string &name : headSeriesNames(fixture.run->frozen().spec.model)) {
        // Step 0 has no report; change compares with the frame before, which is there at step 1.
        QCOMPARE(stepsOfSeries(recorder, name), (std::vector<int64_t>{1, 4, 8, 12}));
        for (const auto &[step, value] : recorder.series[name]) QVERIFY(std::isfinite(value) && value >= 0);
    }
    QVERIFY(recorder.series["head/0.0/change"][8] > 0);
    QVERIFY(recorder.series["head/1.1/entropy"][4] < std::log(16));
    const AttentionFrame last = must(unpackFrame(recorder.frames.back().second));
    QCOMPARE(recorder.series["head/1.0/distance"][12], last.summaries[2].distance);
    QCOMPARE(recorder.series["head/1.0/first"][12], last.summaries[2].firstMass);
    // What is told with the step's own numbers is one report.
    QCOMPARE(recorder.series[series::kLoss].size(), size_t(12));
}

void TestFrames::thereIsRoomForSoManySeries()
{
    ModelSpec model;
    model.layers = 100;
    model.heads = 8;
    QCOMPARE(headSeriesNames(model).size(), kMaxHeadSeries);
    QCOMPARE(FrameTaker::numHeadsWithoutSeries(model), int64_t(50));
    model.layers = 93;
    QCOMPARE(headSeriesNames(model).size(), size_t(93 * 8 * 4));
    QCOMPARE(FrameTaker::numHeadsWithoutSeries(model), int64_t(0));
    // A model with more heads than that says so, once.
    RunSpec spec = framedRun();
    spec.model.layers = 47;
    spec.model.width = 32;
    spec.model.heads = 16;
    spec.train.steps = 4;
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    QCOMPARE(recorder.count(EventKind::Warning), 1);
    QVERIFY(recorder.last(EventKind::Warning)->text.starts_with("Series of 2 heads are left out"));
    std::set<std::string> names;
    for (const auto &[name, values] : recorder.series)
        if (name.starts_with("head/")) names.insert(name);
    QCOMPARE(names.size(), kMaxHeadSeries);
}

void TestFrames::anOverviewHasAsManyHeadsAsAFrame()
{
    ModelSpec model;
    model.layers = 64;
    model.heads = 64;
    QVERIFY(FrameTaker::overviewHeads(model).empty()); // all of them
    model.layers = 65;
    const std::vector<HeadRef> heads = FrameTaker::overviewHeads(model);
    QCOMPARE(heads.size(), static_cast<size_t>(kMaxFrameHeads));
    QVERIFY(heads.front() == (HeadRef{0, 0}) && heads.back() == (HeadRef{63, 63}));
    model.layers = 4097;
    model.heads = 1;
    QVERIFY(FrameTaker::overviewHeads(model).back() == (HeadRef{4095, 0}));
}

void TestFrames::aThousandOverviewsFitTheirRoom()
{
    // The shape and the prompts of a new run; bytes hardly depend on what it has learned.
    RunSpec spec;
    const ProbesSpec probes = spec.probes;
    spec.train.steps = 1;
    spec.train.batchSize = 1;
    spec.train.evalTokens = 256;
    spec.probes.every = 0;
    spec.probes.budgetPercent = 100;
    spec.data.specialTokens = "none";
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    uint64_t numBytes = 0;
    for (const auto &[info, bytes] : recorder.frames)
        if (info.step == 1) numBytes += bytes.size();
    QVERIFY(numBytes > 0);
    qInfo("a round of overviews of %lld heads takes %llu bytes",
          static_cast<long long>(spec.model.layers * spec.model.heads),
          static_cast<unsigned long long>(numBytes));
    QVERIFY(1000 * numBytes <= static_cast<uint64_t>(probes.framesMegabytes) * 1'000'000);
}

void TestFrames::lossesStayTheSame()
{
    RunSpec spec = framedRun(1);
    spec.model.dropout = 0.2;
    spec.probes.starred = {"0.1"};
    spec.probes.overviewEvery = 0;
    RunFixture framed(spec);
    spec.probes.framesEvery = 0;
    RunFixture plain(spec);
    Recorder expected, recorder;
    must(plain.train(expected));
    must(framed.train(recorder));
    QVERIFY(expected.frames.empty());
    QCOMPARE(recorder.frames.size(), size_t(13 * 3 * 2));
    QCOMPARE(recorder.series[series::kLoss], expected.series[series::kLoss]);
    QCOMPARE(recorder.series[series::kGradNorm], expected.series[series::kGradNorm]);
    QCOMPARE(recorder.series[series::kValLoss], expected.series[series::kValLoss]);
}

void TestFrames::lossesStayTheSameAcrossAResume()
{
    struct Killed {};
    RunFixture framed(framedRun(1)), plain;
    Recorder expected, cut, resumed;
    must(plain.train(expected));
    cut.afterReport = [](int64_t step) {
        if (step == 6) throw Killed();
    };
    {
        auto trainer = must(framed.make(cut));
        try {
            static_cast<void>(trainer->run()); // the exception may come out as an error
        } catch (const Killed &) {
        }
    }
    must(framed.train(resumed));
    QCOMPARE(resumed.series[series::kLoss].begin()->first, int64_t(5));
    for (const auto &[step, loss] : expected.series[series::kLoss])
        QCOMPARE(step < 5 ? cut.series[series::kLoss][step] : resumed.series[series::kLoss][step], loss);
    // A frame is a function of the weights.
    const auto bytesAt = [](const Recorder &recorder, int64_t step) {
        for (const auto &[info, bytes] : recorder.frames)
            if (info.step == step) return bytes;
        return std::string();
    };
    QVERIFY(!bytesAt(cut, 5).empty());
    QVERIFY(bytesAt(cut, 5) == bytesAt(resumed, 5));
}

void TestFrames::offCostsNothing()
{
    RunSpec spec = framedRun(0);
    spec.train.evalEvery = spec.train.checkpointEvery = 1000;
    const auto off = costByStep(spec);
    spec.probes.framesEvery = 5;
    const auto on = costByStep(spec);
    const Cost step = off.at(7), frames = on.at(5);
    qInfo("a step: %d operations, %d allocations, %lld bytes; with frames: %d, %d, %lld", step.operations,
          step.allocations, static_cast<long long>(step.bytes), frames.operations, frames.allocations,
          static_cast<long long>(frames.bytes));
    QVERIFY(step.operations > 50 && step.allocations > 50);
    for (const int64_t number : {3, 5, 7, 8, 9, 11}) {
        QVERIFY(off.at(number) == step);               // every step is alike
        QVERIFY(number == 5 || on.at(number) == step); // and one without a frame costs nothing either
    }
    QVERIFY(frames.operations > step.operations && frames.allocations > step.allocations &&
            frames.bytes > step.bytes); // the counters see them
}

void TestFrames::withoutBudgetOnlyTheFirstAndTheLastAreTaken()
{
    RunSpec spec = framedRun(1);
    spec.probes.budgetPercent = 0;
    RunFixture fixture(spec);
    Recorder recorder;
    must(fixture.train(recorder));
    QCOMPARE(stepsOf(recorder, FrameKind::Overview, 0), (std::vector<int64_t>{0, 12}));
}

void TestFrames::theCostIsShown()
{
    RunSpec spec = framedRun(1);
    spec.train.steps = 4000; // beyond the second that figures are taken over
    spec.train.checkpointEvery = spec.train.evalEvery = 4000;
    RunFixture fixture(spec);
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    recorder.afterReport = [&](int64_t) {
        if (!recorder.series[series::kViewerPercent].empty())
            must(trainer->post({.verb = ControlVerb::Stop}));
    };
    must(trainer->run());
    QVERIFY(recorder.series[series::kViewerPercent].begin()->second > 1);
}

void TestFrames::theStoreKeepsThem()
{
    RunFixture fixture(framedRun());
    auto writer = must(RunWriter::open(fixture.run->path()));
    Recorder recorder;
    recorder.writer = writer.get();
    auto trainer = must(fixture.make(recorder, {.lastFrameId = [&] { return writer->lastFrameId(); }}));
    must(trainer->run());
    must(writer->flush());
    QCOMPARE(trainer->status().lastFrameId, int64_t(15));
    auto reader = must(RunReader::open(fixture.run->path()));
    const auto list = must(reader->frames({.kind = FrameKind::Overview, .prompt = 1}));
    QCOMPARE(list.size(), size_t(5));
    for (const FrameInfo &frame : list)
        QCOMPARE(must(unpackFrame(must(reader->frameBytes(frame.id)))).step, frame.step);
    QCOMPARE(must(reader->query({.series = "head/1.1/change"})).size(), size_t(4));
}

QTEST_GUILESS_MAIN(TestFrames)
#include "tst_frames.moc"
