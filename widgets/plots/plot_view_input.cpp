// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse and keyboard of a PlotView.
#include "widgets/common/plain_tool_tip.h"
#include "widgets/plots/overlay_layers.h"
#include "widgets/plots/plot_scene.h"
#include "widgets/plots/plot_view.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

constexpr double kWheelFactor = 0.82;
constexpr double kKeyPan = 0.1;
constexpr double kKeyZoom = 0.7;
constexpr double kDragStart = 4;      ///< pixels before a press becomes a drag
constexpr double kVerticalStart = 16; ///< pixels before a drag also moves a y axis that fits itself
constexpr double kMaxZoomOut = 4;     ///< times the extent of the data
constexpr double kMarkReach = 6;      ///< pixels to either side of a mark in which it is hovered
constexpr qsizetype kMaxHovered = 8;
constexpr qsizetype kHoverColumns = 80; ///< a note may be a page, and a hover does not break a line by itself
constexpr qsizetype kHoverLines = 24;

QString broken(const QString &text)
{
    QStringList lines;
    for (QString rest : text.split(u'\n')) {
        while (rest.size() > kHoverColumns && lines.size() <= kHoverLines) {
            const qsizetype space = rest.lastIndexOf(u' ', kHoverColumns);
            qsizetype at = space > 0 ? space : kHoverColumns;
            if (space <= 0 && rest.at(at).isLowSurrogate()) --at;
            lines << rest.left(at);
            rest.remove(0, space > 0 ? at + 1 : at);
        }
        lines << rest;
    }
    if (lines.size() <= kHoverLines) return lines.join(u'\n');
    return lines.first(kHoverLines).join(u'\n') + u'\n' + QChar(0x2026);
}

} // namespace

void PlotView::movedByUser()
{
    setFollowing(false);
    const PlotRange range = xRange();
    m_dataTimer.start();
    scheduleReplot();
    Q_EMIT rangeChangedByUser(range.from, range.to);
}

void PlotView::moveRange(const PlotRange &range)
{
    const auto data = dataRange();
    if (!data || !(range.size() > 0) || (m_isLogX && range.from <= 0)) return;
    PlotRange next{placeOf(range.from), placeOf(range.to)};
    const PlotRange all{placeOf(data->from), placeOf(data->to)};
    const double extent = std::max(all.size(), 1e-6);
    const double smallest = m_isLogX ? 1e-4 : m_xFormat == AxisFormat::Count ? 4 : extent * 1e-7;
    if (next.size() < smallest) {
        const double centre = (next.from + next.to) / 2;
        next = {centre - smallest / 2, centre + smallest / 2};
    }
    if (next.size() > kMaxZoomOut * extent) return;
    // A tenth of the view always shows data, so that nobody gets lost.
    const double keep = std::min(next.size(), extent) * 0.1;
    const double tooFarRight = next.from - (all.to - keep), tooFarLeft = (all.from + keep) - next.to;
    const double back = tooFarRight > 0 ? -tooFarRight : std::max(tooFarLeft, 0.0);
    next = {valueAt(next.from + back), valueAt(next.to + back)};
    if (next == xRange()) return;
    m_plot->xAxis->setRange(next.from, next.to);
    if (m_isYAutomatic) fitY(next);
    movedByUser();
}

void PlotView::moveYRange(const PlotRange &range)
{
    if (m_scene->curves.empty() || !(range.size() > 0) || !std::isfinite(range.size())) return;
    if (m_isLogY && range.from <= 0) return;
    m_isYAutomatic = false;
    m_plot->yAxis->setRange(range.from, range.to);
    movedByUser();
}

void PlotView::zoomX(double factor, double around)
{
    const double from = placeOf(xRange().from), to = placeOf(xRange().to), centre = placeOf(around);
    moveRange({valueAt(centre - (centre - from) * factor), valueAt(centre + (to - centre) * factor)});
}

void PlotView::zoomY(double factor, double aroundPixel)
{
    const QRect area = plotArea();
    const QCPAxis *axis = m_plot->yAxis;
    // In pixels, so that linear and log axes zoom alike.
    const double bottom = aroundPixel + (area.bottom() + 1 - aroundPixel) * factor;
    const double top = aroundPixel - (aroundPixel - area.top()) * factor;
    moveYRange({axis->pixelToCoord(bottom), axis->pixelToCoord(top)});
}

void PlotView::panX(double fraction)
{
    const double from = placeOf(xRange().from), to = placeOf(xRange().to);
    const double shift = fraction * (to - from);
    moveRange({valueAt(from + shift), valueAt(to + shift)});
}

void PlotView::panY(double fraction)
{
    const QRect area = plotArea();
    const double shift = fraction * area.height();
    const QCPAxis *axis = m_plot->yAxis;
    moveYRange({axis->pixelToCoord(area.bottom() + 1 - shift), axis->pixelToCoord(area.top() - shift)});
}

