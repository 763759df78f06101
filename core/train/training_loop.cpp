// SPDX-License-Identifier: Apache-2.0
#include "core/train/training_loop.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/nn/torch_guard.h"
#include "core/train/continual/stage_series.h"
#include "core/train/evaluation.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <map>

namespace orrery {
namespace {

constexpr std::chrono::milliseconds kSignalPoll{200}; ///< how late a paused trainer may notice a signal

RunStatus initialStatus(const LoopParts &parts, int32_t attempt)
{
    const FrozenSpec &frozen = parts.run.frozen();
    RunStatus status;
    status.id = frozen.id;
    status.name = frozen.spec.name;
    status.directory = parts.run.path().string();
    status.state = RunState::Starting;
    status.step = parts.state.step;
    status.totalSteps = parts.totalSteps;
    status.attempt = attempt;
    status.createdAt = frozen.createdAt;
    status.elapsedSeconds = parts.state.elapsedSeconds;
    status.valLoss = parts.state.valLoss;
    status.bestValLoss = parts.state.bestValLoss;
    status.numParameters = parts.model->numParameters();
    status.device = frozen.spec.device;
    status.threads = frozen.spec.threads;
    status.lastCheckpointStep = parts.isResume ? parts.state.step : -1;
    return status;
}

std::string jsonText(const nlohmann::ordered_json &json)
{
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Of texts that weigh the same, however long they are. Nothing: of none of them is there a loss.
std::optional<double> meanOf(const std::vector<std::optional<double>> &losses)
{
    double sum = 0;
    int64_t count = 0;
    for (const std::optional<double> &loss : losses) {
        sum += loss.value_or(0);
        count += loss.has_value() ? 1 : 0;
    }
    return count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
}

} // namespace

TrainingLoop::TrainingLoop(LoopParts parts, TrainerObserver &observer, int32_t attempt)
    : m_parts(std::move(parts)), m_model(*m_parts.model),
      m_runner(m_model, *m_parts.optimizer, *m_parts.sources.batches, m_parts.continual.get()),
      m_schedule(resolveSchedule(m_parts.run.frozen().spec.schedule, m_parts.run.frozen().spec.train.steps)),
      m_outputs(observer, initialStatus(m_parts, attempt), m_parts.options.viewerCpuSeconds,
                m_parts.options.waits),
      m_knownSeries(knownSeries(m_parts)),
      m_frames(m_model, *m_parts.tokenizer, m_parts.data, m_parts.run.frozen().spec.probes.prompts.size()),
      m_state(m_parts.state), m_savedStep(m_parts.isResume ? m_state.step : -1),
      m_budget(m_parts.run.frozen().spec.probes.budgetPercent / 100, probeClock())
{
    if (m_parts.continual) m_parts.continual->setStopCheck([this] {
            holdWhilePaused();
            return isStopAsked();
        });
    noteFrameSettings();
}

TrainingLoop::~TrainingLoop()
{
    // Of a training that never ran.
    m_mailbox.close();
    while (auto mail = m_mailbox.take())
        if (mail->question) m_questions.push_back(std::move(mail->question));
    refuseQuestions();
}

Result<RunState> TrainingLoop::run()
{
    auto outcome =
        nn::guardTorch("train run \"" + m_parts.run.frozen().id + "\"", [this] { return runToEnd(); });
    closeMailbox();
    return outcome;
}

Result<RunState> TrainingLoop::runToEnd()
{
    begin();
    const auto isAtEnd = [this] { return m_isStoppedEarly || m_state.step >= m_parts.totalSteps; };
    while (!isAtEnd() || m_isSaveOwed) {
        ORRERY_ASSIGN(const Boundary boundary, passBoundary());
        if (boundary == Boundary::Stop) return stop();
        if (!isAtEnd()) ORRERY_TRY(trainStep());
    }
    return finish();
}

void TrainingLoop::begin()
{
    // What came before was no training.
    m_budget = ProbeBudget(m_parts.run.frozen().spec.probes.budgetPercent / 100, probeClock());
    const RunSpec &frozen = m_parts.run.frozen().spec;
    // Taken over changes are logged first: an attempt that says Resumed has all of them (see
    // changesToReplay).
    for (const LoggedChange &change : m_parts.replays)
        m_outputs.event(EventKind::Setting, change.step,
                        change.key + " becomes " + change.value + " (as before)", changePayload(change));
    // What holds in a branch since before it began stands in its own log: who watches it reads no other.
    const std::optional<BranchOrigin> &branch = m_parts.run.frozen().branch;
    if (branch && m_outputs.attempt() == 0) {
        std::map<std::string, const LoggedChange *> newest;
        for (const LoggedChange &change : m_state.changes) newest[change.key] = &change;
        for (const auto &[key, change] : newest)
            m_outputs.event(EventKind::Setting, m_state.step,
                            key + " is " + change->value + " (as in " + branch->run + ")",
                            changePayload(*change));
    }
    // The spec's total is frozen; another one is told, and kept in the status and the checkpoints.
    const int64_t before = m_parts.totalStepsBefore > 0 ? m_parts.totalStepsBefore : frozen.train.steps;
    const std::string upTo = m_parts.totalSteps != before ? " It trains to step " +
                                                                std::to_string(m_parts.totalSteps) +
                                                                " instead of " + std::to_string(before) + "."
                                                          : "";
    const std::string payload = jsonText({{"total_steps", m_parts.totalSteps}});
    if (m_parts.isResume) {
        const std::string note = m_parts.startNote.empty() ? "" : " " + m_parts.startNote; // whole sentences
        m_outputs.event(EventKind::Resumed, m_state.step,
                        "Resumed from checkpoint " + std::to_string(m_state.step) + "." + note + upTo,
                        payload);
    } else {
        m_outputs.event(EventKind::Started, m_state.step,
                        "Started: " + formatCount(static_cast<double>(m_model.numParameters())) +
                            " parameters on " + frozen.device + ", " + std::to_string(frozen.threads) +
                            " threads." + upTo,
                        payload);
    }
    takeOverBreakpoints();
    m_outputs.setState(RunState::Running);
    if (const DueFrames due = FrameTaker::dueFrames(spec().probes, 0, false); m_state.step == 0 && due.isAny()) {
        std::vector<MetricValue> none; // series begin with step 1
        takeFrames(due, none);
    }
    if (m_parts.continual && m_parts.continual->isCutShort()) m_isStopRequested = true;
    if (m_parts.options.startPaused) pause();
}

Result<TrainingLoop::Boundary> TrainingLoop::passBoundary()
{
    while (!m_parts.replays.empty() && m_parts.replays.front().step <= m_state.step) {
        ORRERY_TRY(m_parts.settings.apply(m_parts.replays.front()));
        m_parts.replays.pop_front();
        noteFrameSettings();
    }
    if (m_stepsUntilPause < 0) pause();
    for (;;) {
        for (hear(); !m_heard.empty(); hear()) {
            const ControlCommand command = std::move(m_heard.front());
            m_heard.pop_front();
            ORRERY_TRY(obey(command));
        }
        if (m_parts.options.stopRequested && m_parts.options.stopRequested()) m_isStopRequested = true;
        if (m_isStopRequested) return Boundary::Stop;
        if (m_isPausedForSpace) ORRERY_TRY(lookForSpace());
        const bool isMoreToAnswer = !m_questions.empty() && answerQuestion();
        if (!m_isPaused) return Boundary::Train;
        if (!isMoreToAnswer) m_mailbox.sleep(kSignalPoll);
    }
}

void TrainingLoop::holdWhilePaused()
{
    for (obeyPauses(); m_isPaused && !isStopAsked(); obeyPauses())
        if (m_questions.empty() || !answerQuestion()) m_mailbox.sleep(kSignalPoll);
}

void TrainingLoop::pause(const std::string &place)
{
    m_isPaused = true;
    m_pausedAt = probeClock();
    m_stepsUntilPause = 0;
    m_outputs.setPauseCause(std::exchange(m_pauseCause, {}));
    m_outputs.event(EventKind::Paused, m_state.step,
                    "Paused after step " + std::to_string(m_state.step) + place + ".");
    m_outputs.setState(RunState::Paused);
}

Result<void> TrainingLoop::resume()
{
    if (m_isSaveOwed) {
        ORRERY_TRY(save(m_owesMeasuring, WhenFull::Pause));
        if (m_isSaveOwed) return {}; // still no room, and paused for what it was
    }
    m_outputs.setPauseCause({});
    m_isPaused = m_isPausedForSpace = false;
    m_budget.leaveOut(probeClock() - m_pausedAt);
    m_outputs.event(EventKind::Continued, m_state.step,
                    m_stepsUntilPause > 0 ? "Continued for " + std::to_string(m_stepsUntilPause) + " steps."
                                          : "Continued.");
    m_outputs.setState(RunState::Running);
    return {};
}

at::ScalarType TrainingLoop::dtype() const
{
    return spec().train.dtype == "bf16" ? at::kBFloat16 : at::kFloat;
}

StepSettings TrainingLoop::stepSettings(double learningRate) const
{
    const RunSpec &now = spec();
    return {.batchSize = now.train.batchSize,
            .accumulation = now.train.accumulation,
            .seed = static_cast<uint64_t>(now.seed),
            .dtype = dtype(),
            .dropout = now.model.dropout,
            .attentionDropout = now.model.attentionDropout,
            .clip = now.optimizer.clip,
            .update = {.learningRate = learningRate, .weightDecay = now.optimizer.weightDecay}};
}

Result<void> TrainingLoop::trainStep()
{
    const double startedAt = monotonicSeconds();
    const double learningRate =
        learningRateAt(m_schedule, spec().optimizer.lr, m_state.step) * m_parts.settings.learningRateFactor();
    const StepOutcome outcome = m_runner.run(m_state.step, stepSettings(learningRate));
    if (!outcome.isFinite) return stopNonFinite(outcome, learningRate);
    ++m_state.step;
    const double seconds = monotonicSeconds() - startedAt;
    m_state.elapsedSeconds += seconds;
    m_outputs.addTraining(seconds, outcome.numTokens);
    m_outputs.setPosition(m_state.step, m_state.elapsedSeconds);
    if (m_stepsUntilPause > 0 && --m_stepsUntilPause == 0) m_stepsUntilPause = -1; // paused at the boundary
    return reportStep(outcome, learningRate);
}

Result<void> TrainingLoop::reportStep(const StepOutcome &outcome, double learningRate)
{
    const int64_t step = m_state.step;
    const bool isLast = step == m_parts.totalSteps;
    const bool isStageEnd = endStage();
    std::vector<MetricValue> values;
    const bool isReported = step % spec().train.reportEvery == 0 || step == 1 || isLast;
    if (isReported) {
        if (outcome.hasTargets) {
            values.push_back({series::kLoss, outcome.loss});
            values.push_back({series::kGradNorm, outcome.gradNorm});
            for (const auto &[name, value] : m_runner.noted()) values.push_back({series::part(name), value});
        }
        values.push_back({series::kLearningRate, learningRate});
        if (m_parts.continual)
            values.push_back(
                {series::kStage, static_cast<double>(m_parts.continual->plan().stageAt(step - 1) + 1)});
    }
    const bool isCheckpoint = step % spec().train.checkpointEvery == 0 || isLast;
    // A checkpoint can only be the best one when it was measured itself.
    if (step % spec().train.evalEvery == 0 || isLast || (isCheckpoint && spec().train.keepBest)) {
        const std::optional<double> valLoss = reportValidation(values);
        const TrainSpec &train = spec().train;
        if (valLoss && m_state.patience.isOver(*valLoss, train.patience, train.minImprovement) && !isLast)
            stopWithoutPatience();
    }
    // Somebody who waits for an answer comes before what is kept for later.
    const bool isFree = m_questions.empty();
    if (const DueFrames due = FrameTaker::dueFrames(spec().probes, step, isLast);
        due.isAny() && (isLast || (isFree && isRoundAffordable(expectedSeconds(due)))))
        takeFrames(due, values);
    if (!values.empty()) tell(step, std::move(values), isReported);
    if (isStageEnd) tellStage();
    if (spec().probes.every > 0 && step % spec().probes.every == 0) m_areSamplesDue = true;
    if (m_areSamplesDue && (isLast || (isFree && isRoundAffordable(0)))) drawSamples();
    return isCheckpoint ? save(true, WhenFull::Pause) : Result<void>();
}

Error TrainingLoop::stopNonFinite(const StepOutcome &outcome, double learningRate)
{
    const bool isLoss = !std::isfinite(outcome.loss);
    const double value = isLoss ? outcome.loss : outcome.gradNorm;
    const int64_t step = m_state.step + 1;
    const std::string what = std::string(isLoss ? "the loss" : "the gradient norm") + " is " +
                             (std::isnan(value) ? "nan"
                              : value > 0       ? "inf"
                                                : "-inf") +
                             " at step " + std::to_string(step);
    watch(step, m_outputs.report(step,
                                 {{series::kLoss, outcome.loss},
                                  {series::kGradNorm, outcome.gradNorm},
                                  {series::kLearningRate, learningRate}},
                                 true));
    m_outputs.event(EventKind::NonFinite, step, "Stopped before the update: " + what + ".",
                    jsonText({{"metric", isLoss ? series::kLoss : series::kGradNorm}, {"step", step}}));
    const std::string from =
        m_savedStep >= 0 ? "Resume from checkpoint " + std::to_string(m_savedStep) : "Start again";
    return {ErrorCode::NonFinite,
            "Cannot continue run \"" + m_parts.run.frozen().id + "\": " + what + ", expected a finite value.",
            from + " with a lower learning rate; no weight was touched."};
}

std::optional<double> TrainingLoop::measureValidation()
{
    if (m_state.valStep != m_state.step) {
        std::optional<double> loss;
        if (!m_parts.sources.stages.empty()) {
            loss = meanOf(measureStages());
        } else {
            loss = evaluate(*m_parts.sources.measures.front().source, m_parts.probes.all());
            m_probed = m_parts.probes.take();
        }
        m_hasValidation = loss.has_value();
        m_state.valLoss = loss.value_or(std::numeric_limits<double>::quiet_NaN());
        m_state.valStep = m_state.step;
    }
    return m_hasValidation ? std::optional(m_state.valLoss) : std::nullopt;
}

const std::vector<std::optional<double>> &
TrainingLoop::measureStages(const std::function<void()> &beforePass)
{
    if (m_stageLossesStep == m_state.step) return m_stageLosses;
    m_stageLosses.clear();
    for (const ValidationMeasure &stage : m_parts.sources.stages)
        m_stageLosses.push_back(evaluate(*stage.source, m_parts.probes.all(), beforePass));
    m_stageLossesStep = m_state.step;
    m_probed = m_parts.probes.take();
    return m_stageLosses;
}

std::optional<double> TrainingLoop::reportValidation(std::vector<MetricValue> &values)
{
    const auto add = [&](const std::string &series, const std::optional<double> &loss) {
        if (loss) values.push_back({series, *loss});
    };
    const auto &measures = m_parts.sources.measures;
    const std::optional<double> valLoss = measureValidation();
    add(series::kValLoss, valLoss);
    values.insert(values.end(), m_probed.begin(), m_probed.end());
    for (size_t i = 1; i < measures.size(); ++i) add(measures[i].series, evaluate(*measures[i].source));
    const auto &stages = m_parts.sources.stages;
    for (size_t i = 0; i < stages.size(); ++i) add(stages[i].series, measureStages()[i]);
    return valLoss;
}

std::optional<double> TrainingLoop::evaluate(ValidationSource &source, std::span<nn::Probe *const> probes,
                                             const std::function<void()> &beforePass)
{
    return evaluateLoss(m_model, source,
                        {.maxTokens = spec().train.evalTokens,
                         .batchSize = spec().train.batchSize,
                         .dtype = dtype(),
                         .seed = m_state.seed,
                         .probes = probes,
                         .beforePass = beforePass});
}

Result<RunState> TrainingLoop::finish()
{
    ORRERY_TRY(save(true, WhenFull::Fail));
    closeMailbox();
    m_outputs.event(EventKind::Finished, m_state.step,
                    "Finished after " + std::to_string(m_state.step) + " steps and " +
                        formatDuration(m_state.elapsedSeconds) + " of training.");
    m_outputs.setState(RunState::Finished);
    return RunState::Finished;
}

Result<RunState> TrainingLoop::stop()
{
    m_mailbox.close();
    refuseQuestions();
    m_outputs.setPauseCause({});
    m_outputs.setState(RunState::Stopping);
    ORRERY_TRY(save(false, WhenFull::Fail));
    closeMailbox();
    m_outputs.event(EventKind::Stopped, m_state.step,
                    "Stopped after step " + std::to_string(m_state.step) + ".");
    m_outputs.setState(RunState::Stopped);
    return RunState::Stopped;
}

} // namespace orrery
