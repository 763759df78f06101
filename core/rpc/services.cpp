// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/services.h"

#include "core/rpc/adapters.h"
#include "core/rpc/call_guard.h"
#include "core/rpc/error_status.h"
#include "core/rpc/inspect_parts.h"
#include "core/rpc/wire.h"

#include "orrery.grpc.pb.h"

#include <chrono>
#include <ctime>
#include <exception>
#include <new>

namespace orrery {

namespace {

int64_t threadCpuNanoseconds()
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
    bool write(const Message &message)
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

class WatchWriter final : public WriterSink<WatchSink, v1::WatchUpdate> {
public:
    using WriterSink::WriterSink;
    bool send(const WatchBatch &batch) override
    {
        v1::WatchUpdate message;
        toMessage(batch, message);
        return write(message);
    }
};

class RunListWriter final : public WriterSink<RunListSink, v1::RunList> {
public:
    using WriterSink::WriterSink;
    bool send(const std::vector<RunStatus> &runs) override
    {
        v1::RunList message;
        toMessage(runs, message);
        return write(message);
    }
};

class GenerateWriter final : public WriterSink<GenerateSink, v1::GenerateResponse> {
public:
    using WriterSink::WriterSink;
    bool sendModel(const ModelInfo &model) override
    {
        v1::GenerateResponse message;
        toMessage(model, *message.mutable_model());
        return write(message);
    }
    bool sendTokens(const std::vector<GeneratedToken> &tokens) override
    {
        v1::GenerateResponse message;
        for (const GeneratedToken &token : tokens) toMessage(token, *message.add_tokens());
        return write(message);
    }
    bool sendSummary(const GenerateSummary &summary)
    {
        v1::GenerateResponse message;
        toMessage(summary, *message.mutable_summary());
        return write(message);
    }
};

/// Sends an answer part by part, at the reader's pace; who made the answer has long gone on.
class InspectWriter final : public WriterSink<StreamSink, v1::InspectReply> {
public:
    using WriterSink::WriterSink;
    Result<void> send(const InspectReport &report)
    {
        InspectCutter cutter(report);
        for (v1::InspectReply part; cutter.next(part); part.Clear())
            if (isCancelled() || !write(part))
                return Error{ErrorCode::Cancelled, "Cannot finish looking inside: the client cancelled it.",
                             ""};
        return {};
    }
};

/// Gathers the text of one generation of a batch.
class TextGatherer final : public GenerateSink {
public:
    TextGatherer(grpc::ServerContext &context, CallMeter &meter) : m_context(context), m_meter(meter) {}
    [[nodiscard]] bool isCancelled() const override { return m_meter.isStopping || m_context.IsCancelled(); }
    bool sendModel(const ModelInfo &) override { return !isCancelled(); }
    bool sendTokens(const std::vector<GeneratedToken> &tokens) override
    {
        for (const GeneratedToken &token : tokens) m_text += token.bytes;
        return !isCancelled();
    }
    [[nodiscard]] std::string takeText() { return std::move(m_text); }

private:
    grpc::ServerContext &m_context;
    CallMeter &m_meter;
    std::string m_text;
};

/// Cancellation of a unary call that takes long.
class UnaryCaller final : public StreamSink {
public:
    UnaryCaller(grpc::ServerContext &context, CallMeter &meter) : m_context(context), m_meter(meter) {}
    [[nodiscard]] bool isCancelled() const override { return m_meter.isStopping || m_context.IsCancelled(); }

private:
    grpc::ServerContext &m_context;
    CallMeter &m_meter;
};

class RunServiceImpl final : public v1::RunService::Service {
public:
    RunServiceImpl(RunBackend &backend, CallMeter &meter) : m_backend(backend), m_meter(meter) {}

