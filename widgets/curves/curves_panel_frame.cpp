// SPDX-License-Identifier: GPL-3.0-or-later
// The frame of the curves: its title, summary and window, and what can be taken along: figure, table, link,
// command.
#include "widgets/curves/curves_panel.h"

#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/run_text.h"
#include "widgets/common/text_export.h"
#include "widgets/curves/curve_figure.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/curves_model.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/readout_view.h"
#include "widgets/curves/series_chart.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme_tokens.h"

#include <QFileInfo>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kSummaryEveryMs = 1000;

} // namespace

void CurvesPanel::refreshTitle()
{
    const auto &status = m_feed->status();
    QString title = status ? tr("Loss · %1").arg(runTitle(*status)) : tr("Loss");
    if (m_overlay->isOn()) title += tr(" and %1 more").arg(m_overlay->feed().runs().size() - 1);
    m_lossFrame->setTitle(title);
}

/// For a screen reader; while the run trains not oftener than somebody could listen.
void CurvesPanel::refreshSummary()
{
    if (m_summaryTimer.isActive()) {
        m_isSummaryOld = true;
        return;
    }
    m_isSummaryOld = false;
    if (isLive() || m_overlay->isOn()) m_summaryTimer.start(kSummaryEveryMs);
    if (m_overlay->isOn()) return m_lossFrame->setSummary(overlaySummary());
    QString summary = m_model->hasPoints(run()) ? m_charts[Loss]->accessibleSummary()
                                                : m_empty->accessibleName() + QStringLiteral(". ") +
                                                      m_empty->accessibleDescription();
    if (!m_series[Chosen].isEmpty()) summary += QStringLiteral(". ") + m_charts[Extra]->accessibleSummary();
    m_lossFrame->setSummary(summary);
}

/// The first rows of the read-out: a line for each of fifty runs is more than anybody listens to.
QString CurvesPanel::overlaySummary() const
{
    constexpr int kMaxSpoken = 5;
    const Reading &reading = m_readout->reading();
    QStringList parts{m_lossFrame->title(), reading.title};
    int numSpoken = 0;
    for (const ReadingRow &row : reading.rows)
        if (row.kind == ReadingKind::Run && numSpoken++ < kMaxSpoken) parts << row.label + u' ' + row.value;
    return parts.join(QStringLiteral("; "));
}

void CurvesPanel::adoptFrame()
{
    PanelExport what;
    what.fileName = u"curves"_s;
    what.figures = {u"svg"_s, u"pdf"_s, u"png"_s};
    what.data = {u"csv"_s};
    what.save = [this](const QString &path) -> Result<void> {
        if (QFileInfo(path).suffix().toLower() == u"csv") return saveTextFile(table(), path);
        return savePaper(figure(), path);
    };
    what.image = [this] { return paperImage(figure()); };
    what.table = [this] { return table(); };
    what.isEmpty = [this] { return !hasPoints(); };
    m_lossFrame->setExport(std::move(what));
    m_lossFrame->setView({u"curves"_s,
                          [this] {
                              QVariantMap state{{u"run"_s, run()}, {u"smoothing"_s, m_toolbar->smoothing()}};
                              if (m_toolbar->xMode() != XMode::Step)
                                  state[u"x"_s] = xModeWord(m_toolbar->xMode());
                              if (m_charts[Loss]->isLogY()) state[u"log"_s] = true;
                              if (m_charts[Loss]->isLogX()) state[u"logx"_s] = true;
                              m_overlay->writeState(state);
                              if (!m_extra->series().isEmpty()) state[u"series"_s] = m_extra->series();
                              if (m_charts[Loss]->isFollowing()) return state;
                              const PlotRange range = m_charts[Loss]->xRange();
                              state[u"from"_s] = range.from;
                              state[u"to"_s] = range.to;
                              return state;
                          },
                          [this](const QVariantMap &state) { restore(state); }});
    m_lossFrame->setCommand([this] {
        return run().isEmpty() ? QString() : engineCommand({u"watch"_s, run(), u"--json"_s});
    });
    m_lossFrame->setHelp(tr(
        "Loss is how surprised the model is by each next token: lower is better. The pale line is every "
        "report "
        "with its extremes, the strong one is smoothed; validation is measured on text that is never trained "
        "on.\n\nDrag moves, the wheel zooms, Shift and drag zooms into a rectangle, double click shows all. A "
        "cross at the edge is a value that is no number. At the foot any other series can be drawn: of a "
        "head, of a plugin.\n\nN adds a note at the cursor; E corrects the one that stands there, Del takes it away, and "
        "so does the right button on its mark. A bar behind a mark is how long an alarm lasted.\n\nRuns whose eye is open in the list of runs are drawn "
        "beside this one: the row above then aligns and groups them, a click in the legend dims the others."));
}

void CurvesPanel::restore(const QVariantMap &state)
{
    if (state.contains(u"smoothing"_s)) m_toolbar->setSmoothing(state[u"smoothing"_s].toDouble());
    m_overlay->readState(state);
    const XMode mode = xModeOf(state.value(u"x"_s).toString());
    const bool isOfSeveral = mode == XMode::Tokens || mode == XMode::Clock;
    m_toolbar->setXMode(isOfSeveral && !m_overlay->isOn() ? XMode::Step : mode);
    m_charts[Loss]->setLogY(state.value(u"log"_s).toBool());
    setAllLogX(state.value(u"logx"_s).toBool());
    m_extra->setSeries(state.value(u"series"_s).toString());
    const PlotRange range{state.value(u"from"_s).toDouble(), state.value(u"to"_s).toDouble()};
    if (std::isfinite(range.size()) && range.size() > 0) m_wantedRange = range;
    scheduleRefresh();
}

