// SPDX-License-Identifier: GPL-3.0-or-later
// What can be taken along of the list of runs, how its view is written down, what it says when nothing is shown, and
// the settings that a filter asks for.
#include "widgets/runs/run_list_panel.h"

#include "widgets/common/counted.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/text_export.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/filter_settings.h"
#include "widgets/runs/run_filter_bar.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_tree_model.h"
#include "widgets/theme/theme.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLayout>
#include <QLineEdit>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void RunListPanel::adoptFrame()
{
    PanelExport what;
    what.fileName = u"runs"_s;
    what.data = {u"csv"_s};
    what.save = [this](const QString &path) { return saveTextFile(table(), path); };
    what.table = [this] { return table(); };
    what.isEmpty = [this] { return m_tree->numShown() == 0; };
    setExport(std::move(what));
    setView({u"runs"_s,
             [this] {
                 QVariantMap state{{u"run"_s, run()}, {u"filter"_s, filterBox()->text()}};
                 if (m_tree->grouping() != RunGrouping::None)
                     state.insert(u"group"_s, groupingKey(m_tree->grouping()));
                 if (m_tree->order() != RunOrder::Newest) state.insert(u"sort"_s, orderKey(m_tree->order()));
                 if (const QStringList beside = overlaidRuns(); !beside.isEmpty())
                     state.insert(u"beside"_s, beside);
                 return state;
             },
             [this](const QVariantMap &state) {
                 filterBox()->setText(state.value(u"filter"_s).toString());
                 setGrouping(groupingFromKey(state.value(u"group"_s).toString()));
                 setOrder(orderFromKey(state.value(u"sort"_s).toString()));
                 if (state.contains(u"beside"_s)) setOverlaidRuns(state.value(u"beside"_s).toStringList());
             }});
    setCommand([this] {
        QStringList arguments{u"runs"_s, u"list"_s};
        for (const RunQuery::Term &term : m_tree->query().terms())
            if (term.kind == RunQuery::Kind::Tag && !term.isNot)
                addTextOption(arguments, u"--tag"_s, term.text.section(u':', 1).remove(u'"'));
        if (m_tree->query().wantsArchived()) arguments << u"--all"_s;
        return engineCommand(arguments);
    });
    setHelp(tr("All trainings that the engine knows, each with its state, its loss so far and its curve.\n\n"
               "Click one to look at it "
               "everywhere; the bar at its left says which one that is. Double click shows its curves; Shift "
               "and Ctrl select several, "
               "to tag, archive or delete them together; the right button has more.\n\nThe eye (Space) draws "
               "the curves of a run beside "
               "those of the selected one, in the colour that stands in its row and stays.\n\nWords in the box "
               "look for names, states, "
               "tags and directories; tokens such as tag:baseline, state:failed, has:alarm or is:archived "
               "say more, numbers are compared (val<1.5, step>=2k), settings, too (lr:0.001), and the button "
               "beside the box writes them, groups and sorts.\n\nA triangle counts the alarms of a run. What is "
               "deleted lies in the "
               "trash until it is emptied; Ctrl+Z takes it back, and Trash… in the menu shows what is there."));
}

/// Of the runs that are shown.
QString RunListPanel::table() const
{
    QString text = csvLine({u"run"_s, u"name"_s, u"state"_s, u"step"_s, u"total_steps"_s, u"loss"_s,
                            u"val_loss"_s, u"best_val_loss"_s, u"tokens_per_s"_s, u"parameters"_s,
                            u"created_unix_s"_s, u"tags"_s, u"archived"_s, u"parent"_s, u"alarms"_s});
    const QStringList runs = m_tree->shownRuns();
    for (const QString &run : runs) {
        const int row = m_model->rowOf(run);
        if (row < 0) continue;
        const RunStatus &status = m_model->status(row);
        QStringList tags, alarms;
        for (const std::string &tag : status.labels.tags) tags << fromStd(tag);
        for (const RunAlarm &alarm : status.alarms) alarms << QLatin1String(alarmKindName(alarm.kind));
        text += csvLine(
            {run, fromStd(status.name), QLatin1String(runStateName(status.state)),
             QString::number(status.step), QString::number(status.totalSteps), csvNumber(status.loss),
             csvNumber(status.valLoss), csvNumber(status.bestValLoss), csvNumber(status.tokensPerSecond),
             QString::number(status.numParameters), csvNumber(status.createdAt), tags.join(u';'),
             status.labels.isArchived ? u"1"_s : u"0"_s, fromStd(status.parent), alarms.join(u';')});
    }
    return text;
}

