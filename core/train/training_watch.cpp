// SPDX-License-Identifier: Apache-2.0
// A training loop that looks after itself: alarms, and the end of patience.
#include "core/train/training_loop.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/spec/field_table.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace orrery {
namespace {

constexpr double kDiskEverySeconds = 10;

std::string jsonText(const nlohmann::ordered_json &json)
{
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

void TrainingLoop::watch(int64_t step, const std::vector<MetricValue> &told)
{
    WatchReading reading;
    reading.step = step;
    reading.wallTime = wallSeconds();
    for (const MetricValue &metric : told) {
        if (metric.series == series::kLoss) reading.loss = metric.value;
        if (metric.series == series::kGradNorm) reading.gradNorm = metric.value;
        if (metric.series == series::kValLoss) reading.valLoss = metric.value;
    }
    if (const double now = monotonicSeconds(); now - m_diskWatchedAt >= kDiskEverySeconds) {
        m_diskWatchedAt = now;
        reading.checkpointBytes = checkpointBytes();
        if (const auto free = freeBytes(m_parts.run.path())) reading.freeBytes = *free;
    }
    const std::vector<RunAlarm> raised = m_watch.read(reading);
    m_outputs.setAlarms(m_watch.alarms());
    for (const RunAlarm &alarm : m_watch.takeEnded())
        m_outputs.event(EventKind::Alarm, step,
                        alarm.text + " at step " + std::to_string(step) + ": the alarm of step " +
                            std::to_string(alarm.step) + " is over.",
                        jsonText({{"alarm", alarmKindName(alarm.kind)}, {"series", alarm.series}, {"over", true}, {"since", alarm.step}}));
    for (const RunAlarm &alarm : raised)
        m_outputs.event(EventKind::Alarm, alarm.step, alarm.text,
                        jsonText({{"alarm", alarmKindName(alarm.kind)}, {"series", alarm.series}}));
}

/// Of any thread. As the rules of a spec have it.
Result<void> TrainingLoop::checkPatience(const SettingChange &setting) const
{
    if (setting.key != "train.patience" || !m_parts.continual) return {};
    ORRERY_ASSIGN(const FieldValue value, parseFieldValue(*findField(setting.key), setting.value));
    if (std::get<int64_t>(value) == 0) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot set train.patience of run \"" + m_parts.run.frozen().id + "\": found " +
                     setting.value + " beside continual.stages, expected 0, as each text has other losses.",
                 "Stop the run by hand."};
}

/// The loop ends at the next boundary, as it does behind the last step: with a checkpoint.
void TrainingLoop::stopWithoutPatience()
{
    m_isStoppedEarly = true;
    const TrainSpec &train = spec().train;
    const double best = m_state.patience.best;
    const std::string expected =
        std::isfinite(best) ? "validation loss below " + formatSignificant(best - train.minImprovement, 4)
                            : std::string("finite validation loss");
    m_outputs.event(EventKind::EarlyStop, m_state.step,
                    "Stops early after step " + std::to_string(m_state.step) + ": " +
                        std::to_string(train.patience) + " evaluations without a " + expected +
                        " (train.patience). A resume gives it as many more.",
                    jsonText({{"best", m_state.patience.best}, {"patience", train.patience}}));
}

} // namespace orrery
