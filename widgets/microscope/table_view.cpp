// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/table_view.h"

#include "widgets/common/plain_tool_tip.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace orrery::ui {

ReadingTableView::ReadingTableView(const QString &name, QWidget *parent) : QWidget(parent)
{
    setAccessibleName(name);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, &ReadingTableView::relayout);
}

void ReadingTableView::setTable(ReadingTable table)
{
    const int marked = int(
        std::find_if(table.rows.begin(), table.rows.end(), [](const TableRow &row) { return row.isMarked; }) -
        table.rows.begin());
    m_figure = TableFigure(std::move(table), width(), FigureStyle::ofTheme());
    const int rows = int(m_figure.table().rows.size());
    const int before = m_current;
    m_current = rows == 0 ? -1 : marked < rows ? marked : 0;
    while (m_current >= 0 && m_current + 1 < rows && m_figure.table().rows[size_t(m_current)].isHeading)
        ++m_current;
    updateGeometry();
    update();
    announceSummary(this);
    if (before != m_current || rows > 0) Q_EMIT currentRowChanged(m_current);
}

void ReadingTableView::setCurrentRow(int row)
{
    if (row == m_current || row < 0 || row >= std::ssize(table().rows)) return;
    m_current = row;
    update();
    announceSummary(this);
    Q_EMIT currentRowChanged(row);
}

QString ReadingTableView::summary() const
{
    const std::vector<TableRow> &rows = table().rows;
    if (rows.empty()) return tr("Nothing to list");
    QStringList parts;
    if (m_current >= 0) parts << tr("Row %1: %2").arg(m_current + 1).arg(rows[size_t(m_current)].spoken);
    constexpr size_t kMaxSpoken = 12;
    for (size_t i = 0; i < std::min(kMaxSpoken, rows.size()); ++i) parts << rows[i].spoken;
    return parts.join(QStringLiteral("; "));
}

QSize ReadingTableView::sizeHint() const { return {280, int(std::ceil(m_figure.height()))}; }
QSize ReadingTableView::minimumSizeHint() const { return {160, sizeHint().height()}; }

void ReadingTableView::relayout()
{
    m_figure = TableFigure(m_figure.table(), width(), FigureStyle::ofTheme());
    updateGeometry();
    update();
}

bool ReadingTableView::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const int row = m_figure.rowAt(help->pos().y());
        const QString text = row < 0 ? QString() : table().rows[size_t(row)].toolTip;
        if (text.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), plainToolTip(text), this, m_figure.rowRect(row).toRect());
        return true;
    }
    return QWidget::event(event);
}

void ReadingTableView::paintEvent(QPaintEvent *event)
{
    QPainter painter(this);
    m_figure.paint(painter, FigureStyle::ofTheme(), hasFocus() ? m_current : -1, event->rect().top(),
                   event->rect().bottom());
}

void ReadingTableView::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    if (event->size().width() != event->oldSize().width()) relayout();
}

void ReadingTableView::mousePressEvent(QMouseEvent *event)
{
    const int row = m_figure.rowAt(event->position().y());
    if (row >= 0 && !table().rows[size_t(row)].isHeading) setCurrentRow(row);
}

void ReadingTableView::mouseDoubleClickEvent(QMouseEvent *event)
{
    const int row = m_figure.rowAt(event->position().y());
    if (event->button() == Qt::LeftButton && row >= 0 && row == m_current) Q_EMIT opened(row);
}

/// Over headings, which cannot be chosen.
void ReadingTableView::moveTo(int row, int direction)
{
    const int last = int(table().rows.size()) - 1;
    row = std::clamp(row, 0, last);
    while (row >= 0 && row <= last && table().rows[size_t(row)].isHeading) row += direction;
    setCurrentRow(row);
}

void ReadingTableView::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy)) {
        Q_EMIT copyRequested();
        return;
    }
    if (m_current < 0) return QWidget::keyPressEvent(event);
    constexpr int kPage = 10;
    switch (event->key()) {
    case Qt::Key_Down:
        return moveTo(m_current + 1, 1);
    case Qt::Key_Up:
        return moveTo(m_current - 1, -1);
    case Qt::Key_PageDown:
        return moveTo(m_current + kPage, 1);
    case Qt::Key_PageUp:
        return moveTo(m_current - kPage, -1);
    case Qt::Key_Home:
        return moveTo(0, 1);
    case Qt::Key_End:
        return moveTo(int(table().rows.size()) - 1, -1);
    case Qt::Key_Return:
    case Qt::Key_Enter:
        Q_EMIT opened(m_current);
        return;
    default:
        QWidget::keyPressEvent(event);
    }
}

void ReadingTableView::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    update();
}

void ReadingTableView::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    update();
}

} // namespace orrery::ui
