// SPDX-License-Identifier: GPL-3.0-or-later
// Several runs in the charts: loading, colours, read-out, groups, alignment, extremes.
#include "many_runs_fixture.h"
#include "widgets/common/banner.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/run_text.h"
#include "widgets/common/view_link.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/readout_view.h"
#include "widgets/curves/run_legend.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include <algorithm>
#include <cmath>
#include <random>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;
using Fixture = ManyRunsFixture;

namespace {

const double kNan = std::nan("");

const PlotCurve *curveEndingAt(const std::vector<PlotCurve> &curves, double x, double y)
{
    for (const PlotCurve &curve : curves)
        if (!curve.line.empty() && std::abs(curve.line.back().x() - x) < 1e-6 &&
            std::abs(curve.line.back().y() - y) < 1e-6)
            return &curve;
    return nullptr;
}

} // namespace

class TestManyRuns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void othersHaveTheirColours();
    void aloneItIsAsBefore();
    void fiftyAtMost();
    void coarseFirstAndFewAtATime();
    void liveRunsGoOn();
    void aRunThatCannotBeReadIsTold();
    void theNearestRunComesFirst();
    void theLegendDims();
    void groupsBySetting();
    void runsWithoutSettingsStandAlone();
    void alignsByTokensTimeAndClock();
    void tokensOfABranchGoOnFromItsParent();
    void anotherEngineHasOtherRuns();
    void logarithmicAxes();
    void spikesAreGivenAtEveryZoom();
};

void TestManyRuns::othersHaveTheirColours()
{
    Fixture one(4);
    one.overlay(4);
    QCOMPARE(one.loss()->curves().size(), size_t(4));
    for (int i = 0; i < 4; ++i) {
        const PlotCurve *curve = curveEndingAt(one.loss()->curves(), 400, i + 1 + 4 * std::exp(-4.0));
        QVERIFY(curve);
        QCOMPARE(curve->color, Theme::instance().runColor(runColorIndex(runName(i))));
        QCOMPARE(curve->name, runName(i));
    }
    for (const CurvesPanel::Chart chart : {CurvesPanel::LearningRate, CurvesPanel::GradNorm, CurvesPanel::Speed})
        QCOMPARE(one.panel.chart(chart)->curves().size(), size_t(4));
    one.panel.showSeries(u"memory_mib"_s);
    for (int64_t step = 1; step <= 3; ++step)
        one.session.points[runName(1)]["memory_mib"].push_back({step, 1.7e9, 0, 7.0});
    one.panel.showSeries({});
    one.panel.showSeries(u"memory_mib"_s);
    one.settle();
    QCOMPARE(one.panel.chart(CurvesPanel::Extra)->curves().size(), size_t(1)); // only one run told it
    one.session.points[runName(1)][series::kValLossPrefix].push_back({3, 1.7e9, 0, 7.0});
    one.panel.overlay()->setExtraSeries(QLatin1String(series::kValLossPrefix));
    QCOMPARE(one.panel.overlay()->curves(OverlaySeries::Chosen).size(), size_t(1));
    // The selected one lies over the others, and keeps its colour when another is chosen.
    QCOMPARE(one.loss()->curves().back().name, runName(0));
    one.panel.setRun(runName(2));
    one.settle();
    QCOMPARE(one.loss()->curves().size(), size_t(3)); // runs 1 … 3: the first was not chosen
    QCOMPARE(one.loss()->curves().back().color, Theme::instance().runColor(runColorIndex(runName(2))));
}

