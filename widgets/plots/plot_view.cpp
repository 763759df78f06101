// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_view.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/plots/curve_layer.h"
#include "widgets/plots/overlay_layers.h"
#include "widgets/plots/plot_accessible.h"
#include "widgets/plots/plot_scene.h"
#include "widgets/plots/plot_ticker.h"
#include "widgets/theme/theme.h"

#include <QEvent>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <functional>

namespace orrery::ui {
namespace {

constexpr int kReplotIntervalMs = 33; ///< 30 per second
constexpr int kDataDelayMs = 120;
constexpr double kMargin = 0.05;    ///< free height above and below the data
constexpr int kLinesAround = 5;     ///< of text, above and below the curves
constexpr double kLabelShare = 0.3; ///< of the width, for names at the ends of lines
constexpr int kMaxLegendRows = 3;   ///< with values; names alone may take more
constexpr int kMaxNameRows = 5;
constexpr double kLegendShare = 1.0 / 3, kNamesShare = 0.4; ///< of the height

/// Tells when its buffers have reached the screen. All input is handled by the PlotView around it.
class Canvas : public QCustomPlot {
public:
    Canvas(QWidget *parent, std::function<void()> onPaint)
        : QCustomPlot(parent), m_onPaint(std::move(onPaint))
    {
    }

protected:
    void paintEvent(QPaintEvent *event) override
    {
        QCustomPlot::paintEvent(event);
        m_onPaint();
    }
    /// Without QCustomPlot's own replot: the view around it replots once, with ticks for the new size.
    void resizeEvent(QResizeEvent *) override { setViewport(rect()); }

private:
    std::function<void()> m_onPaint;
};

/// Grows to hold finite values; on a log axis only positive ones.
struct Extent {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    bool isPositiveOnly = false;
    void add(double value)
    {
        if (!std::isfinite(value) || (isPositiveOnly && value <= 0)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    [[nodiscard]] bool isEmpty() const { return low > high; }
};

} // namespace

PlotView::PlotView(QWidget *parent) : QWidget(parent), m_scene(std::make_unique<PlotScene>())
{
    installPlotAccessibility();
    m_plot = new Canvas(this, [this] {
        if (std::exchange(m_awaitsPaint, false)) Q_EMIT painted(m_plottedRevision);
    });
    m_plot->setAttribute(Qt::WA_TransparentForMouseEvents);
    m_plot->setFocusPolicy(Qt::NoFocus);
    m_plot->setNoAntialiasingOnDrag(false);
    setFocusProxy(nullptr);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_plot);

    m_xTicker = QSharedPointer<PlotTicker>::create();
    m_yTicker = QSharedPointer<PlotTicker>::create();
    m_xTicker->setFormat(m_xFormat);
    m_plot->xAxis->setTicker(m_xTicker);
    m_plot->yAxis->setTicker(m_yTicker);
    // QCustomPlot owns its layerables.
    new CurveLayer(m_plot, *m_scene);
    new AnnotationLayer(m_plot, *m_scene);
    new CursorLayer(m_plot, *m_scene);

