// SPDX-License-Identifier: Apache-2.0
// Questions to a running training are answered at its boundaries, always, and change nothing.
#include "core/spec/kept_prompt.h"
#include "core/train/live_question.h"
#include "tests/base/check_result.h"
#include "tests/train/run_fixture.h"

#include <QtTest>

#include <thread>

using namespace orrery;
using namespace orrery::test;

namespace {

std::shared_ptr<LiveInspection> question(const std::string &prompt = "line 4")
{
    auto inspection = std::make_shared<LiveInspection>();
    inspection->request.input.prompt = prompt;
    return inspection;
}

const Result<InspectReport> &answerTo(const std::shared_ptr<LiveInspection> &inspection)
{
    inspection->isAnswered.wait(false, std::memory_order_acquire);
    return inspection->answer;
}

RunSpec runWithBudget(double percent)
{
    RunSpec spec = smallRun();
    spec.probes.budgetPercent = percent;
    return spec;
}

} // namespace

/// Time that only the test moves: a step takes a second, every look inside what the test says.
struct CountedTime {
    double now = 0;
    double perRead = 0; ///< the clock is read when a look begins, when it ends, and when one is considered
    [[nodiscard]] TrainingOptions options()
    {
        TrainingOptions options;
        options.clock = [this] { return now += perRead; };
        return options;
    }
};

/// Samples that take as long as the test says.
struct SampleRecorder : Recorder {
    explicit SampleRecorder(CountedTime &clock) : time(clock) {}
    void onEvent(const RunEvent &event) override
    {
        Recorder::onEvent(event);
        if (event.kind == EventKind::Paused) time.now += pauseSeconds;
        if (event.kind != EventKind::Sample) return;
        time.now += sampleSeconds; // told between the two times that a round is measured by
        sampled.push_back(event.step);
    }
    CountedTime &time;
    double sampleSeconds = 0, pauseSeconds = 0;
    std::vector<int64_t> sampled;
};

RunSpec sampledRun(double percent)
{
    RunSpec spec = runWithBudget(percent);
    spec.train.steps = 40;
    spec.train.evalEvery = spec.train.checkpointEvery = 1000;
    spec.probes.prompts = {"line"};
    spec.probes.every = 1;
    spec.probes.maxTokens = 1;
    return spec;
}

class TestLiveInspection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isAnsweredWhileItTrains();
    void isAnsweredAtOnceWhilePaused();
    void changesNoLoss();
    void mistakesAreNamed();
    void whatIsNotTextIsRefused();
    void keptPromptsAreAskedForByTheirNumbers();
    void onlyARequestWithoutATextNamesAKeptPrompt();
    void withoutBudgetItWaitsForAPause();
    void framesDoNotTakeTheBudgetFromIt();
    void dearSamplesDoNotKeepItWaiting();
    void starredHeadsLeaveRoomForTheOverview();
    void questionsPutOffSamples();
    void timeOfAPauseEarnsNothing();
    void cancelledOnesAreDropped();
    void withABudgetOfNothingItIsRefused();
    void aBookIsRefused();
    void aLongerTextIsSeenThroughItsWindow();
    void itHasNoMemoryToGive();
    void anEndedRunSaysSo();
    void aTrainingThatNeverRanSaysSo();
    void nothingStaysUnanswered();
    void tooManyAtOnceAreRefused();
};

void TestLiveInspection::isAnsweredWhileItTrains()
{
    RunFixture fixture(runWithBudget(100));
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    const auto asked = question();
    asked->request.heads = {{1, 0}};
    recorder.afterReport = [&](int64_t step) {
        if (step == 5) must(trainer->inspect(asked));
    };
    QCOMPARE(must(trainer->run()), RunState::Finished);
    QVERIFY(asked->isAnswered);
    VERIFY_OK(asked->answer);
    const InspectReport &report = *asked->answer;
    QCOMPARE(report.model, std::string("run@live"));
    QCOMPARE(report.step, int64_t(5)); // at the very next boundary
    // Told before each layer; the last one is left standing.
    QCOMPARE(asked->progress.get(), (InspectPassAmount{report.layers, report.layers, 1, 1}));
    QCOMPARE(question()->progress.get(), InspectPassAmount{});
    QCOMPARE(report.tokens.size(), size_t(6));
    QCOMPARE(report.tokens[0].bytes, std::string("l"));
    QCOMPARE(report.summaries.size(), size_t(4));
    QCOMPARE(report.overview.size(), size_t(4));
    QCOMPARE(report.maps.size(), size_t(1));
}

