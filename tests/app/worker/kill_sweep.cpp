// SPDX-License-Identifier: Apache-2.0
#include "kill_sweep.h"

#include "core/base/counter_rng.h"
#include "core/store/run_store.h"

#include <QtTest>

#include <chrono>
#include <csignal>
#include <sys/wait.h>
#include <thread>

namespace orrery::test {

namespace fs = std::filesystem;

namespace {

constexpr size_t kNumSteps = 300;
constexpr int kMaxMoreKills = 30;
const std::vector<std::string> kSettings = {"train.steps=" + std::to_string(kNumSteps)};

bool isCheckpointBeingWritten(const fs::path &run)
{
    std::error_code ignored;
    for (auto entry = fs::directory_iterator(run / "checkpoints", ignored); entry != fs::directory_iterator();
         entry.increment(ignored))
        if (entry->path().extension() == ".partial") return true;
    return false;
}

/// Whether the process has ended; QProcess still has to wait for it.
bool hasEnded(pid_t pid)
{
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == pid;
}

/// What is wrong with a run that was killed at any moment; empty: it can be listed, read and watched.
std::string unreadable(const fs::path &run)
{
    const RunStatus status = readStatus(run);
    if (isLiveState(status.state)) return "a killed run is said to be live";
    const auto reader = RunReader::open(run);
    if (!reader.ok()) // killed before the store was made
        return reader.error().code == ErrorCode::NotFound ? "" : reader.error().text();
    if (const auto series = (*reader)->listSeries(); !series.ok()) return series.error().text();
    if (const auto events = (*reader)->events(0, 1000); !events.ok()) return events.error().text();
    const auto losses = (*reader)->query({.series = series::kLoss, .maxBuckets = 100'000});
    return losses.ok() || losses.error().code == ErrorCode::NotFound ? "" : losses.error().text();
}

bool hasLosses(const fs::path &run)
{
    const auto reader = RunReader::open(run);
    if (!reader.ok()) return false;
    const auto losses = (*reader)->query({.series = series::kLoss});
    return losses.ok() && !losses->empty();
}

/// Waits for the moment, then kills. @param wholeSeconds what an undisturbed training takes here and now
/// @return false when the worker ended first
bool killAtMoment(QProcess &process, const fs::path &run, KillMoment moment, const CounterRng &rng,
                  uint64_t number, double wholeSeconds)
{
    const auto pid = static_cast<pid_t>(process.processId());
    if (moment == KillMoment::AnyTime) {
        // From before the first lines of main to the last steps.
        const double seconds = rng.uniformDouble(number) * (number % 4 == 0 ? 0.2 : 1.0) * wholeSeconds;
        std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    } else {
        const uint64_t wanted =
            1 + rng.below(number, 6); // the first checkpoints of an attempt, and later ones
        uint64_t numSeen = 0;
        bool wasWriting = false;
        while (numSeen < wanted && !hasEnded(pid)) {
            const bool isWriting = isCheckpointBeingWritten(run);
            numSeen += isWriting && !wasWriting ? 1 : 0;
            wasWriting = isWriting;
        }
    }
    kill(pid, SIGKILL);
    process.waitForFinished(-1);
    return process.exitStatus() == QProcess::CrashExit;
}

std::string compare(const RunCurve &curve, const RunCurve &expected)
{
    if (curve.current.size() != expected.current.size())
        return "losses of " + std::to_string(curve.current.size()) + " steps, expected " +
               std::to_string(expected.current.size());
    for (const auto &[step, loss] : expected.current) {
        const auto found = curve.current.find(step);
        if (found == curve.current.end()) return "no loss of step " + std::to_string(step);
        if (found->second != loss) return "another loss at step " + std::to_string(step);
    }
    for (const auto &[step, loss] : curve.superseded)
        if (expected.current.at(step) != loss)
            return "another superseded loss at step " + std::to_string(step);
    return {};
}

} // namespace

SweepOutcome sweepKills(const WorkerFixture &fixture, KillMoment moment, int numKills, uint64_t seed)
{
    SweepOutcome outcome;
    const auto fail = [&](const std::string &wrong) {
        outcome.wrong = wrong + " after " + std::to_string(outcome.numKills) + " kills";
        return outcome;
    };
    const std::string name = "sweep-" + std::to_string(seed);
    const fs::path whole = fixture.makeRun(name + "-whole", kSettings);
    const auto begin = std::chrono::steady_clock::now();
    if (fixture.runWorker({"train", whole.string()}) != 0) return fail("the undisturbed training failed");
    const double wholeSeconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const RunCurve expected = readCurve(whole);
    if (expected.current.size() != kNumSteps) return fail("the undisturbed training has not all losses");

    const CounterRng rng(RngKey{.seed = seed});
    uint64_t numStarts = 0;
    // A sweep that never met what it is about means nothing: it goes on until it did, within bounds.
    const int &numMet = moment == KillMoment::AnyTime ? outcome.numWithLosses : outcome.numWithPartial;
    const auto isComplete = [&] {
        return outcome.numKills >= numKills && (numMet > 0 || outcome.numKills >= numKills + kMaxMoreKills);
    };
    for (int number = 0; !isComplete(); ++number) {
        const fs::path run = fixture.makeRun(name + "-" + std::to_string(number), kSettings);
        for (bool isKilled = true; isKilled && !isComplete();) {
            const auto process = fixture.worker({"train", run.string()});
            process->start();
            process->waitForStarted(kPatienceMs);
            isKilled = killAtMoment(*process, run, moment, rng, numStarts++, wholeSeconds);
            if (!isKilled) {
                if (process->exitCode() != 0)
                    return fail("a resumed worker failed: " + process->readAllStandardError().toStdString());
                break;
            }
            ++outcome.numKills;
            outcome.numWithPartial += isCheckpointBeingWritten(run) ? 1 : 0;
            if (const auto wrong = unreadable(run); !wrong.empty()) return fail(wrong);
            outcome.numWithLosses += hasLosses(run) ? 1 : 0;
        }
        std::string errors;
        if (fixture.runWorker({"train", run.string()}, nullptr, &errors) != 0)
            return fail("the last resume failed: " + errors);
        if (const auto wrong = compare(readCurve(run), expected); !wrong.empty()) return fail(wrong);
        if (readStatus(run).state != RunState::Finished) return fail("the run is not finished");
        if (isCheckpointBeingWritten(run)) return fail("a partial checkpoint was left behind");
    }
    return outcome;
}

} // namespace orrery::test
