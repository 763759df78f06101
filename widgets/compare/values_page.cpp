// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/values_page.h"

#include "widgets/common/elided_combo_box.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/column_chooser.h"
#include "widgets/compare/compare_delegate.h"
#include "widgets/compare/compare_feed.h"
#include "widgets/compare/compare_model.h"
#include "widgets/compare/frozen_column.h"
#include "widgets/compare/settings_difference.h"
#include "widgets/session/run_colors.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QScopedValueRollback>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kGatherMs = 60, kMinNameWidth = 90, kMaxNameWidth = 280, kMaxColumnWidth = 220, kSizedRows = 200;

} // namespace

ValuesPage::ValuesPage(CompareFeed &feed, QWidget *parent)
    : QWidget(parent), m_feed(feed), m_model(new CompareModel(this)), m_view(new QTableView(this)),
      m_group(new ElidedComboBox(this)), m_columnsButton(new QToolButton(this)),
      m_note(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)), m_columns(ordinaryColumns())
{
    setObjectName(u"valuesPage"_s);
    m_model->setFacts(feed.lookup());
    m_view->setModel(m_model);
    styleTable(m_view);
    m_view->setItemDelegate(new CompareDelegate(m_view));
    m_view->setObjectName(u"compareTable"_s);
    m_view->setAccessibleName(tr("Final values of the compared runs"));
    m_view->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    m_view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->horizontalHeader()->setStretchLastSection(false);
    m_view->horizontalHeader()->setSectionsClickable(true);
    m_view->horizontalHeader()->setSortIndicatorShown(true);
    m_view->horizontalHeader()->setSortIndicatorClearable(true);
    m_view->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    new FrozenColumn(m_view);
    m_group->setObjectName(u"compareGroup"_s);
    m_group->setAccessibleName(tr("Group by a setting"));
    m_group->setToolTip(tr("Runs with the same value stand together, with mean ± standard deviation and number above them"));
    m_group->setMinimumContentsLength(14);
    m_group->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_columnsButton->setObjectName(u"compareColumns"_s);
    m_columnsButton->setText(tr("Columns…"));
    m_columnsButton->setToolTip(tr("Choose which numbers, series and settings are shown"));
    m_columnsButton->setProperty("toggle", true); // with an edge, like a field
    m_note->setWordWrap(true);
    m_note->hide();

    auto *bar = new QHBoxLayout;
    bar->setSpacing(space::kOne);
    bar->addWidget(new ToneLabel(tr("Group"), Tone::Secondary, TypeSize::Base, this));
    bar->addWidget(m_group);
    bar->addWidget(m_columnsButton);
    bar->addStretch(1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(bar);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_note);

    connect(m_columnsButton, &QToolButton::clicked, this, &ValuesPage::chooseColumns);
    connect(m_group, &QComboBox::activated, this, [this](int index) { setGrouping(m_group->itemData(index).toString()); });
    connect(m_view->horizontalHeader(), &QHeaderView::sortIndicatorChanged, this,
            [this](int column, Qt::SortOrder order) { m_model->sort(column, order); });
    connect(m_view, &QTableView::activated, this, [this](const QModelIndex &index) {
        if (const QString run = m_model->runAt(index.row()); !run.isEmpty()) Q_EMIT runActivated(run);
    });
    connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &current) {
        const QString run = m_model->runAt(current.row());
        if (m_isSelecting || run.isEmpty() || run == m_run) return;
        m_run = run;
        Q_EMIT runChosen(run);
    });
    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this, &ValuesPage::selectionChanged);
    connect(m_model, &QAbstractItemModel::modelAboutToBeReset, this, &ValuesPage::keepSelection);
    connect(m_model, &QAbstractItemModel::modelReset, this, &ValuesPage::returnSelection);
    m_timer.setSingleShot(true);
    m_timer.setInterval(kGatherMs);
    connect(&m_timer, &QTimer::timeout, this, &ValuesPage::takeFacts);
    connect(&feed, &CompareFeed::factsChanged, this, [this](const QString &run) {
        m_changed.insert(run);
        if (!m_timer.isActive()) m_timer.start();
    });
    connect(&feed, &CompareFeed::progressed, this, [this] {
        if (!m_feed.isBusy() && !m_timer.isActive()) m_timer.start();
    });
    connect(&RunColors::instance(), &RunColors::indexChanged, m_model, &CompareModel::repaintColors);
    connect(&Theme::instance(), &Theme::changed, m_view, [this] { m_view->viewport()->update(); });
    fillGroups();
    applyColumns();
}

void ValuesPage::setRuns(const QStringList &runs)
{
    if (runs != m_runs) m_numRead = -1;
    m_runs = runs;
    m_mustSettle = true;
    m_model->setRuns(runs);
    applyColumns();
    m_isSized = false;
    sizeColumns();
    setRun(m_run);
}

std::set<FactNeed> ValuesPage::needs() const
{
    std::set<FactNeed> needs;
    for (const ValuesColumn &column : m_columns) needs.insert(column.need());
    if (m_withDiffering || !m_model->grouping().isEmpty()) needs.insert(FactNeed::Settings);
    needs.erase(FactNeed::None);
    return needs;
}

