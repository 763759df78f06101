// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_list_model.h"

#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/run_text.h"
#include "widgets/runs/alarm_text.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

bool sameNumber(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Whether a row would look the same, and stand at the same place.
bool looksEqual(const RunStatus &a, const RunStatus &b)
{
    return a.state == b.state && a.step == b.step && a.totalSteps == b.totalSteps &&
           sameNumber(a.loss, b.loss) && sameNumber(a.bestValLoss, b.bestValLoss) && a.name == b.name &&
           a.error == b.error && a.lastReportAt == b.lastReportAt && a.directory == b.directory &&
           a.lastCheckpointStep == b.lastCheckpointStep && a.createdAt == b.createdAt &&
           a.labels == b.labels && a.alarms == b.alarms && a.parent == b.parent;
}

QStringList tagList(const RunStatus &status)
{
    QStringList tags;
    for (const std::string &tag : status.labels.tags) tags << fromStd(tag);
    return tags;
}

QString accessibleLine(const RunStatus &status, bool isOverlaid)
{
    QString line = RunListModel::tr("%1, %2, loss %3")
                       .arg(runTitle(status), runStateLine(status, wallNow()),
                            std::isnan(status.loss) ? RunListModel::tr("not known") : lossText(status.loss));
    if (!status.alarms.empty()) {
        QStringList words;
        for (const RunAlarm &alarm : status.alarms) words << alarmWord(alarm.kind);
        line += RunListModel::tr(", %1: %2").arg(numAlarmsText(status.alarms.size()), words.join(u", "_s));
    }
    if (!status.labels.tags.empty()) line += RunListModel::tr(", tags %1").arg(tagList(status).join(u", "_s));
    if (status.labels.isArchived) line += RunListModel::tr(", archived");
    if (isOverlaid) line += RunListModel::tr(", shown beside the selected run");
    return line;
}

QString toolTip(const RunStatus &status)
{
    const double now = wallNow();
    QString text = runTitle(status) + u'\n' + runStateGlyph(status.state) + u' ' + runStateLine(status, now);
    for (const RunAlarm &alarm : status.alarms)
        text += u'\n' + RunListModel::tr("Alarm: %1").arg(alarmLine(alarm, now));
    text += u'\n' +
            RunListModel::tr("Step %1 of %2").arg(integerText(status.step), integerText(status.totalSteps));
    if (std::isfinite(status.bestValLoss))
        text += u'\n' + RunListModel::tr("Best checkpoint %1").arg(lossText(status.bestValLoss));
    if (status.lastReportAt > 0)
        text += u'\n' + RunListModel::tr("Last report %1").arg(relativeTimeText(now - status.lastReportAt));
    if (!status.parent.empty())
        text += u'\n' + RunListModel::tr("Branched from %1 at step %2")
                            .arg(fromStd(status.parent), integerText(status.parentStep));
    if (!status.labels.tags.empty())
        text += u'\n' + RunListModel::tr("Tags: %1").arg(tagList(status).join(u", "_s));
    if (status.labels.isArchived) text += u'\n' + RunListModel::tr("Archived");
    return plainToolTip(text + u'\n' + fromStd(status.directory));
}

} // namespace

int RunListModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant RunListModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const Row &row = m_rows[static_cast<size_t>(index.row())];
    const RunStatus &status = row.status;
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        return runTitle(status);
    case Qt::ToolTipRole:
        return toolTip(status);
    case Qt::AccessibleTextRole:
        return accessibleLine(status, m_overlaid.contains(row.id));
    case IdRole:
        return row.id;
    case StateRole:
        return static_cast<int>(status.state);
    case StateLineRole:
        return runStateLine(status, wallNow());
    case IsStaleRole:
        return isStale(status, wallNow()) || (!m_isConnected && isLiveState(status.state));
    case LossRole:
        return status.loss;
    case ColorIndexRole:
        return runColorIndex(row.id);
    case FilterRole:
        return row.searchText;
    case TagsRole:
        return tagList(status);
    case NumAlarmsRole:
        return static_cast<int>(status.alarms.size());
    case IsArchivedRole:
        return status.labels.isArchived;
    case IsOverlaidRole:
        return m_overlaid.contains(row.id);
    case IsShownRole:
        return row.id == m_shown;
    default:
        return {};
    }
}

