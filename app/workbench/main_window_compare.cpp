// SPDX-License-Identifier: GPL-3.0-or-later
// Several runs: the layout Compare, branching, and runs that come from and go to TensorBoard.
#include "app/workbench/main_window.h"

#include "app/workbench/journal.h"
#include "core/spec/field_table.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/common/action_command.h"
#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/view_link.h"
#include "widgets/compare/branch_dialog.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/compare/form_difference.h"
#include "widgets/compare/model_export.h"
#include "widgets/compare/transfer_bar.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"
#include "widgets/play/playground_panel.h"
#include "widgets/runs/checkpoint_view.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_panel.h"

#include <QAction>
#include <QSettings>
#include <QStackedWidget>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

const auto kPlaceKey = u"compare/view"_s; // kept in main_window_place.cpp

} // namespace

void MainWindow::makeCompare()
{
    m_compare = new ComparePanel(m_session, this);
    m_transfers = new TransferBar(m_session, this);
    m_modelExport = new ModelExport(m_session, this);
    connect(m_compare, &ComparePanel::runSelected, this, &MainWindow::selectRun);
    connect(m_compare, &ComparePanel::runActivated, this, [this](const QString &run) {
        selectRun(run);
        showLayout(WindowLayout::Train);
    });
    connect(m_compare, &ComparePanel::newRunRequested, this, &MainWindow::showNewRun);
    connect(m_compare, &ComparePanel::importRequested, m_transfers, &TransferBar::chooseImport);
    connect(m_compare, &ComparePanel::exportRequested, m_transfers, &TransferBar::chooseExport);
    connect(m_compare, &ComparePanel::branchRequested, this, [this](const QString &run) { branchFrom(run, -1); });
    connect(m_compare, &ComparePanel::stateChanged, this, &MainWindow::scheduleSave);
    connect(m_transfers, &TransferBar::imported, this, [this](const QStringList &runs) {
        showLayout(WindowLayout::Compare);
        m_compare->showTab(ComparePanel::Tab::Values);
        m_compare->chooseRuns(runs);
        m_importedRun = runs.first();
        takeImported();
    });
    // The list tells of them a moment later.
    connect(&m_session, &EngineSession::runsChanged, this, &MainWindow::takeImported);
}

void MainWindow::connectCompare()
{
    connect(m_runList, &RunListPanel::overlaidRunsChanged, this, &MainWindow::updateCompared);
    connect(m_runPanel->checkpoints(), &CheckpointView::branchRequested, this,
            [this](qint64 step) { branchFrom(m_runPanel->run(), step); });
    connect(m_curves, &CurvesPanel::branchRequested, this, &MainWindow::branchFrom);
    connect(m_runPanel->checkpoints(), &CheckpointView::exportRequested, this, [this](const QString &model, bool forTransformers) {
        m_modelExport->choose(model, forTransformers ? ModelFormat::HuggingFace : ModelFormat::Orrery);
    });
    m_runList->view()->addActions({m_branchAction, m_formDifferenceAction});
    connectLeading();
    restoreCompare();
    updateCompared();
}

void MainWindow::makeCompareActions()
{
    const auto make = [this](const ActionSpec &spec, auto handler) {
        QAction *action = m_registry.make(spec, this);
        connect(action, &QAction::triggered, this, handler);
        return action;
    };
    QAction *import = make({u"file.importLog"_s, ActionCategory::File, tr("Import a TensorBoard log directory…")},
                           [this] { m_transfers->chooseImport(); });
    setActionCommand(*import, [] { return engineCommand({u"runs"_s, u"import"_s, u"--tfevents"_s, u"FOLDER"_s}); });
    m_exportRunsAction =
        make({u"file.exportRuns"_s, ActionCategory::File, tr("Export runs for TensorBoard…")},
             [this] { m_transfers->chooseExport(runsToExport()); });
    m_exportModelAction = make({u"file.exportModel"_s, ActionCategory::File, tr("Export the newest checkpoint…")},
                               [this] { m_modelExport->choose(m_run, ModelFormat::Orrery); });
    m_exportTransformersAction = make({u"file.exportTransformers"_s, ActionCategory::File, tr("Export the newest checkpoint for transformers…")},
                                      [this] { m_modelExport->choose(m_run, ModelFormat::HuggingFace); });
    // Where to, a dialog asks: the command has a word in its place.
    setActionCommand(*m_exportRunsAction, [this] {
        QStringList commands;
        for (const QString &run : runsToExport())
            commands << engineCommand({u"runs"_s, u"export"_s, run, u"FOLDER/"_s + run, u"--tfevents"_s});
        return commands.join(u" && "_s);
    });
    for (const auto &[action, format] : {std::pair(m_exportModelAction, u"orrery"_s), {m_exportTransformersAction, u"hf"_s}})
        setActionCommand(*action, [this, format] {
            return m_run.isEmpty() ? QString() : engineCommand({u"runs"_s, u"export"_s, m_run, u"FOLDER"_s, u"--format"_s, format});
        });
    m_branchAction = make({u"run.branch"_s, ActionCategory::Run, tr("Branch from step…")}, [this] { branchFrom(m_run, -1); });
    m_formDifferenceAction = make({u"run.formDifference"_s, ActionCategory::Run, tr("Difference to the form…")},
                                  [this] { showFormDifference(m_run); });
    updateCompareActions();
}