void PlotView::panTo(const QPointF &position)
{
    const QCPAxis *x = m_plot->xAxis;
    const double shift =
        placeOf(x->pixelToCoord(m_dragPosition.x())) - placeOf(x->pixelToCoord(position.x()));
    const double from = placeOf(xRange().from), to = placeOf(xRange().to);
    if (shift != 0) moveRange({valueAt(from + shift), valueAt(to + shift)});
    const bool movesY = !m_isYAutomatic || std::abs(position.y() - m_pressPosition.y()) > kVerticalStart;
    if (movesY) panY((position.y() - m_dragPosition.y()) / std::max(1, plotArea().height()));
    m_dragPosition = position;
}

void PlotView::zoomToBand()
{
    const QRectF band = m_scene->rubberBand.value_or(QRectF());
    m_scene->rubberBand.reset();
    replotCursor();
    if (band.width() < 6) return;
    const QCPAxis *x = m_plot->xAxis, *y = m_plot->yAxis;
    // A flat band is a choice of x only; it was drawn over the full height.
    const PlotRange vertical{y->pixelToCoord(band.bottom()), y->pixelToCoord(band.top())};
    const bool isFullHeight = band.height() >= plotArea().height() - 1;
    moveRange({x->pixelToCoord(band.left()), x->pixelToCoord(band.right())});
    if (!isFullHeight) moveYRange(vertical);
}

void PlotView::moveCursorTo(std::optional<double> x, std::optional<double> pointerY)
{
    const bool isMoved = m_scene->cursorX != x;
    setCursorX(x);
    m_pointerY = pointerY;
    if (isMoved) Q_EMIT cursorMoved(x.value_or(std::nan("")));
    if (pointerY) Q_EMIT pointerMoved();
}

void PlotView::stepCursor(int direction)
{
    const auto data = dataRange();
    if (!data) return;
    if (!m_scene->cursorX) {
        moveCursorTo(snapped(direction > 0 ? xRange().from : std::min(xRange().to, data->to)));
        return;
    }
    // The next point on that side: points are at least a tenth of a pixel apart, else nobody sees the step.
    const double pixel = (placeOf(xRange().to) - placeOf(xRange().from)) / std::max(1, plotArea().width());
    const double extent = placeOf(data->to) - placeOf(data->from);
    for (double distance = pixel * 0.1; distance <= extent + pixel; distance *= 2) {
        const auto next = snapped(valueAt(placeOf(*m_scene->cursorX) + direction * distance));
        if (next && (*next - *m_scene->cursorX) * direction > 0) {
            moveCursorTo(next);
            return;
        }
    }
}

void PlotView::mousePressEvent(QMouseEvent *event)
{
    m_pressPosition = m_dragPosition = event->position();
    const bool wantsBand =
        event->button() == Qt::RightButton ||
        (event->button() == Qt::LeftButton && event->modifiers().testFlag(Qt::ShiftModifier));
    if (wantsBand)
        m_drag = Drag::Band;
    else if (event->button() == Qt::LeftButton)
        m_drag = Drag::Pan;
    event->accept();
}

void PlotView::mouseMoveEvent(QMouseEvent *event)
{
    const QPointF position = event->position();
    const bool hasMoved = (position - m_pressPosition).manhattanLength() >= kDragStart;
    if (m_drag == Drag::Pan && (hasMoved || m_dragPosition != m_pressPosition)) {
        setCursor(Qt::ClosedHandCursor);
        panTo(position);
        return;
    }
    if (m_drag == Drag::Band && (hasMoved || m_scene->rubberBand)) {
        const QRectF area = plotArea();
        QRectF band = QRectF(m_pressPosition, position).normalized();
        if (band.height() < 12) band = QRectF(band.left(), area.top(), band.width(), area.height());
        m_scene->rubberBand = band.intersected(area);
        replotCursor();
        return;
    }
    if (m_drag != Drag::None) return;
    const bool isInside = QRectF(plotArea()).adjusted(-4, -20, 4, 40).contains(position);
    moveCursorTo(isInside ? snapped(m_plot->xAxis->pixelToCoord(position.x())) : std::nullopt,
                 isInside ? std::optional(position.y()) : std::nullopt);
}

std::vector<const PlotMark *> PlotView::marksAt(const QPoint &position) const
{
    std::vector<const PlotMark *> marks;
    const QRect area = plotArea();
    if (position.y() < area.bottom() - 2 * kMarkRowHeight || position.y() > area.bottom() + 4) return marks;
    const double x = m_plot->xAxis->pixelToCoord(position.x());
    for (const PlotMark &mark : m_scene->marks)
        if (std::abs(pixelOfX(mark.nearest(x)) - position.x()) <= kMarkReach) marks.push_back(&mark);
    return marks;
}

QStringList PlotView::markKeysAtCursor() const
{
    QStringList keys;
    if (!m_scene->cursorX) return keys;
    const double cursor = pixelOfX(*m_scene->cursorX);
    for (const PlotMark &mark : m_scene->marks)
        if (!mark.key.isEmpty() && std::abs(pixelOfX(mark.x) - cursor) <= 2 * kMarkReach) keys << mark.key;
    return keys;
}

