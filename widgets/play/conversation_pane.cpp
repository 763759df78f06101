// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/conversation_pane.h"

#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/play/branching.h"
#include "widgets/play/conversation_text.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/generation_runner.h"
#include "widgets/play/request_size.h"

#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <QtConcurrentRun>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

VersionPtr newVersion(const AnswerSettings &settings)
{
    auto version = std::make_shared<GenerationVersion>();
    version->model = settings.model;
    version->modelTitle = settings.modelTitle;
    version->request.sampling = settings.sampling;
    version->isAnswer = true;
    return version;
}

Error stillReading(const QString &what, const QString &hint)
{
    return {
        ErrorCode::Conflict,
        toStd(
            ConversationPane::tr("%1: attached files are still being read, expected all of them.").arg(what)),
        toStd(hint)};
}

/// @param turn as it is numbered in the window
Error missing(const Attachment &attachment, int turn, bool isInComposer)
{
    const bool wasPasted = attachment.path.isEmpty();
    const QString message =
        wasPasted
            ? ConversationPane::tr("Cannot send the conversation: “%1” of turn %2 was pasted and not kept, "
                                   "expected a picture.")
            : ConversationPane::tr("Cannot send the conversation: “%1” of turn %2 is not there any more, "
                                   "expected a file that can be read.");
    QString hint = wasPasted
                       ? ConversationPane::tr("Edit that turn to remove it or to paste it again.")
                       : ConversationPane::tr("Edit that turn to remove it, or bring the file back and open "
                                              "the window anew.");
    if (isInComposer)
        hint = wasPasted ? ConversationPane::tr("Remove it, and paste it again if it is needed.")
                         : ConversationPane::tr("Remove it, and attach the file from where it is now.");
    return {ErrorCode::NotFound, toStd(message.arg(attachment.name, QString::number(turn))), toStd(hint)};
}

Result<void> checkSize(qint64 numBytes)
{
    if (numBytes <= kMaxRequestBytes) return {};
    return Error{
        ErrorCode::InvalidInput,
        toStd(ConversationPane::tr("Cannot send the conversation: it has %1, expected %2 at most.")
                  .arg(bytesText(static_cast<quint64>(numBytes)),
                       bytesText(static_cast<quint64>(kMaxRequestBytes)))),
        toStd(ConversationPane::tr("Shorten the turn, leave pictures out, or delete earlier turns."))};
}

/// Adds to the bytes that they have together.
Result<void> checkAttachments(const std::vector<AttachmentPtr> &attachments, int turn, bool isInComposer,
                              qint64 &numBytes)
{
    for (const AttachmentPtr &attachment : attachments) {
        if (attachment->isMissing()) return missing(*attachment, turn, isInComposer);
        numBytes += static_cast<qint64>(attachment->bytes.size());
    }
    return {};
}

} // namespace

ConversationPane::ConversationPane(GenerationRunner &runner, QWidget *parent)
    : QWidget(parent), m_runner(runner), m_model(new ConversationModel(this)),
      m_stack(new QStackedWidget(this)),
      m_empty(new EmptyState(tr("No turns yet"),
                             tr("Write the first turn below. The model answers as the assistant."), this)),
      m_view(new ConversationView(*m_model, this))
{
    setObjectName(u"conversationPane"_s);
    QPushButton *system = m_empty->addPlainButton(tr("Write a system text"));
    system->setObjectName(u"systemTextFromEmpty"_s);
    connect(system, &QPushButton::clicked, this, &ConversationPane::editSystemText);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_view);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);

    connect(m_view, &ConversationView::editRequested, this, &ConversationPane::editTurn);
    connect(m_view, &ConversationView::removeRequested, this, &ConversationPane::removeTurn);
    connect(m_view, &ConversationView::copyAllRequested, this, &ConversationPane::copyAll);
    connect(m_view, &ConversationView::copyRequested, this,
            [this](int row) { copyToClipboard(fromStd(m_model->turn(row).text())); });
    connect(&m_runner, &GenerationRunner::tokensCame, m_model,
            [this](const std::vector<GeneratedToken> &tokens) {
                m_model->announceTokens(m_runner.version(), tokens);
            });
    connect(m_view, &ConversationView::currentTurnChosen, this, [this](int row) {
        m_answerRow = row;
        updateState();
    });
    connect(m_model, &QAbstractItemModel::modelReset, this, [this] { m_answerRow = -1; });
    const auto announce = [this] { m_model->announceChange(m_runner.version()); };
    connect(&m_runner, &GenerationRunner::changed, m_model, announce);
    connect(&m_runner, &GenerationRunner::ended, m_model, announce);
    for (const auto signal : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(m_model, signal, this, &ConversationPane::updateState);
    connect(m_model, &QAbstractItemModel::modelReset, this, &ConversationPane::updateState);
    connect(m_model, &QAbstractItemModel::dataChanged, this, &ConversationPane::updateState);
    connect(m_model, &ConversationModel::undoChanged, this, &ConversationPane::changed);
    updateState();
}