/// Those selected where one is: in the comparison or in the list.
QStringList MainWindow::runsToExport() const
{
    const QStringList compared = m_compare->isVisible() ? m_compare->selectedRuns() : QStringList();
    if (!compared.isEmpty()) return compared;
    const QStringList listed = m_runList->selectedRuns();
    if (!listed.isEmpty()) return listed;
    return m_run.isEmpty() ? QStringList() : QStringList(m_run);
}

void MainWindow::updateCompareActions()
{
    if (!m_branchAction) return; // they are not made yet
    const QString reason = m_run.isEmpty() ? tr("Choose a run first.") : QString();
    setDisabledReason(*m_branchAction, reason);
    setDisabledReason(*m_formDifferenceAction, reason);
    setDisabledReason(*m_exportRunsAction, reason);
    setDisabledReason(*m_exportModelAction, reason);
    setDisabledReason(*m_exportTransformersAction, reason);
}

/// The overlaid runs and the one that they are laid over. Going from one of them to another changes nothing.
void MainWindow::updateCompared()
{
    QStringList runs = m_runList->overlaidRuns();
    if (!runs.isEmpty() && !m_run.isEmpty() && !runs.contains(m_run)) runs.prepend(m_run);
    m_compare->setOverlaidRuns(runs);
}

void MainWindow::setComparedRun(const QString &run)
{
    if (!m_compare->comparedRuns().contains(run)) updateCompared();
    m_compare->setRun(run);
    updateCompareActions();
}

void MainWindow::takeImported()
{
    const auto &runs = m_session.runs();
    const bool isListed = std::any_of(runs.begin(), runs.end(),
                                      [this](const RunStatus &run) { return fromStd(run.id) == m_importedRun; });
    if (!m_importedRun.isEmpty() && isListed) selectRun(std::exchange(m_importedRun, {}));
}

/// @param step below 0: the best one that is saved
void MainWindow::branchFrom(const QString &run, qint64 step)
{
    if (run.isEmpty()) return;
    makeBranchDialog(run);
    m_branchDialog->setStep(step);
    m_branchDialog->open();
    m_branchDialog->raise();
}

/// What was filled in for this run and not sent yet is still there.
void MainWindow::makeBranchDialog(const QString &run)
{
    if (m_branchDialog && m_branchDialog->run() == run) return;
    if (m_branchDialog) m_branchDialog->deleteLater();
    m_branchDialog = new BranchDialog(m_session, run, this);
    connect(m_branchDialog, &BranchDialog::branched, this, [this](const QString &branch) {
        m_pendingSelection = branch;
        onRunsChanged();
    });
}

/// From compared runs to the panels that show two of them.
void MainWindow::connectLeading()
{
    connect(m_compare, &ComparePanel::besideRequested, this, [this](const QString &run, const QString &other) {
        selectRun(run);
        showLayout(WindowLayout::Inspect);
        m_attention->openBeside(other, -1);
    });
    connect(m_compare, &ComparePanel::askRequested, this, [this](const QStringList &runs) {
        showLayout(WindowLayout::Play);
        m_play->compareModels(runs);
    });
    connect(m_compare, &ComparePanel::formDifferenceRequested, this, &MainWindow::showFormDifference);
}

void MainWindow::showFormDifference(const QString &run)
{
    if (run.isEmpty()) return;
    if (!m_formDifference) {
        m_formDifference = new FormDifference(
            m_session, [this] { return fromStd(specToJson(m_newRun->form()->builder().preview())); }, this);
        connect(m_newRun->form(), &SpecForm::changed, m_formDifference, &FormDifference::formChanged);
        connect(m_formDifference, &FormDifference::valuesTaken, m_newRun, &NewRunPanel::takeValues);
        connect(m_formDifference, &FormDifference::formRequested, this, &MainWindow::showNewRun);
    }
    m_formDifference->setRun(run);
    m_formDifference->show();
    m_formDifference->raise();
    m_formDifference->activateWindow();
}

QVariant MainWindow::comparePlace() const
{
    QVariantMap state = m_compare->place();
    state.remove(u"run"_s);
    if (state.value(u"source"_s).toString() == u"overlaid") state.remove(u"runs"_s); // the list remembers them
    return Journal::textOf(state);
}

void MainWindow::restoreCompare()
{
    const QString text = m_settings.value(kPlaceKey).toString();
    if (text.startsWith(u'{')) return m_compare->view().restore(Journal::stateOf(text));
    if (const Result<ViewLink> link = parseViewLink(text)) m_compare->view().restore(link->state); // of an older version
}

} // namespace orrery::ui
