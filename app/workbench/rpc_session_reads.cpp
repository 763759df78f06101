// SPDX-License-Identifier: GPL-3.0-or-later
// What the session reads of runs.
#include "app/workbench/rpc_session_call.h"

namespace orrery::ui {
namespace {

/// Buckets of an answer that takes a far line for longer than a person waits: some 20 bytes each, packed.
constexpr qint64 kWideAnswer = 5'000;
constexpr qint64 kUsualSeries = 5; ///< where all of a run are asked for

} // namespace

void RpcSession::querySeries(const QString &run, const std::vector<std::string> &series, qint64 fromStep, qint64 toStep,
                             int maxBuckets, QObject *context, Reply<std::vector<SeriesData>> reply)
{
    const SeriesRequest request{run.toStdString(), series, fromStep, toStep, maxBuckets};
    const qint64 numSeries = series.empty() ? kUsualSeries : static_cast<qint64>(series.size());
    const bool isWide = numSeries * maxBuckets > kWideAnswer;
    read<std::vector<SeriesData>>(run, context, std::move(reply), [request](EngineClient &engine) -> Result<std::vector<SeriesData>> {
        ORRERY_ASSIGN(auto found, engine.querySeries(request));
        std::vector<SeriesData> data;
        for (SeriesReply &one : found)
            data.push_back({std::move(one.name), one.totalPoints, std::move(one.buckets)});
        return data;
    }, isWide ? &m_wideReads : nullptr);
}

void RpcSession::listEvents(const QString &run, qint64 afterId, QObject *context, Reply<std::vector<RunEvent>> reply)
{
    read<std::vector<RunEvent>>(run, context, std::move(reply), [name = run.toStdString(), afterId](EngineClient &engine) {
        return engine.listEvents(name, afterId, kEventPage);
    });
}

void RpcSession::listCheckpoints(const QString &run, QObject *context, Reply<std::vector<CheckpointInfo>> reply)
{
    read<std::vector<CheckpointInfo>>(run, context, std::move(reply),
                                      [name = run.toStdString()](EngineClient &engine) { return engine.listCheckpoints(name); });
}

void RpcSession::getSpec(const QString &run, QObject *context, Reply<QString> reply)
{
    read<QString>(run, context, std::move(reply), [name = run.toStdString()](EngineClient &engine) -> Result<QString> {
        ORRERY_ASSIGN(const std::string json, engine.specJson(name));
        return QString::fromStdString(json);
    });
}

void RpcSession::listFrames(const QString &run, const FrameQuery &query, QObject *context, Reply<std::vector<FrameInfo>> reply)
{
    read<std::vector<FrameInfo>>(run, context, std::move(reply),
                                 [name = run.toStdString(), query](EngineClient &engine) { return engine.listFrames(name, query); });
}

std::unique_ptr<PendingRequest> RpcSession::getFrame(const QString &run, qint64 id, QObject *context, Reply<AttentionFrame> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    call<AttentionFrame>(
        m_frameCalls, context, std::move(reply),
        [name = run.toStdString(), id](EngineClient &engine) { return engine.frame(name, id); }, pending->token);
    return pending;
}

void RpcSession::listPlugins(QObject *context, Reply<PluginListingValue> reply)
{
    read<PluginListingValue>({}, context, std::move(reply), [](EngineClient &engine) -> Result<PluginListingValue> {
        ORRERY_ASSIGN(PluginListing listing, engine.listPlugins());
        return PluginListingValue{std::move(listing.plugins), std::move(listing.problems)};
    });
}

} // namespace orrery::ui
