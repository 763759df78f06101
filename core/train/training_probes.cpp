// SPDX-License-Identifier: Apache-2.0
// What a training loop spends on being looked at: samples, frames, and questions about what is inside.
#include "core/train/training_loop.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/nn/torch_guard.h"
#include "core/spec/field_table.h"
#include "core/spec/kept_prompt.h"
#include "core/train/sampling.h"

#include <nlohmann/json.hpp>

namespace orrery {
namespace {

constexpr size_t kMaxQuestions = 64; ///< that wait for the budget

std::string jsonText(const nlohmann::ordered_json &json)
{
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void answer(const LiveQuestion &question, Result<InspectReport> report)
{
    LiveInspection &inspection = *question.inspection;
    inspection.answer = std::move(report);
    inspection.isAnswered.store(true, std::memory_order_release);
    inspection.isAnswered.notify_all();
}

} // namespace

double TrainingLoop::probeClock() const
{
    return m_parts.options.clock ? m_parts.options.clock() : monotonicSeconds();
}

double TrainingLoop::payRound(double startedAt)
{
    const double seconds = probeClock() - startedAt;
    m_budget.payRound(seconds);
    m_outputs.addProbing(seconds);
    return seconds;
}

/// A round that was too dear was put off to this boundary, which can pay for it; rounds do not pile up.
void TrainingLoop::drawSamples()
{
    m_areSamplesDue = false;
    if (m_sampledStep == m_state.step) return;
    m_sampledStep = m_state.step;
    const double startedAt = probeClock();
    uint32_t number = 0;
    const auto draw = [&](const std::string &prompt, const MediaPrompt *media) {
        DrawnSample drawn = drawSample(m_model, *m_parts.tokenizer,
                                       {.prompt = prompt,
                                        .maxTokens = spec().probes.maxTokens,
                                        .seed = m_state.seed,
                                        .step = m_state.step,
                                        .number = number++,
                                        .dtype = dtype(),
                                        .media = media});
        drawn.text = sanitizeUtf8(drawn.text);
        return drawn;
    };
    if (const MultiModalSource *source = m_parts.data.multiModal.get()) {
        for (const MediaPrompt &prompt :
             mediaPrompts(*source, *m_parts.tokenizer, spec().model, spec().probes.prompts.size())) {
            const uint32_t document = number; // as its frames have it
            const DrawnSample drawn = draw({}, &prompt);
            m_outputs.event(EventKind::Sample, m_state.step,
                            prompt.title + drawn.text + " (expected: " + prompt.expected + ")",
                            jsonText({{"prompt", prompt.title},
                                      {"text", drawn.text},
                                      {"expected", prompt.expected},
                                      {"document", document},
                                      {"answer_ids", drawn.ids},
                                      {"pictures", prompt.pictures},
                                      {"recordings", prompt.recordings},
                                      {"spectrograms", prompt.spectrograms}}));
        }
    } else {
        for (const std::string &prompt : spec().probes.prompts) {
            const std::string text = draw(prompt, nullptr).text;
            m_outputs.event(EventKind::Sample, m_state.step, prompt + text,
                            jsonText({{"prompt", prompt}, {"text", text}}));
        }
    }
    payRound(startedAt);
}

void TrainingLoop::takeFrames(const DueFrames &due, std::vector<MetricValue> &values)
{
    const double startedAt = probeClock();
    auto taken = m_frames.take(spec(), due, m_state.step, dtype(), values);
    (due.overview ? m_overviewSeconds : m_starredSeconds) = payRound(startedAt);
    if (taken) {
        for (TakenFrame &frame : *taken)
            m_outputs.frame(m_state.step, frame.kind, frame.prompt, std::move(frame.bytes));
    } else if (!std::exchange(m_hasWarnedOfFrames, true)) {
        m_outputs.event(EventKind::Warning, m_state.step, "No frame was taken: " + taken.error().text());
    }
    for (const std::string &warning : m_frames.takeWarnings())
        m_outputs.event(EventKind::Warning, m_state.step, warning);
    const int64_t numLeftOut = FrameTaker::numHeadsWithoutSeries(m_model.spec());
    if (numLeftOut > 0 && !std::exchange(m_hasWarnedOfSeries, true))
        m_outputs.event(EventKind::Warning, m_state.step,
                        "Series of " + std::to_string(numLeftOut) +
                            " heads are left out: there are more than the " + std::to_string(kMaxHeadSeries) +
                            " series that the heads of a run may have. Their frames are kept.");
}

Result<void> TrainingLoop::checkStarred(const SettingChange &setting) const
{
    if (setting.key != kStarredKey) return {};
    const Field *field = findField(kStarredKey);
    ORRERY_ASSIGN(const FieldValue value, parseFieldValue(*field, setting.value));
    return checkStarredHeads(std::get<std::vector<std::string>>(value), m_parts.run.frozen().spec.model);
}

Result<void> TrainingLoop::inspect(const std::shared_ptr<LiveInspection> &inspection)
{
    const std::string &run = m_parts.run.frozen().id;
    // On this thread, not the trainer's: a text may be long.
    ORRERY_ASSIGN(LiveQuestion question, prepareQuestion(inspection, m_model, *m_parts.tokenizer, run));
    if (m_numPosted.load(std::memory_order_relaxed) >= static_cast<int64_t>(kMaxQuestions))
        return tooManyError();
    m_numPosted.fetch_add(1, std::memory_order_relaxed);
    if (!m_mailbox.post(Mail{.command = {}, .question = std::make_shared<LiveQuestion>(std::move(question))}))
        return endedError();
    return {};
}

Error TrainingLoop::endedError() const
{
    return {ErrorCode::Conflict,
            "Cannot look inside run \"" + m_parts.run.frozen().id +
                "\" while it trains: the run has ended, expected one that trains.",
            "Use its newest checkpoint."};
}

Error TrainingLoop::tooManyError() const
{
    return {ErrorCode::Unavailable,
            "Cannot look inside run \"" + m_parts.run.frozen().id +
                "\" now: " + std::to_string(kMaxQuestions) + " questions wait already, expected fewer.",
            "Pause the run, or use its newest checkpoint."};
}

void TrainingLoop::keepQuestion(std::shared_ptr<LiveQuestion> question)
{
    m_numPosted.fetch_sub(1, std::memory_order_relaxed);
    dropCancelled();
    if (m_questions.size() < kMaxQuestions)
        m_questions.push_back(std::move(question));
    else
        answer(*question, tooManyError());
}

void TrainingLoop::dropCancelled()
{
    std::erase_if(m_questions, [](const std::shared_ptr<LiveQuestion> &question) {
        if (!question->inspection->isCancelled.load(std::memory_order_acquire)) return false;
        answer(*question,
               Error{ErrorCode::Cancelled, "Cannot look inside the run: the request was cancelled.", ""});
        return true;
    });
}

/// @return whether the next one may be answered right now
bool TrainingLoop::answerQuestion()
{
    dropCancelled();
    if (!m_isPaused && spec().probes.budgetPercent <= 0) {
        for (const auto &question : m_questions)
            answer(*question, Error{ErrorCode::Unavailable,
                                    "Cannot look inside run \"" + m_parts.run.frozen().id +
                                        "\" while it trains: probes.budget_percent is 0, expected more.",
                                    "Pause the run, or use its newest checkpoint."});
        m_questions.clear();
    }
    if (m_questions.empty() || (!m_isPaused && !m_budget.allowsQuestion(probeClock()))) return false;
    const std::shared_ptr<LiveQuestion> question = std::move(m_questions.front());
    m_questions.pop_front();
    const double startedAt = probeClock();
    const std::string &run = m_parts.run.frozen().id;
    auto report = nn::guardTorch("look inside run \"" + run + "\"", [&]() -> Result<InspectReport> {
        ORRERY_ASSIGN(const InspectInput text, textOf(*question));
        LiveInspection &inspection = *question->inspection;
        return inspectModel(
            m_model, *m_parts.tokenizer, text, question->asked, dtype(),
            [&] { return inspection.isCancelled.load(std::memory_order_relaxed); },
            [&](const InspectPassAmount &amount) { inspection.progress.set(amount); });
    });
    if (report) {
        question->finish(*report);
        report->model = run + "@live";
        report->step = m_state.step;
    }
    const double endedAt = probeClock(), seconds = endedAt - startedAt;
    if (!m_isPaused) m_budget.payQuestion(seconds, endedAt); // nobody waits for a paused training
    m_outputs.addProbing(seconds);
    if (report) report->seconds = seconds; // what is paid for it, so that who asks knows when to ask again
    answer(*question, std::move(report));
    return !m_questions.empty();
}

Result<InspectInput> TrainingLoop::textOf(LiveQuestion &question)
{
    if (question.text) return std::move(*question.text);
    const GenerateRequest &input = question.asked.input;
    return m_frames.kept(spec(), keptPromptNumber(input).value_or(-1), input.answerIds);
}

void TrainingLoop::refuseQuestions()
{
    for (const auto &question : m_questions) answer(*question, endedError());
    m_questions.clear();
}

RunStatus TrainingLoop::status() const
{
    RunStatus status = m_outputs.snapshot();
    // At the time of asking: what was published last may be older than a commit.
    if (m_parts.options.lastFrameId) status.lastFrameId = m_parts.options.lastFrameId();
    return status;
}

} // namespace orrery