void TestLiveInspection::isAnsweredAtOnceWhilePaused()
{
    RunFixture fixture(runWithBudget(0)); // which a pause does not ask for
    Recorder recorder;
    auto trainer = must(fixture.make(recorder, {.startPaused = true}));
    std::string problem;
    std::thread viewer([&] {
        for (int i = 0; i < 3; ++i) {
            const auto asked = question();
            must(trainer->inspect(asked));
            const auto &report = answerTo(asked);
            if (!report || report->step != 0) problem = report ? "wrong step" : report.error().text();
        }
        must(trainer->post({.verb = ControlVerb::Stop}));
    });
    const auto outcome = trainer->run();
    viewer.join();
    QCOMPARE(qtext(problem), QString());
    QCOMPARE(must(outcome), RunState::Stopped);
}

void TestLiveInspection::changesNoLoss()
{
    RunFixture fixture(runWithBudget(100)), unwatched;
    Recorder recorder, expected;
    must(unwatched.train(expected));
    auto trainer = must(fixture.make(recorder));
    std::vector<std::shared_ptr<LiveInspection>> asked;
    recorder.afterReport = [&](int64_t) {
        asked.push_back(question());
        asked.back()->request.wantsLens = true;
        asked.back()->request.wantsAttribution = true;
        asked.back()->request.ablated = {{0, 1}};
        must(trainer->inspect(asked.back()));
    };
    must(trainer->run());
    QCOMPARE(asked.size(), size_t(12));
    VERIFY_OK(asked[3]->answer);
    QVERIFY(!asked[3]->answer->lens.empty() && !asked[3]->answer->attribution.empty());
    QCOMPARE(recorder.series[series::kLoss], expected.series[series::kLoss]);
    QCOMPARE(recorder.series[series::kGradNorm], expected.series[series::kGradNorm]);
}

void TestLiveInspection::mistakesAreNamed()
{
    RunFixture fixture(runWithBudget(100));
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    const auto noHead = question();
    noHead->request.heads = {{7, 0}};
    recorder.afterReport = [&](int64_t step) {
        if (step == 4) must(trainer->inspect(noHead));
    };
    must(trainer->run());
    VERIFY_ERROR(noHead->answer, ErrorCode::InvalidInput, "7");
}

void TestLiveInspection::whatIsNotTextIsRefused()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    const auto media = question(), chat = question(), hole = question(), prefix = question();
    prefix->request.input.mask = "prefix";
    media->request.input.media.push_back({"bytes", "cat.png", 0});
    chat->request.input.messages.push_back({"user", "hello"});
    hole->request.input.infill = "behind";
    VERIFY_ERROR(trainer->inspect(media), ErrorCode::InvalidInput, "the request has pictures or recordings");
    VERIFY_ERROR(trainer->inspect(chat), ErrorCode::InvalidInput, "the request has a conversation");
    VERIFY_ERROR(trainer->inspect(hole), ErrorCode::InvalidInput, "the request has a hole to fill");
    VERIFY_ERROR(trainer->inspect(prefix), ErrorCode::InvalidInput, "the request has a mask of its own");
    QVERIFY(trainer->inspect(media).error().hint.find("asked for by their numbers") != std::string::npos);
    QVERIFY(!media->isAnswered);
}

