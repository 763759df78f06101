// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/host.h"

#include "app/engine/host/host_runs.h"
#include "app/engine/host/host_service.h"
#include "app/engine/host/model_workers.h"
#include "core/base/lock_file.h"
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/rpc/host_connection.h"
#include "core/rpc/rpc_server.h"
#include "core/store/catalogue.h"

#include <chrono>
#include <csignal>
#include <thread>
#include <unistd.h>

namespace orrery {

namespace {

volatile std::sig_atomic_t g_signal = 0;

/// Ends the host by Ctrl-C or kill when nobody else looks after signals.
class SignalStop {
public:
    SignalStop()
    {
        g_signal = 0;
        struct sigaction action {};
        action.sa_handler = [](int number) { g_signal = number; };
        ::sigaction(SIGINT, &action, &m_interrupt);
        ::sigaction(SIGTERM, &action, &m_terminate);
    }
    ~SignalStop()
    {
        ::sigaction(SIGINT, &m_interrupt, nullptr);
        ::sigaction(SIGTERM, &m_terminate, nullptr);
    }
    SignalStop(const SignalStop &) = delete;
    SignalStop &operator=(const SignalStop &) = delete;

private:
    struct sigaction m_interrupt {};
    struct sigaction m_terminate {};
};

Result<LockFile> takeHostLock(const std::string &socketPath)
{
    Result<LockFile> lock =
        LockFile::acquire(socketPath + ".lock", "host (pid " + std::to_string(::getpid()) + ")");
    if (lock.ok() || lock.error().code != ErrorCode::Conflict) return lock;
    Error error = lock.error();
    error.hint = "Use the one that runs, or stop it first.";
    return error;
}

} // namespace

Result<void> runHost(const HostOptions &options)
{
    const std::filesystem::path home = options.home.empty() ? userDataDir() : options.home;
    std::string socketPath = options.socketPath;
    if (socketPath.empty()) {
        ORRERY_ASSIGN(socketPath, hostSocketPath());
    }
    // A viewer that goes away must not take the host with it.
    ::signal(SIGPIPE, SIG_IGN);
    ORRERY_ASSIGN(const LockFile lock, takeHostLock(socketPath));
    std::optional<SignalStop> signals;
    if (!options.stopRequested) signals.emplace();
    const auto stopRequested = [&] {
        return options.stopRequested ? options.stopRequested() : g_signal != 0;
    };

    const Catalogue catalogue(home);
    HostRuns runs(catalogue);
    ModelWorkersOptions modelOptions;
    modelOptions.folder = std::filesystem::path(socketPath).parent_path();
    ModelWorkers models(modelOptions);
    HostService service(catalogue, home, runs, models);
    HostInference inference(catalogue, runs, models);
    RpcServerOptions serverOptions;
    serverOptions.socketPath = socketPath;
    serverOptions.runs = &runs;
    serverOptions.host = &service;
    serverOptions.inference = &inference;
    serverOptions.maxThreads = 128;
    serverOptions.maxStreams = 64;
    ORRERY_ASSIGN(const std::unique_ptr<RpcServer> server, RpcServer::start(serverOptions));
    logInfo("Host listens on " + socketPath + " for " + home.string());
    if (options.onListening) options.onListening();

    while (!stopRequested() && !service.isRetired()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const size_t numChildren = runs.reapChildren() + models.reap();
        if (options.idleExitSeconds > 0 && numChildren == 0 &&
            server->idleSeconds() >= options.idleExitSeconds)
            break;
    }
    logInfo("Host ends; workers of runs go on");
    return {};
}

} // namespace orrery