    m_replotTimer.setSingleShot(true);
    m_replotTimer.setTimerType(Qt::PreciseTimer);
    connect(&m_replotTimer, &QTimer::timeout, this, &PlotView::replotNow);
    m_dataTimer.setSingleShot(true);
    m_dataTimer.setInterval(kDataDelayMs);
    connect(&m_dataTimer, &QTimer::timeout, this, [this] {
        if (m_isFollowing || m_scene->curves.empty()) return;
        const PlotRange range = xRange();
        Q_EMIT rangeNeedsData(range.from, range.to, std::max(64, 2 * plotArea().width()));
    });
    connect(&Theme::instance(), &Theme::changed, this, &PlotView::applyTheme);
    applyTheme();
}

PlotView::~PlotView() = default;

void PlotView::setTitle(const QString &title)
{
    m_title = title;
    setAccessibleName(title);
}

void PlotView::setCurves(std::vector<PlotCurve> curves)
{
    m_scene->curves = std::move(curves);
    ++m_revision;
    scheduleReplot();
}

const std::vector<PlotCurve> &PlotView::curves() const { return m_scene->curves; }

void PlotView::setMarks(std::vector<PlotMark> marks)
{
    m_scene->marks = std::move(marks);
    scheduleReplot();
}

const std::vector<PlotMark> &PlotView::marks() const { return m_scene->marks; }

void PlotView::setXAxis(AxisFormat format, const QString &title)
{
    m_xFormat = format;
    m_xTitle = title;
    m_xTicker->setFormat(format);
    if (format == AxisFormat::Clock) setLogX(false);
    scheduleReplot();
}

void PlotView::setYAxis(AxisFormat format, const QString &unit)
{
    m_yFormat = format;
    m_unit = m_scene->valueTitle = unit;
    m_yTicker->setFormat(format);
    scheduleReplot();
}

void PlotView::setValueText(std::function<QString(double)> text)
{
    m_scene->valueText = std::move(text);
    scheduleReplot();
}

void PlotView::setEmptyText(const QString &text)
{
    m_scene->emptyText = text;
    scheduleReplot();
}

void PlotView::setEndLabels(bool isShown)
{
    m_scene->hasEndLabels = isShown;
    scheduleReplot();
}

bool PlotView::hasLegend() const { return m_scene->numLegendRows > 0; }

void PlotView::setZeroBased(bool isZeroBased)
{
    m_isZeroBased = isZeroBased;
    scheduleReplot();
}

void PlotView::setLogY(bool isLogarithmic)
{
    if (m_isLogY == isLogarithmic) return;
    m_isLogY = isLogarithmic;
    m_plot->yAxis->setScaleType(isLogarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    m_yTicker->setLogarithmic(isLogarithmic);
    m_isYAutomatic = true;
    fitY(xRange());
    scheduleReplot();
    Q_EMIT logYChanged(isLogarithmic);
}

void PlotView::setLogX(bool isLogarithmic)
{
    if (m_isLogX == isLogarithmic || (isLogarithmic && m_xFormat == AxisFormat::Clock)) return;
    m_isLogX = isLogarithmic;
    m_plot->xAxis->setScaleType(isLogarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    m_xTicker->setLogarithmic(isLogarithmic);
    setFollowing(true);
    fitToData();
    scheduleReplot();
    Q_EMIT logXChanged(isLogarithmic);
}

QString PlotView::logNote() const
{
    if (!m_isLogX && !m_isLogY) return {};
    qint64 numLow = 0, numLeft = 0;
    for (const PlotCurve &curve : m_scene->curves) {
        if (m_isLogX)
            numLeft += std::count_if(curve.line.begin(), curve.line.end(),
                                     [](const QPointF &point) { return point.x() <= 0; });
        if (m_isLogY && !curve.raw.empty())
            numLow += std::count_if(curve.raw.begin(), curve.raw.end(),
                                    [](const PlotBucket &bucket) { return bucket.low <= 0; });
        else if (m_isLogY)
            numLow += std::count_if(curve.line.begin(), curve.line.end(),
                                    [](const QPointF &point) { return point.y() <= 0; });
    }
    QStringList parts;
    if (numLow > 0)
        parts << counted(numLow, tr("1 value ≤ 0 stands at the lower edge"),
                         tr("%1 values ≤ 0 stand at the lower edge"));
    if (numLeft > 0)
        parts << counted(numLeft, tr("1 point at x ≤ 0 has no place"), tr("%1 points at x ≤ 0 have no place"));
    return parts.join(QStringLiteral(" · "));
}

double PlotView::placeOf(double x) const { return m_isLogX ? std::log10(x) : x; }

double PlotView::valueAt(double place) const { return m_isLogX ? std::pow(10.0, place) : place; }

void PlotView::setFollowing(bool isFollowing)
{
    if (isFollowing) {
        m_isYAutomatic = true;
        m_dataTimer.stop();
        scheduleReplot();
    }
    if (m_isFollowing == isFollowing) return;
    m_isFollowing = isFollowing;
    Q_EMIT followChanged(isFollowing);
}

void PlotView::fit()
{
    setFollowing(true);
    const PlotRange before = xRange();
    fitToData();
    if (before != xRange()) Q_EMIT rangeChangedByUser(xRange().from, xRange().to);
}

void PlotView::setXRange(const PlotRange &range)
{
    if (!(range.size() > 0) || xRange() == range || (m_isLogX && range.from <= 0)) return;
    m_isFollowing = false;
    m_plot->xAxis->setRange(range.from, range.to);
    if (m_isYAutomatic) fitY(range);
    m_dataTimer.start();
    scheduleReplot();
}

PlotRange PlotView::xRange() const { return {m_plot->xAxis->range().lower, m_plot->xAxis->range().upper}; }

PlotRange PlotView::yRange() const { return {m_plot->yAxis->range().lower, m_plot->yAxis->range().upper}; }

std::optional<PlotRange> PlotView::dataRange() const
{
    Extent extent;
    const auto add = [&](const auto &points, auto xOf) {
        if (points.empty()) return;
        // What is not positive has no place on a logarithmic axis.
        const auto first = m_isLogX ? std::upper_bound(points.begin(), points.end(), 0.0,
                                                       [&](double value, const auto &point) {
                                                           return value < xOf(point);
                                                       })
                                    : points.begin();
        if (first == points.end()) return;
        extent.add(xOf(*first));
        extent.add(xOf(points.back()));
    };
    for (const PlotCurve &curve : m_scene->curves) {
        add(curve.raw, [](const PlotBucket &b) { return b.x; });
        add(curve.line, [](const QPointF &p) { return p.x(); });
        add(curve.nonFinite, [](const PlotGlyph &g) { return g.x; });
    }
    if (extent.isEmpty()) return std::nullopt;
    return PlotRange{extent.low, extent.high};
}

void PlotView::setCursorX(std::optional<double> x)
{
    if (m_scene->cursorX == x) return;
    m_scene->cursorX = x;
    m_pointerY.reset();
    replotCursor();
}

std::optional<double> PlotView::cursorX() const { return m_scene->cursorX; }

std::optional<double> PlotView::snapped(double x) const
{
    std::optional<double> best;
    const auto offer = [&](double candidate) {
        if (!best || std::abs(candidate - x) < std::abs(*best - x)) best = candidate;
    };
    const auto search = [&](const auto &points, auto xOf) {
        const auto after =
            std::lower_bound(points.begin(), points.end(), x,
                             [&](const auto &point, double value) { return xOf(point) < value; });
        if (after != points.end()) offer(xOf(*after));
        if (after != points.begin()) offer(xOf(*std::prev(after)));
    };
    for (const PlotCurve &curve : m_scene->curves) {
        if (!curve.isSnapped || curve.isDimmed) continue;
        search(curve.raw, [](const PlotBucket &b) { return b.x; });
        search(curve.line, [](const QPointF &p) { return p.x(); });
        search(curve.nonFinite, [](const PlotGlyph &g) { return g.x; });
    }
    return best;
}

double PlotView::pixelOfX(double x) const { return m_plot->xAxis->coordToPixel(x); }
double PlotView::pixelOfY(double y) const { return m_plot->yAxis->coordToPixel(y); }
QRect PlotView::plotArea() const { return m_plot->axisRect()->rect(); }

QSize PlotView::minimumSizeHint() const
{
    const QFontMetrics metrics(Theme::instance().smallFont());
    return {metrics.averageCharWidth() * 24, metrics.height() * 7};
}

QSize PlotView::sizeHint() const { return minimumSizeHint() * 2; }

void PlotView::applyTheme()
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const QFont font = Theme::instance().smallFont();
    m_plot->setBackground(tokens.surface);
    for (QCPAxis *axis : {m_plot->xAxis, m_plot->yAxis}) {
        axis->setTickLabelFont(font);
        axis->setTickLabelColor(tokens.secondary);
        axis->setLabelFont(font);
        axis->setLabelColor(tokens.secondary);
        axis->setLabelPadding(2);
        axis->setTickLength(0, 4);
        axis->setTickPen(QPen(tokens.border, 1));
        axis->setBasePen(QPen(tokens.border, 1));
        axis->grid()->setPen(QPen(tokens.grid, 1));
        axis->grid()->setZeroLinePen(Qt::NoPen);
        axis->setTickLabelPadding(4);
    }
    // No box: horizontal lines carry the values, the x axis carries time.
    m_plot->yAxis->setBasePen(Qt::NoPen);
    m_plot->yAxis->setTickLength(0, 0);
    m_plot->xAxis->grid()->setVisible(false);
    scheduleReplot();
}

void PlotView::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::ApplicationFontChange || event->type() == QEvent::FontChange) applyTheme();
    QWidget::changeEvent(event);
}

void PlotView::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    if (!m_isFollowing) m_dataTimer.start();
    // A queued replot would show the old picture stretched over the new size for a moment.
    if (isVisible())
        replotNow();
    else
        scheduleReplot();
}

