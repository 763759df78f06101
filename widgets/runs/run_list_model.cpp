// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_list_model.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace orrery::ui {
namespace {

bool sameNumber(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Whether a row would look the same.
bool looksEqual(const RunStatus &a, const RunStatus &b)
{
    return a.state == b.state && a.step == b.step && a.totalSteps == b.totalSteps &&
           sameNumber(a.loss, b.loss) && a.name == b.name && a.error == b.error &&
           a.lastReportAt == b.lastReportAt && a.directory == b.directory &&
           a.lastCheckpointStep == b.lastCheckpointStep && a.createdAt == b.createdAt;
}

QString accessibleLine(const RunStatus &status)
{
    return RunListModel::tr("%1, %2, loss %3")
        .arg(runTitle(status), runStateLine(status, wallNow()),
             std::isnan(status.loss) ? RunListModel::tr("not known") : lossText(status.loss));
}

QString toolTip(const RunStatus &status)
{
    QString text =
        runTitle(status) + u'\n' + runStateGlyph(status.state) + u' ' + runStateLine(status, wallNow());
    text += u'\n' +
            RunListModel::tr("Step %1 of %2").arg(integerText(status.step), integerText(status.totalSteps));
    if (status.lastReportAt > 0)
        text +=
            u'\n' + RunListModel::tr("Last report %1").arg(relativeTimeText(wallNow() - status.lastReportAt));
    return text + u'\n' + fromStd(status.directory);
}

} // namespace

int RunListModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant RunListModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const RunStatus &status = this->status(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return runTitle(status);
    case Qt::ToolTipRole:
        return toolTip(status);
    case Qt::AccessibleTextRole:
        return accessibleLine(status);
    case IdRole:
        return fromStd(status.id);
    case StateRole:
        return static_cast<int>(status.state);
    case StateLineRole:
        return runStateLine(status, wallNow());
    case IsStaleRole:
        return isStale(status, wallNow()) || (!m_isConnected && isLiveState(status.state));
    case LossRole:
        return status.loss;
    case ColorIndexRole:
        return runColorIndex(fromStd(status.id));
    case FilterRole:
        return QString(runTitle(status) + u' ' + fromStd(status.id) + u' ' + runStateLine(status, wallNow()));
    default:
        return {};
    }
}

void RunListModel::replaceStatus(size_t row, const RunStatus &status)
{
    if (looksEqual(m_rows[row].status, status)) {
        m_rows[row].status = status;
        return;
    }
    m_rows[row].status = status;
    const QModelIndex changed = index(static_cast<int>(row));
    Q_EMIT dataChanged(changed, changed);
}

void RunListModel::insertBlock(size_t at, const std::vector<const RunStatus *> &block)
{
    if (block.empty()) return;
    beginInsertRows({}, static_cast<int>(at), static_cast<int>(at + block.size()) - 1);
    std::vector<Row> rows;
    rows.reserve(block.size());
    for (const RunStatus *status : block) rows.push_back({*status, {}});
    m_rows.insert(m_rows.begin() + static_cast<std::ptrdiff_t>(at), std::make_move_iterator(rows.begin()),
                  std::make_move_iterator(rows.end()));
    endInsertRows();
}

void RunListModel::setRuns(const std::vector<RunStatus> &runs)
{
    std::vector<const RunStatus *> wanted;
    std::unordered_set<std::string> wantedIds;
    for (const RunStatus &run : runs)
        if (wantedIds.insert(run.id).second) wanted.push_back(&run);
    std::stable_sort(wanted.begin(), wanted.end(), [](const RunStatus *a, const RunStatus *b) {
        return a->createdAt != b->createdAt ? a->createdAt > b->createdAt : a->id < b->id;
    });

    for (size_t row = m_rows.size(); row-- > 0;) {
        if (wantedIds.contains(m_rows[row].status.id)) continue;
        beginRemoveRows({}, static_cast<int>(row), static_cast<int>(row));
        m_rows.erase(m_rows.begin() + static_cast<std::ptrdiff_t>(row));
        endRemoveRows();
    }
    std::unordered_set<std::string> listed;
    for (const Row &row : m_rows) listed.insert(row.status.id);

    for (size_t at = 0; at < wanted.size();) {
        std::vector<const RunStatus *> block; // new runs that follow each other go in together
        while (at + block.size() < wanted.size() && !listed.contains(wanted[at + block.size()]->id))
            block.push_back(wanted[at + block.size()]);
        insertBlock(at, block);
        at += block.size();
        if (at >= wanted.size()) break;
        if (m_rows[at].status.id != wanted[at]->id) {
            const int from = rowOf(fromStd(wanted[at]->id));
            beginMoveRows({}, from, from, {}, static_cast<int>(at));
            std::rotate(m_rows.begin() + static_cast<std::ptrdiff_t>(at), m_rows.begin() + from,
                        m_rows.begin() + from + 1);
            endMoveRows();
        }
        replaceStatus(at, *wanted[at]);
        ++at;
    }
}

void RunListModel::updateRun(const RunStatus &status)
{
    const int row = rowOf(fromStd(status.id));
    if (row >= 0) replaceStatus(static_cast<size_t>(row), status);
}

void RunListModel::setSparkline(const QString &run, std::vector<double> values)
{
    const int row = rowOf(run);
    if (row < 0) return;
    m_rows[static_cast<size_t>(row)].sparkline = std::move(values);
    Q_EMIT dataChanged(index(row), index(row), {Qt::DecorationRole});
}

void RunListModel::refreshTimes()
{
    for (size_t row = 0; row < m_rows.size(); ++row) {
        if (!isStale(m_rows[row].status, wallNow())) continue;
        const QModelIndex changed = index(static_cast<int>(row));
        Q_EMIT dataChanged(changed, changed, {StateLineRole, IsStaleRole, FilterRole});
    }
}

void RunListModel::setConnected(bool isConnected)
{
    if (isConnected == m_isConnected) return;
    m_isConnected = isConnected;
    if (!m_rows.empty()) Q_EMIT dataChanged(index(0), index(rowCount() - 1), {IsStaleRole});
}

int RunListModel::rowOf(const QString &run) const
{
    const std::string id = toStd(run);
    const auto found =
        std::find_if(m_rows.begin(), m_rows.end(), [&](const Row &row) { return row.status.id == id; });
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

} // namespace orrery::ui
