// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/level_painter.h"

#include "widgets/common/tone_label.h"

#include <QPainter>

#include <algorithm>

namespace orrery::ui {

void paintLevels(QPainter &painter, const QRectF &area, std::span<const float> levels, double step)
{
    if (levels.empty()) return;
    painter.setPen(Qt::NoPen);
    painter.setBrush(toneColor(Tone::Accent));
    const auto numLines = static_cast<size_t>(std::max(1.0, area.width() / step));
    for (size_t i = 0; i < numLines; ++i) {
        const size_t from = i * levels.size() / numLines;
        const size_t to = std::clamp((i + 1) * levels.size() / numLines, from + 1, levels.size());
        const auto share = levels.subspan(from, to - from);
        const double level = static_cast<double>(*std::max_element(share.begin(), share.end()));
        const double height = std::max(1.0, level * area.height());
        painter.drawRect(
            QRectF(area.left() + static_cast<double>(i) * step, area.center().y() - height / 2, 1, height));
    }
}

} // namespace orrery::ui
