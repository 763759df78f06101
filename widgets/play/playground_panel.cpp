// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/playground_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrapped_label.h"
#include "widgets/play/answer_media.h"
#include "widgets/play/attachment_bar.h"
#include "widgets/play/branching.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/generation_runner.h"
#include "widgets/play/manual_sampler.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/prompt_edit.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/token_view.h"
#include "widgets/play/version_view.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxVersions = 50;
constexpr size_t kMaxMediaBytes = size_t{96} << 20; // of all versions

} // namespace

PlaygroundPanel::~PlaygroundPanel() = default;

void PlaygroundPanel::setRun(const QString &run) { m_chooser->setRun(run); }

void PlaygroundPanel::setModel(const QString &model)
{
    m_chooser->setModel(model);
    mainEditor()->setFocus(Qt::OtherFocusReason);
}

QString PlaygroundPanel::model() const { return m_chooser->model(); }

bool PlaygroundPanel::isGenerating() const { return m_runner->isRunning() || (m_compare && m_compare->isRunning()); }

VersionPtr PlaygroundPanel::shown() const
{
    if (isConversation()) return m_conversation->version();
    if (isComparing()) return nullptr; // there are several
    return m_shown < 0 ? nullptr : m_versions[static_cast<size_t>(m_shown)];
}

QPlainTextEdit *PlaygroundPanel::promptEditor() const { return m_prompt; }

QPlainTextEdit *PlaygroundPanel::messageEditor() const { return m_message; }

Said PlaygroundPanel::message() const
{
    return {toStd(m_message->toPlainText()), m_messageAttachments->attachments()};
}

QPlainTextEdit *PlaygroundPanel::mainEditor() const
{
    return isConversation() ? messageEditor() : promptEditor();
}

GenerateRequest PlaygroundPanel::textRequest() const
{
    GenerateRequest request;
    request.sampling = m_sampling->settings();
    if (isConversation()) return request;
    request.prompt = toStd(m_prompt->toPlainText());
    if (isInfill()) request.infill = toStd(m_after->toPlainText());
    if (mode() == PlayMode::Continue && m_sampling->seesWhole()) request.mask = "prefix";
    return request;
}

GenerateRequest PlaygroundPanel::request() const
{
    GenerateRequest request = textRequest();
    if (mode() == PlayMode::Continue) request.media = m_attachments->media();
    return request;
}

AnswerSettings PlaygroundPanel::answerSettings() const
{
    return {m_chooser->model(), m_chooser->modelTitle(), m_sampling->settings(), m_chooser->exactModel()};
}

void PlaygroundPanel::generate()
{
    if (!m_generate->isEnabled() || isGenerating()) return;
    if (isChoosing()) return letGoOn();
    if (isConversation()) return send();
    if (isComparing()) return compare();
    auto version = std::make_shared<GenerationVersion>();
    version->model = m_chooser->model();
    version->modelTitle = m_chooser->modelTitle();
    version->request = request();
    if (!version->request.media.empty()) version->attachments = m_attachments->attachments();
    startVersion(version);
}

void PlaygroundPanel::send()
{
    banner()->clear();
    const bool isNewTurn = m_conversation->editing() == ConversationPane::Editing::NewTurn;
    const Result<void> sent = m_conversation->submit(message(), answerSettings());
    if (!sent) return banner()->showError(sent.error());
    if (isNewTurn) {
        m_message->clear();
        m_messageAttachments->setAttachments({});
    }
    showError(); // without an engine it has ended already
    if (!isChoosing()) m_message->setFocus(Qt::OtherFocusReason);
}

void PlaygroundPanel::regenerate()
{
    const VersionPtr version = shown();
    if (isComparing() && !isGenerating() && m_compare->hasAnswers()) {
        m_sampling->rollSeed();
        return compare();
    }
    if (isGenerating() || (isConversation() ? !m_conversation->canAnswerAgain() : !version)) return;
    m_manual->end();
    m_sampling->rollSeed();
    if (isConversation()) return answerAgain();
    startVersion(repeatedVersion(version, m_sampling->settings()));
}

void PlaygroundPanel::answerAgain()
{
    banner()->clear();
    const Result<void> asked = m_conversation->answerAgain(answerSettings());
    if (!asked) return banner()->showError(asked.error());
    showError();
}

