// SPDX-License-Identifier: Apache-2.0
// The loop of one run: boundaries (commands, questions, pause, stop), updates, and the rhythms of reports,
// evaluation, samples, frames and checkpoints. Made by createTrainer; run() belongs to the trainer thread.
#pragma once

#include "core/data/tokenizer.h"
#include "core/spec/schedule.h"
#include "core/train/breakpoints.h"
#include "core/train/command_mailbox.h"
#include "core/train/continual/continual.h"
#include "core/train/frame_taker.h"
#include "core/train/live_question.h"
#include "core/train/loop_state.h"
#include "core/train/part_series.h"
#include "core/train/probe_budget.h"
#include "core/train/run_watch.h"
#include "core/train/step_runner.h"
#include "core/train/told_series.h"
#include "core/train/training.h"
#include "core/train/training_outputs.h"

#include <atomic>
#include <deque>
#include <functional>

namespace orrery {

/// Everything that a loop is made of, prepared by createTrainer.
struct LoopParts {
    RunDirectory run;
    RunData data;
    TrainingOptions options;
    std::string startNote;
    int64_t totalSteps = 0;
    int64_t totalStepsBefore = 0; ///< as in TrainingStart
    bool isResume = false;
    std::unique_ptr<nn::Transformer> model;
    std::unique_ptr<Optimizer> optimizer;
    std::unique_ptr<Tokenizer> tokenizer;
    std::unique_ptr<Objective> objective;
    TrainingSources sources;              ///< of the run's data, and of the objective
    ProbeSet probes;                      ///< see the passes that measure val_loss
    std::unique_ptr<Continual> continual; ///< of a run on several data in turn; else null
    LoopState state;
    LiveSettings settings;            ///< with the changes that the checkpoint holds
    std::deque<LoggedChange> replays; ///< in order of steps
};

class TrainingLoop final : public Trainer {
public:
    TrainingLoop(LoopParts parts, TrainerObserver &observer, int32_t attempt);
    ~TrainingLoop() override;
    Result<RunState> run() override;
    Result<void> post(const ControlCommand &command) override;
    Result<void> inspect(const std::shared_ptr<LiveInspection> &inspection) override;
    [[nodiscard]] RunStatus status() const override;

private:
    enum class Boundary : uint8_t { Train, Stop };
    enum class WhenFull : uint8_t { Pause, Fail };
    enum class Occupancy : uint8_t { Unknown, NotTold, Told };

    Result<RunState> runToEnd();
    void begin();
    Result<Boundary> passBoundary();
    /// Takes what was posted: questions join those that wait, commands are obeyed at the boundary.
    void hear();
    /// For what takes long between two boundaries, and then cannot go on.
    bool isStopAsked();
    /// For the same, between two of its texts: a pause holds it here, and questions are answered meanwhile. What
    /// else was said waits for the boundary: what a checkpoint would keep is not whole here.
    void holdWhilePaused();
    void obeyPauses();
    Result<void> obey(const ControlCommand &command);
    Result<void> change(const SettingChange &setting);
    void closeMailbox();
    void answerLate(const ControlCommand &command);
    /// @param place where, behind the step; empty: at its boundary
    void pause(const std::string &place = {});
    Result<void> resume();
    Result<void> trainStep();
    /// Where a stage has ended: its weights, the losses of all stages, and what is kept of it. The last one ends with
    /// the run, however many steps that has been given.
    /// @return whether one has
    bool endStage();
    void tellStage();
    void noteSlowMemory();
    [[nodiscard]] std::vector<MetricValue> stageSeries() const;
    Result<void> reportStep(const StepOutcome &outcome, double learningRate);
    Error stopNonFinite(const StepOutcome &outcome, double learningRate);
    /// Nothing: there is nothing to measure.
    std::optional<double> measureValidation();
    /// Of all texts in turn, once a step. @param beforePass as in EvaluationSettings
    const std::vector<std::optional<double>> &measureStages(const std::function<void()> &beforePass = {});
    /// val_loss, and what the sources measure beside it.
    /// @return of the first
    std::optional<double> reportValidation(std::vector<MetricValue> &values);
    [[nodiscard]] std::optional<double> evaluate(ValidationSource &source,
                                                 std::span<nn::Probe *const> probes = {},
                                                 const std::function<void()> &beforePass = {});
    /// A report, and the breakpoints that it makes true.
    void tell(int64_t step, std::vector<MetricValue> values, bool hasStepValues);
    [[nodiscard]] double probeClock() const;
    [[nodiscard]] bool isRoundAffordable(double expected) const
    {
        return m_budget.allowsRound(probeClock(), expected);
    }
    /// A round has ended that began then. @return what it took
    double payRound(double startedAt);
    void drawSamples();
    void takeFrames(const DueFrames &due, std::vector<MetricValue> &values);
    /// Starred heads alone leave room for the next overview, which comes rarely and costs more: it would never find any.
    [[nodiscard]] double expectedSeconds(const DueFrames &due) const
    {
        return m_overviewSeconds + (due.overview ? 0 : m_starredSeconds);
    }
    [[nodiscard]] Result<void> checkStarred(const SettingChange &setting) const;
    void keepQuestion(std::shared_ptr<LiveQuestion> question);
    bool answerQuestion();
    /// The text of a question: its own, or one that is kept for frames. Good until frames are taken.
    Result<InspectInput> textOf(LiveQuestion &question);
    void refuseQuestions();
    [[nodiscard]] Error endedError() const;
    [[nodiscard]] Error tooManyError() const;
    void dropCancelled();
    static std::vector<std::string> knownSeries(const LoopParts &parts);
    [[nodiscard]] Result<void> checkBreakpoint(const ControlCommand &command) const;
    void changeBreakpoints(const ControlCommand &command);
    void checkHits(int64_t step, const std::vector<MetricValue> &told);
    /// What should be looked at, in the status and once as an event.
    void watch(int64_t step, const std::vector<MetricValue> &told);
    void stopWithoutPatience();
    [[nodiscard]] Result<void> checkPatience(const SettingChange &setting) const;
    void lookForOccupancy(int64_t step, const std::vector<MetricValue> &told);
    [[nodiscard]] Error noOccupancyError(const Breakpoint &breakpoint) const;
    [[nodiscard]] Error noFramesError(const Breakpoint &breakpoint) const;
    [[nodiscard]] Error notToldError(const Breakpoint &breakpoint) const;
    [[nodiscard]] std::optional<Error> whyNever(const Breakpoint &breakpoint) const;
    void warnOfVain(int64_t step, const std::function<bool(const std::string &series)> &isMeant);
    void noteFrameSettings(); ///< as they are now, for breakpoints on heads
    void takeOverBreakpoints();
    Result<void> save(bool measures, WhenFull whenFull);
    Result<void> writeCheckpoint(bool measures);
    void pauseForSpace(const Error &error, bool measures);
    [[nodiscard]] uint64_t checkpointBytes() const;
    Result<void> lookForSpace();
    void deleteOldCheckpoints();
    Result<RunState> finish();
    Result<RunState> stop();
    [[nodiscard]] StepSettings stepSettings(double learningRate) const;
    [[nodiscard]] const RunSpec &spec() const { return m_parts.settings.spec(); }
    [[nodiscard]] at::ScalarType dtype() const;

