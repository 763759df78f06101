// SPDX-License-Identifier: Apache-2.0
// Alarms rise once, say value and rule, and are over when they are over; noise raises none.
#include "core/train/run_watch.h"

#include <QtTest>

#include <cmath>
#include <random>

using namespace orrery;

namespace {

class Training {
public:
    /// @return names of the alarms that this report raised
    std::string loss(double value) { return read({.step = ++step, .loss = value, .gradNorm = 1.0}); }
    std::string evaluation(double value) { return read({.step = step, .valLoss = value}); }
    std::string read(const WatchReading &reading)
    {
        std::string names;
        for (const RunAlarm &alarm : watch.read(reading)) {
            names += (names.empty() ? "" : " ") + std::string(alarmKindName(alarm.kind));
            last = alarm;
        }
        return names;
    }
    [[nodiscard]] std::string holding() const
    {
        std::string names;
        for (const RunAlarm &alarm : watch.alarms())
            names += (names.empty() ? "" : " ") + std::string(alarmKindName(alarm.kind));
        return names;
    }
    RunWatch watch;
    RunAlarm last;
    int64_t step = 0;
};

/// A loss that falls from 5 to 1, with noise.
double falling(int64_t step, std::mt19937 &random)
{
    return 1 + 4 * std::exp(-static_cast<double>(step) / 300) + std::normal_distribution(0.0, 0.05)(random);
}

} // namespace

