// SPDX-License-Identifier: Apache-2.0
#include "core/spec/breakpoint.h"
#include "tests/base/check_result.h"

#include <QtTest>

#include <cmath>
#include <limits>
#include <vector>

using namespace orrery;

class TestBreakpoint : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsWhatIsTyped_data();
    void readsWhatIsTyped();
    void comparesAsItSays_data();
    void comparesAsItSays();
    void nanIsNeverTrue();
    void saysWhatItCouldNotRead_data();
    void saysWhatItCouldNotRead();
    void shortNamesCoverManySeries();
    void unknownSeriesAreNamedWithTheNearest();
    void seriesOfPartsAreTakenAsTheyAre();
};

void TestBreakpoint::readsWhatIsTyped_data()
{
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("text");
    QTest::newRow("plain") << "loss > 4"
                           << "loss > 4";
    QTest::newRow("without blanks") << "grad_norm>=10"
                                    << "grad_norm >= 10";
    QTest::newRow("many blanks") << "  entropy\t <   0.5 "
                                 << "entropy < 0.5";
    QTest::newRow("exponent") << "lr<=1e-4"
                              << "lr <= 1e-04";
    QTest::newRow("negative") << "head/2.0/entropy < -1.25"
                              << "head/2.0/entropy < -1.25";
    QTest::newRow("all digits") << "loss > 0.1"
                                << "loss > 0.1";
}

void TestBreakpoint::readsWhatIsTyped()
{
    QFETCH(QString, typed);
    QFETCH(QString, text);
    const auto breakpoint = parseBreakpoint(typed.toStdString());
    VERIFY_OK(breakpoint);
    QCOMPARE(qtext(breakpointText(*breakpoint)), text);
    const auto again = parseBreakpoint(breakpointText(*breakpoint));
    VERIFY_OK(again);
    QVERIFY(*again == *breakpoint);
}

void TestBreakpoint::comparesAsItSays_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("below");
    QTest::addColumn<bool>("equal");
    QTest::addColumn<bool>("above");
    QTest::newRow("<") << "loss < 4" << true << false << false;
    QTest::newRow("<=") << "loss <= 4" << true << true << false;
    QTest::newRow(">") << "loss > 4" << false << false << true;
    QTest::newRow(">=") << "loss >= 4" << false << true << true;
}

void TestBreakpoint::comparesAsItSays()
{
    QFETCH(QString, text);
    const auto breakpoint = parseBreakpoint(text.toStdString());
    VERIFY_OK(breakpoint);
    QTEST(breakpoint->holdsFor(3), "below");
    QTEST(breakpoint->holdsFor(4), "equal");
    QTEST(breakpoint->holdsFor(std::numeric_limits<double>::infinity()), "above");
}

void TestBreakpoint::nanIsNeverTrue()
{
    for (const char *text : {"loss < 4", "loss <= 4", "loss > 4", "loss >= 4"})
        QVERIFY(!parseBreakpoint(text)->holdsFor(std::nan("")));
    QVERIFY(!Breakpoint{}.holdsFor(0));
}

void TestBreakpoint::saysWhatItCouldNotRead_data()
{
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("found");
    QTest::newRow("long name") << "part/" + QString(200, 'x') + " > 1" << "is longer than 128 bytes";
    QTest::newRow("escape") << QString("part/\x1b[2J > 1") << "signs that cannot be printed";
    QTest::newRow("empty") << "  "
                           << "it is empty";
    QTest::newRow("a name alone") << "loss"
                                  << "there is no comparison";
    QTest::newRow("no name") << "> 4"
                             << "no series stands before \">\"";
    QTest::newRow("two names") << "val loss > 4"
                               << "\"val loss\" is not one name";
    QTest::newRow("assignment") << "loss = 4"
                                << "the comparison is \"=\"";
    QTest::newRow("not equal") << "loss != 4"
                               << "the comparison is \"!=\"";
    QTest::newRow("shift") << "loss >> 4"
                           << "the comparison is \">>\"";
    QTest::newRow("no number") << "loss > "
                               << "no number stands behind";
    QTest::newRow("a word") << "loss > four"
                            << "the number is \"four\"";
    QTest::newRow("rest") << "loss > 4 now"
                          << "the number is \"4 now\"";
    QTest::newRow("not a number") << "loss > nan"
                                  << "the number is \"nan\"";
    QTest::newRow("infinite") << "loss < inf"
                              << "the number is \"inf\"";
    QTest::newRow("too large") << "loss > 1e999"
                               << "the number is \"1e999\"";
}

void TestBreakpoint::saysWhatItCouldNotRead()
{
    QFETCH(QString, typed);
    QFETCH(QString, found);
    const auto breakpoint = parseBreakpoint(typed.toStdString());
    VERIFY_ERROR(breakpoint, ErrorCode::InvalidInput, found.toUtf8().constData());
    VERIFY_ERROR(breakpoint, ErrorCode::InvalidInput, "expected SERIES OP NUMBER with one of < <= > >=");
}

void TestBreakpoint::shortNamesCoverManySeries()
{
    const Breakpoint entropy = *parseBreakpoint("entropy < 1");
    QVERIFY(entropy.covers("head/0.1/entropy") && entropy.covers("head/11.3/entropy"));
    QVERIFY(!entropy.covers("head/0.1/distance") && !entropy.covers("probe/entropy") &&
            !entropy.covers("loss"));
    const Breakpoint memory = *parseBreakpoint("memory > 0.9");
    QVERIFY(memory.covers("part/episodic/occupancy") && !memory.covers("memory_mib"));
    const Breakpoint loss = *parseBreakpoint("loss > 4");
    QVERIFY(loss.covers("loss") && !loss.covers("val_loss"));
}

void TestBreakpoint::unknownSeriesAreNamedWithTheNearest()
{
    const std::vector<std::string> known = {"loss", "grad_norm", "head/0.0/entropy"};
    VERIFY_OK(checkBreakpointSeries(*parseBreakpoint("grad_norm > 1"), known));
    VERIFY_OK(checkBreakpointSeries(*parseBreakpoint("entropy > 1"), known));
    const auto refused = checkBreakpointSeries(*parseBreakpoint("gradnorm > 1"), known);
    VERIFY_ERROR(refused, ErrorCode::InvalidInput, "no series \"gradnorm\"");
    VERIFY_ERROR(refused, ErrorCode::InvalidInput, "Did you mean \"grad_norm\"?");
    VERIFY_ERROR(checkBreakpointSeries(*parseBreakpoint("something_else > 1"), known),
                 ErrorCode::InvalidInput, "expected one of loss, grad_norm, entropy, memory");
    VERIFY_ERROR(checkBreakpointSeries(*parseBreakpoint("head/7.0/entropy > 1"), known),
                 ErrorCode::InvalidInput, "no series \"head/7.0/entropy\"");
}

void TestBreakpoint::seriesOfPartsAreTakenAsTheyAre()
{
    VERIFY_OK(checkBreakpointSeries(*parseBreakpoint("part/firing_rate < 0.1"), {}));
    VERIFY_OK(checkBreakpointSeries(*parseBreakpoint("probe/norm.layer0 < 0.1"), {}));
    VERIFY_ERROR(checkBreakpointSeries(*parseBreakpoint("part/ < 0.1"), {}), ErrorCode::InvalidInput,
                 "no series");
}

QTEST_GUILESS_MAIN(TestBreakpoint)
#include "tst_breakpoint.moc"
