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

/// A place between two edges of cells as a place in the text, and back. Cells may be of different lengths.
double tokenOfCell(const std::vector<TokenRange> &cells, double place)
{
    const auto count = static_cast<double>(cells.size());
    const auto index = std::min(cells.size() - 1, static_cast<size_t>(std::clamp(place, 0.0, count)));
    const TokenRange &cell = cells[index];
    // Outside it goes on with cells like the last one, so that a view beyond the end is seen to be beyond.
    return double(cell.begin) + (place - double(index)) * double(cell.end - cell.begin);
}

double cellOfToken(const std::vector<TokenRange> &cells, double token)
{
    for (size_t i = 0; i < cells.size(); ++i)
        if (token < double(cells[i].end))
            return double(i) +
                   std::max(0.0, (token - double(cells[i].begin)) / double(cells[i].end - cells[i].begin));
    return double(cells.size());
}

/// On average: words and lines have cells of different lengths.
double tokensPerCell(const HeadFigure &figure)
{
    return figure.isEmpty() ? 1 : std::max(1.0, figure.tokenArea().width() / figure.numColumns());
}

/// The middle of a cell; outside of them the next token.
double tokenOfPlace(const std::vector<TokenRange> &cells, int place)
{
    if (place < 0) return double(cells.front().begin) - 0.5;
    if (place >= std::ssize(cells)) return double(cells.back().end) + 0.5;
    return double(cells[size_t(place)].begin + cells[size_t(place)].end) / 2;
}

} // namespace

HeadView::HeadView(QWidget *parent) : QWidget(parent)
{
    setObjectName(u"headMap"_s);
    setAccessibleName(tr("Attention of one head"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setMinimumSize(200, 120); // a page with its lines fits the least height of the stage
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        relayout();
        update();
    });
}

void HeadView::setContent(HeadContent content, HeadContent fine)
{
    const int rows = m_whole.numRows(), columns = m_whole.numColumns();
    const QRectF seen = shownTokens();
    const double scale = m_layout.cell / tokensPerCell(figure());
    m_whole.setContent(std::move(content));
    m_fine.setContent(std::move(fine));
    if (rows != m_whole.numRows() || columns != m_whole.numColumns()) {
        m_isFine = false;
        m_zoom = {};
        m_marks.cursor = {};
        if (m_marks.pinnedRow >= m_whole.numRows()) m_marks.pinnedRow = -1;
    } else if (m_isFine) {
        switchTo(hasFine(seen), seen, scale);
    }
    relayout();
    update();
    announceSummary(this);
}

void HeadView::setFine(HeadContent content)
{
    if (content.heads.empty() && m_fine.isEmpty()) return;
    const QRectF seen = shownTokens();
    const bool wasFine = m_isFine;
    const double scale = m_layout.cell / tokensPerCell(figure());
    m_fine.setContent(std::move(content));
    // Lines in place of tokens may show a little more than was seen: what is there of it stays.
    const bool isFine = hasFine(wasFine ? seen & m_fine.tokenArea() : seen);
    if (isFine || wasFine) switchTo(isFine, seen, scale);
    relayout();
    update();
    announceSummary(this);
}

void HeadView::relayout()
{
    const FigureStyle style = FigureStyle::ofTheme();
    clampOrigin();
    m_layout = figure().layout(size(), m_zoom, style);
    m_picture = {};
}

QRectF HeadView::tokensOf(const HeadLayout &layout) const
{
    if (figure().isEmpty() || layout.cell <= 0) return {};
    const HeadMatrix &first = figure().content().heads.front();
    const QPointF from = (layout.plot.topLeft() - layout.origin) / layout.cell;
    const QPointF to = (layout.plot.bottomRight() - layout.origin) / layout.cell;
    return QRectF(QPointF(tokenOfCell(first.columns, from.x()), tokenOfCell(first.rows, from.y())),
                  QPointF(tokenOfCell(first.columns, to.x()), tokenOfCell(first.rows, to.y())));
}

QRectF HeadView::shownTokens() const { return tokensOf(m_layout); }

void HeadView::showTokens(const QRectF &tokens)
{
    if (m_whole.isEmpty() || tokens.isEmpty()) return;
    if (m_isFine) switchTo(false, tokens, 1);
    const HeadMatrix &first = m_whole.content().heads.front();
    const QPointF from(cellOfToken(first.columns, tokens.left()), cellOfToken(first.rows, tokens.top()));
    const QPointF to(cellOfToken(first.columns, tokens.right()), cellOfToken(first.rows, tokens.bottom()));
    const HeadLayout whole = m_whole.layout(size(), {}, FigureStyle::ofTheme());
    // A map that is zoomed takes all the room there is; one that fits may leave some over.
    const QSizeF room = m_whole.layout(size(), {.factor = 1e6}, FigureStyle::ofTheme()).plot.size();
    const double wide = room.width() / whole.cell / std::max(0.01, to.x() - from.x());
    const double tall = room.height() / whole.cell / std::max(0.01, to.y() - from.y());
    settle({std::clamp(std::min(wide, tall), 1.0, std::max(1.0, kMaxCell / whole.cell)), from});
}

