// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with the selected runs of the list.
#include "widgets/runs/run_list_panel.h"

#include "widgets/common/action_command.h"
#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/run_text.h"
#include "widgets/runs/labels_dialog.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_edits.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_tree_model.h"
#include "widgets/runs/trash_dialog.h"

#include <QAction>
#include <QDesktopServices>
#include <QUrl>

#include <algorithm>
#include <functional>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void RunListPanel::makeActions()
{
    auto add = [this](const QString &text, const char *name, const QString &icon, auto handler,
                      QWidget *where) {
        auto *action = new QAction(text, this);
        action->setObjectName(QLatin1String(name));
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        if (!icon.isEmpty()) bindIcon(action, icon);
        connect(action, &QAction::triggered, this, handler);
        where->addAction(action);
        return action;
    };
    const auto addSeparator = [this] {
        auto *separator = new QAction(this);
        separator->setSeparator(true);
        m_view->addAction(separator);
    };
    m_resume = add(
        tr("Resume"), "resumeRun", u"resume"_s, [this] { resumeSelected(); }, m_view);
    m_overlay = add(
        tr("Show beside the selected run"), "overlayRun", u"eye"_s, [this] { toggleOverlay(selectedRuns()); },
        m_view);
    addSeparator();
    m_rename = add(
        tr("Rename"), "renameRun", u"edit"_s,
        [this] {
            if (selectedRuns().size() == 1)
                m_view->edit(m_tree->indexOf(selectedRuns().front(), m_view->currentIndex()));
        },
        m_view);
    m_rename->setShortcut(Qt::Key_F2);
    m_labels = add(
        tr("Tags and notes…"), "editRunLabels", u"tag"_s, [this] { editLabels(); }, m_view);
    m_labels->setShortcut(Qt::CTRL | Qt::Key_T);
    m_archive = add(
        tr("Archive"), "archiveRun", u"archive"_s, [this] { archiveSelected(); }, m_view);
    m_archive->setShortcut(Qt::CTRL | Qt::Key_E);
    addSeparator();
    m_copyCommand = add(
        tr("Copy as command"), "copyRunCommand", u"terminal"_s,
        [this] {
            QStringList commands;
            for (const QString &run : selectedRuns()) {
                const int row = m_model->rowOf(run);
                const bool canResume = row >= 0 && isVerbPossible(RunVerb::Resume, m_model->status(row).state);
                commands << (canResume ? resumeCommand(run) : engineCommand({u"watch"_s, run}));
            }
            copyToClipboard(commands.join(u'\n'));
        },
        m_view);
    m_copyName = add(
        tr("Copy id"), "copyRunName", u"copy"_s, [this] { copyToClipboard(selectedRuns().join(u'\n')); },
        m_view);
    m_copyName->setShortcut(QKeySequence::Copy);
    m_copyPath = add(
        tr("Copy path"), "copyRunPath", {},
        [this] {
            if (const RunStatus *status = selectedStatus()) copyToClipboard(fromStd(status->directory));
        },
        m_view);
    m_openFolder = add(
        tr("Open folder"), "openRunFolder", u"folder"_s,
        [this] {
            if (const RunStatus *status = selectedStatus())
                QDesktopServices::openUrl(QUrl::fromLocalFile(fromStd(status->directory)));
        },
        m_view);
    addSeparator();
    m_delete = add(
        tr("Move to the trash"), "deleteRun", u"trash"_s, [this] { deleteSelected(); }, m_view);
    m_delete->setShortcut(QKeySequence::Delete);
    m_undo = add(
        tr("Undo"), "undoRunEdit", u"undo"_s, [this] { undo(); }, this); // from the whole panel
    m_undo->setShortcut(QKeySequence::Undo);
    m_view->addAction(m_undo);
    m_trash = add(
        tr("Trash…"), "openTrash", {}, [this] { openTrash(); }, m_view);
    m_trash->setToolTip(tr("What was deleted: restore it, or delete it for good"));
    m_view->setContextMenuPolicy(Qt::ActionsContextMenu);
    tellCommands();
    updateActions();
}

