// SPDX-License-Identifier: Apache-2.0
#include "core/train/training_outputs.h"

#include "core/base/platform.h"

namespace orrery {
namespace {

constexpr double kFiguresEverySeconds = 1.0; ///< memory and CPU are read from the system: not at every step
constexpr double kStatusEverySeconds = 0.25;

} // namespace

TrainingOutputs::TrainingOutputs(TrainerObserver &observer, RunStatus initial,
                                 std::function<double()> viewerCpuSeconds, std::function<WaitCounts()> waits)
    : m_observer(observer), m_viewerCpuSeconds(std::move(viewerCpuSeconds)), m_waits(std::move(waits)),
      m_status(std::move(initial)), m_figuresAt(monotonicSeconds())
{
    if (m_viewerCpuSeconds) m_viewerCpuBefore = m_viewerCpuSeconds();
    publish();
}

void TrainingOutputs::event(EventKind kind, int64_t step, const std::string &text, const std::string &payload)
{
    m_observer.onEvent({.step = step,
                        .wallTime = wallSeconds(),
                        .attempt = m_status.attempt,
                        .kind = kind,
                        .text = text,
                        .payload = payload});
}

void TrainingOutputs::addTraining(double seconds, int64_t numTokens)
{
    m_trainSeconds += seconds;
    m_trainTokens += numTokens;
}

void TrainingOutputs::addMachineFigures(std::vector<MetricValue> &values, double now)
{
    const double passed = now - m_figuresAt;
    if (passed < kFiguresEverySeconds && m_status.memoryBytes > 0) return;
    m_status.memoryBytes = residentBytes();
    values.push_back({series::kMemoryMiB, static_cast<double>(m_status.memoryBytes) / (1 << 20)});
    if (passed < kFiguresEverySeconds) return;
    const double viewerCpu = m_viewerCpuSeconds ? m_viewerCpuSeconds() : 0.0;
    const double spent = viewerCpu - m_viewerCpuBefore + m_probeSeconds;
    values.push_back({series::kViewerPercent, 100.0 * spent / passed});
    m_viewerCpuBefore = viewerCpu;
    m_probeSeconds = 0;
    m_figuresAt = now;
}

void TrainingOutputs::rememberInStatus(const std::vector<MetricValue> &values)
{
    for (const MetricValue &metric : values) {
        if (metric.series == series::kLoss)
            m_status.loss = metric.value;
        else if (metric.series == series::kValLoss)
            m_status.valLoss = metric.value;
        else if (metric.series == series::kLearningRate)
            m_status.learningRate = metric.value;
        else if (metric.series == series::kGradNorm)
            m_status.gradNorm = metric.value;
        else if (metric.series == series::kTokensPerSecond)
            m_status.tokensPerSecond = metric.value;
        else if (metric.series == series::kViewerPercent)
            m_status.viewerPercent = metric.value;
    }
}

std::vector<MetricValue> TrainingOutputs::report(int64_t step, std::vector<MetricValue> values,
                                                 bool hasStepValues)
{
    const double now = monotonicSeconds();
    if (hasStepValues) {
        if (m_trainSeconds > 0)
            values.push_back({series::kTokensPerSecond, static_cast<double>(m_trainTokens) / m_trainSeconds});
        m_trainSeconds = 0;
        m_trainTokens = 0;
        addMachineFigures(values, now);
    }
    rememberInStatus(values);
    m_status.lastReportAt = wallSeconds();
    StepReport told{.step = step,
                    .wallTime = m_status.lastReportAt,
                    .attempt = m_status.attempt,
                    .values = std::move(values)};
    m_observer.onReport(told);
    publish();
    tellStatusNowAndThen(now);
    return std::move(told.values);
}

void TrainingOutputs::frame(int64_t step, FrameKind kind, int32_t prompt, std::string bytes)
{
    m_observer.onFrame({.step = step,
                        .wallTime = wallSeconds(),
                        .attempt = m_status.attempt,
                        .kind = kind,
                        .prompt = prompt},
                       std::move(bytes));
}

void TrainingOutputs::countWaits()
{
    if (!m_waits) return;
    const WaitCounts waits = m_waits();
    m_status.trainerWaits = waits.forViewers;
    m_status.diskWaits = waits.forDisk;
}

void TrainingOutputs::publish()
{
    countWaits();
    m_board.publish(m_status);
}

void TrainingOutputs::tellStatus()
{
    countWaits();
    m_observer.onStatus(m_status);
}

void TrainingOutputs::tellStatusNowAndThen(double now)
{
    if (now - m_statusTold < kStatusEverySeconds) return;
    m_statusTold = now;
    tellStatus();
}

void TrainingOutputs::checkpoint(const CheckpointInfo &checkpoint)
{
    m_status.lastCheckpointStep = checkpoint.step;
    m_observer.onCheckpoint(checkpoint);
    publish();
    tellStatus();
}

void TrainingOutputs::beforeCheckpoint(int64_t step)
{
    tellStatus();
    m_observer.beforeCheckpoint(step);
}

void TrainingOutputs::setState(RunState state)
{
    m_status.state = state;
    publish();
    tellStatus();
}

void TrainingOutputs::setBreakpoints(std::vector<std::string> conditions)
{
    m_status.breakpoints = std::move(conditions);
    publish();
    tellStatus();
}

void TrainingOutputs::setAlarms(const std::vector<RunAlarm> &alarms)
{
    if (alarms == m_status.alarms) return;
    m_status.alarms = alarms;
    publish();
    tellStatus();
}

void TrainingOutputs::setPauseCause(PauseCause cause)
{
    m_status.pauseReason = std::move(cause.reason);
    m_status.pauseSeries = std::move(cause.series);
}

void TrainingOutputs::setPosition(int64_t step, double elapsedSeconds)
{
    m_status.step = step;
    m_status.elapsedSeconds = elapsedSeconds;
    publish();
    tellStatusNowAndThen(monotonicSeconds());
}

} // namespace orrery