bool HeadView::hasFine(const QRectF &tokens) const
{
    return !m_fine.isEmpty() && m_fine.tokenArea().adjusted(-0.001, -0.001, 0.001, 0.001).contains(tokens);
}

void HeadView::settle(MapZoom wanted)
{
    const HeadLayout layout = figure().layout(size(), wanted, FigureStyle::ofTheme());
    QRectF tokens = tokensOf(layout);
    // Nobody sees what lies beyond the text.
    const QRectF all = m_whole.tokenArea();
    tokens.moveLeft(
        std::clamp(tokens.left(), all.left(), std::max(all.left(), all.right() - tokens.width())));
    tokens.moveTop(std::clamp(tokens.top(), all.top(), std::max(all.top(), all.bottom() - tokens.height())));
    const double scale = layout.cell / tokensPerCell(figure());
    // Where a part ends that there are more cells of, the whole goes on.
    const bool leavesFine = m_isFine && (wanted.factor < 1 || !hasFine(tokens));
    const bool entersFine = !m_isFine && hasFine(tokens);
    if (leavesFine || entersFine)
        switchTo(entersFine, tokens, scale);
    else
        m_zoom = wanted;
    relayout();
    update();
    Q_EMIT shownTokensChanged();
}

void HeadView::switchTo(bool isFine, const QRectF &tokens, double pixelsPerToken)
{
    m_isFine = isFine;
    m_marks.cursor = {};
    m_marks.pinnedRow = -1; // who listens to figureChanged() knows which row it is now
    const HeadLayout fitted = figure().layout(size(), {}, FigureStyle::ofTheme());
    if (fitted.cell <= 0) return;
    m_zoom.factor = std::clamp(pixelsPerToken * tokensPerCell(figure()) / fitted.cell, 1.0,
                               std::max(1.0, kMaxCell / fitted.cell));
    const HeadMatrix &first = figure().content().heads.front();
    m_zoom.origin = {cellOfToken(first.columns, tokens.left()), cellOfToken(first.rows, tokens.top())};
    relayout();
    Q_EMIT figureChanged();
}

double HeadView::preferredWidth(double height) const
{
    return figure().widthForHeight(height, FigureStyle::ofTheme());
}

QRectF HeadView::cellRect(int row, int column) const { return m_layout.cellRect(row, column); }

int HeadView::activeRow() const
{
    if (figure().isEmpty()) return -1;
    if (m_marks.cursor.row >= 0) return m_marks.cursor.row;
    return m_marks.pinnedRow >= 0 ? m_marks.pinnedRow : figure().numRows() - 1;
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
    const int wanted = row < figure().numRows() ? row : -1;
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
    if (figure().isEmpty()) return tr("No map yet");
    QStringList names;
    for (const HeadMatrix &head : figure().content().heads)
        names << u"%1.%2"_s.arg(head.head.layer).arg(head.head.head);
    const int row = activeRow();
    CellPlace best{row, 0};
    const HeadMatrix &first = figure().content().heads.front();
    const CellValue value = figure().content().value;
    for (int column = 1; column < first.width(); ++column)
        if (std::abs(valueAt(first, value, row, column)) > std::abs(valueAt(first, value, row, best.column)))
            best.column = column;
    if (m_marks.cursor.column >= 0) best = m_marks.cursor;
    return tr("Head %1, %2 by %3 cells. %4")
        .arg(names.join(u", "_s))
        .arg(first.height())
        .arg(first.width())
        .arg(figure().reading(best));
}

void HeadView::clampOrigin()
{
    if (figure().isEmpty()) return;
    m_zoom.factor = std::max(1.0, m_zoom.factor);
    const MapZoom zoom = m_zoom;
    const HeadLayout layout = figure().layout(size(), zoom, FigureStyle::ofTheme());
    const double columns = layout.plot.width() / layout.cell, rows = layout.plot.height() / layout.cell;
    m_zoom.origin.setX(std::clamp(m_zoom.origin.x(), 0.0, std::max(0.0, figure().numColumns() - columns)));
    m_zoom.origin.setY(std::clamp(m_zoom.origin.y(), 0.0, std::max(0.0, figure().numRows() - rows)));
}

