// SPDX-License-Identifier: GPL-3.0-or-later
// What reaches the pixels: spikes, gaps, crosses, superseded tails, at one and two pixels per point.
#include "plot_fixture.h"
#include "widgets/theme/theme.h"

#include <QImage>
#include <QPixmap>

#include <limits>

using namespace orrery::ui;
using namespace orrery::ui::test;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

QImage picture(PlotView &view)
{
    view.flush();
    QCoreApplication::processEvents();
    return view.grab().toImage();
}

/// Whether some pixel around the place is nearer to the colour than to the ground.
bool isInked(const QImage &image, double x, double y, int reach)
{
    const QColor ground = Theme::instance().tokens().surface;
    const double ratio = image.devicePixelRatio();
    for (int dy = -reach; dy <= reach; ++dy) {
        for (int dx = -reach; dx <= reach; ++dx) {
            const QPoint place(int(x * ratio) + dx, int(y * ratio) + dy);
            if (!image.rect().contains(place)) continue;
            const QColor pixel = image.pixelColor(place);
            const int distance = std::abs(pixel.red() - ground.red()) +
                                 std::abs(pixel.green() - ground.green()) +
                                 std::abs(pixel.blue() - ground.blue());
            if (distance > 60) return true;
        }
    }
    return false;
}

int countNear(const QImage &image, const QColor &color, int tolerance)
{
    int count = 0;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            const QColor pixel = image.pixelColor(x, y);
            count += std::abs(pixel.red() - color.red()) + std::abs(pixel.green() - color.green()) +
                         std::abs(pixel.blue() - color.blue()) <=
                     tolerance;
        }
    }
    return count;
}

} // namespace

class TestPlotDrawing : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void spikeOfOneBucketIsDrawn_data();
    void spikeOfOneBucketIsDrawn();
    void lineStopsAtAGap();
    void nonFinitePointHasACross_data();
    void nonFinitePointHasACross();
    void everyNonFinitePointInACrowdIsMarked();
    void supersededTailIsPaler();
    void liveRunEndsInADot();
    void unsmoothedNoiseKeepsItsExtrema();
    void marksStandInTheirRow();
    void namesStandAtTheEndsOrAbove_data();
    void namesStandAtTheEndsOrAbove();
    void figuresAreWrittenAsTheirKind();
    void followsTheTheme();
    void drawsAtTwoPixelsPerPoint();
};

void TestPlotDrawing::spikeOfOneBucketIsDrawn_data()
{
    QTest::addColumn<int>("numBuckets");
    QTest::newRow("sparse") << 60;
    QTest::newRow("two per pixel") << 1200;
    QTest::newRow("many per pixel") << 20000;
}

void TestPlotDrawing::spikeOfOneBucketIsDrawn()
{
    QFETCH(int, numBuckets);
    PlotCurve curve = makeCurve(numBuckets, [](int) { return 1.0; });
    const size_t spike = size_t(numBuckets) * 2 / 3;
    curve.raw[spike].high = 9;
    const auto view = makeView({curve});
    const QImage image = picture(*view);
    const double x = view->pixelOfX(curve.raw[spike].x);
    QVERIFY(isInked(image, x, view->pixelOfY(8), 2));
    QVERIFY(!isInked(image, x + 30, view->pixelOfY(6.5), 1));
}

void TestPlotDrawing::lineStopsAtAGap()
{
    PlotCurve curve = makeCurve(100, [](int) { return 2.0; });
    for (size_t i = 40; i < 60; ++i) {
        curve.line[i].setY(kNan);
        curve.raw[i] = {curve.raw[i].x, kNan, kNan, kNan};
    }
    curve.raw[0].low = 1.03; // so that no grid line runs through the curve
    curve.raw[0].high = 2.97;
    const auto view = makeView({curve});
    const QImage image = picture(*view);
    const double y = view->pixelOfY(2);
    QVERIFY(isInked(image, view->pixelOfX(30), y, 1));
    QVERIFY(!isInked(image, view->pixelOfX(50), y, 1));
    QVERIFY(isInked(image, view->pixelOfX(80), y, 1));
}

