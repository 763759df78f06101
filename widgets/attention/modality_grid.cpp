// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/modality_grid.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kTileGap = 8, kSmallest = 26, kLargest = 110, kScaleHeight = 36, kSmallestScale = 220,
                 kLargestScale = 300;

} // namespace

void ModalityGrid::setContent(const SnapshotPtr &now, FlowKind kind)
{
    m_now = now;
    m_layers = m_heads = 0;
    m_modalities.clear();
    if (!now) return;
    m_modalities = modalitiesOf(now->report.tokens);
    m_scale = flowScale(now->report.flows, kind);
    for (const ModalityFlow &flow : now->report.flows) {
        m_layers = std::max(m_layers, static_cast<int>(flow.head.layer) + 1);
        m_heads = std::max(m_heads, static_cast<int>(flow.head.head) + 1);
    }
}

ModalityGridLayout ModalityGrid::layout(const QSizeF &space, const FigureStyle &style) const
{
    ModalityGridLayout layout;
    if (isEmpty()) return layout;
    const QFontMetricsF metrics(style.small);
    layout.labelWidth = std::ceil(metrics.horizontalAdvance(u"L%1"_s.arg(m_layers))) + 8;
    layout.headerHeight = std::ceil(metrics.height()) + 4;
    const double wide = (space.width() - layout.labelWidth - 4) / m_heads - kTileGap;
    const double tall = (space.height() - layout.headerHeight - kScaleHeight - 4) / m_layers - kTileGap;
    layout.tile = std::clamp(std::floor(std::min(wide, tall)), kSmallest, kLargest);
    layout.scaleTop = layout.headerHeight + 2 + m_layers * (layout.tile + kTileGap) + 4;
    layout.scaleWidth = std::clamp(space.width() - layout.labelWidth - 4, kSmallestScale, kLargestScale);
    layout.size =
        QSizeF(layout.labelWidth + 4 + std::max(layout.scaleWidth, m_heads * (layout.tile + kTileGap)),
               layout.scaleTop + kScaleHeight - 4);
    return layout;
}

QRectF ModalityGrid::tileRect(const ModalityGridLayout &layout, const HeadRef &head) const
{
    return {layout.labelWidth + 2 + double(head.head) * (layout.tile + kTileGap),
            layout.headerHeight + 2 + double(head.layer) * (layout.tile + kTileGap), layout.tile,
            layout.tile};
}

void ModalityGrid::paint(QPainter &painter, const ModalityGridLayout &layout, const Marks &marks,
                         const FigureStyle &style) const
{
    if (isEmpty()) return;
    painter.save();
    painter.setFont(style.small);
    const auto label = [&](const QRectF &area, const QString &text, bool isCurrent, Qt::Alignment alignment) {
        painter.setPen(isCurrent && marks.hasCurrent ? style.tokens.accent : style.tokens.secondary);
        painter.drawText(area, alignment, text);
    };
    for (int head = 0; head < m_heads; ++head)
        label(tileRect(layout, {0, head}).translated(0, -layout.headerHeight), u"H%1"_s.arg(head),
              marks.current.head == head, Qt::AlignHCenter | Qt::AlignTop);
    for (int layer = 0; layer < m_layers; ++layer)
        label(QRectF(0, tileRect(layout, {layer, 0}).top(), layout.labelWidth - 6, layout.tile),
              u"L%1"_s.arg(layer), marks.current.layer == layer, Qt::AlignRight | Qt::AlignVCenter);
    for (const ModalityFlow &flow : flows()) {
        const QRectF area = tileRect(layout, flow.head);
        paintFlow(painter, area.adjusted(0, 0, 1, 1), flow, m_scale, m_modalities, false, style);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(flow.head == marks.hovered ? style.tokens.secondary : style.tokens.border, 1));
        painter.drawRect(area.adjusted(-0.5, -0.5, 0.5, 0.5));
        if (!marks.hasCurrent || flow.head != marks.current) continue;
        painter.setPen(QPen(style.tokens.accent, marks.hasFocus ? 2.5 : 1.5, Qt::SolidLine, Qt::SquareCap,
                            Qt::MiterJoin));
        painter.drawRect(area.adjusted(-2, -2, 2, 2));
    }
    paintFlowScale(painter,
                   QRectF(layout.labelWidth + 2, layout.scaleTop, layout.scaleWidth, kFlowScaleHeight),
                   m_scale, style);
    painter.restore();
}

} // namespace orrery::ui
