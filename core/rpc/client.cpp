// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/client.h"

#include "core/rpc/adapters.h"
#include "core/rpc/error_status.h"
#include "core/rpc/inspect_parts.h"
#include "core/rpc/tls_identity.h"
#include "core/rpc/unix_server.h"
#include "core/rpc/wire.h"
#include "core/store/attention_frame_codec.h"

#include "orrery.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <set>
#include <utility>

namespace orrery {

namespace {

using Milliseconds = std::chrono::milliseconds;
constexpr auto kStartDeadline = std::chrono::seconds(60);
constexpr auto kBatchDeadline = std::chrono::hours(24);
constexpr auto kCancelCheck = Milliseconds(20); ///< while a connection is made, which gRPC cannot cancel

/// The calls under way that somebody may want to end.
class CallRegistry {
public:
    void add(grpc::ClientContext *context)
    {
        const std::lock_guard lock(m_mutex);
        m_contexts.insert(context);
    }
    void remove(grpc::ClientContext *context)
    {
        const std::lock_guard lock(m_mutex);
        m_contexts.erase(context);
    }
    void cancelAll()
    {
        const std::lock_guard lock(m_mutex);
        for (grpc::ClientContext *context : m_contexts) context->TryCancel();
    }

private:
    std::mutex m_mutex;
    std::set<grpc::ClientContext *> m_contexts;
};

/// A request that the other side would not take: gRPC's own error would not say why.
Result<void> checkRequestSize(size_t numBytes, const std::string &action, const std::string &model)
{
    if (numBytes <= static_cast<size_t>(wire::kMaxRequestBytes)) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot " + action + " \"" + model + "\": the request takes " + std::to_string(numBytes) +
                     " bytes with its texts, pictures and recordings, expected at most " +
                     std::to_string(wire::kMaxRequestBytes) + ".",
                 "Make the files smaller, or shorten the text; a model sees pictures at its own size anyway."};
}

/// What an engine says of a call that it does not know.
bool isNotOffered(const Error &error)
{
    return error.code == ErrorCode::Unavailable && error.message.ends_with("does not offer it.");
}

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

struct CancelToken::State {
    std::mutex mutex;
    bool isCancelled = false;
    CallRegistry calls;
};

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

struct EngineClient::Impl {
    std::string socketPath; ///< or what the remote host is called
    std::string credential; ///< metadata of every call; empty over a socket
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<v1::RunService::Stub> runs;
    std::unique_ptr<v1::HostService::Stub> host;
    std::unique_ptr<v1::InferenceService::Stub> inference;
    std::atomic<int64_t> deadlineMs{10'000};
    CallRegistry calls;
    CancelToken token; ///< of the connection: ends every call

    /// One call: registered so that cancelAll(), the connection's token and its own reach it.
    class Call {
    public:
        Call(Impl &impl, const CancelToken *token) : m_impl(impl)
        {
            m_impl.calls.add(&context);
            if (!m_impl.credential.empty()) context.AddMetadata(wire::kTokenKey, m_impl.credential);
            m_tokens.push_back(m_impl.token.m_state);
            if (token) m_tokens.push_back(token->m_state);
            for (const auto &state : m_tokens) {
                // Known to the token first: a cancel() of now either sees the call or is seen here.
                state->calls.add(&context);
                const std::lock_guard lock(state->mutex);
                if (state->isCancelled) context.TryCancel();
            }
        }
        ~Call()
        {
            m_impl.calls.remove(&context);
            for (const auto &state : m_tokens) state->calls.remove(&context);
        }
        Call(const Call &) = delete;
        Call &operator=(const Call &) = delete;

        grpc::ClientContext context;

    private:
        Impl &m_impl;
        std::vector<std::shared_ptr<CancelToken::State>> m_tokens;
    };

    template <typename Stub, typename Request, typename Reply>
    Result<void> unary(Stub &stub,
                       grpc::Status (Stub::*method)(grpc::ClientContext *, const Request &, Reply *),
                       const Request &request, Reply &reply, Milliseconds deadline, const std::string &action,
                       const std::string &object, const CancelToken *token = nullptr)
    {
        Call call(*this, token);
        if (deadline.count() > 0) call.context.set_deadline(std::chrono::system_clock::now() + deadline);
        const grpc::Status status = (stub.*method)(&call.context, request, &reply);
        if (!status.ok()) return errorFromStatus(status, call.context, action, object);
        return {};
    }

    [[nodiscard]] Milliseconds deadline() const { return Milliseconds(deadlineMs.load()); }

    static grpc::ChannelArguments channelArguments()
    {
        grpc::ChannelArguments arguments;
        // A channel of our own: gRPC would share one with earlier clients of the path, with their waits between
        // attempts.
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

    /// Waits until the channel is there, and makes the stubs.
    Result<void> open(Milliseconds timeout)
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
        return {};
    }

    /// Reads a stream to its end or until onMessage returns false; onQuiet is asked when nothing came for a
    /// while.
    template <typename Stub, typename Request, typename Reply, typename Prepare, typename OnMessage>
    Result<void> stream(Stub &stub, Prepare prepare, const Request &request, OnMessage onMessage,
                        const std::function<bool()> &onQuiet, const std::string &action,
                        const std::string &object, const CancelToken &token)
    {
        static char startTag, readTag, finishTag;
        Call call(*this, &token);
        grpc::CompletionQueue queue;
        std::unique_ptr<grpc::ClientAsyncReader<Reply>> reader =
            (stub.*prepare)(&call.context, request, &queue);
        reader->StartCall(&startTag);

        Reply reply;
        bool isStoppedByUs = false;
        std::exception_ptr thrown;
        void *tag = nullptr;
        bool ok = false;
        for (;;) {
            const auto tick = std::chrono::system_clock::now() + Milliseconds(500);
            const auto next = onQuiet && !isStoppedByUs
                                  ? queue.AsyncNext(&tag, &ok, tick)
                                  : queue.AsyncNext(&tag, &ok, gpr_inf_future(GPR_CLOCK_REALTIME));
            if (next == grpc::CompletionQueue::SHUTDOWN || (next == grpc::CompletionQueue::GOT_EVENT && !ok))
                break;
            try {
                if (next == grpc::CompletionQueue::TIMEOUT) {
                    isStoppedByUs = !onQuiet();
                    if (isStoppedByUs) call.context.TryCancel();
                    continue;
                }
                if (tag == &readTag && !isStoppedByUs) {
                    isStoppedByUs = !onMessage(reply);
                    reply.Clear();
                }
            } catch (...) {
                thrown = std::current_exception();
                isStoppedByUs = true;
            }
            if (isStoppedByUs) call.context.TryCancel();
            reader->Read(&reply, &readTag);
        }
        grpc::Status status;
        reader->Finish(&status, &finishTag);
        queue.Next(&tag, &ok);
        queue.Shutdown();
        while (queue.Next(&tag, &ok)) {
        }
        if (thrown) std::rethrow_exception(thrown);
        if (isStoppedByUs || status.ok()) return {};
        return errorFromStatus(status, call.context, action, object);
    }

    /// An answer in parts; of an engine that is older than these, in one piece.
    template <typename Stub, typename Prepare>
    Result<InspectReport>
    inspected(Stub &stub, Prepare parts,
              grpc::Status (Stub::*whole)(grpc::ClientContext *, const v1::InspectQuery &, v1::InspectReply *),
              const v1::InspectQuery &query, const std::string &action, const std::string &object,
              const CancelToken &token)
    {
        ORRERY_TRY(checkRequestSize(query.ByteSizeLong(), action, object));
        InspectAssembly assembly;
        Result<void> added;
        const auto onPart = [&](const v1::InspectReply &part) {
            added = assembly.add(part);
            return added.ok();
        };
        const Result<void> ended = stream<Stub, v1::InspectQuery, v1::InspectReply>(
            stub, parts, query, onPart, {}, action, object, token);
        ORRERY_TRY(std::move(added));
        if (ended.ok()) return assembly.take();
        if (!isNotOffered(ended.error())) return ended.error();
        v1::InspectReply reply;
        ORRERY_TRY(unary(stub, whole, query, reply, Milliseconds(0), action, object, &token));
        return fromMessage(reply);
    }
};

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
    impl->channel = grpc::CreateCustomChannel("unix:" + socketPath, grpc::InsecureChannelCredentials(),
                                              Impl::channelArguments());
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
    impl->channel = grpc::CreateCustomChannel(address.hostAndPort(), credentials, arguments);
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

Result<RunStatus> EngineClient::status(const std::string &run) const
{
    v1::RunRef request;
    request.set_run(wire::utf8(run));
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->runs, &v1::RunService::Stub::GetStatus, request, reply,
                             m_impl->deadline(), "read the status of run", run));
    return fromMessage(reply);
}