    grpc::Status GetStatus(grpc::ServerContext *context, const v1::RunRef *request,
                           v1::RunStatusMessage *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const RunStatus status, m_backend.status(request->run()));
            toMessage(status, *reply);
            return {};
        });
    }
    grpc::Status GetSpec(grpc::ServerContext *context, const v1::RunRef *request,
                         v1::SpecReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const std::string json, m_backend.specJson(request->run()));
            reply->set_json(wire::utf8(json));
            return {};
        });
    }
    grpc::Status Control(grpc::ServerContext *context, const v1::ControlRequest *request,
                         v1::RunStatusMessage *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            const ControlCommand command = fromMessage(*request);
            if (command.verb == ControlVerb::Unknown)
                return Error{ErrorCode::InvalidInput,
                             "Cannot control run \"" + request->run() + "\": verb number " +
                                 std::to_string(request->verb()) + " is not known, expected 1 to 6.",
                             "Update the engine, which is older than this program."};
            ORRERY_ASSIGN(const RunStatus status, m_backend.control(request->run(), command));
            toMessage(status, *reply);
            return {};
        });
    }
    grpc::Status Watch(grpc::ServerContext *context, const v1::WatchRequest *request,
                       grpc::ServerWriter<v1::WatchUpdate> *writer) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter);
            if (!stream.isIn()) return stream.refusal();
            WatchWriter sink(*context, *writer, m_meter, scope);
            return m_backend.watch(request->run(), sink);
        });
    }
    grpc::Status QuerySeries(grpc::ServerContext *context, const v1::SeriesRequest *request,
                             v1::SeriesReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const std::vector<SeriesReply> series,
                          m_backend.querySeries(fromMessage(*request)));
            for (const SeriesReply &one : series) toMessage(one, *reply->add_series());
            return {};
        });
    }
    grpc::Status ListEvents(grpc::ServerContext *context, const v1::EventsRequest *request,
                            v1::EventsReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const std::vector<RunEvent> events,
                          m_backend.listEvents(request->run(), request->after_id(), request->max_events()));
            for (const RunEvent &event : events) toMessage(event, *reply->add_events());
            return {};
        });
    }
    grpc::Status ListCheckpoints(grpc::ServerContext *context, const v1::RunRef *request,
                                 v1::CheckpointsReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const std::vector<CheckpointInfo> checkpoints,
                          m_backend.listCheckpoints(request->run()));
            for (const CheckpointInfo &checkpoint : checkpoints)
                toMessage(checkpoint, *reply->add_checkpoints());
            return {};
        });
    }
    grpc::Status ListFrames(grpc::ServerContext *context, const v1::FramesRequest *request,
                            v1::FramesReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const std::vector<FrameInfo> frames,
                          m_backend.listFrames(request->run(), fromMessage(*request)));
            for (const FrameInfo &frame : frames) toMessage(frame, *reply->add_frames());
            return {};
        });
    }
    grpc::Status GetFrame(grpc::ServerContext *context, const v1::FrameRequest *request,
                          v1::FrameReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(std::string bytes, m_backend.frameBytes(request->run(), request->id()));
            reply->set_data(std::move(bytes));
            return {};
        });
    }
    grpc::Status InspectLive(grpc::ServerContext *context, const v1::InspectQuery *request,
                             v1::InspectReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // it waits for a step boundary
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const InspectReport report,
                          m_backend.inspectLive(request->input().model(), fromMessage(*request), caller));
            toMessage(report, *reply);
            return {};
        });
    }
    grpc::Status InspectLiveInParts(grpc::ServerContext *context, const v1::InspectQuery *request,
                                    grpc::ServerWriter<v1::InspectReply> *writer) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter); // as above
            if (!stream.isIn()) return stream.refusal();
            InspectWriter caller(*context, *writer, m_meter, scope);
            ORRERY_ASSIGN(const InspectReport report,
                          m_backend.inspectLive(request->input().model(), fromMessage(*request), caller));
            return caller.send(report);
        });
    }

private:
    RunBackend &m_backend;
    CallMeter &m_meter;
};

class HostServiceImpl final : public v1::HostService::Service {
public:
    HostServiceImpl(HostBackend &backend, CallMeter &meter) : m_backend(backend), m_meter(meter) {}

