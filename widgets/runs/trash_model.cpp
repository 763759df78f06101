// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/trash_model.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"

#include <algorithm>

namespace orrery::ui {

QString deletedTitle(const DeletedRun &run) { return fromStd(run.name.empty() ? run.id : run.name); }

int TrashModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_runs.size());
}

int TrashModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : kNumColumns; }

QVariant TrashModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const DeletedRun &run = m_runs[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case NameColumn:
            return deletedTitle(run);
        case SizeColumn:
            return bytesText(run.numBytes);
        case DeletedColumn:
            return relativeTimeText(std::max(0.0, wallNow() - run.deletedAt));
        case PlaceColumn:
            return fromStd(run.origin);
        default:
            return {};
        }
    case SortRole:
        switch (index.column()) {
        case SizeColumn:
            return QVariant::fromValue<quint64>(run.numBytes);
        case DeletedColumn:
            return -run.deletedAt; // as the text: the shortest time ago first
        default:
            return data(index, Qt::DisplayRole).toString().toCaseFolded();
        }
    case EntryRole:
        return fromStd(run.entry);
    case Qt::ToolTipRole:
        return tr("%1 (%2)\nwas in %3\ndeleted %4")
            .arg(deletedTitle(run), fromStd(run.id), fromStd(run.origin), clockTimeText(run.deletedAt));
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(
            Qt::Alignment(Qt::AlignVCenter | (index.column() == SizeColumn ? Qt::AlignRight : Qt::AlignLeft)));
    case Qt::ForegroundRole:
        return toneColor(index.column() == NameColumn || index.column() == SizeColumn ? Tone::Text : Tone::Secondary);
    default:
        return {};
    }
}

QVariant TrashModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment(Qt::AlignVCenter | (section == SizeColumn ? Qt::AlignRight : Qt::AlignLeft)));
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case NameColumn:
        return tr("Run");
    case SizeColumn:
        return tr("Size");
    case DeletedColumn:
        return tr("Deleted");
    case PlaceColumn:
        return tr("Was in");
    default:
        return {};
    }
}

void TrashModel::setRuns(std::vector<DeletedRun> runs)
{
    beginResetModel();
    m_runs = std::move(runs);
    endResetModel();
}

void TrashModel::removeRun(const std::string &entry)
{
    const auto found =
        std::find_if(m_runs.begin(), m_runs.end(), [&entry](const DeletedRun &run) { return run.entry == entry; });
    if (found == m_runs.end()) return;
    const int row = static_cast<int>(found - m_runs.begin());
    beginRemoveRows({}, row, row);
    m_runs.erase(found);
    endRemoveRows();
}

} // namespace orrery::ui
