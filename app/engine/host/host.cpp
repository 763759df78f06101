// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/host.h"

#include "app/engine/host/host_runs.h"
#include "app/engine/host/host_service.h"
#include "app/engine/host/model_workers.h"
#include "core/base/lock_file.h"
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/rpc/access_tokens.h"
#include "core/rpc/client.h"
#include "core/rpc/host_connection.h"
#include "core/rpc/rpc_server.h"
#include "core/rpc/tls_identity.h"
#include "core/store/catalogue.h"

#include <algorithm>
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

/// What stands on the TCP port: the certificate that was named, or the host's own.
Result<TlsIdentity> identityOf(const HostListen &listen, const std::filesystem::path &folder)
{
    if (listen.certificate.empty() != listen.key.empty())
        return Error{ErrorCode::InvalidInput,
                     std::string("Cannot listen on \"") + listen.address + "\": only the " +
                         (listen.key.empty() ? "certificate" : "key") + " was given, expected both or neither.",
                     "Give --tls-cert and --tls-key together; without them the host makes its own."};
    if (listen.certificate.empty()) return loadOrMakeIdentity(folder);
    return loadIdentity(listen.certificate, listen.key);
}

/// The same backends once more, for other machines. Its calls have threads of their own: they cannot use up those of the socket.
Result<std::unique_ptr<RpcServer>> listenOnTcp(const HostListen &listen, const std::filesystem::path &folder, AccessTokens &tokens,
                                               RpcServerOptions options, std::string &fingerprint)
{
    ORRERY_ASSIGN(const TcpAddress address, parseTcpAddress("tcp://" + listen.address)); // the server knows where plain is right
    TcpServerOptions tcp;
    tcp.host = address.host;
    tcp.port = address.port;
    tcp.tokens = &tokens;
    if (!listen.isPlain) {
        ORRERY_ASSIGN(TlsIdentity identity, identityOf(listen, folder));
        tcp.certificatePem = std::move(identity.certificatePem);
        tcp.keyPem = std::move(identity.keyPem);
        fingerprint = std::move(identity.fingerprint);
    }
    options.socketPath.clear();
    options.tcp = std::move(tcp);
    return RpcServer::start(options);
}

constexpr auto kRetireWait = std::chrono::seconds(10);

/// @error Conflict (it does something that would be lost, listens itself, or serves another home), Unavailable
Result<void> askToMakeRoom(const std::string &socketPath, const std::filesystem::path &home)
{
    ORRERY_ASSIGN(const EngineClient running, EngineClient::connect(socketPath));
    ORRERY_ASSIGN(const HostDescription host, running.host());
    std::error_code ignored;
    if (!std::filesystem::equivalent(host.home, home, ignored))
        return Error{ErrorCode::Conflict, "It serves another home, \"" + host.home + "\".", "Give this one a socket of its own with --socket."};
    return running.retire();
}

/// Asks the host that has the lock to make room, and waits until it has gone. @error why it stays: Conflict
Result<LockFile> takeItsPlace(const std::string &socketPath, const std::filesystem::path &home,
                              const std::function<Result<LockFile>()> &acquire, Error refused)
{
    const Result<void> asked = askToMakeRoom(socketPath, home);
    // One that another host or window has asked before us is going: it does not answer any more.
    if (!asked.ok() && asked.error().code != ErrorCode::Unavailable) {
        refused.hint = asked.error().message + " Stop it first (trainings go on), or try again when that is done.";
        return refused;
    }
    for (const auto until = std::chrono::steady_clock::now() + kRetireWait; std::chrono::steady_clock::now() < until;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        Result<LockFile> lock = acquire();
        if (lock.ok() || lock.error().code != ErrorCode::Conflict) return lock;
        refused = lock.error();
    }
    refused.hint = "It was asked to make room and did not within 10 s. Stop it first (trainings go on), then try again.";
    return refused;
}

/// @param mayReplace asked when another host has it: whether one that listens for nobody else is to make room
Result<LockFile> takeHostLock(const std::string &socketPath, const std::filesystem::path &home,
                              const std::function<Result<bool>()> &mayReplace)
{
    const auto acquire = [&socketPath] {
        return LockFile::acquire(socketPath + ".lock", "host (pid " + std::to_string(::getpid()) + ")");
    };
    Result<LockFile> lock = acquire();
    if (lock.ok() || lock.error().code != ErrorCode::Conflict) return lock;
    const Result<bool> isToReplace = mayReplace();
    if (!isToReplace.ok()) {
        Error error = isToReplace.error();
        if (error.code == ErrorCode::Conflict) error.hint += " If it is the host that runs already, use that one. " + lock.error().message;
        return error;
    }
    if (*isToReplace) return takeItsPlace(socketPath, home, acquire, lock.error());
    Error error = lock.error();
    error.hint = "Use the one that runs, or stop it first.";
    return error;
}

} // namespace

std::filesystem::path hostRemoteFolder(const std::filesystem::path &home) { return home / "remote"; }

Result<void> runHost(const HostOptions &options)
{
    const std::filesystem::path home = options.home.empty() ? userDataDir() : options.home;
    std::string socketPath = options.socketPath;
    if (socketPath.empty()) {
        ORRERY_ASSIGN(socketPath, hostSocketPath());
    }
    // A viewer that goes away must not take the host with it.
    ::signal(SIGPIPE, SIG_IGN);
    const Catalogue catalogue(home);
    HostRuns runs(catalogue);
    AccessTokens tokens(hostRemoteFolder(home) / "tokens.json");
    std::string fingerprint;
    ORRERY_ASSIGN(const LockFile lock, takeHostLock(socketPath, home, [&]() -> Result<bool> {
                      if (options.listen.address.empty()) return false;
                      // What would refuse us must not have cost the other one its place.
                      RpcServerOptions trial;
                      trial.runs = &runs;
                      ORRERY_TRY(listenOnTcp(options.listen, hostRemoteFolder(home), tokens, trial, fingerprint));
                      return true;
                  }));
    std::optional<SignalStop> signals;
    if (!options.stopRequested) signals.emplace();
    const auto stopRequested = [&] {
        return options.stopRequested ? options.stopRequested() : g_signal != 0;
    };

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
    std::unique_ptr<RpcServer> remote;
    if (!options.listen.address.empty()) {
        ORRERY_ASSIGN(remote, listenOnTcp(options.listen, hostRemoteFolder(home), tokens, serverOptions, fingerprint));
        service.setListening();
    }
    logInfo("Host listens on " + socketPath + " for " + home.string());
    if (options.onListening) options.onListening();
    if (remote) {
        logInfo("Host listens on " + options.listen.address + " (port " + std::to_string(remote->port()) + ") for those who have a token");
        if (options.onPort) options.onPort(remote->port(), fingerprint);
    }

    while (!stopRequested() && !service.isRetired()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const size_t numChildren = runs.reapChildren() + models.reap();
        const double idle = remote ? std::min(server->idleSeconds(), remote->idleSeconds()) : server->idleSeconds();
        if (options.idleExitSeconds > 0 && numChildren == 0 && idle >= options.idleExitSeconds) break;
    }
    logInfo("Host ends; workers of runs go on");
    return {};
}

} // namespace orrery