Result<std::string> EngineClient::specJson(const std::string &run) const
{
    v1::RunRef request;
    request.set_run(wire::utf8(run));
    v1::SpecReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->runs, &v1::RunService::Stub::GetSpec, request, reply,
                             m_impl->deadline(), "read the spec of run", run));
    return reply.json();
}

Result<RunStatus> EngineClient::control(const std::string &run, const ControlCommand &command) const
{
    v1::ControlRequest request;
    toMessage(command, request);
    request.set_run(wire::utf8(run));
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->runs, &v1::RunService::Stub::Control, request, reply,
                             m_impl->deadline(), "control run", run));
    return fromMessage(reply);
}

Result<std::vector<SeriesReply>> EngineClient::querySeries(const SeriesRequest &request) const
{
    v1::SeriesRequest message;
    toMessage(request, message);
    v1::SeriesReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->runs, &v1::RunService::Stub::QuerySeries, message, reply,
                             m_impl->deadline(), "read the series of run", request.run));
    std::vector<SeriesReply> replies;
    for (const v1::SeriesColumns &columns : reply.series()) {
        ORRERY_ASSIGN(SeriesReply one, fromMessage(columns));
        replies.push_back(std::move(one));
    }
    return replies;
}

Result<std::vector<RunEvent>> EngineClient::listEvents(const std::string &run, int64_t afterId,
                                                       int32_t maxEvents) const
{
    v1::EventsRequest request;
    request.set_run(wire::utf8(run));
    request.set_after_id(afterId);
    request.set_max_events(maxEvents);
    v1::EventsReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->runs, &v1::RunService::Stub::ListEvents, request, reply,
                             m_impl->deadline(), "read the log of run", run));
    std::vector<RunEvent> events;
    for (const v1::RunEventMessage &event : reply.events()) events.push_back(fromMessage(event));
    return events;
}

