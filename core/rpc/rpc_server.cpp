// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/rpc_server.h"

#include "core/base/platform.h"
#include "core/rpc/access_tokens.h"
#include "core/rpc/call_guard.h"
#include "core/rpc/services.h"
#include "core/rpc/tcp_acceptor.h"
#include "core/rpc/unix_server.h"
#include "core/rpc/wire.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <semaphore>
#include <thread>
#include <unistd.h>

namespace orrery {

namespace {

constexpr int kHandshakeMs = 10'000;
constexpr int kMaxStreamsPerConnection = 128;
constexpr auto kFarewell = std::chrono::seconds(1); ///< for a receiver that does not read
constexpr int kMaxIdleMs = 120'000; ///< a connection without a call; a window has one all the time

/// The rule that nobody gets around: what others can reach has TLS, and tokens that they must know.
Result<void> checkExposure(const TcpServerOptions &options, const TcpAddress &address)
{
    const std::string what = "Cannot listen on \"" + address.hostAndPort() + "\": ";
    if (!options.tokens)
        return Error{ErrorCode::Internal, what + "no tokens are kept. This is a defect.", "Please report it with the engine's log."};
    if (address.isLoopback()) return {};
    if (options.certificatePem.empty())
        return Error{ErrorCode::InvalidInput,
                     what + "other machines reach it, and without TLS everything could be read on the way, expected TLS or a loopback address.",
                     "Leave out --plain, or listen on 127.0.0.1 and forward the port with ssh."};
    ORRERY_ASSIGN(const std::vector<TokenInfo> tokens, options.tokens->list());
    if (tokens.empty())
        return Error{ErrorCode::InvalidInput,
                     what + "other machines reach it and there is no token, expected at least one.",
                     "Make one first: orrery-engine host token create NAME"};
    const double now = wallSeconds();
    if (std::all_of(tokens.begin(), tokens.end(), [now](const TokenInfo &token) { return token.isExpired(now); }))
        return Error{ErrorCode::InvalidInput,
                     what + "other machines reach it and the time of each of its tokens is over, expected one that is valid.",
                     "Make another one first: orrery-engine host token create NAME"};
    return {};
}

std::shared_ptr<grpc::ServerCredentials> credentialsOf(const TcpServerOptions &options)
{
    if (options.certificatePem.empty()) return grpc::experimental::LocalServerCredentials(LOCAL_TCP); // takes loopback peers only
    grpc::SslServerCredentialsOptions tls(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    tls.pem_key_cert_pairs.push_back({options.keyPem, options.certificatePem});
    return grpc::SslServerCredentials(tls);
}

} // namespace

struct RpcServer::Impl {
    CallMeter meter;
    std::shared_ptr<CallGuard> guard;
    std::vector<std::unique_ptr<grpc::Service>> services; ///< outlive the server
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections; ///< of TCP
    std::unique_ptr<grpc::Server> server;
    std::unique_ptr<UnixAcceptor> acceptor;
    std::unique_ptr<TcpAcceptor> tcp;
    AccessTokens *tokens = nullptr;

    /// Connections that tcp accepts become the server's; each call over them is asked for its token.
    void prepareTcp(const TcpServerOptions &options, grpc::ServerBuilder &builder)
    {
        tokens = options.tokens;
        guard = std::make_shared<CallGuard>(*options.tokens);
        meter.guard = guard.get();
        const std::shared_ptr<grpc::ServerCredentials> credentials = credentialsOf(options);
        credentials->SetAuthMetadataProcessor(guard);
        using Kind = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
        connections = builder.experimental().AddExternalConnectionAcceptor(Kind::FROM_FD, credentials);
        builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_GZIP);
        builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
        builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
        builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMaxIdleMs);
        builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, wire::kKeepaliveMs);
        builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, wire::kKeepaliveTimeoutMs);
        builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
        builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, wire::kKeepaliveMs / 2);
    }
    Result<void> openTcp(const TcpAddress &address)
    {
        TcpAcceptorOptions options;
        options.address = address;
        options.onConnection = [this](int descriptor) {
            grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
            connection.fd = descriptor;
            connections->HandleNewConnection(&connection);
        };
        options.onTick = [this] { guard->tick(); };
        ORRERY_ASSIGN(tcp, TcpAcceptor::start(std::move(options)));
        return {};
    }

    ~Impl()
    {
        meter.isStopping = true;
        if (acceptor) acceptor->stop();
        if (tcp) tcp->stop();
        if (tokens) tokens->saveUses(true);
        if (!server) return;
        // Handlers see isCancelled() and end; the deadline cuts off those that wait for a receiver. One that takes nothing, a
        // stopped process, would hold its handler for ever all the same: what was begun to be written cannot be taken back.
        std::binary_semaphore hasEnded(0);
        std::thread patience([&] {
            if (!hasEnded.try_acquire_for(kFarewell) && acceptor) acceptor->hangUp();
        });
        server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
        server->Wait();
        hasEnded.release();
        patience.join();
    }
};

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
RpcServer::~RpcServer() = default;

Result<std::unique_ptr<RpcServer>> RpcServer::start(const RpcServerOptions &options)
{
    TcpAddress address;
    if (options.tcp) {
        address = {options.tcp->host, options.tcp->port, options.tcp->certificatePem.empty()};
        ORRERY_TRY(checkExposure(*options.tcp, address));
    }
    const std::string place = options.tcp ? address.hostAndPort() : options.socketPath;
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
    if (options.tcp) impl->prepareTcp(*options.tcp, builder);
    for (const auto &service : impl->services) builder.RegisterService(service.get());
    impl->server = builder.BuildAndStart();
    if (!impl->server)
        return Error{ErrorCode::Internal,
                     "Cannot start the server on \"" + place + "\": gRPC refused.",
                     "Please report it with the engine's log."};
    if (options.tcp) {
        ORRERY_TRY(impl->openTcp(address));
        return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
    }

    UnixAcceptorOptions socket;
    socket.path = options.socketPath;
    socket.isAllowed = options.isAllowed;
    socket.onConnection = [server = impl->server.get()](int descriptor) {
        grpc::AddInsecureChannelFromFd(server, descriptor);
    };
    ORRERY_ASSIGN(impl->acceptor, UnixAcceptor::start(std::move(socket)));
    return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
}

uint16_t RpcServer::port() const { return m_impl->tcp ? m_impl->tcp->port() : 0; }
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