void TestPlotDrawing::nonFinitePointHasACross_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<bool>("isAtTop");
    QTest::newRow("NaN") << kNan << true;
    QTest::newRow("+Inf") << double(INFINITY) << true;
    QTest::newRow("-Inf") << -double(INFINITY) << false;
}

void TestPlotDrawing::nonFinitePointHasACross()
{
    QFETCH(double, value);
    QFETCH(bool, isAtTop);
    PlotCurve curve = makeCurve(100, [](int) { return 2.0; });
    const QColor error = Theme::instance().tokens().error;
    QCOMPARE(countNear(picture(*makeView({curve})), error, 60), 0);
    curve.nonFinite.push_back({50, value});
    const auto view = makeView({curve});
    const QImage image = picture(*view);
    QVERIFY(countNear(image, error, 60) >= 4);
    const QRect area = view->plotArea();
    QVERIFY(isInked(image, view->pixelOfX(50), isAtTop ? area.top() + 7 : area.bottom() - 7, 2));
    if (isAtTop) return;
    view->setMarks({{10, MarkKind::Note, QStringLiteral("A note")}}); // these have the lowest row
    const QImage marked = picture(*view);
    for (int y = view->plotArea().bottom() - 12; y <= view->plotArea().bottom() - 2; ++y)
        QVERIFY(!isInked(marked, view->pixelOfX(50), y, 1));
    QVERIFY(isInked(marked, view->pixelOfX(50), view->plotArea().bottom() - 23, 2));
}

void TestPlotDrawing::everyNonFinitePointInACrowdIsMarked()
{
    PlotCurve curve = makeCurve(20000, [](int) { return 2.0; });
    for (int step = 5000; step <= 15000; ++step) curve.nonFinite.push_back({double(step), kNan});
    const auto view = makeView({curve});
    const QImage image = picture(*view);
    for (int step = 5000; step <= 15000; step += 500)
        QVERIFY(isInked(image, view->pixelOfX(step), view->plotArea().top() + 7, 3));
}

void TestPlotDrawing::supersededTailIsPaler()
{
    PlotCurve tail = makeCurve(100, [](int) { return 2.0; });
    tail.raw.clear();
    const int strong = countNear(picture(*makeView({tail})), tail.color, 40);
    tail.isDimmed = true;
    const int pale = countNear(picture(*makeView({tail})), tail.color, 40);
    QVERIFY(strong > 300);
    QVERIFY(pale < strong / 10);
}

void TestPlotDrawing::liveRunEndsInADot()
{
    PlotCurve curve = makeCurve(100, [](int) { return 2.0; });
    const int without = countNear(picture(*makeView({curve})), curve.color, 40);
    curve.isLive = true;
    QVERIFY(countNear(picture(*makeView({curve})), curve.color, 40) > without + 15);
}

void TestPlotDrawing::unsmoothedNoiseKeepsItsExtrema()
{
    PlotCurve curve = makeCurve(4000, [](int step) { return step % 2 ? 1.0 : 3.0; });
    curve.line[2500].setY(8);
    curve.raw.clear();
    const auto view = makeView({curve});
    const QImage image = picture(*view);
    QVERIFY(isInked(image, view->pixelOfX(2501), view->pixelOfY(7.5), 2));
    QVERIFY(isInked(image, view->pixelOfX(1000), view->pixelOfY(1.1), 2));
    QVERIFY(isInked(image, view->pixelOfX(1000), view->pixelOfY(2.9), 2));
}

void TestPlotDrawing::marksStandInTheirRow()
{
    const auto view = makeView({makeCurve(100, [](int) { return 2.0; })});
    view->setMarks({{50, MarkKind::BestCheckpoint, QStringLiteral("Checkpoint at step 50")}});
    const QImage image = picture(*view);
    QVERIFY(countNear(image, Theme::instance().tokens().good, 40) >= 8);
    // The fit leaves the row to the marks.
    QVERIFY(view->pixelOfY(2) < view->plotArea().bottom() - 16);
}

