// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/compare_model.h"

#include "widgets/common/counted.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/run_text.h"
#include "widgets/common/text_export.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/compare_role.h"
#include "widgets/theme/theme.h"

#include <QCollator>
#include <QHash>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// "run-2" before "run-10".
int compareTexts(const QString &a, const QString &b)
{
    static const QCollator collator = [] {
        QCollator made;
        made.setNumericMode(true);
        made.setCaseSensitivity(Qt::CaseInsensitive);
        return made;
    }();
    return collator.compare(a, b);
}

} // namespace

int CompareModel::rowCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : int(m_rows.size()); }

int CompareModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_columns.size());
}

void CompareModel::setColumns(std::vector<ValuesColumn> columns)
{
    std::erase(columns, ValuesColumn{});
    columns.insert(columns.begin(), ValuesColumn{});
    if (columns == m_columns) return;
    const std::optional<ValuesColumn> sorted =
        m_sortColumn >= 0 && m_sortColumn < int(m_columns.size()) ? std::optional(m_columns[size_t(m_sortColumn)])
                                                                  : std::nullopt;
    beginResetModel();
    m_columns = std::move(columns);
    m_sortColumn = -1;
    for (size_t i = 0; i < m_columns.size(); ++i)
        if (sorted && m_columns[i] == *sorted) m_sortColumn = int(i);
    for (Run &run : m_runs) fill(run);
    findBest();
    m_rows = arranged();
    endResetModel();
}

void CompareModel::setRuns(const QStringList &runs)
{
    QStringList now;
    for (const Run &run : m_runs) now << run.id;
    if (now == runs) return;
    beginResetModel();
    m_runs.clear();
    for (const QString &id : runs) {
        m_runs.push_back({id, {}});
        fill(m_runs.back());
    }
    findBest();
    m_rows = arranged();
    endResetModel();
}

QStringList CompareModel::runs() const
{
    QStringList ids;
    for (const Row &row : m_rows)
        if (row.run >= 0) ids << m_runs[size_t(row.run)].id;
    return ids;
}

void CompareModel::setGrouping(const QString &key)
{
    if (key == m_grouping) return;
    m_grouping = key;
    rebuild();
}

void CompareModel::fill(Run &run) const
{
    run.cells.clear();
    const CompareFacts *facts = m_facts(run.id);
    for (const ValuesColumn &column : m_columns)
        run.cells.push_back(facts ? compareCell(column, *facts, m_facts)
                                  : CompareCell{unknownText(), {}, kNaN, tr("The engine does not list this run any more."), false});
}

void CompareModel::updateRuns(const QSet<QString> &runs)
{
    bool isAny = false;
    for (Run &run : m_runs) {
        if (!runs.contains(run.id)) continue;
        fill(run);
        isAny = true;
    }
    if (!isAny) return;
    findBest();
    if (!m_grouping.isEmpty() && !areGroupsRight()) { // its settings have come: it belongs to another group now
        rebuild();
        return;
    }
    if (m_rows.empty()) return;
    findMeans();
    // Not only this row: another one may have been the best until now.
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

void CompareModel::repaintColors()
{
    if (!m_rows.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, 0), {compare_role::Color});
}

void CompareModel::settle() { rebuild(); }

void CompareModel::sort(int column, Qt::SortOrder order)
{
    m_sortColumn = column < int(m_columns.size()) ? column : -1;
    m_sortOrder = order;
    rebuild();
}

