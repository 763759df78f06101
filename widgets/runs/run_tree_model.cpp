// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_tree_model.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/runs/run_list_model.h"

#include <QSet>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// More row changes than this cost the view more than finding its place again.
constexpr size_t kMostSteps = 24;

} // namespace

RunTreeModel::RunTreeModel(RunListModel &runs, QObject *parent) : QAbstractItemModel(parent), m_runs(runs)
{
    become(wanted());
    connect(&m_runs, &RunListModel::settled, this, &RunTreeModel::rearrange);
    connect(&m_runs, &QAbstractItemModel::dataChanged, this, &RunTreeModel::tellChanged);
}

int RunTreeModel::groupRow(quintptr serial) const
{
    const auto found = std::find_if(m_groups.begin(), m_groups.end(),
                                    [serial](const Group &group) { return group.serial == serial; });
    return found == m_groups.end() ? -1 : static_cast<int>(found - m_groups.begin());
}

QModelIndex RunTreeModel::parentOf(size_t group) const
{
    return hasHeads() ? createIndex(static_cast<int>(group), 0, quintptr{0}) : QModelIndex();
}

// Heads have the internal id 0, runs that of their group. Without heads, the only group stands for the root.
QModelIndex RunTreeModel::index(int row, int column, const QModelIndex &parent) const
{
    if (column != 0 || row < 0 || row >= rowCount(parent)) return {};
    if (!hasHeads()) return createIndex(row, 0, m_groups.front().serial);
    if (!parent.isValid()) return createIndex(row, 0, quintptr{0});
    return createIndex(row, 0, m_groups[static_cast<size_t>(parent.row())].serial);
}

QModelIndex RunTreeModel::parent(const QModelIndex &index) const
{
    if (!index.isValid() || !hasHeads() || index.internalId() == 0) return {};
    const int row = groupRow(index.internalId());
    return row < 0 ? QModelIndex() : createIndex(row, 0, quintptr{0});
}

int RunTreeModel::rowCount(const QModelIndex &parent) const
{
    if (!hasHeads())
        return parent.isValid() || m_groups.empty() ? 0 : static_cast<int>(m_groups.front().runs.size());
    if (!parent.isValid()) return static_cast<int>(m_groups.size());
    if (parent.internalId() != 0 || parent.column() != 0 || parent.row() >= static_cast<int>(m_groups.size()))
        return 0;
    return static_cast<int>(m_groups[static_cast<size_t>(parent.row())].runs.size());
}

int RunTreeModel::columnCount(const QModelIndex &) const { return 1; }

QString RunTreeModel::runOf(const QModelIndex &index) const
{
    if (!index.isValid() || index.internalId() == 0) return {};
    const int group = groupRow(index.internalId());
    if (group < 0) return {};
    const std::vector<QString> &runs = m_groups[static_cast<size_t>(group)].runs;
    return index.row() < static_cast<int>(runs.size()) ? runs[static_cast<size_t>(index.row())] : QString();
}

QVariant RunTreeModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid()) return {};
    if (index.internalId() != 0) {
        if (role == IsGroupRole) return false;
        const int row = m_runs.rowOf(runOf(index));
        return row < 0 ? QVariant() : m_runs.data(m_runs.index(row), role);
    }
    const Group &group = m_groups[static_cast<size_t>(index.row())];
    const auto numRuns = static_cast<qint64>(group.runs.size());
    switch (role) {
    case Qt::DisplayRole:
        return group.title;
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole: {
        const QString text = tr("%1, %2").arg(group.title, counted(numRuns, tr("1 run"), tr("%1 runs")));
        return role == Qt::ToolTipRole ? plainToolTip(text) : text;
    }
    case IsGroupRole:
        return true;
    case GroupKeyRole:
        return group.key;
    case NumRunsRole:
        return numRuns;
    default:
        return {};
    }
}

Qt::ItemFlags RunTreeModel::flags(const QModelIndex &index) const
{
    if (!index.isValid()) return Qt::NoItemFlags;
    if (index.internalId() == 0) return Qt::ItemIsEnabled; // a head is opened and closed, not selected
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsEditable | Qt::ItemNeverHasChildren;
}

