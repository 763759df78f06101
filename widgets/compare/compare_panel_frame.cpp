// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with what is compared: copied, exported, linked to, branched.
#include "widgets/compare/compare_panel.h"

#include "widgets/common/action_registry.h"
#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/panel_action.h"
#include "widgets/common/run_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/text_export.h"
#include "widgets/compare/compare_model.h"
#include "widgets/compare/compare_role.h"
#include "widgets/compare/compare_text.h"
#include "widgets/compare/difference_model.h"
#include "widgets/compare/difference_page.h"
#include "widgets/compare/lineage_model.h"
#include "widgets/compare/lineage_page.h"
#include "widgets/compare/values_page.h"

#include <QLineEdit>
#include <QSet>
#include <QTableView>
#include <QTreeView>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QAction *separator(QObject *parent)
{
    auto *action = new QAction(parent);
    action->setSeparator(true);
    return action;
}

/// Rows of a family tree as a flat table, parents before children.
QString lineageTable(const LineageModel &model)
{
    QString text = csvLine({u"run"_s, u"parent"_s, u"from_step"_s, u"step"_s, u"best_val_loss"_s, u"changed"_s});
    for (const LineageNode &node : model.nodes()) {
        const QModelIndex index = model.indexOf(node.id);
        text += csvLine({node.id, node.parent < 0 ? QString() : model.nodes()[size_t(node.parent)].id,
                         node.fromStep < 0 ? QString() : QString::number(node.fromStep),
                         node.isGone ? QString() : QString::number(node.step), csvNumber(node.bestValLoss),
                         node.parent < 0 ? QString() : index.siblingAtColumn(LineageModel::ChangedColumn).data().toString()});
    }
    return text;
}

} // namespace

void ComparePanel::makeActions()
{
    m_copyTsv = addPanelAction(*this, tr("Copy table"), "copyCompareTsv", {QKeySequence::Copy}, [this] { copyTable(false); });
    m_copyMarkdown = addPanelAction(*this, tr("Copy table as Markdown"), "copyCompareMarkdown", {},
                                    [this] { copyTable(true); });
    m_copySet = addPanelAction(*this, tr("Copy difference as --set arguments"), "copyCompareSet", {},
                               [this] { copyToClipboard(m_difference->setArgumentsText()); });
    m_columns = addPanelAction(*this, tr("Choose columns…"), "chooseCompareColumns", {}, [this] {
        showTab(Tab::Values);
        m_values->chooseColumns();
    });
    m_onlyThese = addPanelAction(*this, tr("Compare only these"), "compareOnlyThese", {}, [this] { chooseRuns(selectedRuns()); });
    m_branch = addPanelAction(*this, tr("Branch from step…"), "compareBranch", {},
                              [this] { Q_EMIT branchRequested(runForAction()); });
    m_export = addPanelAction(*this, tr("Export for TensorBoard…"), "compareExport", {}, [this] {
        const QStringList selected = selectedRuns();
        Q_EMIT exportRequested(selected.isEmpty() ? m_compared : selected);
    });
    m_beside = addPanelAction(*this, tr("Attention beside each other"), "compareAttention", {}, [this] {
        const QStringList runs = selectedRuns();
        if (runs.size() == 2) Q_EMIT besideRequested(runs.first(), runs.last());
    });
    m_ask = addPanelAction(*this, tr("Ask both in Play"), "compareAsk", {}, [this] {
        if (reasonNotToAsk(selectedRuns()).isEmpty()) Q_EMIT askRequested(selectedRuns());
    });
    m_formDifference = addPanelAction(*this, tr("Difference to the form…"), "compareFormDifference", {},
                                      [this] { Q_EMIT formDifferenceRequested(runForAction()); });
    const auto fill = [](QWidget *view, const QList<QAction *> &actions) {
        view->addActions(actions);
        view->setContextMenuPolicy(Qt::ActionsContextMenu);
    };
    fill(m_values->view(), {m_copyTsv, m_copyMarkdown, separator(this), m_onlyThese, m_columns, separator(this), m_beside, m_ask,
                            m_formDifference, separator(this), m_branch, m_export});
    fill(m_difference->view(), {m_copyTsv, m_copyMarkdown, m_copySet});
    fill(m_lineage->view(), {m_branch, m_formDifference});
}

void ComparePanel::updateActions()
{
    const bool isEmpty = m_compared.isEmpty();
    const QString none = isEmpty ? tr("There is nothing to compare yet.") : QString();
    const QString noTable = m_tab == Tab::Lineage ? tr("Values and settings are tables; save the lineage as CSV.") : none;
    setDisabledReason(*m_copyTsv, noTable);
    setDisabledReason(*m_copyMarkdown, noTable);
    setDisabledReason(*m_columns, none);
    setDisabledReason(*m_copySet, m_difference->setArgumentsText().isEmpty()
                                      ? tr("Show the settings of two runs that differ first.")
                                      : QString());
    setDisabledReason(*m_onlyThese, selectedRuns().size() < 2 ? tr("Select two rows or more first (Ctrl+click).") : QString());
    setDisabledReason(*m_branch, runForAction().isEmpty() ? tr("Select one run first.") : QString());
    setDisabledReason(*m_export, none);
    updateLeading();
}

/// From here to other panels.
void ComparePanel::updateLeading()
{
    const QStringList runs = selectedRuns();
    setDisabledReason(*m_beside, runs.size() == 2 ? QString() : tr("Select two rows first (Ctrl+click)."));
    m_ask->setText(runs.size() == 3 ? tr("Ask these three in Play") : tr("Ask both in Play"));
    setDisabledReason(*m_ask, reasonNotToAsk(runs));
    setDisabledReason(*m_formDifference, runForAction().isEmpty() ? tr("Select one run first.") : QString());
}