/// New order of the same runs; selection and scrolling stay with them.
void CompareModel::rebuild()
{
    const std::vector<Row> before = m_rows;
    std::vector<Row> after = arranged();
    if (before == after) {
        if (!m_rows.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
        return;
    }
    if (before.size() != after.size()) { // groups came or went
        beginResetModel();
        m_rows = std::move(after);
        endResetModel();
        return;
    }
    Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
    std::map<int, int> places;
    for (size_t i = 0; i < after.size(); ++i)
        if (after[i].run >= 0) places[after[i].run] = int(i);
    const QModelIndexList old = persistentIndexList();
    QModelIndexList moved;
    for (const QModelIndex &one : old) {
        const int run = before[size_t(one.row())].run;
        moved << (run >= 0 ? index(places[run], one.column()) : QModelIndex());
    }
    m_rows = std::move(after);
    changePersistentIndexList(old, moved);
    Q_EMIT layoutChanged({}, VerticalSortHint);
}

void CompareModel::findBest()
{
    m_best.assign(m_columns.size(), kNaN);
    for (size_t column = 0; column < m_columns.size(); ++column) {
        const Better better = m_columns[column].better();
        if (better == Better::Neither) continue;
        int number = 0;
        double best = kNaN, worst = kNaN;
        for (const Run &run : m_runs) {
            const double value = run.cells[column].number;
            if (!std::isfinite(value)) continue;
            ++number;
            best = better == Better::Lower ? std::fmin(best, value) : std::fmax(best, value);
            worst = better == Better::Lower ? std::fmax(worst, value) : std::fmin(worst, value);
        }
        if (number > 1 && best != worst) m_best[column] = best;
    }
}

QString CompareModel::groupValue(const QString &run) const
{
    const CompareFacts *facts = m_facts(run);
    if (!facts) return {};
    const CompareCell cell = compareCell({ValuesColumnKind::Setting, m_grouping}, *facts, m_facts);
    return cell.exact.isEmpty() && cell.isWaiting ? u"…"_s : cell.exact;
}

void CompareModel::makeGroups()
{
    m_groups.clear();
    if (m_grouping.isEmpty()) return;
    QHash<QString, int> places;
    for (size_t i = 0; i < m_runs.size(); ++i) {
        const QString value = groupValue(m_runs[i].id);
        if (!places.contains(value)) {
            places.insert(value, int(m_groups.size()));
            m_groups.push_back({value, {}, {}});
        }
        m_groups[size_t(places.value(value))].runs.push_back(int(i));
    }
    findMeans();
}

void CompareModel::findMeans()
{
    for (Group &group : m_groups) {
        group.means.clear();
        for (size_t column = 0; column < m_columns.size(); ++column) {
            std::vector<double> values;
            for (const int run : group.runs) values.push_back(m_runs[size_t(run)].cells[column].number);
            group.means.push_back(meanOf(values));
        }
    }
}

bool CompareModel::areGroupsRight() const
{
    return std::all_of(m_rows.begin(), m_rows.end(), [this](const Row &row) {
        return row.run < 0 || groupValue(m_runs[size_t(row.run)].id) == m_groups[size_t(row.group)].value;
    });
}

bool CompareModel::isBefore(int a, int b) const
{
    if (m_sortColumn < 0) return a < b;
    const CompareCell &left = m_runs[size_t(a)].cells[size_t(m_sortColumn)];
    const CompareCell &right = m_runs[size_t(b)].cells[size_t(m_sortColumn)];
    const bool isAscending = m_sortOrder == Qt::AscendingOrder;
    const bool isLeftNumber = std::isfinite(left.number), isRightNumber = std::isfinite(right.number);
    if (isLeftNumber != isRightNumber) return isLeftNumber; // what is missing, and words, last
    if (isLeftNumber) {
        if (left.number == right.number) return a < b;
        return isAscending ? left.number < right.number : left.number > right.number;
    }
    if (left.exact.isEmpty() != right.exact.isEmpty()) return !left.exact.isEmpty();
    const int order = compareTexts(left.text, right.text);
    if (order == 0) return a < b;
    return isAscending ? order < 0 : order > 0;
}

bool CompareModel::isGroupBefore(const Group &a, const Group &b) const
{
    const bool isAscending = m_sortOrder == Qt::AscendingOrder;
    const bool isByNumber = m_sortColumn > 0;
    const double left = isByNumber ? a.means[size_t(m_sortColumn)].mean : kNaN;
    const double right = isByNumber ? b.means[size_t(m_sortColumn)].mean : kNaN;
    if (std::isfinite(left) != std::isfinite(right)) return std::isfinite(left);
    if (std::isfinite(left) && left != right) return isAscending ? left < right : left > right;
    if (a.value.isEmpty() != b.value.isEmpty()) return !a.value.isEmpty(); // of those it is not known
    return compareTexts(a.value, b.value) < 0;
}

std::vector<CompareModel::Row> CompareModel::arranged()
{
    const auto byRun = [this](int a, int b) { return isBefore(a, b); };
    makeGroups();
    std::vector<Row> rows;
    if (m_grouping.isEmpty()) {
        std::vector<int> order(m_runs.size());
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), byRun);
        for (const int run : order) rows.push_back({run, -1});
        return rows;
    }
    std::stable_sort(m_groups.begin(), m_groups.end(),
                     [this](const Group &a, const Group &b) { return isGroupBefore(a, b); });
    for (size_t i = 0; i < m_groups.size(); ++i) {
        std::sort(m_groups[i].runs.begin(), m_groups[i].runs.end(), byRun);
        rows.push_back({-1, int(i)});
        for (const int run : m_groups[i].runs) rows.push_back({run, int(i)});
    }
    return rows;
}

int CompareModel::rowOf(const QString &run) const
{
    for (size_t i = 0; i < m_rows.size(); ++i)
        if (m_rows[i].run >= 0 && m_runs[size_t(m_rows[i].run)].id == run) return int(i);
    return -1;
}

