// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/head_figure.h"

#include "widgets/attention/overview_scene.h"
#include "widgets/common/number_text.h"

#include <QCoreApplication>
#include <QFontMetricsF>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("HeadFigure", text); }

constexpr double kLongestLabel = 96, kLargestCell = 44, kLegendGap = 16;
constexpr int kPasses = 3; ///< smaller cells have longer names, which leave less room for the cells
constexpr double kLeastLabels = 24, kLabelShare = 0.28; ///< of the height, for labels over the columns

} // namespace

void HeadFigure::setContent(HeadContent content)
{
    m_content = std::move(content);
    if (m_content.isGrouped) m_content.value = CellValue::Mean; // grouped() has the sum there
    m_rowLabels.clear();
    m_columnLabels.clear();
    m_rowWords = m_columnWords = {};
    m_hasPictures = false;
    m_cells.clear();
    m_longest.clear();
    m_rounding = 0;
    for (float one : m_content.rounding) m_rounding = std::max(m_rounding, double(one));
    m_legend = {};
    m_legend.scale.kind = m_content.scale;
    m_legend.value = m_content.value;
    m_legend.baseStep = m_content.baseStep;
    if (isEmpty()) return;
    const HeadMatrix &first = m_content.heads.front();
    // Heads of another shape cannot lie over the first one.
    std::erase_if(m_content.heads, [shape = std::pair(first.rows, first.columns)](const HeadMatrix &one) {
        return one.rows != shape.first || one.columns != shape.second;
    });
    m_legend.scale.isDifference = m_content.heads.front().isDifference;
    double largest = 0;
    for (const HeadMatrix &head : m_content.heads) {
        m_legend.isPooled = m_legend.isPooled || (head.isPooled() && !m_content.isGrouped);
        largest = std::max(largest, largestValue(head, m_content.value));
        if (m_content.heads.size() > 1) m_legend.headNames << headTitle(head.head);
    }
    m_ownLimit = niceLimit(largest);
    if (m_legend.scale.isDifference) m_legend.scale.limit = std::max(m_ownLimit, m_content.leastLimit);
    m_rowLabels = axisLabels(m_content.tokens, m_content.heads.front().rows);
    m_columnLabels = axisLabels(m_content.tokens, m_content.heads.front().columns);
    m_rowWords = wordsOf(m_content.heads.front().rows, m_rowLabels);
    m_columnWords = wordsOf(m_content.heads.front().columns, m_columnLabels);
    m_hasPictures = std::any_of(m_content.pictures.begin(), m_content.pictures.end(),
                                [](const QImage &one) { return !one.isNull(); });
}

QImage HeadFigure::picture(const TokenRange &tokens) const
{
    const bool isOne = tokens.begin >= 0 && tokens.end - tokens.begin == 1;
    return isOne && tokens.begin < std::ssize(m_content.pictures) ? m_content.pictures[size_t(tokens.begin)]
                                                                  : QImage();
}

double HeadFigure::longestLabel(const std::vector<QString> &labels, const FigureStyle &style) const
{
    // Thousands of labels are measured once, not with every pixel that a map is moved by.
    if (m_longestFont != style.small) m_longest.clear();
    m_longestFont = style.small;
    if (const auto known = m_longest.find(&labels); known != m_longest.end()) return known->second;
    const QFontMetricsF metrics(style.small);
    double width = 0;
    for (const QString &label : labels) {
        if (width >= kLongestLabel) break;
        width = std::max(width, metrics.horizontalAdvance(label));
    }
    return m_longest[&labels] = std::min(std::ceil(width), kLongestLabel);
}

QRectF HeadFigure::tokenArea() const
{
    if (isEmpty()) return {};
    const HeadMatrix &first = m_content.heads.front();
    return QRectF(QPointF(double(first.columns.front().begin), double(first.rows.front().begin)),
                  QPointF(double(first.columns.back().end), double(first.rows.back().end)));
}

HeadFigure::Margins HeadFigure::margins(double height, double cell, const FigureStyle &style) const
{
    const QFontMetricsF metrics(style.small);
    const bool hasWords = needsWords(cell, style);
    // Column labels are turned by 60 degrees, where they are longer than a letter.
    const double labels =
        std::min(longestLabel(hasWords ? m_columnWords.labels : m_columnLabels, style) * 0.87,
                 std::max(kLeastLabels, height * kLabelShare));
    const double above = areColumnsUpright(hasWords, style)
                             ? metrics.height()
                             : labels + metrics.height() * 0.5 + labelGap(Axis::Columns, hasWords);
    const double before =
        longestLabel(hasWords ? m_rowWords.labels : m_rowLabels, style) + labelGap(Axis::Rows, hasWords) + 2;
    return {std::ceil(before + pictureRoom(Axis::Rows, cell, style)),
            std::ceil(above + pictureRoom(Axis::Columns, cell, style)),
            kLegendGap + std::ceil(colorScaleWidth(m_legend, style))};
}

