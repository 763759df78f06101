// SPDX-License-Identifier: GPL-3.0-or-later
// Several runs in the charts: statistics of groups, loading, colours, read-out, alignment, notes, what is taken along.
#include "fake_session.h"
#include "widgets/common/banner.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/run_text.h"
#include "widgets/common/view_link.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/group_statistics.h"
#include "widgets/curves/note_bar.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/readout_view.h"
#include "widgets/curves/run_legend.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QFile>
#include <QHelpEvent>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <algorithm>
#include <cmath>
#include <random>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;

namespace {

const double kNan = std::nan("");

QString runName(int index) { return u"run-"_s + QString::number(index).rightJustified(3, u'0'); }

QString specJson(double lr, int seed, int batch)
{
    return u"{\"name\":\"n%2\",\"seed\":%2,\"optimizer\":{\"lr\":%1},\"train\":{\"batch_size\":%3,\"accumulation\":2},"
           "\"model\":{\"context\":100}}"_s.arg(lr)
        .arg(seed)
        .arg(batch);
}

/// Runs 0 … n − 1; the loss of run i at step s is i + 1 + 4·exp(−s/100). Two rates of learning, a seed each.
struct Fixture {
    FakeSession session;
    CurvesPanel panel{session};

    explicit Fixture(int numRuns, int64_t numSteps = 400, RunState state = RunState::Finished)
    {
        for (int i = 0; i < numRuns; ++i) {
            const QString run = runName(i);
            session.addRun(run, state);
            session.specs[run] = specJson(i % 2 == 0 ? 0.001 : 0.002, i, i == 2 ? 8 : 4);
            for (int64_t step = 1; step <= numSteps; ++step) {
                const StepReport report = makeReport(step, i + 1 + 4 * std::exp(-double(step) / 100));
                for (const MetricValue &metric : report.values)
                    session.points[run][metric.series].push_back({step, report.wallTime + 1000 * i, 0, metric.value});
            }
        }
        panel.resize(1000, 700);
        panel.toolbar()->setSmoothing(0);
        panel.show();
        panel.setRun(runName(0));
        settle();
    }
    void settle()
    {
        QCoreApplication::processEvents();
        panel.flush();
        QCoreApplication::processEvents();
        panel.flush();
        QCoreApplication::processEvents();
    }
    void overlay(int numRuns)
    {
        QStringList runs;
        for (int i = 1; i < numRuns; ++i) runs << runName(i);
        panel.setOverlaidRuns(runs);
        settle();
    }
    void groupBy(const QString &key)
    {
        auto *box = panel.overlay()->bar()->findChild<QComboBox *>(u"overlayGroup"_s);
        box->setCurrentIndex(box->findData(key));
        Q_EMIT box->activated(box->currentIndex());
        settle();
    }
    [[nodiscard]] PlotView *loss() { return panel.chart(CurvesPanel::Loss); }
    [[nodiscard]] PanelFrame &frame()
    {
        for (auto *frame : panel.findChildren<PanelFrame *>())
            if (frame->view().panel == u"curves") return *frame;
        qFatal("no frame");
    }
    /// Rows of runs or groups, in order: "name value".
    [[nodiscard]] QStringList rows()
    {
        QStringList rows;
        for (const ReadingRow &row : panel.readout()->reading().rows)
            if (row.kind == ReadingKind::Run) rows << row.label + u' ' + row.value;
        return rows;
    }
    void moveTo(double x, double y)
    {
        const QPoint place(qRound(loss()->pixelOfX(x)), qRound(loss()->pixelOfY(y)));
        QTest::mouseMove(loss(), place + QPoint(2, 0));
        QTest::mouseMove(loss(), place);
        QTest::qWait(50);
    }
};

/// Of a line that ascends in x; NaN where it is absent.
double valueAt(const std::vector<QPointF> &line, double x)
{
    for (size_t i = 0; i < line.size(); ++i) {
        const QPointF here = line[i];
        if (here.x() == x) return here.y();
        if (i == 0 || here.x() < x || line[i - 1].x() > x) continue;
        const QPointF before = line[i - 1];
        return before.y() + (here.y() - before.y()) * ((x - before.x()) / (here.x() - before.x()));
    }
    return kNan;
}

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
    void studentsQuantile_data();
    void studentsQuantile();
    void meanAndBand_data();
    void meanAndBand();
    void absentRunsLeaveAGap();
    void groupsAgreeWithEachRunAlone();
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
    void logarithmicAxes();
    void spikesAreGivenAtEveryZoom();
    void notesAppearAtOnce();
    void aNoteIsAddedOnce();
    void refusedNotesSayWhy();
    void marksTellWhoseTheyAre();
    void theTableIsLong();
    void figuresStaySmall_data();
    void figuresStaySmall();
    void aLinkKeepsTheView();
    void everythingHasAName();
};

