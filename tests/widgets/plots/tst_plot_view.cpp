// SPDX-License-Identifier: GPL-3.0-or-later
// Moving, zooming, following and reading a chart.
#include "plot_fixture.h"
#include "widgets/plots/plot_ticker.h"
#include "widgets/theme/theme.h"

#include <QAccessible>
#include <QDateTime>
#include <QHelpEvent>
#include <QPicture>
#include <QSignalSpy>
#include <QToolTip>
#include <QWheelEvent>

#include <qcustomplot.h>

using namespace orrery::ui;
using namespace orrery::ui::test;

namespace {

double falling(int step) { return 1 + 4 * std::exp(-step / 200.0); }

void wheel(PlotView &view, QPointF position, int delta, Qt::KeyboardModifiers modifiers = Qt::NoModifier)
{
    QWheelEvent event(position, view.mapToGlobal(position), {}, {0, delta}, Qt::NoButton, modifiers,
                      Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&view, &event);
}

void mouse(PlotView &view, QEvent::Type type, QPointF position, Qt::MouseButton button,
           Qt::KeyboardModifiers modifiers = {})
{
    const Qt::MouseButtons held =
        type == QEvent::MouseButtonRelease ? Qt::NoButton : Qt::MouseButtons(button);
    QMouseEvent event(type, position, view.mapToGlobal(position),
                      type == QEvent::MouseMove ? Qt::NoButton : button, held, modifiers);
    QCoreApplication::sendEvent(&view, &event);
}

void drag(PlotView &view, QPointF from, QPointF to, Qt::MouseButton button,
          Qt::KeyboardModifiers modifiers = {})
{
    mouse(view, QEvent::MouseButtonPress, from, button, modifiers);
    for (int i = 1; i <= 4; ++i)
        mouse(view, QEvent::MouseMove, from + (to - from) * i / 4, button, modifiers);
    mouse(view, QEvent::MouseButtonRelease, to, button, modifiers);
}

QPointF centre(const PlotView &view) { return QRectF(view.plotArea()).center(); }

} // namespace

class TestPlotView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void columnsAreTheRectanglesOfAVectorFile();
    void stepsAreOneTwoFive();
    void durationStepsAreWholeMinutes();
    void followsGrowingData();
    void stopsFollowingWhenMoved();
    void doubleClickFitsAndFollows();
    void wheelKeepsThePointUnderTheMouse();
    void controlWheelZoomsOnlyY();
    void dragMovesTheData();
    void bandZoomsIntoARectangle_data();
    void bandZoomsIntoARectangle();
    void escapeDropsTheBand();
    void keyboardMovesTheView_data();
    void keyboardMovesTheView();
    void zoomingOutEnds();
    void dataNeverLeaveTheView();
    void yFitsWhatXShows();
    void spikeIsInsideTheFit();
    void logAxisLeavesOutWhatIsNotPositive();
    void logAxisOfXMovesEvenly();
    void clockTicksAreLocal();
    void marksAreHovered();
    void cursorSnapsAndTells();
    void cursorStepsByKeyboard();
    void asksForDataOnceAfterMoves();
    void asksForNothingWhileFollowing();
    void linkedRangeDoesNotSignal();
    void manyUpdatesAreOnePainting();
    void paintedTellsWhatIsOnTheScreen();
    void screenReaderHearsAValueAndATrend();
    void emptyChartSaysSo();
};