void TestManyRuns::aloneItIsAsBefore()
{
    Fixture one(3);
    const auto before = one.loss()->curves();
    const QString reading = one.panel.readout()->reading().tsv(), link = one.frame().viewLink();
    QVERIFY(!one.panel.overlay()->bar()->isVisible() && !one.panel.overlay()->legend()->isVisible());
    one.overlay(3);
    QVERIFY(one.panel.overlay()->bar()->isVisible() && one.panel.overlay()->legend()->isVisible());
    one.panel.toolbar()->setXMode(XMode::Tokens);
    one.settle();
    QSignalSpy requested(&one.panel, &CurvesPanel::overlayRequested);
    one.panel.findChild<QToolButton *>(u"clearOverlay"_s)->click();
    one.settle();
    QCOMPARE(requested.count(), 1);
    QVERIFY(requested.first().first().toStringList().isEmpty());
    QCOMPARE(one.panel.toolbar()->xMode(), XMode::Step);
    QVERIFY(!one.panel.overlay()->bar()->isVisible() && !one.panel.overlay()->legend()->isVisible());
    QCOMPARE(one.loss()->curves().size(), before.size());
    for (size_t i = 0; i < before.size(); ++i) {
        QCOMPARE(one.loss()->curves()[i].line, before[i].line);
        QCOMPARE(one.loss()->curves()[i].name, before[i].name);
        QCOMPARE(one.loss()->curves()[i].color, before[i].color);
    }
    QCOMPARE(one.panel.readout()->reading().tsv(), reading);
    QCOMPARE(one.frame().viewLink(), link);
    // The selected run alone is nothing to draw beside it.
    one.panel.setOverlaidRuns({runName(0)});
    one.settle();
    QVERIFY(!one.panel.overlay()->isOn());
}

void TestManyRuns::fiftyAtMost()
{
    Fixture one(61, 30);
    one.overlay(61);
    QCOMPARE(one.loss()->curves().size(), size_t(50));
    QVERIFY2(one.panel.overlay()->bar()->note().contains(u"the first 50 of 61 runs are drawn"_s),
             qPrintable(one.panel.overlay()->bar()->note()));
    QCOMPARE(one.panel.overlay()->legend()->entries().size(), size_t(50));
    QCOMPARE(one.panel.overlay()->legend()->entries().front().id, runName(0)); // the selected one is always there
    QVERIFY(one.loss()->curves().front().isThin);
    QVERIFY(!one.loss()->curves().back().isThin);
    // Beyond twelve the pattern tells them apart.
    QVERIFY(std::any_of(one.loss()->curves().begin(), one.loss()->curves().end(),
                        [](const PlotCurve &curve) { return curve.penStyle != Qt::SolidLine; }));
}

void TestManyRuns::coarseFirstAndFewAtATime()
{
    Fixture one(20);
    one.session.answersAtOnce = false;
    one.session.queries.clear();
    one.overlay(20);
    QCOMPARE(one.session.queries.size(), size_t(OverlayFeed::kMaxUnderWay));
    QVERIFY2(one.panel.overlay()->bar()->note().contains(u"reading 20"_s),
             qPrintable(one.panel.overlay()->bar()->note()));
    std::vector<int> buckets;
    for (int turn = 0; turn < 200 && !one.session.waiting.empty(); ++turn) {
        // Those for series, specs and events together: each kind has its bound.
        QVERIFY(one.session.waiting.size() <= size_t(OverlayFeed::kMaxUnderWay) + RunSpecs::kMaxUnderWay + 20);
        const auto answer = one.session.waiting.front();
        one.session.waiting.erase(one.session.waiting.begin());
        answer();
    }
    for (const auto &query : one.session.queries) buckets.push_back(query.maxBuckets);
    QCOMPARE(buckets.size(), size_t(40));
    QVERIFY(std::all_of(buckets.begin(), buckets.begin() + 20,
                        [](int number) { return number == OverlayFeed::kCoarseBuckets; }));
    QCOMPARE(std::count(buckets.begin(), buckets.end(), OverlayFeed::kHistoryBuckets), 20);
    one.settle();
    QCOMPARE(one.loss()->curves().size(), size_t(20));
    QCOMPARE(one.loss()->curves().front().line.size(), size_t(400)); // each point by itself in the end
}

void TestManyRuns::liveRunsGoOn()
{
    Fixture one(3, 100, RunState::Running);
    one.session.statuses[2].state = RunState::Finished;
    one.overlay(3);
    QCOMPARE(one.session.watches[runName(1)], 1);
    QCOMPARE(one.session.watches[runName(2)], 0); // it rests
    one.session.report(runName(1), {makeReport(101, 9), makeReport(102, 9)});
    QTest::qWait(100);
    one.settle();
    const PlotCurve *curve = curveEndingAt(one.loss()->curves(), 102, 9);
    QVERIFY(curve && curve->isLive);
    one.session.statuses[2].state = RunState::Running; // it is resumed
    Q_EMIT one.session.runsChanged();
    QCOMPARE(one.session.watches[runName(2)], 1);
    one.panel.setOverlaidRuns({});
    QCOMPARE(one.session.watches[runName(1)], 0);
    QCOMPARE(one.session.watches[runName(2)], 0);
    QCOMPARE(one.session.watches[runName(0)], 1); // the panel's own
}

