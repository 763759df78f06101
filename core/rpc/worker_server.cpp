// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/worker_server.h"

#include "core/rpc/rpc_server.h"
#include "core/rpc/run_queries.h"
#include "core/rpc/viewers.h"
#include "core/rpc/wire.h"

#include <chrono>
#include <thread>

namespace orrery {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kHeartbeat = std::chrono::milliseconds(900); ///< below the promised second
constexpr auto kCancelCheck = std::chrono::milliseconds(200);
constexpr auto kAnswerCheck = std::chrono::milliseconds(2);
constexpr auto kBatchInterval = std::chrono::milliseconds(wire::kBatchMilliseconds);
// For viewers to take the last batch. They need milliseconds; on a busy machine they may have no core for
// longer. One that does not read at all holds up the end of the worker by this, not that of the training.
constexpr auto kFarewell = std::chrono::milliseconds(1000);

class WorkerRunServer final : public RunServer, public RunBackend {
public:
    WorkerRunServer(const RunDirectory &run, Trainer &trainer)
        : m_id(run.frozen().id), m_name(run.frozen().spec.name), m_directory(run.path()), m_trainer(trainer),
          m_queries(run.path())
    {
    }
    ~WorkerRunServer() override
    {
        m_hub.close();
        for (const auto until = Clock::now() + kFarewell;
             m_server && m_hub.numViewers() > 0 && Clock::now() < until;)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        m_server.reset();
    }

    Result<void> listen(const std::string &socketPath)
    {
        RpcServerOptions options;
        options.socketPath = socketPath;
        options.runs = this;
        options.maxStreams = ViewerHub::kMaxViewers;
        ORRERY_ASSIGN(m_server, RpcServer::start(options));
        return {};
    }

    void publish(const std::vector<StepReport> &reports, const std::vector<RunEvent> &events) override
    {
        m_hub.publish(reports, events);
    }
    [[nodiscard]] int numViewers() const override { return m_hub.numViewers(); }
    [[nodiscard]] double viewerCpuSeconds() const override { return m_server->cpuSeconds(); }

    Result<RunStatus> status(const std::string &) override { return currentStatus(); }
    Result<std::string> specJson(const std::string &) override { return m_queries.specJson(); }
    Result<RunStatus> control(const std::string &, const ControlCommand &command) override
    {
        ORRERY_TRY(m_trainer.post(command));
        return currentStatus();
    }
    Result<std::vector<SeriesReply>> querySeries(const SeriesRequest &request) override
    {
        return m_queries.series(request);
    }
    Result<std::vector<RunEvent>> listEvents(const std::string &, int64_t afterId, int32_t maxEvents) override
    {
        return m_queries.events(afterId, maxEvents);
    }
    Result<std::vector<CheckpointInfo>> listCheckpoints(const std::string &) override
    {
        return m_queries.checkpoints();
    }
    Result<std::vector<FrameInfo>> listFrames(const std::string &, const FrameQuery &query) override
    {
        return m_queries.frames(query);
    }
    Result<std::string> frameBytes(const std::string &, int64_t id) override { return m_queries.frameBytes(id); }
    Result<InspectReport> inspectLive(const std::string &, const InspectRequest &request,
                                      const StreamSink &caller) override
    {
        const auto inspection = std::make_shared<LiveInspection>();
        inspection->request = request;
        ORRERY_TRY(m_trainer.inspect(inspection));
        // Waiting is on this side alone: the trainer sets a number and a flag, and goes on.
        InspectPassAmount told;
        while (!inspection->isAnswered.load(std::memory_order_acquire)) {
            if (caller.isCancelled()) {
                inspection->isCancelled = true;
                return Error{ErrorCode::Cancelled, "Cannot finish looking inside: the client cancelled it.", ""};
            }
            if (const InspectPassAmount now = inspection->progress.get(); now != told) caller.sendReading(told = now);
            std::this_thread::sleep_for(kAnswerCheck);
        }
        return std::move(inspection->answer);
    }

    Result<void> watch(const std::string &, WatchSink &sink) override
    {
        const Attachment attachment(m_hub);
        if (!attachment.viewer)
            return Error{ErrorCode::Unavailable,
                         "Cannot watch run \"" + m_id + "\": " + std::to_string(ViewerHub::kMaxViewers) +
                             " viewers are connected, expected fewer.",
                         "Close another viewer of this run, then try again."};
        WatchBatch first;
        first.status = currentStatus();
        if (!sink.send(first)) return {};
        auto lastSend = Clock::now();
        while (!sink.isCancelled()) {
            const bool isLast = m_hub.isClosed();
            const bool hasNews =
                attachment.viewer->wait(isLast ? std::chrono::milliseconds(0) : kCancelCheck);
            if (!isLast && !hasNews && Clock::now() - lastSend < kHeartbeat) continue;
            if (!isLast) std::this_thread::sleep_until(lastSend + kBatchInterval);
            WatchBatch batch;
            attachment.viewer->take(batch);
            batch.status = currentStatus();
            if (!sink.send(batch) || isLast) break;
            lastSend = Clock::now();
        }
        return {};
    }

private:
    struct Attachment {
        explicit Attachment(ViewerHub &viewerHub) : hub(viewerHub), viewer(viewerHub.attach()) {}
        ~Attachment()
        {
            if (viewer) hub.detach(viewer);
        }
        Attachment(const Attachment &) = delete;
        Attachment &operator=(const Attachment &) = delete;
        ViewerHub &hub;
        Viewer *viewer;
    };

    [[nodiscard]] RunStatus currentStatus() const
    {
        RunStatus status = m_trainer.status();
        if (status.id.empty()) status.id = m_id;
        if (status.name.empty()) status.name = m_name;
        if (status.directory.empty()) status.directory = m_directory.string();
        status.numViewers = m_hub.numViewers();
        return status;
    }

    std::string m_id;
    std::string m_name;
    std::filesystem::path m_directory;
    Trainer &m_trainer;
    RunQueries m_queries;
    ViewerHub m_hub;
    std::unique_ptr<RpcServer> m_server;
};

} // namespace

Result<std::unique_ptr<RunServer>> RunServer::start(const std::string &socketPath, const RunDirectory &run,
                                                    Trainer &trainer)
{
    auto server = std::make_unique<WorkerRunServer>(run, trainer);
    ORRERY_TRY(server->listen(socketPath));
    return std::unique_ptr<RunServer>(std::move(server));
}

} // namespace orrery
