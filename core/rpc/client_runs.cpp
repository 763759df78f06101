// SPDX-License-Identifier: Apache-2.0
// What a client asks about one run.
#include "core/rpc/client_calls.h"
#include "core/store/attention_frame_codec.h"

namespace orrery {

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
    ORRERY_TRY(m_impl->unary(m_impl->quickRuns(), &v1::RunService::Stub::Control, request, reply,
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
                                                const CancelToken &token,
                                                const std::function<void(const InspectAmount &)> &onAmount) const
{
    v1::InspectQuery message;
    toMessage(request, message);
    message.set_wants_progress(static_cast<bool>(onAmount));
    message.mutable_input()->set_model(wire::utf8(run));
    return m_impl->inspected(*m_impl->runs, &v1::RunService::Stub::PrepareAsyncInspectLiveInParts,
                             &v1::RunService::Stub::InspectLive, message, "look into run", run, token,
                             request, onAmount);
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

} // namespace orrery