void HeadView::setZoom(double factor, const QPointF &around)
{
    if (figure().isEmpty() || m_layout.cell <= 0) return;
    const double fitted = m_layout.cell / m_zoom.factor;
    const QPointF cells = (around - m_layout.origin) / m_layout.cell;
    const double least = m_isFine ? 0.01 : 1.0; // of a part one goes on to the whole
    const double wanted = std::clamp(factor, least, std::max(1.0, kMaxCell / fitted));
    settle({wanted, cells - (around - m_layout.plot.topLeft()) / (fitted * wanted)});
}

void HeadView::fit()
{
    if (m_isFine) switchTo(false, m_whole.tokenArea(), 0);
    settle({});
}

void HeadView::moveCursor(int rows, int columns)
{
    if (figure().isEmpty()) return;
    CellPlace place = m_marks.cursor;
    if (place.row < 0) {
        place = {activeRow(), 0};
    } else {
        place = {place.row + rows, std::max(0, place.column) + columns};
        if (m_isFine && !isInside(place)) place = leaveFine(place);
        place = {std::clamp(place.row, 0, figure().numRows() - 1),
                 std::clamp(place.column, 0, figure().numColumns() - 1)};
    }
    m_isCursorOfKeys = true;
    setCursorCell(place);
    scrollToCursor();
}

bool HeadView::isInside(const CellPlace &place) const
{
    return place.row >= 0 && place.row < figure().numRows() && place.column >= 0 &&
           place.column < figure().numColumns();
}

/// The map goes on where its finer part ends. @return that place on the whole map
CellPlace HeadView::leaveFine(const CellPlace &place)
{
    const HeadMatrix &fine = m_fine.content().heads.front(), &whole = m_whole.content().heads.front();
    const double row = tokenOfPlace(fine.rows, place.row), column = tokenOfPlace(fine.columns, place.column);
    switchTo(false, shownTokens(), m_layout.cell / tokensPerCell(m_fine));
    return {int(cellOfToken(whole.rows, row)), int(cellOfToken(whole.columns, column))};
}

void HeadView::scrollToCursor()
{
    const QRectF cell = cellRect(m_marks.cursor.row, m_marks.cursor.column);
    QPointF origin = m_zoom.origin;
    if (cell.left() < m_layout.plot.left()) origin.setX(m_marks.cursor.column);
    if (cell.right() > m_layout.plot.right() + 0.5)
        origin.setX(m_marks.cursor.column + 1 - m_layout.plot.width() / m_layout.cell);
    if (cell.top() < m_layout.plot.top()) origin.setY(m_marks.cursor.row);
    if (cell.bottom() > m_layout.plot.bottom() + 0.5)
        origin.setY(m_marks.cursor.row + 1 - m_layout.plot.height() / m_layout.cell);
    if (origin == m_zoom.origin) return;
    m_zoom.origin = origin;
    relayout();
    update();
    Q_EMIT shownTokensChanged();
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
}

void HeadView::mouseMoveEvent(QMouseEvent *event)
{
    if (m_isPressed &&
        (event->position() - m_pressedAt).manhattanLength() >= QApplication::startDragDistance())
        m_isDragging = true;
    if (m_isDragging && m_layout.cell > 0) {
        // From where the pointer was last: the map under it may have become another one.
        const QPointF by = (event->position() - m_pressedAt) / m_layout.cell;
        m_pressedAt = event->position();
        settle({m_zoom.factor, m_zoom.origin - by});
        return;
    }
    const CellPlace place = figure().cellAt(m_layout, event->position());
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
    if (const CellPlace place = figure().cellAt(m_layout, event->position()); place.row >= 0) pin(place.row);
}

void HeadView::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton) return;
    // Its first click has pinned or released a row already: that was not meant.
    if (const CellPlace place = figure().cellAt(m_layout, event->position()); place.row >= 0) pin(place.row);
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
    // A pointer that moves over the map moves marks: the cells are painted once.
    const double ratio = devicePixelRatioF();
    const QSize pixels = (QSizeF(size()) * ratio).toSize();
    if (m_picture.size() != pixels) {
        m_picture = QImage(pixels, QImage::Format_RGB32);
        m_picture.setDevicePixelRatio(ratio);
        m_picture.fill(style.tokens.surface);
        QPainter base(&m_picture);
        figure().paintBase(base, m_layout, style);
    }
    painter.drawImage(QPointF(), m_picture);
    figure().paintOver(painter, m_layout, m_marks, style);
    if (!m_marks.hasFocus || figure().isEmpty()) return;
    painter.setPen(QPen(style.tokens.accent, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(m_layout.plot.adjusted(-2, -2, 2, 2));
}

} // namespace orrery::ui