void TestLiveInspection::keptPromptsAreAskedForByTheirNumbers()
{
    RunSpec spec = runWithBudget(0);
    spec.probes.prompts = {"line 4 of more than sixteen tokens", "li"};
    RunFixture fixture(spec);
    Recorder recorder;
    auto trainer = must(fixture.make(recorder, {.startPaused = true})); // all are answered at step 0
    std::vector<std::shared_ptr<LiveInspection>> asked;
    for (const int32_t number : {0, 1, 2, 3}) {
        asked.push_back(question({}));
        asked.back()->request.input = keptPrompt(number);
        must(trainer->inspect(asked.back()));
    }
    const auto same = question("li");
    must(trainer->inspect(same));
    std::thread viewer([&] {
        (void)answerTo(same);
        must(trainer->post({.verb = ControlVerb::Stop}));
    });
    const auto outcome = trainer->run();
    viewer.join();
    must(outcome);
    const auto textOf = [](const LiveInspection &inspection) {
        std::string text;
        for (const InspectedToken &token : inspection.answer->tokens) text += token.bytes;
        return text;
    };
    for (size_t i = 0; i < 3; ++i) VERIFY_OK(asked[i]->answer);
    QCOMPARE(textOf(*asked[0]), std::string("line 4 of more t")); // as its frames have it
    QCOMPARE(textOf(*asked[1]), std::string("li"));
    QCOMPARE(asked[1]->answer->candidates[0].probability, same->answer->candidates[0].probability);
    QCOMPARE(textOf(*asked[2]).size(), size_t(16)); // the validation text
    VERIFY_ERROR(
        asked[3]->answer, ErrorCode::NotFound,
        "Cannot look at the kept prompt 3: the training has none of that number, expected one of 0, 1, 2.");
}

void TestLiveInspection::onlyARequestWithoutATextNamesAKeptPrompt()
{
    QCOMPARE(keptPromptNumber(keptPrompt(17)).value_or(-1), 17);
    for (const char *source :
         {"", "probe", "probe:", "probe:x", "probe:1x", "probe:-1", "probe:99999999999", "chat"}) {
        GenerateRequest request;
        request.source = source;
        QVERIFY2(!keptPromptNumber(request), source);
    }
    GenerateRequest request = keptPrompt(1);
    request.answerIds = {7}; // of an answer to it
    QCOMPARE(keptPromptNumber(request).value_or(-1), 1);
    request.prompt = "a text that is called so";
    QVERIFY(!keptPromptNumber(request));
    request = keptPrompt(1);
    request.media = {{"bytes", "a.png", 0}};
    QVERIFY(!keptPromptNumber(request));
}

void TestLiveInspection::withoutBudgetItWaitsForAPause()
{
    RunFixture fixture(runWithBudget(1e-6));
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    const auto first = question(), second = question();
    recorder.afterReport = [&](int64_t step) {
        if (step == 2) must(trainer->inspect(first)); // nothing was spent yet
        if (step == 3) must(trainer->inspect(second));
        if (step == 9) {
            if (second->isAnswered) qFatal("answered beyond the budget");
            must(trainer->post({.verb = ControlVerb::Pause}));
        }
    };
    std::thread viewer([&] {
        static_cast<void>(answerTo(second));
        must(trainer->post({.verb = ControlVerb::Continue}));
    });
    const auto outcome = trainer->run();
    viewer.join();
    QCOMPARE(must(outcome), RunState::Finished);
    QCOMPARE(first->answer->step, int64_t(2));
    QCOMPARE(second->answer->step, int64_t(9));
}

void TestLiveInspection::framesDoNotTakeTheBudgetFromIt()
{
    RunSpec spec = runWithBudget(30);
    spec.probes.framesEvery = 1;
    spec.train.steps = 20'000; // it is stopped long before
    spec.train.evalEvery = spec.train.checkpointEvery = 20'000;
    RunFixture fixture(spec);
    struct : Recorder {
        void onFrame(const FrameInfo &frame, std::string) override
        {
            // It has been waiting since the boundary before.
            numTakenFirst += asked && !asked->isAnswered && frame.step > askedStep;
        }
        std::shared_ptr<LiveInspection> asked;
        int64_t askedStep = 0;
        int numTakenFirst = 0;
    } recorder;
    auto trainer = must(fixture.make(recorder));
    int numAnswered = 0;
    recorder.afterReport = [&](int64_t step) {
        if (recorder.asked && !recorder.asked->isAnswered) return;
        if (recorder.asked) numAnswered += recorder.asked->answer.ok();
        if (numAnswered == 5) return must(trainer->post({.verb = ControlVerb::Stop}));
        recorder.askedStep = step;
        must(trainer->inspect(recorder.asked = question()));
    };
    QCOMPARE(must(trainer->run()), RunState::Stopped);
    QCOMPARE(numAnswered, 5);
    QCOMPARE(recorder.numTakenFirst, 0);
}