Result<std::vector<CheckpointInfo>> EngineClient::listCheckpoints(const std::string &run) const
{
    v1::RunRef request;
    request.set_run(wire::utf8(run));
    v1::CheckpointsReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->runs, &v1::RunService::Stub::ListCheckpoints, request, reply,
                             m_impl->deadline(), "list the checkpoints of run", run));
    std::vector<CheckpointInfo> checkpoints;
    for (const v1::CheckpointMessage &checkpoint : reply.checkpoints())
        checkpoints.push_back(fromMessage(checkpoint));
    return checkpoints;
}

Result<std::vector<FrameInfo>> EngineClient::listFrames(const std::string &run, const FrameQuery &query) const
{
    v1::FramesRequest request;
    toMessage(query, request);
    request.set_run(wire::utf8(run));
    v1::FramesReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->runs, &v1::RunService::Stub::ListFrames, request, reply,
                             m_impl->deadline(), "list the frames of run", run));
    std::vector<FrameInfo> frames;
    frames.reserve(static_cast<size_t>(reply.frames_size()));
    for (const v1::FrameMessage &frame : reply.frames()) frames.push_back(fromMessage(frame));
    return frames;
}

Result<AttentionFrame> EngineClient::frame(const std::string &run, int64_t id) const
{
    v1::FrameRequest request;
    request.set_run(wire::utf8(run));
    request.set_id(id);
    v1::FrameReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->runs, &v1::RunService::Stub::GetFrame, request, reply,
                             m_impl->deadline(), "read a frame of run", run));
    return unpackFrame(reply.data());
}

