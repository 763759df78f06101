// SPDX-License-Identifier: Apache-2.0
#include "core/spec/estimate.h"
#include "core/spec/objective_mix.h"

#include <QtTest>

#include <cmath>

using namespace orrery;

class TestObjectiveMix : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sharesSumToOne_data()
    {
        QTest::addColumn<std::vector<double>>("mix");
        QTest::addColumn<std::vector<double>>("shares");
        const auto row = [](const char *name, std::vector<double> mix, std::vector<double> shares) {
            QTest::newRow(name) << mix << shares;
        };
        row("defaults", {50, 25, 25}, {0.5, 0.25, 0.25});
        row("ratios count", {2, 1, 1}, {0.5, 0.25, 0.25});
        row("one alone", {0, 0, 7}, {0, 0, 1});
        row("large", {1e6, 1e6, 0}, {0.5, 0.5, 0});
        row("small", {1e-300, 0, 1e-300}, {0.5, 0, 0.5});
        row("no mix", {0, 0, 0}, {0.5, 0.25, 0.25});
    }
    void sharesSumToOne()
    {
        QFETCH(std::vector<double>, mix);
        QFETCH(std::vector<double>, shares);
        const ObjectiveShares found = objectiveShares({.name = "hybrid", .mix = mix});
        QVERIFY(std::abs(found.nextToken - shares[0]) < 1e-12);
        QVERIFY(std::abs(found.prefix - shares[1]) < 1e-12);
        QVERIFY(std::abs(found.infill - shares[2]) < 1e-12);
    }
    void nextTokenHasEverything()
    {
        const ObjectiveShares found = objectiveShares({.name = "next_token", .mix = {1, 1, 1}});
        QVERIFY(found.nextToken == 1 && found.prefix == 0 && found.infill == 0);
    }
    void longestHolesFitIntoTheirWindow()
    {
        for (int64_t context = kMinInfillContext; context <= 300; ++context) {
            QVERIFY(meanSpan({}, context) >= 1 && meanSpan({}, context) <= largestMeanSpan(context));
            const int64_t largest = largestMeanSpan(context);
            QVERIFY(longestSpan(largest) <= infillTextTokens(context));
            QVERIFY(longestSpan(largest + 1) > infillTextTokens(context));
        }
        QCOMPARE(meanSpan({.spanMean = 5}, 128), int64_t{5});
        QCOMPARE(meanSpan({}, 128), int64_t{32});
    }
    void theMaskIsInTheEstimate()
    {
        RunSpec plain, hybrid;
        hybrid.objective.name = "hybrid";
        const uint64_t masks = 4 * 128 * 128 * 16; // fp32, context, context, batch
        QCOMPARE(estimateRun(hybrid, 272, 1e9).activationBytes,
                 estimateRun(plain, 272, 1e9).activationBytes + masks);
        QCOMPARE(estimateRun(hybrid, 272, 1e9).numParameters, estimateRun(plain, 272, 1e9).numParameters);
    }
};

QTEST_GUILESS_MAIN(TestObjectiveMix)
#include "tst_objective_mix.moc"