void PlaygroundPanel::tryAgain()
{
    const VersionPtr version = shown();
    if (!version || isGenerating()) return;
    m_manual->end();
    if (isConversation()) return answerAgain();
    startVersion(repeatedVersion(version, version->request.sampling));
}

void PlaygroundPanel::startVersion(const VersionPtr &version)
{
    banner()->clear();
    std::vector<PromptMedia> &all = version->request.media;
    for (size_t i = 0; i < all.size() && all.size() == version->attachments.size(); ++i)
        if (all[i].bytes.empty()) all[i].bytes = version->attachments[i]->bytes; // of a kept session, read again
    for (const PromptMedia &media : all)
        if (media.bytes.empty()) // it was pasted, or its file is gone or another one
            return banner()->showError(
                {ErrorCode::NotFound,
                 toStd(tr("Cannot ask again: “%1” was not kept with the session, expected its file.").arg(fromStd(media.name))),
                 toStd(tr("Attach it to the prompt, and generate anew."))});
    forgetOldVersions();
    m_versions.push_back(version);
    ask(version, version->request);
    showVersion(numVersions() - 1);
}

/// By the model alone, or token by token.
void PlaygroundPanel::ask(const VersionPtr &version, const GenerateRequest &request)
{
    if (m_sampling->isManual())
        m_manual->begin(version, request);
    else
        m_runner->start(version, request);
}

void PlaygroundPanel::forgetOldVersions()
{
    const auto mediaBytes = [](const VersionPtr &version) {
        size_t numBytes = 0;
        for (const PromptMedia &media : version->request.media) numBytes += media.bytes.size();
        return numBytes;
    };
    size_t numBytes = 0;
    for (const VersionPtr &version : m_versions) numBytes += mediaBytes(version);
    while (!m_versions.empty() && (m_versions.size() >= kMaxVersions || numBytes > kMaxMediaBytes)) {
        const VersionPtr gone = m_versions.front();
        numBytes -= mediaBytes(gone);
        m_versions.erase(m_versions.begin());
        adoptChildren(m_versions, gone);
        m_removed.clear(); // their places are not there any more
    }
}

void PlaygroundPanel::takeTokens(const std::vector<GeneratedToken> &tokens)
{
    m_versionView->announce(m_runner->version());
    if (m_runner->version() != shown()) return;
    // Of a version that is not all there yet, they come in their turn.
    if (!isConversation() && m_filling.expired()) m_view->appendTokens(tokens);
    updateStatus();
}

void PlaygroundPanel::showEnd()
{
    if (m_runner->version() == shown()) {
        if (!isConversation() && m_filling.expired()) m_view->finish();
        showError();
    }
    updateState();
    Q_EMIT draftChanged();
}

void PlaygroundPanel::showError()
{
    const VersionPtr version = shown();
    if (version && version->error)
        banner()->showError(*version->error, tr("Try again"));
    else
        banner()->clear();
}

void PlaygroundPanel::stop()
{
    m_runner->stop();
    m_manual->end();
    if (m_compare) m_compare->stop();
}

void PlaygroundPanel::goUp()
{
    if (isGenerating() || (isChoosing() && currentPlace().token < 0))
        stop();
    else if (isConversation() && m_conversation->editing() != ConversationPane::Editing::NewTurn)
        m_conversation->cancelEditing();
    else if (isConversation())
        m_conversation->view()->setCurrentToken(-1, -1, false);
    else
        currentView()->setCurrentToken(-1, false);
}

void PlaygroundPanel::undo()
{
    if (!isConversation()) {
        const bool isInVersions = m_versionView->isAncestorOf(QApplication::focusWidget());
        const bool canUndoFiles = mode() == PlayMode::Continue && m_attachments->canBringBack();
        return canUndoFiles && !isInVersions ? m_attachments->undo() : bringBackVersion();
    }
    // What was just taken off the turn that is being written comes back first.
    if (m_messageAttachments->canBringBack()) return m_messageAttachments->undo();
    m_conversation->undo();
    showError();
}

void PlaygroundPanel::stepVersion(int by)
{
    if (isComparing()) return;
    if (!isConversation()) return showVersion(m_shown + by);
    m_conversation->showVersion(m_conversation->currentVersion() + by);
    showError();
}

