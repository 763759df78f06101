// SPDX-License-Identifier: GPL-3.0-or-later
// The panel with a fake session: history, live reports, dropped updates, zoom, links between charts, empty
// states, sizes.
#include "fake_session.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/curves/curves_model.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/readout_view.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>
#include <QToolButton>

using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;

namespace {

const QString kRun = QStringLiteral("code-7M");

struct Fixture {
    FakeSession session;
    CurvesPanel panel{session};

    explicit Fixture(int64_t numSteps, RunState state = RunState::Running)
    {
        session.addRun(kRun, state);
        for (int64_t step = 1; step <= numSteps; ++step) addPoint(step, 0);
        panel.resize(900, 640);
        panel.show();
        settle();
    }
    void addPoint(int64_t step, int32_t attempt, bool isSuperseded = false)
    {
        const StepReport report = makeReport(step, 1 + 4 * std::exp(-double(step) / 300), attempt);
        for (const MetricValue &metric : report.values)
            session.points[kRun][metric.series].push_back(
                {step, report.wallTime, attempt, metric.value, isSuperseded});
    }
    void settle()
    {
        QCoreApplication::processEvents();
        panel.flush();
        QCoreApplication::processEvents();
    }
    void choose()
    {
        panel.setRun(kRun);
        settle();
    }
    [[nodiscard]] PlotView *loss() { return panel.chart(CurvesPanel::Loss); }
    [[nodiscard]] double lastX() { return loss()->dataRange().value_or(PlotRange{0, -1}).to; }
    [[nodiscard]] bool shows(const QString &text)
    {
        for (const QLabel *label : panel.findChildren<QLabel *>())
            if (label->isVisible() && label->text().contains(text)) return true;
        return false;
    }
};

} // namespace

class TestCurvesPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void emptyStatesExplain_data();
    void emptyStatesExplain();
    void offersANewRunOnlyWithoutARun();
    void showsTheHistory();
    void liveReportsReachTheCharts();
    void livePointsBeforeTheHistoryAreKept();
    void asksAgainWhenUpdatesWereDropped();
    void asksAgainWhenANewAttemptBegins();
    void asksForTheHistoryOnceItIsAttached();
    void asksAgainAfterEachReplay();
    void asksAgainAlsoAfterAFailure();
    void tellsWhatIsPainted();
    void reportsOfOtherRunsAreIgnored();
    void watchesOnlyItsRun();
    void lateAnswerOfTheRunBeforeIsDropped();
    void failedHistoryIsToldWithRetry();
    void zoomAsksForExactBuckets();
    void chartsMoveTogether();
    void followButtonBringsTheViewBack();
    void cursorReadsAllSeries();
    void hybridRunsShowALossOfEachKind();
    void smoothingChangesTheLineOnly();
    void logAxisOfTheLossAlone();
    void timeAxisSaysDurations();
    void checkpointsAndEventsAreMarked();
    void marksHoldEventsBeyondTheFirstPage();
    void nonFinitePointsReachTheChart();
    void hiddenPanelBuildsNothing();
    void controlsHaveNames();
    void nothingIsClipped_data();
    void nothingIsClipped();
};

void TestCurvesPanel::emptyStatesExplain_data()
{
    QTest::addColumn<int>("state");
    QTest::addColumn<QString>("title");
    QTest::newRow("no run") << -1 << QStringLiteral("No run chosen");
    QTest::newRow("created") << int(RunState::Created) << QStringLiteral("Not started yet");
    QTest::newRow("starting") << int(RunState::Starting) << QStringLiteral("Waiting for the first report");
    QTest::newRow("failed") << int(RunState::Failed) << QStringLiteral("No reports");
}

void TestCurvesPanel::emptyStatesExplain()
{
    QFETCH(int, state);
    QFETCH(QString, title);
    Fixture fixture(0, state < 0 ? RunState::Created : RunState(state));
    if (state >= 0) fixture.choose();
    QVERIFY(fixture.shows(title));
}

void TestCurvesPanel::offersANewRunOnlyWithoutARun()
{
    Fixture fixture(0);
    auto *button = fixture.panel.findChild<QPushButton *>(QStringLiteral("newRun"));
    QSignalSpy requested(&fixture.panel, &CurvesPanel::newRunRequested);
    QVERIFY(button->isVisible());
    button->click();
    QCOMPARE(requested.count(), 1);
    fixture.choose();
    QVERIFY(!button->isVisible());
}

