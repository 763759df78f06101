// SPDX-License-Identifier: Apache-2.0
// Who may look inside a training, and when: by counted time.
#include "core/train/probe_budget.h"

#include <QtTest>

#include <algorithm>

using namespace orrery;

class TestProbeBudget : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everythingComesOutOfTheShare();
    void aQuestionDoesNotWaitForADearRound();
    void aQuestionPutsOffTheNextRound();
    void questionsWaitForQuestions();
    void whatNobodySpentIsThereForAPerson();
    void timeThatIsLeftOutEarnsNothing();
    void nothingIsAllowedWithoutAShare();
    void theShareHoldsOverTime_data();
    void theShareHoldsOverTime();
};

void TestProbeBudget::everythingComesOutOfTheShare()
{
    ProbeBudget budget(0.5, 100);
    QVERIFY(budget.allowsRound(100)); // nothing was spent yet
    budget.payRound(2);
    QVERIFY(!budget.allowsRound(103));
    QVERIFY(budget.allowsRound(104));
    budget.payRound(1);
    QVERIFY(!budget.allowsRound(105));
    QVERIFY(budget.allowsRound(106));
    // What is known to take 4 s more waits for these, too.
    QVERIFY(!budget.allowsRound(113.5, 4));
    QVERIFY(budget.allowsRound(114, 4));
}

void TestProbeBudget::aQuestionDoesNotWaitForADearRound()
{
    ProbeBudget budget(0.02, 0);
    budget.payRound(60); // which takes 3,000 s to earn
    QVERIFY(!budget.allowsRound(61));
    QVERIFY(budget.allowsQuestion(61));
    budget.payQuestion(0.125, 61.125);
    QVERIFY(!budget.allowsQuestion(61.125));
    QVERIFY(!budget.allowsQuestion(67));
    QVERIFY(budget.allowsQuestion(67.5)); // 0.125 s / 0.02
    QVERIFY(!budget.allowsRound(67.5));
}

void TestProbeBudget::aQuestionPutsOffTheNextRound()
{
    ProbeBudget budget(0.5, 0);
    budget.payRound(2);
    budget.payQuestion(1, 1);
    // And leaves room for another one.
    QVERIFY(!budget.allowsRound(7.5));
    QVERIFY(budget.allowsRound(8));
}

void TestProbeBudget::questionsWaitForQuestions()
{
    ProbeBudget budget(0.5, 0);
    budget.payRound(1000);
    budget.payQuestion(1, 10);
    QVERIFY(!budget.allowsQuestion(11));
    QVERIFY(budget.allowsQuestion(12));
    // What it has earned while nobody asked is not saved up.
    QVERIFY(budget.allowsQuestion(500));
    budget.payQuestion(1, 501);
    QVERIFY(!budget.allowsQuestion(502));
    QVERIFY(budget.allowsQuestion(503));
}

void TestProbeBudget::whatNobodySpentIsThereForAPerson()
{
    ProbeBudget budget(0.5, 0);
    double now = 100;
    int numAnswered = 0;
    for (; budget.allowsQuestion(now); ++numAnswered) budget.payQuestion(10, now += 10);
    // 50 s saved, and each answer earns 5 of its 10; the last one overdraws.
    QCOMPARE(numAnswered, 11);
    QVERIFY(!budget.allowsRound(now));
}

void TestProbeBudget::timeThatIsLeftOutEarnsNothing()
{
    ProbeBudget budget(0.5, 0);
    budget.payRound(10);
    budget.payQuestion(10, 10);
    budget.leaveOut(1000);
    QVERIFY(!budget.allowsRound(1010) && !budget.allowsQuestion(1010));
    QVERIFY(!budget.allowsRound(1059) && !budget.allowsQuestion(1029));
    QVERIFY(budget.allowsRound(1060) && budget.allowsQuestion(1030));
}

void TestProbeBudget::nothingIsAllowedWithoutAShare()
{
    ProbeBudget budget(0, 0);
    QVERIFY(!budget.allowsRound(0) && !budget.allowsRound(1e9));
    QVERIFY(!budget.allowsQuestion(0) && !budget.allowsQuestion(1e9));
    ProbeBudget all(1, 0);
    all.payRound(100);
    all.payQuestion(100, 100);
    QVERIFY(all.allowsRound(100, 100)); // the whole time: nothing is ever left out
}

void TestProbeBudget::theShareHoldsOverTime_data()
{
    QTest::addColumn<double>("roundSeconds");
    QTest::addColumn<int>("stepsPerRound");
    QTest::addColumn<double>("questionSeconds");
    QTest::newRow("dear rounds") << 30.0 << 50 << 0.1;
    QTest::newRow("dear questions") << 0.05 << 1 << 20.0;
    QTest::newRow("both all the time") << 1.0 << 1 << 1.0;
    QTest::newRow("no rounds") << 0.0 << 1 << 0.3;
}

/// Somebody asks at every step of two weeks, and each round is taken where it may be.
void TestProbeBudget::theShareHoldsOverTime()
{
    QFETCH(const double, roundSeconds);
    QFETCH(const int, stepsPerRound);
    QFETCH(const double, questionSeconds);
    constexpr double kShare = 0.02;
    ProbeBudget budget(kShare, 0);
    double now = 0, spent = 0;
    int numAnswered = 0, numRounds = 0;
    for (int step = 0; step < 600'000; ++step) {
        now += 2;
        // For the first half nobody asks: what was saved then is the worst to come after.
        if (step > 300'000 && budget.allowsQuestion(now)) {
            now += questionSeconds;
            budget.payQuestion(questionSeconds, now);
            spent += questionSeconds;
            ++numAnswered;
        }
        if (step % stepsPerRound == 0 && budget.allowsRound(now)) {
            now += roundSeconds;
            budget.payRound(roundSeconds);
            spent += roundSeconds;
            ++numRounds;
        }
        QVERIFY(spent <= kShare * now + roundSeconds + questionSeconds + 1e-3);
    }
    QVERIFY(numRounds > 0);
    // Whoever asks all the time gets the most of that time's share (steps are long beside small questions),
    // whatever rounds have taken before.
    QVERIFY2(numAnswered * questionSeconds >= 0.75 * kShare * now / 2 - questionSeconds,
             qPrintable(QString::number(numAnswered)));
}

QTEST_APPLESS_MAIN(TestProbeBudget)
#include "tst_probe_budget.moc"
