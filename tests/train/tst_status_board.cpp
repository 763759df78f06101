// SPDX-License-Identifier: Apache-2.0
#include "core/train/status_board.h"

#include <QtTest>

#include <thread>

using namespace orrery;

class TestStatusBoard : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void showsTheNewest();
    void readersNeverSeeHalfAStatus();
};

void TestStatusBoard::showsTheNewest()
{
    StatusBoard board;
    RunStatus status;
    for (int64_t step = 1; step < 5; ++step) {
        status.step = step;
        board.publish(status);
    }
    QCOMPARE(board.read().step, int64_t(4));
    QCOMPARE(board.read().step, int64_t(4));
    status.step = 9;
    board.publish(status);
    QCOMPARE(board.read().step, int64_t(9));
}

void TestStatusBoard::readersNeverSeeHalfAStatus()
{
    StatusBoard board;
    std::atomic<bool> isDone{false};
    std::atomic<int> numBad{0};
    const auto read = [&] {
        int64_t before = 0;
        while (!isDone) {
            const RunStatus status = board.read();
            if (status.step > 0 && (status.error != std::to_string(status.step) + std::string(40, 'x') ||
                                    status.totalSteps != status.step))
                ++numBad;
            if (status.step < before) ++numBad;
            before = status.step;
        }
    };
    std::thread first(read), second(read);
    RunStatus status;
    for (int64_t step = 1; step <= 20'000; ++step) {
        status.step = status.totalSteps = step;
        status.error = std::to_string(step) + std::string(40, 'x');
        board.publish(status);
    }
    isDone = true;
    first.join();
    second.join();
    QCOMPARE(numBad.load(), 0);
    QCOMPARE(board.read().step, int64_t(20'000));
}

QTEST_GUILESS_MAIN(TestStatusBoard)
#include "tst_status_board.moc"
