// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/sparkline.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace orrery::ui {

void paintSparkline(QPainter &painter, const QRectF &area, const std::vector<double> &values,
                    const QColor &color, const QColor &alarm)
{
    if (values.size() < 2 || area.width() < 4 || area.height() < 4) return;
    double low = INFINITY, high = -INFINITY;
    for (double value : values) {
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    if (low > high) return;
    const QRectF inner = area.adjusted(1.5, 2, -2.5, -2);
    const double span = high > low ? high - low : 1;
    auto place = [&](size_t index, double value) {
        const double x = inner.left() +
                         inner.width() * static_cast<double>(index) / static_cast<double>(values.size() - 1);
        return QPointF(x, high > low ? inner.bottom() - inner.height() * (value - low) / span
                                     : inner.center().y());
    };
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath path;
    bool isDrawing = false;
    QPointF last = inner.center();
    std::vector<QPointF> breaks;
    for (size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) {
            if (isDrawing || i == 0) breaks.emplace_back(place(i, low).x(), last.y());
            isDrawing = false;
            continue;
        }
        last = place(i, values[i]);
        if (isDrawing)
            path.lineTo(last);
        else
            path.moveTo(last);
        isDrawing = true;
    }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(color, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(path);
    painter.setPen(QPen(alarm, 1.5, Qt::SolidLine, Qt::RoundCap));
    for (const QPointF &point : breaks) {
        painter.drawLine(point + QPointF(-2, -2), point + QPointF(2, 2));
        painter.drawLine(point + QPointF(-2, 2), point + QPointF(2, -2));
    }
    if (isDrawing) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        painter.drawEllipse(last, 1.8, 1.8);
    }
    painter.restore();
}

} // namespace orrery::ui