void TestManyRuns::aRunThatCannotBeReadIsTold()
{
    Fixture one(3);
    one.session.seriesError = Error{ErrorCode::Io, "Cannot read series of \"run-001\": disk error.", "Check the disk."};
    one.overlay(3);
    QVERIFY(one.frame().banner()->message().contains(u"disk error"_s));
    QVERIFY(one.panel.overlay()->bar()->note().contains(u"3 could not be read"_s));
    one.session.seriesError.reset();
    Q_EMIT one.frame().banner()->retryRequested();
    QTest::qWait(100);
    one.settle();
    QCOMPARE(one.loss()->curves().size(), size_t(3));
    QVERIFY(!one.panel.overlay()->bar()->note().contains(u"could not"_s));
}

void TestManyRuns::theNearestRunComesFirst()
{
    Fixture one(4);
    one.overlay(4);
    one.moveTo(300, 3.2); // run 2 is at 3 + 4·e⁻³
    QVERIFY2(one.rows().constFirst().startsWith(u"run-002 3.19"_s), qPrintable(one.rows().join(u'|')));
    QCOMPARE(one.rows().size(), 4);
    one.moveTo(300, 1.2); // straight down: the cursor stays, the order changes
    QVERIFY2(one.rows().constFirst().startsWith(u"run-000 1.19"_s), qPrintable(one.rows().join(u'|')));
    QCOMPARE(one.rows().at(1).section(u' ', 0, 0), u"run-001"_s);
    const Reading &reading = one.panel.readout()->reading();
    QCOMPARE(reading.title, u"At step 300"_s);
    QCOMPARE(reading.rows.front().series, u"loss"_s); // a breakpoint can begin there
    // Of the chart that is pointed at.
    PlotView *speed = one.panel.chart(CurvesPanel::Speed);
    QTest::mouseMove(speed, speed->plotArea().center() + QPoint(3, 0));
    QTest::mouseMove(speed, speed->plotArea().center());
    QTest::qWait(50);
    QCOMPARE(one.panel.readout()->reading().rows.front().label, u"Tokens / s"_s);
    // A run that ended before says so by a dash, at the end.
    for (auto &[name, points] : one.session.points[runName(3)]) points.resize(100);
    one.overlay(3);
    one.overlay(4);
    one.moveTo(300, 2);
    QVERIFY2(one.rows().constLast() == u"run-003 —"_s, qPrintable(one.rows().join(u'|')));
}

void TestManyRuns::theLegendDims()
{
    Fixture one(4);
    one.overlay(4);
    RunLegend *legend = one.panel.overlay()->legend();
    QTest::mouseClick(legend->viewport(), Qt::LeftButton, {},
                      legend->visualRect(legend->model()->index(2, 0)).center());
    one.settle();
    QCOMPARE(legend->chosen(), QSet<QString>{runName(2)});
    int numBright = 0;
    for (const PlotCurve &curve : one.loss()->curves()) numBright += !curve.isDimmed;
    QCOMPARE(numBright, 1);
    QCOMPARE(one.rows().size(), 1); // what is dimmed is not read
    legend->setFocus();
    legend->setCurrentIndex(legend->model()->index(1, 0));
    QTest::keyClick(legend, Qt::Key_Space);
    QCOMPARE(legend->chosen().size(), 2);
    QTest::keyClick(legend, Qt::Key_Escape);
    one.settle();
    QVERIFY(legend->chosen().isEmpty());
    for (const PlotCurve &curve : one.loss()->curves()) QVERIFY(!curve.isDimmed);
}

