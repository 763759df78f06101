// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/overview_scene.h"

#include "widgets/common/number_text.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QPainter>
#include <QPolygonF>

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("OverviewScene", text); }

constexpr double kLargestTile = 220, kCaptionFrom = 62, kLegendGap = 20;

QString percentOf(double share) { return std::isfinite(share) ? percentText(share * 100) : unknownText(); }

/// Sharp where a cell is several pixels, else averaged: single cells must not come and go with the size.
QImage scaledTile(const QImage &image, const QSize &size)
{
    const bool isSharp = size.width() >= image.width() * 3 || size.width() % image.width() == 0;
    return image.scaled(size, Qt::IgnoreAspectRatio,
                        isSharp ? Qt::FastTransformation : Qt::SmoothTransformation);
}

/// On a ground of its own: a map has all colours.
void paintStar(QPainter &painter, const QPointF &centre, const FigureStyle &style)
{
    constexpr double kOuter = 4.6, kInner = 2.1;
    QPolygonF star;
    for (int i = 0; i < 10; ++i) {
        const double angle = std::numbers::pi * (i / 5.0 - 0.5), radius = i % 2 == 0 ? kOuter : kInner;
        star << centre + QPointF(std::cos(angle), std::sin(angle)) * radius;
    }
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(style.tokens.surface);
    painter.drawEllipse(centre, 6.5, 6.5);
    painter.setBrush(style.tokens.accent);
    painter.drawPolygon(star);
    painter.restore();
}

} // namespace

QString headTitle(const HeadRef &head) { return tr("Layer %1, head %2").arg(head.layer).arg(head.head); }

QString summarySentence(const HeadSummary &summary)
{
    return tr("entropy %1 nats · looks %2 tokens away · first token %3 · itself %4")
        .arg(significantText(summary.entropy, 3), significantText(summary.distance, 3),
             percentOf(summary.firstMass), percentOf(summary.selfMass));
}

void OverviewScene::setContent(const OverviewContent &content, const FigureStyle &style)
{
    m_content = content;
    m_tiles.clear();
    m_scaled.clear();
    m_layers = m_heads = 0;
    m_legend = {};
    m_legend.value = content.value;
    m_legend.scale.kind = content.scale;
    m_legend.scale.isDifference = content.isDifference && content.base;
    if (!content.now) return;
    std::vector<HeadMatrix> matrices;
    double largest = 0;
    for (const AttentionMap &map : content.now->report.overview) {
        HeadMatrix matrix = toMatrix(map);
        m_legend.isPooled = m_legend.isPooled || matrix.isPooled();
        const AttentionMap *before = content.base ? mapOf(*content.base, map.head) : nullptr;
        HeadTile tile;
        tile.head = map.head;
        tile.difference = before ? differenceBetween(map, *before) : std::nan("");
        if (const HeadSummary *summary = summaryOf(*content.now, map.head)) {
            tile.summary = *summary;
            tile.hasSummary = true;
        }
        if (m_legend.scale.isDifference) {
            std::optional<HeadMatrix> change;
            if (before) change = difference(matrix, toMatrix(*before));
            if (change) largest = std::max(largest, largestValue(*change, content.value));
            matrix = change.value_or(HeadMatrix{});
        }
        m_layers = std::max(m_layers, static_cast<int>(map.head.layer) + 1);
        m_heads = std::max(m_heads, static_cast<int>(map.head.head) + 1);
        matrices.push_back(std::move(matrix));
        m_tiles.push_back(std::move(tile));
    }
    if (m_legend.scale.isDifference) {
        m_ownLimit = niceLimit(largest);
        m_legend.scale.limit = std::max(m_ownLimit, content.leastLimit);
        m_legend.baseStep = content.base->report.step;
    }
    for (size_t i = 0; i < m_tiles.size(); ++i)
        m_tiles[i].image = heatImage(matrices[i], content.value, m_legend.scale, style);
    std::stable_sort(m_tiles.begin(), m_tiles.end(),
                     [](const HeadTile &a, const HeadTile &b) { return a.head < b.head; });
    if (content.sort != HeadSort::Position)
        std::stable_sort(m_tiles.begin(), m_tiles.end(),
                         [this](const HeadTile &a, const HeadTile &b) { return sortKey(a) > sortKey(b); });
}

double OverviewScene::sortKey(const HeadTile &tile) const
{
    double key = 0;
    if (m_content.sort == HeadSort::Entropy) key = tile.summary.entropy;
    if (m_content.sort == HeadSort::Distance) key = tile.summary.distance;
    if (m_content.sort == HeadSort::Difference) key = tile.difference;
    return std::isfinite(key) ? key : -1; // what is not known stands last
}

int OverviewScene::indexOf(const HeadRef &head) const
{
    const auto found = std::find_if(m_tiles.begin(), m_tiles.end(),
                                    [&head](const HeadTile &tile) { return tile.head == head; });
    return found == m_tiles.end() ? -1 : static_cast<int>(found - m_tiles.begin());
}