/// Columns of a window are written as pixels, those of a vector file are rectangles: both are the same picture.
void TestPlotView::columnsAreTheRectanglesOfAVectorFile()
{
    PlotCurve curve = makeCurve(4000, falling);
    for (size_t i = 0; i < curve.raw.size(); ++i) {
        curve.raw[i].high += double(i * 7919 % 101) / 40;
        curve.raw[i].low -= double(i * 104'729 % 97) / 60;
    }
    curve.raw[1000].high = 40; // beyond what is in sight
    curve.line.clear();
    const auto view = makeView({curve});
    view->flush();
    auto *plot = view->findChild<QCustomPlot *>();
    QVERIFY(plot);
    for (QCPAxis *axis : {plot->xAxis, plot->yAxis}) axis->grid()->setVisible(false);
    const QSize size = plot->size();
    QPicture recorded;
    QCPPainter recorder;
    QVERIFY(recorder.begin(&recorded));
    plot->toPainter(&recorder, size.width(), size.height());
    recorder.end();
    QImage expected(size, QImage::Format_ARGB32_Premultiplied);
    expected.fill(Qt::white);
    QPainter painter(&expected);
    painter.drawPicture(0, 0, recorded);
    painter.end();
    QImage actual(size, QImage::Format_ARGB32_Premultiplied);
    actual.fill(Qt::white);
    QPainter over(&actual);
    over.drawPixmap(0, 0, plot->toPixmap(size.width(), size.height(), 1));
    over.end();
    const QRect inside = plot->axisRect()->rect().adjusted(4, 4, -4, -4);
    int numInked = 0, numDifferent = 0;
    for (int y = inside.top(); y <= inside.bottom(); ++y)
        for (int x = inside.left(); x <= inside.right(); ++x) {
            numInked += expected.pixel(x, y) != expected.pixel(inside.left(), inside.top());
            numDifferent += expected.pixel(x, y) != actual.pixel(x, y);
        }
    QVERIFY(numInked > 5'000);
    QVERIFY2(numDifferent <= numInked / 1000, qPrintable(QString::number(numDifferent))); // ends on half a pixel
}

void TestPlotView::stepsAreOneTwoFive()
{
    QCOMPARE(niceStep(1), 1.0);
    QCOMPARE(niceStep(1.1), 2.0);
    QCOMPARE(niceStep(2.5), 5.0);
    QCOMPARE(niceStep(730), 1000.0);
    QVERIFY(std::abs(niceStep(0.03) - 0.05) < 1e-12);
}

void TestPlotView::durationStepsAreWholeMinutes()
{
    QCOMPARE(niceDurationStep(7), 10.0);
    QCOMPARE(niceDurationStep(40), 60.0);
    QCOMPARE(niceDurationStep(400), 600.0);
    QCOMPARE(niceDurationStep(5000), 7200.0);
    QCOMPARE(niceDurationStep(100000), 172800.0);
}

void TestPlotView::followsGrowingData()
{
    const auto view = makeView({makeCurve(100, falling)});
    QVERIFY(view->isFollowing());
    QVERIFY(view->xRange().to >= 100);
    view->setCurves({makeCurve(500, falling)});
    view->flush();
    QVERIFY(view->xRange().to >= 500);
    QVERIFY(view->yRange().from < falling(500));
}

void TestPlotView::stopsFollowingWhenMoved()
{
    const auto view = makeView({makeCurve(1000, falling)});
    QSignalSpy follow(view.get(), &PlotView::followChanged);
    wheel(*view, centre(*view), 120);
    QCOMPARE(follow.count(), 1);
    QCOMPARE(follow.first().first().toBool(), false);
    const PlotRange before = view->xRange();
    view->setCurves({makeCurve(2000, falling)});
    view->flush();
    QCOMPARE(view->xRange(), before);
    view->setFollowing(true);
    view->flush();
    QVERIFY(view->xRange().to >= 2000);
    QCOMPARE(follow.count(), 2);
}

void TestPlotView::doubleClickFitsAndFollows()
{
    const auto view = makeView({makeCurve(1000, falling)});
    const PlotRange all = view->xRange();
    wheel(*view, centre(*view), 360);
    QVERIFY(view->xRange() != all);
    mouse(*view, QEvent::MouseButtonDblClick, centre(*view), Qt::LeftButton);
    view->flush();
    QCOMPARE(view->xRange(), all);
    QVERIFY(view->isFollowing());
}

void TestPlotView::wheelKeepsThePointUnderTheMouse()
{
    const auto view = makeView({makeCurve(1000, falling)});
    const PlotRange before = view->xRange();
    const QPointF place(view->pixelOfX(300), centre(*view).y());
    wheel(*view, place, 120);
    QVERIFY(view->xRange().size() < before.size());
    QVERIFY(std::abs(view->pixelOfX(300) - place.x()) < 0.01);
    wheel(*view, place, -120);
    QVERIFY(std::abs(view->xRange().size() - before.size()) < 1e-6 * before.size());
}

void TestPlotView::controlWheelZoomsOnlyY()
{
    const auto view = makeView({makeCurve(1000, falling)});
    const PlotRange x = view->xRange(), y = view->yRange();
    wheel(*view, centre(*view), 120, Qt::ControlModifier);
    QCOMPARE(view->xRange(), x);
    QVERIFY(view->yRange().size() < y.size());
}

void TestPlotView::dragMovesTheData()
{
    const auto view = makeView({makeCurve(1000, falling)});
    wheel(*view, centre(*view), 600);
    const double under = view->xRange().from + view->xRange().size() / 2;
    const double before = view->pixelOfX(under);
    drag(*view, centre(*view), centre(*view) - QPointF(80, 0), Qt::LeftButton);
    QVERIFY(std::abs(view->pixelOfX(under) - (before - 80)) < 0.5);
}

void TestPlotView::bandZoomsIntoARectangle_data()
{
    QTest::addColumn<Qt::MouseButton>("button");
    QTest::addColumn<Qt::KeyboardModifiers>("modifiers");
    QTest::newRow("shift and drag") << Qt::LeftButton << Qt::KeyboardModifiers(Qt::ShiftModifier);
    QTest::newRow("right drag") << Qt::RightButton << Qt::KeyboardModifiers();
}

void TestPlotView::bandZoomsIntoARectangle()
{
    QFETCH(Qt::MouseButton, button);
    QFETCH(Qt::KeyboardModifiers, modifiers);
    const auto view = makeView({makeCurve(1000, falling)});
    const QPointF from(view->pixelOfX(200), view->pixelOfY(4)), to(view->pixelOfX(600), view->pixelOfY(2));
    drag(*view, from, to, button, modifiers);
    QVERIFY(std::abs(view->xRange().from - 200) < 1);
    QVERIFY(std::abs(view->xRange().to - 600) < 1);
    QVERIFY(std::abs(view->yRange().from - 2) < 0.05);
    QVERIFY(std::abs(view->yRange().to - 4) < 0.05);
    QVERIFY(!view->isFollowing());
}

void TestPlotView::escapeDropsTheBand()
{
    const auto view = makeView({makeCurve(1000, falling)});
    const PlotRange before = view->xRange();
    mouse(*view, QEvent::MouseButtonPress, centre(*view), Qt::RightButton);
    mouse(*view, QEvent::MouseMove, centre(*view) + QPointF(90, 60), Qt::RightButton);
    QTest::keyClick(view.get(), Qt::Key_Escape);
    mouse(*view, QEvent::MouseButtonRelease, centre(*view) + QPointF(90, 60), Qt::RightButton);
    QCOMPARE(view->xRange(), before);
}

void TestPlotView::keyboardMovesTheView_data()
{
    QTest::addColumn<int>("key");
    QTest::addColumn<QString>("effect");
    QTest::newRow("left") << int(Qt::Key_Left) << QStringLiteral("x-");
    QTest::newRow("right") << int(Qt::Key_Right) << QStringLiteral("x+");
    QTest::newRow("up") << int(Qt::Key_Up) << QStringLiteral("y+");
    QTest::newRow("down") << int(Qt::Key_Down) << QStringLiteral("y-");
    QTest::newRow("plus") << int(Qt::Key_Plus) << QStringLiteral("in");
    QTest::newRow("minus") << int(Qt::Key_Minus) << QStringLiteral("out");
    QTest::newRow("home") << int(Qt::Key_Home) << QStringLiteral("fit");
    QTest::newRow("zero") << int(Qt::Key_0) << QStringLiteral("fit");
    QTest::newRow("l") << int(Qt::Key_L) << QStringLiteral("log");
}

void TestPlotView::keyboardMovesTheView()
{
    QFETCH(int, key);
    QFETCH(QString, effect);
    const auto view = makeView({makeCurve(1000, falling)});
    const PlotRange all = view->xRange();
    wheel(*view, centre(*view), 240);
    const PlotRange x = view->xRange(), y = view->yRange();
    QTest::keyClick(view.get(), Qt::Key(key));
    view->flush();
    const PlotRange nextX = view->xRange(), nextY = view->yRange();
    if (effect == QLatin1String("x-"))
        QVERIFY(nextX.from < x.from && std::abs(nextX.size() - x.size()) < 1e-6);
    else if (effect == QLatin1String("x+"))
        QVERIFY(nextX.from > x.from && std::abs(nextX.size() - x.size()) < 1e-6);
    else if (effect == QLatin1String("y+"))
        QVERIFY(nextY.from > y.from && nextX == x);
    else if (effect == QLatin1String("y-"))
        QVERIFY(nextY.from < y.from && nextX == x);
    else if (effect == QLatin1String("in"))
        QVERIFY(nextX.size() < x.size());
    else if (effect == QLatin1String("out"))
        QVERIFY(nextX.size() > x.size());
    else if (effect == QLatin1String("fit"))
        QVERIFY(nextX == all && view->isFollowing());
    else
        QVERIFY(view->isLogY());
}

void TestPlotView::zoomingOutEnds()
{
    const auto view = makeView({makeCurve(1000, falling)});
    for (int i = 0; i < 60; ++i) wheel(*view, centre(*view), -120);
    QVERIFY(view->xRange().size() <= 4000);
    for (int i = 0; i < 200; ++i) wheel(*view, centre(*view), 120);
    QVERIFY(view->xRange().size() >= 3.99);
}

void TestPlotView::dataNeverLeaveTheView()
{
    const auto view = makeView({makeCurve(1000, falling)});
    wheel(*view, centre(*view), 240);
    for (int i = 0; i < 200; ++i) QTest::keyClick(view.get(), Qt::Key_Right);
    QVERIFY(view->xRange().from < 1000);
    for (int i = 0; i < 400; ++i) QTest::keyClick(view.get(), Qt::Key_Left);
    QVERIFY(view->xRange().to > 1);
}

void TestPlotView::yFitsWhatXShows()
{
    const auto view = makeView({makeCurve(1000, falling)});
    view->setXRange({800, 1000});
    QVERIFY(view->yRange().to < 1.2);
    QVERIFY(view->yRange().from < falling(1000) && view->yRange().to > falling(800));
}

void TestPlotView::spikeIsInsideTheFit()
{
    PlotCurve curve = makeCurve(1000, falling);
    curve.raw[700].high = 60;
    const auto view = makeView({curve});
    QVERIFY(view->yRange().to > 60);
}

void TestPlotView::logAxisLeavesOutWhatIsNotPositive()
{
    PlotCurve curve = makeCurve(1000, falling);
    curve.raw[10].low = -3;
    const auto view = makeView({curve});
    view->setLogY(true);
    view->flush();
    QVERIFY(view->yRange().from > 0);
    QVERIFY(view->yRange().to > 4);
    // Equal ratios take equal heights.
    QVERIFY(std::abs((view->pixelOfY(1) - view->pixelOfY(2)) - (view->pixelOfY(2) - view->pixelOfY(4))) <
            0.01);
}

void TestPlotView::logAxisOfXMovesEvenly()
{
    PlotCurve curve = makeCurve(1000, falling);
    curve.line.insert(curve.line.begin(), QPointF(0, 5));
    curve.raw.insert(curve.raw.begin(), PlotBucket{0, 5, 5, 5});
    const auto view = makeView({curve});
    const PlotRange linear = view->xRange();
    QTest::keyClick(view.get(), Qt::Key_L, Qt::ShiftModifier);
    view->flush();
    QVERIFY(view->isLogX());
    QCOMPARE(view->dataRange()->from, 1.0); // 0 has no place
    QVERIFY(view->xRange().from > 0.9 && view->xRange().from < 1.1 && view->xRange().to >= 1000);
    QVERIFY2(view->logNote().contains(QStringLiteral("1 point at x ≤ 0")), qPrintable(view->logNote()));
    QVERIFY(view->accessibleSummary().contains(view->logNote()));
    const auto ratio = [&view] { return view->xRange().to / view->xRange().from; };
    const double before = ratio();
    QTest::keyClick(view.get(), Qt::Key_Plus); // by powers
    QVERIFY(std::abs(std::log(ratio()) / std::log(before) - 0.7) < 1e-6);
    const double zoomed = ratio();
    QTest::keyClick(view.get(), Qt::Key_Right);
    QVERIFY(std::abs(ratio() / zoomed - 1) < 1e-6);
    for (int i = 0; i < 60; ++i) QTest::keyClick(view.get(), Qt::Key_Left); // never past the data
    QVERIFY(view->xRange().to > 1 && view->xRange().from > 0);
    view->setCursorX(10);
    QTest::keyClick(view.get(), Qt::Key_Right, Qt::ShiftModifier);
    QCOMPARE(view->cursorX(), std::optional(11.0));
    QTest::keyClick(view.get(), Qt::Key_L, Qt::ShiftModifier);
    view->flush();
    QCOMPARE(view->xRange(), linear);
}

void TestPlotView::clockTicksAreLocal()
{
    const QDateTime morning(QDate(2026, 3, 4), QTime(8, 3));
    const double from = double(morning.toSecsSinceEpoch());
    struct Ticker : PlotTicker {
        QStringList labels(double begin, double end)
        {
            QStringList texts;
            const QCPRange range(begin, end);
            for (const double tick : createTickVector(getTickStep(range), range))
                texts << getTickLabel(tick, {}, u'f', 0);
            return texts;
        }
    } ticker;
    ticker.setFormat(AxisFormat::Clock);
    ticker.setTickCount(5);
    const QStringList hours = ticker.labels(from, from + 4 * 3600);
    QVERIFY2(hours.contains(QStringLiteral("09:00")) && hours.contains(QStringLiteral("12:00")),
             qPrintable(hours.join(u' ')));
    const QStringList days = ticker.labels(from, from + 4 * 86400);
    QVERIFY2(days.contains(QStringLiteral("Mar 5")), qPrintable(days.join(u' ')));
    const auto view = makeView({makeCurve(100, falling)});
    view->setLogX(true);
    view->setXAxis(AxisFormat::Clock, QStringLiteral("time"));
    QVERIFY(!view->isLogX());
    view->setLogX(true);
    QVERIFY(!view->isLogX());
}

void TestPlotView::marksAreHovered()
{
    const auto view = makeView({makeCurve(100, falling)});
    view->setMarks({{50, MarkKind::Note, QStringLiteral("<b>what</b> happened")}});
    view->flush();
    const auto hover = [&view](double x, int y) {
        const QPoint place(qRound(view->pixelOfX(x)), y);
        QHelpEvent help(QEvent::ToolTip, place, view->mapToGlobal(place));
        help.ignore();
        QApplication::sendEvent(view.get(), &help);
        return help.isAccepted() ? QToolTip::text() : QString();
    };
    const int row = view->plotArea().bottom() - 8;
    QVERIFY(hover(50, row).contains(QStringLiteral("&lt;b&gt;what"))); // a note may look like HTML
    QVERIFY(hover(70, row).isEmpty());
    QVERIFY(hover(50, view->plotArea().top() + 5).isEmpty());
    view->setMarks({{20, MarkKind::Note, QStringLiteral("word ").repeated(60)}, {80, MarkKind::Note, QString(9000, u'x')}});
    view->flush();
    for (const double x : {20.0, 80.0}) { // no hover is wider or higher than a screen
        const QStringList lines = hover(x, row).split(u'\n');
        QVERIFY(lines.size() > 3 && lines.size() <= 25);
        for (const QString &line : lines) QVERIFY2(line.size() <= 80, qPrintable(line));
    }
    QVERIFY(hover(80, row).endsWith(QChar(0x2026)));
    QCOMPARE(hover(20, row).simplified(), QStringLiteral("word ").repeated(60).simplified()); // nothing is lost
}

void TestPlotView::cursorSnapsAndTells()
{
    const auto view = makeView({makeCurve(100, falling)});
    QSignalSpy moved(view.get(), &PlotView::cursorMoved);
    mouse(*view, QEvent::MouseMove, QPointF(view->pixelOfX(40.3), centre(*view).y()), Qt::NoButton);
    QCOMPARE(moved.count(), 1);
    QCOMPARE(moved.last().first().toDouble(), 40.0);
    QEvent leave(QEvent::Leave);
    QCoreApplication::sendEvent(view.get(), &leave);
    QVERIFY(std::isnan(moved.last().first().toDouble()));
    view->setCursorX(12); // from a linked chart
    QCOMPARE(moved.count(), 2);
}

void TestPlotView::cursorStepsByKeyboard()
{
    const auto view = makeView({makeCurve(100, falling)});
    view->setCursorX(40);
    QTest::keyClick(view.get(), Qt::Key_Right, Qt::ShiftModifier);
    QCOMPARE(view->cursorX(), std::optional(41.0));
    QTest::keyClick(view.get(), Qt::Key_Left, Qt::ShiftModifier);
    QTest::keyClick(view.get(), Qt::Key_Left, Qt::ShiftModifier);
    QCOMPARE(view->cursorX(), std::optional(39.0));
    QTest::keyClick(view.get(), Qt::Key_Escape);
    QVERIFY(!view->cursorX());
}

void TestPlotView::asksForDataOnceAfterMoves()
{
    const auto view = makeView({makeCurve(1000, falling)});
    QSignalSpy needs(view.get(), &PlotView::rangeNeedsData);
    for (int i = 0; i < 5; ++i) wheel(*view, centre(*view), 120);
    QCOMPARE(needs.count(), 0);
    QTRY_COMPARE(needs.count(), 1);
    QCOMPARE(needs.first()[0].toDouble(), view->xRange().from);
    QCOMPARE(needs.first()[1].toDouble(), view->xRange().to);
    QCOMPARE(needs.first()[2].toInt(), 2 * view->plotArea().width());
}

void TestPlotView::asksForNothingWhileFollowing()
{
    const auto view = makeView({makeCurve(1000, falling)});
    QSignalSpy needs(view.get(), &PlotView::rangeNeedsData);
    wheel(*view, centre(*view), 120);
    view->setFollowing(true);
    QTest::qWait(200);
    QCOMPARE(needs.count(), 0);
}

void TestPlotView::linkedRangeDoesNotSignal()
{
    const auto view = makeView({makeCurve(1000, falling)});
    QSignalSpy moved(view.get(), &PlotView::rangeChangedByUser);
    view->setXRange({100, 200});
    QCOMPARE(moved.count(), 0);
    wheel(*view, centre(*view), 120);
    QCOMPARE(moved.count(), 1);
}

void TestPlotView::manyUpdatesAreOnePainting()
{
    const auto view = makeView({makeCurve(1000, falling)});
    QSignalSpy painted(view.get(), &PlotView::painted);
    for (int i = 0; i < 100; ++i) view->setCurves({makeCurve(1000 + i, falling)});
    QTRY_COMPARE(painted.count(), 1);
    QTest::qWait(80);
    QCOMPARE(painted.count(), 1);
}

void TestPlotView::paintedTellsWhatIsOnTheScreen()
{
    const auto view = makeView({makeCurve(1000, falling)});
    QSignalSpy painted(view.get(), &PlotView::painted);
    view->setCurves({makeCurve(1001, falling)});
    const quint64 revision = view->revision();
    QTRY_VERIFY(!painted.isEmpty());
    QCOMPARE(painted.last().first().toULongLong(), revision);
}

void TestPlotView::screenReaderHearsAValueAndATrend()
{
    const auto view = makeView({makeCurve(200, falling)});
    QCOMPARE(view->accessibleSummary(), QStringLiteral("Loss: train 2.472 at step 200, falling"));
    QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(view.get());
    QVERIFY(interface);
    QCOMPARE(interface->role(), QAccessible::Chart);
    QCOMPARE(interface->text(QAccessible::Name), QStringLiteral("Loss"));
    QCOMPARE(interface->text(QAccessible::Description), view->accessibleSummary());
}

void TestPlotView::emptyChartSaysSo()
{
    const auto view = makeView({});
    QCOMPARE(view->accessibleSummary(), QStringLiteral("No data yet"));
    wheel(*view, centre(*view), 120);
    QTest::keyClick(view.get(), Qt::Key_Left);
    QTest::keyClick(view.get(), Qt::Key_Right, Qt::ShiftModifier);
    QVERIFY(view->isFollowing());
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestPlotView test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_plot_view.moc"
