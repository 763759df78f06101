// SPDX-License-Identifier: GPL-3.0-or-later
// The modes of the playground, what goes with a prompt, and the command that does the same.
#include "widgets/play/playground_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/file_place.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/attachment_bar.h"
#include "widgets/play/branching.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/prefix_models.h"
#include "widgets/play/prompt_edit.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/tokens_pane.h"

#include <QFileDialog>
#include <QStackedWidget>
#include <QToolButton>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// No command of Linux takes a longer argument.
constexpr size_t kMaxArgumentBytes = (128 << 10) - 1;

qsizetype numCharacters(const QPlainTextEdit &editor) { return editor.document()->characterCount() - 1; }

} // namespace

PlayMode PlaygroundPanel::mode() const { return playModeOf(m_mode->current()); }

void PlaygroundPanel::setMode(PlayMode mode)
{
    if (mode == this->mode()) return;
    m_mode->setCurrent(playModeId(mode));
    showMode();
    Q_EMIT draftChanged();
}

void PlaygroundPanel::showMode()
{
    if (mode() == PlayMode::Compare) ensureComparison();
    const bool isHole = isInfill(), isTalk = isConversation(), isCompared = isComparing();
    m_transcripts->setCurrentIndex(isTalk ? 1 : isCompared ? 2 : 0);
    m_chooser->setWanted(!isCompared); // each column has its own
    m_promptBox->setVisible(!isTalk);
    m_afterBox->setVisible(isHole);
    m_messageBox->setVisible(isTalk);
    m_promptLabel->setVisible(isHole);
    m_promptLabel->setText(tr("Text before the hole"));
    m_afterLabel->setText(tr("Text after the hole"));
    m_prompt->setAccessibleName(isHole ? m_promptLabel->text() : tr("Prompt"));
    m_after->setAccessibleName(m_afterLabel->text());
    m_prompt->setPlaceholderText(isHole ? tr("What stands before the hole.")
                                  : isCompared ? tr("Write a prompt. Every column continues it.")
                                        : tr("Write a prompt. The model continues it."));
    m_after->setPlaceholderText(tr("What stands behind it. The model writes what is missing."));
    m_talkTools->setVisible(isTalk);
    m_attach->setVisible(!isHole && !isCompared);
    m_prompt->setTakesMedia(mode() == PlayMode::Continue);
    showAttachments();
    const QString copy = isTalk       ? tr("Copy the conversation")
                         : isCompared ? tr("Copy the table of tokens")
                                      : tr("Copy prompt and answer");
    m_copy->setToolTip(copy);
    m_copy->setAccessibleName(copy);
    m_copy->setMenu(isTalk ? m_copyMenu : nullptr);
    m_copy->setPopupMode(isTalk ? QToolButton::InstantPopup : QToolButton::DelayedPopup);
    const QString again = isTalk       ? tr("Answer again with another seed (Ctrl+R)")
                          : isCompared ? tr("All columns again with another seed (Ctrl+R)")
                                 : tr("Generate again with another seed (Ctrl+R)");
    m_regenerate->setAccessibleName(again);
    showError();
    showCurrent();
    showTokens();
    updateState();
}

void PlaygroundPanel::updateWhole()
{
    const QString model = m_chooser->model();
    if (m_sampling->showsMore() || m_sampling->wantsWhole()) m_prefixModels->want(model);
    QString reason;
    if (mode() != PlayMode::Continue)
        reason = tr("Choose Continue: only a prompt that is continued can be seen whole.");
    else if (model.isEmpty())
        reason = tr("Choose a run or a model first.");
    else if (!m_attachments->attachments().empty())
        reason = tr("Not beside pictures and recordings: prefixes are learned of text alone.");
    else
        reason = m_prefixModels->problem(model);
    m_sampling->setWholeProblem(reason);
}

void PlaygroundPanel::showTokens()
{
    if (m_showTokens->isChecked()) m_tokens->setInput(m_chooser->model(), mainEditor()->toPlainText());
}

