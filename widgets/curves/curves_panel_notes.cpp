// SPDX-License-Identifier: GPL-3.0-or-later
// Notes on the curves: begun at the cursor, corrected and taken away at their marks, with a notice that takes it back.
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_action.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/run_text.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/curves_model.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/note_bar.h"
#include "widgets/plots/plot_view.h"

#include <QMenu>
#include <QVBoxLayout>

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr int kNoticeMs = 30'000; ///< then Ctrl+Z still does what it offered

} // namespace

struct CurvesPanel::ShownNote {
    NoteEdits::Note note;
    QString title; ///< of its run
};

void CurvesPanel::makeNotes(QWidget *content, QVBoxLayout *layout)
{
    m_noteBar = new NoteBar(m_session, content);
    m_notice = new Banner(content);
    m_notice->setObjectName(QStringLiteral("noteNotice"));
    m_notice->clear();
    layout->addWidget(m_notice);
    layout->addWidget(m_noteBar);
    connect(m_noteBar, &NoteBar::closed, this, [this] { m_charts[Loss]->setFocus(); });
    NoteEdits *edits = m_noteBar->edits();
    connect(edits, &NoteEdits::changed, this, [this](const QString &run) {
        if (run == this->run()) m_feed->readEvents(); // of a run that rests an older host does not tell
        m_overlay->feed().readEvents(run);
    });
    connect(edits, &NoteEdits::done, this, [this](const QString &text, bool canUndo) {
        m_notice->showMessage(BannerKind::Info, text, {}, canUndo ? tr("Undo") : QString());
        m_noticeTimer.start(kNoticeMs);
    });
    connect(edits, &NoteEdits::failed, this, [this](const Error &error) {
        m_noticeTimer.stop();
        m_notice->showError(error);
    });
    connect(m_notice, &Banner::retryRequested, this, &CurvesPanel::undoNote);
    m_noticeTimer.setSingleShot(true);
    connect(&m_noticeTimer, &QTimer::timeout, m_notice, &Banner::clear);

    m_noteAction = addPanelAction(*this, tr("Add a note at the cursor…"), "addNote", {Qt::Key_N}, [this] { addNote(); });
    addPanelAction(*this, tr("Edit the note at the cursor…"), "editNote", {Qt::Key_E}, [this] { editNote(); });
    addPanelAction(*this, tr("Remove the note at the cursor"), "removeNote", {QKeySequence::Delete}, [this] { removeNote(); });
    m_undoNote = addPanelAction(*this, tr("Undo the last change of a note"), "undoNote", {QKeySequence::Undo},
                                [this] { undoNote(); });
    m_undoNote->setEnabled(false);
    connect(edits, &NoteEdits::stepsChanged, this, [this, edits] {
        m_undoNote->setEnabled(edits->canUndo());
        if (!edits->canUndo() && m_notice->kind() == BannerKind::Info) m_notice->clear();
    });
    connect(m_charts[Loss], &PlotView::markMenuRequested, this, [this](const QStringList &keys, const QPoint &place) {
        chooseNote(NoteVerb::Either, keys, place);
    });
}

QVariantMap CurvesPanel::noteDraft() const { return m_noteBar->draft(); }

void CurvesPanel::restoreNote(const QVariantMap &draft)
{
    const auto &status = m_feed->status();
    m_noteBar->restore(draft, status ? runTitle(*status) : run());
}

/// As they are now; one that went meanwhile is left out.
std::vector<CurvesPanel::ShownNote> CurvesPanel::notesOf(const QStringList &keys) const
{
    std::vector<ShownNote> notes;
    for (const QString &key : keys) {
        const auto ref = noteOfKey(key);
        if (!ref) continue;
        const bool isSelected = ref->run == run();
        const std::vector<RunMark> marks = isSelected ? m_feed->marks() : m_overlay->feed().marks(ref->run);
        const auto found = std::find_if(marks.begin(), marks.end(),
                                        [&ref](const RunMark &mark) { return mark.note == ref->note; });
        if (found == marks.end()) continue;
        const RunStatus *status = m_overlay->feed().status(ref->run);
        notes.push_back({{ref->run, ref->note, found->step, found->text}, status ? runTitle(*status) : ref->run});
    }
    return notes;
}

void CurvesPanel::addNote()
{
    if (run().isEmpty() || !m_model->hasPoints(run())) return;
    std::vector<NoteEdits::Note> near;
    for (ShownNote &shown : notesOf(m_charts[Loss]->markKeysAtCursor()))
        if (shown.note.run == run()) near.push_back(std::move(shown.note));
    m_noteBar->begin(run(), m_feed->status() ? runTitle(*m_feed->status()) : run(), cursorStep(), near);
}

void CurvesPanel::editNote() { changeNoteAtCursor(NoteVerb::Edit); }

void CurvesPanel::removeNote() { changeNoteAtCursor(NoteVerb::Remove); }

void CurvesPanel::undoNote()
{
    m_notice->clear();
    m_noteBar->edits()->undo();
}

void CurvesPanel::changeNoteAtCursor(NoteVerb verb)
{
    const PlotView *loss = m_charts[Loss];
    const QStringList keys = loss->markKeysAtCursor();
    if (!keys.isEmpty()) {
        const QPoint place(qRound(loss->pixelOfX(*loss->cursorX())), loss->plotArea().bottom());
        return chooseNote(verb, keys, loss->mapToGlobal(place));
    }
    m_notice->showMessage(BannerKind::Info, tr("There is no note at the cursor."),
                          tr("Point at the mark of one, or step to it with Shift+Left and Shift+Right. N adds one."));
    m_noticeTimer.start(kNoticeMs);
}

void CurvesPanel::chooseNote(NoteVerb verb, const QStringList &keys, const QPoint &globalPosition)
{
    const std::vector<ShownNote> notes = notesOf(keys);
    if (notes.empty()) return;
    const auto edit = [this](const ShownNote &shown) { m_noteBar->beginCorrection(shown.note, shown.title); };
    const auto remove = [this](const ShownNote &shown) { m_noteBar->edits()->change(shown.note, {}); };
    if (notes.size() == 1 && verb == NoteVerb::Edit) return edit(notes.front());
    if (notes.size() == 1 && verb == NoteVerb::Remove) return remove(notes.front());
    auto *menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("noteMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (const ShownNote &shown : notes)
        addNoteActions(
            *menu, {shown.note}, [edit, shown](const NoteEdits::Note &) { edit(shown); },
            [remove, shown](const NoteEdits::Note &) { remove(shown); });
    if (verb == NoteVerb::Either) {
        menu->addSeparator();
        connect(menu->addAction(tr("Add a note here…")), &QAction::triggered, this, &CurvesPanel::addNote);
    }
    menu->popup(globalPosition);
}

} // namespace orrery::ui
