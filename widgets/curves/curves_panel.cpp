// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/curves_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/curves_model.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/note_bar.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/readout_view.h"
#include "widgets/curves/series_chart.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QScrollArea>
#include <QScrollBar>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

constexpr int kMinHeight = 280;
constexpr size_t kMaxDots = 100;

/// Scrolls up and down alone: as wide as what it holds needs at the least, whatever the font.
class TallScrollArea : public QScrollArea {
public:
    using QScrollArea::QScrollArea;
    [[nodiscard]] QSize minimumSizeHint() const override
    {
        const int content = widget() ? widget()->minimumSizeHint().width() : 0;
        return {content + verticalScrollBar()->sizeHint().width(), kMinHeight};
    }
};

} // namespace

CurvesPanel::CurvesPanel(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_model(std::make_unique<CurvesModel>()),
      m_feed(std::make_unique<CurvesFeed>(session, *m_model)), m_pages(new QStackedWidget(this))
{
    setObjectName(QStringLiteral("curvesPanel"));
    m_empty = new EmptyState(QString(), QString(), this);
    auto *newRun = m_empty->addButton(tr("New run"), QStringLiteral("plus"));
    newRun->setObjectName(QStringLiteral("newRun"));
    connect(newRun, &QPushButton::clicked, this, &CurvesPanel::newRunRequested);
    auto *emptyFrame = new PanelFrame(tr("Curves"), this);
    emptyFrame->setContent(m_empty);
    m_pages->addWidget(emptyFrame);
    m_pages->addWidget(makeCharts());
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_pages);

    m_refreshTimer.setSingleShot(true);
    m_refreshTimer.setTimerType(Qt::PreciseTimer);
    connect(&m_refreshTimer, &QTimer::timeout, this, &CurvesPanel::refresh);
    m_summaryTimer.setSingleShot(true);
    connect(&m_summaryTimer, &QTimer::timeout, this, [this] {
        if (m_isSummaryOld) refreshSummary();
    });
    connect(m_model.get(), &CurvesModel::changed, this, &CurvesPanel::scheduleRefresh);
    connect(m_model.get(), &CurvesModel::changed, this, [this, had = false]() mutable {
        const bool has = m_model->hasPoints(run());
        if (std::exchange(had, has) != has) Q_EMIT hasPointsChanged(has);
    });
    connect(m_feed.get(), &CurvesFeed::statusChanged, this, &CurvesPanel::scheduleRefresh);
    connect(m_feed.get(), &CurvesFeed::historyRead, this, [this] {
        m_lossFrame->banner()->clear();
        requestShownDetail();
        scheduleRefresh();
    });
    connect(m_feed.get(), &CurvesFeed::extraRead, this, [this] {
        requestShownDetail();
        scheduleRefresh();
    });
    connect(m_feed.get(), &CurvesFeed::marksChanged, this, &CurvesPanel::scheduleRefresh);
    connect(m_feed.get(), &CurvesFeed::failed, this, [this](const Error &error) {
        m_lossFrame->banner()->showError(error, tr("Retry"));
        scheduleRefresh();
    });
    connect(&Theme::instance(), &Theme::changed, this, &CurvesPanel::scheduleRefresh);
    connect(&session, &EngineSession::connectionChanged, this, &CurvesPanel::scheduleRefresh);
    refresh();
}

CurvesPanel::~CurvesPanel() = default;

