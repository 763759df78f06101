// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/difference_model.h"

#include "widgets/common/field_editor.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/compare_role.h"
#include "widgets/theme/theme.h"

#include <QPainter>
#include <QPixmap>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// The run's colour before its name: as a text's colour it would not stand out enough.
QPixmap swatch(const QColor &color)
{
    constexpr int kRoom = 16, kSide = 9, kScale = 2; // a header draws in the size of a small icon
    QPixmap image(kRoom * kScale, kRoom * kScale);
    image.setDevicePixelRatio(kScale);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawRoundedRect(QRectF(1, (kRoom - kSide) / 2.0, kSide, kSide), 2, 2);
    return image;
}

} // namespace

int DifferenceModel::rowCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : int(m_shown.size()); }

int DifferenceModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_runs.size()) + 1;
}

void DifferenceModel::setRuns(std::vector<ComparedRun> runs)
{
    beginResetModel();
    m_runs = std::move(runs);
    m_rows = settingsDifference(m_runs);
    arrange();
    endResetModel();
}

void DifferenceModel::setShowsAll(bool showsAll)
{
    if (showsAll == m_showsAll) return;
    beginResetModel();
    m_showsAll = showsAll;
    arrange();
    endResetModel();
}

void DifferenceModel::setFilter(const QString &text)
{
    if (text == m_filter) return;
    beginResetModel();
    m_filter = text;
    arrange();
    endResetModel();
}

int DifferenceModel::numDifferent() const
{
    return int(std::count_if(m_rows.begin(), m_rows.end(), [](const DifferenceRow &row) { return row.isDifferent; }));
}

void DifferenceModel::arrange()
{
    m_shown.clear();
    QString group;
    for (size_t i = 0; i < m_rows.size(); ++i) {
        const DifferenceRow &row = m_rows[i];
        if (!m_showsAll && !row.isDifferent) continue;
        if (!m_filter.isEmpty() &&
            !QString(row.key + u' ' + row.label + u' ' + row.group).contains(m_filter, Qt::CaseInsensitive))
            continue;
        if (m_shown.empty() || row.group != group) m_shown.push_back({-1, row.group});
        group = row.group;
        m_shown.push_back({int(i), {}});
    }
}

QVariant DifferenceModel::cellData(const DifferenceRow &row, size_t run, int role) const
{
    const DifferenceCell &cell = row.cells[run];
    const RunSettings *settings = m_runs[run].settings.get();
    QString why;
    if (!settings)
        why = tr("Not read.");
    else if (!settings->importedFrom.isEmpty())
        why = tr("Imported from another program's log: its settings are not known.");
    else if (!cell.isKnown)
        why = tr("The run has no such setting.");
    else if (!cell.isStated)
        why = tr("Not stated in its spec.json, which an older version wrote: the default then.");
    else if (cell.isDefault)
        why = tr("The default of its preset.");
    switch (role) {
    case Qt::DisplayRole:
        if (!cell.isKnown) return unknownText();
        return cell.isStated ? (cell.isDefault ? tr("%1  (default)").arg(cell.shown) : cell.shown)
                             : tr("%1  (default then)").arg(cell.shown);
    case Qt::ToolTipRole: {
        QString text = cell.isKnown ? cell.shown : QString();
        if (!why.isEmpty()) text += (text.isEmpty() ? QString() : u"\n"_s) + why;
        return plainToolTip(text);
    }
    case Qt::AccessibleTextRole:
        return cell.isKnown ? QString(cell.shown + (why.isEmpty() ? QString() : u", "_s + why)) : why;
    case Qt::ForegroundRole: {
        if (!cell.isKnown) return toneColor(Tone::Secondary);
        // Against the first run, which the others are read beside.
        const bool isOther = run > 0 && (!row.cells.front().isKnown || row.cells.front().text != cell.text);
        return toneColor(isOther ? Tone::Accent : cell.isDefault || !cell.isStated ? Tone::Secondary : Tone::Text);
    }
    case compare_role::Exact:
        return cell.text;
    default:
        return {};
    }
}

QVariant DifferenceModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const Shown &shown = m_shown[size_t(index.row())];
    if (role == compare_role::IsGroup) return shown.row < 0;
    if (role == Qt::TextAlignmentRole) return int(Qt::AlignLeft | Qt::AlignVCenter);
    if (shown.row < 0) {
        return role == Qt::DisplayRole && index.column() == 0 ? QVariant(shown.heading) : QVariant();
    }
    const DifferenceRow &row = m_rows[size_t(shown.row)];
    if (role == compare_role::Key) return row.key;
    if (index.column() > 0) return cellData(row, size_t(index.column()) - 1, role);
    switch (role) {
    case Qt::DisplayRole:
        return row.label;
    case Qt::ToolTipRole: {
        const Field *field = findField(toStd(row.key));
        return plainToolTip(field ? fieldToolTip(*field) : row.key);
    }
    case compare_role::Exact:
        return row.key;
    default:
        return {};
    }
}

QVariant DifferenceModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    if (role == Qt::TextAlignmentRole) return int(Qt::AlignLeft | Qt::AlignVCenter);
    if (section == 0) return role == Qt::DisplayRole ? QVariant(tr("Setting")) : QVariant();
    const ComparedRun &run = m_runs[size_t(section) - 1];
    if (role == Qt::DisplayRole || role == Qt::ToolTipRole) return run.title;
    if (role == Qt::DecorationRole && !run.run.isEmpty()) return swatch(Theme::instance().runColor(runColorIndex(run.run)));
    return {};
}

} // namespace orrery::ui