void ConversationPane::updateState()
{
    m_stack->setCurrentIndex(m_model->numTurns() > 0 ? 1 : 0);
    m_view->setEditable(!m_runner.isRunning());
    Q_EMIT changed();
}

bool ConversationPane::canSubmit(const Said &said) const
{
    if (m_editing == Editing::SystemText) return true; // empty: none
    if (!said.isEmpty()) return true;
    return m_editing == Editing::NewTurn && canAnswerAgain() && m_model->lastAnswer() < 0;
}

/// Or it is no turn, and what the last answer was asked with is meant.
bool ConversationPane::isAsked(const Said &said) const
{
    return m_editing != Editing::SystemText && !said.isEmpty();
}

int ConversationPane::numTurnsBefore(const Said &said) const
{
    if (isAsked(said)) return m_editing == Editing::UserTurn ? m_editedTurn : m_model->numTurns();
    const int answer = m_model->lastAnswer();
    return answer >= 0 ? answer : m_model->numTurns();
}

std::vector<ChatMessage> ConversationPane::messagesWith(const Said &said, MediaNames names) const
{
    auto messages = m_model->messagesBefore(numTurnsBefore(said), names);
    if (isAsked(said))
        messages.push_back({turnRoleName(TurnRole::User), said.text, mediaOf(said.attachments, names)});
    return messages;
}

std::vector<AttachmentPtr> ConversationPane::attachmentsWith(const Said &said) const
{
    std::vector<AttachmentPtr> all;
    const auto add = [&all](const std::vector<AttachmentPtr> &attachments) {
        all.insert(all.end(), attachments.begin(), attachments.end());
    };
    for (int row = 0; row < numTurnsBefore(said); ++row) add(m_model->turn(row).attachments);
    if (isAsked(said)) add(said.attachments);
    return all;
}

Result<void> ConversationPane::checkRequest(const Said &said) const
{
    return checkTurns(numTurnsBefore(said), isAsked(said) ? &said : nullptr);
}

/// @param said behind these turns; null: nothing
Result<void> ConversationPane::checkTurns(int numBefore, const Said *said) const
{
    if (isReading())
        return stillReading(tr("Cannot send the conversation"),
                            tr("Wait until they are there, then try again."));
    qint64 numBytes = 0;
    for (int row = 0; row < numBefore; ++row) {
        const Turn &turn = m_model->turn(row);
        numBytes += static_cast<qint64>(turn.text().size());
        ORRERY_TRY(checkAttachments(turn.attachments, row + 1, false, numBytes));
    }
    if (said) {
        numBytes += static_cast<qint64>(said->text.size());
        ORRERY_TRY(checkAttachments(said->attachments, numBefore + 1, true, numBytes));
    }
    return checkSize(numBytes);
}

std::vector<ChatMessage> ConversationPane::messages() const
{
    return m_model->messagesBefore(m_model->numTurns());
}

Result<void> ConversationPane::submit(const Said &said, const AnswerSettings &settings)
{
    if (m_runner.isRunning() || !canSubmit(said)) return {};
    if (m_editing == Editing::SystemText) {
        endEditing();
        m_model->setSystemText(said.text);
        return {};
    }
    ORRERY_TRY(checkRequest(said));
    m_answerRow = -1; // the answer that comes is looked at
    const VersionPtr version = newVersion(settings);
    version->isRunning = true; // so that it is shown as what comes
    if (said.isEmpty()) {
        m_model->answer(version);
    } else if (m_editing == Editing::UserTurn) {
        const int row = std::exchange(m_editedTurn, -1);
        endEditing();
        m_model->askAgain(row, said, version);
    } else {
        m_model->ask(said, version);
    }
    start(version, m_model->lastAnswer());
    return {};
}

bool ConversationPane::canAnswerAgain() const
{
    const int before = (m_model->lastAnswer() >= 0 ? m_model->lastAnswer() : m_model->numTurns()) - 1;
    return before >= 0 && m_model->turn(before).role == TurnRole::User;
}