void TestManyRuns::studentsQuantile_data()
{
    QTest::addColumn<int>("degrees");
    QTest::addColumn<double>("quantile"); // of the printed tables
    QTest::newRow("1") << 1 << 12.7062;
    QTest::newRow("2") << 2 << 4.3027;
    QTest::newRow("10") << 10 << 2.2281;
    QTest::newRow("30") << 30 << 2.0423;
    QTest::newRow("31") << 31 << 2.0395;
    QTest::newRow("40") << 40 << 2.0211;
    QTest::newRow("60") << 60 << 2.0003;
    QTest::newRow("120") << 120 << 1.9799;
}

void TestManyRuns::studentsQuantile()
{
    QFETCH(int, degrees);
    QFETCH(double, quantile);
    QVERIFY2(std::abs(studentQuantile(degrees) - quantile) < 6e-5, qPrintable(QString::number(studentQuantile(degrees), 'f', 6)));
    QVERIFY(std::isnan(studentQuantile(0)));
}

void TestManyRuns::meanAndBand_data()
{
    QTest::addColumn<int>("band");
    QTest::addColumn<double>("lowAt5");
    QTest::addColumn<double>("highAt5");
    QTest::addColumn<double>("lowAt10");
    QTest::addColumn<double>("highAt10");
    // By hand. At 5: 5 and 10; s = 3.535534, t = 12.706205. At 10: 10, 15 and 9; s = 3.214550, t = 4.302653.
    QTest::newRow("extremes") << int(BandKind::Extremes) << 5.0 << 10.0 << 9.0 << 15.0;
    QTest::newRow("deviation") << int(BandKind::Deviation) << 3.964466 << 11.035534 << 8.118783 << 14.547884;
    QTest::newRow("interval") << int(BandKind::Confidence) << -24.265513 << 39.265513 << 3.347985 << 19.318682;
}

void TestManyRuns::meanAndBand()
{
    QFETCH(int, band);
    QFETCH(double, lowAt5);
    QFETCH(double, highAt5);
    QFETCH(double, lowAt10);
    QFETCH(double, highAt10);
    const std::vector<std::vector<QPointF>> runs = {
        {{0, 0}, {10, 10}}, {{5, 10}, {15, 20}}, {{0, 3}, {7, kNan}, {10, 9}}};
    const GroupCurve group = groupCurve(runs, BandKind(band));
    QCOMPARE(group.numRuns, 3);
    std::vector<double> places;
    for (const GroupPoint &point : group.points) places.push_back(point.x);
    QCOMPARE(places, (std::vector<double>{0, 5, 7, 10})); // at 15 one run is alone
    QCOMPARE(group.points[0].mean, 1.5);
    QCOMPARE(group.points[1].mean, 7.5);
    QCOMPARE(group.points[1].numRuns, 2); // beside its NaN the third one is absent
    QCOMPARE(group.points[2].mean, 9.5);
    QVERIFY(std::abs(group.points[3].mean - 34.0 / 3) < 1e-12);
    QCOMPARE(group.points[3].numRuns, 3);
    const auto isNear = [](double a, double b) { return std::abs(a - b) < 1e-4; };
    QVERIFY2(isNear(group.points[1].low, lowAt5) && isNear(group.points[1].high, highAt5),
             qPrintable(QString::number(group.points[1].low, 'f', 6)));
    QVERIFY2(isNear(group.points[3].low, lowAt10) && isNear(group.points[3].high, highAt10),
             qPrintable(QString::number(group.points[3].low, 'f', 6)));
}