void PlotView::scheduleReplot()
{
    if (m_replotTimer.isActive()) return;
    const qint64 elapsed = m_sinceReplot.isValid() ? m_sinceReplot.elapsed() : kReplotIntervalMs;
    m_replotTimer.start(int(std::clamp<qint64>(kReplotIntervalMs - elapsed, 0, kReplotIntervalMs)));
}

void PlotView::flush()
{
    if (m_replotTimer.isActive()) replotNow();
}

void PlotView::replotNow()
{
    m_replotTimer.stop();
    if (m_plot->size().isEmpty()) return; // not laid out yet; the resize replots
    m_sinceReplot.start();
    if (m_plot->bufferDevicePixelRatio() != devicePixelRatioF())
        m_plot->setBufferDevicePixelRatio(devicePixelRatioF());
    m_scene->note = logNote();
    m_scene->numLegendRows = legendRows();
    if (m_isFollowing)
        fitToData();
    else if (m_isYAutomatic)
        fitY(xRange());
    updateTickers();
    m_awaitsPaint = true;
    m_plottedRevision = m_revision;
    const int width = plotArea().width();
    m_plot->replot(QCustomPlot::rpQueuedRefresh);
    // Longer tick labels took room from the curves: what was fitted to the old width is fitted to the new
    // one.
    if (m_isFollowing && plotArea().width() != width) {
        fitToData();
        updateTickers();
        m_plot->replot(QCustomPlot::rpQueuedRefresh);
    }
}