void TestCurvesPanel::showsTheHistory()
{
    Fixture fixture(1000);
    fixture.choose();
    QVERIFY(fixture.loss()->isVisible());
    QCOMPARE(fixture.lastX(), 1000.0);
    QCOMPARE(fixture.panel.chart(CurvesPanel::LearningRate)->dataRange()->to, 1000.0);
    QVERIFY(fixture.shows(QStringLiteral("Latest, step 1,000")));
    QVERIFY(fixture.shows(kRun));
}

void TestCurvesPanel::liveReportsReachTheCharts()
{
    Fixture fixture(100);
    fixture.choose();
    for (int64_t step = 101; step <= 130; ++step) fixture.session.report(kRun, {makeReport(step, 2)});
    fixture.settle();
    QCOMPARE(fixture.lastX(), 130.0);
    QVERIFY(fixture.loss()->curves().back().isLive);
    QVERIFY(fixture.loss()->xRange().to >= 130);
}

void TestCurvesPanel::livePointsBeforeTheHistoryAreKept()
{
    Fixture fixture(100);
    fixture.session.answersAtOnce = false;
    fixture.choose();
    // The worker goes on while the store is being read; the store answers with what it had when asked.
    auto answers = std::exchange(fixture.session.waiting, {});
    const auto stored = fixture.session.points;
    fixture.session.report(kRun, {makeReport(101, 2), makeReport(102, 2)});
    fixture.session.points = stored;
    for (auto &answer : answers) answer();
    fixture.settle();
    QCOMPARE(fixture.lastX(), 102.0);
    QCOMPARE(fixture.panel.model()->numPoints(kRun, series::kLoss), uint64_t(102));
}

void TestCurvesPanel::asksAgainWhenUpdatesWereDropped()
{
    Fixture fixture(100);
    fixture.choose();
    const size_t before = fixture.session.queries.size();
    std::vector<StepReport> missed;
    for (int64_t step = 101; step <= 150; ++step) missed.push_back(makeReport(step, 2));
    fixture.session.report(kRun, missed, 50);
    fixture.settle();
    QCOMPARE(fixture.session.queries.size(), before + 1);
    QCOMPARE(fixture.lastX(), 150.0);
}

void TestCurvesPanel::asksAgainWhenANewAttemptBegins()
{
    Fixture fixture(100);
    fixture.choose();
    const size_t before = fixture.session.queries.size();
    // The store knows that the run went back to step 60.
    for (auto &[name, points] : fixture.session.points[kRun])
        for (FakePoint &point : points) point.isSuperseded = point.step > 60;
    fixture.session.report(kRun, {makeReport(65, 2, 1)});
    fixture.settle();
    QCOMPARE(fixture.session.queries.size(), before + 1);
    const auto &curves = fixture.loss()->curves();
    QVERIFY(curves.front().isDimmed);
    QCOMPARE(curves.front().line.front().x(), 61.0);
    QCOMPARE(fixture.lastX(), 100.0);
}

void TestCurvesPanel::asksForTheHistoryOnceItIsAttached()
{
    Fixture fixture(100);
    fixture.session.attachesAtOnce = false;
    fixture.choose();
    QVERIFY(fixture.session.queries.empty()); // an answer of now would lack what comes until the tail begins
    QVERIFY(fixture.shows(QStringLiteral("Reading the curves")));
    // An engine that does not answer has nothing on its way.
    fixture.session.state = ConnectionState::Lost;
    Q_EMIT fixture.session.connectionChanged();
    QTRY_VERIFY(fixture.shows(QStringLiteral("The engine does not answer. The history of this run comes as soon as it does.")));
    fixture.session.state = ConnectionState::Connected;
    Q_EMIT fixture.session.connectionChanged();
    QTRY_VERIFY(fixture.shows(QStringLiteral("Reading the curves")));
    for (int64_t step = 101; step <= 120; ++step) fixture.addPoint(step, 0);
    fixture.session.replay(kRun);
    fixture.session.report(kRun, {makeReport(121, 2)});
    fixture.settle();
    QCOMPARE(fixture.panel.model()->numPoints(kRun, series::kLoss), uint64_t(121));
}