void TestLiveInspection::dearSamplesDoNotKeepItWaiting()
{
    RunFixture fixture(sampledRun(2));
    CountedTime time;
    SampleRecorder recorder(time);
    recorder.sampleSeconds = 1000; // 50,000 steps to earn
    auto trainer = must(fixture.make(recorder, time.options()));
    const auto first = question(), second = question();
    recorder.afterReport = [&](int64_t step) {
        time.now += 1;
        if (step == 5) must(trainer->inspect(first));
        if (step == 6) must(trainer->inspect(second));
    };
    QCOMPARE(must(trainer->run()), RunState::Finished);
    QCOMPARE(recorder.sampled, (std::vector<int64_t>{1, 40})); // the last one is always drawn
    QCOMPARE(first->answer->step, int64_t(5));                 // at the very next boundary
    QCOMPARE(second->answer->step, int64_t(6));                // which cost nothing by this clock
}

void TestLiveInspection::starredHeadsLeaveRoomForTheOverview()
{
    RunSpec spec = sampledRun(8);
    spec.train.steps = 200;
    spec.probes.every = 0;
    spec.probes.framesEvery = 1;
    spec.probes.overviewEvery = 20;
    spec.probes.starred = {"0.1"};
    RunFixture fixture(spec);
    CountedTime time{.now = 0, .perRead = 0.4};
    Recorder recorder;
    auto trainer = must(fixture.make(recorder, time.options()));
    recorder.afterReport = [&](int64_t) { time.now += 1; };
    must(trainer->run());
    std::vector<int64_t> overviews;
    size_t numStarred = 0;
    for (const auto &[info, bytes] : recorder.frames) {
        if (info.prompt != 0) continue;
        numStarred += info.kind == FrameKind::Heads;
        if (info.kind == FrameKind::Overview && info.step > 1) overviews.push_back(info.step);
    }
    // Each one that is due, though the starred heads take all that is left.
    QCOMPARE(overviews, (std::vector<int64_t>{20, 40, 60, 80, 100, 120, 140, 160, 180, 200}));
    QVERIFY2(numStarred > 40 && numStarred < 190, qPrintable(QString::number(numStarred)));
}

void TestLiveInspection::questionsPutOffSamples()
{
    RunFixture fixture(sampledRun(25));
    CountedTime time;
    SampleRecorder recorder(time);
    auto trainer = must(fixture.make(recorder, time.options()));
    const auto first = question(), second = question();
    recorder.afterReport = [&](int64_t step) {
        time.now += 1;
        // Samples take no time but for those of step 3, and looks none but for the first.
        recorder.sampleSeconds = step == 3 ? 10 : 0;
        time.perRead = step == 5 ? 2 : 0;
        if (step == 5) must(trainer->inspect(first));
        if (step == 6) must(trainer->inspect(second));
    };
    QCOMPARE(must(trainer->run()), RunState::Finished);
    QCOMPARE(first->answer->step, int64_t(5));
    // It ended at 23 s and took 2: another one at 31 s, which is behind step 13.
    QCOMPARE(second->answer->step, int64_t(13));
    // 12 s were spent in all: the next samples at 48 s.
    const auto next = std::upper_bound(recorder.sampled.begin(), recorder.sampled.end(), int64_t(3));
    QVERIFY(next != recorder.sampled.end());
    QCOMPARE(*next, int64_t(30));
}

void TestLiveInspection::timeOfAPauseEarnsNothing()
{
    RunFixture fixture(sampledRun(2));
    CountedTime time;
    SampleRecorder recorder(time);
    recorder.sampleSeconds = 10;
    auto trainer = must(fixture.make(recorder, time.options()));
    recorder.afterReport = [&](int64_t step) {
        time.now += 1;
        if (step == 3) must(trainer->post({.verb = ControlVerb::Pause}));
    };
    recorder.pauseSeconds = 1e6;
    std::thread viewer([&] {
        while (trainer->status().state != RunState::Paused) std::this_thread::yield();
        must(trainer->post({.verb = ControlVerb::Continue}));
    });
    const auto outcome = trainer->run();
    viewer.join();
    QCOMPARE(must(outcome), RunState::Finished);
    QCOMPARE(recorder.sampled, (std::vector<int64_t>{1, 40}));
}

void TestLiveInspection::withABudgetOfNothingItIsRefused()
{
    RunFixture fixture(runWithBudget(0));
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    const auto asked = question();
    recorder.afterReport = [&](int64_t step) {
        if (step == 2) must(trainer->inspect(asked));
    };
    must(trainer->run());
    VERIFY_ERROR(asked->answer, ErrorCode::Unavailable, "probes.budget_percent is 0, expected more");
}

