// SPDX-License-Identifier: Apache-2.0
// What the training tells: reports, events, status, and the figures in them (tokens/s, memory, CPU of
// viewers, waits). Trainer thread only, but for snapshot().
#pragma once

#include "core/engine_api/trainer.h"
#include "core/train/status_board.h"

#include <functional>

namespace orrery {

/// Which breakpoint paused a training, as RunStatus has it.
struct PauseCause {
    std::string reason, series;
};

class TrainingOutputs {
public:
    TrainingOutputs(TrainerObserver &observer, RunStatus initial, std::function<double()> viewerCpuSeconds,
                    std::function<WaitCounts()> waits);

    void event(EventKind kind, int64_t step, const std::string &text, const std::string &payload = {});
    /// Time that went into updates since the last report, for tokens/s.
    void addTraining(double seconds, int64_t numTokens);
    /// Time that the trainer thread spent on samples, frames and questions: it counts with the viewers.
    void addProbing(double seconds) { m_probeSeconds += seconds; }
    /// Adds tokens/s, memory and viewers where they are due, fills the status from the values, and tells
    /// both. @return all values that were told
    std::vector<MetricValue> report(int64_t step, std::vector<MetricValue> values, bool hasStepValues);
    void frame(int64_t step, FrameKind kind, int32_t prompt, std::string bytes);
    void checkpoint(const CheckpointInfo &checkpoint);
    void beforeCheckpoint(int64_t step);
    void setState(RunState state);
    void setPosition(int64_t step, double elapsedSeconds);
    /// Told at once.
    void setBreakpoints(std::vector<std::string> conditions);
    void setPauseCause(PauseCause cause);                             ///< shown with the next state
    void setError(const std::string &text) { m_status.error = text; } ///< shown with the next status
    void setBestValLoss(double valLoss) { m_status.bestValLoss = valLoss; }
    /// Told at once where they differ from those before.
    void setAlarms(const std::vector<RunAlarm> &alarms);
    [[nodiscard]] int32_t attempt() const { return m_status.attempt; }
    /// Any thread.
    [[nodiscard]] RunStatus snapshot() const { return m_board.read(); }

private:
    void addMachineFigures(std::vector<MetricValue> &values, double now);
    void countWaits();
    void publish();
    void tellStatus();
    void tellStatusNowAndThen(double now);
    void rememberInStatus(const std::vector<MetricValue> &values);

    TrainerObserver &m_observer;
    std::function<double()> m_viewerCpuSeconds;
    std::function<WaitCounts()> m_waits;
    RunStatus m_status;
    StatusBoard m_board;
    double m_trainSeconds = 0; ///< since the last report
    int64_t m_trainTokens = 0;
    double m_probeSeconds = 0; ///< since the last machine figures
    double m_viewerCpuBefore = 0;
    double m_figuresAt = 0; ///< monotonic
    double m_statusTold = 0;
};

} // namespace orrery