void TestCurvesPanel::asksAgainAfterEachReplay()
{
    Fixture fixture(100);
    fixture.choose();
    for (int64_t step = 101; step <= 150; ++step) fixture.addPoint(step, 0); // nobody told of them
    fixture.session.events[kRun] = {
        {.id = 1, .step = 140, .kind = EventKind::Setting, .text = "clip set to 0.5"}};
    fixture.session.checkpoints[kRun] = {{.step = 120, .isVerified = true}};
    fixture.session.replay(kRun); // the link was lost and found, or the run has ended
    fixture.settle();
    QCOMPARE(fixture.panel.model()->numPoints(kRun, series::kLoss), uint64_t(150));
    QCOMPARE(fixture.loss()->marks().size(), size_t(2));
}

void TestCurvesPanel::asksAgainAlsoAfterAFailure()
{
    Fixture fixture(100);
    fixture.session.answersAtOnce = false;
    fixture.choose();
    fixture.session.replay(kRun); // while the first question is under way
    fixture.session.seriesError =
        Error{ErrorCode::Unavailable, "Cannot read the series: no connection.", "Wait."};
    fixture.session.answerAll(); // fails
    fixture.session.seriesError.reset();
    fixture.session.answerAll();
    fixture.settle();
    QCOMPARE(fixture.lastX(), 100.0);
}

void TestCurvesPanel::tellsWhatIsPainted()
{
    Fixture fixture(100);
    QSignalSpy painted(&fixture.panel, &CurvesPanel::painted);
    fixture.choose();
    QTRY_COMPARE(painted.count(), 1);
    QCOMPARE(painted.last()[0].toLongLong(), 100);
    fixture.session.report(kRun, {makeReport(101, 2), makeReport(102, 2)});
    QTRY_COMPARE(painted.count(), 2); // without flush(): by its own timers
    QCOMPARE(painted.last()[0].toLongLong(), 102);
    QCOMPARE(painted.last()[1].toDouble(), makeReport(102, 2).wallTime);
    fixture.loss()->setXRange({20, 50}); // nothing new is shown
    fixture.settle();
    QCOMPARE(painted.count(), 2);
}

void TestCurvesPanel::reportsOfOtherRunsAreIgnored()
{
    Fixture fixture(100);
    fixture.choose();
    fixture.session.report(QStringLiteral("other"), {makeReport(500, 2)});
    fixture.settle();
    QCOMPARE(fixture.lastX(), 100.0);
}

void TestCurvesPanel::watchesOnlyItsRun()
{
    FakeSession session;
    session.addRun(kRun, RunState::Running);
    {
        CurvesPanel panel(session);
        panel.setRun(kRun);
        QCOMPARE(session.watches[kRun], 1);
        panel.setRun(QStringLiteral("other"));
        QCOMPARE(session.watches[kRun], 0);
        QCOMPARE(session.watches[QStringLiteral("other")], 1);
    }
    QCOMPARE(session.watches[QStringLiteral("other")], 0);
}

void TestCurvesPanel::lateAnswerOfTheRunBeforeIsDropped()
{
    Fixture fixture(100);
    fixture.session.answersAtOnce = false;
    fixture.choose();
    fixture.panel.setRun(QStringLiteral("empty"));
    fixture.session.answerAll();
    fixture.settle();
    QVERIFY(!fixture.panel.model()->hasPoints(QStringLiteral("empty")));
    QVERIFY(!fixture.panel.model()->hasPoints(kRun));
}

void TestCurvesPanel::failedHistoryIsToldWithRetry()
{
    Fixture fixture(100);
    fixture.session.seriesError =
        Error{ErrorCode::Unavailable, "Cannot read series of \"code-7M\": the engine is gone.", "Start it."};
    fixture.choose();
    QVERIFY(fixture.shows(QStringLiteral("the engine is gone")));
    fixture.session.seriesError.reset();
    for (QAbstractButton *button : fixture.panel.findChildren<QAbstractButton *>())
        if (button->isVisible() && button->text() == QLatin1String("Retry")) button->click();
    fixture.settle();
    QCOMPARE(fixture.lastX(), 100.0);
    QVERIFY(!fixture.shows(QStringLiteral("the engine is gone")));
}