void PlotView::contextMenuEvent(QContextMenuEvent *event)
{
    const QStringList keys = event->reason() == QContextMenuEvent::Keyboard ? markKeysAtCursor() : QStringList();
    if (keys.isEmpty()) return QWidget::contextMenuEvent(event);
    const QPoint place(qRound(pixelOfX(*m_scene->cursorX)), plotArea().bottom() - kMarkRowHeight);
    Q_EMIT markMenuRequested(keys, mapToGlobal(place));
}

bool PlotView::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    QStringList texts;
    for (const PlotMark *mark : marksAt(help->pos()))
        if (!texts.contains(mark->text)) texts << mark->text;
    if (texts.isEmpty()) return QWidget::event(event);
    if (const qsizetype more = texts.size() - kMaxHovered; more > 0) {
        texts.resize(kMaxHovered);
        texts << tr("and %1 more").arg(more);
    }
    QToolTip::showText(help->globalPos(), plainToolTip(broken(texts.join(u'\n'))), this);
    event->accept();
    return true;
}

void PlotView::mouseReleaseEvent(QMouseEvent *event)
{
    const Drag drag = std::exchange(m_drag, Drag::None);
    unsetCursor();
    const bool hasBand = m_scene->rubberBand.has_value();
    if (drag == Drag::Band) zoomToBand();
    if (event->button() == Qt::RightButton && !hasBand) {
        QStringList keys;
        for (const PlotMark *mark : marksAt(event->position().toPoint()))
            if (!mark->key.isEmpty()) keys << mark->key;
        if (!keys.isEmpty()) Q_EMIT markMenuRequested(keys, event->globalPosition().toPoint());
    }
    event->accept();
}

void PlotView::mouseDoubleClickEvent(QMouseEvent *event)
{
    m_drag = Drag::None;
    if (event->button() == Qt::LeftButton) fit();
}

void PlotView::wheelEvent(QWheelEvent *event)
{
    if (m_scene->curves.empty()) {
        event->ignore();
        return;
    }
    const double vertical = event->angleDelta().y() / 120.0, horizontal = event->angleDelta().x() / 120.0;
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        zoomY(std::pow(kWheelFactor, vertical), event->position().y());
    } else if (std::abs(horizontal) > std::abs(vertical)) {
        panX(-horizontal * kKeyPan);
    } else if (vertical != 0) {
        zoomX(std::pow(kWheelFactor, vertical), m_plot->xAxis->pixelToCoord(event->position().x()));
    }
    event->accept();
}

void PlotView::keyPressEvent(QKeyEvent *event)
{
    const bool hasShift = event->modifiers().testFlag(Qt::ShiftModifier);
    const PlotRange range = xRange();
    const double centre =
        m_scene->cursorX.value_or(valueAt((placeOf(range.from) + placeOf(range.to)) / 2));
    switch (event->key()) {
    case Qt::Key_Left:
        hasShift ? stepCursor(-1) : panX(-kKeyPan);
        return;
    case Qt::Key_Right:
        hasShift ? stepCursor(+1) : panX(kKeyPan);
        return;
    case Qt::Key_Up:
        panY(kKeyPan);
        return;
    case Qt::Key_Down:
        panY(-kKeyPan);
        return;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        zoomX(kKeyZoom, centre);
        return;
    case Qt::Key_Minus:
        zoomX(1 / kKeyZoom, centre);
        return;
    case Qt::Key_Home:
    case Qt::Key_0:
        fit();
        return;
    case Qt::Key_L:
        if (event->modifiers() == Qt::NoModifier) {
            setLogY(!m_isLogY);
            return;
        }
        if (event->modifiers() == Qt::ShiftModifier) {
            setLogX(!m_isLogX);
            return;
        }
        break;
    case Qt::Key_Escape:
        if (m_drag == Drag::Band) {
            m_drag = Drag::None;
            m_scene->rubberBand.reset();
            replotCursor();
            return;
        }
        if (m_scene->cursorX) {
            moveCursorTo(std::nullopt);
            return;
        }
        break;
    default:
        break;
    }
    QWidget::keyPressEvent(event);
}

void PlotView::leaveEvent(QEvent *event)
{
    if (m_drag == Drag::None) moveCursorTo(std::nullopt);
    QWidget::leaveEvent(event);
}

void PlotView::focusInEvent(QFocusEvent *event)
{
    // Only a focus that came by keyboard needs a ring; with the mouse one knows where one clicked.
    m_scene->hasFocusRing =
        event->reason() != Qt::MouseFocusReason && event->reason() != Qt::ActiveWindowFocusReason;
    replotCursor();
    QWidget::focusInEvent(event);
}

void PlotView::focusOutEvent(QFocusEvent *event)
{
    m_scene->hasFocusRing = false;
    replotCursor();
    QWidget::focusOutEvent(event);
}

} // namespace orrery::ui