void TestManyRuns::groupsBySetting()
{
    Fixture one(6);
    one.overlay(6);
    auto *box = one.panel.overlay()->bar()->findChild<QComboBox *>(u"overlayGroup"_s);
    QStringList keys;
    for (int i = 0; i < box->count(); ++i) keys << box->itemData(i).toString();
    // What is the same in all of them, and the name, is nothing to group by; the seed comes last.
    QCOMPARE(keys, (QStringList{QString(), u"*"_s, u"train.batch_size"_s, u"optimizer.lr"_s, u"seed"_s}));
    one.groupBy(u"optimizer.lr"_s);
    QCOMPARE(one.loss()->curves().size(), size_t(2));
    const double tail = 4 * std::exp(-4.0);
    const PlotCurve *first = curveEndingAt(one.loss()->curves(), 400, 3 + tail); // runs 0, 2, 4
    QVERIFY(first && curveEndingAt(one.loss()->curves(), 400, 4 + tail));
    QVERIFY(std::abs(first->raw.back().low - (1 + tail)) < 1e-9 && std::abs(first->raw.back().high - (5 + tail)) < 1e-9);
    QCOMPARE(first->color, Theme::instance().runColor(runColorIndex(runName(0))));
    QVERIFY2(one.panel.overlay()->legend()->entries().front().text.contains(u"(n = 3)"_s),
             qPrintable(one.panel.overlay()->legend()->entries().front().text));
    QVERIFY2(one.panel.readout()->reading().tsv().contains(u"n = 3 of 3"_s),
             qPrintable(one.panel.readout()->reading().tsv()));
    auto *band = one.panel.overlay()->bar()->findChild<QComboBox *>(u"overlayBand"_s);
    band->setCurrentIndex(band->findData(u"deviation"_s));
    Q_EMIT band->activated(band->currentIndex());
    one.settle();
    first = curveEndingAt(one.loss()->curves(), 400, 3 + tail);
    QVERIFY(first && std::abs(first->raw.back().high - first->raw.back().mean - 2) < 1e-9); // of 1, 3, 5
    // By all but the seed: lr 0.001 splits by batch size.
    one.groupBy(QLatin1String(kGroupByAll));
    QCOMPARE(one.loss()->curves().size(), size_t(3));
    // A run that is no number for a while is marked, and absent there.
    one.session.points[runName(4)][series::kLoss][199].value = kNan;
    one.overlay(4);
    one.overlay(6);
    one.groupBy(u"optimizer.lr"_s);
    const auto marked = std::find_if(one.loss()->curves().begin(), one.loss()->curves().end(),
                                     [](const PlotCurve &curve) { return !curve.nonFinite.empty(); });
    QVERIFY(marked != one.loss()->curves().end());
    QCOMPARE(marked->nonFinite.front().x, 200.0);
    const auto at = std::find_if(marked->line.begin(), marked->line.end(), [](const QPointF &p) { return p.x() == 200; });
    QVERIFY(std::abs(at->y() - (2 + 4 * std::exp(-2.0))) < 1e-9); // the mean of runs 0 and 2
    QCOMPARE(one.session.numSpecsAsked, 6); // each once
}

void TestManyRuns::runsWithoutSettingsStandAlone()
{
    Fixture one(6);
    for (const int imported : {3, 4}) one.session.specs[runName(imported)] = u"{\"imported_from\":\"/logs\",\"spec\":{}}"_s;
    one.session.specs.erase(runName(5)); // cannot be read
    one.overlay(6);
    auto *box = one.panel.overlay()->bar()->findChild<QComboBox *>(u"overlayGroup"_s);
    QStringList keys;
    for (int i = 0; i < box->count(); ++i) keys << box->itemData(i).toString();
    // What the others have in common does not differ for that.
    QCOMPARE(keys, (QStringList{QString(), u"*"_s, u"train.batch_size"_s, u"optimizer.lr"_s, u"seed"_s}));
    one.groupBy(u"optimizer.lr"_s);
    QStringList groups;
    for (const LegendEntry &entry : one.panel.overlay()->legend()->entries()) groups << entry.text;
    QCOMPARE(groups.size(), 5); // 0 and 2; 1; and three that nobody knows
    QCOMPARE(groups.filter(u"(n = 2)"_s).size(), 1);
    QCOMPARE(groups.filter(u"settings not known"_s).size(), 3);
    one.groupBy(QLatin1String(kGroupByAll));
    QCOMPARE(one.panel.overlay()->legend()->entries().size(), size_t(6));
}

