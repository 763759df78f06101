// SPDX-License-Identifier: GPL-3.0-or-later
// The memory of the place: what the journal keeps of window, panels, drafts and undo, and how it comes back. What belongs to a
// run waits for the first list of runs, and until then nothing is written over it.
#include "app/workbench/main_window.h"

#include "app/workbench/doctor_dialog.h"
#include "app/workbench/journal.h"
#include "app/workbench/window_splitters.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/common/file_place.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/compare/branch_dialog.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/compare/form_difference.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/session_keeper.h"
#include "widgets/runs/run_edits.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_panel.h"

#include <QSettings>
#include <QStackedWidget>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr auto kHostKey = "place/host"_L1;
constexpr auto kFolderKey = "place/folder"_L1; ///< where dialogs of files begin
constexpr auto kUndoKey = "undo/runs"_L1;
constexpr auto kLabelsKey = "drafts/labels"_L1, kNoteKey = "drafts/note"_L1, kBranchKey = "drafts/branch"_L1, kRunKey = "drafts/run"_L1;
constexpr auto kSessionKey = "play/session"_L1;

/// These are kept in a way of their own: by the archive of prompts, as a draft, by the list of runs, by Compare, by their plugin.
bool isKeptElsewhere(const QString &panel)
{
    static const QStringList words{u"sessions"_s, u"new-run"_s, u"runs"_s, u"compare"_s};
    return words.contains(panel);
}

QString placeSetting(const PanelFrame &panel) { return u"place/"_s + panel.view().panel; }

/// A text that is too long for a link is not too long for a file.
void addOwnText(QVariantMap &state, const PromptBar &prompts)
{
    const bool isTold = state.contains(u"ids"_s) || state.contains(u"text"_s);
    if (!isTold && prompts.prompt() == PromptBar::kOwnText && !prompts.text().isEmpty()) state.insert(u"text"_s, prompts.text());
}

QVariant textOrNothing(const QVariantMap &state) { return state.isEmpty() ? QString() : Journal::textOf(state); }

} // namespace

void MainWindow::scheduleSave()
{
    if (m_journal) m_journal->noteChange();
}

void MainWindow::makeJournal()
{
    m_splitters = new WindowSplitters(*this);
    connect(m_splitters, &WindowSplitters::moved, this, &MainWindow::scheduleSave);
    m_journal->keep(u"docks"_s, [this] {
        rememberLayout(); // under keys of the layout that is open
        return QVariant();
    });
    m_journal->keep(u"window/geometry"_s, [this] { return QVariant(saveGeometry()); });
    m_journal->keep(u"window/layout"_s, [this] { return QVariant(layoutKey(m_layout)); });
    m_journal->keep(u"window/savedLayout"_s, [this] { return QVariant(m_savedLayout); });
    m_journal->keep(u"window/run"_s, [this] { return QVariant(m_run); });
    m_journal->keep(u"window/page"_s, [this] {
        const auto page = static_cast<Page>(m_pages->currentIndex());
        return QVariant(page == Page::NewRun ? u"newRun"_s : page == Page::Plugins ? u"plugins"_s : QString());
    });
    keepPlaces();
    keepDrafts();
    // Of layouts that are gone for good.
    for (const QString &group : {u"docks"_s, u"dockNames"_s, u"splitters"_s}) {
        m_settings.beginGroup(group);
        const QStringList keys = m_settings.childKeys();
        for (const QString &key : keys) {
            const QString id = key.startsWith("saved-"_L1) ? key.mid(6) : QString();
            const SavedLayout *deleted = m_layouts.lastDeleted();
            if (!id.isEmpty() && !m_layouts.find(id) && !(deleted && deleted->id == id)) m_settings.remove(key);
        }
        m_settings.endGroup();
    }
}

void MainWindow::keepPlaces()
{
    setFileFolder(m_settings.value(kFolderKey).toString());
    m_journal->keep(u"compare/view"_s, [this] { return comparePlace(); });
    m_journal->keep(u"runs/place"_s, [this] { return QVariant(m_runList->place()); });
    m_journal->keep(kFolderKey, [] { return QVariant(chosenFileFolder()); });
    m_journal->keep(kHostKey, [this] { return m_arePlacesRestored ? QVariant(m_host) : QVariant(); });
    QStringList words;
    for (PanelFrame *panel : findChildren<PanelFrame *>()) {
        const QString word = panel->view().panel;
        if (word.isEmpty() || words.contains(word) || isKeptElsewhere(word)) continue;
        words << word;
        m_placed.push_back(panel);
        m_journal->keep(placeSetting(*panel), [this, panel]() -> QVariant {
            if (!m_arePlacesRestored) return {};
            QVariantMap state = panel->view().state();
            if (panel != m_attention->primary()) return Journal::textOf(state);
            // Who follows the newest picture of a run goes on following.
            if (m_attention->primary()->feed()->isFollowing()) state.remove(u"step"_s);
            addOwnText(state, *m_attention->primary()->promptBar());
            return Journal::textOf(state);
        });
    }
    // The token that is looked at moves attention, which may have gone on from there: it comes last.
    std::stable_partition(m_placed.begin(), m_placed.end(), [this](PanelFrame *panel) { return panel != m_attention->primary(); });
}