QString CompareModel::runAt(int row) const
{
    if (row < 0 || row >= rowCount() || m_rows[size_t(row)].run < 0) return {};
    return m_runs[size_t(m_rows[size_t(row)].run)].id;
}

QVariant CompareModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    if (role == Qt::TextAlignmentRole)
        return int((m_columns[size_t(index.column())].isText() ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    const Row &row = m_rows[size_t(index.row())];
    if (role == compare_role::IsGroup) return row.run < 0;
    return row.run < 0 ? groupData(m_groups[size_t(row.group)], index.column(), role)
                       : runData(m_runs[size_t(row.run)], index.column(), role);
}

QVariant CompareModel::groupData(const Group &group, int column, int role) const
{
    const ValuesColumn &what = m_columns[size_t(column)];
    const auto number = qint64(group.runs.size());
    if (column == 0) {
        const QString value = group.value.isEmpty() ? tr("not known") : group.value;
        const QString text = tr("%1 = %2 · %3")
                                 .arg(ValuesColumn{ValuesColumnKind::Setting, m_grouping}.title(), value,
                                      counted(number, tr("1 run"), tr("%1 runs, mean ± s")));
        if (role == Qt::DisplayRole || role == Qt::ToolTipRole) return text;
        if (role == compare_role::Exact) return QString(m_grouping + u'=' + group.value);
        return {};
    }
    if (what.kind == ValuesColumnKind::Setting) return commonSetting(group, column, role);
    const MeanCell &mean = group.means[size_t(column)];
    const bool hasMean = mean.number > 0 && what.kind != ValuesColumnKind::BestStep;
    if (role == compare_role::Exact) return hasMean ? csvNumber(mean.mean) : QString();
    const QString text = hasMean ? meanText(what, mean) : QString();
    if (role == Qt::DisplayRole) return hasMean && mean.number < number ? tr("%1, n %2").arg(text).arg(mean.number) : text;
    if (role == Qt::ToolTipRole && hasMean)
        return mean.number == 1
                   ? tr("One run of this group has a number.")
                   : tr("Mean ± standard deviation of a sample, of %1 of %2 runs").arg(mean.number).arg(number);
    return {};
}

/// What all of them have; a mean of settings says nothing.
QVariant CompareModel::commonSetting(const Group &group, int column, int role) const
{
    const CompareCell &first = m_runs[size_t(group.runs.front())].cells[size_t(column)];
    const bool isCommon = std::all_of(group.runs.begin(), group.runs.end(), [&](int run) {
        return m_runs[size_t(run)].cells[size_t(column)].exact == first.exact;
    });
    if (role == compare_role::Exact) return isCommon ? first.exact : QString();
    if (role == Qt::ForegroundRole && !isCommon) return toneColor(Tone::Secondary);
    if (role == Qt::DisplayRole) return isCommon ? first.text : tr("varies");
    return {};
}

QVariant CompareModel::runData(const Run &run, int column, int role) const
{
    const CompareCell &cell = run.cells[size_t(column)];
    const bool isBest = std::isfinite(m_best[size_t(column)]) && cell.number == m_best[size_t(column)];
    switch (role) {
    case Qt::DisplayRole:
        return cell.text;
    case Qt::ToolTipRole: {
        QStringList lines;
        if (isBest) lines << tr("Best of the compared runs");
        if (column == 0) lines << cell.text << tr("Id: %1").arg(run.id);
        if (!cell.why.isEmpty()) lines << cell.why;
        return lines.isEmpty() ? QVariant() : QVariant(plainToolTip(lines.join(u'\n')));
    }
    case Qt::AccessibleTextRole: {
        QString text = cell.text;
        if (isBest) text += tr(", best");
        if (!cell.why.isEmpty()) text += u", "_s + cell.why;
        return text;
    }
    case Qt::ForegroundRole:
        return cell.exact.isEmpty() && column > 0 ? QVariant(toneColor(Tone::Secondary)) : QVariant();
    case compare_role::Run:
        return run.id;
    case compare_role::IsBest:
        return isBest;
    case compare_role::Color:
        return column == 0 ? QVariant(Theme::instance().runColor(runColorIndex(run.id))) : QVariant();
    case compare_role::Exact:
        return cell.exact;
    default:
        return {};
    }
}

QVariant CompareModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    const ValuesColumn &column = m_columns[size_t(section)];
    // The arrow of the sorted column is drawn over the end of a text that stands at the right.
    if (role == Qt::DisplayRole)
        return section == m_sortColumn && !column.isText() ? QString(column.title() + u"\u2002\u2002"_s) : column.title();
    if (role == Qt::ToolTipRole) return column.toolTip();
    if (role == Qt::TextAlignmentRole)
        return int((column.isText() ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    return {};
}

} // namespace orrery::ui
