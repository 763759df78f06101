// SPDX-License-Identifier: Apache-2.0
// What a run is asked, of a worker and of a host.
#include "core/rpc/service_calls.h"

namespace orrery {

namespace {

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
        return inspectInParts(m_meter, *context, *request, *writer, [&](const StreamSink &caller) {
            return m_backend.inspectLive(request->input().model(), fromMessage(*request), caller);
        });
    }

private:
    RunBackend &m_backend;
    CallMeter &m_meter;
};

} // namespace

std::unique_ptr<grpc::Service> makeRunService(RunBackend &backend, CallMeter &meter)
{
    return std::make_unique<RunServiceImpl>(backend, meter);
}

} // namespace orrery