QWidget *CurvesPanel::makeCharts()
{
    m_lossFrame = new PanelFrame(tr("Loss"), this);
    m_toolbar = new CurvesToolbar(m_lossFrame);
    auto *loss = new PlotView(m_lossFrame);
    m_charts[Loss] = loss;
    loss->setObjectName(QStringLiteral("lossChart"));
    loss->setTitle(tr("Loss"));
    loss->setEndLabels(true);
    loss->setYAxis(AxisFormat::Value, tr("nats / token"));
    m_readout = new ReadoutView(m_lossFrame);
    connect(m_readout, &ReadoutView::breakpointRequested, this, &CurvesPanel::breakpointRequested);
    auto *columns = new QSplitter(Qt::Horizontal, m_lossFrame);
    columns->addWidget(loss);
    columns->addWidget(m_readout);
    columns->setStretchFactor(0, 1);
    columns->setStretchFactor(1, 0);
    columns->setCollapsible(0, false);
    columns->setHandleWidth(space::kOne);
    m_lossFrame->setContent(makeLossContent(columns));
    connect(m_lossFrame->banner(), &Banner::retryRequested, m_feed.get(), &CurvesFeed::refresh);

    auto *row = new QWidget(this);
    auto *rowLayout = new QHBoxLayout(row);
    rowLayout->setContentsMargins(0, 0, 0, 0);
    rowLayout->setSpacing(space::kOne);
    rowLayout->addWidget(makeSmallCard(LearningRate, tr("Learning rate")), 1);
    rowLayout->addWidget(makeSmallCard(GradNorm, tr("Gradient norm")), 1);
    rowLayout->addWidget(makeSmallCard(Speed, tr("Speed")), 1);
    m_charts[LearningRate]->setYAxis(AxisFormat::Value, QString());
    m_charts[LearningRate]->setZeroBased(true);
    m_charts[GradNorm]->setYAxis(AxisFormat::Value, tr("L2 norm"));
    m_charts[GradNorm]->setZeroBased(true);
    m_charts[Speed]->setYAxis(AxisFormat::Compact, tr("tokens / s"));
    m_charts[Speed]->setZeroBased(true);

    auto *rows = new QSplitter(Qt::Vertical, this);
    rows->addWidget(m_lossFrame);
    rows->addWidget(row);
    rows->setStretchFactor(0, 7);
    rows->setStretchFactor(1, 3);
    rows->setChildrenCollapsible(false);
    rows->setHandleWidth(space::kOne);
    makeSeriesCard(rows);

    for (PlotView *chart : m_charts) link(chart);
    connect(loss, &PlotView::rangeNeedsData, this, &CurvesPanel::requestDetail);
    connect(loss, &PlotView::logYChanged, m_toolbar, &CurvesToolbar::setLogY);
    connect(loss, &PlotView::painted, this, [this](quint64 revision) {
        if (revision < m_shownRevision || m_shownStep < 0 || m_shownStep == m_paintedStep) return;
        m_paintedStep = m_shownStep;
        Q_EMIT painted(m_shownStep, m_shownWallTime);
    });
    connect(m_toolbar, &CurvesToolbar::smoothingChanged, this, &CurvesPanel::scheduleRefresh);
    connect(m_toolbar, &CurvesToolbar::xModeChosen, this, &CurvesPanel::applyXMode);
    connect(m_toolbar, &CurvesToolbar::logYChosen, loss, &PlotView::setLogY);
    connect(m_toolbar, &CurvesToolbar::followChosen, this, &CurvesPanel::setAllFollowing);
    connect(m_toolbar, &CurvesToolbar::fitChosen, loss, &PlotView::fit);
    connect(m_overlay, &CurvesOverlay::logXChosen, this, &CurvesPanel::setAllLogX);
    adoptFrame();
    applyXMode();
    // Above a dock, or in a low window, they scroll instead of making the window higher.
    auto *scroll = new TallScrollArea(this);
    scroll->setObjectName(QStringLiteral("curvesScroll"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setWidget(rows);
    rows->setAutoFillBackground(false);
    return scroll;
}

QWidget *CurvesPanel::makeSmallCard(Chart chart, const QString &title)
{
    auto *frame = new PanelFrame(title, this);
    auto *view = new PlotView(frame);
    view->setTitle(title);
    m_charts[chart] = view;
    frame->setContent(view);
    return frame;
}

void CurvesPanel::makeSeriesCard(QSplitter *rows)
{
    m_extra = new SeriesChart(m_session, this);
    m_charts[Extra] = m_extra->view();
    rows->addWidget(m_extra);
    rows->setStretchFactor(2, 3);
    connect(m_extra, &SeriesChart::seriesChanged, this,
            [this, rows, wasFolded = true](const QString &name) mutable {
                m_feed->setExtraSeries(toStd(name));
                m_overlay->setExtraSeries(name);
                m_extra->setReading(m_feed->isReadingExtra());
                // It takes its height from the loss, which has the most, and gives it back; a chart that was
                // there keeps its own.
                if (std::exchange(wasFolded, name.isEmpty()) != name.isEmpty()) {
                    const QList<int> sizes = rows->sizes();
                    const int more = name.isEmpty() ? m_extra->sizeHint().height() - sizes[2]
                                                    : (sizes[0] + sizes[1]) * 3 / 10;
                    rows->setSizes({sizes[0] - more, sizes[1], sizes[2] + more});
                }
                scheduleRefresh();
            });
}

void CurvesPanel::showSeries(const QString &series)
{
    if (!CurvesFeed::isAlwaysThere(toStd(series))) m_extra->setSeries(series);
}

void CurvesPanel::link(PlotView *chart)
{
    connect(chart, &PlotView::followChanged, this,
            [this](bool isFollowing) { setAllFollowing(isFollowing); });
    connect(chart, &PlotView::rangeChangedByUser, this, [this, chart](double from, double to) {
        if (chart->isFollowing()) return; // fitted: each fits itself
        for (PlotView *other : m_charts)
            if (other != chart) other->setXRange({from, to});
    });
    connect(chart, &PlotView::cursorMoved, this, [this, chart](double x) { showCursor(chart, x); });
    connect(chart, &PlotView::logXChanged, this, &CurvesPanel::setAllLogX);
    // The row of the nearest run comes first: that changes while the cursor stays where it snapped to.
    connect(chart, &PlotView::pointerMoved, this, [this] {
        if (m_overlay->isOn() && !m_readingTimer.isActive()) m_readingTimer.start();
    });
}

void CurvesPanel::setAllFollowing(bool isFollowing)
{
    if (m_isLinking) return;
    const QScopedValueRollback guard(m_isLinking, true);
    for (PlotView *chart : m_charts) chart->setFollowing(isFollowing);
    m_toolbar->setFollowing(isFollowing);
}

void CurvesPanel::setAllLogX(bool isLogarithmic)
{
    for (PlotView *chart : m_charts) chart->setLogX(isLogarithmic);
    m_overlay->bar()->setLogX(m_charts[Loss]->isLogX());
}

void CurvesPanel::setRun(const QString &runId)
{
    if (runId == run()) return;
    m_shownStep = m_paintedStep = -1;
    m_lossFrame->banner()->clear();
    m_wantedRange.reset();
    setAllFollowing(true);
    showCursor(nullptr, std::nan(""));
    m_feed->setRun(runId);
    m_extra->setRun(runId);
    m_overlay->setSelected(runId);
    m_noteBar->setRun(runId);
    m_summaryTimer.stop();
    scheduleRefresh();
}

QString CurvesPanel::run() const { return m_feed->run(); }

void CurvesPanel::scheduleRefresh()
{
    if (!isVisible()) {
        m_needsRefresh = true;
        return;
    }
    if (m_refreshTimer.isActive()) return;
    const qint64 interval = m_overlay->refreshIntervalMs();
    const qint64 elapsed = m_sinceRefresh.isValid() ? m_sinceRefresh.elapsed() : interval;
    m_refreshTimer.start(int(std::clamp<qint64>(interval - elapsed, 0, interval)));
}

void CurvesPanel::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy))
        m_readout->copy();
    else
        QWidget::keyPressEvent(event);
}

void CurvesPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (m_needsRefresh) refresh();
}

void CurvesPanel::flush()
{
    if (m_refreshTimer.isActive() || m_needsRefresh) refresh();
    for (PlotView *chart : m_charts) chart->flush();
}

void CurvesPanel::refresh()
{
    m_refreshTimer.stop();
    m_sinceRefresh.start();
    m_needsRefresh = false;
    m_overlay->setSmoothing(m_toolbar->smoothing());
    const bool hasPoints = this->hasPoints();
    refreshPage(hasPoints);
    refreshTitle();
    m_overlay->refreshLegend();
    refreshCurves(); // without points too: the charts of the run before must go
    refreshSummary();
    if (!hasPoints) return;
    showRange();
    refreshMarks();
    showReading();
    m_shownStep = m_model->lastStep(run());
    m_shownWallTime = m_model->lastWallTime(run());
    m_shownRevision = m_charts[Loss]->revision();
}

void CurvesPanel::refreshPage(bool hasPoints)
{
    const bool hasFailed = m_lossFrame->banner()->isVisibleTo(m_lossFrame);
    m_pages->setCurrentIndex(hasPoints || hasFailed ? 1 : 0);
    if (hasPoints) return;
    auto *newRun = m_empty->findChild<QPushButton *>(QStringLiteral("newRun"));
    newRun->setVisible(run().isEmpty());
    const auto &status = m_feed->status();
    if (run().isEmpty()) {
        m_empty->setTexts(
            tr("No run chosen"),
            tr("Choose a run to see its curves, or start a new one: loss, learning rate, gradient norm and "
               "speed appear here while it trains."));
    } else if (m_feed->isReading() && m_session.connectionState() == ConnectionState::Lost) {
        m_empty->setTexts(tr("No curves yet"), tr("The engine does not answer. The history of this run comes as soon as it does."));
    } else if (m_feed->isReading()) {
        m_empty->setTexts(tr("Reading the curves…"), tr("The history of this run is on its way."));
    } else if (status && status->state == RunState::Created) {
        m_empty->setTexts(tr("Not started yet"),
                          tr("The curves of this run appear with its first report. Start in the tool bar begins it."));
    } else if (status && !isLiveState(status->state)) {
        m_empty->setTexts(tr("No reports"),
                          status->error.empty()
                              ? tr("This run ended before its first report.")
                              : tr("This run ended before its first report: %1").arg(fromStd(status->error)));
    } else {
        m_empty->setTexts(tr("Waiting for the first report"),
                          tr("The run is preparing its data and model; its curves begin here."));
    }
}