void ValuesPage::takeFacts()
{
    m_model->updateRuns(std::exchange(m_changed, {}));
    if (m_feed.isBusy()) return;
    applyColumns(); // which settings differ is known now
    fillGroups();
    if (m_chooser) m_chooser->offer(offered());
    if (std::exchange(m_mustSettle, false)) m_model->settle();
    sizeColumns();
}

void ValuesPage::applyColumns()
{
    std::vector<ValuesColumn> columns = m_columns;
    size_t numLeft = 0;
    if (m_withDiffering) {
        const std::vector<ValuesColumn> all = differing();
        for (const ValuesColumn &column : all) {
            if (std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
            if (columns.size() < m_columns.size() + kMaxDiffering)
                columns.push_back(column);
            else
                ++numLeft;
        }
        if (m_chooser) m_chooser->setDiffering(true, int(all.size()));
    }
    m_note->setText(tr("%1 more settings differ: choose their columns, or look at Settings.").arg(integerText(qint64(numLeft))));
    m_note->setVisible(numLeft > 0);
    if (columns == m_model->columns()) return;
    m_model->setColumns(columns);
    m_isSized = false;
    showSort();
    sizeColumns();
}

const std::vector<ValuesColumn> &ValuesPage::differing()
{
    std::vector<ComparedRun> compared;
    for (const QString &run : std::as_const(m_runs))
        if (const CompareFacts *facts = m_feed.facts(run); facts && facts->settings.value)
            compared.push_back({run, {}, *facts->settings.value});
    // Settings are frozen: a run that reports changes nothing.
    if (m_numRead == qsizetype(compared.size())) return m_differing;
    m_numRead = qsizetype(compared.size());
    m_differing.clear();
    for (const DifferenceRow &row : settingsDifference(compared))
        if (row.isDifferent) m_differing.push_back({ValuesColumnKind::Setting, row.key});
    return m_differing;
}

std::vector<ValuesColumn> ValuesPage::offered() const
{
    std::vector<ValuesColumn> columns = ordinaryColumns();
    QSet<QString> settings, series;
    for (const QString &run : m_runs) {
        const CompareFacts *facts = m_feed.facts(run);
        if (facts && facts->series.value)
            for (const auto &[name, ends] : *facts->series.value) series.insert(fromStd(name));
        if (!facts || !facts->settings.value || !(*facts->settings.value)->hasSettings()) continue;
        for (const SettingValue &value : (*facts->settings.value)->values) settings.insert(value.key);
    }
    QStringList names(series.begin(), series.end());
    names.sort();
    for (const QString &name : std::as_const(names))
        for (const SeriesEnd end : {SeriesEnd::Last, SeriesEnd::Minimum, SeriesEnd::Maximum})
            columns.push_back({ValuesColumnKind::Series, name, end});
    QStringList keys(settings.begin(), settings.end());
    keys.sort();
    for (const QString &key : std::as_const(keys)) columns.push_back({ValuesColumnKind::Setting, key});
    return columns;
}

void ValuesPage::chooseColumns()
{
    if (m_chooser) return m_chooser->raise();
    m_chooser = new ColumnChooser(window());
    m_chooser->setColumns(offered(), m_columns);
    m_chooser->setDiffering(m_withDiffering, m_withDiffering ? int(differing().size()) : -1);
    connect(m_chooser, &ColumnChooser::columnsChosen, this,
            [this](const std::vector<ValuesColumn> &columns) { setColumns(columns, m_withDiffering); });
    connect(m_chooser, &ColumnChooser::differingChosen, this, [this](bool isOn) { setColumns(m_columns, isOn); });
    connect(m_chooser, &ColumnChooser::ordinaryRequested, this, [this] {
        setColumns(ordinaryColumns(), true);
        m_chooser->setColumns(offered(), m_columns);
        m_chooser->setDiffering(true, int(differing().size()));
    });
    // Which series there are is told by the run that is looked at, else by the first one.
    const QStringList runs = m_model->runs();
    if (!runs.isEmpty()) m_feed.askSeriesOf(runs.contains(m_run) ? m_run : runs.first());
    m_chooser->open();
}

void ValuesPage::setColumns(const std::vector<ValuesColumn> &columns, bool withDiffering)
{
    m_columns = columns;
    m_withDiffering = withDiffering;
    m_mustSettle = true;
    applyColumns();
    Q_EMIT needsChanged();
}

void ValuesPage::setGrouping(const QString &key)
{
    if (key != m_model->grouping()) {
        m_mustSettle = true;
        m_model->setGrouping(key);
        Q_EMIT needsChanged();
    }
    fillGroups();
}

/// None, and the settings that differ; the one that is on stays, also where it does not.
void ValuesPage::fillGroups()
{
    QStringList keys;
    for (const ValuesColumn &column : differing()) keys << column.name;
    if (!m_model->grouping().isEmpty() && !keys.contains(m_model->grouping())) keys << m_model->grouping();
    QStringList now;
    for (int i = 1; i < m_group->count(); ++i) now << m_group->itemData(i).toString();
    if (now != keys || m_group->count() == 0) {
        m_group->clear();
        m_group->addItem(tr("None"), QString());
        for (const QString &key : std::as_const(keys))
            m_group->addItem(u"%1 (%2)"_s.arg(ValuesColumn{ValuesColumnKind::Setting, key}.title(), key), key);
    }
    m_group->setCurrentIndex(std::max(m_group->findData(m_model->grouping()), 0));
}

void ValuesPage::sizeColumns()
{
    if (m_isSized || m_model->rowCount() == 0) return;
    m_isSized = !m_feed.isBusy();
    const QFontMetrics header(typeFont(TypeSize::Base));
    const int numRows = std::min(m_model->rowCount(), kSizedRows);
    for (int column = 0; column < m_model->columnCount(); ++column) {
        int width = header.horizontalAdvance(m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()) +
                    4 * space::kOne; // with the arrow of the sorted one
        for (int row = 0; row < numRows; ++row) {
            const QModelIndex index = m_model->index(row, column);
            width = std::max(width, m_view->itemDelegate()->sizeHint(QStyleOptionViewItem(), index).width());
        }
        m_view->setColumnWidth(column, column == 0 ? std::clamp(width, kMinNameWidth, kMaxNameWidth)
                                                   : std::min(width, kMaxColumnWidth));
    }
}

void ValuesPage::setRun(const QString &run)
{
    m_run = run;
    const int row = m_model->rowOf(run);
    if (row < 0 || m_view->currentIndex().row() == row) return;
    const QScopedValueRollback selecting(m_isSelecting, true);
    // Several selected rows are somebody's choice.
    const bool isOne = m_view->selectionModel()->selectedRows().size() < 2;
    m_view->selectionModel()->setCurrentIndex(m_model->index(row, 0),
                                              isOne ? QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows
                                                    : QItemSelectionModel::NoUpdate);
}

QList<int> ValuesPage::selectedRows() const
{
    QList<int> rows;
    for (const QModelIndex &index : m_view->selectionModel()->selectedRows()) rows << index.row();
    std::sort(rows.begin(), rows.end());
    return rows;
}

QStringList ValuesPage::selectedRuns() const
{
    QStringList runs;
    for (const int row : selectedRows())
        if (const QString run = m_model->runAt(row); !run.isEmpty()) runs << run;
    return runs;
}

void ValuesPage::keepSelection() { m_kept = selectedRuns(); }

void ValuesPage::returnSelection()
{
    const QScopedValueRollback selecting(m_isSelecting, true);
    for (const QString &run : std::exchange(m_kept, {}))
        if (const int row = m_model->rowOf(run); row >= 0)
            m_view->selectionModel()->select(m_model->index(row, 0),
                                             QItemSelectionModel::Select | QItemSelectionModel::Rows);
    if (const int row = m_model->rowOf(m_run); row >= 0)
        m_view->selectionModel()->setCurrentIndex(m_model->index(row, 0), QItemSelectionModel::NoUpdate);
}

void ValuesPage::sortBy(const QString &column, Qt::SortOrder order)
{
    int place = -1;
    for (size_t i = 0; i < m_model->columns().size(); ++i)
        if (m_model->columns()[i].id() == column) place = int(i);
    m_view->horizontalHeader()->setSortIndicator(place, order);
    m_model->sort(place, order);
}

void ValuesPage::showSort()
{
    const QSignalBlocker quiet(m_view->horizontalHeader());
    m_view->horizontalHeader()->setSortIndicator(m_model->sortColumn(), m_model->sortOrder());
}

QVariantMap ValuesPage::state() const
{
    QStringList ids;
    for (const ValuesColumn &column : m_columns) ids << column.id();
    QVariantMap state{{u"group"_s, m_model->grouping()}};
    if (m_columns != ordinaryColumns()) state.insert(u"columns"_s, ids);
    if (!m_withDiffering) state.insert(u"differing"_s, false);
    if (m_model->sortColumn() >= 0) {
        state.insert(u"sort"_s, m_model->columns()[size_t(m_model->sortColumn())].id());
        if (m_model->sortOrder() == Qt::DescendingOrder) state.insert(u"order"_s, u"down"_s);
    }
    return state;
}

void ValuesPage::restore(const QVariantMap &state)
{
    std::vector<ValuesColumn> columns;
    for (const QString &id : state.value(u"columns"_s).toStringList())
        if (const auto column = columnFromId(id)) columns.push_back(*column);
    setColumns(columns.empty() ? ordinaryColumns() : columns, state.value(u"differing"_s, true).toBool());
    setGrouping(state.value(u"group"_s).toString());
    sortBy(state.value(u"sort"_s).toString(),
           state.value(u"order"_s).toString() == u"down" ? Qt::DescendingOrder : Qt::AscendingOrder);
}

} // namespace orrery::ui