void TestLiveInspection::aBookIsRefused()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    const auto book = question(std::string(kMaxLiveBytes + 1, 'x'));
    VERIFY_ERROR(trainer->inspect(book), ErrorCode::InvalidInput,
                 "Cannot look inside run \"run\" while it trains: the text has 1048577 bytes, expected at "
                 "most 1048576");
    const auto ids = question({}), cut = question(std::string(kMaxLiveTokens + 1, 'x'));
    ids->request.input.promptIds.assign(kMaxLiveTokens, 'a');
    ids->request.input.answerIds.assign(1, 'a');
    for (const auto &asked : {ids, cut}) {
        VERIFY_ERROR(trainer->inspect(asked), ErrorCode::InvalidInput,
                     "the text has 65537 tokens, expected at most 65536");
        QVERIFY(!asked->isAnswered);
    }
    QVERIFY(trainer->inspect(book).error().hint.find("Shorten the text") != std::string::npos);
}

/// As a saved step answers: by what the model had before it at the token that is asked about.
void TestLiveInspection::aLongerTextIsSeenThroughItsWindow()
{
    const std::string text = "more text than the context of this model has room for";
    RunFixture fixture(runWithBudget(100)), plain;
    Recorder recorder, expected;
    must(plain.train(expected));
    auto trainer = must(fixture.make(recorder, {.startPaused = true})); // all of the same weights
    const auto last = question(text), tail = question(text.substr(37)), inside = question({}),
               training = question(text);
    inside->request.input.promptIds.assign(text.begin(), text.begin() + 20);
    inside->request.input.answerIds.assign(text.begin() + 20, text.end());
    inside->request.token = 22;
    for (const auto &asked : {last, tail, inside}) {
        asked->request.wantsAttribution = true;
        asked->request.heads = {{1, 0}};
    }
    const auto outside = question(text);
    outside->request.rows = {0, 8};
    VERIFY_ERROR(trainer->inspect(outside), ErrorCode::InvalidInput,
                 "the rows are 0 to 8, expected some of the tokens 37 to 52");
    recorder.afterReport = [&](int64_t step) {
        if (step == 6) must(trainer->inspect(training));
    };
    std::thread viewer([&] {
        for (const auto &asked : {last, tail, inside}) {
            must(trainer->inspect(asked));
            answerTo(asked);
        }
        must(trainer->post({.verb = ControlVerb::Continue}));
    });
    const auto outcome = trainer->run();
    viewer.join();
    QCOMPARE(must(outcome), RunState::Finished);
    for (const auto &asked : {last, tail, inside, training}) VERIFY_OK(asked->answer);
    QCOMPARE(training->answer->overview.at(0).firstRow, int64_t(37));
    QVERIFY(training->answer->step >= 6);
    const InspectReport &whole = *last->answer, &part = *tail->answer;
    QCOMPARE(whole.step, part.step);
    QCOMPARE(whole.model, std::string("run@live"));
    QCOMPARE(whole.note, std::string("Of 53 tokens the model has 37 to 52 before it here: its context is 16."));
    QCOMPARE(whole.tokens.size(), text.size());
    QCOMPARE(whole.tokens[0].bytes, std::string("m"));
    QVERIFY(std::isnan(whole.tokens[36].surprise));
    QCOMPARE(whole.token, int64_t(52));
    QCOMPARE(whole.overview.size(), size_t(4));
    for (size_t head = 0; head < 4; ++head) {
        QCOMPARE(whole.overview[head].firstRow, int64_t(37));
        QCOMPARE(whole.overview[head].numRows, int64_t(16));
        QVERIFY(whole.overview[head].mean == part.overview[head].mean);
    }
    QVERIFY(whole.maps.at(0).mean == part.maps.at(0).mean);
    QCOMPARE(whole.candidates.at(0).probability, part.candidates.at(0).probability);
    QCOMPARE(whole.attribution.size(), text.size());
    QCOMPARE(whole.attribution[52], part.attribution[15]);
    QCOMPARE(whole.attribution[36], 0.0F);
    // An answer that was written a token at a time: what was read at its token 22.
    QCOMPARE(inside->answer->token, int64_t(22));
    QCOMPARE(inside->answer->overview.at(0).firstRow, int64_t(13)); // half a context was kept where it was full
    QCOMPARE(recorder.series[series::kLoss], expected.series[series::kLoss]);
}

