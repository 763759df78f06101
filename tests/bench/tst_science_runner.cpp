// SPDX-License-Identifier: Apache-2.0
// The runner of the science benchmarks with a task that is made of numbers.
#include "bench/science/science_runner.h"

#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>

using namespace orrery;
using namespace orrery::bench;

namespace {

/// Arm "a" measures the seed, "b" twice the seed plus what `offset` says.
class NumbersTask final : public ScienceTask {
public:
    [[nodiscard]] std::string name() const override { return "numbers"; }
    [[nodiscard]] std::string summary() const override { return "numbers"; }
    [[nodiscard]] std::vector<ScienceArm> arms(ScienceMode) const override { return {{"a", ""}, {"b", ""}}; }
    Result<std::string> prepare(const ScienceSetting &) override { return data; }
    Result<ArmResult> runArm(const std::string &arm, uint64_t seed, const ScienceSetting &setting) override
    {
        ++numRuns;
        if (numRuns == failAt) return Error{ErrorCode::OutOfMemory, "Cannot run: no memory.", ""};
        if (numRuns == cancelAt) *cancel = true;
        setting.tell("half way");
        ArmResult result{.parameters = arm == "a" ? 100u : 106u, .steps = 7, .seconds = 2};
        result.metrics["x"] = static_cast<double>(arm == "a" ? seed : 2 * seed);
        return result;
    }
    [[nodiscard]] std::vector<Check> verdict(const ScienceResults &results, ScienceMode) const override
    {
        const MeanInterval difference = results.difference("b", "a", "x");
        std::vector<Check> checks = {makeCheck("b minus a", difference.mean, ">=", limit, difference)};
        if (isHarderTold)
            checks.push_back(besideVerdict(makeCheck("b minus a, harder", difference.mean, ">=", 100)));
        return checks;
    }

    std::string data = "numbers 1";
    [[nodiscard]] int64_t numSeeds() const override { return ownSeeds; }
    int64_t ownSeeds = 3;
    int numRuns = 0, failAt = -1, cancelAt = -1;
    double limit = 1;
    bool isHarderTold = false;
    std::atomic<bool> *cancel = nullptr;
};

struct Fixture {
    Fixture()
    {
        options.workFolder = folder.path().toStdString();
        options.build = "build 1";
        options.cancel = &cancel;
        task.cancel = &cancel;
    }
    Result<ScienceRun> run() { return runScience(task, options); }

    QTemporaryDir folder;
    NumbersTask task;
    ScienceOptions options;
    std::atomic<bool> cancel = false;
};

} // namespace

class TestScienceRunner : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyArmRunsWithEverySeed();
    void aTaskHasItsOwnNumberOfSeeds();
    void finishedResultsAreUsedAgain();
    void otherConditionsAreMeasuredAgain_data();
    void otherConditionsAreMeasuredAgain();
    void sharesTogetherAreTheWhole();
    void sharesAreRead();
    void halfALineIsNoResult();
    void cancelKeepsWhatIsFinished();
    void errorsOfAnArmEndTheRun();
    void missedThresholdDoesNotPass();
    void whatIsToldBesideDecidesNothing();
    void meanCheckIsOfOneArmAndMetric();
    void smokeHasNoVerdict();
    void studentIntervals();
    void refusesBadOptions();
    void parametersMustBeNear();
};

void TestScienceRunner::everyArmRunsWithEverySeed()
{
    Fixture fixture;
    const auto run = fixture.run();
    QVERIFY(run.ok());
    QCOMPARE(fixture.task.numRuns, 6);
    const auto json = nlohmann::json::parse(scienceJson(fixture.task, fixture.options, *run));
    QCOMPARE(json["results"].size(), size_t(6));
    QCOMPARE(json["results"][5]["arm"].get<std::string>(), std::string("b"));
    QCOMPARE(json["results"][5]["metrics"]["x"].get<double>(), 6.0);
    QCOMPARE(json["results"][5]["parameters"].get<int>(), 106);
    QCOMPARE(json["results"][5]["steps"].get<int>(), 7);
    QCOMPARE(json["results"][5]["seconds"].get<double>(), 2.0);
    const double cpuSeconds = json["results"][5]["cpu_seconds"].get<double>();
    QVERIFY(cpuSeconds > 0 && cpuSeconds < 60); // of making up a number
    QCOMPARE(json["checks"][0]["value"].get<double>(), 2.0);
    QCOMPARE(json["checks"][0]["limit"].get<double>(), 1.0);
    QCOMPARE(json["passed"].get<bool>(), true);
    QVERIFY(!json["cpu"].get<std::string>().empty());
    QCOMPARE(json["date"].get<std::string>().size(), size_t(10));
    // x of "a" is 1, 2, 3: mean 2, deviation 1, half width 4.303 / sqrt(3).
    const auto &interval = json["intervals"][0];
    QCOMPARE(interval["mean"].get<double>(), 2.0);
    QVERIFY(std::abs(interval["high"].get<double>() - 2 - 2.484138) < 1e-5);
    QVERIFY(scienceTable(fixture.task, fixture.options, *run).find("Passed.") != std::string::npos);
}

