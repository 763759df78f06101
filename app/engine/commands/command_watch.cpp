// SPDX-License-Identifier: Apache-2.0
// watch: prints a run's history, then follows it. Speaks to the run's own worker, so it works without a host
// too. Attaches first and reads the store second, so that nothing falls between; what comes twice is printed
// once.
#include "app/engine/commands/command.h"

#include "app/engine/host/worker_process.h"
#include "core/base/text.h"
#include "core/rpc/client.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <compare>
#include <csignal>
#include <cstdio>
#include <map>
#include <thread>
#include <utility>

namespace orrery::cli {

namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr int32_t kEventPage = 10'000;
constexpr auto kLastWords =
    std::chrono::seconds(10); ///< for a worker whose stream has ended to let go of the run
constexpr auto kPoll = std::chrono::milliseconds(20);
volatile std::sig_atomic_t g_interrupted = 0;

bool isStopped() { return g_interrupted != 0 || std::ferror(stdout) != 0; }

/// Where a point stands: later attempts come after earlier ones, whatever their steps.
struct Place {
    int32_t attempt = -1;
    int64_t step = 0;
    auto operator<=>(const Place &) const = default;
};

/// Prints every report and event of a run once, whether the store or the live tail brings it first.
class WatchPrinter {
public:
    WatchPrinter(const Session &session, const RunDirectory &run) : m_session(session), m_run(run) {}

    /// Prints what the store holds beyond what was printed: series as at most 2,000 reports, all events.
    Result<void> replay();
    Result<void> print(const WatchBatch &batch);

private:
    struct Line {
        StepReport report; ///< values of one place
        std::vector<RunEvent> events;
    };
    using Lines = std::map<Place, Line>;

    Result<void> collectSeries(RunReader &reader, const std::string &series, Lines &lines) const;
    Result<void> collectEvents(RunReader &reader, Lines &lines) const;
    void printReport(const StepReport &report); ///< the values that were not printed yet
    void printEvent(const RunEvent &event);

