// SPDX-License-Identifier: Apache-2.0
// Puts backends on a Unix socket or a TCP port: our own accept loop, a bounded number of threads and streams, CPU
// time measured. Over TCP every call needs a token, whatever its method: who has none gets no further than gRPC. Started and destroyed on one thread; the backends outlive it.
#pragma once

#include "core/base/result.h"
#include "core/rpc/service_backends.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace orrery {

class AccessTokens;

struct TcpServerOptions {
    std::string host;           ///< numeric address or name to bind to
    uint16_t port = 0;          ///< 0: one that is free
    std::string certificatePem; ///< with its key; both empty: no TLS, which only a loopback address may have
    std::string keyPem;
    AccessTokens *tokens = nullptr; ///< who may call; outlives the server
};

struct RpcServerOptions {
    std::string socketPath;
    std::optional<TcpServerOptions> tcp; ///< in place of the socket
    RunBackend *runs = nullptr; ///< a service without backend is not offered
    HostBackend *host = nullptr;
    InferenceBackend *inference = nullptr;
    int maxThreads = 64; ///< one per call under way; above: Unavailable
    int maxStreams = 32; ///< of maxThreads, so that short calls always find one; above: Unavailable
    std::function<bool(uid_t)> isAllowed; ///< empty: this user only
};

class RpcServer {
public:
    /// @error InvalidInput (socket path; an address that others reach without TLS or without a token; a certificate
    /// that cannot be used), Conflict (somebody listens there), Io
    static Result<std::unique_ptr<RpcServer>> start(const RpcServerOptions &options);
    /// Ends streams and calls, joins, removes the socket.
    ~RpcServer();
    RpcServer(const RpcServer &) = delete;
    RpcServer &operator=(const RpcServer &) = delete;

    /// From now on all sinks say isCancelled(); handlers can end before the destructor cuts them off. Any
    /// thread.
    void beginStop();
    [[nodiscard]] uint16_t port() const;     ///< of TCP; 0: a socket
    [[nodiscard]] double cpuSeconds() const; ///< of all handlers so far
    [[nodiscard]] int numStreams() const;    ///< under way now
    [[nodiscard]] int numCalls() const;      ///< under way now, streams included
    /// Monotonic seconds since a call last began or ended; 0 while one is under way.
    [[nodiscard]] double idleSeconds() const;

private:
    struct Impl;
    explicit RpcServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

} // namespace orrery