class TestRunWatch : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aGoodTrainingRaisesNothing()
    {
        for (unsigned seed = 0; seed < 20; ++seed) {
            std::mt19937 random(seed);
            Training training;
            for (int64_t i = 0; i < 2000; ++i) {
                QCOMPARE(training.loss(falling(i, random)), std::string());
                if (i % 100 == 99)
                    QCOMPARE(training.evaluation(falling(i, random) * 0.5 + 1.5 -
                                                 0.01 * static_cast<double>(i / 100)),
                             std::string());
            }
        }
    }
    void noNumberIsAnAlarm()
    {
        Training training;
        QCOMPARE(training.loss(std::nan("")), std::string("non_finite"));
        QCOMPARE(training.last.text,
                 std::string("The loss is nan at step 1, expected a finite number. Go on from a "
                             "checkpoint with a lower learning rate."));
        QCOMPARE(training.last.series, std::string("loss"));
        QCOMPARE(training.loss(HUGE_VAL), std::string()); // once
        QCOMPARE(training.loss(1), std::string());
        QCOMPARE(training.holding(), std::string());
        QCOMPARE(training.read({.step = 9, .loss = 1.0, .gradNorm = HUGE_VAL}), std::string("non_finite"));
        QVERIFY(training.last.text.find("gradient norm is inf at step 9") != std::string::npos);
        QCOMPARE(training.evaluation(-HUGE_VAL), std::string());
    }
    void aValidationLossThatIsNoneIsOverWithAFiniteOne()
    {
        Training training;
        QCOMPARE(training.loss(2), std::string());
        QCOMPARE(training.evaluation(std::nan("")), std::string("non_finite"));
        QCOMPARE(training.last.series, std::string("val_loss"));
        QCOMPARE(training.loss(2), std::string());
        QCOMPARE(training.holding(), std::string("non_finite")); // of another series
        QCOMPARE(training.evaluation(HUGE_VAL), std::string());  // once
        QCOMPARE(training.evaluation(2), std::string());
        QCOMPARE(training.holding(), std::string());
    }
    void anotherTextIsComparedWithNothingBefore()
    {
        std::mt19937 random(3);
        Training training;
        for (int i = 0; i < 100; ++i) training.loss(falling(1000, random));
        training.evaluation(1);
        training.read({.step = 100, .freeBytes = 1, .checkpointBytes = 100});
        training.loss(9);
        QCOMPARE(training.holding(), std::string("disk_full spike"));
        training.watch.beginText();
        QCOMPARE(training.holding(), std::string("disk_full"));
        const std::vector<RunAlarm> ended = training.watch.takeEnded();
        QCOMPARE(ended.size(), size_t{1}); // the spike alone
        QVERIFY(ended.front().text.starts_with("Another text begins"));
        for (int i = 0; i < 100; ++i) QCOMPARE(training.loss(5 + falling(1000, random)), std::string());
        for (int i = 0; i < 9; ++i) QCOMPARE(training.evaluation(5 - 0.1 * i), std::string());
    }
    void aJumpIsASpikeUntilItIsCalm()
    {
        std::mt19937 random(3);
        Training training;
        for (int i = 0; i < 100; ++i) training.loss(falling(1000, random));
        QCOMPARE(training.loss(9), std::string("spike"));
        QVERIFY(training.last.text.find("jumped to 9") != std::string::npos);
        QVERIFY(training.last.text.find("at step 101, expected about 1.1") != std::string::npos);
        for (int i = 0; i < 7; ++i) training.loss(falling(1000, random));
        QCOMPARE(training.holding(), std::string("spike"));
        QVERIFY(training.watch.takeEnded().empty());
        training.loss(falling(1000, random));
        QCOMPARE(training.holding(), std::string());
        const std::vector<RunAlarm> ended = training.watch.takeEnded();
        QCOMPARE(ended.size(), size_t{1});
        QCOMPARE(ended.front().kind, AlarmKind::Spike);
        QCOMPARE(ended.front().step, int64_t{101});
        QCOMPARE(ended.front().text, std::string("The loss has not jumped for 8 reports"));
        QVERIFY(training.watch.takeEnded().empty()); // once
        QCOMPARE(training.loss(9), std::string("spike")); // again, and told again
    }
    void theFirstReportsAreNoSpikes()
    {
        Training training;
        for (const double value : {1.0, 9.0, 2.0, 30.0, 1.0}) QCOMPARE(training.loss(value), std::string());
    }
    void aLossThatStaysHighDiverges()
    {
        std::mt19937 random(4);
        Training training;
        for (int i = 0; i < 100; ++i) training.loss(falling(1000, random));
        std::string raised;
        for (int i = 0; i < 40; ++i) raised += training.loss(4) + ",";
        QVERIFY(raised.find("divergence") != std::string::npos);
        QVERIFY(training.last.kind == AlarmKind::Divergence);
        QVERIFY(training.last.text.find("stays at about 4") != std::string::npos);
        for (int i = 0; i < 80; ++i) training.loss(falling(1000, random));
        QCOMPARE(training.holding(), std::string());
    }
    void standingStillIsAPlateau()
    {
        Training training;
        training.loss(2);
        QCOMPARE(training.evaluation(2), std::string());
        for (int i = 0; i < 9; ++i) QCOMPARE(training.evaluation(1.9999), std::string());
        QCOMPARE(training.evaluation(1.9999), std::string("plateau"));
        QVERIFY(training.last.text.find("for 10 evaluations") != std::string::npos);
        QCOMPARE(training.last.series, std::string("val_loss"));
        QCOMPARE(training.evaluation(1.9999), std::string());
        QCOMPARE(training.evaluation(1.9), std::string());
        QCOMPARE(training.holding(), std::string());
    }
    void validationThatRisesWhileTheLossFallsIsOverfitting()
    {
        Training training;
        const auto train = [&training](double loss) {
            for (int i = 0; i < 20; ++i) training.loss(loss);
        };
        train(2);
        training.evaluation(2);
        train(1.8);
        QCOMPARE(training.evaluation(2.1), std::string());
        train(1.7);
        QCOMPARE(training.evaluation(2.2), std::string());
        train(1.6);
        QCOMPARE(training.evaluation(2.3), std::string("overfitting"));
        QVERIFY(training.last.text.find("rose to 2.3") != std::string::npos);
        QVERIFY(training.last.text.find("from 2 at step 20") != std::string::npos ||
                training.last.text.find("from 2.000 at step 20") != std::string::npos);
        QCOMPARE(training.evaluation(2.02), std::string());
        QCOMPARE(training.holding(), std::string());
    }
    void bothRisingIsNoOverfitting()
    {
        Training training;
        for (int i = 0; i < 20; ++i) training.loss(1);
        training.evaluation(2);
        for (const double loss : {1.1, 1.15, 1.2, 1.25}) {
            for (int i = 0; i < 20; ++i) training.loss(loss);
            training.evaluation(1 + loss * 1.2);
        }
        QVERIFY(training.holding().find("overfitting") == std::string::npos);
    }
    void aDiskThatIsNearlyFullIsToldInTime()
    {
        Training training;
        const auto disk = [&training](uint64_t freeBytes) {
            return training.read({.step = 5, .freeBytes = freeBytes, .checkpointBytes = 100'000'000});
        };
        QCOMPARE(disk(301'000'000), std::string());
        QCOMPARE(disk(299'000'000), std::string("disk_full"));
        QVERIFY(training.last.text.find("Make room") != std::string::npos);
        QCOMPARE(disk(350'000'000), std::string());
        QCOMPARE(training.holding(), std::string("disk_full")); // it does not come and go at the limit
        disk(401'000'000);
        QCOMPARE(training.holding(), std::string());
    }

    void patienceIsOverInTime()
    {
        Patience patience;
        QVERIFY(!patience.isOver(2, 3, 0.1));
        QVERIFY(!patience.isOver(1.95, 3, 0.1)); // not better enough
        QVERIFY(!patience.isOver(1.92, 3, 0.1));
        QVERIFY(patience.isOver(1.91, 3, 0.1));
        QCOMPARE(patience.numWithoutBetter, 0); // a resume gets another one
        QVERIFY(!patience.isOver(1.8, 3, 0.1));
        QCOMPARE(patience.best, 1.8);
        QVERIFY(!patience.isOver(std::nan(""), 3, 0)); // no better
        QVERIFY(!patience.isOver(HUGE_VAL, 3, 0));
        QVERIFY(patience.isOver(1.8, 3, 0));
        QCOMPARE(patience.best, 1.8);
        for (int i = 0; i < 100; ++i) QVERIFY(!patience.isOver(5, 0, 0)); // never
    }
};

QTEST_APPLESS_MAIN(TestRunWatch)
#include "tst_run_watch.moc"
