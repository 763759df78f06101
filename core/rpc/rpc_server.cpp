// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/rpc_server.h"

#include "core/rpc/services.h"
#include "core/rpc/unix_server.h"
#include "core/rpc/wire.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>

#include <chrono>
#include <mutex>
#include <unistd.h>

namespace orrery {

struct RpcServer::Impl {
    CallMeter meter;
    std::vector<std::unique_ptr<grpc::Service>> services; ///< outlive the server
    std::unique_ptr<grpc::Server> server;
    std::unique_ptr<UnixAcceptor> acceptor;

    ~Impl()
    {
        meter.isStopping = true;
        if (acceptor) acceptor->stop();
        // Handlers see isCancelled() and end; the deadline cuts off those that wait for a receiver.
        if (server) {
            server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
            server->Wait();
        }
    }
};

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
RpcServer::~RpcServer() = default;

Result<std::unique_ptr<RpcServer>> RpcServer::start(const RpcServerOptions &options)
{
    auto impl = std::make_unique<Impl>();
    impl->meter.maxStreams = options.maxStreams;
    impl->meter.lastChangeNanoseconds = std::chrono::steady_clock::now().time_since_epoch().count();
    if (options.runs) impl->services.push_back(makeRunService(*options.runs, impl->meter));
    if (options.host) impl->services.push_back(makeHostService(*options.host, impl->meter));
    if (options.inference) impl->services.push_back(makeInferenceService(*options.inference, impl->meter));

    grpc::ServerBuilder builder;
    grpc::ResourceQuota quota("orrery");
    quota.SetMaxThreads(options.maxThreads);
    builder.SetResourceQuota(quota);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
    builder.SetMaxReceiveMessageSize(wire::kMaxRequestBytes);
    builder.SetMaxSendMessageSize(wire::kMaxReplyBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, wire::kMaxMetadataBytes);
    for (const auto &service : impl->services) builder.RegisterService(service.get());
    impl->server = builder.BuildAndStart();
    if (!impl->server)
        return Error{ErrorCode::Internal,
                     "Cannot start the server on \"" + options.socketPath + "\": gRPC refused.",
                     "Please report it with the engine's log."};

    UnixAcceptorOptions socket;
    socket.path = options.socketPath;
    socket.isAllowed = options.isAllowed;
    socket.onConnection = [server = impl->server.get()](int descriptor) {
        grpc::AddInsecureChannelFromFd(server, descriptor);
    };
    ORRERY_ASSIGN(impl->acceptor, UnixAcceptor::start(std::move(socket)));
    return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
}

void RpcServer::beginStop() { m_impl->meter.isStopping = true; }
double RpcServer::cpuSeconds() const
{
    return static_cast<double>(m_impl->meter.cpuNanoseconds.load()) * 1e-9;
}
int RpcServer::numStreams() const { return m_impl->meter.numStreams; }
int RpcServer::numCalls() const { return m_impl->meter.numCalls; }

double RpcServer::idleSeconds() const
{
    if (m_impl->meter.numCalls > 0) return 0;
    const int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
    return static_cast<double>(now - m_impl->meter.lastChangeNanoseconds) * 1e-9;
}

} // namespace orrery