QModelIndex RunTreeModel::indexOf(const QString &run, const QModelIndex &near) const
{
    if (run.isEmpty()) return {};
    if (near.isValid() && runOf(near) == run) return near;
    const auto within = [&](const Group &group) -> QModelIndex {
        const auto found = std::find(group.runs.begin(), group.runs.end(), run);
        return found == group.runs.end()
                   ? QModelIndex()
                   : createIndex(static_cast<int>(found - group.runs.begin()), 0, group.serial);
    };
    for (const Group &group : m_groups)
        if (near.isValid() && near.internalId() == group.serial)
            if (const QModelIndex index = within(group); index.isValid()) return index;
    for (const Group &group : m_groups)
        if (const QModelIndex index = within(group); index.isValid()) return index;
    return {};
}

QStringList RunTreeModel::shownRuns() const
{
    QStringList runs;
    QSet<QString> seen;
    for (const Group &group : m_groups)
        for (const QString &run : group.runs) {
            if (seen.contains(run)) continue;
            seen.insert(run);
            runs << run;
        }
    return runs;
}

int RunTreeModel::numShown() const { return static_cast<int>(shownRuns().size()); }

void RunTreeModel::setQuery(const QString &text)
{
    m_query = RunQuery::parse(text);
    rearrange();
}

void RunTreeModel::setGrouping(RunGrouping grouping)
{
    if (grouping == m_grouping) return;
    beginResetModel();
    m_grouping = grouping;
    become(wanted());
    endResetModel();
}

void RunTreeModel::setOrder(RunOrder order)
{
    if (order == m_order) return;
    m_order = order;
    rearrange();
}

std::vector<ArrangedGroup> RunTreeModel::wanted() const
{
    return arrangeRuns(m_runs.arranged(), {m_query, m_grouping, m_order, wallNow(), m_specs});
}

void RunTreeModel::rearrange()
{
    std::vector<ArrangedGroup> groups = wanted();
    const size_t changes = numChanges(groups);
    if (changes == 0) return;
    if (changes <= kMostSteps) return step(std::move(groups));
    beginResetModel();
    become(std::move(groups));
    endResetModel();
}

void RunTreeModel::become(std::vector<ArrangedGroup> groups)
{
    std::vector<Group> made;
    made.reserve(groups.size());
    for (ArrangedGroup &group : groups)
        made.push_back({++m_lastSerial, group.key, group.title, std::move(group.runs)});
    m_groups = std::move(made);
    m_arePlacesKnown = false;
}

/// About how many signals it takes to get there; blocks of rows count as one.
size_t RunTreeModel::numChanges(const std::vector<ArrangedGroup> &groups) const
{
    if (m_groups.size() == 1 && m_groups.front().runs.empty() && !hasHeads())
        return groups.front().runs.empty() ? 0 : 1;
    QHash<QString, const Group *> known;
    for (const Group &group : m_groups) known.insert(group.key, &group);
    size_t changes = 0;
    for (size_t i = 0; i < groups.size(); ++i) {
        const Group *before = known.take(groups[i].key);
        if (!before) {
            changes += 1;
            continue;
        }
        if (before->title != groups[i].title) changes += 1;
        if (i >= m_groups.size() || m_groups[i].key != groups[i].key) changes += 1;
        if (before->runs == groups[i].runs) continue;
        const QSet<QString> now(groups[i].runs.begin(), groups[i].runs.end()),
            then(before->runs.begin(), before->runs.end());
        std::vector<QString> keptNow, keptThen;
        bool isInBlock = false;
        for (const QString &run : groups[i].runs) {
            const bool isKept = then.contains(run);
            if (isKept)
                keptNow.push_back(run);
            else if (!isInBlock)
                changes += 1;
            isInBlock = !isKept;
        }
        isInBlock = false;
        for (const QString &run : before->runs) {
            const bool isKept = now.contains(run);
            if (isKept)
                keptThen.push_back(run);
            else if (!isInBlock)
                changes += 1;
            isInBlock = !isKept;
        }
        for (size_t row = 0; row < keptNow.size(); ++row) changes += keptNow[row] != keptThen[row];
    }
    return changes + static_cast<size_t>(known.size());
}