void TestManyRuns::alignsByTokensTimeAndClock()
{
    Fixture one(4);
    one.session.specs[runName(3)] = u"{\"imported_from\":\"/logs\",\"spec\":{\"train\":{\"batch_size\":4}}}"_s;
    one.overlay(4);
    const auto choose = [&one](const QString &text) {
        for (QAbstractButton *button : one.panel.overlay()->bar()->findChildren<QAbstractButton *>())
            if (button->text() == text) button->click();
        one.settle();
    };
    choose(u"Tokens"_s);
    QCOMPARE(one.panel.toolbar()->xMode(), XMode::Tokens);
    QCOMPARE(one.loss()->curves().size(), size_t(3)); // what was imported has no tokens
    QVERIFY2(one.panel.overlay()->bar()->note().contains(u"1 has no count of tokens"_s),
             qPrintable(one.panel.overlay()->bar()->note()));
    const double tail = 4 * std::exp(-4.0);
    QVERIFY(curveEndingAt(one.loss()->curves(), 400 * 4 * 2 * 100, 1 + tail));
    QVERIFY(curveEndingAt(one.loss()->curves(), 400 * 8 * 2 * 100, 3 + tail)); // run 2 reads twice as much a step
    QVERIFY(one.loss()->accessibleSummary().contains(u"tokens"_s));
    choose(u"Time"_s);
    for (const PlotCurve &curve : one.loss()->curves())
        QVERIFY(std::abs(curve.line.back().x() - 39.9) < 1e-3); // each since its own first report
    choose(u"Clock"_s);
    QVERIFY(std::abs(one.loss()->dataRange()->from - (1.7e9 + 0.1)) < 1e-3);
    QVERIFY(std::abs(one.loss()->dataRange()->to - (1.7e9 + 40 + 3000)) < 1e-3);
    one.loss()->setLogX(true);
    QVERIFY(!one.loss()->isLogX()); // times of the day have no logarithm worth a look
    choose(u"Step"_s);
    QCOMPARE(one.loss()->dataRange()->to, 400.0);
}

void TestManyRuns::tokensOfABranchGoOnFromItsParent()
{
    Fixture one(4);
    one.session.statuses[2].parent = runName(0).toStdString();
    one.session.statuses[2].parentStep = 200;
    one.panel.setRun(runName(1)); // the parent is not drawn
    one.panel.setOverlaidRuns({runName(2)});
    one.settle();
    QCOMPARE(one.session.numSpecsAsked, 3);
    constexpr double kTokens = 200 * 4 * 2 * 100 + 200 * 8 * 2 * 100; // half of the steps had half as many
    one.frame().findChild<QAction *>(u"panelCopyData"_s)->trigger();
    const QString line = QGuiApplication::clipboard()->text().split(u'\n').filter(u"run-002,loss,400,"_s).value(0);
    QCOMPARE(line.split(u',').value(3).toDouble(), kTokens);
    one.panel.toolbar()->setXMode(XMode::Tokens);
    one.settle();
    const double tail = 4 * std::exp(-4.0);
    QVERIFY(curveEndingAt(one.loss()->curves(), 400 * 4 * 2 * 100, 2 + tail));
    QVERIFY(curveEndingAt(one.loss()->curves(), kTokens, 3 + tail));
    const XAxis axis{.mode = XMode::Tokens, .tokensPerStep = 10, .startStep = 100, .startTokens = 500};
    QCOMPARE(axis.of(200, 0), 1500.0);
    QVERIFY((stepsBetween({}, axis, 1500, 2500) == std::pair<int64_t, int64_t>(200, 300)));
    // Where the parent came from nobody knows.
    one.session.statuses[0].parent = "gone";
    one.session.statuses[0].parentStep = 50;
    Q_EMIT one.session.runsChanged();
    QTest::qWait(100);
    one.settle();
    QCOMPARE(one.loss()->curves().size(), size_t(1));
    QVERIFY2(one.panel.overlay()->bar()->note().contains(u"1 has no count of tokens"_s),
             qPrintable(one.panel.overlay()->bar()->note()));
}

/// The host is switched: ids may be the same there, and mean other runs.
void TestManyRuns::anotherEngineHasOtherRuns()
{
    Fixture one(3);
    one.overlay(3);
    const CurvesOverlay *overlay = one.panel.overlay();
    QCOMPARE(overlay->specs().tokensPerStep(runName(2)), 8.0 * 2 * 100);
    const std::vector<RunStatus> there = std::exchange(one.session.statuses, {});
    one.session.state = ConnectionState::Connecting;
    Q_EMIT one.session.runsChanged();
    QVERIFY(overlay->runs().isEmpty());
    QVERIFY(!overlay->isOn());
    QVERIFY(!overlay->specs().isKnown(runName(2)));
    QCOMPARE(overlay->specs().tokensPerStep(runName(2)), 0.0);
    one.session.state = ConnectionState::Connected;
    one.session.statuses = there;
    one.session.specs[runName(2)] = specJson(0.5, 7, 16); // another run of the same id
    Q_EMIT one.session.runsChanged();
    one.panel.setRun(runName(0));
    one.overlay(3);
    QCOMPARE(overlay->specs().tokensPerStep(runName(2)), 16.0 * 2 * 100);
    // What the old engine still answers is not taken.
    RunSpecs specs(one.session);
    one.session.answersAtOnce = false;
    one.session.waiting.clear();
    specs.want({runName(1)});
    QCOMPARE(one.session.waiting.size(), size_t(1));
    specs.clear();
    one.session.waiting.front()();
    one.session.waiting.clear();
    QVERIFY(!specs.isKnown(runName(1)) && !specs.isReading());
}

