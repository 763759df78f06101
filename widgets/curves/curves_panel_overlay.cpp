// SPDX-License-Identifier: GPL-3.0-or-later
// What the panel says of the place that is pointed at, of one run or of several, and the marks on the axis.
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_action.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/run_text.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/curves_model.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/reading.h"
#include "widgets/curves/readout_view.h"
#include "widgets/curves/run_legend.h"
#include "widgets/curves/series_chart.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"

#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

constexpr int kMarkReachPixels = 12; ///< marks this near the cursor are read out
constexpr int kReadingIntervalMs = 33;

} // namespace

QColor validationColor(const QColor &run) { return mixed(Theme::instance().tokens().text, run, 0.5); }

QWidget *CurvesPanel::makeLossContent(QWidget *columns)
{
    auto *content = new QWidget(this);
    m_overlay = new CurvesOverlay(m_session, content);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_overlay->bar());
    layout->addWidget(columns, 1);
    layout->addWidget(m_overlay->legend());
    makeNotes(content, layout);
    m_toolbar->standIn(*m_lossFrame, *layout);
    connect(m_overlay, &CurvesOverlay::changed, this, &CurvesPanel::overlayChanged);
    connect(m_overlay, &CurvesOverlay::runsRequested, this, [this](const QStringList &runs) {
        setOverlaidRuns(runs);
        Q_EMIT overlayRequested(runs);
    });
    connect(m_overlay, &CurvesOverlay::xModeChosen, m_toolbar, &CurvesToolbar::setXMode);
    connect(m_overlay, &CurvesOverlay::failed, m_feed.get(), &CurvesFeed::failed);
    connect(&m_overlay->feed(), &OverlayFeed::progressed, this, [this] {
        if (m_overlay->isOn() && m_overlay->feed().numReading() == 0) requestShownDetail();
    });
    connect(m_lossFrame->banner(), &Banner::retryRequested, m_overlay, &CurvesOverlay::retry);
    m_readingTimer.setSingleShot(true);
    m_readingTimer.setInterval(kReadingIntervalMs);
    connect(&m_readingTimer, &QTimer::timeout, this, &CurvesPanel::showReading);
    addPanelAction(*this, tr("Branch from the step at the cursor…"), "branchAtCursor", {Qt::Key_B}, [this] {
        if (!run().isEmpty() && m_model->hasPoints(run())) Q_EMIT branchRequested(run(), cursorStep());
    });
    return content;
}

void CurvesPanel::setOverlaidRuns(const QStringList &runs) { m_overlay->setRuns(runs); }

const QStringList &CurvesPanel::overlaidRuns() const { return m_overlay->runs(); }

bool CurvesPanel::hasPoints() const
{
    return m_model->hasPoints(run()) || (m_overlay->isOn() && m_overlay->hasPoints());
}

void CurvesPanel::overlayChanged()
{
    const bool isOn = m_overlay->isOn();
    m_toolbar->setAxisVisible(!isOn);
    if (!isOn) { // what only several runs have a choice of ends with them
        m_cursorChart = Loss;
        if (m_toolbar->xMode() == XMode::Tokens || m_toolbar->xMode() == XMode::Clock)
            m_toolbar->setXMode(XMode::Step);
    }
    scheduleRefresh();
}

OverlaySeries CurvesPanel::overlaySeries(Chart chart) const
{
    switch (chart) {
    case LearningRate:
        return OverlaySeries::Rate;
    case GradNorm:
        return OverlaySeries::Norm;
    case Speed:
        return OverlaySeries::Speed;
    case Extra:
        return OverlaySeries::Chosen;
    case Loss:
    case kNumCharts:
        break;
    }
    return m_overlay->lossSeries();
}

/// A note is written at any time: on an axis of time it stands at that of its step.
std::vector<RunMark> CurvesPanel::placedMarks() const
{
    std::vector<RunMark> marks = m_feed->marks();
    if (!axis().isTime()) return marks;
    for (RunMark &mark : marks)
        if (mark.wallTime == 0) mark.wallTime = wallTimeAt(m_series[TrainLoss], mark.step);
    return marks;
}

void CurvesPanel::refreshMarks()
{
    const XAxis x = axis();
    std::vector<PlotMark> marks;
    const QString title =
        m_overlay->isOn() ? (m_feed->status() ? runTitle(*m_feed->status()) : run()) : QString();
    if (x.canPlace())
        for (const RunMark &mark : placedMarks())
            marks.push_back(plotMark(mark, x.of(mark.step, mark.wallTime), x.of(mark.endStep, mark.endTime), title, run()));
    for (PlotMark &mark : m_overlay->marks()) marks.push_back(std::move(mark));
    m_charts[Loss]->setMarks(std::move(marks));
}

