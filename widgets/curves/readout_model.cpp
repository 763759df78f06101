// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/readout_model.h"

#include "widgets/common/glossary.h"
#include "widgets/theme/theme.h"

#include <algorithm>

namespace orrery::ui {

void ReadoutModel::setReading(Reading reading)
{
    if (reading == m_reading) return;
    const int before = int(m_reading.rows.size()), after = int(reading.rows.size());
    const bool hasSameShape =
        std::equal(m_reading.rows.begin(), m_reading.rows.end(), reading.rows.begin(), reading.rows.end(),
                   [](const ReadingRow &a, const ReadingRow &b) {
                       return a.kind == b.kind && (a.kind != ReadingKind::Mark || a.label == b.label);
                   });
    m_reading.title = std::move(reading.title);
    m_reading.foot = std::move(reading.foot);
    const int kept = std::min(before, after);
    std::copy_n(reading.rows.begin(), kept, m_reading.rows.begin());
    if (kept > 0) Q_EMIT dataChanged(index(0, 0), index(kept - 1, 1));
    if (after > before) {
        beginInsertRows({}, before, after - 1);
        m_reading.rows.insert(m_reading.rows.end(), reading.rows.begin() + before, reading.rows.end());
        endInsertRows();
    } else if (after < before) {
        beginRemoveRows({}, after, before - 1);
        m_reading.rows.resize(size_t(after));
        endRemoveRows();
    }
    if (!hasSameShape) Q_EMIT shapeChanged();
}

int ReadoutModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_reading.rows.size());
}

int ReadoutModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : 2; }

QVariant ReadoutModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const ReadingRow &row = m_reading.rows[size_t(index.row())];
    const ThemeTokens &tokens = Theme::instance().tokens();
    const bool isLabel = index.column() == 0;
    switch (role) {
    case Qt::DisplayRole:
        return isLabel ? row.label : row.value;
    case Qt::TextAlignmentRole:
        return int((isLabel ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case Qt::ForegroundRole:
        return row.kind == ReadingKind::Detail || (isLabel && row.kind == ReadingKind::Mark)
                   ? tokens.secondary
                   : tokens.text;
    case Qt::FontRole:
        return row.kind == ReadingKind::Head || row.kind == ReadingKind::Run ? Theme::instance().baseFont()
                                                                              : Theme::instance().smallFont();
    case KindRole:
        return int(row.kind);
    case ColorRole:
        return row.color;
    case Qt::ToolTipRole:
        return glossaryHover(row.series);
    default:
        return {};
    }
}

Qt::ItemFlags ReadoutModel::flags(const QModelIndex &index) const
{
    return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren
                           : Qt::NoItemFlags;
}

} // namespace orrery::ui
