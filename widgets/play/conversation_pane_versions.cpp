// SPDX-License-Identifier: GPL-3.0-or-later
// Asking for answers, and going through their versions.
#include "widgets/play/conversation_pane.h"

#include "widgets/play/conversation_view.h"
#include "widgets/play/generation_runner.h"

namespace orrery::ui {

GenerateRequest ConversationPane::requestOf(int row, const GenerationVersion &version) const
{
    GenerateRequest request = version.request;
    request.messages = version.answered ? messagesOf(*version.answered) : m_model->messagesBefore(row);
    return request;
}

void ConversationPane::start(const VersionPtr &version, int row)
{
    version->answered = std::make_shared<const SaidTurns>(m_model->turnsBefore(row));
    const GenerateRequest request = requestOf(row, *version);
    if (m_start)
        m_start(version, request);
    else
        m_runner.start(version, request);
    updateState();
}

void ConversationPane::stopOwn()
{
    if (m_model->rowOfVersion(m_runner.version()) >= 0) m_runner.stop();
}

Result<void> ConversationPane::branch(int row, const VersionPtr &version)
{
    ORRERY_TRY(checkTurns(row, nullptr));
    m_runner.stop();
    cancelEditing();
    if (!version->summary) version->isRunning = true; // else it ends with what it was given
    m_model->addVersion(row, version);
    if (version->isRunning)
        start(version, row);
    else
        updateState();
    return {};
}

int ConversationPane::answerRow() const
{
    const bool isAnswer = m_answerRow >= 0 && m_answerRow < m_model->numTurns() &&
                          m_model->turn(m_answerRow).role == TurnRole::Assistant;
    return isAnswer ? m_answerRow : m_model->lastAnswer();
}

int ConversationPane::numVersions() const
{
    const int row = answerRow();
    return row < 0 ? 0 : static_cast<int>(m_model->turn(row).versions.size());
}

int ConversationPane::currentVersion() const
{
    const int row = answerRow();
    return row < 0 ? -1 : m_model->turn(row).shown;
}

void ConversationPane::removeVersion(int index)
{
    const int row = answerRow();
    if (row < 0 || index < 0 || index >= numVersions()) return;
    if (m_runner.version() == m_model->turn(row).versions[static_cast<size_t>(index)]) m_runner.stop();
    cancelEditing();
    m_model->removeVersion(row, index);
}

} // namespace orrery::ui
