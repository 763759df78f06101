// SPDX-License-Identifier: GPL-3.0-or-later
// What can be taken along of the curves: figure, table, link.
#include "tests/widgets/curves/fake_session.h"

#include "widgets/common/banner.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/view_link.h"
#include "widgets/curves/curve_figure.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"
#include "widgets/theme/theme_tokens.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QLabel>
#include <QSlider>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;

class TestCurvesFrame : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void titleAndControlsAreWhole_data();
    void titleAndControlsAreWhole();
    void ticksAreEvenNumbers_data();
    void ticksAreEvenNumbers();
    void figuresAreSaved_data();
    void figuresAreSaved();
    void paperIsWhiteInTheDark();
    void namesInAFigureKeepOffTheAxis();
    void theTableIsWhatIsShown();
    void aViewComesBack();
    void aViewOfARunThatIsRead();
    void aBrokenViewIsLeftAlone();

private:
    struct Fixture {
        FakeSession session;
        CurvesPanel panel{session};
        explicit Fixture(const QString &run = u"alpha"_s)
        {
            session.addRun(u"alpha"_s, RunState::Running);
            for (int64_t step = 1; step <= 400; ++step) {
                const StepReport report = makeReport(step, 1 + 4 * std::exp(-double(step) / 100), 0);
                for (const MetricValue &metric : report.values)
                    session.points[u"alpha"_s][metric.series].push_back(
                        {step, report.wallTime, 0, step == 300 ? NAN : metric.value});
            }
            panel.resize(900, 640);
            panel.show();
            panel.setRun(run);
            settle();
        }
        void settle()
        {
            QCoreApplication::processEvents();
            panel.flush();
            QCoreApplication::processEvents();
        }
        [[nodiscard]] PanelFrame &frame()
        {
            for (auto *frame : panel.findChildren<PanelFrame *>())
                if (frame->view().panel == u"curves") return *frame;
            qFatal("no frame");
        }
        [[nodiscard]] PlotView *loss() { return panel.chart(CurvesPanel::Loss); }
        [[nodiscard]] QString table()
        {
            frame().findChild<QAction *>(u"panelCopyData"_s)->trigger();
            return QGuiApplication::clipboard()->text();
        }
        [[nodiscard]] QImage figure()
        {
            frame().findChild<QAction *>(u"panelCopyFigure"_s)->trigger();
            return QGuiApplication::clipboard()->image();
        }
    };
};

void TestCurvesFrame::titleAndControlsAreWhole_data()
{
    QTest::addColumn<int>("width");
    QTest::addColumn<bool>("isInTitle");
    QTest::newRow("a narrow dock") << 330 << false;
    QTest::newRow("1280, both docks open") << 666 << false;
    QTest::newRow("1440, both docks open") << 790 << false;
    QTest::newRow("1920, both docks open") << 1290 << true;
}

void TestCurvesFrame::titleAndControlsAreWhole()
{
    QFETCH(int, width);
    QFETCH(bool, isInTitle);
    Fixture one;
    one.session.statuses.front().name = "adamw 3e-4 seed 7";
    one.session.replay(u"alpha"_s);
    CurvesToolbar *toolbar = one.panel.toolbar();
    const auto *slider = toolbar->findChild<QSlider *>(u"smoothing"_s);
    for (const int w : {1500, 300, width}) { // there and back
        one.panel.resize(w, 640);
        one.settle();
        QTest::qWait(10);
    }
    QCOMPARE(toolbar->isInTitle(), isInTitle);
    const auto *title = one.frame().findChild<ElidedLabel *>();
    QCOMPARE(title->fullText(), u"Loss · adamw 3e-4 seed 7"_s);
    if (width > 400) QCOMPARE(title->text(), title->fullText());
    QVERIFY(slider->isVisible());
    int numSeen = 0;
    for (const QWidget *control : toolbar->findChildren<QWidget *>()) {
        if (!control->isVisible()) continue;
        ++numSeen;
        const QRect place(control->mapTo(toolbar, QPoint(0, 0)), control->size());
        QVERIFY2(toolbar->rect().contains(place), qPrintable(control->objectName()));
        if (const auto *label = qobject_cast<const QLabel *>(control))
            QVERIFY2(label->width() >= label->sizeHint().width(), qPrintable(label->text()));
    }
    QVERIFY(numSeen >= 8);
    const int y = toolbar->mapTo(&one.panel, QPoint(0, 0)).y(), yTitle = title->mapTo(&one.panel, QPoint(0, 0)).y();
    QCOMPARE(y >= yTitle + title->height(), !isInTitle);
    // The focus stays where it is when the row moves.
    one.panel.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&one.panel));
    toolbar->findChild<QSlider *>(u"smoothing"_s)->setFocus();
    one.panel.resize(isInTitle ? 600 : 1500, 640);
    one.settle();
    QCOMPARE(toolbar->isInTitle(), !isInTitle);
    QVERIFY(slider->hasFocus());
}

