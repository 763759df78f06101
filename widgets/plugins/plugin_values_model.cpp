// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plugins/plugin_values_model.h"

#include "widgets/common/number_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool isOfPart(const std::string &name) { return name.starts_with("part/") || name.starts_with("probe/"); }

/// For programs: all digits, and nothing where it was no number.
QString csvNumber(double value) { return std::isnan(value) ? QString() : QString::number(value, 'g', 9); }

} // namespace

PluginValuesModel::Row PluginValuesModel::rowOf(const SeriesData &series)
{
    Row row{series.name, kNaN, kNaN, kNaN, -1, {}};
    for (const SeriesBucket &bucket : series.buckets) {
        if (bucket.isSuperseded) continue;
        row.least = std::fmin(row.least, bucket.minimum); // NaN gives way to a number
        row.greatest = std::fmax(row.greatest, bucket.maximum);
        row.latest = bucket.last;
        row.step = bucket.lastStep;
        row.trend.push_back(bucket.mean);
    }
    return row;
}

void PluginValuesModel::setSeries(const std::vector<SeriesData> &series)
{
    std::vector<Row> rows;
    for (const SeriesData &one : series)
        if (isOfPart(one.name)) rows.push_back(rowOf(one));
    std::sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.name < b.name; });
    const bool isSame = std::equal(rows.begin(), rows.end(), m_rows.begin(), m_rows.end(),
                                   [](const Row &a, const Row &b) { return a.name == b.name; });
    if (!isSame) beginResetModel();
    m_rows = std::move(rows);
    if (!isSame) return endResetModel();
    if (!m_rows.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, NumColumns - 1));
}

int PluginValuesModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int PluginValuesModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : NumColumns;
}

QString PluginValuesModel::seriesName(int row) const
{
    return fromStd(m_rows[static_cast<size_t>(row)].name);
}

QVariant PluginValuesModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const Row &row = m_rows[static_cast<size_t>(index.row())];
    if (role == TrendRole) return QVariant::fromValue(row.trend);
    if (role == Qt::ToolTipRole && index.column() == NameColumn) return fromStd(row.name);
    if (role == Qt::AccessibleTextRole && index.column() == TrendColumn)
        return tr("%1 values over the steps").arg(integerText(qint64(row.trend.size())));
    if (role == Qt::TextAlignmentRole && index.column() != NameColumn && index.column() != TrendColumn)
        return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
    case NameColumn:
        return fromStd(row.name);
    case LatestColumn:
        return significantText(row.latest);
    case LeastColumn:
        return significantText(row.least);
    case GreatestColumn:
        return significantText(row.greatest);
    case StepColumn:
        return row.step < 0 ? unknownText() : integerText(row.step);
    default:
        return {};
    }
}

QVariant PluginValuesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == NameColumn || section == TrendColumn ? Qt::AlignLeft : Qt::AlignRight) |
                   Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {}; // the whole where a column is narrow
    switch (section) {
    case NameColumn:
        return tr("Value");
    case LatestColumn:
        return tr("Latest");
    case LeastColumn:
        return tr("Least");
    case GreatestColumn:
        return tr("Greatest");
    case StepColumn:
        return tr("Step");
    default:
        return tr("Over the steps");
    }
}

QString PluginValuesModel::table() const
{
    QString text = u"series,step,latest,least,greatest\n"_s;
    for (const Row &row : m_rows)
        text += u"%1,%2,%3,%4,%5\n"_s.arg(fromStd(row.name))
                    .arg(row.step)
                    .arg(csvNumber(row.latest), csvNumber(row.least), csvNumber(row.greatest));
    return text;
}

} // namespace orrery::ui