void TestPlotDrawing::namesStandAtTheEndsOrAbove_data()
{
    QTest::addColumn<QSize>("size");
    QTest::addColumn<int>("numCurves");
    QTest::addColumn<bool>("hasLegend");
    QTest::newRow("wide") << QSize(700, 200) << 4 << false;
    QTest::newRow("narrow") << QSize(320, 200) << 4 << true;
    QTest::newRow("narrow, names alone") << QSize(320, 240) << 9 << true;
    QTest::newRow("too many above each other") << QSize(700, 200) << 9 << true;
    QTest::newRow("too many for rows") << QSize(320, 240) << 40 << false;
}

/// No name lies on the last stretch of a line: it is drawn to its end, in the place that is left.
void TestPlotDrawing::namesStandAtTheEndsOrAbove()
{
    QFETCH(QSize, size);
    QFETCH(int, numCurves);
    QFETCH(bool, hasLegend);
    std::vector<PlotCurve> curves;
    for (int i = 0; i < numCurves; ++i) {
        curves.push_back(makeCurve(60, [i](int) { return 10.0 * i; }));
        curves.back().name = QStringLiteral("Image → Text");
        curves.back().raw.clear();
    }
    const auto view = makeView(curves);
    view->setEndLabels(true);
    view->setYAxis(AxisFormat::Value, QStringLiteral("%"));
    view->setValueText(
        [](double percent) { return QString::number(percent, 'f', 0) + QStringLiteral(" %"); });
    view->resize(size);
    QCoreApplication::processEvents();
    const QImage image = picture(*view);
    QCOMPARE(view->hasLegend(), hasLegend);
    const double last = view->pixelOfX(60);
    if (numCurves == 40) return;
    QCOMPARE(last > view->plotArea().right() - 12, hasLegend);
    if (!hasLegend) return;
    // Between two lines there is nothing, up to their ends.
    const double between = (view->pixelOfY(10) + view->pixelOfY(20)) / 2;
    for (double x = last - 100; x < last - 2; x += 3) QVERIFY(!isInked(image, x, between, 1));
    QVERIFY(isInked(image, last - 2, view->pixelOfY(10), 1));
    // Two rows of names.
    QVERIFY(view->plotArea().top() >= 2 * QFontMetrics(Theme::instance().smallFont()).height());
}

void TestPlotDrawing::figuresAreWrittenAsTheirKind()
{
    const auto view = makeView({makeCurve(60, [](int) { return 84.27; })});
    QVERIFY(view->accessibleSummary().contains(QStringLiteral("train 84.27 at step 60")));
    view->setValueText(
        [](double percent) { return QString::number(percent, 'f', 0) + QStringLiteral(" %"); });
    QVERIFY(view->accessibleSummary().contains(QStringLiteral("train 84 % at step 60")));
    // And so at the end of the line, which has less room beside a longer one.
    view->setEndLabels(true);
    const auto endOfLine = [&] {
        picture(*view);
        return view->pixelOfX(60);
    };
    const double brief = endOfLine();
    view->setValueText([](double percent) { return QString::number(percent) + QStringLiteral(" per cent"); });
    QVERIFY(endOfLine() < brief - 20);
}

void TestPlotDrawing::followsTheTheme()
{
    const auto view = makeView({makeCurve(100, [](int) { return 2.0; })});
    Theme::instance().apply(*qApp, ThemeKind::Dark);
    const QColor dark = picture(*view).pixelColor(2, 2);
    Theme::instance().apply(*qApp, ThemeKind::Light);
    QVERIFY(dark.lightness() < 60);
    QVERIFY(picture(*view).pixelColor(2, 2).lightness() > 240);
}

void TestPlotDrawing::drawsAtTwoPixelsPerPoint()
{
    // grab() renders at the ratio of the widget; the offscreen screen has 1, so the buffers are asked
    // directly.
    const auto view = makeView({makeCurve(100, [](int) { return 2.0; })});
    QPixmap large(view->size() * 2);
    large.setDevicePixelRatio(2);
    large.fill(Qt::red);
    view->render(&large);
    const QImage image = large.toImage();
    QVERIFY(isInked(image, view->pixelOfX(50), view->pixelOfY(2), 3));
    QCOMPARE(image.pixelColor(image.width() - 3, image.height() - 3), Theme::instance().tokens().surface);
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestPlotDrawing test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_plot_drawing.moc"