    LoopParts m_parts;
    nn::Transformer &m_model;
    StepRunner m_runner;
    ResolvedSchedule m_schedule;
    TrainingOutputs m_outputs;
    CommandMailbox m_mailbox;
    const std::vector<std::string> m_knownSeries; ///< read by any thread
    Breakpoints m_breakpoints;
    PauseCause m_pauseCause; ///< of the pause at the next boundary; empty: none
    std::atomic<Occupancy> m_occupancy{
        Occupancy::Unknown}; ///< of memories, among the series; read by any thread
    std::atomic<bool> m_keepsFrames{true}; ///< read by any thread
    ToldSeries m_told;
    FrameTaker m_frames;
    std::deque<ControlCommand> m_heard;                      ///< oldest first
    std::deque<std::shared_ptr<LiveQuestion>> m_questions;   ///< likewise
    std::atomic<int64_t> m_numPosted{0};                     ///< questions that are still in the mailbox
    LoopState &m_state;
    int32_t m_numChanges = 0; ///< made in this attempt, for their ids
    int64_t m_savedStep = -1; ///< of the newest whole checkpoint
    int64_t m_sampledStep = -1;
    bool m_hasValidation = true;       ///< the newest measurement found something to measure
    std::vector<std::optional<double>> m_stageLosses; ///< of the texts, at this step:
    int64_t m_stageLossesStep = -1;
    std::vector<MetricValue> m_probed; ///< of the newest measurement of val_loss
    bool m_areSamplesDue = false;
    ProbeBudget m_budget;       ///< of this attempt
    double m_overviewSeconds = 0; ///< that the last frames with all heads took
    double m_starredSeconds = 0;  ///< and those of starred heads alone
    double m_pausedAt = 0;      ///< by probeClock()
    bool m_hasWarnedOfFrames = false;
    bool m_hasWarnedOfSeries = false;
    bool m_isPaused = false;
    bool m_isSaveOwed = false;       ///< a checkpoint found no room: no update before it is written
    bool m_owesMeasuring = false;    ///< with its validation loss
    bool m_isPausedForSpace = false; ///< and by nobody else: goes on by itself
    double m_spaceCheckedAt = 0;     ///< monotonic
    double m_spaceCheckSeconds = 0;
    uint64_t m_savedBytes = 0;     ///< of the newest checkpoint of this attempt
    int64_t m_stepsUntilPause = 0; ///< 0: no limit
    bool m_isStopRequested = false;
    bool m_isStoppedEarly = false; ///< patience is over: the run finishes here
    RunWatch m_watch;
    double m_diskWatchedAt = 0; ///< monotonic
};

} // namespace orrery
