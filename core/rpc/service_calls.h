// SPDX-License-Identifier: Apache-2.0
// What the handlers of all three services share: a call that is counted, metered and let in, what escapes it, and the ends of
// its streams. Private to core/rpc.
#pragma once

#include "core/rpc/adapters.h"
#include "core/rpc/call_guard.h"
#include "core/rpc/error_status.h"
#include "core/rpc/inspect_parts.h"
#include "core/rpc/services.h"
#include "core/rpc/wire.h"

#include "orrery.grpc.pb.h"

#include <chrono>
#include <ctime>
#include <exception>
#include <new>

namespace orrery {

inline int64_t threadCpuNanoseconds()
{
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

/// One call under way: counted, its thread's CPU time added up.
class CallScope {
public:
    explicit CallScope(CallMeter &meter) : m_meter(meter), m_begin(threadCpuNanoseconds())
    {
        ++m_meter.numCalls;
        touch();
    }
    ~CallScope()
    {
        tick();
        touch();
        --m_meter.numCalls;
    }
    CallScope(const CallScope &) = delete;
    CallScope &operator=(const CallScope &) = delete;

    /// Long calls add up now and then, so that their cost is seen while they last.
    void tick()
    {
        const int64_t now = threadCpuNanoseconds();
        m_meter.cpuNanoseconds += now - m_begin;
        m_begin = now;
    }

private:
    void touch()
    {
        m_meter.lastChangeNanoseconds = std::chrono::steady_clock::now().time_since_epoch().count();
    }

    CallMeter &m_meter;
    int64_t m_begin;
};

/// A place among the bounded number of streams.
class StreamScope {
public:
    explicit StreamScope(CallMeter &meter) : m_meter(meter), m_isIn(++meter.numStreams <= meter.maxStreams) {}
    ~StreamScope() { --m_meter.numStreams; }
    StreamScope(const StreamScope &) = delete;
    StreamScope &operator=(const StreamScope &) = delete;
    [[nodiscard]] bool isIn() const { return m_isIn; }
    [[nodiscard]] Error refusal() const
    {
        return {ErrorCode::Unavailable,
                "Cannot open another stream: " + std::to_string(m_meter.maxStreams) +
                    " viewers are connected, expected fewer.",
                "Close another viewer of this run, then try again."};
    }

private:
    CallMeter &m_meter;
    bool m_isIn;
};

/// Tells the guard of a call over TCP, from its beginning to its end.
class GuardScope {
public:
    GuardScope(CallGuard *guard, grpc::ServerContext &context)
        : m_guard(guard), m_context(context), m_isIn(!guard || guard->add(context))
    {
    }
    ~GuardScope()
    {
        if (m_guard) m_guard->remove(m_context);
    }
    GuardScope(const GuardScope &) = delete;
    GuardScope &operator=(const GuardScope &) = delete;
    [[nodiscard]] bool isIn() const { return m_isIn; }

private:
    CallGuard *m_guard;
    grpc::ServerContext &m_context;
    bool m_isIn;
};

/// Runs a handler; whatever escapes it becomes an error of this call only.
template <typename Handler>
grpc::Status guarded(CallMeter &meter, grpc::ServerContext &context, Handler handler)
{
    CallScope scope(meter);
    const GuardScope guard(meter.guard, context);
    if (!guard.isIn()) return {grpc::StatusCode::UNAUTHENTICATED, "the token is not known here"};
    try {
        const Result<void> result = handler(scope);
        return result.ok() ? grpc::Status::OK : failedStatus(result.error(), context);
    } catch (const std::bad_alloc &) {
        return failedStatus({ErrorCode::OutOfMemory, "Cannot answer the request: memory is used up.",
                             "Ask for less, or free memory on this machine."},
                            context);
    } catch (const std::exception &exception) {
        return failedStatus(
            {ErrorCode::Internal,
             std::string("Cannot answer the request: ") + exception.what() + ". This is a defect.",
             "Please report it with the engine's log."},
            context);
    }
}

/// The common part of the sinks: who is cancelled, and CPU time per message.
template <typename Interface, typename Message> class WriterSink : public Interface {
public:
    WriterSink(grpc::ServerContext &context, grpc::ServerWriter<Message> &writer, CallMeter &meter,
               CallScope &scope)
        : m_context(context), m_writer(writer), m_meter(meter), m_scope(scope)
    {
    }
    [[nodiscard]] bool isCancelled() const override { return m_meter.isStopping || m_context.IsCancelled(); }

protected:
    bool write(const Message &message) const
    {
        const bool written = !m_meter.isStopping && m_writer.Write(message);
        m_scope.tick();
        return written;
    }

private:
    grpc::ServerContext &m_context;
    grpc::ServerWriter<Message> &m_writer;
    CallMeter &m_meter;
    CallScope &m_scope;
};

/// Sends an answer part by part, at the reader's pace; who made the answer has long gone on.
class InspectWriter final : public WriterSink<StreamSink, v1::InspectReply> {
public:
    using WriterSink::WriterSink;
    void wantProgress(bool isWanted) { m_wantsProgress = isWanted; }
    void sendReading(const InspectPassAmount &amount) const override
    {
        if (!m_wantsProgress) return;
        v1::InspectReply part;
        setReading(amount, part);
        write(part); // whoever is gone is asked for by isCancelled()
    }
    Result<void> send(const InspectReport &report)
    {
        InspectCutter cutter(report);
        for (v1::InspectReply part; cutter.next(part); part.Clear())
            if (isCancelled() || !write(part))
                return Error{ErrorCode::Cancelled, "Cannot finish looking inside: the client cancelled it.",
                             ""};
        return {};
    }

private:
    bool m_wantsProgress = false;
};

/// A look inside, answered in parts, of the weights of a training and of a saved model alike.
/// @param ask makes the report; is given who asks
template <typename Ask>
grpc::Status inspectInParts(CallMeter &meter, grpc::ServerContext &context, const v1::InspectQuery &query,
                            grpc::ServerWriter<v1::InspectReply> &writer, Ask ask)
{
    return guarded(meter, context, [&](CallScope &scope) -> Result<void> {
        StreamScope stream(meter); // it waits for a step boundary, or for a model to be loaded
        if (!stream.isIn()) return stream.refusal();
        InspectWriter caller(context, writer, meter, scope);
        caller.wantProgress(query.wants_progress());
        ORRERY_ASSIGN(const InspectReport report, ask(caller));
        return caller.send(report);
    });
}

/// Cancellation of a unary call that takes long.
class UnaryCaller final : public StreamSink {
public:
    UnaryCaller(grpc::ServerContext &context, CallMeter &meter) : m_context(context), m_meter(meter) {}
    [[nodiscard]] bool isCancelled() const override { return m_meter.isStopping || m_context.IsCancelled(); }

private:
    grpc::ServerContext &m_context;
    CallMeter &m_meter;
};

} // namespace orrery
