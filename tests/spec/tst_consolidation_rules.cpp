// SPDX-License-Identifier: Apache-2.0
// What a consolidation may be told, and how it says no.
#include "core/spec/consolidation_rules.h"
#include "tests/base/check_result.h"

#include <QtTest>

#include <limits>

using namespace orrery;

class TestConsolidationRules : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void takesWhatIsInRange()
    {
        VERIFY_OK(checkConsolidation({}, "m"));
        VERIFY_OK(checkConsolidation({.numSlots = 1, .numPasses = 1, .learningRate = kLeastConsolidationRate},
                                     "m"));
        VERIFY_OK(checkConsolidation({.numSlots = kMostConsolidationSlots,
                                      .numPasses = kMostConsolidationPasses,
                                      .learningRate = kMostConsolidationRate},
                                     "m"));
    }
    void refusesTheRest_data()
    {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        QTest::addColumn<qint64>("numSlots");
        QTest::addColumn<qint64>("numPasses");
        QTest::addColumn<double>("rate");
        QTest::addColumn<QString>("words");
        const QString ofRate = QStringLiteral("rate is %1, expected 1e-09 … 1e+09.");
        QTest::newRow("no slot") << qint64(0) << qint64(1) << 1.0
                                 << QStringLiteral("slots is 0, expected 1 … 1000000.");
        QTest::newRow("slots") << qint64(kMostConsolidationSlots + 1) << qint64(1) << 1.0
                               << QStringLiteral("slots is 1000001, expected 1");
        QTest::newRow("no pass") << qint64(1) << qint64(0) << 1.0
                                 << QStringLiteral("passes is 0, expected 1 … 100000.");
        QTest::newRow("passes") << qint64(1) << qint64(kMostConsolidationPasses + 1) << 1.0
                                << QStringLiteral("passes is 100001, expected 1");
        QTest::newRow("no rate") << qint64(1) << qint64(1) << 0.0 << ofRate.arg(QStringLiteral("0"));
        QTest::newRow("below") << qint64(1) << qint64(1) << -1.0 << ofRate.arg(QStringLiteral("-1.000"));
        QTest::newRow("infinite") << qint64(1) << qint64(1) << kInfinity << ofRate.arg(QStringLiteral("Inf"));
        QTest::newRow("NaN") << qint64(1) << qint64(1) << std::numeric_limits<double>::quiet_NaN()
                             << ofRate.arg(QStringLiteral("NaN"));
    }
    void refusesTheRest()
    {
        QFETCH(qint64, numSlots);
        QFETCH(qint64, numPasses);
        QFETCH(double, rate);
        QFETCH(QString, words);
        const auto checked =
            checkConsolidation({.numSlots = numSlots, .numPasses = numPasses, .learningRate = rate}, "a\xff");
        VERIFY_ERROR(checked, ErrorCode::InvalidInput, words.toUtf8().constData());
        VERIFY_ERROR(checked, ErrorCode::InvalidInput,
                     "Cannot consolidate the memory of \"a\xef\xbf\xbd\": ");
        QVERIFY(checked.error().hint.ends_with("leave it out."));
    }
    void aRequestSaysZeroForWhatIsUsual()
    {
        const ConsolidationSettings usual, none = settingsOf({});
        QCOMPARE(none.numSlots, usual.numSlots);
        QCOMPARE(none.numPasses, usual.numPasses);
        QCOMPARE(none.learningRate, usual.learningRate);
        const ConsolidationSettings given =
            settingsOf({.model = {}, .directory = {}, .numSlots = 3, .numPasses = -4, .learningRate = 0.5});
        QCOMPARE(given.numSlots, int64_t(3));
        QCOMPARE(given.numPasses, int64_t(-4));
        QCOMPARE(given.learningRate, 0.5);
    }
};

QTEST_GUILESS_MAIN(TestConsolidationRules)
#include "tst_consolidation_rules.moc"
