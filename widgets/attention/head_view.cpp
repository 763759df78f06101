// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/head_view.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kMaxCell = 64; ///< edge of a cell in pixels at the strongest zoom

} // namespace

HeadView::HeadView(QWidget *parent) : QWidget(parent)
{
    setObjectName(u"headMap"_s);
    setAccessibleName(tr("Attention of one head"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setMinimumSize(200, 160);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        relayout();
        update();
    });
}

void HeadView::setContent(HeadContent content)
{
    const int rows = m_figure.numRows(), columns = m_figure.numColumns();
    m_figure.setContent(std::move(content));
    if (rows != m_figure.numRows() || columns != m_figure.numColumns()) {
        m_zoom = {};
        m_marks.cursor = {};
        if (m_marks.pinnedRow >= m_figure.numRows()) m_marks.pinnedRow = -1;
    }
    relayout();
    update();
    announceSummary(this);
}

void HeadView::relayout()
{
    const FigureStyle style = FigureStyle::ofTheme();
    clampOrigin();
    m_layout = m_figure.layout(size(), m_zoom, style);
}

double HeadView::preferredWidth(double height) const
{
    return m_figure.widthForHeight(height, FigureStyle::ofTheme());
}

QRectF HeadView::cellRect(int row, int column) const { return m_layout.cellRect(row, column); }

int HeadView::activeRow() const
{
    if (m_figure.isEmpty()) return -1;
    if (m_marks.cursor.row >= 0) return m_marks.cursor.row;
    return m_marks.pinnedRow >= 0 ? m_marks.pinnedRow : m_figure.numRows() - 1;
}

void HeadView::setCursorCell(const CellPlace &place)
{
    if (place == m_marks.cursor) return;
    m_marks.cursor = place;
    update();
    Q_EMIT cursorChanged();
    announceSummary(this);
}

void HeadView::setPinnedRow(int row)
{
    const int wanted = row < m_figure.numRows() ? row : -1;
    if (wanted == m_marks.pinnedRow) return;
    m_marks.pinnedRow = wanted;
    update();
    Q_EMIT cursorChanged();
}

void HeadView::pin(int row)
{
    setPinnedRow(row == m_marks.pinnedRow ? -1 : row);
    Q_EMIT rowPinned(m_marks.pinnedRow);
}

QString HeadView::summary() const
{
    if (m_figure.isEmpty()) return tr("No map yet");
    QStringList names;
    for (const HeadMatrix &head : m_figure.content().heads)
        names << u"%1.%2"_s.arg(head.head.layer).arg(head.head.head);
    const int row = activeRow();
    CellPlace best{row, 0};
    const HeadMatrix &first = m_figure.content().heads.front();
    for (int column = 1; column < first.width(); ++column)
        if (std::abs(first.meanAt(row, column)) > std::abs(first.meanAt(row, best.column)))
            best.column = column;
    if (m_marks.cursor.column >= 0) best = m_marks.cursor;
    return tr("Head %1, %2 by %3 cells. %4")
        .arg(names.join(u", "_s))
        .arg(first.height())
        .arg(first.width())
        .arg(m_figure.reading(best));
}

void HeadView::clampOrigin()
{
    if (m_figure.isEmpty()) return;
    m_zoom.factor = std::max(1.0, m_zoom.factor);
    MapZoom zoom = m_zoom;
    const HeadLayout layout = m_figure.layout(size(), zoom, FigureStyle::ofTheme());
    const double columns = layout.plot.width() / layout.cell, rows = layout.plot.height() / layout.cell;
    m_zoom.origin.setX(std::clamp(m_zoom.origin.x(), 0.0, std::max(0.0, m_figure.numColumns() - columns)));
    m_zoom.origin.setY(std::clamp(m_zoom.origin.y(), 0.0, std::max(0.0, m_figure.numRows() - rows)));
}

void HeadView::setZoom(double factor, const QPointF &around)
{
    if (m_figure.isEmpty() || m_layout.cell <= 0) return;
    const double fitted = m_layout.cell / m_zoom.factor;
    const QPointF cells = (around - m_layout.origin) / m_layout.cell;
    m_zoom.factor = std::clamp(factor, 1.0, std::max(1.0, kMaxCell / fitted));
    m_zoom.origin = cells - (around - m_layout.plot.topLeft()) / (fitted * m_zoom.factor);
    relayout();
    update();
}

void HeadView::fit()
{
    m_zoom = {};
    relayout();
    update();
}

void HeadView::moveCursor(int rows, int columns)
{
    if (m_figure.isEmpty()) return;
    CellPlace place = m_marks.cursor;
    if (place.row < 0)
        place = {activeRow(), 0};
    else
        place = {std::clamp(place.row + rows, 0, m_figure.numRows() - 1),
                 std::clamp(std::max(0, place.column) + columns, 0, m_figure.numColumns() - 1)};
    m_isCursorOfKeys = true;
    setCursorCell(place);
    scrollToCursor();
}

