// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/host.h"

#include "app/engine/host/host_runs.h"
#include "app/engine/host/host_service.h"
#include "app/engine/host/model_workers.h"
#include "core/base/lock_file.h"
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/rpc/access_tokens.h"
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

Result<LockFile> takeHostLock(const std::string &socketPath)
{
    Result<LockFile> lock =
        LockFile::acquire(socketPath + ".lock", "host (pid " + std::to_string(::getpid()) + ")");
    if (lock.ok() || lock.error().code != ErrorCode::Conflict) return lock;
    Error error = lock.error();
    error.hint = "Use the one that runs, or stop it first.";
    return error;
}

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
    AccessTokens tokens(hostRemoteFolder(home) / "tokens.json");
    std::unique_ptr<RpcServer> remote;
    std::string fingerprint;
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