void TestCurvesFrame::ticksAreEvenNumbers_data()
{
    QTest::addColumn<double>("from");
    QTest::addColumn<double>("to");
    QTest::addColumn<bool>("isLogarithmic");
    QTest::addColumn<QList<double>>("ticks");
    QTest::newRow("from zero") << 0.0 << 4.0 << false << QList<double>{0, 1, 2, 3, 4};
    QTest::newRow("around zero") << -1.0 << 1.0 << false << QList<double>{-1, -0.5, 0, 0.5, 1};
    QTest::newRow("decades") << 0.5 << 2000.0 << true << QList<double>{1, 10, 100, 1000};
    QTest::newRow("less than three decades") << 1.0 << 5.0 << true << QList<double>{1, 2, 3, 4, 5};
    QTest::newRow("nothing") << 1.0 << 1.0 << false << QList<double>{};
    QTest::newRow("turned round") << 2.0 << 1.0 << false << QList<double>{};
    QTest::newRow("no end") << 0.0 << double(INFINITY) << false << QList<double>{};
}

void TestCurvesFrame::ticksAreEvenNumbers()
{
    QFETCH(double, from);
    QFETCH(double, to);
    QFETCH(bool, isLogarithmic);
    QFETCH(QList<double>, ticks);
    const std::vector<double> found = figureTicks({from, to}, 5, isLogarithmic);
    QCOMPARE(found.size(), size_t(ticks.size()));
    for (size_t i = 0; i < found.size(); ++i) QVERIFY(std::abs(found[i] - ticks[qsizetype(i)]) < 1e-9);
}

void TestCurvesFrame::figuresAreSaved_data()
{
    QTest::addColumn<QString>("ending");
    QTest::addColumn<QByteArray>("begin");
    QTest::newRow("svg") << u"svg"_s << QByteArray("<?xml");
    QTest::newRow("pdf") << u"PDF"_s << QByteArray("%PDF");
    QTest::newRow("png") << u"png"_s << QByteArray("\x89PNG");
    QTest::newRow("csv") << u"csv"_s << QByteArray("run,series,attempt");
}