void HeadView::scrollToCursor()
{
    const QRectF cell = cellRect(m_marks.cursor.row, m_marks.cursor.column);
    if (cell.left() < m_layout.plot.left()) m_zoom.origin.setX(m_marks.cursor.column);
    if (cell.right() > m_layout.plot.right() + 0.5)
        m_zoom.origin.setX(m_marks.cursor.column + 1 - m_layout.plot.width() / m_layout.cell);
    if (cell.top() < m_layout.plot.top()) m_zoom.origin.setY(m_marks.cursor.row);
    if (cell.bottom() > m_layout.plot.bottom() + 0.5)
        m_zoom.origin.setY(m_marks.cursor.row + 1 - m_layout.plot.height() / m_layout.cell);
    relayout();
}

void HeadView::keyPressEvent(QKeyEvent *event)
{
    const bool isPlain = (event->modifiers() & (Qt::ControlModifier | Qt::AltModifier)) == 0;
    const int far = event->modifiers() & Qt::ShiftModifier ? 8 : 1;
    const QPointF middle = m_marks.cursor.column >= 0
                               ? cellRect(m_marks.cursor.row, m_marks.cursor.column).center()
                               : m_layout.plot.center();
    if (isPlain) switch (event->key()) {
        case Qt::Key_Left:
            return moveCursor(0, -far);
        case Qt::Key_Right:
            return moveCursor(0, far);
        case Qt::Key_Up:
            return moveCursor(-far, 0);
        case Qt::Key_Down:
            return moveCursor(far, 0);
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            return pin(activeRow());
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            return setZoom(m_zoom.factor * 1.25, middle);
        case Qt::Key_Minus:
            return setZoom(m_zoom.factor / 1.25, middle);
        case Qt::Key_0:
            return fit();
        case Qt::Key_Escape:
            // First what is on the map, then the level above.
            if (m_marks.cursor.row >= 0 && m_isCursorOfKeys) return setCursorCell({});
            if (m_marks.pinnedRow >= 0) return pin(m_marks.pinnedRow);
            break;
        default:
            break;
        }
    QWidget::keyPressEvent(event);
}

void HeadView::wheelEvent(QWheelEvent *event)
{
    const double notches = event->angleDelta().y() / 120.0;
    if (notches == 0) return event->ignore();
    setZoom(m_zoom.factor * std::pow(1.25, notches), event->position());
    event->accept();
}

void HeadView::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
    m_isPressed = true;
    m_isDragging = false;
    m_pressedAt = event->position();
    m_originAtPress = m_zoom.origin;
}

void HeadView::mouseMoveEvent(QMouseEvent *event)
{
    if (m_isPressed &&
        (event->position() - m_pressedAt).manhattanLength() >= QApplication::startDragDistance())
        m_isDragging = true;
    if (m_isDragging && m_layout.cell > 0) {
        m_zoom.origin = m_originAtPress - (event->position() - m_pressedAt) / m_layout.cell;
        relayout();
        update();
        return;
    }
    const CellPlace place = m_figure.cellAt(m_layout, event->position());
    setCursor(place.row < 0 ? Qt::ArrowCursor : Qt::CrossCursor);
    m_isCursorOfKeys = false;
    setCursorCell(place);
}

void HeadView::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton) return;
    const bool wasClick = m_isPressed && !m_isDragging;
    m_isPressed = m_isDragging = false;
    if (!wasClick) return;
    if (const CellPlace place = m_figure.cellAt(m_layout, event->position()); place.row >= 0) pin(place.row);
}

void HeadView::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton) return;
    // Its first click has pinned or released a row already: that was not meant.
    if (const CellPlace place = m_figure.cellAt(m_layout, event->position()); place.row >= 0) pin(place.row);
    fit();
}

void HeadView::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    if (!m_isCursorOfKeys) setCursorCell({});
}

void HeadView::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    m_marks.hasFocus = true;
    update();
}

void HeadView::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    m_marks.hasFocus = false;
    update();
}

void HeadView::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange) relayout();
}

void HeadView::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    relayout();
}

void HeadView::paintEvent(QPaintEvent *)
{
    const FigureStyle style = FigureStyle::ofTheme();
    QPainter painter(this);
    painter.fillRect(rect(), style.tokens.surface);
    m_figure.paint(painter, m_layout, m_marks, style);
    if (!m_marks.hasFocus || m_figure.isEmpty()) return;
    painter.setPen(QPen(style.tokens.accent, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(m_layout.plot.adjusted(-2, -2, 2, 2));
}

} // namespace orrery::ui
