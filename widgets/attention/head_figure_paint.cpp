// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/head_figure.h"

#include "widgets/common/number_text.h"
#include "widgets/theme/contrast.h"

#include <QFontMetricsF>
#include <QPaintEngine>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kNumbersFrom = 34; ///< edge in pixels from which a number fits

struct Span {
    int first, last; ///< last is behind the end
};

Span visible(double origin, double from, double to, double cell, int count)
{
    return {std::clamp(int(std::floor((from - origin) / cell)), 0, count),
            std::clamp(int(std::ceil((to - origin) / cell)), 0, count)};
}

} // namespace

void HeadFigure::paint(QPainter &painter, const HeadLayout &layout, const Marks &marks,
                       const FigureStyle &style) const
{
    paintBase(painter, layout, style);
    paintOver(painter, layout, marks, style);
}

void HeadFigure::paintBase(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const
{
    if (isEmpty()) return;
    painter.save();
    painter.save();
    painter.setClipRect(layout.plot.adjusted(-1, -1, 1, 1));
    if (painter.paintEngine()->type() == QPaintEngine::Raster)
        paintPixels(painter, layout, style);
    else
        paintVector(painter, layout, style);
    if (layout.cell >= kNumbersFrom && m_content.heads.size() == 1) paintNumbers(painter, layout, style);
    painter.restore();
    painter.setPen(QPen(style.tokens.border, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(layout.plot.adjusted(-0.5, -0.5, 0.5, 0.5));
    paintLabels(painter, layout, Axis::Rows, style);
    paintLabels(painter, layout, Axis::Columns, style);
    paintColorScale(painter, layout.legend, m_legend, style);
    painter.restore();
}

void HeadFigure::paintOver(QPainter &painter, const HeadLayout &layout, const Marks &marks,
                           const FigureStyle &style) const
{
    if (isEmpty()) return;
    painter.save();
    painter.save();
    painter.setClipRect(layout.plot.adjusted(-3, -3, 3, 3));
    paintMarks(painter, layout, marks, style);
    painter.restore();
    if (marks.pinnedRow >= 0 && marks.pinnedRow < numRows())
        paintMarkedLabel(painter, layout, Axis::Rows, marks.pinnedRow, style.tokens.accent, style);
    if (marks.cursor.row >= 0 && marks.cursor.row < numRows() && marks.cursor.row != marks.pinnedRow)
        paintMarkedLabel(painter, layout, Axis::Rows, marks.cursor.row, style.tokens.text, style);
    if (marks.cursor.row >= 0 && marks.cursor.column >= 0 && marks.cursor.column < numColumns())
        paintMarkedLabel(painter, layout, Axis::Columns, marks.cursor.column, style.tokens.text, style);
    painter.restore();
}

const QImage &HeadFigure::cells(int perCell, const FigureStyle &style) const
{
    if (m_cellsGround != style.ground) m_cells.clear();
    m_cellsGround = style.ground;
    QImage &image = m_cells[perCell];
    if (!image.isNull()) return image;
    // Where a pixel holds several cells, the strongest of them is seen: a sharp cell never vanishes.
    std::vector<HeadMatrix> coarse;
    if (perCell > 1)
        for (const HeadMatrix &head : m_content.heads)
            coarse.push_back(pooled(head, m_content.value, perCell));
    const std::vector<HeadMatrix> &heads = perCell > 1 ? coarse : m_content.heads;
    image = heads.size() == 1 ? heatImage(heads.front(), m_content.value, m_legend.scale, style)
                              : overlayImage(heads, m_content.value, m_legend.scale, style);
    return image;
}

namespace {

/// Which cell each pixel between `from` and `to` shows; −1: the line between two cells.
std::vector<int> cellsOfPixels(int from, int to, double origin, double cell, double ratio, int gap, int count)
{
    std::vector<int> places(size_t(std::max(0, to - from)), -1);
    const Span seen = visible(origin, from / ratio, to / ratio, cell, count);
    for (int i = seen.first; i < seen.last; ++i) {
        // Edges on whole pixels: neighbours neither overlap nor leave a line between them.
        const int begin = int(std::round((origin + i * cell) * ratio));
        const int end = int(std::round((origin + (i + 1) * cell) * ratio)) - gap;
        for (int x = std::max(begin, from); x < std::min(end, to); ++x) places[size_t(x - from)] = i;
    }
    return places;
}

} // namespace

/// As many pixels as the screen has, each the colour of its cell.
void HeadFigure::paintPixels(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const
{
    const double ratio = painter.device()->devicePixelRatioF();
    const auto pixel = [ratio](double value) { return int(std::round(value * ratio)); };
    const QRect area(QPoint(pixel(layout.plot.left()), pixel(layout.plot.top())),
                     QPoint(pixel(layout.plot.right()) - 1, pixel(layout.plot.bottom()) - 1));
    if (area.isEmpty()) return;
    const int perCell = std::max(1, int(std::ceil(1 / (layout.cell * ratio) - 1e-9)));
    const QImage &colors = cells(perCell, style);
    const double cell = layout.cell * perCell;
    const int gap = layout.cell >= kGapFrom ? int(std::round(ratio)) : 0;
    const std::vector<int> columns =
        cellsOfPixels(area.left(), area.right() + 1, layout.origin.x(), cell, ratio, gap, colors.width());
    const std::vector<int> rows =
        cellsOfPixels(area.top(), area.bottom() + 1, layout.origin.y(), cell, ratio, gap, colors.height());
    QImage image(area.size(), QImage::Format_RGB32);
    const QRgb ground = style.tokens.surface.rgb();
    int last = -2;
    for (int y = 0; y < image.height(); ++y) {
        auto *line = reinterpret_cast<QRgb *>(image.scanLine(y));
        const int row = rows[size_t(y)];
        if (row == last && y > 0) {
            std::memcpy(line, image.constScanLine(y - 1), size_t(image.width()) * sizeof(QRgb));
            continue;
        }
        last = row;
        const auto *from = row < 0 ? nullptr : reinterpret_cast<const QRgb *>(colors.constScanLine(row));
        for (int x = 0; x < image.width(); ++x)
            line[x] = from && columns[size_t(x)] >= 0 ? from[columns[size_t(x)]] : ground;
    }
    image.setDevicePixelRatio(ratio);
    painter.drawImage(QPointF(area.topLeft()) / ratio, image);
}

/// One picture with a pixel a cell: a rectangle for each would make a file of megabytes.
void HeadFigure::paintVector(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const
{
    const QRectF map(layout.origin, QSizeF(layout.cell * numColumns(), layout.cell * numRows()));
    painter.drawImage(map, cells(1, style));
    if (layout.cell < kGapFrom) return;
    QPainterPath lines;
    for (int row = 1; row < numRows(); ++row) {
        lines.moveTo(map.left(), map.top() + row * layout.cell - 0.5);
        lines.lineTo(map.right(), map.top() + row * layout.cell - 0.5);
    }
    for (int column = 1; column < numColumns(); ++column) {
        lines.moveTo(map.left() + column * layout.cell - 0.5, map.top());
        lines.lineTo(map.left() + column * layout.cell - 0.5, map.bottom());
    }
    painter.setPen(QPen(style.tokens.surface, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(lines);
}

void HeadFigure::paintNumbers(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const
{
    const Span rows =
        visible(layout.origin.y(), layout.plot.top(), layout.plot.bottom(), layout.cell, numRows());
    const Span columns =
        visible(layout.origin.x(), layout.plot.left(), layout.plot.right(), layout.cell, numColumns());
    painter.setFont(style.small);
    for (int row = rows.first; row < rows.last; ++row)
        for (int column = columns.first; column < columns.last; ++column) {
            const double value = valueAt(m_content.heads.front(), m_content.value, row, column);
            if (std::abs(value) < 0.005) continue;
            const QColor ground = QColor::fromRgb(cellColor(row, column, style));
            const bool isDarkReadable = contrastRatio(Qt::black, ground) > contrastRatio(Qt::white, ground);
            painter.setPen(isDarkReadable ? Qt::black : Qt::white);
            painter.drawText(layout.cellRect(row, column).adjusted(0, 0, -1, -1), Qt::AlignCenter,
                             fixedText(value, 2));
        }
}

void HeadFigure::paintMarks(QPainter &painter, const HeadLayout &layout, const Marks &marks,
                            const FigureStyle &style) const
{
    painter.setBrush(Qt::NoBrush);
    const double gap = layout.cell >= kGapFrom ? 1 : 0;
    const auto rowRect = [&](int row) {
        return QRectF(layout.origin.x(), layout.origin.y() + row * layout.cell,
                      layout.cell * numColumns() - gap, std::max(1.0, layout.cell - gap));
    };
    if (marks.pinnedRow >= 0 && marks.pinnedRow < numRows()) {
        painter.setPen(QPen(style.tokens.accent, 2, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
        painter.drawRect(rowRect(marks.pinnedRow).adjusted(-1, -1, 1, 1));
    }
    const CellPlace at = marks.cursor;
    if (at.row < 0 || at.row >= numRows()) return;
    QColor band = style.tokens.text;
    band.setAlphaF(0.55F);
    painter.setPen(QPen(band, 1));
    painter.drawRect(rowRect(at.row).adjusted(-0.5, -0.5, 0.5, 0.5));
    if (at.column < 0 || at.column >= numColumns()) return;
    painter.drawRect(QRectF(layout.origin.x() + at.column * layout.cell, layout.origin.y(),
                            std::max(1.0, layout.cell - gap), layout.cell * numRows() - gap)
                         .adjusted(-0.5, -0.5, 0.5, 0.5));
    // Light within dark, so that it is seen on every colour of the map.
    const QRectF cell = layout.cellRect(at.row, at.column).adjusted(0, 0, -gap, -gap);
    painter.setPen(QPen(style.tokens.surface, 3, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
    painter.drawRect(cell.adjusted(-1, -1, 1, 1));
    painter.setPen(QPen(style.tokens.text, 1.5, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
    painter.drawRect(cell.adjusted(-1.5, -1.5, 1.5, 1.5));
}

} // namespace orrery::ui
