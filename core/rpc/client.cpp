// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/client.h"

#include "core/rpc/client_calls.h"
#include "core/rpc/tls_identity.h"
#include "core/rpc/unix_server.h"
#include "core/rpc/wire.h"

#include <algorithm>

namespace orrery {

namespace {

constexpr auto kCancelCheck = Milliseconds(20); ///< while a connection is made, which gRPC cannot cancel

/// @error Conflict: not the certificate that was agreed on, or none was
Result<void> checkPeer(const std::string &shown, const RemoteTarget &target)
{
    if (isSameFingerprint(shown, target.fingerprint)) return {};
    const std::string what = "Cannot connect to the host \"" + target.label() + "\": ";
    if (target.fingerprint.empty())
        return Error{ErrorCode::Conflict,
                     what + "its certificate is not known here yet. It shows " + shown + ".",
                     "Compare it with what the host printed when it started; when both are the same, add it to the connection "
                     "(orrery-engine connections add NAME ADDRESS --fingerprint SHA256:…)."};
    return Error{ErrorCode::Conflict,
                 what + "its certificate has changed. It shows " + shown + ", expected " + target.fingerprint + ".",
                 "Somebody may stand in between, so nothing was sent. If its host was set up anew, compare the fingerprint with "
                 "what it prints when it starts, and change the connection."};
}

} // namespace

Result<void> checkRequestSize(size_t numBytes, const std::string &action, const std::string &model)
{
    if (numBytes <= static_cast<size_t>(wire::kMaxRequestBytes)) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot " + action + " \"" + model + "\": the request takes " + std::to_string(numBytes) +
                     " bytes with its texts, pictures and recordings, expected at most " +
                     std::to_string(wire::kMaxRequestBytes) + ".",
                 "Make the files smaller, or shorten the text; a model sees pictures at its own size anyway."};
}

bool isNotOffered(const Error &error)
{
    return error.code == ErrorCode::Unavailable && error.message.ends_with("does not offer it.");
}

bool isTooBusy(const Error &error)
{
    return error.code == ErrorCode::Unavailable && error.message.ends_with("the engine is busy or the answer is too large.");
}

CancelToken::CancelToken() : m_state(std::make_shared<State>()) {}

void CancelToken::cancel() const
{
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->isCancelled = true;
    }
    m_state->calls.cancelAll();
}

bool CancelToken::isCancelled() const
{
    const std::lock_guard lock(m_state->mutex);
    return m_state->isCancelled;
}

grpc::ChannelArguments EngineClient::Impl::channelArguments()
{
    grpc::ChannelArguments arguments;
    // A channel of our own: gRPC would share one with earlier clients of the path, with their waits between
    // attempts; and its own connection for each of a client's two.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, wire::kMaxMetadataBytes);
    arguments.SetMaxReceiveMessageSize(wire::kMaxReplyBytes);
    arguments.SetMaxSendMessageSize(wire::kMaxRequestBytes);
    return arguments;
}

void EngineClient::Impl::makeChannels(const std::string &target,
                                      const std::shared_ptr<grpc::ChannelCredentials> &credentials,
                                      const grpc::ChannelArguments &arguments)
{
    channel = grpc::CreateCustomChannel(target, credentials, arguments);
    quickChannel = grpc::CreateCustomChannel(target, credentials, arguments);
}

Result<void> EngineClient::Impl::open(Milliseconds timeout)
{
    const auto until = std::chrono::system_clock::now() + timeout;
    bool isConnected = false;
    while (!isConnected && !token.isCancelled() && std::chrono::system_clock::now() < until)
        isConnected = channel->WaitForConnected(std::min<std::chrono::system_clock::time_point>(
            until, std::chrono::system_clock::now() + kCancelCheck));
    if (token.isCancelled())
        return Error{ErrorCode::Cancelled,
                     "Cannot connect to the engine at \"" + socketPath + "\": the attempt was cancelled.",
                     "Connect again."};
    if (!isConnected)
        return Error{ErrorCode::Unavailable,
                     "Cannot connect to the engine at \"" + socketPath + "\": it accepts no connection now.",
                     "Try again; if it repeats, close other viewers or start the engine again."};
    runs = v1::RunService::NewStub(channel);
    host = v1::HostService::NewStub(channel);
    inference = v1::InferenceService::NewStub(channel);
    ownQuickRuns = v1::RunService::NewStub(quickChannel);
    ownQuickHost = v1::HostService::NewStub(quickChannel);
    return {};
}

Result<EngineClient> EngineClient::connect(const std::string &socketPath, Milliseconds timeout,
                                           const CancelToken &token)
{
    ORRERY_TRY(checkSocketPath(socketPath));
    const SocketProbe probe = probeSocket(socketPath);
    if (probe != SocketProbe::Listening)
        return Error{ErrorCode::Unavailable,
                     "Cannot connect to the engine at \"" + socketPath + "\": " +
                         (probe == SocketProbe::Missing ? "there is no such socket"
                                                        : "nobody listens there any more") +
                         ", expected a running engine.",
                     "Start the engine, or the run, and try again."};

    auto impl = std::make_unique<Impl>();
    impl->socketPath = socketPath;
    impl->token = token;
    impl->makeChannels("unix:" + socketPath, grpc::InsecureChannelCredentials(), Impl::channelArguments());
    ORRERY_TRY(impl->open(timeout));
    return EngineClient(std::move(impl));
}

Result<EngineClient> EngineClient::connectRemote(const RemoteTarget &target, Milliseconds timeout, const CancelToken &token)
{
    ORRERY_ASSIGN(const TcpAddress address, parseTcpAddress(target.address));
    ORRERY_TRY(checkTokenText(target.token, target.label()));
    auto impl = std::make_unique<Impl>();
    impl->socketPath = target.label();
    impl->token = token;
    impl->credential = "Bearer " + target.token;
    grpc::ChannelArguments arguments = Impl::channelArguments();
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, wire::kKeepaliveMs);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, wire::kKeepaliveTimeoutMs);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
    if (!address.isPlain) {
        ORRERY_ASSIGN(const PeerCertificate peer,
                      fetchPeerCertificate(address, timeout, [&token] { return token.isCancelled(); }));
        ORRERY_TRY(checkPeer(peer.fingerprint, target));
        ORRERY_ASSIGN(const std::string name, certificateName(peer.pem));
        // This certificate and no other: who answers next has its key or is not heard.
        credentials = grpc::SslCredentials({peer.pem, {}, {}});
        arguments.SetSslTargetNameOverride(name);
    }
    impl->makeChannels(address.hostAndPort(), credentials, arguments);
    ORRERY_TRY(impl->open(timeout));
    return EngineClient(std::move(impl));
}

EngineClient::EngineClient(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
EngineClient::EngineClient(EngineClient &&other) noexcept = default;
EngineClient &EngineClient::operator=(EngineClient &&other) noexcept = default;
EngineClient::~EngineClient() = default;

const std::string &EngineClient::socketPath() const { return m_impl->socketPath; }
void EngineClient::setDeadline(Milliseconds deadline) { m_impl->deadlineMs = deadline.count(); }
void EngineClient::cancelAll() const { m_impl->calls.cancelAll(); }

} // namespace orrery