Result<void> ConversationPane::answerAgain(const AnswerSettings &settings)
{
    if (m_runner.isRunning() || !canAnswerAgain()) return {};
    ORRERY_TRY(checkRequest({}));
    cancelEditing();
    const VersionPtr before = this->version();
    // An answer that was branched is asked for once more from the same place.
    const bool isSameModel =
        before && (before->model == settings.model || before->model == settings.exactModel);
    const bool isBranch = isSameModel && before->numGiven() > 0;
    const VersionPtr version = isBranch ? repeatedVersion(before, settings.sampling) : newVersion(settings);
    version->isRunning = true;
    m_model->addVersion(version);
    start(version, m_model->lastAnswer());
    return {};
}

VersionPtr ConversationPane::version() const
{
    const int row = m_model->lastAnswer();
    return row < 0 ? nullptr : m_model->turn(row).version();
}

void ConversationPane::restore(const std::vector<TurnPtr> &turns, int numDropped)
{
    m_numDropped = numDropped;
    m_model->restore(turns);
    readFilesOf(turns);
    Q_EMIT changed();
}

/// Also of turns that follow versions that are not shown.
void ConversationPane::readFilesOf(const std::vector<TurnPtr> &turns)
{
    for (const TurnPtr &turn : turns) {
        const auto isUnread = [](const AttachmentPtr &attachment) { return attachment->isBeingRead; };
        if (std::any_of(turn->attachments.begin(), turn->attachments.end(), isUnread)) readFiles(turn);
        for (const auto &[version, behind] : turn->behind) readFilesOf(behind);
    }
}

/// Until they are there, what stands in their place keeps their paths: the session may be kept meanwhile.
void ConversationPane::readFiles(const TurnPtr &turn)
{
    ++m_numReading;
    QtConcurrent::run([unread = turn->attachments] {
        std::vector<AttachmentPtr> attachments = unread;
        for (AttachmentPtr &attachment : attachments) attachment = readAgain(attachment);
        return attachments;
    }).then(this, [this, turn](const std::vector<AttachmentPtr> &attachments) {
        --m_numReading;
        m_model->setAttachments(turn, attachments);
        Q_EMIT changed();
    });
}

void ConversationPane::editTurn(int row)
{
    if (row < 0 || row >= m_model->numTurns() || m_runner.isRunning()) return;
    const TurnRole role = m_model->turn(row).role;
    if (role == TurnRole::System) return editSystemText();
    if (role != TurnRole::User) return;
    if (isReading() || m_isComposerReading) {
        Q_EMIT refused(stillReading(tr("Cannot edit turn %1").arg(row + 1),
                                    tr("Wait until they are there, then edit it.")));
        return;
    }
    cancelEditing();
    m_editing = Editing::UserTurn;
    m_editedTurn = row;
    Q_EMIT editingStarted(fromStd(m_model->turn(row).content), m_model->turn(row).attachments);
    Q_EMIT changed();
}

void ConversationPane::editSystemText()
{
    if (m_runner.isRunning()) return;
    if (m_isComposerReading) {
        Q_EMIT refused(
            stillReading(tr("Cannot edit the system text"), tr("Wait until they are there, then edit it.")));
        return;
    }
    cancelEditing();
    m_editing = Editing::SystemText;
    Q_EMIT editingStarted(fromStd(m_model->systemText()), {});
    Q_EMIT changed();
}

void ConversationPane::endEditing()
{
    if (m_editing == Editing::NewTurn) return;
    m_editing = Editing::NewTurn;
    m_editedTurn = -1;
    Q_EMIT editingEnded();
}

void ConversationPane::cancelEditing()
{
    if (m_editing == Editing::NewTurn) return;
    endEditing();
    Q_EMIT changed();
}

void ConversationPane::removeTurn(int row)
{
    if (m_runner.isRunning()) return;
    cancelEditing();
    m_model->removeTurn(row);
}

void ConversationPane::startAnew()
{
    stopOwn();
    cancelEditing();
    m_model->startAnew();
}

void ConversationPane::undo()
{
    stopOwn();
    cancelEditing();
    m_model->undo();
}

void ConversationPane::redo()
{
    if (m_runner.isRunning()) return;
    cancelEditing();
    m_model->redo();
}

void ConversationPane::copyAll(bool isJson)
{
    copyToClipboard(isJson ? messagesJson(m_model->messagesBefore(m_model->numTurns(), MediaNames::Paths))
                           : conversationText(messages()));
}

} // namespace orrery::ui