double HeadFigure::widthForHeight(double height, const FigureStyle &style) const
{
    if (isEmpty()) return 0;
    Margins margins{};
    double cell = kLargestCell;
    for (int pass = 0; pass < kPasses; ++pass) {
        margins = this->margins(height, cell, style);
        cell = std::min(kLargestCell, (height - margins.top - 2) / numRows());
    }
    // Turned labels reach beyond the last column.
    return margins.left + cell * numColumns() +
           std::max(margins.right, longestLabel(m_columnLabels, style) / 2) + 4;
}

HeadLayout HeadFigure::layout(const QSizeF &space, const MapZoom &zoom, const FigureStyle &style) const
{
    HeadLayout layout;
    if (isEmpty()) return layout;
    Margins margins{};
    QSizeF room;
    double cell = kLargestCell;
    for (int pass = 0; pass < kPasses; ++pass) {
        margins = this->margins(space.height(), cell, style);
        room = QSizeF(std::max(20.0, space.width() - margins.left - margins.right - 2),
                      std::max(20.0, space.height() - margins.top - 2));
        cell = std::min({room.width() / numColumns(), room.height() / numRows(), kLargestCell});
        if (cell >= 12) cell = std::floor(cell); // all cells alike; smaller ones may differ by a pixel
    }
    layout.cell = cell * zoom.factor;
    layout.hasWords = needsWords(layout.cell, style);
    const QSizeF map(layout.cell * numColumns(), layout.cell * numRows());
    layout.plot = QRectF(margins.left, margins.top, std::min(room.width(), map.width()),
                         std::min(room.height(), map.height()));
    layout.origin = layout.plot.topLeft() - zoom.origin * layout.cell;
    layout.legend = QRectF(layout.plot.right() + kLegendGap, layout.plot.top() - 6,
                           margins.right - kLegendGap, layout.plot.height() + 12);
    return layout;
}

CellPlace HeadFigure::cellAt(const HeadLayout &layout, const QPointF &position) const
{
    if (isEmpty() || layout.cell <= 0 || position.y() < layout.plot.top() ||
        position.y() >= layout.plot.bottom())
        return {};
    const int row = int(std::floor((position.y() - layout.origin.y()) / layout.cell));
    // A row label stands for its row.
    const int column = position.x() < layout.plot.left()
                           ? -1
                           : int(std::floor((position.x() - layout.origin.x()) / layout.cell));
    if (row < 0 || row >= numRows() || column >= numColumns() || position.x() >= layout.plot.right())
        return {};
    return {row, column};
}

QRgb HeadFigure::cellColor(int row, int column, const FigureStyle &style) const
{
    if (m_content.heads.size() > 1)
        return overlayColor(m_content.heads, m_content.value, m_legend.scale, style, row, column);
    return m_legend.scale.color(valueAt(m_content.heads.front(), m_content.value, row, column), style);
}

QString HeadFigure::reading(const CellPlace &place) const
{
    if (isEmpty() || place.row < 0 || place.row >= numRows()) return {};
    const HeadMatrix &first = m_content.heads.front();
    const QString looks = rangeSentence(m_content.tokens, first.rows[size_t(place.row)]);
    if (place.column < 0 || place.column >= numColumns()) return looks;
    const QString seen = rangeSentence(m_content.tokens, first.columns[size_t(place.column)]);
    const bool isChange = first.isDifference;
    QStringList values;
    for (const HeadMatrix &head : m_content.heads) {
        QString value = weightText(head.meanAt(place.row, place.column), isChange);
        if (head.isPooled())
            value +=
                tr(" (max %1 in cell)").arg(weightText(head.maximumAt(place.row, place.column), isChange));
        const auto cell = size_t(place.row) * size_t(numColumns()) + size_t(place.column);
        if (cell < m_content.rounding.size())
            value += tr(" ± %1").arg(significantText(double(m_content.rounding[cell]), 2));
        values << (m_content.heads.size() > 1 ? headTitle(head.head) + u' ' + value : value);
    }
    const QString sentence = isChange ? tr("%1 looks at %2: difference %3") : tr("%1 looks at %2: %3");
    return sentence.arg(looks, seen, values.join(u"; "_s));
}

} // namespace orrery::ui
