// SPDX-License-Identifier: GPL-3.0-or-later
// What stands at the sides of a map of a head: labels, words where cells are small, parts of pictures.
#include "widgets/attention/head_figure.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kLabelAngle = -60;
constexpr double kPictureGap = 3;
constexpr double kLineGap = 3;      ///< from the map to the far side of the lines along words
constexpr double kLeastCell = 0.78; ///< of a line of text, for a label each
constexpr double kLineShare = 0.82; ///< of a line of text, as far as two labels are apart at least

void paintPicture(QPainter &painter, const QRectF &area, const QImage &picture, bool isMarked,
                  const FigureStyle &style)
{
    painter.save();
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(area, picture);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(isMarked ? style.tokens.accent : style.tokens.border, isMarked ? 1.8 : 1));
    painter.drawRect(area);
    painter.restore();
}

} // namespace

const std::vector<TokenRange> &HeadFigure::rangesOf(Axis axis) const
{
    const HeadMatrix &first = m_content.heads.front();
    return axis == Axis::Rows ? first.rows : first.columns;
}

HeadFigure::Words HeadFigure::wordsOf(const std::vector<TokenRange> &ranges,
                                      const std::vector<QString> &labels) const
{
    Words words;
    const std::vector<TokenRange> groups = groupTokens(m_content.tokens, Granularity::Word);
    const auto groupOf = [&](const TokenRange &range) {
        return std::upper_bound(groups.begin(), groups.end(), range.begin,
                                [](int64_t at, const TokenRange &group) { return at < group.begin; });
    };
    for (size_t i = 0; i < ranges.size(); ++i)
        if (i == 0 || groupOf(ranges[i]) != groupOf(ranges[i - 1])) words.begins.push_back(int(i));
    words.begins.push_back(int(ranges.size()));
    for (size_t i = 0; i + 1 < words.begins.size(); ++i) {
        const auto first = size_t(words.begins[i]), last = size_t(words.begins[i + 1]) - 1;
        words.labels.push_back(first == last
                                   ? labels[first]
                                   : rangeLabel(m_content.tokens, {ranges[first].begin, ranges[last].end}));
    }
    return words;
}

bool HeadFigure::needsWords(double cell, const FigureStyle &style) const
{
    return cell < QFontMetricsF(style.small).height() * kLeastCell;
}

bool HeadFigure::areColumnsUpright(bool hasWords, const FigureStyle &style) const
{
    return !hasWords &&
           longestLabel(m_columnLabels, style) <= QFontMetricsF(style.small).height() * kLineShare;
}

/// As large as its cell, where it can be made out.
double HeadFigure::pictureEdge(double cell, bool isMarked, const FigureStyle &style)
{
    const double line = QFontMetricsF(style.small).height();
    return std::clamp(cell - 1, isMarked || cell < kGapFrom ? line * 0.75 : 0, line * 1.5);
}

double HeadFigure::pictureRoom(Axis axis, double cell, const FigureStyle &style) const
{
    // Beside large cells a label has its own height; turned ones lean over the next columns.
    const double line = QFontMetricsF(style.small).height();
    return m_hasPictures && cell < (axis == Axis::Rows ? line : 2 * line)
               ? pictureEdge(cell, false, style) + kPictureGap
               : 0;
}

QRectF HeadFigure::pictureRect(const HeadLayout &layout, Axis axis, int index, const FigureStyle &style) const
{
    return picture(rangesOf(axis)[size_t(index)]).isNull() ? QRectF()
                                                           : pictureArea(layout, axis, index, false, style);
}

QRectF HeadFigure::pictureArea(const HeadLayout &layout, Axis axis, int index, bool isMarked,
                               const FigureStyle &style) const
{
    const double edge = pictureEdge(layout.cell, isMarked, style),
                 at = (index + 0.5) * layout.cell - edge / 2;
    const QPointF corner = axis == Axis::Rows
                               ? QPointF(layout.plot.left() - kLabelGap - edge, layout.origin.y() + at)
                               : QPointF(layout.origin.x() + at, layout.plot.top() - kLabelGap - edge);
    return {corner, QSizeF(edge, edge)};
}