void TestManyRuns::absentRunsLeaveAGap()
{
    const std::vector<std::vector<QPointF>> runs = {{{0, 1}, {1, 1}, {2, kNan}, {3, 1}, {4, 1}},
                                                    {{0, 3}, {1, 3}, {2, 3}, {3, 3}, {4, 3}}};
    const GroupCurve group = groupCurve(runs, BandKind::Extremes);
    QCOMPARE(group.points.size(), size_t(5)); // 0, 1, a gap, 3, 4
    QVERIFY(std::isnan(group.points[2].mean));
    QCOMPARE(group.points[2].numRuns, 0);
    QCOMPARE(group.points[3].mean, 2.0);
    const std::vector<std::vector<QPointF>> one = {{{0, 1}, {1, 1}}};
    QVERIFY(groupCurve(one, BandKind::Extremes).isEmpty()); // one run is no group
    QVERIFY(groupCurve({}, BandKind::Extremes).isEmpty());
}

void TestManyRuns::groupsAgreeWithEachRunAlone()
{
    std::mt19937 random(3);
    for (int turn = 0; turn < 60; ++turn) {
        std::vector<std::vector<QPointF>> runs(1 + random() % 6);
        for (std::vector<QPointF> &run : runs) {
            double x = double(random() % 20);
            for (size_t i = random() % 40; i > 0; --i) {
                x += 0.5 * double(1 + random() % 8);
                run.emplace_back(x, random() % 9 == 0 ? kNan : double(random() % 1000) / 7);
            }
        }
        for (const GroupPoint &point : groupCurve(runs, BandKind::Extremes).points) {
            double sum = 0, low = INFINITY, high = -INFINITY;
            int count = 0;
            for (const std::vector<QPointF> &run : runs) {
                const double value = valueAt(run, point.x);
                if (std::isnan(value)) continue;
                sum += value;
                low = std::min(low, value);
                high = std::max(high, value);
                ++count;
            }
            if (point.numRuns == 0) {
                QVERIFY(std::isnan(point.mean));
                continue;
            }
            QCOMPARE(point.numRuns, count);
            QVERIFY(count >= 2);
            QVERIFY(std::abs(point.mean - sum / count) < 1e-9);
            QCOMPARE(point.low, low);
            QCOMPARE(point.high, high);
        }
    }
}

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

void TestManyRuns::notesAppearAtOnce()
{
    Fixture one(1);
    one.panel.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&one.panel));
    one.moveTo(120, 2);
    one.loss()->setFocus();
    QTest::keyClick(one.loss(), Qt::Key_N);
    NoteBar *bar = one.panel.noteBar();
    QVERIFY(bar->isVisible());
    bar->edit()->setText(u"the loss jumps here"_s);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    one.settle();
    QVERIFY(!bar->isVisible());
    QCOMPARE(one.session.events[runName(0)].size(), size_t(1));
    QCOMPARE(one.session.events[runName(0)].front().step, int64_t(120));
    QCOMPARE(one.loss()->marks().size(), size_t(1)); // nobody told, nothing was loaded anew
    QCOMPARE(one.loss()->marks().front().x, 120.0);
    one.moveTo(121, 2);
    QVERIFY(one.panel.readout()->reading().tsv().contains(u"the loss jumps here"_s));
    // It was written long after: on an axis of time it stands at its step.
    one.panel.toolbar()->setXMode(XMode::Time);
    one.settle();
    QVERIFY(std::abs(one.loss()->marks().front().x - 11.9) < 1e-3);
    // Without a cursor it is of the newest step.
    one.loss()->setCursorX(std::nullopt);
    one.panel.addNote();
    bar->edit()->setText(u"the end"_s);
    bar->findChild<QPushButton *>(u"addNoteButton"_s)->click();
    QCOMPARE(one.session.events[runName(0)].back().step, int64_t(400));
}

void TestManyRuns::aNoteIsAddedOnce()
{
    Fixture one(2);
    NoteBar *bar = one.panel.noteBar();
    const auto answerAll = [&one] {
        while (!one.session.waiting.empty()) one.session.answerAll();
        one.session.answersAtOnce = true;
    };
    one.panel.addNote();
    bar->edit()->setText(u"words"_s);
    one.session.answersAtOnce = false; // a slow link
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    answerAll();
    one.settle();
    QCOMPARE(one.session.events[runName(0)].size(), size_t(1));
    // Another run is chosen before the answer comes: the next note is not the old one.
    one.panel.addNote();
    bar->edit()->setText(u"of the first run"_s);
    one.session.answersAtOnce = false;
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    one.panel.setRun(runName(1));
    answerAll();
    one.settle();
    QCOMPARE(one.session.events[runName(0)].size(), size_t(2));
    one.panel.addNote();
    QVERIFY(bar->edit()->text().isEmpty());
}

