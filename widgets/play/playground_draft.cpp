// SPDX-License-Identifier: GPL-3.0-or-later
// The modes of the playground and what outlives its window.
#include "widgets/play/playground_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/attachment_bar.h"
#include "widgets/play/branching.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/prompt_edit.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/sampling_json.h"
#include "widgets/play/tokens_pane.h"
#include "widgets/play/token_view.h"
#include "widgets/play/version_draft.h"

#include <QDir>
#include <QFileDialog>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStackedWidget>
#include <QToolButton>

#include <array>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr std::array<std::pair<PlayMode, const char *>, 3> kModes = {
    {{PlayMode::Continue, "continue"}, {PlayMode::Infill, "infill"}, {PlayMode::Converse, "converse"}}};

QString modeId(PlayMode mode)
{
    for (const auto &[known, id] : kModes)
        if (known == mode) return QString::fromLatin1(id);
    return {};
}

PlayMode modeOf(const QString &id)
{
    for (const auto &[mode, known] : kModes)
        if (id == QLatin1String(known)) return mode;
    return PlayMode::Continue;
}

/// What was pasted stands in no file, and a draft is no place for it.
QStringList pathsOf(const std::vector<AttachmentPtr> &attachments)
{
    QStringList paths;
    for (const AttachmentPtr &attachment : attachments)
        if (!attachment->path.isEmpty()) paths << attachment->path;
    return paths;
}

/// Characters of the composer's texts that outlive the window together: settings are written while people
/// type.
constexpr qsizetype kMaxComposerDraft = 256 << 10;
/// No command of Linux takes a longer argument.
constexpr size_t kMaxArgumentBytes = (128 << 10) - 1;

qsizetype numCharacters(const QPlainTextEdit &editor) { return editor.document()->characterCount() - 1; }

QStringList filesOf(const QJsonValue &paths)
{
    QStringList files;
    for (const QJsonValue &path : paths.toArray()) files << path.toString();
    return files.mid(0, kMaxAttachments);
}

} // namespace

PlayMode PlaygroundPanel::mode() const { return modeOf(m_mode->current()); }

void PlaygroundPanel::setMode(PlayMode mode)
{
    if (mode == this->mode()) return;
    m_mode->setCurrent(modeId(mode));
    showMode();
    Q_EMIT draftChanged();
}

void PlaygroundPanel::restoreMode(const QString &id) { setMode(modeOf(id)); }

