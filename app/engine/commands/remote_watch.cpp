// SPDX-License-Identifier: Apache-2.0
// watch --host: the same lines as on the run's own machine. A link that breaks is made again, and what was missed is printed.
#include "app/engine/commands/remote_host.h"
#include "app/engine/commands/watch_printer.h"

#include "core/spec/run_records.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <optional>
#include <thread>

namespace orrery::cli {

namespace {

constexpr auto kFirstPause = std::chrono::milliseconds(500);
constexpr auto kLongestPause = std::chrono::seconds(15);
volatile std::sig_atomic_t g_interrupted = 0;

bool isStopped() { return g_interrupted != 0 || std::ferror(stdout) != 0; }

/// What the host's stores hold; all series come with one question, as each costs a round trip.
class RemoteHistory final : public WatchHistory {
public:
    RemoteHistory(const std::optional<HostConnection> &remote, std::string run) : m_remote(remote), m_run(std::move(run)) {}

    Result<std::vector<std::string>> open() override
    {
        SeriesRequest request;
        request.run = m_run;
        ORRERY_ASSIGN(std::vector<SeriesReply> all, m_remote->client.querySeries(request));
        std::vector<std::string> names;
        m_whole.clear();
        for (SeriesReply &one : all) {
            names.push_back(one.name);
            m_whole[one.name] = std::move(one.buckets);
        }
        return names;
    }
    Result<std::vector<SeriesBucket>> query(const std::string &series, int64_t fromStep) override
    {
        if (fromStep <= 0) return m_whole[series];
        SeriesRequest request;
        request.run = m_run;
        request.series = {series};
        request.fromStep = fromStep;
        ORRERY_ASSIGN(std::vector<SeriesReply> found, m_remote->client.querySeries(request));
        return found.empty() ? std::vector<SeriesBucket>() : std::move(found.front().buckets);
    }
    Result<std::vector<RunEvent>> events(int64_t afterId, int32_t maxEvents) override
    {
        return m_remote->client.listEvents(m_run, afterId, maxEvents);
    }

private:
    const std::optional<HostConnection> &m_remote;
    std::string m_run;
    std::map<std::string, std::vector<SeriesBucket>> m_whole;
};

/// Follows the run over one connection. @return true: it has ended or somebody stopped us
Result<bool> follow(const HostConnection &remote, const std::string &run, WatchPrinter &printer)
{
    Result<void> printed;
    bool hasEnded = false;
    const Result<void> watched = remote.client.watch(
        run,
        [&](const WatchBatch &batch) {
            printed = printer.print(batch);
            hasEnded = !isLiveState(batch.status.state);
            return printed.ok() && !hasEnded && !isStopped();
        },
        {}, [] { return !isStopped(); });
    if (hasEnded || isStopped()) return true;
    if (!printed.ok() && printed.error().code != ErrorCode::Unavailable) return printed.error();
    if (!watched.ok() && watched.error().code != ErrorCode::Unavailable) return watched.error();
    return false;
}

/// Waits, and longer each time. @return false: somebody stopped us
bool waitAWhile(std::chrono::milliseconds &pause)
{
    for (auto left = pause; left.count() > 0 && !isStopped(); left -= std::chrono::milliseconds(50))
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    pause = std::min<std::chrono::milliseconds>(pause * 2, kLongestPause);
    return !isStopped();
}

int finishWatch(const Session &session, const HostConnection &remote, const std::string &run)
{
    const auto status = remote.client.status(run);
    if (!status) return fail(session, status.error());
    if (session.json)
        std::printf("%s\n", nlohmann::json{{"event", "ended"}, {"state", runStateName(status->state)}, {"step", status->step}}.dump().c_str());
    else
        std::printf("%s\n", runLine(*status).c_str());
    return kExitOk;
}

} // namespace

int remoteWatch(const Session &session, const std::string &name)
{
    std::optional<HostConnection> remote;
    {
        auto connected = connectToRemote(session);
        if (!connected) return fail(session, connected.error());
        remote.emplace(std::move(*connected));
    }
    const auto status = remote->client.status(name);
    if (!status) return fail(session, status.error());
    const std::string run = status->id;
    std::signal(SIGINT, [](int) { g_interrupted = 1; });
    RemoteHistory history(remote, run);
    WatchPrinter printer(session, history);
    auto pause = std::chrono::milliseconds(kFirstPause);
    for (;;) {
        const Result<bool> followed = follow(*remote, run, printer);
        if (!followed) return fail(session, followed.error());
        if (*followed) break;
        std::fprintf(stderr, "note: the link to %s is lost; it is tried again\n", session.host.c_str());
        for (bool isBack = false; !isBack;) {
            if (!waitAWhile(pause)) return kExitCancelled;
            auto connected = connectToRemote(session);
            if (!connected && connected.error().code != ErrorCode::Unavailable) return fail(session, connected.error());
            isBack = connected.ok();
            if (isBack) remote.emplace(std::move(*connected));
        }
        pause = kFirstPause;
    }
    if (g_interrupted) return kExitCancelled;
    if (const auto rest = printer.replay(); !rest) return fail(session, rest.error());
    return finishWatch(session, *remote, run);
}

} // namespace orrery::cli