/// What the palette copies: of each chosen run a command, one after the other. A word in capitals is what a dialog asks for.
void RunListPanel::tellCommands()
{
    const auto ofEach = [this](const std::function<QStringList(const RunStatus &)> &arguments) {
        return [this, arguments] {
            QStringList commands;
            for (const QString &run : selectedRuns())
                if (const int row = m_model->rowOf(run); row >= 0)
                    if (const QStringList words = arguments(m_model->status(row)); !words.isEmpty())
                        commands << engineCommand(QStringList{u"runs"_s} + words);
            return commands.join(u" && "_s);
        };
    };
    setActionCommand(*m_rename, ofEach([](const RunStatus &run) {
        return QStringList{u"edit"_s, fromStd(run.id), u"--name="_s + runTitle(run)};
    }));
    setActionCommand(*m_labels, ofEach([](const RunStatus &run) {
        return QStringList{u"edit"_s, fromStd(run.id), u"--tag"_s, u"TAG"_s};
    }));
    setActionCommand(*m_archive, ofEach([this](const RunStatus &run) {
        return QStringList{u"edit"_s, fromStd(run.id), areAllArchived(selectedRuns()) ? u"--unarchive"_s : u"--archive"_s};
    }));
    setActionCommand(*m_delete, ofEach([](const RunStatus &run) {
        return isLiveState(run.state) ? QStringList() : QStringList{u"delete"_s, fromStd(run.id)};
    }));
    setActionCommand(*m_trash, [] { return engineCommand({u"runs"_s, u"trash"_s, u"list"_s}); });
    setActionCommand(*m_resume, [this] {
        const RunStatus *status = selectedStatus();
        return status ? resumeCommand(fromStd(status->id)) : QString();
    });
}

bool RunListPanel::areAllArchived(const QStringList &runs) const
{
    return std::all_of(runs.begin(), runs.end(), [this](const QString &run) {
        const int row = m_model->rowOf(run);
        return row >= 0 && m_model->status(row).labels.isArchived;
    });
}

void RunListPanel::openTrash()
{
    if (!m_trashDialog) {
        m_trashDialog = new TrashDialog(m_session, this);
        connect(m_trashDialog, &TrashDialog::restored, m_edits, &RunEdits::takeRestored);
        connect(m_trashDialog, &TrashDialog::deletedForGood, m_edits, &RunEdits::takeGone);
        connect(m_trashDialog, &QDialog::finished, this, [this] {
            if (!m_edits->canUndo()) m_notice->clear(); // it may offer what is not there any more
            updateActions();
        });
    }
    m_trashDialog->open();
    m_trashDialog->raise();
}

QList<QAction *> RunListPanel::runActions() const
{
    return {m_resume, m_copyCommand, m_copyName, m_copyPath, m_openFolder, m_overlay,
            m_rename, m_labels,      m_archive,  m_delete,   m_undo};
}

void RunListPanel::updateActions()
{
    if (!m_undo) return; // they are being made
    const RunStatus *status = selectedStatus();
    const QStringList runs = selectedRuns();
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    m_copyCommand->setEnabled(!selectedRuns().isEmpty());
    m_copyPath->setEnabled(status != nullptr);
    m_openFolder->setEnabled(status && m_areFoldersHere);
    m_openFolder->setText(m_areFoldersHere ? tr("Open folder") : tr("Open folder (on another computer)"));
    m_openFolder->setToolTip(
        status && !m_areFoldersHere
            ? plainToolTip(tr("%1 is on the computer of the engine.").arg(fromStd(status->directory)))
            : QString());
    m_copyName->setEnabled(!runs.isEmpty());
    m_copyName->setText(runs.size() > 1 ? tr("Copy %1 ids").arg(integerText(runs.size())) : tr("Copy id"));
    m_resume->setEnabled(status && isConnected && isVerbPossible(RunVerb::Resume, status->state));
    m_resume->setText(status && status->state == RunState::Created ? tr("Start") : tr("Resume"));
    m_rename->setEnabled(status && isConnected);
    m_labels->setEnabled(!runs.isEmpty() && isConnected);
    m_labels->setText(runs.size() > 1 ? tr("Tags of %1 runs …").arg(integerText(runs.size()))
                                      : tr("Tags and notes…"));

    int numLive = 0, numArchived = 0, numOverlaid = 0;
    for (const QString &run : runs) {
        const int row = m_model->rowOf(run);
        if (row < 0) continue;
        numLive += isLiveState(m_model->status(row).state);
        numArchived += m_model->status(row).labels.isArchived;
        numOverlaid += m_overlaid.contains(run);
    }
    const bool areAllShown = !runs.isEmpty() && numOverlaid == runs.size();
    m_overlay->setEnabled(!runs.isEmpty());
    m_overlay->setText(
        (areAllShown ? tr("Do not show beside the selected run") : tr("Show beside the selected run")) +
        u'\t' + QKeySequence(Qt::Key_Space).toString(QKeySequence::NativeText));
    m_archive->setEnabled(!runs.isEmpty() && isConnected);
    m_archive->setText(!runs.isEmpty() && numArchived == runs.size() ? tr("Take out of the archive")
                                                                     : tr("Archive"));
    m_delete->setEnabled(!runs.isEmpty() && numLive < runs.size() && isConnected);
    m_delete->setText(runs.size() - numLive > 1
                          ? tr("Move %1 runs to the trash").arg(integerText(runs.size() - numLive))
                          : tr("Move to the trash"));
    m_delete->setToolTip(!runs.isEmpty() && numLive == runs.size() ? tr("Stop the run before deleting it.")
                                                                   : QString());
    m_undo->setEnabled(m_edits->canUndo() && isConnected);
    m_undo->setToolTip(m_edits->undoText());
}

