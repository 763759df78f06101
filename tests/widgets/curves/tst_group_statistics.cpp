// SPDX-License-Identifier: GPL-3.0-or-later
// Mean and band of runs with the same settings, against printed tables and each run alone.
#include "widgets/curves/group_statistics.h"

#include <QPointF>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace orrery::ui;

namespace {

const double kNan = std::nan("");

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

} // namespace

class TestGroupStatistics : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void studentsQuantile_data();
    void studentsQuantile();
    void meanAndBand_data();
    void meanAndBand();
    void absentRunsLeaveAGap();
    void groupsAgreeWithEachRunAlone();
};

void TestGroupStatistics::studentsQuantile_data()
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

void TestGroupStatistics::studentsQuantile()
{
    QFETCH(int, degrees);
    QFETCH(double, quantile);
    QVERIFY2(std::abs(studentQuantile(degrees) - quantile) < 6e-5, qPrintable(QString::number(studentQuantile(degrees), 'f', 6)));
    QVERIFY(std::isnan(studentQuantile(0)));
}

void TestGroupStatistics::meanAndBand_data()
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

void TestGroupStatistics::meanAndBand()
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

void TestGroupStatistics::absentRunsLeaveAGap()
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

void TestGroupStatistics::groupsAgreeWithEachRunAlone()
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

QTEST_APPLESS_MAIN(TestGroupStatistics)

#include "tst_group_statistics.moc"