void RunListPanel::resizeEvent(QResizeEvent *event)
{
    PanelFrame::resizeEvent(event);
    updateHead();
}

/// How many are listed; nothing while nobody knows. In a narrow dock link and command go into the menu before a word is cut, and
/// of the words the number stays.
void RunListPanel::updateHead()
{
    const int numRuns = m_model->rowCount(), numShown = m_tree->numShown();
    QString text, brief = integerText(numShown);
    if (numShown < numRuns)
        text = tr("%1 of %2 runs").arg(brief, integerText(numRuns));
    else if (numRuns > 0)
        text = counted(numRuns, tr("1 run"), tr("%1 runs"));
    else if (m_session.connectionState() == ConnectionState::Connected)
        text = brief = tr("No runs");
    const QMargins margins = layout()->contentsMargins();
    const int room = width() - margins.left() - margins.right() - m_openButton->sizeHint().width() -
                     m_newButton->sizeHint().width() - 3 * space::kHalf;
    const int needed = m_head->fontMetrics().horizontalAdvance(text) + 2;
    if (PanelTools *tools = PanelTools::of(*this)) {
        const int least = tools->minimumSizeHint().width();
        tools->setMaximumWidth(needed + tools->sizeHint().width() > room ? least : QWIDGETSIZE_MAX);
        if (needed + least > room && !text.isEmpty()) text = brief;
    }
    m_head->setFullText(text);
    m_head->setAccessibleDescription(accessibleDescription());
}

QString RunListPanel::noMatchText() const
{
    const int numRuns = m_model->rowCount();
    const RunQuery &query = m_tree->query();
    if (query.isEmpty())
        return counted(numRuns, tr("The only run is in the archive."), tr("All %1 runs are in the archive."));
    std::vector<RunFacts> facts;
    for (const ArrangedRun &run : m_model->arranged())
        facts.push_back({*run.status, *run.text, *run.tags, m_settings->specs()});
    const QString hidden = m_settings->whatHides(query, facts).join(u", "_s);
    return numRuns == 1 ? tr("The only run is hidden: %1.").arg(hidden)
                        : tr("None of %1 runs is shown: %2.").arg(integerText(numRuns), hidden);
}

void RunListPanel::wantSpecs()
{
    QStringList runs;
    if (m_tree->query().wantsSettings() && m_session.connectionState() == ConnectionState::Connected)
        for (int row = 0; row < m_model->rowCount(); ++row) runs << fromStd(m_model->status(row).id);
    m_settings->want(m_tree->query(), runs);
}

void RunListPanel::showProblem() { m_bar->setProblem(m_settings->problem(m_tree->query())); }

void RunListPanel::takeSpecs()
{
    m_isRestoring = true;
    m_tree->takeSpecs();
    m_isRestoring = false;
    showProblem();
    restoreSelection();
    updateState();
}

QString RunListPanel::place() const
{
    const QJsonObject place{{u"filter"_s, filterBox()->text()},
                            {u"group"_s, groupingKey(m_tree->grouping())},
                            {u"sort"_s, orderKey(m_tree->order())},
                            {u"closed"_s, QJsonArray::fromStringList(m_view->closedHeads())},
                            {u"beside"_s, QJsonArray::fromStringList(m_overlaid)}};
    return QString::fromUtf8(QJsonDocument(place).toJson(QJsonDocument::Compact));
}

void RunListPanel::restorePlace(const QString &json)
{
    const QJsonObject place = QJsonDocument::fromJson(json.toUtf8()).object();
    const auto list = [&place](const QString &key) {
        QStringList texts;
        const QJsonArray values = place.value(key).toArray();
        for (const QJsonValue &value : values)
            if (value.isString()) texts << value.toString();
        return texts;
    };
    setGrouping(groupingFromKey(place.value(u"group"_s).toString()));
    setOrder(orderFromKey(place.value(u"sort"_s).toString()));
    m_view->setClosedHeads(list(u"closed"_s));
    filterBox()->setText(place.value(u"filter"_s).toString());
    setOverlaidRuns(list(u"beside"_s));
}

} // namespace orrery::ui