void RunListPanel::resumeSelected()
{
    const RunStatus *status = selectedStatus();
    if (!status) return;
    banner()->clear();
    m_resume->setEnabled(false); // until the list tells
    m_session.startRun(fromStd(status->id), 0, this, [this](Result<RunStatus> reply) {
        if (reply)
            m_model->updateRun(*reply);
        else
            banner()->showError(reply.error());
        updateActions();
    });
}

void RunListPanel::archiveSelected()
{
    const QStringList runs = selectedRuns();
    m_edits->setArchived(runs, !areAllArchived(runs));
}

void RunListPanel::deleteSelected() { m_edits->remove(selectedRuns()); }

void RunListPanel::undo()
{
    m_notice->clear();
    m_edits->undo();
    updateActions();
}

void RunListPanel::editLabels() { openLabels(selectedRuns()); }

QVariantMap RunListPanel::labelsDraft() const
{
    if (!m_dialog || !m_dialog->isVisible()) return {};
    QVariantMap draft = m_dialog->draft();
    draft.insert(u"runs"_s, m_labelled);
    return draft;
}

void RunListPanel::restoreLabels(const QVariantMap &draft)
{
    if (LabelsDialog *dialog = openLabels(draft.value(u"runs"_s).toStringList())) dialog->setDraft(draft);
}

/// nullptr: there are no such runs, or others are being edited.
LabelsDialog *RunListPanel::openLabels(const QStringList &runs)
{
    if (runs.isEmpty() || m_dialog) return nullptr;
    LabelsDialog::About about;
    about.hasNotes = runs.size() == 1;
    about.tagsInUse = m_model->tagsInUse();
    bool isFirst = true;
    for (const QString &run : runs) {
        const int row = m_model->rowOf(run);
        if (row < 0) return nullptr;
        const RunStatus &status = m_model->status(row);
        if (about.hasNotes) about.title = runTitle(status);
        QStringList tags;
        for (const std::string &tag : status.labels.tags) tags << fromStd(tag);
        if (isFirst) {
            about.tags = tags;
        } else {
            for (const QString &tag : std::as_const(about.tags))
                if (!tags.contains(tag)) about.someTags << tag;
            for (const QString &tag : std::as_const(tags))
                if (!about.tags.contains(tag)) about.someTags << tag;
            about.tags.removeIf([&tags](const QString &tag) { return !tags.contains(tag); });
        }
        isFirst = false;
    }
    about.someTags.removeDuplicates();
    if (!about.hasNotes) about.title = tr("%1 runs").arg(integerText(runs.size()));
    auto *dialog = new LabelsDialog(about, this);
    m_dialog = dialog;
    m_labelled = runs;
    connect(dialog, &QDialog::accepted, this, [this, dialog, runs] { saveLabels(*dialog, runs); });
    if (about.hasNotes) // lists come without notes; an edit of nothing tells them
        m_session.editRun(runs.front(), {}, dialog, [dialog](Result<RunStatus> reply) {
            if (reply)
                dialog->setNotes(fromStd(reply->labels.notes));
            else
                dialog->setNotesFailed(errorText(reply.error()));
        });
    dialog->open();
    return dialog;
}

void RunListPanel::saveLabels(const LabelsDialog &dialog, const QStringList &runs)
{
    if (runs.size() == 1) {
        m_edits->setLabels(runs.front(), dialog.tags(), dialog.notes(), dialog.notesBefore());
        return;
    }
    QStringList added, removed;
    const QStringList now = dialog.tags(), before = dialog.tagsBefore();
    for (const QString &tag : now)
        if (!before.contains(tag)) added << tag;
    for (const QString &tag : before)
        if (!now.contains(tag)) removed << tag;
    if (!added.isEmpty() || !removed.isEmpty()) m_edits->changeTags(runs, added, removed);
}

} // namespace orrery::ui
