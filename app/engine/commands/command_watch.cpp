// SPDX-License-Identifier: Apache-2.0
// watch: prints a run's history, then follows it. Speaks to the run's own worker, so it works without a host
// too. Attaches first and reads the store second, so that nothing falls between; what comes twice is printed
// once.
#include "app/engine/commands/remote_host.h"
#include "app/engine/commands/watch_printer.h"

#include "app/engine/host/worker_process.h"
#include "core/base/text.h"
#include "core/rpc/client.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

namespace orrery::cli {

namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr auto kLastWords =
    std::chrono::seconds(10); ///< for a worker whose stream has ended to let go of the run
constexpr auto kPoll = std::chrono::milliseconds(20);
volatile std::sig_atomic_t g_interrupted = 0;

bool isStopped() { return g_interrupted != 0 || std::ferror(stdout) != 0; }

/// What the run's own store holds.
class StoreHistory final : public WatchHistory {
public:
    explicit StoreHistory(const RunDirectory &run) : m_run(run) {}

    Result<std::vector<std::string>> open() override
    {
        m_reader.reset();
        auto reader = RunReader::open(m_run.path());
        if (!reader) {
            // A run that was never started has no store yet.
            if (reader.error().code == ErrorCode::NotFound) return std::vector<std::string>();
            return reader.error();
        }
        m_reader = std::move(*reader);
        ORRERY_ASSIGN(const std::vector<SeriesInfo> infos, m_reader->listSeries());
        std::vector<std::string> names;
        for (const SeriesInfo &info : infos) names.push_back(info.name);
        return names;
    }
    Result<std::vector<SeriesBucket>> query(const std::string &series, int64_t fromStep) override
    {
        SeriesQuery query{.series = series};
        if (fromStep > 0) query.fromStep = fromStep;
        return m_reader->query(query);
    }
    Result<std::vector<RunEvent>> events(int64_t afterId, int32_t maxEvents) override
    {
        if (!m_reader) return std::vector<RunEvent>();
        return m_reader->events(afterId, maxEvents);
    }

private:
    const RunDirectory &m_run;
    std::unique_ptr<RunReader> m_reader;
};

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
    StoreHistory history(*run);
    WatchPrinter printer(session, history);
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
    addHostOption(command, session);
    finish(command, session, [&session] {
        return session.host.empty() ? watch(session, run) : remoteWatch(session, run);
    });
}

} // namespace orrery::cli