void TestScienceRunner::aTaskHasItsOwnNumberOfSeeds()
{
    Fixture fixture;
    fixture.task.ownSeeds = 5;
    const auto full = fixture.run();
    QVERIFY(full.ok());
    QCOMPARE(fixture.task.numRuns, 10); // of two arms
    QCOMPARE(full->checks.back().value, 5.0);
    const auto json = nlohmann::json::parse(scienceJson(fixture.task, fixture.options, *full));
    QCOMPARE(json["seeds"].size(), size_t(5));
    QVERIFY(scienceTable(fixture.task, fixture.options, *full).find("5 seeds") != std::string::npos);
    fixture.options.mode = ScienceMode::Quick;
    QVERIFY(fixture.run().ok());
    QCOMPARE(fixture.task.numRuns, 12); // of one seed
    fixture.options.numSeeds = 2;
    QVERIFY(fixture.run().ok());
    QCOMPARE(fixture.task.numRuns, 14); // and who says a number gets it
}

void TestScienceRunner::finishedResultsAreUsedAgain()
{
    Fixture fixture;
    QVERIFY(fixture.run().ok());
    const auto again = fixture.run();
    QVERIFY(again.ok());
    QCOMPARE(fixture.task.numRuns, 6);
    QCOMPARE(again->numReused, int64_t(6));
    QCOMPARE(again->results.mean("b", "x"), 4.0);
    fixture.options.numSeeds = 4; // one more than before
    QVERIFY(fixture.run().ok());
    QCOMPARE(fixture.task.numRuns, 8);
}

void TestScienceRunner::otherConditionsAreMeasuredAgain_data()
{
    QTest::addColumn<QString>("what");
    for (const char *what : {"build", "data", "threads", "device", "mode"})
        QTest::newRow(what) << QString::fromLatin1(what);
}

void TestScienceRunner::otherConditionsAreMeasuredAgain()
{
    QFETCH(QString, what);
    Fixture fixture;
    fixture.options.numSeeds = 1;
    QVERIFY(fixture.run().ok());
    if (what == QStringLiteral("build")) fixture.options.build = "build 2";
    if (what == QStringLiteral("data")) fixture.task.data = "numbers 2";
    if (what == QStringLiteral("threads")) fixture.options.threads = 2;
    if (what == QStringLiteral("device")) fixture.options.device = "cuda";
    if (what == QStringLiteral("mode")) fixture.options.mode = ScienceMode::Quick;
    QVERIFY(fixture.run().ok());
    QCOMPARE(fixture.task.numRuns, 4);
}

void TestScienceRunner::sharesTogetherAreTheWhole()
{
    Fixture fixture;
    fixture.options.numSeeds = 3; // of two arms
    for (int64_t index = 1; index <= 4; ++index) {
        fixture.options.share = {index, 4};
        const auto part = fixture.run();
        QVERIFY(part.ok());
        QVERIFY(part->checks.empty()); // no verdict
    }
    QCOMPARE(fixture.task.numRuns, 6); // none twice, none left out
    fixture.options.share = {};
    const auto whole = fixture.run();
    QVERIFY(whole.ok());
    QCOMPARE(whole->numReused, int64_t(6));
    QVERIFY(!whole->checks.empty());
}

void TestScienceRunner::sharesAreRead()
{
    const auto share = parseScienceShare("2/3");
    QVERIFY(share.ok());
    QCOMPARE(share->index, int64_t(2));
    QCOMPARE(share->of, int64_t(3));
    for (const char *text :
         {"", "2", "0/3", "4/3", "-1/3", "1/0", "1/3x", " 1/3", "1/1001", "99999999999999999999/3"}) {
        const auto wrong = parseScienceShare(text);
        QVERIFY2(!wrong.ok(), text);
        QCOMPARE(wrong.error().code, ErrorCode::InvalidInput);
        QVERIFY(wrong.error().message.find(std::string("\"") + text + "\"") != std::string::npos);
        QVERIFY(!wrong.error().hint.empty());
    }
}

void TestScienceRunner::halfALineIsNoResult()
{
    Fixture fixture;
    fixture.options.numSeeds = 1;
    std::ofstream(fixture.options.workFolder / "results.jsonl") << R"({"key":{"task":"numbers","mo)";
    QVERIFY(fixture.run().ok());
    QVERIFY(fixture.run().ok());
    QCOMPARE(fixture.task.numRuns, 2);
}

void TestScienceRunner::cancelKeepsWhatIsFinished()
{
    Fixture fixture;
    fixture.task.cancelAt = 2;
    const auto stopped = fixture.run();
    QVERIFY(!stopped.ok());
    QCOMPARE(stopped.error().code, ErrorCode::Cancelled);
    QVERIFY(stopped.error().message.find("2 of 6") != std::string::npos);
    fixture.cancel = false;
    QVERIFY(fixture.run().ok());
    QCOMPARE(fixture.task.numRuns, 6);
}