void TestManyRuns::refusedNotesSayWhy()
{
    Fixture one(2);
    NoteBar *bar = one.panel.noteBar();
    one.panel.addNote();
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QVERIFY2(bar->error().startsWith(u"Cannot add a note: it is empty"_s), qPrintable(bar->error()));
    one.session.noteError = Error{ErrorCode::Unavailable, "Cannot annotate run \"run-000\": the worker does not answer.",
                                  "Try again when it trains."};
    bar->edit()->setText(u"words"_s);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QVERIFY(bar->isVisible());
    QVERIFY2(bar->error().contains(u"does not answer"_s) && bar->error().contains(u"Try again"_s), qPrintable(bar->error()));
    QCOMPARE(bar->edit()->text(), u"words"_s); // nothing that was written is lost
    QTest::keyClick(bar->edit(), Qt::Key_Escape);
    QVERIFY(!bar->isVisible());
    one.panel.addNote();
    QCOMPARE(bar->edit()->text(), u"words"_s);
    one.panel.setRun(runName(1));
    QVERIFY(!bar->isVisible()); // it was of the other run
}

void TestManyRuns::marksTellWhoseTheyAre()
{
    Fixture one(3);
    one.session.events[runName(1)] = {
        {.id = 1, .step = 50, .kind = EventKind::Alarm, .text = "The loss jumped"},
        {.id = 2, .step = 60, .kind = EventKind::Setting, .text = "clip set to 0.5"},
        {.id = 3, .step = 400, .kind = EventKind::EarlyStop, .text = "Stopped early"}};
    one.session.statuses[2].parent = runName(0).toStdString();
    one.session.statuses[2].parentStep = 200;
    Q_EMIT one.session.runsChanged();
    one.settle();
    QCOMPARE(one.loss()->marks().size(), size_t(1)); // where the branch left
    QCOMPARE(one.loss()->marks().front().kind, MarkKind::Branch);
    QVERIFY(one.loss()->marks().front().text.contains(u"“run-002” was branched from here"_s));
    one.overlay(3);
    QStringList texts;
    for (const PlotMark &mark : one.loss()->marks()) texts << mark.text;
    QVERIFY2(texts.contains(u"run-001: The loss jumped"_s) && texts.contains(u"run-001: Stopped early"_s),
             qPrintable(texts.join(u'|')));
    QVERIFY(!texts.contains(u"run-001: clip set to 0.5"_s));
    QVERIFY2(texts.contains(u"run-002: Branched from “run-000” at step 200"_s), qPrintable(texts.join(u'|')));
    one.moveTo(51, 3);
    QVERIFY(one.panel.readout()->reading().tsv().contains(u"run-001: The loss jumped"_s));
    // With the pointer on the mark, in its row over the axis.
    const QPoint place(qRound(one.loss()->pixelOfX(50)), one.loss()->plotArea().bottom() - 8);
    QHelpEvent help(QEvent::ToolTip, place, one.loss()->mapToGlobal(place));
    QVERIFY(QApplication::sendEvent(one.loss(), &help));
}

void TestManyRuns::theTableIsLong()
{
    Fixture one(3);
    one.overlay(3);
    one.frame().findChild<QAction *>(u"panelCopyData"_s)->trigger();
    const QStringList lines = QGuiApplication::clipboard()->text().split(u"\r\n"_s, Qt::SkipEmptyParts).join(u'\n').split(u'\n');
    QCOMPARE(lines.front().trimmed(), u"run,series,step,tokens,wall_time,min,mean,max"_s);
    QCOMPARE(lines.filter(u",loss,"_s).size(), 3 * 400);
    const QString line = lines.filter(u"run-002,loss,400,"_s).value(0).trimmed();
    const QStringList fields = line.split(u',');
    QCOMPARE(fields.size(), 8);
    QCOMPARE(fields[3].toDouble(), 400.0 * 8 * 2 * 100);
    QCOMPARE(fields[4].toDouble(), 1.7e9 + 40 + 2000);
    QCOMPARE(fields[6].toDouble(), 3 + 4 * std::exp(-4.0));
}

