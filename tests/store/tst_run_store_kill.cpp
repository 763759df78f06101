// SPDX-License-Identifier: Apache-2.0
// A writer that is killed at any moment leaves a store that opens, holds everything it had confirmed, and
// nothing that was never written.
#include "tests/store/store_fixture.h"

#include <csignal>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace orrery;
using namespace orrery::test;

namespace {

double lossAt(int64_t step) { return static_cast<double>((step * 7919) % 10'007); }

/// Writes steps after `lastStep` until it is killed; tells each confirmed step through the pipe.
[[noreturn]] void writeForever(const std::filesystem::path &run, int64_t lastStep, int confirmed,
                               uint32_t seed)
{
    std::minstd_rand random(seed);
    auto writer = RunWriter::open(run);
    if (!writer) ::_exit(10);
    const auto attempt = (*writer)->beginAttempt(lastStep);
    if (!attempt) ::_exit(11);
    for (int64_t step = lastStep + 1;; ++step) {
        StepReport one = report(step, {{"loss", lossAt(step)}, {"lr", static_cast<double>(step)}}, *attempt);
        if (step % 10 == 0) one.values.push_back({"val_loss", lossAt(step)});
        (*writer)->addReport(one);
        if (step % 50 == 0)
            (*writer)->addEvent(RunEvent{0, step, 0, *attempt, EventKind::Note, std::to_string(step), ""});
        if (random() % 25 == 0) {
            if (!(*writer)->flush()) ::_exit(12);
            if (::write(confirmed, &step, sizeof step) != sizeof step) ::_exit(13);
            ::usleep(200);
        }
    }
}

/// All points of a series after fromStep must be every `rhythm`-th step up to one last step, with the right
/// values.
std::string checkSeries(RunReader &reader, const char *name, int64_t fromStep, int64_t rhythm,
                        int64_t &lastStep)
{
    SeriesQuery asked = query(name, 100'000);
    asked.fromStep = fromStep + 1;
    const auto buckets = reader.query(asked);
    if (!buckets) return buckets.error().text();
    if (buckets->size() >= 100'000) return "too many points for this test";
    int64_t expected = (fromStep / rhythm + 1) * rhythm;
    for (const SeriesBucket &bucket : *buckets) {
        if (bucket.isSuperseded || bucket.numPoints != 1) return "not a plain point";
        if (bucket.firstStep != expected)
            return std::string(name) + " has step " + std::to_string(bucket.firstStep) + ", expected " +
                   std::to_string(expected);
        const double value = std::string(name) == "lr" ? static_cast<double>(expected) : lossAt(expected);
        if (bucket.last != value)
            return std::string(name) + " has a wrong value at step " + std::to_string(expected);
        expected += rhythm;
    }
    lastStep = expected - rhythm;
    return "";
}

} // namespace

class TestRunStoreKill : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everythingConfirmedSurvivesThirtyKills()
    {
        const TemporaryFolder folder;
        const auto run = folder.make("run");
        std::mt19937 random(7);
        int64_t lastStep = 0;
        int64_t largestConfirmed = 0;
        for (int kill = 0; kill < 30 || (lastStep <= 200 && kill < 300); ++kill) {
            int confirmed[2];
            QCOMPARE(::pipe(confirmed), 0);
            const auto seed = static_cast<uint32_t>(random());
            const pid_t child = ::fork();
            QVERIFY(child >= 0);
            if (child == 0) writeForever(run, lastStep, confirmed[1], seed);
            ::close(confirmed[1]);
            // Every other time while the store is being opened or just after, else once it writes.
            int64_t step = 0;
            if (kill % 2 && ::read(confirmed[0], &step, sizeof step) == sizeof step)
                largestConfirmed = std::max(largestConfirmed, step);
            ::usleep(random() % 40'000);
            ::kill(child, SIGKILL);
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QVERIFY2(WIFSIGNALED(status), std::to_string(status).c_str());
            while (::read(confirmed[0], &step, sizeof step) == sizeof step)
                largestConfirmed = std::max(largestConfirmed, step);
            ::close(confirmed[0]);

            auto reader = RunReader::open(run);
            if (!reader) {
                // Killed before the first commit.
                QVERIFY2(reader.error().code == ErrorCode::NotFound && largestConfirmed == 0,
                         qPrintable(errorText(reader)));
                continue;
            }
            const auto list = (*reader)->listSeries();
            VERIFY_OK(list);
            if (list->empty()) {
                QCOMPARE(largestConfirmed, int64_t{0});
                continue;
            }
            // Everything from the start once in a while, else what is new: one bucket per point has a limit.
            const int64_t from = lastStep < 30'000 ? 0 : lastStep - 1000;
            int64_t lossStep = 0;
            int64_t lrStep = 0;
            int64_t valStep = 0;
            QCOMPARE(qtext(checkSeries(**reader, "loss", from, 1, lossStep)), QString());
            QCOMPARE(qtext(checkSeries(**reader, "lr", from, 1, lrStep)), QString());
            if (lossStep >= 10)
                QCOMPARE(qtext(checkSeries(**reader, "val_loss", from, 10, valStep)), QString());
            QCOMPARE(lrStep, lossStep); // a report is there whole or not at all
            QCOMPARE(valStep, lossStep / 10 * 10);
            QVERIFY2(lossStep >= largestConfirmed, std::to_string(largestConfirmed).c_str());
            const auto events = (*reader)->events(0, 100'000);
            VERIFY_OK(events);
            for (size_t i = 0; i < events->size(); ++i)
                QCOMPARE((*events)[i].id, static_cast<int64_t>(i + 1));
            lastStep = lossStep;
        }
        QVERIFY2(lastStep > 200, "the test wrote too little to mean anything");
    }
};

QTEST_APPLESS_MAIN(TestRunStoreKill)
#include "tst_run_store_kill.moc"