void PlaygroundPanel::showMode()
{
    const bool isHole = isInfill(), isTalk = isConversation();
    m_transcripts->setCurrentIndex(isTalk ? 1 : 0);
    m_promptBox->setVisible(!isTalk);
    m_afterBox->setVisible(isHole);
    m_messageBox->setVisible(isTalk);
    m_promptLabel->setVisible(isHole);
    m_promptLabel->setText(tr("Text before the hole"));
    m_afterLabel->setText(tr("Text after the hole"));
    m_prompt->setAccessibleName(isHole ? m_promptLabel->text() : tr("Prompt"));
    m_after->setAccessibleName(m_afterLabel->text());
    m_prompt->setPlaceholderText(isHole ? tr("What stands before the hole.")
                                        : tr("Write a prompt. The model continues it."));
    m_after->setPlaceholderText(tr("What stands behind it. The model writes what is missing."));
    m_talkTools->setVisible(isTalk);
    m_attach->setVisible(!isHole);
    // Beside the tools of a conversation there is room for its sign only.
    m_attach->setToolButtonStyle(isTalk ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
    m_prompt->setTakesMedia(mode() == PlayMode::Continue);
    showAttachments();
    const QString copy = isTalk ? tr("Copy the conversation") : tr("Copy prompt and answer");
    m_copy->setToolTip(copy);
    m_copy->setAccessibleName(copy);
    m_copy->setMenu(isTalk ? m_copyMenu : nullptr);
    m_copy->setPopupMode(isTalk ? QToolButton::InstantPopup : QToolButton::DelayedPopup);
    const QString again = isTalk ? tr("Answer again with another seed (Ctrl+R)")
                                 : tr("Generate again with another seed (Ctrl+R)");
    m_regenerate->setAccessibleName(again);
    showError();
    showCurrent();
    showTokens();
    updateState();
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
    auto *dialog = new QFileDialog(this, tr("Attach pictures or recordings"));
    dialog->setObjectName(u"attachDialog"_s);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setNameFilters(
        {tr("Pictures and recordings (*.png *.jpg *.jpeg *.wav *.flac)"), tr("All files (*)")});
    dialog->setDirectory(QDir::homePath());
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

/// What is being written, as far as there is room: half a text would be another one.
void PlaygroundPanel::addComposer(QJsonObject &draft) const
{
    const bool isEditing = m_conversation->editing() != ConversationPane::Editing::NewTurn;
    qsizetype room = kMaxComposerDraft, numDropped = 0;
    const auto keep = [&](const QString &key, qsizetype length, const auto &text) {
        if (length > room) {
            numDropped += length;
            return;
        }
        room -= length;
        draft.insert(key, text());
    };
    const auto keepMessage = [&] {
        if (isEditing)
            keep(u"message"_s, std::ssize(m_messageAside.text),
                 [this] { return fromStd(m_messageAside.text); });
        else
            keep(u"message"_s, numCharacters(*m_message), [this] { return m_message->toPlainText(); });
    };
    if (isConversation()) keepMessage(); // what is shown has the first say
    keep(u"prompt"_s, numCharacters(*m_prompt), [this] { return m_prompt->toPlainText(); });
    keep(u"after"_s, numCharacters(*m_after), [this] { return m_after->toPlainText(); });
    if (!isConversation()) keepMessage();
    if (numDropped > 0) draft.insert(u"dropped_characters"_s, numDropped);
}

QString PlaygroundPanel::draftJson() const
{
    const SamplingSettings sampling = m_sampling->settings();
    QJsonObject draft{{u"version"_s, 1},
                      {u"is_infill"_s, isInfill()}, // for an older window
                      {u"mode"_s, m_mode->current()},
                      {u"model"_s, m_chooser->model()},
                      {u"max_tokens"_s, static_cast<qint64>(sampling.maxTokens)},
                      {u"is_colored"_s, m_view->isColored()},
                      {u"is_manual"_s, m_sampling->isManual()}};
    insertSampling(draft, sampling);
    if (m_sampling->showsMore()) draft.insert(u"shows_more"_s, true);
    if (m_showTokens->isChecked()) draft.insert(u"shows_tokens"_s, true);
    addComposer(draft);
    if (!m_versions.empty()) {
        qint64 room = kMaxTokenDraftBytes;
        draft.insert(u"versions"_s, versionDrafts(m_versions, room));
        draft.insert(u"shown"_s, m_shown);
    }
    if (const QStringList files = m_attachments->paths(); !files.isEmpty())
        draft.insert(u"attachments"_s, QJsonArray::fromStringList(files));
    // A turn is not edited while files of the one that is aside are being read.
    const bool isEditing = m_conversation->editing() != ConversationPane::Editing::NewTurn;
    const QStringList files = isEditing ? pathsOf(m_messageAside.attachments) : m_messageAttachments->paths();
    if (!files.isEmpty()) draft.insert(u"message_attachments"_s, QJsonArray::fromStringList(files));
    if (m_conversation->model()->numTurns() > 0) draft.insert(u"conversation"_s, m_conversation->draft());
    return QString::fromUtf8(QJsonDocument(draft).toJson(QJsonDocument::Compact));
}

void PlaygroundPanel::restoreDraft(const QString &json)
{
    const QJsonObject draft = QJsonDocument::fromJson(json.toUtf8()).object();
    if (draft.isEmpty()) return;
    SamplingSettings sampling = samplingOf(draft);
    sampling.maxTokens = draft.value("max_tokens"_L1).toInteger(sampling.maxTokens);
    m_sampling->setSettings(sampling);
    m_sampling->setShowsMore(draft.value("shows_more"_L1).toBool());
    m_showTokens->setChecked(draft.value("shows_tokens"_L1).toBool());
    m_prompt->setPlainText(draft.value("prompt"_L1).toString());
    m_after->setPlainText(draft.value("after"_L1).toString());
    m_message->setPlainText(draft.value("message"_L1).toString());
    m_numDropped = draft.value("dropped_characters"_L1).toInteger();
    m_attachments->addFiles(filesOf(draft.value("attachments"_L1)));
    m_messageAttachments->addFiles(filesOf(draft.value("message_attachments"_L1)));
    m_conversation->restore(draft.value("conversation"_L1).toObject());
    const bool wasInfill = draft.value("is_infill"_L1).toBool();
    setMode(draft.contains("mode"_L1) ? modeOf(draft.value("mode"_L1).toString())
            : wasInfill               ? PlayMode::Infill
                                      : PlayMode::Continue);
    m_color->setChecked(draft.value("is_colored"_L1).toBool());
    m_sampling->setManual(draft.value("is_manual"_L1).toBool());
    restoreVersions(draft.value("versions"_L1).toArray(), draft.value("shown"_L1).toInt(-1));
    m_chooser->setModel(draft.value("model"_L1).toString());
    updateNote();
}

void PlaygroundPanel::restoreVersions(const QJsonArray &drafts, int shown)
{
    if (drafts.isEmpty() || isGenerating() || isChoosing()) return;
    const std::vector<VersionPtr> versions = restoredVersions(drafts);
    m_versions.clear();
    m_removed.clear();
    m_shown = -1;
    int next = -1;
    for (size_t i = 0; i < versions.size(); ++i) {
        if (!versions[i]) continue;
        m_versions.push_back(versions[i]);
        if (static_cast<int>(i) == shown || next < 0) next = numVersions() - 1;
    }
    showVersion(next);
}

} // namespace orrery::ui
