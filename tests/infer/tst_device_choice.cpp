// SPDX-License-Identifier: Apache-2.0
#include "core/infer/device_choice.h"

#include <QtTest>

using namespace orrery;

class TestDeviceChoice : public QObject {
    Q_OBJECT

    int m_numOpened = 0;

    DeviceChoice choose(const std::string &asked, const std::string &trained, bool isThere)
    {
        return chooseDevice(asked, trained, [&](const std::string &device) -> Result<void> {
            ++m_numOpened;
            if (device == "cuda" && isThere) return {};
            return Error{ErrorCode::Unavailable, "Cannot use device \"cuda\": no driver answers.",
                         "Get one."};
        });
    }

private Q_SLOTS:
    void init() { m_numOpened = 0; }

    void takesTheRunsDeviceWhereItIs()
    {
        const DeviceChoice choice = choose("", "cuda", true);
        QCOMPARE(choice.device, std::string("cuda"));
        QVERIFY(choice.note.empty());
    }
    void fallsBackAndSaysSo()
    {
        const DeviceChoice choice = choose("", "cuda", false);
        QCOMPARE(choice.device, std::string("cpu"));
        QVERIFY2(choice.note.find("no driver answers") != std::string::npos, choice.note.c_str());
        QVERIFY2(choice.note.find("runs on the CPU") != std::string::npos, choice.note.c_str());
    }
    void opensNothingForACpuRun()
    {
        QCOMPARE(choose("", "cpu", true).device, std::string("cpu"));
        QCOMPARE(choose("", "", true).device, std::string("cpu")); // a model directory
        QCOMPARE(m_numOpened, 0);
    }
    void doesWhatItIsTold()
    {
        QCOMPARE(choose("cpu", "cuda", true).device, std::string("cpu"));
        QCOMPARE(choose("cuda", "cpu", false).device, std::string("cuda")); // and fails when it is opened
        QCOMPARE(m_numOpened, 0);
        QVERIFY(choose("cpu", "cuda", true).note.empty());
    }
};

QTEST_APPLESS_MAIN(TestDeviceChoice)
#include "tst_device_choice.moc"