void TestLiveInspection::itHasNoMemoryToGive()
{
    RunFixture fixture;
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    const auto reading = question(), editing = question();
    reading->request.withMemory = true;
    editing->request.memoryEdits = {{.verb = MemoryVerb::Forget, .event = 1}};
    VERIFY_ERROR(trainer->inspect(reading), ErrorCode::InvalidInput, "expected the memory of a saved step");
    VERIFY_ERROR(trainer->inspect(editing), ErrorCode::InvalidInput, "edits of a memory are asked for");
    QVERIFY(!reading->isAnswered && !editing->isAnswered);
}

void TestLiveInspection::cancelledOnesAreDropped()
{
    RunFixture fixture(runWithBudget(100));
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    const auto cancelled = question(), other = question();
    recorder.afterReport = [&](int64_t step) {
        if (step != 5) return;
        cancelled->isCancelled = true;
        must(trainer->inspect(cancelled));
        must(trainer->inspect(other));
    };
    must(trainer->run());
    VERIFY_ERROR(cancelled->answer, ErrorCode::Cancelled, "cancelled");
    QCOMPARE(other->answer->step, int64_t(5));
    QCOMPARE(cancelled.use_count(), 1L); // nobody holds on to it
}

void TestLiveInspection::anEndedRunSaysSo()
{
    RunFixture fixture(runWithBudget(100));
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    const auto late = question();
    recorder.whileSaving = [&](int64_t step) {
        if (step == 12) must(trainer->inspect(late)); // behind the last boundary
    };
    must(trainer->run());
    QVERIFY(late->isAnswered);
    VERIFY_ERROR(late->answer, ErrorCode::Conflict, "the run has ended");
    const auto after = trainer->inspect(question());
    VERIFY_ERROR(after, ErrorCode::Conflict, "\"run\" while it trains: the run has ended");
    VERIFY_ERROR(after, ErrorCode::Conflict, "Use its newest checkpoint.");
}

void TestLiveInspection::aTrainingThatNeverRanSaysSo()
{
    RunFixture fixture;
    Recorder recorder;
    const auto asked = question();
    {
        auto trainer = must(fixture.make(recorder));
        must(trainer->inspect(asked));
    }
    QVERIFY(asked->isAnswered);
    VERIFY_ERROR(asked->answer, ErrorCode::Conflict, "the run has ended");
}

void TestLiveInspection::nothingStaysUnanswered()
{
    RunFixture fixture(runWithBudget(100));
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    std::atomic<int> numAnswered{0}, numReports{0};
    const auto askUntilRefused = [&] {
        while (true) {
            const auto asked = question();
            if (!trainer->inspect(asked)) return;
            numReports += answerTo(asked).ok();
            ++numAnswered;
        }
    };
    std::thread first(askUntilRefused), second(askUntilRefused);
    const auto outcome = trainer->run();
    first.join();
    second.join();
    QCOMPARE(must(outcome), RunState::Finished);
    QVERIFY(numReports > 0 && numAnswered >= numReports);
}

void TestLiveInspection::tooManyAtOnceAreRefused()
{
    RunFixture fixture(runWithBudget(1e-6));
    Recorder recorder;
    auto trainer = must(fixture.make(recorder));
    std::vector<std::shared_ptr<LiveInspection>> asked;
    Result<void> refused;
    recorder.afterReport = [&](int64_t step) {
        if (step != 3) return;
        for (int i = 0; i < 64; ++i) {
            asked.push_back(question());
            must(trainer->inspect(asked.back()));
        }
        refused = trainer->inspect(question());
    };
    must(trainer->run());
    VERIFY_ERROR(refused, ErrorCode::Unavailable, "64 questions wait already");
    QCOMPARE(refused.error().hint, std::string("Pause the run, or use its newest checkpoint."));
    VERIFY_OK(asked[0]->answer);
    VERIFY_ERROR(asked[63]->answer, ErrorCode::Conflict, "the run has ended");
}

QTEST_GUILESS_MAIN(TestLiveInspection)
#include "tst_live_inspection.moc"