/// The window of a link, once there is something in it.
void CurvesPanel::showRange()
{
    if (!m_wantedRange) return;
    const PlotRange range = *std::exchange(m_wantedRange, std::nullopt);
    setAllFollowing(false);
    for (PlotView *chart : m_charts) chart->setXRange(range);
}

void CurvesPanel::requestDetail(double from, double to, int numBuckets)
{
    const auto [first, last] = stepsBetween(m_series[TrainLoss], axis(), from, to);
    m_feed->requestDetail(first, last, numBuckets);
    m_overlay->requestDetail(from, to, numBuckets);
}

/// Of the window that somebody looks at: a history is coarse.
void CurvesPanel::requestShownDetail()
{
    const PlotView *loss = m_charts[Loss];
    if (loss->isFollowing()) return;
    const PlotRange range = loss->xRange();
    requestDetail(range.from, range.to, std::max(64, 2 * loss->plotArea().width()));
}

PaperFigure CurvesPanel::figure() const
{
    const int index = m_model->colorIndex(run());
    const QColor color = runColorEntry(index % kNumRunColors, false);
    const QColor text = themeTokens(ThemeKind::Light).text;
    std::array<std::vector<PlotCurve>, kNumCharts> curves;
    if (m_overlay->isOn()) {
        for (size_t i = 0; i < curves.size(); ++i) {
            curves[i] = m_overlay->curves(overlaySeries(Chart(i)), CurvesOverlay::Ground::Paper);
            // Of several runs the lines that can be compared; a band is that of a group.
            if (!m_overlay->isGrouped())
                for (PlotCurve &curve : curves[i]) curve.raw.clear();
        }
    } else {
        curves = curvesIn(color, mixed(text, color, 0.5));
    }
    const std::pair<QString, QString> names[kNumCharts] = {{tr("Loss"), tr("nats / token")},
                                                           {tr("Learning rate"), QString()},
                                                           {tr("Gradient norm"), tr("L2 norm")},
                                                           {tr("Speed"), tr("tokens / s")},
                                                           {m_extra->series(), seriesUnit(m_extra->series())}};
    const XMode mode = m_toolbar->xMode();
    std::vector<FigureChart> charts;
    for (int i = 0; i < kNumCharts; ++i) {
        const PlotView *view = m_charts[size_t(i)];
        if (i == Extra && curves[Extra].empty()) continue;
        charts.push_back({names[i].first, names[i].second, std::move(curves[size_t(i)]), view->xRange(),
                          view->yRange(), view->isLogY(), axisFormat(mode), axisTitle(mode), view->isLogX()});
    }
    if (m_overlay->isOn()) {
        QString title = tr("%1 runs").arg(m_overlay->feed().runs().size());
        if (m_overlay->isGrouped()) title += tr(", by %1").arg(m_overlay->bar()->groupLabel());
        if (m_toolbar->smoothing() > 0) title += tr(", smoothed %1").arg(m_toolbar->smoothing());
        return curveFigure(title, std::move(charts), m_overlay->figureKeys());
    }
    const auto &status = m_feed->status();
    QString title = status ? runTitle(*status) : run();
    // A paper must say what the strong line is.
    if (m_toolbar->smoothing() > 0) title += tr(", smoothed %1 (pale: every report)").arg(m_toolbar->smoothing());
    return curveFigure(title, std::move(charts));
}

/// The buckets in the visible stretch of steps, as the store and the live tail gave them.
QString CurvesPanel::table() const
{
    if (m_overlay->isOn()) return m_overlay->table(m_charts[Loss]->xRange());
    const std::pair<std::string, SeriesIndex> all[] = {{series::kLoss, TrainLoss},
                                                       {series::kValLoss, ValLoss},
                                                       {series::kValLossPrefix, ValPrefix},
                                                       {series::kValLossInfill, ValInfill},
                                                       {series::kLearningRate, Rate},
                                                       {series::kGradNorm, Norm},
                                                       {series::kTokensPerSecond, TokensPerSecond},
                                                       {toStd(m_extra->series()), Chosen}};
    QString text = csvLine({u"run"_s, u"series"_s, u"attempt"_s, u"first_step"_s, u"last_step"_s,
                            u"unix_seconds"_s, u"minimum"_s, u"mean"_s, u"maximum"_s, u"last"_s,
                            u"smoothed"_s, u"points"_s, u"not_finite"_s, u"superseded"_s});
    const PlotRange range = m_charts[Loss]->xRange();
    const XAxis x = axis();
    for (const auto &[name, index] : all) {
        if (index == Chosen && CurvesFeed::isAlwaysThere(name)) continue; // it has its lines
        const ShownSeries &shown = m_series[index];
        for (size_t i = 0; i < shown.buckets.size(); ++i) {
            const SeriesBucket &bucket = shown.buckets[i];
            if (x.of(bucket) < range.from || x.of(bucket) > range.to) continue;
            text += csvLine({run(), fromStd(name), QString::number(bucket.attempt),
                             QString::number(bucket.firstStep), QString::number(bucket.lastStep),
                             csvNumber(bucket.lastWallTime), csvNumber(bucket.minimum),
                             csvNumber(bucket.mean), csvNumber(bucket.maximum), csvNumber(bucket.last),
                             csvNumber(shown.smoothed[i]), QString::number(bucket.numPoints),
                             QString::number(bucket.numNonFinite), bucket.isSuperseded ? u"1"_s : u"0"_s});
        }
    }
    return text;
}

} // namespace orrery::ui
