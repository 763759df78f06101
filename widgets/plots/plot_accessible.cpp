// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_accessible.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/plots/plot_scene.h"
#include "widgets/plots/plot_view.h"

#include <QAccessible>
#include <QAccessibleWidget>

#include <cmath>

namespace orrery::ui {
namespace {

class PlotAccessible : public QAccessibleWidget {
public:
    explicit PlotAccessible(PlotView *view) : QAccessibleWidget(view, QAccessible::Chart), m_view(view) {}
    [[nodiscard]] QString text(QAccessible::Text kind) const override
    {
        if (kind == QAccessible::Description || kind == QAccessible::Value)
            return m_view->accessibleSummary();
        return QAccessibleWidget::text(kind);
    }

private:
    PlotView *m_view;
};

QAccessibleInterface *makeInterface(const QString &, QObject *object)
{
    auto *view = qobject_cast<PlotView *>(object);
    return view ? new PlotAccessible(view) : nullptr;
}

/// Falling, rising or level, from the last fifth of the line; "level" below 2 % of the value.
QString trend(const std::vector<QPointF> &line, const QPointF &end)
{
    const QPointF &early = line[line.size() - 1 - (line.size() - 1) / 5];
    if (!std::isfinite(early.y()) || line.size() < 5) return {};
    const double change = end.y() - early.y();
    if (std::abs(change) <= 0.02 * std::abs(end.y())) return PlotView::tr("level");
    return change < 0 ? PlotView::tr("falling") : PlotView::tr("rising");
}

} // namespace

void installPlotAccessibility()
{
    [[maybe_unused]] static const bool isInstalled = [] {
        QAccessible::installFactory(makeInterface);
        return true;
    }();
}

QString PlotView::accessibleSummary() const
{
    QStringList parts;
    for (const PlotCurve &curve : curves()) {
        if (curve.isDimmed) continue;
        const QPointF *end = nullptr;
        for (auto point = curve.line.rbegin(); point != curve.line.rend() && !end; ++point)
            if (std::isfinite(point->y())) end = &*point;
        if (end == nullptr) continue;
        QString where = tr("at step %1").arg(integerText(qRound64(end->x())));
        if (m_xFormat == AxisFormat::Duration) where = tr("after %1").arg(exactDurationText(end->x()));
        if (m_xFormat == AxisFormat::Clock) where = tr("at %1").arg(clockTimeText(end->x()));
        if (m_xFormat == AxisFormat::Compact) where = tr("at %1 tokens").arg(compactText(end->x()));
        QString part = curve.name.isEmpty() ? QString() : curve.name + QLatin1Char(' ');
        part += (m_scene->valueText ? m_scene->valueText(end->y()) : significantText(end->y())) +
                QLatin1Char(' ') + where;
        const QString direction = trend(curve.line, *end);
        if (!direction.isEmpty()) part += QStringLiteral(", ") + direction;
        if (!curve.nonFinite.empty())
            part += QStringLiteral(", ") + counted(std::ssize(curve.nonFinite), tr("1 non-finite point"), tr("%1 non-finite points"));
        parts << part;
    }
    if (parts.isEmpty()) return tr("No data yet");
    const QString note = logNote();
    if (!note.isEmpty()) parts << note;
    return (m_title.isEmpty() ? QString() : m_title + QStringLiteral(": ")) +
           parts.join(QStringLiteral("; "));
}

} // namespace orrery::ui