void TestManyRuns::logarithmicAxes()
{
    Fixture one(3);
    one.session.points[runName(1)][series::kLoss][9].value = -1; // step 10
    for (auto &[name, points] : one.session.points[runName(2)]) points.front().step = 0;
    one.overlay(3);
    one.loss()->setLogY(true);
    one.panel.findChild<QToolButton *>(u"logX"_s)->click();
    one.settle();
    for (int i = 0; i < CurvesPanel::kNumCharts; ++i) QVERIFY(one.panel.chart(CurvesPanel::Chart(i))->isLogX());
    const QString note = one.loss()->logNote();
    QVERIFY2(note.contains(u"1 value ≤ 0 stands at the lower edge"_s) && note.contains(u"1 point at x ≤ 0 has no place"_s),
             qPrintable(note));
    QVERIFY(one.loss()->xRange().from >= 0.9 && one.loss()->xRange().to >= 400);
    // Even steps are even in pixels.
    const double first = one.loss()->pixelOfX(10) - one.loss()->pixelOfX(1);
    QVERIFY(std::abs(one.loss()->pixelOfX(100) - one.loss()->pixelOfX(10) - first) < 0.01);
    QTest::keyClick(one.loss(), Qt::Key_Plus);
    QTest::keyClick(one.loss(), Qt::Key_Right);
    QVERIFY(one.loss()->xRange().from > 0);
    QCOMPARE(one.panel.chart(CurvesPanel::Speed)->xRange(), one.loss()->xRange());
    QTest::keyClick(one.loss(), Qt::Key_L, Qt::ShiftModifier);
    QVERIFY(!one.panel.chart(CurvesPanel::GradNorm)->isLogX());
}

void TestManyRuns::spikesAreGivenAtEveryZoom()
{
    constexpr int64_t kNumSteps = 30'000;
    Fixture one(2, kNumSteps);
    std::mt19937 random(11);
    std::vector<std::pair<int64_t, double>> spikes;
    for (int i = 0; i < 12; ++i) {
        const int64_t step = 1 + int64_t(random() % kNumSteps);
        const double value = i % 3 == 2 ? -1000.0 - i : 1000.0 + i;
        one.session.points[runName(i % 2)][series::kLoss][size_t(step) - 1].value = value;
        if (std::none_of(spikes.begin(), spikes.end(), [step](const auto &other) { return other.first == step; }))
            spikes.emplace_back(step, value);
    }
    one.session.replay(runName(0));
    one.overlay(2);
    for (int turn = 0; turn < 12; ++turn) {
        const double width = std::pow(10.0, 1 + double(random() % 3400) / 1000);
        const double from = double(random() % kNumSteps);
        one.loss()->setFollowing(false);
        one.loss()->setXRange({from, from + width});
        const bool isCoarse = turn % 2 == 1; // with and without the finer window that is asked for
        if (!isCoarse) QTest::qWait(160);
        one.settle();
        for (const auto &[step, value] : spikes) {
            if (double(step) < from || double(step) > from + width) continue;
            const bool isGiven = std::any_of(
                one.loss()->curves().begin(), one.loss()->curves().end(), [&, value = value](const PlotCurve &curve) {
                    return std::any_of(curve.raw.begin(), curve.raw.end(), [&](const PlotBucket &bucket) {
                        const bool isInside = bucket.x >= from && bucket.x <= from + width;
                        return (bucket.low == value || bucket.high == value) && (isInside || isCoarse);
                    });
                });
            QVERIFY2(isGiven, qPrintable(u"step %1, %2 … %3"_s.arg(step).arg(from).arg(from + width)));
        }
    }
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestManyRuns test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_many_runs.moc"
