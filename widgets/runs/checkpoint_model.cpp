// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/checkpoint_model.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"

#include <QStringList>

#include <algorithm>

namespace orrery::ui {
namespace {

QString noteText(const CheckpointInfo &checkpoint)
{
    QStringList parts;
    if (checkpoint.isBest) parts << CheckpointModel::tr("best");
    parts << (checkpoint.isVerified ? CheckpointModel::tr("verified") : CheckpointModel::tr("not verified"));
    return parts.join(QStringLiteral(" · "));
}

} // namespace

int CheckpointModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int CheckpointModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : kNumColumns;
}

QVariant CheckpointModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const CheckpointInfo &checkpoint = this->checkpoint(index.row());
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case StepColumn:
            return integerText(checkpoint.step);
        case LossColumn:
            return lossText(checkpoint.valLoss);
        case SizeColumn:
            return bytesText(checkpoint.numBytes);
        case TimeColumn:
            return clockTimeText(checkpoint.wallTime);
        case NoteColumn:
            return noteText(checkpoint);
        default:
            return {};
        }
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::Alignment(
            Qt::AlignVCenter | (index.column() == NoteColumn ? Qt::AlignLeft : Qt::AlignRight)));
    case Qt::ForegroundRole:
        if (index.column() == NoteColumn)
            return toneColor(!checkpoint.isVerified ? Tone::Warning
                             : checkpoint.isBest    ? Tone::Good
                                                    : Tone::Secondary);
        return toneColor(index.column() <= LossColumn ? Tone::Text : Tone::Secondary);
    case Qt::ToolTipRole:
        return tr("%1, saved %2\n%3")
            .arg(bytesText(checkpoint.numBytes), clockTimeText(checkpoint.wallTime),
                 fromStd(checkpoint.directory));
    case StepRole:
        return static_cast<qlonglong>(checkpoint.step);
    case DirectoryRole:
        return fromStd(checkpoint.directory);
    default:
        return {};
    }
}

QVariant CheckpointModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment(Qt::AlignVCenter | (section == NoteColumn ? Qt::AlignLeft : Qt::AlignRight)));
    if (role == Qt::ToolTipRole && section == LossColumn) return tr("Validation loss in nats per token");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case StepColumn:
        return tr("Step");
    case LossColumn:
        return tr("Val. loss");
    case SizeColumn:
        return tr("Size");
    case TimeColumn:
        return tr("Saved");
    case NoteColumn:
        return tr("State");
    default:
        return {};
    }
}

void CheckpointModel::setCheckpoints(std::vector<CheckpointInfo> checkpoints)
{
    std::sort(checkpoints.begin(), checkpoints.end(),
              [](const CheckpointInfo &a, const CheckpointInfo &b) { return a.step > b.step; });
    checkpoints.erase(
        std::unique(checkpoints.begin(), checkpoints.end(),
                    [](const CheckpointInfo &a, const CheckpointInfo &b) { return a.step == b.step; }),
        checkpoints.end());
    for (size_t row = m_rows.size(); row-- > 0;) {
        const bool isKept =
            std::any_of(checkpoints.begin(), checkpoints.end(),
                        [&](const CheckpointInfo &next) { return next.step == m_rows[row].step; });
        if (isKept) continue;
        beginRemoveRows({}, static_cast<int>(row), static_cast<int>(row));
        m_rows.erase(m_rows.begin() + static_cast<std::ptrdiff_t>(row));
        endRemoveRows();
    }
    for (size_t row = 0; row < checkpoints.size(); ++row) {
        const int at = static_cast<int>(row);
        if (row >= m_rows.size() || m_rows[row].step != checkpoints[row].step) {
            beginInsertRows({}, at, at);
            m_rows.insert(m_rows.begin() + at, checkpoints[row]);
            endInsertRows();
        } else {
            m_rows[row] = checkpoints[row];
            Q_EMIT dataChanged(index(at, 0), index(at, kNumColumns - 1));
        }
    }
}

} // namespace orrery::ui