    const Session &m_session;
    const RunDirectory &m_run;
    std::map<std::string, Place> m_last; ///< printed, by series
    int64_t m_lastEvent = 0;             ///< printed, with all before it: a batch that lacks some says so
};

Result<void> WatchPrinter::collectSeries(RunReader &reader, const std::string &series, Lines &lines) const
{
    const auto printed = m_last.find(series);
    const Place last = printed == m_last.end() ? Place{} : printed->second;
    SeriesQuery query{.series = series};
    ORRERY_ASSIGN(std::vector<SeriesBucket> buckets, reader.query(query));
    if (printed != m_last.end()) {
        // Only what is new, at full resolution: a newer attempt may have begun before the last step.
        query.fromStep = last.step + 1;
        for (const SeriesBucket &bucket : buckets)
            if (bucket.attempt > last.attempt) query.fromStep = std::min(query.fromStep, bucket.firstStep);
        ORRERY_ASSIGN(buckets, reader.query(query));
    }
    for (const SeriesBucket &bucket : buckets) {
        const Place place{bucket.attempt, bucket.lastStep};
        if (bucket.isSuperseded || place <= last) continue;
        StepReport &report = lines[place].report;
        report.step = place.step;
        report.attempt = place.attempt;
        report.values.push_back({series, bucket.last});
    }
    return {};
}

Result<void> WatchPrinter::collectEvents(RunReader &reader, Lines &lines) const
{
    for (int64_t after = m_lastEvent;;) {
        ORRERY_ASSIGN(const std::vector<RunEvent> page, reader.events(after, kEventPage));
        for (const RunEvent &event : page) lines[{event.attempt, event.step}].events.push_back(event);
        if (page.size() < static_cast<size_t>(kEventPage)) return {};
        after = page.back().id;
    }
}

Result<void> WatchPrinter::replay()
{
    auto reader = RunReader::open(m_run.path());
    if (!reader) {
        // A run that was never started has no store yet.
        if (reader.error().code == ErrorCode::NotFound) return {};
        return reader.error();
    }
    Lines lines;
    ORRERY_ASSIGN(const std::vector<SeriesInfo> names, (*reader)->listSeries());
    for (const SeriesInfo &info : names) ORRERY_TRY(collectSeries(**reader, info.name, lines));
    ORRERY_TRY(collectEvents(**reader, lines));
    for (const auto &[place, line] : lines) {
        printReport(line.report);
        for (const RunEvent &event : line.events) printEvent(event);
    }
    // Only now: in the order of attempts and steps their numbers need not rise.
    for (const auto &[place, line] : lines)
        for (const RunEvent &event : line.events) m_lastEvent = std::max(m_lastEvent, event.id);
    std::fflush(stdout);
    return {};
}

Result<void> WatchPrinter::print(const WatchBatch &batch)
{
    if (batch.numDropped > 0) {
        if (m_session.json)
            std::printf(
                "%s\n",
                Json{{"event", "dropped"}, {"count", batch.numDropped}, {"from_step", batch.firstDroppedStep}}
                    .dump()
                    .c_str());
        else
            std::printf("(%llu reports came too fast for this terminal; now from the run's store)\n",
                        static_cast<unsigned long long>(batch.numDropped));
    }
    if (batch.mustReplay || batch.numDropped > 0) ORRERY_TRY(replay());
    for (const StepReport &report : batch.reports) printReport(report);
    for (const RunEvent &event : batch.events) {
        if (event.id <= m_lastEvent) continue;
        m_lastEvent = event.id;
        printEvent(event);
    }
    std::fflush(stdout);
    return {};
}

void WatchPrinter::printReport(const StepReport &report)
{
    const Place place{report.attempt, report.step};
    std::vector<MetricValue> fresh;
    for (const MetricValue &value : report.values) {
        Place &last = m_last[value.series];
        if (place <= last) continue;
        last = place;
        fresh.push_back(value);
    }
    if (fresh.empty()) return;
    if (m_session.json) {
        Json line = {{"step", report.step}, {"attempt", report.attempt}};
        for (const MetricValue &value : fresh)
            line[value.series] = std::isfinite(value.value) ? Json(value.value) : Json(nullptr);
        std::printf("%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
        return;
    }
    std::printf("step %-8lld", static_cast<long long>(report.step));
    for (const MetricValue &value : fresh)
        std::printf(" %s %s", value.series.c_str(), formatSignificant(value.value, 4).c_str());
    std::printf("\n");
}

void WatchPrinter::printEvent(const RunEvent &event)
{
    if (!m_session.json) {
        std::printf("step %-8lld %s: %s\n", static_cast<long long>(event.step), eventKindName(event.kind),
                    event.text.c_str());
        return;
    }
    Json line = {{"event", eventKindName(event.kind)}, {"id", event.id},         {"step", event.step},
                 {"attempt", event.attempt},           {"time", event.wallTime}, {"text", event.text}};
    const Json payload = Json::parse(event.payload, nullptr, false);
    if (!payload.is_discarded() && !payload.is_null()) line["payload"] = payload;
    std::printf("%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
}

/// Follows one worker until its stream ends. @error when it cannot be reached, or the store cannot be read
Result<void> follow(const RunDirectory &run, const WorkerInfo &worker, WatchPrinter &printer)
{
    if (worker.socket.empty())
        return Error{ErrorCode::Unavailable,
                     "Cannot watch run \"" + run.frozen().id + "\": its worker (pid " +
                         std::to_string(worker.pid) + ") has no socket.",
                     "It starts up just now, or was built without gRPC; try again in a moment."};
    ORRERY_ASSIGN(const EngineClient client, EngineClient::connect(worker.socket));
    Result<void> printed;
    bool isAttached = false;
    const Result<void> watched = client.watch(
        run.frozen().id,
        [&](const WatchBatch &batch) {
            isAttached = true;
            printed = printer.print(batch);
            return printed.ok() && !isStopped();
        },
        {}, [] { return !isStopped(); });
    if (!printed) return printed;
    // A stream that breaks is the end of its worker; one that never began is refused.
    if (!watched && (!isAttached || watched.error().code != ErrorCode::Unavailable)) return watched;
    return {};
}

bool isSameWorker(const std::optional<WorkerInfo> &now, const WorkerInfo &worker)
{
    return now && now->pid == worker.pid && now->startedAt == worker.startedAt;
}

Result<void> followToTheEnd(const RunDirectory &run, WatchPrinter &printer)
{
    auto endingUntil = Clock::time_point::max(); ///< of a worker that has closed its socket
    for (auto worker = run.liveWorker(); worker && !isStopped(); worker = run.liveWorker()) {
        if (const Result<void> followed = follow(run, *worker, printer); !followed) {
            if (!isSameWorker(run.liveWorker(), *worker)) { // it went away meanwhile
                endingUntil = Clock::time_point::max();
                continue;
            }
            // A worker that ends closes its socket first, then writes its last words and lets go of the run.
            // One that still listens refuses, and one without a socket is not up yet.
            const bool isEnding = followed.error().code == ErrorCode::Unavailable &&
                                  !worker->socket.empty() && !isListening(worker->socket);
            if (!isEnding) return followed;
            if (Clock::now() >= endingUntil) return followed;
            endingUntil = std::min(endingUntil, Clock::now() + kLastWords);
            std::this_thread::sleep_for(kPoll);
            continue;
        }
        endingUntil = Clock::time_point::max();
        // Its lock is free a moment after its last batch; then the store is final.
        for (const auto until = Clock::now() + kLastWords;
             isSameWorker(run.liveWorker(), *worker) && Clock::now() < until && !isStopped();)
            std::this_thread::sleep_for(kPoll);
    }
    return {};
}

int watch(const Session &session, const std::string &name)
{
    auto path = session.catalogue.resolve(name);
    if (!path) return fail(session, path.error());
    auto run = RunDirectory::open(*path);
    if (!run) return fail(session, run.error());
    std::signal(SIGINT, [](int) { g_interrupted = 1; });
    WatchPrinter printer(session, *run);
    const Result<void> followed = followToTheEnd(*run, printer);
    if (g_interrupted) return kExitCancelled;
    // What the stream did not bring: everything when nobody trains, else the last words.
    if (const auto rest = printer.replay(); !rest) return fail(session, rest.error());
    if (!followed) return fail(session, followed.error());
    const RunStatus status = run->status();
    if (session.json)
        std::printf("%s\n",
                    Json{{"event", "ended"}, {"state", runStateName(status.state)}, {"step", status.step}}
                        .dump()
                        .c_str());
    else
        std::printf("%s\n", runLine(status).c_str());
    return kExitOk;
}

} // namespace

void addWatch(CLI::App &app, Session &session)
{
    static std::string run;
    auto *command = app.add_subcommand(
        "watch",
        "Print a run's history, then follow it while it trains (--json: a line per report and per event)");
    command->add_option("run", run, "Id, unique prefix, name or path")->required();
    finish(command, session, [&session] { return watch(session, run); });
}

} // namespace orrery::cli
