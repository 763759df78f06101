// SPDX-License-Identifier: Apache-2.0
// The built-in table is what the training makes: a minute of work.
#include "core/data/media/modality_training.h"
#include "data_fixture.h"

#include <cmath>

using namespace orrery;

class TestModalityTable : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isMadeByTheCommandThatItNames()
    {
        const TrainedHead head = trainModalityHead({});
        // Compilers may order sums otherwise, so the last digits are free.
        for (size_t row = 0; row < kNumHeadRows; ++row)
            for (size_t i = 0; i < head.weights[row].size(); ++i) {
                const double built = kBuiltInHeadWeights[row][i];
                QVERIFY2(std::abs(head.weights[row][i] - built) <= 1e-3 * (1 + std::abs(built)),
                         qPrintable(QString("%1 %2: %3, built in %4")
                                        .arg(row)
                                        .arg(i)
                                        .arg(head.weights[row][i])
                                        .arg(built)));
            }
    }

    void holdsItsNumbersOnManyWindows()
    {
        const DetectorReport report = measureModalityHead(ModalityHead::builtIn(), 90'210, 1'000);
        QVERIFY(report.accuracy >= 0.995);
        QVERIFY(report.calibrationError <= 0.02);
        QVERIFY(report.randomUnsure >= 0.9);
    }
};

QTEST_APPLESS_MAIN(TestModalityTable)
#include "tst_modality_table.moc"