RunListModel::Row RunListModel::makeRow(const RunStatus &status)
{
    Row row{status, {}, fromStd(status.id), {}, {}};
    describe(row);
    return row;
}

void RunListModel::describe(Row &row)
{
    RunText searched = searchedText(row.status);
    row.searchText = std::move(searched.text);
    row.tags = std::move(searched.tags);
}

bool RunListModel::replaceStatus(size_t row, const RunStatus &status)
{
    const bool isSame = looksEqual(m_rows[row].status, status);
    m_rows[row].status = status;
    if (isSame) return false;
    describe(m_rows[row]);
    const QModelIndex changed = index(static_cast<int>(row));
    Q_EMIT dataChanged(changed, changed);
    return true;
}

void RunListModel::insertBlock(size_t at, const std::vector<const RunStatus *> &block)
{
    if (block.empty()) return;
    beginInsertRows({}, static_cast<int>(at), static_cast<int>(at + block.size()) - 1);
    std::vector<Row> rows;
    rows.reserve(block.size());
    for (const RunStatus *status : block) rows.push_back(makeRow(*status));
    m_rows.insert(m_rows.begin() + static_cast<std::ptrdiff_t>(at), std::make_move_iterator(rows.begin()),
                  std::make_move_iterator(rows.end()));
    m_isRowOfKnown = false;
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
        m_isRowOfKnown = false;
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
            m_isRowOfKnown = false;
            endMoveRows();
        }
        replaceStatus(at, *wanted[at]);
        ++at;
    }
    Q_EMIT settled();
}

void RunListModel::updateRun(const RunStatus &status)
{
    const int row = rowOf(fromStd(status.id));
    if (row >= 0 && replaceStatus(static_cast<size_t>(row), status)) Q_EMIT settled();
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
        Q_EMIT dataChanged(changed, changed, {StateLineRole, IsStaleRole});
    }
}

void RunListModel::setConnected(bool isConnected)
{
    if (isConnected == m_isConnected) return;
    m_isConnected = isConnected;
    if (!m_rows.empty()) Q_EMIT dataChanged(index(0), index(rowCount() - 1), {IsStaleRole});
}

void RunListModel::tellChanged(const QString &run, int role)
{
    const int row = rowOf(run);
    if (row >= 0) Q_EMIT dataChanged(index(row), index(row), {role, Qt::AccessibleTextRole});
}

void RunListModel::setOverlaid(const QStringList &runs)
{
    const QSet<QString> before = std::exchange(m_overlaid, QSet<QString>(runs.begin(), runs.end()));
    for (const QString &run : (before | m_overlaid) - (before & m_overlaid)) tellChanged(run, IsOverlaidRole);
}

void RunListModel::setShownRun(const QString &run)
{
    if (run == m_shown) return;
    const QString before = std::exchange(m_shown, run);
    tellChanged(before, IsShownRole);
    tellChanged(m_shown, IsShownRole);
}

int RunListModel::rowOf(const QString &run) const
{
    if (!m_isRowOfKnown) {
        m_rowOf.clear();
        m_rowOf.reserve(static_cast<qsizetype>(m_rows.size()));
        for (size_t row = 0; row < m_rows.size(); ++row)
            m_rowOf.insert(m_rows[row].id, static_cast<int>(row));
        m_isRowOfKnown = true;
    }
    return m_rowOf.value(run, -1);
}

std::vector<ArrangedRun> RunListModel::arranged() const
{
    std::vector<ArrangedRun> runs;
    runs.reserve(m_rows.size());
    for (const Row &row : m_rows) runs.push_back({&row.status, &row.id, &row.searchText, &row.tags});
    return runs;
}

QStringList RunListModel::tagsInUse() const
{
    QSet<QString> seen;
    for (const Row &row : m_rows)
        for (const std::string &tag : row.status.labels.tags) seen.insert(fromStd(tag));
    QStringList tags(seen.begin(), seen.end());
    std::sort(tags.begin(), tags.end(),
              [](const QString &a, const QString &b) { return compareNatural(a, b) < 0; });
    return tags;
}

int RunListModel::numArchived() const
{
    return static_cast<int>(std::count_if(m_rows.begin(), m_rows.end(),
                                          [](const Row &row) { return row.status.labels.isArchived; }));
}

} // namespace orrery::ui