void TestCurvesPanel::zoomAsksForExactBuckets()
{
    Fixture fixture(8000);
    fixture.session.points[kRun][series::kLoss][5000].value = 42; // step 5,001
    fixture.choose();
    QVERIFY(fixture.loss()->yRange().to > 42); // the spike is seen from afar
    const size_t before = fixture.session.queries.size();
    fixture.loss()->setFollowing(false);
    fixture.loss()->setXRange({4900, 5100});
    QTRY_COMPARE(fixture.session.queries.size(), before + 1);
    const auto &query = fixture.session.queries.back();
    QVERIFY(query.from <= 4900 && query.to >= 5100);
    QCOMPARE(query.maxBuckets, 2 * fixture.loss()->plotArea().width());
    fixture.settle();
    const auto &raw = fixture.loss()->curves().back().name.isEmpty() ? fixture.loss()->curves().back().raw
                                                                     : fixture.loss()->curves().front().raw;
    const auto spike = std::find_if(raw.begin(), raw.end(), [](const PlotBucket &b) { return b.high == 42; });
    QVERIFY(spike != raw.end());
    QCOMPARE(spike->x, 5001.0);
    QCOMPARE(spike->low, 42.0); // one point alone
}

void TestCurvesPanel::chartsMoveTogether()
{
    Fixture fixture(1000);
    fixture.choose();
    PlotView *norm = fixture.panel.chart(CurvesPanel::GradNorm);
    QTest::keyClick(norm, Qt::Key_Plus);
    QVERIFY(!fixture.loss()->isFollowing());
    for (int i = 0; i < CurvesPanel::kNumCharts; ++i)
        QCOMPARE(fixture.panel.chart(CurvesPanel::Chart(i))->xRange(), norm->xRange());
}

void TestCurvesPanel::followButtonBringsTheViewBack()
{
    Fixture fixture(1000);
    fixture.choose();
    auto *follow = fixture.panel.findChild<QToolButton *>(QStringLiteral("follow"));
    QVERIFY(follow->isChecked());
    QTest::keyClick(fixture.loss(), Qt::Key_Plus);
    QVERIFY(!follow->isChecked());
    const PlotRange before = fixture.loss()->xRange();
    fixture.session.report(kRun, {makeReport(1001, 2)});
    fixture.settle();
    QCOMPARE(fixture.loss()->xRange(), before);
    follow->click();
    fixture.settle();
    for (int i = 0; i < CurvesPanel::Extra; ++i) {
        QVERIFY(fixture.panel.chart(CurvesPanel::Chart(i))->isFollowing());
        QVERIFY(fixture.panel.chart(CurvesPanel::Chart(i))->xRange().to >= 1001);
    }
}

void TestCurvesPanel::cursorReadsAllSeries()
{
    Fixture fixture(1000);
    fixture.choose();
    fixture.loss()->setCursorX(400);
    QTest::keyClick(fixture.loss(), Qt::Key_Right, Qt::ShiftModifier);
    const Reading &reading = fixture.panel.readout()->reading();
    QCOMPARE(reading.title, QStringLiteral("At step 401"));
    const QString text = reading.tsv();
    for (const char *part : {"Train loss\t2.051", "Learning rate\t0.00100", "Gradient norm\t0.800",
                             "Tokens / s\t12.4 k"})
        QVERIFY2(text.contains(QString::fromUtf8(part)), part);
    QCOMPARE(fixture.panel.chart(CurvesPanel::Speed)->cursorX(), std::optional(401.0));
    QTest::keyClick(fixture.loss(), Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QApplication::clipboard()->text(), text);
}

