// SPDX-License-Identifier: Apache-2.0
// What a host is asked.
#include "core/rpc/service_calls.h"

namespace orrery {

namespace {

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

class ModelExportWriter final : public WriterSink<ModelExportSink, v1::ModelExportUpdate> {
public:
    using WriterSink::WriterSink;
    bool sendAmount(const TransferAmount &amount) override
    {
        v1::ModelExportUpdate message;
        toMessage(amount, *message.mutable_amount());
        return write(message);
    }
    Result<void> sendDone(const ModelExportSummary &done)
    {
        v1::ModelExportUpdate message;
        toMessage(done, *message.mutable_done());
        if (write(message)) return {};
        return Error{ErrorCode::Cancelled, "Cannot tell that the model was exported: the client has gone.", ""};
    }
};

class ConsolidationWriter final : public WriterSink<ConsolidationSink, v1::ConsolidateUpdate> {
public:
    using WriterSink::WriterSink;
    bool sendAmount(const ConsolidationAmount &amount) override
    {
        v1::ConsolidateUpdate message;
        toMessage(amount, *message.mutable_amount());
        return write(message);
    }
    Result<void> sendDone(const ModelConsolidationSummary &done)
    {
        v1::ConsolidateUpdate message;
        toMessage(done, *message.mutable_done());
        if (write(message)) return {};
        return Error{ErrorCode::Cancelled, "Cannot tell what the model learned: the client has gone.", ""};
    }
};

class ImportWriter final : public WriterSink<StreamSink, v1::ImportRunsUpdate> {
public:
    using WriterSink::WriterSink;
    void sendAmount(const TransferAmount &amount)
    {
        v1::ImportRunsUpdate message;
        toMessage(amount, *message.mutable_amount());
        (void)write(message); // one that has gone is seen by isCancelled()
    }
    Result<void> sendDone(const ImportReply &done)
    {
        v1::ImportRunsUpdate message;
        toMessage(done, *message.mutable_done());
        if (write(message)) return {};
        return Error{ErrorCode::Cancelled, "Cannot tell what was imported: the client has gone.", ""};
    }
};

/// 0 would make a new note of it.
Result<void> checkReplaced(int64_t note, const std::string &run)
{
    if (note > 0) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot correct a note of run \"" + run + "\": its id is " + std::to_string(note) + ", expected 1 or more.",
                 "Take the id from the run's events: orrery-engine runs note " + run + " --list."};
}

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
            const UnaryCaller caller(*context, m_meter);
            return m_backend.createRun(
                {request->spec_json(), request->directory(), request->start(), request->model()}, caller);
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
            return m_backend.annotate(request->run(), RunNote{request->step(), request->text()});
        });
    }
    grpc::Status ReplaceNote(grpc::ServerContext *context, const v1::ReplaceNoteRequest *request, v1::Empty *) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_TRY(checkReplaced(request->note(), request->run()));
            return m_backend.annotate(request->run(), RunNote{request->step(), request->text(), request->note()});
        });
    }
    grpc::Status ListTrash(grpc::ServerContext *context, const v1::Empty *, v1::DeletedRunList *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            ORRERY_ASSIGN(const std::vector<DeletedRun> runs, m_backend.listTrash());
            toMessage(runs, *reply);
            return {};
        });
    }
    grpc::Status EmptyTrash(grpc::ServerContext *context, const v1::EmptyTrashRequest *request,
                            v1::DeletedRunList *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // as long as the disk takes
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const std::vector<DeletedRun> gone, m_backend.emptyTrash(fromMessage(*request), caller));
            toMessage(gone, *reply);
            return {};
        });
    }
    grpc::Status ImportRuns(grpc::ServerContext *context, const v1::ImportRunsRequest *request,
                            v1::ImportRunsReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // it may read for minutes
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const ImportReply imported, m_backend.importRuns(request->path(), caller, {}));
            toMessage(imported, *reply);
            return {};
        });
    }
    grpc::Status ImportRunsWatched(grpc::ServerContext *context, const v1::ImportRunsRequest *request,
                                   grpc::ServerWriter<v1::ImportRunsUpdate> *writer) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter); // as above
            if (!stream.isIn()) return stream.refusal();
            ImportWriter sink(*context, *writer, m_meter, scope);
            const auto onAmount = [&sink](const TransferAmount &amount) { sink.sendAmount(amount); };
            ORRERY_ASSIGN(const ImportReply imported, m_backend.importRuns(request->path(), sink, onAmount));
            return sink.sendDone(imported);
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
    grpc::Status GetModelSettings(grpc::ServerContext *context, const v1::ModelRef *request,
                                  v1::SpecReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const std::string json, m_backend.modelSettings(request->model(), caller));
            reply->set_json(wire::utf8(json));
            return {};
        });
    }
    grpc::Status ExportModel(grpc::ServerContext *context, const v1::ModelExportQuery *request,
                             grpc::ServerWriter<v1::ModelExportUpdate> *writer) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter); // a large model takes minutes
            if (!stream.isIn()) return stream.refusal();
            ModelExportWriter sink(*context, *writer, m_meter, scope);
            ORRERY_ASSIGN(const ModelExportSummary done, m_backend.exportModel(fromMessage(*request), sink));
            return sink.sendDone(done);
        });
    }
    grpc::Status Consolidate(grpc::ServerContext *context, const v1::ConsolidateQuery *request,
                             grpc::ServerWriter<v1::ConsolidateUpdate> *writer) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter); // a training of its own
            if (!stream.isIn()) return stream.refusal();
            ConsolidationWriter sink(*context, *writer, m_meter, scope);
            ORRERY_ASSIGN(const ModelConsolidationSummary done, m_backend.consolidate(fromMessage(*request), sink));
            return sink.sendDone(done);
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

} // namespace

std::unique_ptr<grpc::Service> makeHostService(HostBackend &backend, CallMeter &meter)
{
    return std::make_unique<HostServiceImpl>(backend, meter);
}

} // namespace orrery
