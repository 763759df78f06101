// SPDX-License-Identifier: Apache-2.0
// How a client calls: each call known to whoever may end it, single answers, streams, and answers in parts. What it says of
// runs, of a host and of models stands in client_runs.cpp, client_host.cpp and client_models.cpp, how it connects in
// client.cpp. Private to core/rpc.
#pragma once

#include "core/rpc/adapters.h"
#include "core/rpc/client.h"
#include "core/rpc/error_status.h"
#include "core/rpc/inspect_parts.h"
#include "core/rpc/wire.h"

#include "orrery.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <set>
#include <utility>

namespace orrery {

using Milliseconds = std::chrono::milliseconds;

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
Result<void> checkRequestSize(size_t numBytes, const std::string &action, const std::string &model);
/// What an engine says of a call that it does not know.
bool isNotOffered(const Error &error);
/// What is said of one that has no thread for a call now.
bool isTooBusy(const Error &error);

struct CancelToken::State {
    std::mutex mutex;
    bool isCancelled = false;
    CallRegistry calls;
};

struct EngineClient::Impl {
    std::string socketPath; ///< or what the remote host is called
    std::string credential; ///< metadata of every call; empty over a socket
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<v1::RunService::Stub> runs;
    std::unique_ptr<v1::HostService::Stub> host;
    std::unique_ptr<v1::InferenceService::Stub> inference;
    /// A connection of its own for what must not wait behind answers that fill the line: control, edits, the round trip. Made
    /// when somebody asks for a round trip, which who stays does all the time; until it is there, and whenever it is not, the
    /// other one serves.
    std::shared_ptr<grpc::Channel> quickChannel;
    std::unique_ptr<v1::RunService::Stub> ownQuickRuns;
    std::unique_ptr<v1::HostService::Stub> ownQuickHost;
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

    static grpc::ChannelArguments channelArguments();
    /// Channels to a target, neither of them connected yet.
    void makeChannels(const std::string &target, const std::shared_ptr<grpc::ChannelCredentials> &credentials,
                      const grpc::ChannelArguments &arguments);
    /// Waits until the channel is there, and makes the stubs.
    Result<void> open(Milliseconds timeout);
    [[nodiscard]] bool hasQuick() const { return quickChannel->GetState(false) == GRPC_CHANNEL_READY; }
    [[nodiscard]] v1::RunService::Stub &quickRuns() const { return hasQuick() ? *ownQuickRuns : *runs; }
    [[nodiscard]] v1::HostService::Stub &quickHost() const { return hasQuick() ? *ownQuickHost : *host; }
    /// Begins to connect it where it is not, and waits for nothing.
    void wantQuick() const { (void)quickChannel->GetState(true); }

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
              const CancelToken &token, const InspectRequest &request,
              const std::function<void(const InspectAmount &)> &onAmount)
    {
        ORRERY_TRY(checkRequestSize(query.ByteSizeLong(), action, object));
        InspectAssembly assembly;
        Result<void> added;
        const auto onPartAdded = amountTeller(request, onAmount);
        const auto onPart = [&](const v1::InspectReply &part) {
            if (part.has_progress()) {
                if (onAmount) onAmount({.reading = readingOf(part)});
                return true;
            }
            added = assembly.add(part);
            if (added.ok()) onPartAdded(assembly);
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

} // namespace orrery