Result<InspectReport> EngineClient::inspectLive(const std::string &run, const InspectRequest &request,
                                                const CancelToken &token) const
{
    v1::InspectQuery message;
    toMessage(request, message);
    message.mutable_input()->set_model(wire::utf8(run));
    return m_impl->inspected(*m_impl->runs, &v1::RunService::Stub::PrepareAsyncInspectLiveInParts,
                             &v1::RunService::Stub::InspectLive, message, "look into run", run, token);
}

Result<void> EngineClient::watch(const std::string &run,
                                 const std::function<bool(const WatchBatch &)> &onBatch,
                                 const CancelToken &token, const std::function<bool()> &onQuiet) const
{
    v1::WatchRequest request;
    request.set_run(wire::utf8(run));
    bool isFirst = true;
    return m_impl->stream<v1::RunService::Stub, v1::WatchRequest, v1::WatchUpdate>(
        *m_impl->runs, &v1::RunService::Stub::PrepareAsyncWatch, request,
        [&](const v1::WatchUpdate &update) {
            WatchBatch batch = fromMessage(update);
            if (std::exchange(isFirst, false)) batch.mustReplay = true;
            return onBatch(batch);
        },
        onQuiet, "watch run", run, token);
}

Result<HostDescription> EngineClient::host() const
{
    v1::HostInfo reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::GetHost, v1::Empty(), reply,
                             m_impl->deadline(), "ask the engine at", m_impl->socketPath));
    return fromMessage(reply);
}

Result<double> EngineClient::ping() const
{
    const auto begin = std::chrono::steady_clock::now();
    v1::Empty reply;
    const Result<void> answered = m_impl->unary(*m_impl->host, &v1::HostService::Stub::Ping, v1::Empty(), reply,
                                                m_impl->deadline(), "ask the engine at", m_impl->socketPath);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (answered.ok()) return seconds;
    // One that does not offer it has said so, which took a round trip, too.
    if (isNotOffered(answered.error())) return seconds;
    return answered.error();
}

Result<std::vector<RunStatus>> EngineClient::listRuns() const
{
    v1::RunList reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::ListRuns, v1::Empty(), reply,
                             m_impl->deadline(), "list the runs of", m_impl->socketPath));
    return fromMessage(reply);
}

Result<void> EngineClient::watchRuns(const std::function<bool(const std::vector<RunStatus> &)> &onList,
                                     const CancelToken &token) const
{
    return m_impl->stream<v1::HostService::Stub, v1::Empty, v1::RunList>(
        *m_impl->host, &v1::HostService::Stub::PrepareAsyncWatchRuns, v1::Empty(),
        [&](const v1::RunList &list) { return onList(fromMessage(list)); }, {}, "watch the runs of",
        m_impl->socketPath, token);
}

Result<RunStatus> EngineClient::createRun(const std::string &specJson, const std::string &directory,
                                          bool start) const
{
    v1::CreateRunRequest request;
    request.set_spec_json(wire::utf8(specJson));
    request.set_directory(wire::utf8(directory));
    request.set_start(start);
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::CreateRun, request, reply, kStartDeadline,
                             "create a run in", directory.empty() ? "the user's runs" : directory));
    return fromMessage(reply);
}

Result<RunStatus> EngineClient::startRun(const std::string &run, int64_t steps) const
{
    v1::ResumeRunRequest request;
    request.set_run(wire::utf8(run));
    request.set_steps(steps);
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::StartRun, request, reply, kStartDeadline,
                             "start run", run));
    return fromMessage(reply);
}

Result<RunStatus> EngineClient::addRun(const std::string &path) const
{
    v1::RunRef request;
    request.set_run(wire::utf8(path));
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::AddRun, request, reply,
                             m_impl->deadline(), "add run", path));
    return fromMessage(reply);
}

Result<void> EngineClient::deleteRun(const std::string &run) const
{
    v1::RunRef request;
    request.set_run(wire::utf8(run));
    v1::Empty reply;
    return m_impl->unary(*m_impl->host, &v1::HostService::Stub::DeleteRun, request, reply, kStartDeadline,
                         "delete run", run);
}

