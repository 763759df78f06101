// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/spec_model.h"

#include "core/spec/field_table.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"

namespace orrery::ui {

int SpecModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

int SpecModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : kNumColumns; }

QVariant SpecModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const SpecEntry &entry = m_entries[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        return index.column() == NameColumn ? entry.label : entry.value;
    case Qt::ForegroundRole:
        return toneColor(index.column() == NameColumn ? Tone::Secondary : Tone::Text);
    case Qt::ToolTipRole: {
        const Field *field = findField(toStd(entry.key));
        const QString value = entry.value.size() > 24 ? entry.value + u'\n' : QString();
        return QString(value + (field ? fieldToolTip(*field) : entry.key));
    }
    case KeyRole:
        return entry.key;
    case FilterRole:
        return QString(entry.key + u' ' + entry.label + u' ' + entry.group + u' ' + entry.value);
    default:
        return {};
    }
}

QVariant SpecModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    return section == NameColumn ? tr("Setting") : tr("Value");
}

void SpecModel::setEntries(const QList<SpecEntry> &entries)
{
    if (!m_entries.isEmpty()) {
        beginRemoveRows({}, 0, rowCount() - 1);
        m_entries.clear();
        endRemoveRows();
    }
    if (entries.isEmpty()) return;
    beginInsertRows({}, 0, static_cast<int>(entries.size()) - 1);
    m_entries = entries;
    endInsertRows();
}

} // namespace orrery::ui