OverviewLayout OverviewScene::layout(const QSizeF &space, const FigureStyle &style) const
{
    OverviewLayout layout;
    layout.isGrid = m_content.sort == HeadSort::Position;
    const QFontMetricsF metrics(style.small);
    const double line = std::ceil(metrics.height());
    layout.legendWidth = std::ceil(colorScaleWidth(m_legend, style)) + kLegendGap;
    layout.labelWidth = layout.isGrid ? std::ceil(metrics.horizontalAdvance(u"L%1"_s.arg(m_layers))) + 8 : 0;
    layout.headerHeight = layout.isGrid ? line + 4 : 0;
    const auto count = static_cast<int>(m_tiles.size());
    if (count == 0) return layout;
    const double width = space.width() - layout.legendWidth - layout.labelWidth - 2;
    const double height = space.height() - layout.headerHeight - 2;
    const auto fit = [&](int columns, double caption) {
        const int rows = (count + columns - 1) / columns;
        const double wide = width / columns - kTileGap, tall = height / rows - kTileGap - caption;
        return std::floor(std::min(wide, tall));
    };
    if (layout.isGrid) {
        layout.columns = m_heads;
        layout.rows = m_layers;
        const double wide = width / m_heads - kTileGap, tall = height / m_layers - kTileGap;
        layout.tile = std::floor(std::min(wide, tall));
        // Captions when there is room for both; narrow tiles have no room for the numbers.
        const double captioned = std::floor(std::min(wide, tall - line - line / m_layers));
        if (captioned >= kCaptionFrom) {
            layout.captionHeight = line;
            layout.tile = captioned;
        }
    } else {
        layout.captionHeight = line;
        for (int columns = 1; columns <= count; ++columns)
            if (const double tile = fit(columns, line); tile > layout.tile) {
                layout.tile = tile;
                layout.columns = columns;
            }
        const double smallest = std::max(kSmallestTile, std::ceil(metrics.horizontalAdvance(u"L10 H10"_s)));
        if (layout.tile < smallest) {
            layout.tile = smallest;
            layout.columns = std::max(1, static_cast<int>(width / (smallest + kTileGap)));
        }
        layout.rows = (count + layout.columns - 1) / layout.columns;
    }
    layout.tile = std::clamp(layout.tile, kSmallestTile, kLargestTile);
    const double step = layout.tile + kTileGap;
    layout.size = QSizeF(layout.labelWidth + layout.columns * step + layout.legendWidth,
                         layout.headerHeight + layout.rows * (step + layout.captionHeight));
    // What the captions are stands once below all.
    if (layout.isGrid) layout.size.rheight() += layout.captionHeight;
    return layout;
}

QRectF OverviewScene::tileRect(const OverviewLayout &layout, int index) const
{
    const HeadRef head = m_tiles[size_t(index)].head;
    const auto column = layout.isGrid ? double(head.head) : double(index % layout.columns);
    const auto row = layout.isGrid ? double(head.layer) : double(index / layout.columns);
    return {layout.labelWidth + 2 + column * (layout.tile + kTileGap),
            layout.headerHeight + 2 + row * (layout.tile + kTileGap + layout.captionHeight), layout.tile,
            layout.tile};
}

int OverviewScene::tileAt(const OverviewLayout &layout, const QPointF &position) const
{
    for (int i = 0; i < std::ssize(m_tiles); ++i)
        if (tileRect(layout, i).adjusted(0, 0, kTileGap, layout.captionHeight + kTileGap).contains(position))
            return i;
    return -1;
}

int OverviewScene::neighbour(const OverviewLayout &layout, int index, int columns, int rows) const
{
    const auto count = static_cast<int>(m_tiles.size());
    if (!layout.isGrid) return std::clamp(index + columns + rows * layout.columns, 0, count - 1);
    const HeadRef here = m_tiles[size_t(index)].head;
    const HeadRef wanted{std::clamp<int64_t>(here.layer + rows, 0, m_layers - 1),
                         std::clamp<int64_t>(here.head + columns, 0, m_heads - 1)};
    const int found = indexOf(wanted);
    return found < 0 ? index : found;
}

QString OverviewScene::caption(const HeadTile &tile) const
{
    const QString entropy = tile.hasSummary ? significantText(tile.summary.entropy, 2) : unknownText();
    const QString distance = tile.hasSummary ? significantText(tile.summary.distance, 2) : unknownText();
    if (m_content.sort == HeadSort::Position) return entropy + u" · "_s + distance;
    // Of one width each, so that they stand in columns.
    if (m_content.sort == HeadSort::Difference)
        return std::isfinite(tile.difference) ? fixedText(tile.difference, 2) : unknownText();
    if (!tile.hasSummary) return unknownText();
    if (m_content.sort == HeadSort::Entropy) return fixedText(tile.summary.entropy, 1);
    return fixedText(tile.summary.distance, tile.summary.distance < 10 ? 1 : 0);
}

