// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/overlay_curves.h"

#include "widgets/theme/theme.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace orrery::ui {
namespace {

constexpr size_t kMaxDots = 100;

enum class Raw : uint8_t { Without, With };

std::vector<PlotCurve> brightCurves(const OverlayRun &run, OverlaySeries which, const QColor &color,
                                    const CrowdStyle &crowd, Raw raw)
{
    const ShownSeries &shown = run.of(which);
    if (!run.axis.canPlace() || shown.isEmpty()) return {};
    CurveStyle style;
    style.color = color;
    style.penStyle = Theme::runPenStyle(run.colorIndex);
    style.isLive = run.isLive && which != OverlaySeries::ValLoss;
    style.hasRaw = raw == Raw::With && which != OverlaySeries::Rate && which != OverlaySeries::ValLoss;
    style.hasDots = which == OverlaySeries::ValLoss ||
                    (which == OverlaySeries::Chosen && shown.buckets.size() <= kMaxDots);
    if (crowd.hasNames()) style.name = shortened(run.title);
    std::vector<PlotCurve> curves = makeCurves(shown, run.axis, style);
    for (PlotCurve &curve : curves) {
        curve.isThin = crowd.isThin();
        curve.rawOpacity = crowd.rawOpacity();
    }
    return curves;
}

/// What counts of a series: without the tails that a later attempt wrote again.
const PlotCurve *mainCurve(const std::vector<PlotCurve> &curves)
{
    return curves.empty() || curves.back().isDimmed ? nullptr : &curves.back();
}

} // namespace

double CrowdStyle::rawOpacity() const { return numCurves <= 3 ? 1 : std::max(0.2, 3.0 / numCurves); }

QString shortened(const QString &text, int length)
{
    return text.size() <= length ? text : text.left(length - 1) + QChar(u'…');
}

std::vector<PlotCurve> runCurves(const OverlayRun &run, OverlaySeries which, const QColor &color,
                                 const CrowdStyle &crowd)
{
    std::vector<PlotCurve> curves = brightCurves(run, which, color, crowd, Raw::With);
    for (PlotCurve &curve : curves) curve.isDimmed = curve.isDimmed || run.isDimmed;
    return curves;
}

DrawnGroup drawGroup(const RunGroup &group, OverlaySeries which, BandKind band, const QColor &color,
                     const CrowdStyle &crowd)
{
    DrawnGroup result{group.label, group.colorIndex, {}, {}, {}};
    std::vector<std::vector<QPointF>> lines;
    std::vector<PlotCurve> alone;
    bool isDimmed = !group.runs.empty();
    for (const OverlayRun *run : group.runs) {
        isDimmed = isDimmed && run->isDimmed;
        std::vector<PlotCurve> curves = brightCurves(*run, which, color, crowd, Raw::Without);
        const PlotCurve *main = mainCurve(curves);
        if (main == nullptr) continue;
        result.runs << run->id;
        lines.push_back(main->line);
        // A value that is no number is marked, whatever the others say there.
        result.drawn.nonFinite.insert(result.drawn.nonFinite.end(), main->nonFinite.begin(), main->nonFinite.end());
        alone = std::move(curves);
    }
    result.curve.numRuns = int(lines.size());
    PlotCurve &drawn = result.drawn;
    if (lines.size() == 1) {
        drawn = *mainCurve(alone);
        for (const QPointF &point : lines.front())
            result.curve.points.push_back({point.x(), point.y(), point.y(), point.y(), std::isfinite(point.y()) ? 1 : 0});
    } else {
        result.curve = groupCurve(lines, band);
        for (const GroupPoint &point : result.curve.points) {
            drawn.line.emplace_back(point.x, point.mean);
            drawn.raw.push_back({point.x, point.low, point.high, point.mean});
        }
    }
    std::sort(drawn.nonFinite.begin(), drawn.nonFinite.end(),
              [](const PlotGlyph &a, const PlotGlyph &b) { return a.x < b.x; });
    drawn.color = color;
    drawn.penStyle = Theme::runPenStyle(group.colorIndex);
    drawn.isDimmed = isDimmed;
    drawn.isThin = crowd.isThin();
    drawn.rawOpacity = 1; // the band is what a group is drawn for
    drawn.hasDots = false;
    drawn.name = crowd.hasNames() ? shortened(group.label) : QString();
    return result;
}

} // namespace orrery::ui
