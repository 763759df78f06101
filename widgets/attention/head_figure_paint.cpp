// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/head_figure.h"

#include "widgets/common/number_text.h"
#include "widgets/theme/contrast.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kGapFrom = 7;      ///< edge in pixels from which a line of the ground parts the cells
constexpr double kNumbersFrom = 34; ///< edge in pixels from which a number fits
constexpr double kFineBelow = 3;    ///< edge in pixels below which cells are an image
constexpr double kLabelAngle = -60;
constexpr double kLabelGapPixels = 6;

/// Labels every how many rows, so that none touches the next.
int labelStride(double cell, double line) { return std::max(1, int(std::ceil(line / std::max(cell, 0.01)))); }

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
    if (isEmpty()) return;
    painter.save();
    painter.save();
    painter.setClipRect(layout.plot.adjusted(-1, -1, 1, 1));
    if (layout.cell < kFineBelow)
        paintFineCells(painter, layout, style);
    else
        paintCells(painter, layout, style);
    painter.restore();
    painter.setPen(QPen(style.tokens.border, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(layout.plot.adjusted(-0.5, -0.5, 0.5, 0.5));
    painter.save();
    painter.setClipRect(layout.plot.adjusted(-3, -3, 3, 3));
    paintMarks(painter, layout, marks, style);
    painter.restore();
    paintRowLabels(painter, layout, marks, style);
    paintColumnLabels(painter, layout, marks, style);
    paintColorScale(painter, layout.legend, m_legend, style);
    painter.restore();
}

void HeadFigure::paintCells(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const
{
    const Span rows =
        visible(layout.origin.y(), layout.plot.top(), layout.plot.bottom(), layout.cell, numRows());
    const Span columns =
        visible(layout.origin.x(), layout.plot.left(), layout.plot.right(), layout.cell, numColumns());
    const double gap = layout.cell >= kGapFrom ? 1 : 0;
    if (gap <= 0) painter.fillRect(layout.plot, style.zero());
    painter.setRenderHint(QPainter::Antialiasing, false);
    const QRgb zero = style.zero().rgb();
    painter.setFont(style.small);
    for (int row = rows.first; row < rows.last; ++row)
        for (int column = columns.first; column < columns.last; ++column) {
            const QRgb color = cellColor(row, column, style);
            if (gap <= 0 && color == zero) continue;
            // Edges on whole pixels: neighbours neither overlap nor leave a line between them.
            const QRectF exact = layout.cellRect(row, column);
            const double left = std::round(exact.left()), top = std::round(exact.top());
            const QRectF cell(left, top, std::round(exact.right()) - left - gap,
                              std::round(exact.bottom()) - top - gap);
            painter.fillRect(cell, QColor::fromRgb(color));
            if (layout.cell >= kNumbersFrom) paintNumber(painter, cell, row, column, style);
        }
}

void HeadFigure::paintNumber(QPainter &painter, const QRectF &cell, int row, int column,
                             const FigureStyle &style) const
{
    if (m_content.heads.size() > 1) return;
    const double value = valueAt(m_content.heads.front(), m_content.value, row, column);
    if (std::abs(value) < 0.005) return;
    const QColor ground = QColor::fromRgb(cellColor(row, column, style));
    const bool isDarkReadable = contrastRatio(Qt::black, ground) > contrastRatio(Qt::white, ground);
    painter.setPen(isDarkReadable ? Qt::black : Qt::white);
    painter.drawText(cell, Qt::AlignCenter, fixedText(value, 2));
}

void HeadFigure::paintFineCells(QPainter &painter, const HeadLayout &layout, const FigureStyle &style) const
{
    // Below a pixel a cell the strongest of those that share a pixel is seen: a sharp cell never vanishes.
    const auto edge =
        std::max(1, int(std::ceil(std::max(layout.cell * numRows(), layout.cell * numColumns()))));
    QImage image;
    if (m_content.heads.size() == 1) {
        image = heatImage(coarsened(m_content.heads.front(), m_content.value, edge), m_content.value,
                          m_legend.scale, style);
    } else {
        image = QImage(numColumns(), numRows(), QImage::Format_RGB32);
        for (int row = 0; row < numRows(); ++row)
            for (int column = 0; column < numColumns(); ++column)
                image.setPixel(column, row, cellColor(row, column, style));
    }
    painter.drawImage(QRectF(layout.origin, QSizeF(layout.cell * numColumns(), layout.cell * numRows())),
                      image);
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

void HeadFigure::paintRowLabels(QPainter &painter, const HeadLayout &layout, const Marks &marks,
                                const FigureStyle &style) const
{
    const QFontMetricsF metrics(style.small);
    const Span rows =
        visible(layout.origin.y(), layout.plot.top(), layout.plot.bottom(), layout.cell, numRows());
    const int stride = labelStride(layout.cell, metrics.height() * 0.82);
    QFont strong = style.small;
    strong.setWeight(QFont::DemiBold);
    const double width = layout.plot.left() - kLabelGapPixels;
    const auto draw = [&](int row, const QColor &color, bool isStrong, bool hasGround) {
        const double middle = layout.origin.y() + (row + 0.5) * layout.cell;
        if (middle < layout.plot.top() || middle > layout.plot.bottom()) return;
        const QRectF area(0, middle - metrics.height() / 2, width, metrics.height());
        if (hasGround) {
            const double high = std::min(area.height(), std::max(layout.cell, metrics.height() * 0.75));
            painter.fillRect(QRectF(0, middle - high / 2, width + 2, high), style.tokens.surface);
        }
        painter.setFont(isStrong ? strong : style.small);
        painter.setPen(color);
        painter.drawText(area, Qt::AlignRight | Qt::AlignVCenter,
                         QFontMetricsF(painter.font()).elidedText(rowLabel(row), Qt::ElideRight, width));
    };
    for (int row = rows.first; row < rows.last; ++row)
        if (row % stride == 0) draw(row, style.tokens.secondary, false, false);
    if (marks.pinnedRow >= 0 && marks.pinnedRow < numRows())
        draw(marks.pinnedRow, style.tokens.accent, true, true);
    if (marks.cursor.row >= 0 && marks.cursor.row < numRows() && marks.cursor.row != marks.pinnedRow)
        draw(marks.cursor.row, style.tokens.text, true, true);
}

void HeadFigure::paintColumnLabels(QPainter &painter, const HeadLayout &layout, const Marks &marks,
                                   const FigureStyle &style) const
{
    const QFontMetricsF metrics(style.small);
    const Span columns =
        visible(layout.origin.x(), layout.plot.left(), layout.plot.right(), layout.cell, numColumns());
    const int stride = labelStride(layout.cell, metrics.height() * 0.82);
    const double length = (layout.plot.top() - kLabelGapPixels - metrics.height() * 0.5) / 0.87;
    const auto draw = [&](int column, const QColor &color, bool isStrong) {
        const double middle = layout.origin.x() + (column + 0.5) * layout.cell;
        if (middle < layout.plot.left() || middle > layout.plot.right()) return;
        QFont font = style.small;
        if (isStrong) font.setWeight(QFont::DemiBold);
        painter.save();
        painter.setFont(font);
        painter.translate(middle + metrics.height() * 0.25, layout.plot.top() - kLabelGapPixels + 2);
        painter.rotate(kLabelAngle);
        const QString text = QFontMetricsF(font).elidedText(columnLabel(column), Qt::ElideRight, length);
        if (isStrong)
            painter.fillRect(QRectF(-1, -metrics.ascent(), QFontMetricsF(font).horizontalAdvance(text) + 2,
                                    metrics.height()),
                             style.tokens.surface);
        painter.setPen(color);
        painter.drawText(QPointF(0, 0), text);
        painter.restore();
    };
    const int at = marks.cursor.row >= 0 ? marks.cursor.column : -1;
    for (int column = columns.first; column < columns.last; ++column)
        if (column % stride == 0 && column != at) draw(column, style.tokens.secondary, false);
    if (at >= 0 && at < numColumns()) draw(at, style.tokens.text, true);
}

} // namespace orrery::ui