void PlaygroundPanel::showCurrent()
{
    const TokenPlace place = currentPlace();
    if (place.token < 0 && isChoosing()) {
        m_candidates->showProposal(static_cast<int>(m_manual->version()->tokens.size()),
                                   m_manual->proposal());
        return;
    }
    const bool isLocked = isConversation() ? m_conversation->view()->isLocked() : currentView()->isLocked();
    std::optional<GeneratedToken> value;
    if (place.version && static_cast<size_t>(place.token) < place.version->tokens.size())
        value = place.version->tokens[static_cast<size_t>(place.token)];
    m_candidates->showToken(place.token, value, isLocked);
    if (isLocked && value) publishFocus(place);
}

void PlaygroundPanel::updateState()
{
    const VersionPtr version = shown();
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    const bool hasModel = isComparing() ? m_compare->canGenerate() : !m_chooser->model().isEmpty();
    const bool hasTurns = m_conversation->model()->numTurns() > 0;
    m_stack->setCurrentIndex(version || hasModel || hasTurns || m_chooser->hasModels() ? 0 : 1);
    updateGenerate(isConnected, hasModel);
    m_stop->setEnabled(isGenerating() || isChoosing());
    m_candidates->setBranchable(isConnected && !isComparing());
    for (QPlainTextEdit *editor : {promptEditor(), m_after, messageEditor()}) editor->setEnabled(hasModel);
    updateRegenerate(isConnected, hasModel);
    m_copy->setEnabled(isConversation() ? hasTurns : isComparing() ? m_compare->hasAnswers() : version != nullptr);
    int current = isConversation() ? m_conversation->currentVersion() : m_shown;
    if (isComparing()) current = -1;
    const int number = isConversation() ? m_conversation->numVersions() : numVersions();
    m_earlier->setEnabled(current > 0);
    m_later->setEnabled(current >= 0 && current + 1 < number);
    m_versionLabel->setText(current >= 0 ? tr("%1 of %2").arg(current + 1).arg(number) : QString());
    m_versionLabel->setAccessibleName(current >= 0 ? tr("Version %1 of %2").arg(current + 1).arg(number)
                                                   : QString());
    updateConversation();
    updateActions();
    updateWhole();
    updateVersions();
    updateNote();
    updateStatus();
    updateEmpty();
    m_isCommandStale = true;
    setSummary(isConversation() ? m_conversation->view()->summary() : currentView()->summary());
}

void PlaygroundPanel::updateGenerate(bool isConnected, bool hasModel)
{
    using Editing = ConversationPane::Editing;
    const Editing editing = isConversation() ? m_conversation->editing() : Editing::NewTurn;
    const bool isSaving = editing == Editing::SystemText;
    const bool canSubmit = !isConversation() || m_conversation->canSubmit(message());
    const bool isReading = isConversation() ? m_messageAttachments->isReading() || m_conversation->isReading()
                                            : mode() == PlayMode::Continue && m_attachments->isReading();
    m_generate->setEnabled((isSaving || (isConnected && hasModel)) && canSubmit && !isGenerating() &&
                           !isReading);
    QString text = tr("Generate"), tip = tr("Continues the prompt (Ctrl+Enter)");
    if (isInfill()) tip = tr("Fills the hole (Ctrl+Enter)");
    if (isComparing()) tip = tr("Asks all columns, one after another, with the same seed (Ctrl+Enter)");
    if (isConversation()) {
        text = isSaving ? tr("Save") : tr("Send");
        tip = isSaving                       ? tr("Tells it the model from the next answer on (Ctrl+Enter)")
              : editing == Editing::UserTurn ? tr("Asks the turn anew; what follows it goes (Ctrl+Enter)")
                                             : tr("Sends the turn (Ctrl+Enter)");
        if (!canSubmit) tip = tr("Write a turn first.");
    }
    if (isReading) tip = tr("The attached files are still being read.");
    if (!isSaving && !isConnected)
        tip = tr("The engine is not connected.");
    else if (!isSaving && !hasModel)
        tip = tr("Choose a run or a model first.");
    m_generate->setToolTip(tip);
    if (isChoosing()) {
        m_generate->setEnabled(isConnected);
        text = tr("Let it go on");
        tip = tr("The model goes on by itself behind the tokens that you chose (Shift+Enter)");
        m_generate->setToolTip(tip);
    }
    m_generate->setText(isGenerating() && !isSaving ? tr("Generating …") : text);
}