void TestScienceRunner::errorsOfAnArmEndTheRun()
{
    Fixture fixture;
    fixture.task.failAt = 3;
    const auto failed = fixture.run();
    QVERIFY(!failed.ok());
    QCOMPARE(failed.error().code, ErrorCode::OutOfMemory);
}

void TestScienceRunner::missedThresholdDoesNotPass()
{
    Fixture fixture;
    fixture.task.limit = 3;
    const auto run = fixture.run();
    QVERIFY(run.ok());
    QVERIFY(!run->hasPassed);
    QCOMPARE(nlohmann::json::parse(scienceJson(fixture.task, fixture.options, *run))["passed"].get<bool>(),
             false);
    QVERIFY(scienceTable(fixture.task, fixture.options, *run).find("MISSED") != std::string::npos);
    QVERIFY(!makeCheck("nothing measured", std::nan(""), "<=", 1).isMet);
}

void TestScienceRunner::whatIsToldBesideDecidesNothing()
{
    Fixture fixture;
    fixture.task.isHarderTold = true;
    const auto run = fixture.run();
    QVERIFY(run.ok());
    QVERIFY(run->hasPassed);
    QVERIFY(!run->checks[1].isMet);
    const auto told = nlohmann::json::parse(scienceJson(fixture.task, fixture.options, *run));
    QCOMPARE(told["checks"][0]["decides"].get<bool>(), true);
    QCOMPARE(told["checks"][1]["decides"].get<bool>(), false);
    QCOMPARE(told["checks"][1]["passed"].get<bool>(), false);
    const std::string table = scienceTable(fixture.task, fixture.options, *run);
    QVERIFY(table.find("missed, beside") != std::string::npos);
    QVERIFY(table.find("MISSED") == std::string::npos);
}

void TestScienceRunner::meanCheckIsOfOneArmAndMetric()
{
    ScienceResults results;
    results.rows = {{"ours", 1, {.metrics = {{"loss", 1}, {"recall", 9}}}},
                    {"theirs", 1, {.metrics = {{"loss", 5}}}},
                    {"ours", 2, {.metrics = {{"loss", 3}, {"recall", 9}}}}};
    const Check met = meanCheck(results, "loss of ours", "ours", "loss", "<=", 2);
    QCOMPARE(met.name, std::string("loss of ours"));
    QCOMPARE(met.value, 2.0);
    QCOMPARE(met.interval.count, size_t{2});
    QVERIFY(met.interval.low < 2 && met.interval.high > 2);
    QVERIFY(met.isMet);
    QVERIFY(!meanCheck(results, "loss of ours", "ours", "loss", "<", 2).isMet);
    QVERIFY(!meanCheck(results, "of no arm", "nobody", "loss", "<=", 2).isMet);
}

void TestScienceRunner::smokeHasNoVerdict()
{
    Fixture fixture;
    fixture.options.mode = ScienceMode::Smoke;
    fixture.task.limit = 1000;
    const auto run = fixture.run();
    QVERIFY(run.ok());
    QVERIFY(run->hasPassed && run->checks.empty());
    QCOMPARE(fixture.task.numRuns, 2);
}

void TestScienceRunner::studentIntervals()
{
    // Two-sided 5 % points as printed in tables of Student's t.
    const std::map<size_t, double> table = {{1, 12.706}, {2, 4.303}, {3, 3.182},
                                            {4, 2.776},  {9, 2.262}, {29, 2.045}};
    for (const auto &[freedom, quantile] : table)
        QVERIFY(std::abs(studentQuantile(freedom) - quantile) < 0.005);
    QVERIFY(std::isnan(meanInterval({}).mean));
    QCOMPARE(meanInterval({3}).mean, 3.0);
    QVERIFY(std::isnan(meanInterval({3}).low));
}

void TestScienceRunner::refusesBadOptions()
{
    QVERIFY(!checkNumSeeds(0).ok());
    QVERIFY(!checkNumSeeds(-3).ok());
    QVERIFY(checkNumSeeds(0).error().message.find("0 seeds") != std::string::npos);
    QCOMPARE(scienceMode(true, true).error().code, ErrorCode::InvalidInput);
    QVERIFY(*scienceMode(false, true) == ScienceMode::Quick);
    const std::vector<ScienceTaskEntry> entries = {
        {"numbers", [] { return std::make_unique<NumbersTask>(); }}};
    const auto unknown = makeScienceTask("number", entries);
    QVERIFY(!unknown.ok());
    QCOMPARE(unknown.error().code, ErrorCode::InvalidInput);
    QVERIFY(unknown.error().hint.find("numbers") != std::string::npos);
    QVERIFY(makeScienceTask("numbers", entries).ok());
}

void TestScienceRunner::parametersMustBeNear()
{
    Fixture fixture;
    const auto run = fixture.run();
    QVERIFY(run.ok());
    QVERIFY(!equalParameters(run->results).isMet); // 106 against 100
}

QTEST_APPLESS_MAIN(TestScienceRunner)
#include "tst_science_runner.moc"
