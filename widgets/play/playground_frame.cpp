// SPDX-License-Identifier: GPL-3.0-or-later
// What the playground's frame offers: the transcript to save, a link to the view (playground_link.cpp), the command, help;
// and what its keys are called in the palette.
#include "widgets/play/playground_panel.h"

#include "widgets/common/action_registry.h"
#include "widgets/common/banner.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/text_export.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/session_file.h"
#include "widgets/play/transcript_saver.h"

#include <QAction>
#include <QFileInfo>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void PlaygroundPanel::connectFrame()
{
    // The frame asks again and again, and a conversation may be long.
    connect(this, &PlaygroundPanel::draftChanged, this, [this] { m_isCommandStale = true; });
    setCommand([this] {
        if (std::exchange(m_isCommandStale, false)) m_command = command();
        return m_command;
    });
    setHelp(tr(
        "The model continues a prompt, fills a hole or answers turn by turn.\n\nEvery token shows how likely it "
        "was and what else was likely. Click a token to lock it, then a candidate in its list to branch: the "
        "answer goes on with it in a new version. With “Choose each token” you take every token yourself."));
    auto *saver = new TranscriptSaver(this);
    connect(saver, &TranscriptSaver::ended, this, [this](const QString &path, const Result<void> &saved) {
        clearProgress();
        PanelTools::of(*this)->noteSaved(path, saved);
    });
    setExport(
        {.fileName = u"transcript"_s,
         .data = {u"md"_s, u"json"_s, u"csv"_s},
         .save = [this, saver](const QString &path) { return startSaving(*saver, path); },
         .table =
             [this] {
                 if (isComparing()) return m_compare->hasAnswers() ? m_compare->table() : QString();
                 const Transcript transcript = transcriptToSave();
                 return transcript.isEmpty() ? QString() : transcriptCsv(transcript);
             },
         .isEmpty =
             [this] {
                 if (isComparing()) return !m_compare->hasAnswers();
                 return isConversation() ? m_conversation->model()->numTurns() == 0 : !shown();
             }});
    PanelTools::of(*this)->setSavesLater();
    setView({u"play"_s, [this] { return viewState(); },
             [this](const QVariantMap &state) { restoreView(state); }});
}

Result<void> PlaygroundPanel::startSaving(TranscriptSaver &saver, const QString &path)
{
    // JSON is the session with all of its versions, which can be opened again.
    if (QFileInfo(path).suffix().toLower() == u"json")
        ORRERY_TRY(saver.start(sessionSnapshot(state()), path));
    else if (isComparing() && QFileInfo(path).suffix().toLower() == u"csv")
        ORRERY_TRY(saver.start(path, [table = m_compare->table(), path] { return saveTextFile(table, path); }));
    else if (isComparing())
        ORRERY_TRY(saver.start(sessionSnapshot(state()), path, ExportedVersions::Shown));
    else
        ORRERY_TRY(saver.start(snapshotOf(transcriptToSave()), path));
    setProgress(tr("Saving %1 …").arg(QFileInfo(path).fileName()), -1);
    banner()->clear(); // of another file
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

/// What the palette says of the keys that every mode has, and when they do nothing.
void PlaygroundPanel::updateActions()
{
    const ConversationModel *model = m_conversation->model();
    const QString notHere = isConversation() ? QString() : tr("Choose Converse first.");
    setDisabledReason(*m_newAction, !isConversation()       ? notHere
                                    : model->numTurns() > 0 ? QString()
                                                            : tr("It has no turns yet."));
    const auto say = [this](QAction &action, const QString &plain, const QString &what) {
        action.setText(isConversation() && !what.isEmpty() ? tr("%1 %2").arg(plain, what) : plain);
    };
    say(*m_undoAction, tr("Undo"), model->undoText());
    say(*m_redoAction, tr("Redo"), model->redoText());
    setDisabledReason(*m_redoAction, !isConversation()             ? notHere
                                     : model->redoText().isEmpty() ? tr("Nothing was undone.")
                                                                   : QString());
    m_upAction->setText(isGenerating() ? tr("Stop the answer")
                        : isConversation() && m_conversation->editing() != ConversationPane::Editing::NewTurn
                            ? tr("Leave the turn as it was")
                            : tr("Let go of the token"));
}

} // namespace orrery::ui
