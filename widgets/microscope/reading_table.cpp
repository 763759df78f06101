// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/reading_table.h"

#include <QStringList>

#include <cmath>

namespace orrery::ui {
namespace {

QString copied(const TableCell &cell, ColumnKind kind)
{
    const QString value = std::isfinite(cell.value) ? QString::number(cell.value, 'g', 6) : QString();
    if (kind == ColumnKind::Bar || kind == ColumnKind::Curve) return value;
    if (kind != ColumnKind::Heat || cell.text.isEmpty()) return cell.text;
    return cell.text + u' ' + value;
}

} // namespace

QString ReadingTable::toText() const
{
    QStringList titles, lines;
    for (const TableColumn &column : columns) titles << column.title;
    lines << titles.join(u'\t');
    for (const TableRow &row : rows) {
        QStringList parts;
        if (row.isHeading) {
            for (const TableCell &cell : row.cells)
                if (!cell.text.isEmpty()) parts << cell.text;
        } else {
            for (size_t i = 0; i < std::min(row.cells.size(), columns.size()); ++i)
                parts << copied(row.cells[i], columns[i].kind);
        }
        lines << parts.join(u'\t');
    }
    return lines.join(u'\n');
}

} // namespace orrery::ui