/// Of the selected run, under the cursor; without a cursor its last one.
qint64 CurvesPanel::cursorStep() const
{
    const ShownSeries &shown = m_series[TrainLoss];
    const XAxis x = axis();
    const auto cursor = m_charts[m_cursorChart]->cursorX();
    qint64 step = m_model->lastStep(run());
    const auto index = cursor && x.canPlace() ? nearestBucket(shown, x, *cursor) : std::nullopt;
    if (index) {
        const SeriesBucket &bucket = shown.buckets[*index];
        step = x.mode == XMode::Step ? std::clamp<qint64>(qRound64(*cursor), bucket.firstStep, bucket.lastStep)
                                     : bucket.lastStep;
    }
    return step;
}

void CurvesPanel::showReading()
{
    if (m_overlay->isOn()) return showOverlayReading();
    const PlotView *loss = m_charts[Loss];
    const double pixel = loss->xRange().size() / std::max(1, loss->plotArea().width());
    const QColor color = Theme::instance().runColor(m_model->colorIndex(run()));
    const QColor validation = validationColor(color);
    std::vector<ReadingSource> sources;
    const auto add = [&](SeriesIndex index, const std::string &id, const QString &name, ReadingFormat format,
                         bool isNoisy, bool hasExtrema, const QColor &ofCurve) {
        sources.push_back({name, &m_series[index], format, isNoisy, hasExtrema, ofCurve, fromStd(id)});
    };
    add(TrainLoss, series::kLoss, tr("Train loss"), ReadingFormat::Loss, true, true, color);
    add(ValLoss, series::kValLoss, tr("Validation loss"), ReadingFormat::Loss, false, true, validation);
    // Only runs with a hybrid objective have these.
    if (!m_series[ValPrefix].isEmpty())
        add(ValPrefix, series::kValLossPrefix, tr("Validation, prefix"), ReadingFormat::Loss, false, true,
            validation);
    if (!m_series[ValInfill].isEmpty())
        add(ValInfill, series::kValLossInfill, tr("Validation, infill"), ReadingFormat::Loss, false, true,
            validation);
    add(Rate, series::kLearningRate, tr("Learning rate"), ReadingFormat::Rate, false, false, {});
    add(Norm, series::kGradNorm, tr("Gradient norm"), ReadingFormat::Rate, true, true, {});
    add(TokensPerSecond, series::kTokensPerSecond, tr("Tokens / s"), ReadingFormat::Compact, true, true, {});
    const std::string chosen = toStd(m_extra->series());
    if (!m_series[Chosen].isEmpty() && !CurvesFeed::isAlwaysThere(chosen))
        add(Chosen, chosen, m_extra->series(), ReadingFormat::Rate, true, true, {});
    m_readout->setReading(makeReading(sources, axis(), loss->cursorX(), placedMarks(), kMarkReachPixels * pixel));
}

void CurvesPanel::showOverlayReading()
{
    const PlotView *chart = m_charts[m_cursorChart];
    OverlayReadingAsk ask;
    ask.which = overlaySeries(m_cursorChart);
    ask.x = chart->cursorX();
    const PlotRange range = chart->xRange();
    const double share = double(kMarkReachPixels) / std::max(1, chart->plotArea().width());
    ask.reach = chart->isLogX() && ask.x ? *ask.x * (std::pow(range.to / range.from, share) - 1) : range.size() * share;
    switch (ask.which) {
    case OverlaySeries::TrainLoss:
        ask.series = tr("Train loss");
        ask.seriesId = QLatin1String(series::kLoss);
        break;
    case OverlaySeries::ValLoss:
        ask.series = tr("Validation loss");
        ask.seriesId = QLatin1String(series::kValLoss);
        break;
    case OverlaySeries::Rate:
        ask.series = tr("Learning rate");
        ask.seriesId = QLatin1String(series::kLearningRate);
        ask.format = ReadingFormat::Rate;
        break;
    case OverlaySeries::Norm:
        ask.series = tr("Gradient norm");
        ask.seriesId = QLatin1String(series::kGradNorm);
        ask.format = ReadingFormat::Rate;
        break;
    case OverlaySeries::Speed:
        ask.series = tr("Tokens / s");
        ask.seriesId = QLatin1String(series::kTokensPerSecond);
        ask.format = ReadingFormat::Compact;
        break;
    case OverlaySeries::Chosen:
        ask.series = ask.seriesId = m_extra->series();
        ask.format = ReadingFormat::Rate;
        break;
    }
    if (const auto pointer = chart->pointerY())
        ask.distance = [chart, y = *pointer](double value) { return std::abs(chart->pixelOfY(value) - y); };
    Reading reading = m_overlay->reading(ask);
    addMarks(reading, ask, m_charts[Loss]->marks());
    m_readout->setReading(reading);
}

} // namespace orrery::ui
