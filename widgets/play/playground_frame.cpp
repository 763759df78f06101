// SPDX-License-Identifier: GPL-3.0-or-later
// What the playground's frame offers: the transcript to save, a link to the view, the command, help.
#include "widgets/play/playground_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/view_link.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/prompt_edit.h"
#include "widgets/play/token_view.h"
#include "widgets/play/transcript_saver.h"

#include <QDir>
#include <QFileInfo>
#include <QTextCursor>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// As a person would: one step that can be undone.
void replaceText(QPlainTextEdit &editor, const QString &text)
{
    if (editor.toPlainText() == text) return;
    QTextCursor cursor(editor.document());
    cursor.select(QTextCursor::Document);
    cursor.insertText(text);
}

} // namespace

void PlaygroundPanel::connectFrame()
{
    // The frame asks again and again, and a conversation may be long.
    connect(this, &PlaygroundPanel::draftChanged, this, [this] { m_isCommandStale = true; });
    setCommand([this] {
        if (std::exchange(m_isCommandStale, false)) m_command = command();
        return m_command;
    });
    setHelp(tr(
        "The model continues a prompt, fills a hole or answers turn by turn. Every token shows how likely it "
        "was and what else was likely. Click a token to lock it, then a candidate in its list to branch: the "
        "answer goes on with it in a new version. With “Choose each token” you take every token yourself."));
    auto *saver = new TranscriptSaver(this);
    connect(saver, &TranscriptSaver::ended, this, [this](const QString &path, const Result<void> &saved) {
        clearProgress();
        if (saved)
            banner()->showMessage(BannerKind::Info, tr("Saved to %1.").arg(QDir::toNativeSeparators(path)));
        else
            banner()->showError(saved.error());
    });
    setExport(
        {.fileName = u"transcript"_s,
         .data = {u"md"_s, u"json"_s, u"csv"_s},
         .save = [this, saver](const QString &path) { return startSaving(*saver, path); },
         .table =
             [this] {
                 const Transcript transcript = transcriptToSave();
                 return transcript.isEmpty() ? QString() : transcriptCsv(transcript);
             },
         .isEmpty =
             [this] { return isConversation() ? m_conversation->model()->numTurns() == 0 : !shown(); }});
    setView({u"play"_s, [this] { return viewState(); },
             [this](const QVariantMap &state) { restoreView(state); }});
}

Result<void> PlaygroundPanel::startSaving(TranscriptSaver &saver, const QString &path)
{
    ORRERY_TRY(saver.start(snapshotOf(transcriptToSave()), path));
    setProgress(tr("Saving %1 …").arg(QFileInfo(path).fileName()), -1);
    // The frame says at once that it is saved, which is true when the file is there.
    QMetaObject::invokeMethod(
        this,
        [this, saver = &saver] {
            if (saver->isSaving()) banner()->clear();
        },
        Qt::QueuedConnection);
    return {};
}

Transcript PlaygroundPanel::transcriptToSave() const
{
    Transcript transcript;
    if (isConversation()) {
        const ConversationModel *model = m_conversation->model();
        for (int row = 0; row < model->numTurns(); ++row) transcript.turns.push_back(model->turn(row));
    } else if (const VersionPtr version = shown()) {
        transcript.turns.push_back({TurnRole::Unknown, {}, {}, {version}, 0});
        transcript.prompt = version->request.prompt;
        transcript.infill = version->request.infill;
    }
    return transcript;
}

QVariantMap PlaygroundPanel::viewState() const
{
    const QVariantMap state{{u"mode"_s, m_mode->current()}, {u"model"_s, m_chooser->model()}};
    const qsizetype length = m_prompt->document()->characterCount() + m_after->document()->characterCount();
    if (isConversation() || length > kMaxLinkLength) return state; // encoding makes them no shorter
    QVariantMap withText = state;
    withText.insert(u"prompt"_s, m_prompt->toPlainText());
    if (isInfill()) withText.insert(u"after"_s, m_after->toPlainText());
    // Half a text would be another one; a link is no place for a book.
    return viewLinkText({u"play"_s, withText}).size() <= kMaxLinkLength ? withText : state;
}

void PlaygroundPanel::restoreView(const QVariantMap &state)
{
    if (state.contains(u"mode"_s)) restoreMode(state.value(u"mode"_s).toString());
    if (state.contains(u"prompt"_s)) replaceText(*m_prompt, state.value(u"prompt"_s).toString());
    if (state.contains(u"after"_s)) replaceText(*m_after, state.value(u"after"_s).toString());
    m_chooser->setModel(state.value(u"model"_s).toString());
}

} // namespace orrery::ui