Result<RunStatus> EngineClient::editRun(const std::string &run, const RunEdit &edit) const
{
    v1::EditRunRequest request;
    toMessage(edit, request);
    request.set_run(wire::utf8(run));
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::EditRun, request, reply, m_impl->deadline(),
                             "edit run", run));
    return fromMessage(reply);
}

Result<RunStatus> EngineClient::restoreRun(const std::string &run) const
{
    v1::RunRef request;
    request.set_run(wire::utf8(run));
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::RestoreRun, request, reply, kStartDeadline,
                             "restore run", run));
    return fromMessage(reply);
}

Result<RunStatus> EngineClient::branchRun(const BranchRequest &branch) const
{
    v1::BranchRunRequest request;
    request.set_run(wire::utf8(branch.run));
    request.set_step(branch.step);
    request.set_changes_json(wire::utf8(branch.changesJson));
    request.set_directory(wire::utf8(branch.directory));
    request.set_start(branch.start);
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::BranchRun, request, reply, kStartDeadline,
                             "branch run", branch.run));
    return fromMessage(reply);
}

Result<void> EngineClient::annotate(const std::string &run, int64_t step, const std::string &text) const
{
    v1::AnnotateRequest request;
    request.set_run(wire::utf8(run));
    request.set_step(step);
    request.set_text(wire::utf8(text));
    v1::Empty reply;
    return m_impl->unary(*m_impl->host, &v1::HostService::Stub::Annotate, request, reply, m_impl->deadline(),
                         "annotate run", run);
}

Result<ImportReply> EngineClient::importRuns(const std::string &path, const CancelToken &token) const
{
    v1::ImportRunsRequest request;
    request.set_path(wire::utf8(path));
    v1::ImportRunsReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::ImportRuns, request, reply, Milliseconds(0),
                             "import", path, &token));
    return fromMessage(reply);
}

Result<void> EngineClient::exportRun(const std::string &run, const std::string &directory,
                                     const CancelToken &token) const
{
    v1::ExportRunRequest request;
    request.set_run(wire::utf8(run));
    request.set_directory(wire::utf8(directory));
    v1::Empty reply;
    return m_impl->unary(*m_impl->host, &v1::HostService::Stub::ExportRun, request, reply, Milliseconds(0),
                         "export run", run, &token);
}

Result<std::string> EngineClient::describeData(const DataRequest &request, const CancelToken &token) const
{
    v1::DescribeDataRequest message;
    toMessage(request, message);
    v1::DataDescriptionReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::DescribeData, message, reply,
                             Milliseconds(0), "describe data", request.path, &token));
    return reply.json();
}

Result<void> EngineClient::retire() const
{
    v1::Empty reply;
    return m_impl->unary(*m_impl->host, &v1::HostService::Stub::Retire, v1::Empty(), reply,
                         m_impl->deadline(), "replace the engine at", m_impl->socketPath);
}

Result<PluginListing> EngineClient::listPlugins() const
{
    v1::PluginList reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::ListPlugins, v1::Empty(), reply,
                             m_impl->deadline(), "list the plugins of", m_impl->socketPath));
    return fromMessage(reply);
}