void PlotView::replotCursor()
{
    if (m_replotTimer.isActive() || !m_sinceReplot.isValid()) return; // the whole plot follows
    if (QCPLayer *layer = m_plot->layer(QStringLiteral("overlay"))) layer->replot();
}

void PlotView::updateTickers()
{
    const bool hasCurves = !m_scene->curves.empty();
    const QFontMetrics metrics(Theme::instance().smallFont());
    m_plot->xAxis->setVisible(hasCurves);
    m_plot->yAxis->setVisible(hasCurves);
    // The unit stands in the last row of the legend, unless there is a note beside it.
    const bool hasTitleRow = m_scene->numLegendRows == 0 || !m_scene->note.isEmpty();
    const int legend = (m_scene->numLegendRows - (hasTitleRow ? 0 : 1)) * metrics.height();
    // A low chart needs its height for the curve; the chart above it names the same axis.
    m_plot->xAxis->setLabel(hasCurves && height() - legend >= metrics.height() * 9 ? m_xTitle : QString());

    const int exponent = m_yTicker->neededExponent(yRange());
    m_yTicker->setExponent(exponent);
    m_scene->valueTitle = exponent == 0      ? m_unit
                          : m_unit.isEmpty() ? powerOfTenText(exponent)
                                             : powerOfTenText(exponent) + QLatin1Char(' ') + m_unit;

    const bool hasRow = hasLegend() || !m_scene->valueTitle.isEmpty() || !m_scene->note.isEmpty();
    const int top = legend + (hasRow ? metrics.height() + 8 : metrics.height() / 2 + 2);
    const int left = metrics.horizontalAdvance(QStringLiteral("0.00")) + 8;
    m_plot->axisRect()->setMinimumMargins(
        QMargins(left, top, metrics.averageCharWidth() * 3, metrics.height()));
    const QSize area(width() - left - 8, height() - top - 2 * metrics.height());
    m_xTicker->setTickCount(std::clamp(area.width() / (metrics.averageCharWidth() * 10), 2, 10));
    m_yTicker->setTickCount(std::clamp(area.height() * 2 / (metrics.height() * 3), 2, 8));
}

bool PlotView::hasMarkRow() const { return !m_scene->marks.empty(); }