void OverviewScene::paint(QPainter &painter, const OverviewLayout &layout, const QRectF &visible,
                          const Marks &marks, const FigureStyle &style) const
{
    painter.save();
    painter.setFont(style.small);
    const double ratio = painter.device()->devicePixelRatioF();
    const int pixels = static_cast<int>(std::round(layout.tile * ratio));
    if (m_scaledSize != QSize(pixels, pixels) || m_scaled.size() != m_tiles.size()) {
        m_scaledSize = QSize(pixels, pixels);
        m_scaled.assign(m_tiles.size(), QImage());
    }
    paintLabels(painter, layout, marks, style);
    for (int i = 0; i < std::ssize(m_tiles); ++i)
        if (tileRect(layout, i).adjusted(-4, -4, 4, layout.captionHeight + 4).intersects(visible))
            paintTile(painter, layout, i, marks, style);
    painter.restore();
    if (m_tiles.empty()) return;
    const double left = std::min(layout.size.width(), visible.right()) - layout.legendWidth + kLegendGap;
    const double height =
        std::min(layout.size.height(), visible.height()) - layout.headerHeight - layout.captionHeight;
    paintColorScale(painter,
                    QRectF(left, visible.top() + layout.headerHeight - 4, layout.legendWidth, height),
                    m_legend, style);
}

void OverviewScene::paintLabels(QPainter &painter, const OverviewLayout &layout, const Marks &marks,
                                const FigureStyle &style) const
{
    if (!layout.isGrid) return;
    const double step = layout.tile + kTileGap;
    const auto label = [&](const QRectF &area, const QString &text, bool isCurrent, Qt::Alignment alignment) {
        painter.setPen(isCurrent && marks.hasCurrent ? style.tokens.accent : style.tokens.secondary);
        painter.drawText(area, alignment, text);
    };
    for (int head = 0; head < m_heads; ++head)
        label(QRectF(layout.labelWidth + 2 + head * step, 0, layout.tile, layout.headerHeight),
              u"H%1"_s.arg(head), marks.current.head == head, Qt::AlignHCenter | Qt::AlignTop);
    for (int layer = 0; layer < m_layers; ++layer)
        label(QRectF(0, layout.headerHeight + 2 + layer * (step + layout.captionHeight),
                     layout.labelWidth - 6, layout.tile),
              u"L%1"_s.arg(layer), marks.current.layer == layer, Qt::AlignRight | Qt::AlignVCenter);
    if (layout.captionHeight > 0)
        label(QRectF(layout.labelWidth + 2, layout.size.height() - layout.captionHeight, layout.size.width(),
                     layout.captionHeight),
              tr("below a head: entropy in nats · distance in tokens"), false, Qt::AlignLeft | Qt::AlignTop);
}

void OverviewScene::paintTile(QPainter &painter, const OverviewLayout &layout, int index, const Marks &marks,
                              const FigureStyle &style) const
{
    const HeadTile &tile = m_tiles[size_t(index)];
    const QRectF area = tileRect(layout, index);
    QImage &scaled = m_scaled[size_t(index)];
    if (scaled.isNull()) scaled = scaledTile(tile.image, m_scaledSize);
    painter.drawImage(area, scaled);
    const bool isCurrent = marks.hasCurrent && tile.head == marks.current;
    const bool isHovered = index == marks.hovered;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(isHovered ? style.tokens.secondary : style.tokens.border, 1));
    painter.drawRect(area.adjusted(-0.5, -0.5, 0.5, 0.5));
    const auto chosen = std::find(marks.selected.begin(), marks.selected.end(), tile.head);
    if (chosen != marks.selected.end()) {
        const auto number = static_cast<int>(chosen - marks.selected.begin());
        painter.setPen(QPen(style.headColor(number), 2.5, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
        painter.drawRect(area.adjusted(-1.5, -1.5, 1.5, 1.5));
    }
    if (isCurrent) {
        painter.setPen(QPen(style.tokens.accent, marks.hasFocus ? 2.5 : 1.5, Qt::SolidLine, Qt::SquareCap,
                            Qt::MiterJoin));
        painter.drawRect(area.adjusted(-2, -2, 2, 2));
    }
    if (std::find(marks.starred.begin(), marks.starred.end(), tile.head) != marks.starred.end())
        paintStar(painter, area.topRight() + QPointF(-8, 8), style);
    if (layout.captionHeight <= 0) return;
    const QRectF below(area.left() - kTileGap / 2, area.bottom() + 2, area.width() + kTileGap,
                       layout.captionHeight);
    painter.setPen(isCurrent ? style.tokens.text : style.tokens.secondary);
    QString text = caption(tile);
    if (!layout.isGrid) {
        const QString name = u"L%1 H%2"_s.arg(tile.head.layer).arg(tile.head.head);
        const QFontMetricsF metrics(style.small);
        const bool hasRoom = metrics.horizontalAdvance(name + u"  "_s + text) <= below.width() - 4;
        text = hasRoom ? name + u"  "_s + text : name;
    }
    painter.drawText(below, Qt::AlignHCenter | Qt::AlignTop, text);
}

} // namespace orrery::ui