    grpc::Status Ping(grpc::ServerContext *context, const v1::Empty *, v1::Empty *) override
    {
        return guarded(m_meter, *context, [](CallScope &) { return Result<void>(); });
    }
    grpc::Status GetHost(grpc::ServerContext *context, const v1::Empty *, v1::HostInfo *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const HostDescription host, m_backend.describe());
            toMessage(host, *reply);
            return {};
        });
    }
    grpc::Status ListRuns(grpc::ServerContext *context, const v1::Empty *, v1::RunList *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const std::vector<RunStatus> runs, m_backend.listRuns());
            toMessage(runs, *reply);
            return {};
        });
    }
    grpc::Status WatchRuns(grpc::ServerContext *context, const v1::Empty *,
                           grpc::ServerWriter<v1::RunList> *writer) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter);
            if (!stream.isIn()) return stream.refusal();
            RunListWriter sink(*context, *writer, m_meter, scope);
            return m_backend.watchRuns(sink);
        });
    }
    grpc::Status CreateRun(grpc::ServerContext *context, const v1::CreateRunRequest *request,
                           v1::RunStatusMessage *reply) override
    {
        return statusCall(*context, *reply, [&] {
            return m_backend.createRun(request->spec_json(), request->directory(), request->start());
        });
    }
    grpc::Status StartRun(grpc::ServerContext *context, const v1::ResumeRunRequest *request,
                          v1::RunStatusMessage *reply) override
    {
        return statusCall(*context, *reply,
                          [&] { return m_backend.startRun(request->run(), request->steps()); });
    }
    grpc::Status AddRun(grpc::ServerContext *context, const v1::RunRef *request,
                        v1::RunStatusMessage *reply) override
    {
        return statusCall(*context, *reply, [&] { return m_backend.addRun(request->run()); });
    }
    grpc::Status DeleteRun(grpc::ServerContext *context, const v1::RunRef *request, v1::Empty *) override
    {
        return guarded(m_meter, *context, [&](CallScope &) { return m_backend.deleteRun(request->run()); });
    }
    grpc::Status DescribeData(grpc::ServerContext *context, const v1::DescribeDataRequest *request,
                              v1::DataDescriptionReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const std::string json, m_backend.describeData(fromMessage(*request), caller));
            reply->set_json(wire::utf8(json));
            return {};
        });
    }
    grpc::Status EditRun(grpc::ServerContext *context, const v1::EditRunRequest *request,
                         v1::RunStatusMessage *reply) override
    {
        return statusCall(*context, *reply,
                          [&] { return m_backend.editRun(request->run(), fromMessage(*request)); });
    }
    grpc::Status RestoreRun(grpc::ServerContext *context, const v1::RunRef *request,
                            v1::RunStatusMessage *reply) override
    {
        return statusCall(*context, *reply, [&] { return m_backend.restoreRun(request->run()); });
    }
    grpc::Status BranchRun(grpc::ServerContext *context, const v1::BranchRunRequest *request,
                           v1::RunStatusMessage *reply) override
    {
        return statusCall(*context, *reply, [&] {
            return m_backend.branchRun({request->run(), request->step(), request->changes_json(),
                                        request->directory(), request->start()});
        });
    }
    grpc::Status Annotate(grpc::ServerContext *context, const v1::AnnotateRequest *request, v1::Empty *) override
    {
        return guarded(m_meter, *context, [&](CallScope &) {
            return m_backend.annotate(request->run(), request->step(), request->text());
        });
    }
    grpc::Status ImportRuns(grpc::ServerContext *context, const v1::ImportRunsRequest *request,
                            v1::ImportRunsReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // it may read for minutes
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const ImportReply imported, m_backend.importRuns(request->path(), caller));
            toMessage(imported, *reply);
            return {};
        });
    }
    grpc::Status ExportRun(grpc::ServerContext *context, const v1::ExportRunRequest *request, v1::Empty *) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter);
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            return m_backend.exportRun(request->run(), request->directory(), caller);
        });
    }
    grpc::Status Retire(grpc::ServerContext *context, const v1::Empty *, v1::Empty *) override
    {
        return guarded(m_meter, *context, [&](CallScope &) { return m_backend.retire(); });
    }
    grpc::Status ListPlugins(grpc::ServerContext *context, const v1::Empty *, v1::PluginList *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const PluginListing listing, m_backend.listPlugins());
            toMessage(listing, *reply);
            return {};
        });
    }

private:
    template <typename Call>
    grpc::Status statusCall(grpc::ServerContext &context, v1::RunStatusMessage &reply, Call call)
    {
        return guarded(m_meter, context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const RunStatus status, call());
            toMessage(status, reply);
            return {};
        });
    }

    HostBackend &m_backend;
    CallMeter &m_meter;
};

/// A reply has a dozen bytes for each token.
Result<void> checkTokenizedText(const std::string &text)
{
    if (text.size() <= kMaxTokenizedBytes) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot show the tokens: the text has " + std::to_string(text.size()) +
                     " bytes, expected at most " + std::to_string(kMaxTokenizedBytes) + ".",
                 "Take a part of the text; inspect tokens shows those of a file."};
}

