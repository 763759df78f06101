// SPDX-License-Identifier: Apache-2.0
#include "app/worker/run_recorder.h"

#include "core/base/log.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace orrery::worker {

namespace {

/// A step that is told for its frames alone has nothing that a terminal shows.
bool isOfHeadsOnly(const StepReport &report)
{
    return std::all_of(report.values.begin(), report.values.end(),
                       [](const MetricValue &metric) { return metric.series.starts_with("head/"); });
}

/// The step in {"step":…} of an event; nothing when there is none.
std::optional<int64_t> stepOf(const std::string &payload)
{
    const auto json = nlohmann::json::parse(payload, nullptr, false);
    const auto step = json.is_object() ? json.find("step") : json.end();
    if (step == json.end() || !step->is_number_integer()) return std::nullopt;
    return step->get<int64_t>();
}

} // namespace

void RunRecorder::onReport(const StepReport &report)
{
    m_writer.addReport(report);
    if (!isOfHeadsOnly(report)) m_display.report(report);
}

void RunRecorder::onEvent(const RunEvent &event)
{
    if (event.kind == EventKind::CheckpointDeleted)
        if (const auto step = stepOf(event.payload)) m_writer.removeCheckpoint(*step);
    m_writer.addEvent(event);
    m_display.event(event);
}

void RunRecorder::beforeCheckpoint(int64_t step)
{
    // A kill right after the checkpoint must not leave a hole in the curves: the next attempt starts behind
    // it and never reports those steps again. This waits for the disk, which no viewer can hold.
    if (const auto flushed = m_writer.flush(); !flushed.ok())
        logError("Before checkpoint " + std::to_string(step) + ": " + flushed.error().text());
}

void RunRecorder::onCheckpoint(const CheckpointInfo &checkpoint) { m_writer.addCheckpoint(checkpoint); }

void RunRecorder::onStatus(const RunStatus &status)
{
    m_writer.setStatus(status);
    m_display.status(status);
}

void RunRecorder::onFrame(const FrameInfo &frame, std::string bytes)
{
    m_writer.addFrame(frame, std::move(bytes), m_framesBytes);
}

} // namespace orrery::worker