void TestCurvesFrame::figuresAreSaved()
{
    QFETCH(QString, ending);
    QFETCH(QByteArray, begin);
    Fixture one;
    QTemporaryDir folder;
    const QString path = folder.filePath(u"curves."_s + ending);
    PanelTools::of(one.frame())->saveTo(path);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray bytes = file.readAll();
    QVERIFY(bytes.startsWith(begin));
    QVERIFY2(bytes.size() > 500 && bytes.size() < 300'000, qPrintable(QString::number(bytes.size())));
    PanelTools::of(one.frame())->saveTo(u"/nonexistent/a."_s + ending);
    QVERIFY2(one.frame().banner()->message().startsWith(u"Cannot save \"a."_s),
             qPrintable(one.frame().banner()->message()));
}

void TestCurvesFrame::paperIsWhiteInTheDark()
{
    Theme::instance().apply(*qApp, ThemeKind::Dark);
    Fixture one;
    const QImage image = one.figure();
    QVERIFY(!image.isNull());
    QCOMPARE(image.pixelColor(2, 2), QColor(Qt::white));
    int numDark = 0;
    for (int x = 0; x < image.width(); ++x)
        for (int y = 0; y < image.height(); ++y) numDark += image.pixelColor(x, y).lightness() < 140;
    QVERIFY2(numDark > 2'000, qPrintable(QString::number(numDark))); // lines that can be seen on it
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

/// Two lines that end at the foot of a chart: their names stand above each other and above the axis, in the plot where it has
/// room for them.
void TestCurvesFrame::namesInAFigureKeepOffTheAxis()
{
    FigureChart chart{u"Loss"_s, {}, {}, {0, 1000}, {0, 5}};
    const QColor dark(Qt::darkRed);
    for (const QColor color : {dark, QColor(Qt::blue)}) {
        PlotCurve curve{.name = u"validation"_s, .color = color};
        curve.line = {{0, 4}, {100, 0.2}, {700, 0.2}};
        chart.curves.push_back(curve);
    }
    const QImage image = paperImage(curveFigure(u"run"_s, {chart}));
    const QRgb border = themeTokens(ThemeKind::Light).border.rgb();
    int axis = 0, numOnAxis = 0, axisEnd = 0;
    for (int y = 0; y < image.height(); ++y) {
        int number = 0, end = 0;
        for (int x = 0; x < image.width(); ++x)
            if (image.pixel(x, y) == border) ++number, end = x;
        if (number > numOnAxis) numOnAxis = number, axis = y, axisEnd = end;
    }
    QVERIFY(numOnAxis > image.width() / 2);
    QVERIFY2(axisEnd > image.width() - 60, qPrintable(QString::number(axisEnd))); // no empty margin at the side
    const auto lowest = [&image](const QColor &color) {
        for (int y = image.height() - 1; y > 0; --y)
            for (int x = image.width() * 3 / 4; x < image.width(); ++x)
                if (image.pixelColor(x, y) == color) return y;
        return -1;
    };
    const int red = lowest(dark), blue = lowest(Qt::blue);
    QVERIFY(red > 0 && blue > 0);
    QVERIFY2(std::max(red, blue) < axis - 1, qPrintable(u"%1 and %2, axis %3"_s.arg(red).arg(blue).arg(axis)));
    QVERIFY(std::abs(red - blue) > 12); // not on each other
    // A line that ends at the edge has its name behind it.
    for (PlotCurve &curve : chart.curves) curve.line.back().setX(1000);
    const QImage narrow = paperImage(curveFigure(u"run"_s, {chart}));
    int end = 0;
    for (int x = 0; x < narrow.width(); ++x)
        if (narrow.pixel(x, axis) == border) end = x;
    QVERIFY2(end < axisEnd - 60, qPrintable(QString::number(end)));
    // A name is read on white, whatever pale colour its line has.
    const QColor pale(0x56, 0xB4, 0xE9);
    chart.curves.resize(1);
    chart.curves[0].color = pale;
    QVERIFY(contrastRatio(pale, Qt::white) < kMinTextContrast);
    const QImage read = paperImage(curveFigure(u"run"_s, {chart}));
    const QRgb wanted = readableOn(pale, Qt::white).rgb();
    int numRead = 0;
    for (int x = axisEnd - 200; x < read.width(); ++x)
        for (int y = 0; y < read.height(); ++y) numRead += read.pixel(x, y) == wanted;
    QVERIFY2(numRead > 20, qPrintable(QString::number(numRead)));
}

void TestCurvesFrame::theTableIsWhatIsShown()
{
    Fixture one;
    QStringList lines = one.table().split(u'\n', Qt::SkipEmptyParts);
    const auto numLosses = [&lines] {
        return std::ranges::count_if(lines,
                                     [](const QString &line) { return line.startsWith(u"alpha,loss,"_s); });
    };
    QCOMPARE(numLosses(), 400);
    const QString atNaN = lines.filter(u",300,300,"_s).constFirst();
    QVERIFY2(atNaN.contains(u",,,,"_s) && atNaN.endsWith(u",1,1,0"_s), qPrintable(atNaN)); // never hidden
    one.panel.chart(CurvesPanel::Loss)->setFollowing(false);
    one.panel.chart(CurvesPanel::Loss)->setXRange({100, 109});
    lines = one.table().split(u'\n', Qt::SkipEmptyParts);
    QCOMPARE(numLosses(), 10);
}

void TestCurvesFrame::aViewComesBack()
{
    Fixture one;
    QVERIFY(one.frame().viewLink().startsWith(u"orrery:curves?run=alpha&smoothing="_s));
    QVERIFY(!one.frame().viewLink().contains(u"from="_s)); // it follows
    one.panel.toolbar()->setSmoothing(0.9);
    one.loss()->setLogY(true);
    one.settle();
    const double smoothing = one.panel.toolbar()->smoothing();
    for (CurvesPanel::Chart chart : {CurvesPanel::Loss, CurvesPanel::Speed})
        one.panel.chart(chart)->setFollowing(false);
    one.loss()->setXRange({50, 150.5});
    const QString link = one.frame().viewLink();

    Fixture other;
    const Result<ViewLink> view = parseViewLink(link);
    QVERIFY(view.ok());
    other.frame().view().restore(view->state);
    other.settle();
    QCOMPARE(other.panel.toolbar()->smoothing(), smoothing);
    QVERIFY(other.loss()->isLogY());
    QVERIFY(!other.loss()->isFollowing());
    QCOMPARE(other.loss()->xRange(), (PlotRange{50, 150.5}));
    QCOMPARE(other.panel.chart(CurvesPanel::Speed)->xRange(), (PlotRange{50, 150.5}));
    QCOMPARE(other.frame().viewLink(), link);
}

void TestCurvesFrame::aViewOfARunThatIsRead()
{
    Fixture one;
    one.session.answersAtOnce = false;
    one.session.addRun(u"beta"_s, RunState::Finished);
    one.session.points[u"beta"_s] = one.session.points[u"alpha"_s];
    one.panel.setRun(u"beta"_s);
    one.frame().view().restore({{u"from"_s, u"10"_s}, {u"to"_s, u"20"_s}});
    one.settle();
    one.session.answerAll();
    one.settle();
    one.session.answerAll();
    one.settle();
    QCOMPARE(one.loss()->xRange(), (PlotRange{10, 20}));
}

void TestCurvesFrame::aBrokenViewIsLeftAlone()
{
    Fixture one;
    const PlotRange before = one.loss()->xRange();
    one.frame().view().restore(
        {{u"from"_s, u"0"_s}, {u"to"_s, u"inf"_s}, {u"smoothing"_s, u"nan"_s}, {u"x"_s, u"?"_s}});
    one.settle();
    QVERIFY(one.loss()->isFollowing());
    QCOMPARE(one.loss()->xRange(), before);
    QVERIFY(std::isfinite(one.panel.toolbar()->smoothing()));
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestCurvesFrame test;
    QTEST_SET_MAIN_SOURCE_PATH
    return QTest::qExec(&test, argc, argv);
}
#include "tst_curves_frame.moc"