void TestCurvesPanel::hybridRunsShowALossOfEachKind()
{
    Fixture plain(100), hybrid(100);
    plain.choose();
    for (const char *name : {series::kValLoss, series::kValLossPrefix, series::kValLossInfill})
        for (int64_t step = 20; step <= 100; step += 20)
            hybrid.session.points[kRun][name].push_back({step, 1.7e9 + double(step) * 0.1, 0, 2.5, false});
    hybrid.choose();
    QStringList names;
    for (const PlotCurve &curve : hybrid.loss()->curves()) names << curve.name;
    for (const char *name : {"validation", "prefix", "infill"})
        QVERIFY2(names.contains(QLatin1String(name)), qPrintable(names.join(QLatin1Char(' '))));
    const QString text = hybrid.panel.readout()->reading().tsv();
    QVERIFY2(text.contains(QStringLiteral("Validation, prefix\t2.500")), qPrintable(text));
    QVERIFY(text.contains(QStringLiteral("Validation, infill\t2.500")));
    QVERIFY(!plain.panel.readout()->reading().tsv().contains(QStringLiteral("infill")));
}

void TestCurvesPanel::smoothingChangesTheLineOnly()
{
    Fixture fixture(500);
    fixture.choose();
    const PlotCurve before = fixture.loss()->curves().back();
    fixture.panel.toolbar()->setSmoothing(0);
    fixture.settle();
    const PlotCurve after = fixture.loss()->curves().back();
    QCOMPARE(after.raw.size(), before.raw.size());
    QCOMPARE(after.raw[250].mean, before.raw[250].mean);
    QVERIFY(after.line[250].y() != before.line[250].y());
    QCOMPARE(after.line[250].y(), after.raw[250].mean);
    fixture.panel.toolbar()->setSmoothing(0.999);
    QVERIFY(std::abs(fixture.panel.toolbar()->smoothing() - 0.999) < 1e-9);
}

void TestCurvesPanel::logAxisOfTheLossAlone()
{
    Fixture fixture(500);
    fixture.choose();
    auto *button = fixture.panel.findChild<QToolButton *>(QStringLiteral("logY"));
    button->click();
    QVERIFY(fixture.loss()->isLogY());
    QVERIFY(!fixture.panel.chart(CurvesPanel::Speed)->isLogY());
    QTest::keyClick(fixture.loss(), Qt::Key_L);
    QVERIFY(!fixture.loss()->isLogY());
    QVERIFY(!button->isChecked());
}

void TestCurvesPanel::timeAxisSaysDurations()
{
    Fixture fixture(1001);
    fixture.choose();
    for (QAbstractButton *button : fixture.panel.toolbar()->findChildren<QAbstractButton *>())
        if (button->text() == QLatin1String("Time")) button->click();
    fixture.settle();
    QVERIFY(std::abs(fixture.lastX() - 100) < 0.1); // ten reports a second
    QVERIFY(fixture.loss()->accessibleSummary().contains(QStringLiteral("after 1:40 min")));
}

void TestCurvesPanel::checkpointsAndEventsAreMarked()
{
    Fixture fixture(1000);
    fixture.session.checkpoints[kRun] = {{.step = 500, .isBest = true, .isVerified = true}};
    fixture.session.events[kRun] = {
        {.id = 1, .step = 700, .kind = EventKind::Setting, .text = "clip set to 0.5"},
        {.id = 2, .step = 710, .kind = EventKind::Sample, .text = "not on the curves"}};
    fixture.choose();
    QCOMPARE(fixture.loss()->marks().size(), size_t(2));
    QCOMPARE(fixture.loss()->marks()[0].kind, MarkKind::BestCheckpoint);
    QCOMPARE(fixture.loss()->marks()[1].kind, MarkKind::Setting);

    fixture.session.checkpoints[kRun].push_back({.step = 1000, .isVerified = true});
    RunUpdate update;
    update.run = kRun;
    update.status = fixture.session.statuses.front();
    update.events = {{.id = 3, .step = 1000, .kind = EventKind::Checkpoint},
                     {.id = 1, .step = 700, .kind = EventKind::Setting, .text = "clip set to 0.5"}};
    Q_EMIT fixture.session.updated(update);
    fixture.settle();
    QCOMPARE(fixture.loss()->marks().size(), size_t(3)); // the repeated event is not doubled
    QVERIFY(fixture.loss()->marks()[2].text.contains(QStringLiteral("1,000")));
}