double HeadFigure::pushedBy(const HeadLayout &layout, Axis axis, double middle,
                            const FigureStyle &style) const
{
    if (!m_hasPictures) return 0;
    const double line = QFontMetricsF(style.small).height(), edge = pictureEdge(layout.cell, false, style);
    double before = edge / 2 + line * 0.36, after = before;
    if (axis == Axis::Columns && !areColumnsUpright(layout.hasWords, style)) {
        before = edge / 2 + line * 0.45;
        after = edge / 2 + line * 0.25 + 0.58 * (edge + 2); // it leans to the right: 1 / tan 60° a pixel
    }
    const double origin = axis == Axis::Rows ? layout.origin.y() : layout.origin.x();
    const std::vector<TokenRange> &ranges = rangesOf(axis);
    const int last =
        std::min(int(std::floor((middle + after - origin) / layout.cell - 0.5)), int(ranges.size()) - 1);
    for (int i = std::max(0, int(std::ceil((middle - before - origin) / layout.cell - 0.5))); i <= last; ++i)
        if (!picture(ranges[size_t(i)]).isNull()) return edge + kPictureGap;
    return 0;
}

std::vector<HeadFigure::AxisName> HeadFigure::names(const HeadLayout &layout, Axis axis,
                                                    const FigureStyle &style) const
{
    const bool isRows = axis == Axis::Rows;
    const std::vector<TokenRange> &ranges = rangesOf(axis);
    const double origin = isRows ? layout.origin.y() : layout.origin.x();
    const double from = isRows ? layout.plot.top() : layout.plot.left(),
                 to = isRows ? layout.plot.bottom() : layout.plot.right();
    const auto placeAt = [&](double pixel) {
        return std::clamp((pixel - origin) / layout.cell, 0.0, double(ranges.size()));
    };
    const int firstSeen = int(std::floor(placeAt(from))), endSeen = int(std::ceil(placeAt(to)));
    const double half = QFontMetricsF(style.small).height() * kLineShare / 2;
    std::vector<AxisName> names;
    double free = -std::numeric_limits<double>::infinity();
    const auto add = [&](int first, int last, const QString &text) {
        AxisName name{first,
                      last,
                      text,
                      std::max(from, origin + first * layout.cell),
                      std::min(to, origin + last * layout.cell),
                      true,
                      false};
        name.isPicture = last - first == 1 && !picture(ranges[size_t(first)]).isNull();
        // No two patches are alike: where there is room for each, none is left out.
        if (layout.hasWords && !(name.isPicture && layout.cell >= kGapFrom)) {
            name.isShown = name.middle() - half >= free;
            if (name.isShown) free = name.middle() + half;
        }
        names.push_back(std::move(name));
    };
    if (!layout.hasWords) {
        const std::vector<QString> &labels = isRows ? m_rowLabels : m_columnLabels;
        for (int i = firstSeen; i < endSeen; ++i) {
            const double middle = origin + (i + 0.5) * layout.cell;
            if (middle < from || middle > to) continue;
            add(i, i + 1, labels[size_t(i)]);
            names.back().from = names.back().to = middle; // also of one that is half seen
        }
        return names;
    }
    const Words &words = isRows ? m_rowWords : m_columnWords;
    const auto begin = std::upper_bound(words.begins.begin(), words.begins.end(), firstSeen);
    for (auto i = size_t(std::max<ptrdiff_t>(0, begin - words.begins.begin() - 1)); i < words.labels.size();
         ++i) {
        if (words.begins[i] >= endSeen) break;
        add(words.begins[i], words.begins[i + 1], words.labels[i]);
    }
    return names;
}

std::vector<QString> HeadFigure::namesShown(const HeadLayout &layout, Axis axis,
                                            const FigureStyle &style) const
{
    std::vector<QString> texts;
    for (const AxisName &name : names(layout, axis, style))
        if (name.isShown) texts.push_back(name.text);
    return texts;
}

void HeadFigure::paintLabels(QPainter &painter, const HeadLayout &layout, Axis axis,
                             const FigureStyle &style) const
{
    for (const AxisName &name : names(layout, axis, style)) {
        if (name.isPicture) {
            const QImage image = picture(rangesOf(axis)[size_t(name.first)]);
            if (name.isShown)
                paintPicture(painter, pictureArea(layout, axis, name.first, false, style), image, false,
                             style);
            continue;
        }
        if (layout.hasWords) {
            const double from = std::round(name.from + 0.5),
                         length = std::max(1.0, std::round(name.to - 1.5) - from);
            const QRectF line = axis == Axis::Rows
                                    ? QRectF(std::round(layout.plot.left()) - kLineGap, from, 1, length)
                                    : QRectF(from, std::round(layout.plot.top()) - kLineGap, length, 1);
            painter.fillRect(line, name.isShown ? style.tokens.secondary : style.tokens.border);
        }
        if (name.isShown)
            paintText(painter, layout, axis, name.middle(), name.text, style.tokens.secondary, Look::Plain,
                      style);
    }
}