/// Empty: they can be asked.
QString ComparePanel::reasonNotToAsk(const QStringList &runs) const
{
    if (runs.size() < 2 || runs.size() > 3) return tr("Select two or three rows first (Ctrl+click).");
    for (const RunStatus &status : m_session.runs())
        if (runs.contains(fromStd(status.id)) && status.lastCheckpointStep < 0)
            return tr("“%1” has no saved step yet.").arg(runTitle(status));
    return {};
}

void ComparePanel::copyTable(bool asMarkdown)
{
    if (m_tab == Tab::Values) {
        const QList<int> rows = m_values->selectedRows().size() > 1 ? m_values->selectedRows() : QList<int>();
        copyToClipboard(asMarkdown ? tableAsMarkdown(*m_values->model(), rows, compare_role::IsBest)
                                   : tableAsTsv(*m_values->model(), rows, compare_role::Exact));
    } else if (m_tab == Tab::Settings) {
        const QList<int> rows = m_difference->selectedRows().size() > 1 ? m_difference->selectedRows() : QList<int>();
        copyToClipboard(asMarkdown ? tableAsMarkdown(*m_difference->model(), rows, -1)
                                   : tableAsTsv(*m_difference->model(), rows, compare_role::Exact));
    }
}

void ComparePanel::adoptFrame()
{
    PanelExport what;
    what.fileName = u"comparison"_s;
    what.data = {u"csv"_s};
    what.save = [this](const QString &path) { return saveTextFile(table(), path); };
    what.table = [this] { return table(); };
    what.isEmpty = [this] { return m_compared.isEmpty(); };
    setExport(std::move(what));
    setView({u"compare"_s, [this] { return state(); }, [this](const QVariantMap &state) { restore(state); }});
    setCommand([this] { return command(); });
    setHelp(tr("Several runs beside each other.\n\nValues: a row a run; click a column to sort by it, once more to turn it "
               "round, and group by a setting to see mean and spread over seeds.\n\nSettings: what sets two or more of them "
               "apart.\n\nLineage: which run was branched from which, and what was changed.\n\nWhat is missing says why when "
               "the pointer rests on it."));
}

QString ComparePanel::table() const
{
    if (m_tab == Tab::Lineage) return lineageTable(*m_lineage->model());
    if (m_tab == Tab::Settings) return tableAsCsv(*m_difference->model(), {}, compare_role::Exact);
    return tableAsCsv(*m_values->model(), {}, compare_role::Exact);
}

QString ComparePanel::command() const
{
    const QString run = runForAction();
    if (m_tab == Tab::Values) return engineCommand({u"runs"_s, u"list"_s, u"--json"_s});
    return run.isEmpty() ? QString() : engineCommand({u"runs"_s, u"show"_s, run});
}

QVariantMap ComparePanel::place() const
{
    QVariantMap state = this->state();
    if (m_source == Source::Chosen) state.insert(u"runs"_s, m_chosen);
    return state;
}

QVariantMap ComparePanel::state() const
{
    QVariantMap state = m_values->state();
    state.insert(u"tab"_s, m_tab == Tab::Values ? u"values"_s : m_tab == Tab::Settings ? u"settings"_s : u"lineage"_s);
    state.insert(u"filter"_s, m_filter->text());
    state.insert(u"run"_s, m_run);
    if (m_isSourceChosen) state.insert(u"source"_s, m_source == Source::Overlaid ? u"overlaid"_s : m_source == Source::All ? u"all"_s : u"chosen"_s);
    // Who opens the link may overlay others.
    constexpr qsizetype kMaxNamed = 40;
    // What was chosen is that also while a filter hides some of it, or the engine lists none.
    const QStringList &named = m_source == Source::Chosen ? m_chosen : m_compared;
    if (m_source != Source::All && named.size() <= kMaxNamed) state.insert(u"runs"_s, named);
    return state;
}

void ComparePanel::restore(const QVariantMap &state)
{
    const QStringList runs = state.value(u"runs"_s).toStringList();
    const QString source = state.value(u"source"_s).toString();
    const bool isOverlaid =
        runs.isEmpty() || QSet<QString>(runs.begin(), runs.end()) == QSet<QString>(m_overlaid.begin(), m_overlaid.end());
    if (source == u"overlaid" && isOverlaid)
        setSource(Source::Overlaid);
    else if (!runs.isEmpty())
        chooseRuns(runs);
    else
        setSource(Source::All);
    m_isSourceChosen = !runs.isEmpty() || !source.isEmpty(); // else it goes on following the list
    m_filter->setText(state.value(u"filter"_s).toString());
    const QString tab = state.value(u"tab"_s).toString();
    showTab(tab == u"settings"_s ? Tab::Settings : tab == u"lineage"_s ? Tab::Lineage : Tab::Values);
    m_values->restore(state);
}

void ComparePanel::updateSummary()
{
    if (m_compared.isEmpty()) {
        setSummary(tr("No runs are compared."));
        return;
    }
    const QString number = counted(m_compared.size(), tr("1 run is compared"), tr("%1 runs are compared"));
    if (m_tab == Tab::Settings)
        setSummary(m_difference->summary());
    else if (m_tab == Tab::Lineage)
        setSummary(m_lineage->summary());
    else
        setSummary(m_values->model()->grouping().isEmpty() ? number
                                                            : tr("%1, grouped by %2").arg(number, m_values->model()->grouping()));
}

} // namespace orrery::ui