XAxis CurvesPanel::axis() const
{
    return m_overlay->axisOf(run(), m_toolbar->xMode(), m_model->startWallTime(run()));
}

bool CurvesPanel::isLive() const { return m_feed->status() && m_feed->status()->state == RunState::Running; }

void CurvesPanel::refreshCurves()
{
    const double smoothing = m_toolbar->smoothing();
    const auto read = [&](const char *name, double alpha) {
        return makeShown(m_model->buckets(run(), name), alpha);
    };
    m_series[TrainLoss] = read(series::kLoss, smoothing);
    m_series[ValLoss] = read(series::kValLoss, 0);
    m_series[ValPrefix] = read(series::kValLossPrefix, 0);
    m_series[ValInfill] = read(series::kValLossInfill, 0);
    m_series[Rate] = read(series::kLearningRate, 0);
    m_series[Norm] = read(series::kGradNorm, smoothing);
    m_series[TokensPerSecond] = read(series::kTokensPerSecond, smoothing);
    const std::string chosen = toStd(m_extra->series());
    m_series[Chosen] = chosen.empty() ? ShownSeries() : read(chosen.c_str(), smoothing);
    m_extra->setReading(m_feed->isReadingExtra());

    const QColor color = Theme::instance().runColor(m_model->colorIndex(run()));
    std::array<std::vector<PlotCurve>, kNumCharts> curves;
    if (!m_overlay->isOn())
        curves = curvesIn(color, validationColor(color));
    else
        for (size_t i = 0; i < curves.size(); ++i) curves[i] = m_overlay->curves(overlaySeries(Chart(i)));
    for (int chart = 0; chart < kNumCharts; ++chart) m_charts[size_t(chart)]->setCurves(std::move(curves[size_t(chart)]));
}

std::array<std::vector<PlotCurve>, CurvesPanel::kNumCharts> CurvesPanel::curvesIn(const QColor &run,
                                                                                   const QColor &validation) const
{
    const XAxis x = axis();
    CurveStyle style{.color = run,
                     .penStyle = Theme::runPenStyle(m_model->colorIndex(this->run())),
                     .isLive = isLive()};
    std::array<std::vector<PlotCurve>, kNumCharts> curves;
    if (!x.canPlace()) return curves;
    style.name = tr("train");
    curves[Loss] = makeCurves(m_series[TrainLoss], x, style);
    CurveStyle checked = style;
    checked.color = validation;
    checked.hasRaw = checked.isLive = false;
    checked.hasDots = true;
    const auto add = [&](SeriesIndex series, const QString &name) {
        checked.name = name;
        for (PlotCurve &curve : makeCurves(m_series[series], x, checked)) curves[Loss].push_back(std::move(curve));
    };
    add(ValLoss, tr("validation"));
    checked.penStyle = Qt::DashLine;
    add(ValPrefix, tr("prefix"));
    checked.penStyle = Qt::DotLine;
    add(ValInfill, tr("infill"));

    style.name.clear();
    curves[GradNorm] = makeCurves(m_series[Norm], x, style);
    curves[Speed] = makeCurves(m_series[TokensPerSecond], x, style);
    style.hasDots = m_series[Chosen].buckets.size() <= kMaxDots; // of heads and probes there are few
    curves[Extra] = makeCurves(m_series[Chosen], x, style);
    style.hasDots = false;
    style.hasRaw = false;
    curves[LearningRate] = makeCurves(m_series[Rate], x, style);
    return curves;
}

void CurvesPanel::applyXMode()
{
    const XMode mode = m_toolbar->xMode();
    for (PlotView *chart : m_charts) {
        chart->setCursorX(std::nullopt);
        chart->setXAxis(axisFormat(mode), axisTitle(mode));
    }
    m_overlay->setXMode(mode);
    // The old range has no meaning on the other axis.
    setAllFollowing(true);
    scheduleRefresh();
}

void CurvesPanel::showCursor(const PlotView *from, double x)
{
    const std::optional<double> place = std::isnan(x) ? std::nullopt : std::optional(x);
    for (int i = 0; i < kNumCharts; ++i)
        if (m_charts[size_t(i)] == from) m_cursorChart = Chart(i);
    for (PlotView *chart : m_charts)
        if (chart != from) chart->setCursorX(place);
    showReading();
}

} // namespace orrery::ui