void TestManyRuns::figuresStaySmall_data()
{
    QTest::addColumn<QString>("ending");
    QTest::newRow("svg") << u"svg"_s;
    QTest::newRow("pdf") << u"pdf"_s;
}

void TestManyRuns::figuresStaySmall()
{
    QFETCH(QString, ending);
    Fixture one(50, 2000);
    std::mt19937 random(5);
    std::normal_distribution<double> noise(0, 0.2);
    for (auto &[run, all] : one.session.points)
        for (auto &[name, points] : all)
            for (FakePoint &point : points) point.value *= 1 + noise(random);
    one.panel.toolbar()->setSmoothing(0.6); // lines that still jump
    one.overlay(50);
    QTemporaryDir folder;
    const QString path = folder.filePath(u"curves."_s + ending);
    PanelTools::of(one.frame())->saveTo(path);
    const qint64 size = QFile(path).size();
    QVERIFY2(size > 20'000 && size <= 300'000, qPrintable(QString::number(size)));
    if (ending != u"svg") return;
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    for (const int i : {0, 17, 49}) QVERIFY(text.contains(runName(i).toUtf8())); // the legend
}

void TestManyRuns::aLinkKeepsTheView()
{
    Fixture one(5);
    one.overlay(5);
    one.groupBy(u"optimizer.lr"_s);
    one.panel.overlay()->bar()->setBand(BandKind::Confidence);
    one.panel.overlay()->bar()->setShowsValidation(true);
    one.panel.toolbar()->setXMode(XMode::Tokens);
    one.panel.findChild<QToolButton *>(u"logX"_s)->click();
    one.settle();
    const QString link = one.frame().viewLink();
    Fixture other(5);
    QSignalSpy requested(&other.panel, &CurvesPanel::overlayRequested);
    const Result<ViewLink> view = parseViewLink(link);
    QVERIFY(view.ok());
    other.frame().view().restore(view->state);
    other.settle();
    QCOMPARE(requested.count(), 1); // the list of runs ticks them
    QCOMPARE(other.panel.overlaidRuns().size(), 4);
    QCOMPARE(other.panel.overlay()->bar()->groupBy(), u"optimizer.lr"_s);
    QCOMPARE(other.panel.overlay()->bar()->band(), BandKind::Confidence);
    QVERIFY(other.panel.overlay()->bar()->showsValidation());
    QCOMPARE(other.panel.toolbar()->xMode(), XMode::Tokens);
    QVERIFY(other.loss()->isLogX());
    QCOMPARE(other.frame().viewLink(), link);
    // What belongs to several runs is nothing without them.
    other.frame().view().restore({{u"x"_s, u"tokens"_s}, {u"overlay"_s, QString()}});
    other.settle();
    QCOMPARE(other.panel.toolbar()->xMode(), XMode::Step);
    QVERIFY(!other.panel.overlay()->isOn());
}

void TestManyRuns::everythingHasAName()
{
    Fixture one(12);
    one.overlay(12);
    one.groupBy(QLatin1String(kGroupByAll));
    for (const auto *button : one.panel.findChildren<QAbstractButton *>())
        if (button->isVisible())
            QVERIFY2(!button->accessibleName().isEmpty() || !button->text().isEmpty(), qPrintable(button->objectName()));
    for (const auto *box : one.panel.findChildren<QComboBox *>()) QVERIFY(!box->accessibleName().isEmpty());
    QVERIFY(!one.panel.overlay()->legend()->accessibleName().isEmpty());
    QVERIFY(!one.frame().accessibleDescription().isEmpty());
    one.panel.resize(one.panel.minimumSizeHint());
    one.settle();
    for (const auto *button : one.panel.overlay()->bar()->findChildren<QAbstractButton *>()) {
        if (!button->isVisible()) continue;
        const QRect inPanel(button->mapTo(&one.panel, QPoint(0, 0)), button->size());
        QVERIFY2(one.panel.rect().contains(inPanel),
                 qPrintable(u"%1 at %2 of %3"_s.arg(button->objectName() + button->text())
                                .arg(inPanel.right())
                                .arg(one.panel.width())));
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