void PlaygroundPanel::updateRegenerate(bool isConnected, bool hasModel)
{
    const bool isReading = isConversation() && m_conversation->isReading();
    const bool canAnswer = isConversation() ? hasModel && m_conversation->canAnswerAgain()
                           : isComparing()  ? m_compare->hasAnswers()
                                            : shown() != nullptr;
    m_regenerate->setEnabled(isConnected && !isGenerating() && canAnswer && !isReading);
    m_regenerate->setToolTip(isReading ? tr("The attached files are still being read.")
                                       : m_regenerate->accessibleName());
}

void PlaygroundPanel::updateConversation()
{
    using Editing = ConversationPane::Editing;
    const Editing editing = isConversation() ? m_conversation->editing() : Editing::NewTurn;
    const ConversationModel *model = m_conversation->model();
    m_cancelEdit->setVisible(editing != Editing::NewTurn);
    m_stop->setVisible(editing == Editing::NewTurn);
    m_system->setEnabled(!isGenerating() && editing != Editing::SystemText);
    m_newConversation->setEnabled(model->numTurns() > 0);
    m_undo->setEnabled(!model->undoText().isEmpty());
    const QString undo =
        model->undoText().isEmpty() ? tr("Undo (Ctrl+Z)") : tr("Undo %1 (Ctrl+Z)").arg(model->undoText());
    m_undo->setToolTip(undo);
    m_undo->setAccessibleName(undo);
    QString note, name = tr("Your turn"),
                  placeholder = tr("Write your turn. The model answers as the assistant.");
    if (editing == Editing::UserTurn) {
        const int behind = model->numTurns() - 1 - m_conversation->editedTurn();
        name = tr("Turn %1").arg(m_conversation->editedTurn() + 1);
        note = behind == 0 ? tr("Editing turn %1").arg(m_conversation->editedTurn() + 1)
                           : tr("Editing turn %1. What follows it goes; undo brings it back.")
                                 .arg(m_conversation->editedTurn() + 1);
    } else if (editing == Editing::SystemText) {
        name = tr("System text");
        note = tr("Editing the system text");
        placeholder = tr("What the model is told before the first turn. Empty: nothing.");
    }
    m_editNote->setFullText(note);
    showAttachments();
    m_message->setAccessibleName(name);
    m_message->setPlaceholderText(placeholder);
}

void PlaygroundPanel::updateNote()
{
    const VersionPtr version = shown();
    const QString note = version && version->info ? version->info->note : QString();
    if (!note.isEmpty())
        m_note->showMessage(BannerKind::Warning, note);
    else if (m_numDropped > 0)
        m_note->showMessage(BannerKind::Info,
                            tr("A text of %1 characters was too long to keep across the restart.")
                                .arg(integerText(m_numDropped)));
    else if (isConversation() && m_conversation->numDropped() > 0)
        m_note->showMessage(BannerKind::Info,
                            tr("The first %1 turns were too long to keep across the restart.")
                                .arg(m_conversation->numDropped()));
    else
        m_note->clear();
}

void PlaygroundPanel::updateStatus()
{
    const VersionPtr version = shown();
    m_statusText = isComparing() ? m_compare->statusText() : version ? generationStatus(*version) : QString();
    const QString lines = breakableStatus(m_statusText);
    m_status->setSentence(lines);
    const bool isCut = QString(lines).replace(QChar::Nbsp, u' ') != m_statusText;
    m_status->setToolTip(isCut ? plainToolTip(m_statusText) : QString());
    m_status->setAccessibleName(m_statusText);
    if (!isConversation() && !isComparing())
        m_answerMedia->setAttachments(version ? version->attachments : std::vector<AttachmentPtr>());
}

void PlaygroundPanel::updateEmpty()
{
    if (isInfill())
        m_noAnswer->setTexts(tr("Nothing filled in yet"),
                             tr("Write below what stands before and after the hole. What the model writes between them appears here, "
                                "token by token."));
    else
        m_noAnswer->setTexts(tr("No answer yet"),
                             tr("Write a prompt below. The answer appears here, token by token; each of them tells how likely it was and "
                                "what else could have come."));
    m_noAnswer->setVisible(m_shown < 0);
}

bool PlaygroundPanel::eventFilter(QObject *watched, QEvent *event)
{
    // The arrows between versions also answer to the arrow keys.
    if ((watched == m_earlier || watched == m_later) && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Left || key == Qt::Key_Right) {
            stepVersion(key == Qt::Key_Left ? -1 : 1);
            return true;
        }
    }
    return PanelFrame::eventFilter(watched, event);
}

} // namespace orrery::ui
