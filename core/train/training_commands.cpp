// SPDX-License-Identifier: Apache-2.0
// What a training loop is told while it runs: commands on their way from any thread to the boundary that
// obeys them.
#include "core/train/training_loop.h"

#include "core/store/run_note.h"

#include <algorithm>

namespace orrery {

Result<void> TrainingLoop::post(const ControlCommand &command)
{
    const std::string object = "\"" + m_parts.run.frozen().id + "\"";
    if (command.verb == ControlVerb::Unknown)
        return Error{ErrorCode::InvalidInput,
                     "Cannot control run " + object + ": the command is unknown, expected a known one.",
                     "Use pause, resume, step, checkpoint, stop, set, break or unbreak."};
    if (command.verb == ControlVerb::StepN && command.steps < 1)
        return Error{ErrorCode::InvalidInput,
                     "Cannot step run " + object + ": " + std::to_string(command.steps) +
                         " steps were asked for, expected 1 or more.",
                     "Ask for one step at least."};
    const bool isNote = command.verb == ControlVerb::Set && command.setting.key == kNoteKey;
    if (isNote)
        if (const auto note = noteFromValue(command.setting.value, m_parts.run.frozen().id); !note)
            return note.error();
    if (command.verb == ControlVerb::Set && !isNote) {
        ORRERY_TRY(LiveSettings::check(command.setting, m_parts.run.frozen().spec));
        ORRERY_TRY(checkStarred(command.setting));
        ORRERY_TRY(checkPatience(command.setting));
    }
    if (command.verb == ControlVerb::Break || command.verb == ControlVerb::Unbreak)
        ORRERY_TRY(checkBreakpoint(command));
    if (!m_mailbox.post(command))
        return Error{ErrorCode::Conflict,
                     "Cannot control run " + object + ": it is ending, expected a run that trains.",
                     "Resume it to go on."};
    return {};
}

void TrainingLoop::hear()
{
    while (auto mail = m_mailbox.take()) {
        if (mail->question)
            keepQuestion(std::move(mail->question));
        else
            m_heard.push_back(std::move(mail->command));
    }
}

bool TrainingLoop::isStopAsked()
{
    hear();
    if (m_parts.options.stopRequested && m_parts.options.stopRequested()) m_isStopRequested = true;
    return m_isStopRequested ||
           std::any_of(m_heard.begin(), m_heard.end(),
                       [](const ControlCommand &command) { return command.verb == ControlVerb::Stop; });
}

void TrainingLoop::obeyPauses()
{
    hear();
    for (ControlCommand &command : std::exchange(m_heard, {})) {
        switch (command.verb) {
        case ControlVerb::Pause:
            if (!m_isPaused)
                pause(", within the look at the end of a stage; the rest of it, and checkpoints, come when the run "
                      "continues");
            break;
        case ControlVerb::Continue:
        case ControlVerb::StepN:
            if (const auto resumed = obey(command); !resumed)
                m_outputs.event(EventKind::Warning, m_state.step, resumed.error().text());
            break;
        default:
            m_heard.push_back(std::move(command));
        }
    }
}

Result<void> TrainingLoop::obey(const ControlCommand &command)
{
    switch (command.verb) {
    case ControlVerb::Pause:
        m_isPausedForSpace = false;
        if (!m_isPaused) pause();
        return {};
    case ControlVerb::Continue:
        m_stepsUntilPause = 0;
        return m_isPaused ? resume() : Result<void>();
    case ControlVerb::StepN:
        m_stepsUntilPause = command.steps;
        return m_isPaused ? resume() : Result<void>();
    case ControlVerb::Checkpoint:
        if (m_savedStep == m_state.step)
            m_outputs.event(EventKind::Note, m_state.step,
                            "Checkpoint " + std::to_string(m_state.step) + " is there already.");
        return save(false, WhenFull::Pause);
    case ControlVerb::Stop:
        m_isStopRequested = true;
        return {};
    case ControlVerb::Set:
        return change(command.setting);
    case ControlVerb::Break:
    case ControlVerb::Unbreak:
        changeBreakpoints(command);
        return {};
    case ControlVerb::Unknown:
        break;
    }
    return {};
}

Result<void> TrainingLoop::change(const SettingChange &setting)
{
    if (setting.key == kNoteKey) {
        ORRERY_ASSIGN(const RunNote note, noteFromValue(setting.value, m_parts.run.frozen().id));
        m_outputs.event(EventKind::Note, note.step, note.text, notePayload(note.replaces));
        return {};
    }
    const LoggedChange change{.id =
                                  std::to_string(m_outputs.attempt()) + "-" + std::to_string(m_numChanges++),
                              .step = m_state.step,
                              .key = setting.key,
                              .value = setting.value};
    const std::string before = m_parts.settings.valueText(change.key);
    ORRERY_TRY(m_parts.settings.apply(change));
    m_outputs.event(EventKind::Setting, change.step,
                    change.key + " becomes " + m_parts.settings.valueText(change.key) + " (was " + before +
                        ")",
                    changePayload(change));
    noteFrameSettings();
    return {};
}

/// From now on commands are refused. Those that were accepted behind the last boundary are answered: their
/// senders were told that they count.
void TrainingLoop::closeMailbox()
{
    m_mailbox.close();
    hear();
    for (const ControlCommand &command : std::exchange(m_heard, {})) answerLate(command);
    refuseQuestions();
}

void TrainingLoop::answerLate(const ControlCommand &command)
{
    const char *verb = nullptr;
    switch (command.verb) {
    case ControlVerb::Set:
        // Logged at this step: a resume replays it.
        if (const auto changed = change(command.setting); !changed)
            m_outputs.event(EventKind::Warning, m_state.step, changed.error().text());
        return;
    case ControlVerb::Stop:
    case ControlVerb::Unknown:
        return;
    case ControlVerb::Pause:
        verb = "Pause";
        break;
    case ControlVerb::Continue:
        verb = "Continue";
        break;
    case ControlVerb::StepN:
        verb = "Step";
        break;
    case ControlVerb::Checkpoint:
        if (m_savedStep == m_state.step) return;
        verb = "Checkpoint";
        break;
    case ControlVerb::Break:
        verb = "Break";
        break;
    case ControlVerb::Unbreak:
        verb = "Unbreak";
        break;
    }
    m_outputs.event(EventKind::Note, m_state.step,
                    std::string("\"") + verb + "\" came when the run was ending after step " +
                        std::to_string(m_state.step) + " and was not carried out.");
}

} // namespace orrery
