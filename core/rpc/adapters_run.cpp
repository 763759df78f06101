// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/adapters.h"

#include "core/rpc/wire.h"

namespace orrery {

namespace {

RunState runState(uint32_t number)
{
    return number <= static_cast<uint32_t>(RunState::Unreadable) ? static_cast<RunState>(number)
                                                                 : RunState::Unknown;
}

EventKind eventKind(uint32_t number)
{
    return number <= static_cast<uint32_t>(EventKind::EarlyStop) ? static_cast<EventKind>(number)
                                                           : EventKind::Unknown;
}

AlarmKind alarmKind(uint32_t number)
{
    return number <= static_cast<uint32_t>(AlarmKind::DiskFull) ? static_cast<AlarmKind>(number)
                                                                : AlarmKind::Unknown;
}

ControlVerb controlVerb(uint32_t number)
{
    return number <= static_cast<uint32_t>(ControlVerb::Unbreak) ? static_cast<ControlVerb>(number)
                                                             : ControlVerb::Unknown;
}

} // namespace

void toMessage(const RunStatus &value, v1::RunStatusMessage &message)
{
    message.set_id(wire::utf8(value.id));
    message.set_name(wire::utf8(value.name));
    message.set_directory(wire::utf8(value.directory));
    message.set_state(static_cast<uint32_t>(value.state));
    message.set_step(value.step);
    message.set_total_steps(value.totalSteps);
    message.set_attempt(value.attempt);
    message.set_created_at(value.createdAt);
    message.set_last_report_at(value.lastReportAt);
    message.set_elapsed_seconds(value.elapsedSeconds);
    message.set_loss(value.loss);
    message.set_val_loss(value.valLoss);
    message.set_best_val_loss(value.bestValLoss);
    message.set_learning_rate(value.learningRate);
    message.set_grad_norm(value.gradNorm);
    message.set_tokens_per_second(value.tokensPerSecond);
    message.set_viewer_percent(value.viewerPercent);
    message.set_memory_bytes(value.memoryBytes);
    message.set_num_parameters(value.numParameters);
    message.set_device(wire::utf8(value.device));
    message.set_threads(value.threads);
    message.set_error(wire::utf8(value.error));
    message.set_last_checkpoint_step(value.lastCheckpointStep);
    message.set_trainer_waits(value.trainerWaits);
    message.set_disk_waits(value.diskWaits);
    message.set_last_frame_id(value.lastFrameId);
    for (const std::string &breakpoint : value.breakpoints) message.add_breakpoints(wire::utf8(breakpoint));
    message.set_pause_reason(wire::utf8(value.pauseReason));
    message.set_pause_series(wire::utf8(value.pauseSeries));
    message.set_num_viewers(value.numViewers);
    message.set_parent(wire::utf8(value.parent));
    message.set_parent_step(value.parentStep);
    v1::RunLabelsMessage &labels = *message.mutable_labels();
    for (const std::string &tag : value.labels.tags) labels.add_tags(wire::utf8(tag));
    labels.set_notes(wire::utf8(value.labels.notes));
    labels.set_is_archived(value.labels.isArchived);
    for (const RunAlarm &alarm : value.alarms) {
        v1::RunAlarmMessage &item = *message.add_alarms();
        item.set_kind(static_cast<uint32_t>(alarm.kind));
        item.set_step(alarm.step);
        item.set_wall_time(alarm.wallTime);
        item.set_series(wire::utf8(alarm.series));
        item.set_text(wire::utf8(alarm.text));
    }
}

RunStatus fromMessage(const v1::RunStatusMessage &message)
{
    RunStatus value;
    value.id = message.id();
    value.name = message.name();
    value.directory = message.directory();
    value.state = runState(message.state());
    value.step = message.step();
    value.totalSteps = message.total_steps();
    value.attempt = message.attempt();
    value.createdAt = message.created_at();
    value.lastReportAt = message.last_report_at();
    value.elapsedSeconds = message.elapsed_seconds();
    value.loss = message.loss();
    value.valLoss = message.val_loss();
    value.bestValLoss = message.best_val_loss();
    value.learningRate = message.learning_rate();
    value.gradNorm = message.grad_norm();
    value.tokensPerSecond = message.tokens_per_second();
    value.viewerPercent = message.viewer_percent();
    value.memoryBytes = message.memory_bytes();
    value.numParameters = message.num_parameters();
    value.device = message.device();
    value.threads = message.threads();
    value.error = message.error();
    value.lastCheckpointStep = message.last_checkpoint_step();
    value.trainerWaits = message.trainer_waits();
    value.diskWaits = message.disk_waits();
    value.lastFrameId = message.last_frame_id();
    value.breakpoints.assign(message.breakpoints().begin(), message.breakpoints().end());
    value.pauseReason = message.pause_reason();
    value.pauseSeries = message.pause_series();
    value.numViewers = message.num_viewers();
    value.parent = message.parent();
    if (message.has_parent_step()) value.parentStep = message.parent_step();
    value.labels.tags.assign(message.labels().tags().begin(), message.labels().tags().end());
    value.labels.notes = message.labels().notes();
    value.labels.isArchived = message.labels().is_archived();
    value.alarms.reserve(static_cast<size_t>(message.alarms_size()));
    for (const v1::RunAlarmMessage &item : message.alarms())
        value.alarms.push_back(
            {alarmKind(item.kind()), item.step(), item.wall_time(), item.series(), item.text()});
    return value;
}

void toMessage(const StepReport &value, v1::StepReportMessage &message)
{
    message.set_step(value.step);
    message.set_wall_time(value.wallTime);
    message.set_attempt(value.attempt);
    for (const MetricValue &metric : value.values) {
        v1::MetricValueMessage &item = *message.add_values();
        item.set_series(wire::utf8(metric.series));
        item.set_value(metric.value);
    }
}

StepReport fromMessage(const v1::StepReportMessage &message)
{
    StepReport value;
    value.step = message.step();
    value.wallTime = message.wall_time();
    value.attempt = message.attempt();
    value.values.reserve(static_cast<size_t>(message.values_size()));
    for (const v1::MetricValueMessage &item : message.values())
        value.values.push_back({item.series(), item.value()});
    return value;
}

void toMessage(const RunEvent &value, v1::RunEventMessage &message)
{
    message.set_id(value.id);
    message.set_step(value.step);
    message.set_wall_time(value.wallTime);
    message.set_attempt(value.attempt);
    message.set_kind(static_cast<uint32_t>(value.kind));
    message.set_text(wire::utf8(value.text));
    message.set_payload(wire::utf8(value.payload));
}

RunEvent fromMessage(const v1::RunEventMessage &message)
{
    RunEvent value;
    value.id = message.id();
    value.step = message.step();
    value.wallTime = message.wall_time();
    value.attempt = message.attempt();
    value.kind = eventKind(message.kind());
    value.text = message.text();
    value.payload = message.payload();
    return value;
}

void toMessage(const CheckpointInfo &value, v1::CheckpointMessage &message)
{
    message.set_step(value.step);
    message.set_wall_time(value.wallTime);
    message.set_val_loss(value.valLoss);
    message.set_is_best(value.isBest);
    message.set_is_verified(value.isVerified);
    message.set_num_bytes(value.numBytes);
    message.set_directory(wire::utf8(value.directory));
}

CheckpointInfo fromMessage(const v1::CheckpointMessage &message)
{
    CheckpointInfo value;
    value.step = message.step();
    value.wallTime = message.wall_time();
    value.valLoss = message.val_loss();
    value.isBest = message.is_best();
    value.isVerified = message.is_verified();
    value.numBytes = message.num_bytes();
    value.directory = message.directory();
    return value;
}

void toMessage(const WatchBatch &value, v1::WatchUpdate &message)
{
    toMessage(value.status, *message.mutable_status());
    for (const StepReport &report : value.reports) toMessage(report, *message.add_reports());
    for (const RunEvent &event : value.events) toMessage(event, *message.add_events());
    message.set_num_dropped(value.numDropped);
    message.set_first_dropped_step(value.firstDroppedStep);
    message.set_must_replay(value.mustReplay);
}

WatchBatch fromMessage(const v1::WatchUpdate &message)
{
    WatchBatch value;
    value.status = fromMessage(message.status());
    value.reports.reserve(static_cast<size_t>(message.reports_size()));
    for (const v1::StepReportMessage &report : message.reports())
        value.reports.push_back(fromMessage(report));
    value.events.reserve(static_cast<size_t>(message.events_size()));
    for (const v1::RunEventMessage &event : message.events()) value.events.push_back(fromMessage(event));
    value.numDropped = message.num_dropped();
    value.firstDroppedStep = message.first_dropped_step();
    value.mustReplay = message.must_replay();
    return value;
}

void toMessage(const ControlCommand &value, v1::ControlRequest &message)
{
    message.set_verb(static_cast<uint32_t>(value.verb));
    message.set_steps(value.steps);
    message.set_key(wire::utf8(value.setting.key));
    message.set_value(wire::utf8(value.setting.value));
}

ControlCommand fromMessage(const v1::ControlRequest &message)
{
    ControlCommand value;
    value.verb = controlVerb(message.verb());
    value.steps = message.steps();
    value.setting = {message.key(), message.value()};
    return value;
}

void toMessage(const SeriesRequest &value, v1::SeriesRequest &message)
{
    message.set_run(wire::utf8(value.run));
    for (const std::string &name : value.series) message.add_series(wire::utf8(name));
    message.set_from_step(value.fromStep);
    message.set_to_step(value.toStep);
    message.set_max_buckets(value.maxBuckets);
}

SeriesRequest fromMessage(const v1::SeriesRequest &message)
{
    SeriesRequest value;
    value.run = message.run();
    value.series.assign(message.series().begin(), message.series().end());
    value.fromStep = message.from_step();
    value.toStep = message.to_step();
    value.maxBuckets = message.max_buckets();
    return value;
}

void toMessage(const SeriesReply &value, v1::SeriesColumns &message)
{
    message.set_name(wire::utf8(value.name));
    message.set_total_points(value.totalPoints);
    for (const SeriesBucket &bucket : value.buckets) {
        message.add_first_step(bucket.firstStep);
        message.add_last_step(bucket.lastStep);
        message.add_first_wall_time(bucket.firstWallTime);
        message.add_last_wall_time(bucket.lastWallTime);
        message.add_minimum(bucket.minimum);
        message.add_maximum(bucket.maximum);
        message.add_mean(bucket.mean);
        message.add_last(bucket.last);
        message.add_num_points(bucket.numPoints);
        message.add_num_non_finite(bucket.numNonFinite);
        message.add_attempt(bucket.attempt);
        message.add_is_superseded(bucket.isSuperseded);
    }
}

Result<SeriesReply> fromMessage(const v1::SeriesColumns &message)
{
    SeriesReply value;
    value.name = message.name();
    value.totalPoints = message.total_points();
    const int count = message.first_step_size();
    for (int size : {message.last_step_size(), message.first_wall_time_size(), message.last_wall_time_size(),
                     message.minimum_size(), message.maximum_size(), message.mean_size(), message.last_size(),
                     message.num_points_size(), message.num_non_finite_size(), message.attempt_size(),
                     message.is_superseded_size()}) {
        if (size != count)
            return Error{ErrorCode::Io,
                         "Cannot read series \"" + value.name + "\" from the engine: found columns of " +
                             std::to_string(count) + " and " + std::to_string(size) +
                             " values, expected equal lengths.",
                         "Update the engine or this program so that both have the same version."};
    }
    value.buckets.resize(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
        SeriesBucket &bucket = value.buckets[static_cast<size_t>(i)];
        bucket.firstStep = message.first_step(i);
        bucket.lastStep = message.last_step(i);
        bucket.firstWallTime = message.first_wall_time(i);
        bucket.lastWallTime = message.last_wall_time(i);
        bucket.minimum = message.minimum(i);
        bucket.maximum = message.maximum(i);
        bucket.mean = message.mean(i);
        bucket.last = message.last(i);
        bucket.numPoints = message.num_points(i);
        bucket.numNonFinite = message.num_non_finite(i);
        bucket.attempt = message.attempt(i);
        bucket.isSuperseded = message.is_superseded(i);
    }
    return value;
}

void toMessage(const std::vector<RunStatus> &value, v1::RunList &message)
{
    for (const RunStatus &run : value) toMessage(run, *message.add_runs());
}

std::vector<RunStatus> fromMessage(const v1::RunList &message)
{
    std::vector<RunStatus> value;
    value.reserve(static_cast<size_t>(message.runs_size()));
    for (const v1::RunStatusMessage &run : message.runs()) value.push_back(fromMessage(run));
    return value;
}

} // namespace orrery