void HeadFigure::paintMarkedLabel(QPainter &painter, const HeadLayout &layout, Axis axis, int index,
                                  const QColor &color, const FigureStyle &style) const
{
    const bool isRows = axis == Axis::Rows;
    const double middle = (isRows ? layout.origin.y() : layout.origin.x()) + (index + 0.5) * layout.cell;
    if (middle < (isRows ? layout.plot.top() : layout.plot.left()) ||
        middle > (isRows ? layout.plot.bottom() : layout.plot.right()))
        return;
    if (const QImage image = picture(rangesOf(axis)[size_t(index)]); !image.isNull())
        return paintPicture(painter, pictureArea(layout, axis, index, true, style), image, true, style);
    if (layout.hasWords) { // half of a word would look out behind it
        const double line = QFontMetricsF(style.small).height() * kLineShare;
        for (const AxisName &name : names(layout, axis, style))
            if (name.isShown && !name.isPicture && std::abs(name.middle() - middle) < line)
                paintText(painter, layout, axis, name.middle(), name.text, color, Look::Erased, style);
    }
    const QString &text = (isRows ? m_rowLabels : m_columnLabels)[size_t(index)];
    paintText(painter, layout, axis, middle, text, color, Look::Marked, style);
}

void HeadFigure::paintText(QPainter &painter, const HeadLayout &layout, Axis axis, double middle,
                           const QString &whole, const QColor &color, Look look,
                           const FigureStyle &style) const
{
    QFont font = style.small;
    const double line = QFontMetricsF(font).height(), push = pushedBy(layout, axis, middle, style);
    const double gap = labelGap(axis, layout.hasWords);
    if (look == Look::Marked) font.setWeight(QFont::DemiBold);
    const QFontMetricsF metrics(font);
    painter.save();
    painter.setFont(font);
    painter.setPen(color);
    if (axis == Axis::Rows) {
        const double width = layout.plot.left() - gap - push;
        const QRectF area(0, middle - line / 2, width, line);
        if (look == Look::Marked) {
            const double high = std::min(line, std::max(layout.cell, line * 0.68));
            painter.fillRect(QRectF(0, middle - high / 2, width + 1, high), style.tokens.surface);
        } else if (look == Look::Erased) {
            painter.fillRect(QRectF(0, area.top(), width + 1, line), style.tokens.surface);
        }
        // One that would be cut is left out: the view ends there.
        if (look == Look::Marked || (look == Look::Plain && area.bottom() <= layout.plot.bottom() + 3))
            painter.drawText(area, Qt::AlignRight | Qt::AlignVCenter,
                             metrics.elidedText(whole, Qt::ElideRight, width));
    } else if (areColumnsUpright(layout.hasWords, style)) {
        const double width = std::max(metrics.height(), metrics.horizontalAdvance(whole) + 2);
        const QRectF area(middle - width / 2, layout.plot.top() - metrics.height() - 1 - push, width,
                          metrics.height());
        if (look != Look::Plain) painter.fillRect(area, style.tokens.surface);
        if (look != Look::Erased) painter.drawText(area, Qt::AlignHCenter | Qt::AlignBottom, whole);
    } else {
        const double foot = layout.plot.top() - gap - push;
        const QString text = metrics.elidedText(whole, Qt::ElideRight, (foot - line * 0.5) / 0.87);
        painter.translate(middle + line * 0.25, foot + 2);
        painter.rotate(kLabelAngle);
        if (look != Look::Plain) {
            const double above = look == Look::Marked ? 1 : 0.85, below = look == Look::Marked ? 1 : 0.7;
            painter.fillRect(QRectF(-1, -metrics.ascent() * above, metrics.horizontalAdvance(text) + 2,
                                    metrics.ascent() * above + metrics.descent() * below),
                             style.tokens.surface);
        }
        if (look != Look::Erased) painter.drawText(QPointF(0, 0), text);
    }
    painter.restore();
}

} // namespace orrery::ui