Result<GenerateSummary>
EngineClient::generate(const std::string &model, const GenerateRequest &request,
                       const std::function<bool(const ModelInfo &)> &onModel,
                       const std::function<bool(const std::vector<GeneratedToken> &)> &onTokens,
                       const CancelToken &token, const std::function<bool()> &onQuiet) const
{
    v1::GenerateRequest message;
    toMessage(ModelRequest{model, request}, message);
    ORRERY_TRY(checkRequestSize(message.ByteSizeLong(), "generate with", model));
    GenerateSummary summary;
    bool hasSummary = false;
    bool isStopped = false;
    const auto onResponse = [&](const v1::GenerateResponse &response) {
        if (response.has_model() && onModel) isStopped = !onModel(fromMessage(response.model()));
        if (!isStopped && response.tokens_size() > 0) {
            std::vector<GeneratedToken> tokens;
            for (const v1::GeneratedTokenMessage &one : response.tokens()) tokens.push_back(fromMessage(one));
            summary.generatedTokens += static_cast<int64_t>(tokens.size());
            if (onTokens) isStopped = !onTokens(tokens);
        }
        if (response.has_summary()) {
            summary = fromMessage(response.summary());
            hasSummary = true;
        }
        return !isStopped;
    };
    std::function<bool()> onQuietStop;
    if (onQuiet)
        onQuietStop = [&] {
            isStopped = !onQuiet();
            return !isStopped;
        };
    ORRERY_TRY((m_impl->stream<v1::InferenceService::Stub, v1::GenerateRequest, v1::GenerateResponse>(
        *m_impl->inference, &v1::InferenceService::Stub::PrepareAsyncGenerateText, message, onResponse,
        onQuietStop, "generate with", model, token)));
    if (isStopped) {
        summary.reason = FinishReason::Cancelled;
        if (summary.model.empty()) summary.model = model;
        return summary;
    }
    if (!hasSummary)
        return Error{ErrorCode::Io,
                     "Cannot finish the generation with \"" + model +
                         "\": the stream ended without its summary.",
                     "Try again."};
    return summary;
}

Result<EmbedSummary> EngineClient::embed(const std::string &model, const EmbedRequest &request,
                                         const CancelToken &token) const
{
    v1::EmbedRequest message;
    message.set_model(wire::utf8(model));
    message.set_text(request.text);
    v1::EmbedReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->inference, &v1::InferenceService::Stub::Embed, message, reply,
                             Milliseconds(0), "embed a text with", model, &token));
    return fromMessage(reply);
}

Result<MemoryReport> EngineClient::editMemory(const std::string &model, const MemoryEdit &edit,
                                              const CancelToken &token) const
{
    v1::MemoryRequest message;
    toMessage(edit, message);
    message.set_model(wire::utf8(model));
    v1::MemoryReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->inference, &v1::InferenceService::Stub::EditMemory, message, reply,
                             Milliseconds(0), "look into the memory of", model, &token));
    return fromMessage(reply);
}

Result<InspectReport> EngineClient::inspect(const std::string &model, const InspectRequest &request,
                                            const CancelToken &token) const
{
    v1::InspectQuery message;
    toMessage(request, message);
    message.mutable_input()->set_model(wire::utf8(model));
    return m_impl->inspected(*m_impl->inference, &v1::InferenceService::Stub::PrepareAsyncInspectInParts,
                             &v1::InferenceService::Stub::Inspect, message, "look into", model, token);
}

Result<std::vector<TokenPiece>> EngineClient::tokenize(const std::string &model, const std::string &text,
                                                       const CancelToken &token) const
{
    v1::TokenizeRequest message;
    message.set_model(wire::utf8(model));
    message.set_text(text);
    ORRERY_TRY(checkRequestSize(message.ByteSizeLong(), "show the tokens of", model));
    v1::TokenizeReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->inference, &v1::InferenceService::Stub::Tokenize, message, reply,
                             Milliseconds(0), "show the tokens of", model, &token));
    std::vector<TokenPiece> pieces;
    pieces.reserve(static_cast<size_t>(reply.pieces_size()));
    for (const v1::TokenPieceMessage &piece : reply.pieces()) pieces.push_back({piece.id(), piece.text()});
    return pieces;
}

Result<std::vector<BatchResult>> EngineClient::batchGenerate(const std::vector<ModelRequest> &requests,
                                                             const CancelToken &token) const
{
    v1::BatchGenerateRequest message;
    for (const ModelRequest &request : requests) toMessage(request, *message.add_requests());
    if (!requests.empty()) ORRERY_TRY(checkRequestSize(message.ByteSizeLong(), "generate with", requests.front().model));
    v1::BatchGenerateResponse reply;
    ORRERY_TRY(m_impl->unary(*m_impl->inference, &v1::InferenceService::Stub::BatchGenerate, message, reply,
                             Milliseconds(kBatchDeadline), "generate with",
                             requests.empty() ? std::string("no request") : requests.front().model, &token));
    std::vector<BatchResult> results;
    for (const v1::BatchGenerateResult &result : reply.results()) results.push_back(fromMessage(result));
    return results;
}

} // namespace orrery