void PlaygroundPanel::connectAttachments()
{
    connect(m_attach, &QToolButton::clicked, this, &PlaygroundPanel::chooseAttachments);
    for (const auto &[editor, bar] :
         {std::pair(m_prompt, m_attachments), {m_message, m_messageAttachments}}) {
        connect(editor, &PromptEdit::filesGiven, bar, &AttachmentBar::addFiles);
        connect(editor, &PromptEdit::imageGiven, bar, &AttachmentBar::addImage);
        connect(bar, &AttachmentBar::changed, this, [this] {
            m_conversation->setComposerReading(m_messageAttachments->isReading());
            showAttachments();
            updateState();
            Q_EMIT draftChanged();
        });
        connect(bar, &AttachmentBar::refused, this,
                [this](const Error &error) { banner()->showError(error); });
    }
}

AttachmentBar *PlaygroundPanel::attachmentTarget() const
{
    if (mode() == PlayMode::Continue) return m_attachments;
    const bool isTurn =
        isConversation() && m_conversation->editing() != ConversationPane::Editing::SystemText;
    return isTurn ? m_messageAttachments : nullptr;
}

void PlaygroundPanel::showAttachments()
{
    const AttachmentBar *target = attachmentTarget();
    for (AttachmentBar *bar : {m_attachments, m_messageAttachments})
        bar->setVisible(bar == target && !bar->isVacant());
    m_attach->setEnabled(target != nullptr);
    m_message->setTakesMedia(target == m_messageAttachments);
}

void PlaygroundPanel::chooseAttachments()
{
    AttachmentBar *target = attachmentTarget();
    if (!target) return;
    QFileDialog *dialog = makeFileDialog(this, tr("Attach pictures or recordings"), u"attachDialog"_s);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setNameFilters(
        {tr("Pictures and recordings (*.png *.jpg *.jpeg *.wav *.flac)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::filesSelected, target, &AttachmentBar::addFiles);
    dialog->open();
}

bool PlaygroundPanel::isTooLongForCommand() const
{
    const auto isTooLong = [](const QPlainTextEdit &editor) {
        const auto limit = static_cast<qsizetype>(kMaxArgumentBytes);
        return numCharacters(editor) > limit || editor.toPlainText().toUtf8().size() > limit;
    };
    return !isConversation() && (isTooLong(*m_prompt) || (isInfill() && isTooLong(*m_after)));
}

QString PlaygroundPanel::command() const
{
    if (isComparing()) return compareCommand();
    if (m_chooser->model().isEmpty() || isTooLongForCommand()) return {};
    // What is shown, as long as it is what the composer would do; else what Generate would do now.
    GenerateRequest asked = textRequest();
    std::vector<AttachmentPtr> attachments;
    if (isConversation()) {
        const Said said = message();
        if (m_conversation->model()->numTurns() == 0 && said.isEmpty()) return {};
        asked.messages = m_conversation->messagesWith(said, MediaNames::Paths);
        attachments = m_conversation->attachmentsWith(said);
    } else if (mode() == PlayMode::Continue) {
        attachments = m_attachments->attachments();
    }
    const QStringList media = isConversation() ? QStringList() : mediaArguments(attachments);
    QStringList pasted;
    for (const AttachmentPtr &attachment : attachments)
        if (attachment->path.isEmpty()) pasted << attachment->name;
    QString model = m_chooser->model();
    if (const VersionPtr version = shown(); version && version->numGiven() > 0) { // a branch
        const bool isMeant =
            isConversation() ? message().isEmpty() : isSameQuestion(version->request, request());
        if (isMeant) {
            asked.answerIds = version->request.answerIds;
            asked.sampling = version->request.sampling;
            model = version->model;
        }
    }
    const QString command = generateCommand(model, asked, media);
    if (pasted.isEmpty()) return command;
    // A shell reads no further than the sign; a person does.
    return command + u"  # "_s + tr("without %1: pasted, in no file").arg(pasted.join(u", "_s));
}

} // namespace orrery::ui