/// 0: labels at the ends have room beside the curves and above each other, or would be too many for rows.
int PlotView::legendRows()
{
    const QFontMetrics metrics(Theme::instance().smallFont());
    const bool isHighEnough = numEndLabels() * metrics.height() <= height() - kLinesAround * metrics.height();
    if (endLabelWidth() <= width() * kLabelShare && isHighEnough) return 0;
    const bool isBesideUnit = m_scene->note.isEmpty() && !m_scene->valueTitle.isEmpty();
    m_scene->legendLeft =
        kTitleLeft + (isBesideUnit ? metrics.horizontalAdvance(m_scene->valueTitle) + space::kOne : 0);
    for (const bool hasValues : {true, false}) {
        m_scene->legendHasValues = hasValues;
        const std::vector<LegendPlace> places = legendPlaces(*m_scene, width());
        const int rows = places.empty() ? 0 : places.back().row + 1;
        const double share = rows * metrics.height() / double(height());
        if (hasValues ? rows <= kMaxLegendRows && share <= kLegendShare : rows <= kMaxNameRows && share <= kNamesShare)
            return rows;
    }
    return 0;
}

int PlotView::numEndLabels() const
{
    return int(std::count_if(m_scene->curves.begin(), m_scene->curves.end(),
                             [this](const PlotCurve &curve) { return !endLabelText(curve, *m_scene).isEmpty(); }));
}

int PlotView::endLabelWidth() const
{
    if (!m_scene->hasEndLabels) return 0;
    const QFontMetrics metrics(endLabelFont());
    int widest = 0;
    for (const PlotCurve &curve : m_scene->curves) {
        const QString text = endLabelText(curve, *m_scene);
        if (!text.isEmpty()) widest = std::max(widest, metrics.horizontalAdvance(text) + 14);
    }
    return widest;
}

void PlotView::fitToData()
{
    if (const auto data = dataRange()) {
        fitX(*data);
        fitY(xRange());
    }
}

void PlotView::fitX(const PlotRange &data)
{
    // From 0 when the data begin near it: "step 1" as the left edge makes every tick look odd.
    double from = placeOf(data.from);
    if (!m_isLogX && from > 0 && from <= 0.1 * data.to) from = 0;
    double to = placeOf(data.to);
    if (to <= from) to = from + 1;
    const int available = std::max(plotArea().width(), 60);
    const int label = hasLegend() ? 0 : std::min(endLabelWidth(), available / 3);
    const double span = (to - from) * available / std::max(1, available - std::max(label, 6));
    m_plot->xAxis->setRange(valueAt(from), valueAt(from + span));
}

void PlotView::fitY(const PlotRange &visible)
{
    Extent extent{.isPositiveOnly = m_isLogY};
    for (const PlotCurve &curve : m_scene->curves) {
        auto bucket = std::lower_bound(curve.raw.begin(), curve.raw.end(), visible.from,
                                       [](const PlotBucket &b, double x) { return b.x < x; });
        for (; bucket != curve.raw.end() && bucket->x <= visible.to; ++bucket) {
            extent.add(bucket->low);
            extent.add(bucket->high);
        }
        auto point = std::lower_bound(curve.line.begin(), curve.line.end(), visible.from,
                                      [](const QPointF &p, double x) { return p.x() < x; });
        // One point on either side: a line that crosses an empty view stays in it.
        if (point != curve.line.begin()) extent.add(std::prev(point)->y());
        for (; point != curve.line.end() && point->x() <= visible.to; ++point) extent.add(point->y());
        if (point != curve.line.end()) extent.add(point->y());
    }
    if (extent.isEmpty()) return;
    const int height = std::max(plotArea().height(), 40);
    const double bottomShare = hasMarkRow() ? std::min(0.3, double(kMarkRowHeight + 2) / height) : kMargin;
    if (m_isLogY) {
        const double low = std::log10(extent.low), high = std::log10(extent.high);
        const double span = std::max(high - low, 0.02) / (1 - kMargin - bottomShare);
        m_plot->yAxis->setRange(std::pow(10.0, low - span * bottomShare),
                                std::pow(10.0, high + span * kMargin));
        return;
    }
    double low = extent.low;
    if (m_isZeroBased && low > 0 && low < 0.5 * extent.high) low = 0;
    double size = extent.high - low;
    if (size <= std::abs(extent.high) * 1e-9) size = extent.high == 0 ? 1 : std::abs(extent.high) * 0.2;
    const double centreShift = extent.high - low < size ? (size - (extent.high - low)) / 2 : 0;
    low -= centreShift;
    const double span = size / (1 - kMargin - bottomShare);
    const bool startsAtZero = low == 0 && !hasMarkRow();
    m_plot->yAxis->setRange(startsAtZero ? 0 : low - span * bottomShare, low + size + span * kMargin);
}

} // namespace orrery::ui