class InferenceServiceImpl final : public v1::InferenceService::Service {
public:
    InferenceServiceImpl(InferenceBackend &backend, CallMeter &meter) : m_backend(backend), m_meter(meter) {}

    grpc::Status GenerateText(grpc::ServerContext *context, const v1::GenerateRequest *request,
                              grpc::ServerWriter<v1::GenerateResponse> *writer) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter);
            if (!stream.isIn()) return stream.refusal();
            GenerateWriter sink(*context, *writer, m_meter, scope);
            ORRERY_ASSIGN(const GenerateSummary summary, m_backend.generate(fromMessage(*request), sink));
            sink.sendSummary(summary);
            return {};
        });
    }
    grpc::Status BatchGenerate(grpc::ServerContext *context, const v1::BatchGenerateRequest *request,
                               v1::BatchGenerateResponse *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter);
            if (!stream.isIn()) return stream.refusal();
            for (const v1::GenerateRequest &one : request->requests()) {
                TextGatherer gatherer(*context, m_meter);
                const Result<GenerateSummary> summary = m_backend.generate(fromMessage(one), gatherer);
                if (gatherer.isCancelled())
                    return Error{ErrorCode::Cancelled, "Cannot generate the batch: it was cancelled.", ""};
                BatchResult result;
                result.text = gatherer.takeText();
                result.hasError = !summary.ok();
                if (summary.ok())
                    result.summary = *summary;
                else
                    result.error = summary.error();
                toMessage(result, *reply->add_results());
                scope.tick();
            }
            return {};
        });
    }
    grpc::Status Embed(grpc::ServerContext *context, const v1::EmbedRequest *request,
                       v1::EmbedReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            // It may wait for a model to be loaded, as long as a stream does.
            StreamScope stream(m_meter);
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const EmbedSummary summary,
                          m_backend.embed(request->model(), {request->text()}, caller));
            toMessage(summary, *reply);
            return {};
        });
    }
    grpc::Status EditMemory(grpc::ServerContext *context, const v1::MemoryRequest *request,
                            v1::MemoryReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // as above
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const MemoryReport report,
                          m_backend.editMemory(request->model(), fromMessage(*request), caller));
            toMessage(report, *reply);
            return {};
        });
    }
    grpc::Status Inspect(grpc::ServerContext *context, const v1::InspectQuery *request,
                         v1::InspectReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // as above
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const InspectReport report,
                          m_backend.inspect(request->input().model(), fromMessage(*request), caller));
            toMessage(report, *reply);
            return {};
        });
    }
    grpc::Status InspectInParts(grpc::ServerContext *context, const v1::InspectQuery *request,
                                grpc::ServerWriter<v1::InspectReply> *writer) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter); // as above
            if (!stream.isIn()) return stream.refusal();
            InspectWriter caller(*context, *writer, m_meter, scope);
            ORRERY_ASSIGN(const InspectReport report,
                          m_backend.inspect(request->input().model(), fromMessage(*request), caller));
            return caller.send(report);
        });
    }
    grpc::Status Tokenize(grpc::ServerContext *context, const v1::TokenizeRequest *request,
                          v1::TokenizeReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // as above
            if (!stream.isIn()) return stream.refusal();
            ORRERY_TRY(checkTokenizedText(request->text()));
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const std::vector<TokenPiece> pieces,
                          m_backend.tokenize(request->model(), request->text(), caller));
            for (const TokenPiece &piece : pieces) {
                v1::TokenPieceMessage &message = *reply->add_pieces();
                message.set_id(piece.id);
                message.set_text(piece.bytes);
            }
            return {};
        });
    }

private:
    InferenceBackend &m_backend;
    CallMeter &m_meter;
};

} // namespace

std::unique_ptr<grpc::Service> makeRunService(RunBackend &backend, CallMeter &meter)
{
    return std::make_unique<RunServiceImpl>(backend, meter);
}

std::unique_ptr<grpc::Service> makeHostService(HostBackend &backend, CallMeter &meter)
{
    return std::make_unique<HostServiceImpl>(backend, meter);
}

std::unique_ptr<grpc::Service> makeInferenceService(InferenceBackend &backend, CallMeter &meter)
{
    return std::make_unique<InferenceServiceImpl>(backend, meter);
}

} // namespace orrery