void MainWindow::keepDrafts()
{
    m_journal->keep(u"newRun/draft"_s, [this] { return QVariant(m_newRun->draftJson()); });
    m_journal->keep(kSessionKey, [this] { return QVariant(m_play->keeper()->session()); });
    const auto keep = [this](QLatin1StringView key, auto state) {
        m_journal->keep(key, [this, state] { return m_arePlacesRestored ? textOrNothing(state()) : QVariant(); });
    };
    keep(kLabelsKey, [this] { return m_runList->labelsDraft(); });
    keep(kNoteKey, [this] { return m_curves->noteDraft(); });
    keep(kBranchKey, [this] { return m_branchDialog ? m_branchDialog->place() : QVariantMap(); });
    keep(kRunKey, [this] { return m_runPanel->draft(); });
    keep(kUndoKey, [this] { return m_runList->edits()->state(); });
}

/// Once, with the first list of runs.
void MainWindow::restorePlaces()
{
    if (std::exchange(m_arePlacesRestored, true)) return;
    if (m_settings.value(kHostKey).toString() != m_host) return; // an id says nothing about another host's runs
    for (PanelFrame *panel : m_placed) {
        QVariantMap state = Journal::stateOf(m_settings.value(placeSetting(*panel)).toString());
        if (state.isEmpty()) continue;
        // What stood there is in the archive, with its model and settings.
        if (panel == m_play && m_settings.value(kSessionKey).toLongLong() > 0) continue;
        if (const QString run = state.value(u"run"_s).toString(); !run.isEmpty() && run != m_run) {
            if (panel->view().panel != u"curves"_s) continue;
            for (const QString &ofRun : {u"from"_s, u"to"_s, u"series"_s}) state.remove(ofRun);
        }
        // The list of runs knows which are shown beside; a state without them would end that.
        if (panel->view().panel == u"curves"_s) state.insert(u"overlay"_s, m_runList->overlaidRuns());
        panel->view().restore(state);
    }
    restoreDrafts();
}

void MainWindow::restoreDrafts()
{
    const auto draft = [this](QLatin1StringView key) { return Journal::stateOf(m_settings.value(key).toString()); };
    const auto isListed = [this](const QString &id) {
        return std::any_of(m_session.runs().begin(), m_session.runs().end(),
                           [&id](const RunStatus &run) { return fromStd(run.id) == id; });
    };
    m_runList->edits()->restore(draft(kUndoKey));
    const QVariantMap note = draft(kNoteKey), branch = draft(kBranchKey), labels = draft(kLabelsKey);
    if (note.value(u"run"_s).toString() == m_run) m_curves->restoreNote(note);
    m_runPanel->restoreDraft(draft(kRunKey));
    if (const QString run = branch.value(u"run"_s).toString(); isListed(run)) {
        makeBranchDialog(run);
        m_branchDialog->restorePlace(branch);
        if (branch.value(u"open"_s).toBool()) m_branchDialog->open();
    }
    const QStringList labelled = labels.value(u"runs"_s).toStringList();
    if (!labelled.isEmpty() && std::all_of(labelled.begin(), labelled.end(), isListed)) m_runList->restoreLabels(labels);
}

void MainWindow::leaveHost(const QString &next)
{
    m_host = next;
    m_arePlacesRestored = true; // those of the host of the last time are not this one's
    m_importedRun.clear();
    m_told.clear(); // an Undo that was offered would be done there
    m_toldBanner->clear();
    if (m_branchDialog) m_branchDialog->deleteLater();
    m_branchDialog.clear();
    if (m_formDifference) m_formDifference->deleteLater();
    m_formDifference.clear();
    if (m_doctor) m_doctor->close(); // it tells of the host that was left
    scheduleSave();
}

void MainWindow::tell(BannerKind kind, const QString &message, const QString &hint, const QString &button, std::function<void()> onButton)
{
    const auto isSame = [&](const Told &one) { return one.message == message && one.hint == hint; };
    std::erase_if(m_told, isSame);
    if (m_toldBanner->isHidden()) m_told.clear();
    m_told.insert(m_told.begin(), {kind, message, hint, button, std::move(onButton)}); // the others come when it is put away
    m_toldBanner->showMessage(kind, message, hint, button);
}

void MainWindow::tell(const Error &error)
{
    tell(error.code == ErrorCode::Io ? BannerKind::Error : error.code == ErrorCode::Conflict ? BannerKind::Info : BannerKind::Warning,
         fromStd(error.message), fromStd(error.hint));
}

void MainWindow::nextTold()
{
    if (!m_told.empty()) m_told.erase(m_told.begin());
    m_toldBanner->clear();
    if (m_told.empty()) return;
    const Told &next = m_told.front();
    m_toldBanner->showMessage(next.kind, next.message, next.hint, next.button);
}

} // namespace orrery::ui