void RunTreeModel::step(std::vector<ArrangedGroup> groups)
{
    m_arePlacesKnown = false; // also where no group stays, and none is stepped through
    if (hasHeads()) {
        QSet<QString> keys;
        for (const ArrangedGroup &group : groups) keys.insert(group.key);
        for (size_t i = m_groups.size(); i-- > 0;) {
            if (keys.contains(m_groups[i].key)) continue;
            beginRemoveRows({}, static_cast<int>(i), static_cast<int>(i));
            m_groups.erase(m_groups.begin() + static_cast<std::ptrdiff_t>(i));
            endRemoveRows();
        }
        for (size_t at = 0; at < groups.size(); ++at) {
            const auto found = std::find_if(m_groups.begin(), m_groups.end(),
                                            [&](const Group &group) { return group.key == groups[at].key; });
            const auto from = static_cast<size_t>(found - m_groups.begin());
            if (found == m_groups.end()) {
                beginInsertRows({}, static_cast<int>(at), static_cast<int>(at));
                m_groups.insert(
                    m_groups.begin() + static_cast<std::ptrdiff_t>(at),
                    Group{++m_lastSerial, groups[at].key, groups[at].title, std::move(groups[at].runs)});
                endInsertRows();
                continue;
            }
            if (from != at) {
                beginMoveRows({}, static_cast<int>(from), static_cast<int>(from), {}, static_cast<int>(at));
                std::rotate(m_groups.begin() + static_cast<std::ptrdiff_t>(at), found, found + 1);
                endMoveRows();
            }
            const bool isSame =
                m_groups[at].title == groups[at].title && m_groups[at].runs.size() == groups[at].runs.size();
            m_groups[at].title = groups[at].title;
            stepRuns(at, groups[at].runs);
            if (!isSame) Q_EMIT dataChanged(parentOf(at), parentOf(at));
        }
    } else {
        stepRuns(0, groups.front().runs);
    }
}

void RunTreeModel::stepRuns(size_t group, const std::vector<QString> &wanted)
{
    std::vector<QString> &runs = m_groups[group].runs;
    m_arePlacesKnown = false;
    if (runs == wanted) return;
    const QModelIndex parent = parentOf(group);
    const QSet<QString> kept(wanted.begin(), wanted.end());
    for (size_t end = runs.size(); end > 0;) {
        if (kept.contains(runs[end - 1])) {
            --end;
            continue;
        }
        size_t begin = end - 1;
        while (begin > 0 && !kept.contains(runs[begin - 1])) --begin;
        beginRemoveRows(parent, static_cast<int>(begin), static_cast<int>(end) - 1);
        runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(begin),
                   runs.begin() + static_cast<std::ptrdiff_t>(end));
        endRemoveRows();
        end = begin;
    }
    const QSet<QString> known(runs.begin(), runs.end());
    for (size_t at = 0; at < wanted.size();) {
        size_t end = at;
        while (end < wanted.size() && !known.contains(wanted[end])) ++end;
        if (end > at) {
            beginInsertRows(parent, static_cast<int>(at), static_cast<int>(end) - 1);
            runs.insert(runs.begin() + static_cast<std::ptrdiff_t>(at),
                        wanted.begin() + static_cast<std::ptrdiff_t>(at),
                        wanted.begin() + static_cast<std::ptrdiff_t>(end));
            endInsertRows();
            at = end;
            continue;
        }
        if (runs[at] != wanted[at]) {
            const auto from =
                std::find(runs.begin() + static_cast<std::ptrdiff_t>(at), runs.end(), wanted[at]);
            const int row = static_cast<int>(from - runs.begin());
            beginMoveRows(parent, row, row, parent, static_cast<int>(at));
            std::rotate(runs.begin() + static_cast<std::ptrdiff_t>(at), from, from + 1);
            endMoveRows();
        }
        ++at;
    }
}

void RunTreeModel::tellChanged(const QModelIndex &first, const QModelIndex &last, const QList<int> &roles)
{
    for (int row = first.row(); row <= last.row(); ++row) {
        const QString run = m_runs.index(row).data(RunListModel::IdRole).toString();
        const auto [begin, end] = places().equal_range(run);
        for (auto place = begin; place != end; ++place) {
            const QModelIndex index = createIndex(place->second, 0, place->first);
            Q_EMIT dataChanged(index, index, roles);
        }
    }
}

const QMultiHash<QString, std::pair<quintptr, int>> &RunTreeModel::places() const
{
    if (m_arePlacesKnown) return m_places;
    m_places.clear();
    for (const Group &group : m_groups)
        for (size_t row = 0; row < group.runs.size(); ++row)
            m_places.insert(group.runs[row], {group.serial, static_cast<int>(row)});
    m_arePlacesKnown = true;
    return m_places;
}

} // namespace orrery::ui
