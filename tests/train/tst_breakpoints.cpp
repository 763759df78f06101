// SPDX-License-Identifier: Apache-2.0
#include "core/train/breakpoints.h"

#include <QtTest>

#include <cmath>

using namespace orrery;

namespace {

Breakpoint breakpoint(const char *text) { return *parseBreakpoint(text); }

} // namespace

class TestBreakpoints : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hitsWhenItBecomesTrue();
    void hitsAtOnceWhereItIsTrueAlready();
    void aReportWithoutTheSeriesChangesNothing();
    void anyHeadIsEnough();
    void nanIsNoHit();
    void settingItAgainArmsItAnew();
    void removedOnesAreSilent();
    void thereAreNotTooMany();
};

void TestBreakpoints::hitsWhenItBecomesTrue()
{
    Breakpoints breakpoints;
    QVERIFY(breakpoints.add(breakpoint("loss > 4")));
    std::string hits;
    for (const double loss : {3.0, 5.0, 6.0, 4.0, 4.5})
        hits += breakpoints.check({{"loss", loss}}).empty() ? "." : "!";
    QCOMPARE(hits, std::string(".!..!"));
    breakpoints.check({{"loss", 1}});
    const auto last = breakpoints.check({{"lr", 9}, {"loss", 7}});
    QCOMPARE(last.size(), size_t(1));
    QCOMPARE(last[0].series, std::string("loss"));
    QCOMPARE(last[0].value, 7.0);
}

void TestBreakpoints::hitsAtOnceWhereItIsTrueAlready()
{
    Breakpoints breakpoints;
    breakpoints.check({{"loss", 9}});
    QVERIFY(breakpoints.add(breakpoint("loss > 4")));
    QCOMPARE(breakpoints.check({{"loss", 9}}).size(), size_t(1));
}

void TestBreakpoints::aReportWithoutTheSeriesChangesNothing()
{
    Breakpoints breakpoints;
    QVERIFY(breakpoints.add(breakpoint("val_loss < 2")));
    QCOMPARE(breakpoints.check({{"val_loss", 1}}).size(), size_t(1));
    QVERIFY(breakpoints.check({{"loss", 3}}).empty());
    QVERIFY(breakpoints.check({{"val_loss", 1}}).empty()); // still true
}

void TestBreakpoints::anyHeadIsEnough()
{
    Breakpoints breakpoints;
    QVERIFY(breakpoints.add(breakpoint("entropy < 0.5")));
    QVERIFY(
        breakpoints.check({{"head/0.0/entropy", 2}, {"head/0.1/entropy", 1}, {"head/0.0/first", 0}}).empty());
    const auto hits = breakpoints.check({{"head/0.0/entropy", 2}, {"head/0.1/entropy", 0.25}});
    QCOMPARE(hits.size(), size_t(1));
    QCOMPARE(hits[0].series, std::string("head/0.1/entropy"));
    QVERIFY(breakpoints.check({{"head/0.0/entropy", 0.1}, {"head/0.1/entropy", 2}}).empty());
}

void TestBreakpoints::nanIsNoHit()
{
    Breakpoints breakpoints;
    QVERIFY(breakpoints.add(breakpoint("loss > 4")));
    QVERIFY(breakpoints.check({{"loss", std::nan("")}}).empty());
    QCOMPARE(breakpoints.check({{"loss", INFINITY}}).size(), size_t(1));
}

void TestBreakpoints::settingItAgainArmsItAnew()
{
    Breakpoints breakpoints;
    QVERIFY(breakpoints.add(breakpoint("loss > 4")));
    QCOMPARE(breakpoints.check({{"loss", 5}}).size(), size_t(1));
    QVERIFY(breakpoints.add(breakpoint("loss>4")));
    QCOMPARE(breakpoints.text(), std::string("loss > 4"));
    QCOMPARE(breakpoints.check({{"loss", 5}}).size(), size_t(1));
}

void TestBreakpoints::removedOnesAreSilent()
{
    Breakpoints breakpoints;
    QVERIFY(breakpoints.isEmpty());
    QCOMPARE(breakpoints.text(), std::string("none"));
    QVERIFY(breakpoints.add(breakpoint("loss > 4")));
    QVERIFY(breakpoints.add(breakpoint("lr < 1")));
    QCOMPARE(breakpoints.text(), std::string("loss > 4, lr < 1"));
    QVERIFY(!breakpoints.remove(breakpoint("loss > 5")));
    QVERIFY(breakpoints.remove(breakpoint("loss > 4")));
    QVERIFY(breakpoints.check({{"loss", 5}}).empty());
    breakpoints.clear();
    QVERIFY(breakpoints.isEmpty() && breakpoints.check({{"lr", 0}}).empty());
}

void TestBreakpoints::thereAreNotTooMany()
{
    Breakpoints breakpoints;
    int numAdded = 0;
    while (breakpoints.add({"loss", Comparison::Greater, static_cast<double>(numAdded)})) ++numAdded;
    QCOMPARE(numAdded, 64);
    QVERIFY(breakpoints.add({"loss", Comparison::Greater, 3})); // it is there already
}

QTEST_GUILESS_MAIN(TestBreakpoints)
#include "tst_breakpoints.moc"