void TestCurvesPanel::marksHoldEventsBeyondTheFirstPage()
{
    FakeSession session;
    session.addRun(kRun, RunState::Finished);
    for (int64_t id = 1; id <= EngineSession::kEventPage + 1; ++id)
        session.events[kRun].push_back({.id = id, .step = id, .kind = EventKind::Note, .text = "note"});
    CurvesModel model;
    CurvesFeed feed(session, model);
    feed.setRun(kRun);
    QCOMPARE(feed.marks().size(), size_t(EngineSession::kEventPage + 1));
    session.replay(kRun);
    QCOMPARE(feed.marks().size(), size_t(EngineSession::kEventPage + 1)); // each once
}

void TestCurvesPanel::nonFinitePointsReachTheChart()
{
    Fixture fixture(100);
    fixture.choose();
    fixture.session.report(kRun, {makeReport(101, std::nan(""))});
    fixture.settle();
    const PlotCurve &train = fixture.loss()->curves().front();
    QCOMPARE(train.nonFinite.size(), size_t(1));
    QCOMPARE(train.nonFinite.front().x, 101.0);
    QVERIFY(fixture.panel.readout()->reading().tsv().contains(QStringLiteral("Train loss\tNaN")));
}

void TestCurvesPanel::hiddenPanelBuildsNothing()
{
    Fixture fixture(100);
    fixture.choose();
    fixture.panel.hide();
    const quint64 before = fixture.loss()->revision();
    fixture.session.report(kRun, {makeReport(101, 2)});
    QTest::qWait(80);
    QCOMPARE(fixture.loss()->revision(), before);
    fixture.panel.show();
    QVERIFY(fixture.loss()->revision() > before);
    QCOMPARE(fixture.lastX(), 101.0);
}

void TestCurvesPanel::controlsHaveNames()
{
    Fixture fixture(100);
    fixture.choose();
    for (const QAbstractButton *button : fixture.panel.findChildren<QAbstractButton *>())
        if (button->isVisible())
            QVERIFY2(!button->accessibleName().isEmpty() || !button->text().isEmpty(),
                     qPrintable(button->objectName()));
    for (int i = 0; i < CurvesPanel::kNumCharts; ++i)
        QVERIFY(!fixture.panel.chart(CurvesPanel::Chart(i))->accessibleName().isEmpty());
    QVERIFY(!fixture.panel.findChild<QSlider *>()->accessibleName().isEmpty());
}

void TestCurvesPanel::nothingIsClipped_data()
{
    QTest::addColumn<double>("textScale");
    QTest::newRow("normal") << 1.0;
    QTest::newRow("text 40 % larger") << 1.4;
}

void TestCurvesPanel::nothingIsClipped()
{
    QFETCH(double, textScale);
    const QFont normal = QApplication::font();
    QFont larger = normal;
    larger.setPointSizeF(normal.pointSizeF() * textScale);
    QApplication::setFont(larger);
    Theme::instance().apply(*qApp, ThemeKind::Light);
    {
        Fixture fixture(1000);
        fixture.choose();
        fixture.panel.resize(fixture.panel.minimumSizeHint());
        fixture.settle();
        for (const QAbstractButton *button : fixture.panel.findChildren<QAbstractButton *>()) {
            if (!button->isVisible()) continue;
            const QFontMetrics metrics(button->font());
            const auto *tool = qobject_cast<const QToolButton *>(button);
            const bool isIcon = tool && tool->toolButtonStyle() == Qt::ToolButtonIconOnly && !tool->icon().isNull();
            QVERIFY2(button->width() >= (isIcon ? 16 : metrics.horizontalAdvance(button->text()) + 6),
                     qPrintable(button->text()));
            QVERIFY2(button->height() >= (isIcon || button->text().isEmpty() ? 16 : metrics.height()),
                     qPrintable(button->text()));
            const QRect inPanel(button->mapTo(&fixture.panel, QPoint(0, 0)), button->size());
            QVERIFY2(fixture.panel.rect().contains(inPanel), qPrintable(button->text()));
        }
        // The slider may give way; words and buttons are measured above.
        QVERIFY(fixture.panel.toolbar()->width() >= fixture.panel.toolbar()->minimumSizeHint().width());
        QVERIFY(fixture.loss()->plotArea().height() > 20);
    }
    QApplication::setFont(normal);
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestCurvesPanel test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_curves_panel.moc"
