// SPDX-License-Identifier: Apache-2.0
// Names of heads and of kinds of frames, and the weights that a frame's bytes stand for.
#include "core/spec/frames.h"

#include <QtTest>

#include <limits>

using namespace orrery;

class TestInspection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void headsHaveOneNameEach()
    {
        constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
        for (const HeadRef &ref : {HeadRef{0, 0}, HeadRef{2, 0}, HeadRef{11, 15}, HeadRef{kLast, kLast}}) {
            HeadRef read;
            QVERIFY(headFromName(headName(ref), read));
            QVERIFY(read == ref);
        }
        QCOMPARE(headName({2, 13}), std::string("2.13"));
    }

    void refusesOtherNames_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name :
             {"", ".", "2", "2.", ".3", "2.3.", "2.3 ", " 2.3", "2 .3", "-1.0", "1.-1", "+1.0", "02.0",
              "2.00", "2.x", "x.2", "2,3", "99999999999999999999.0", "0.99999999999999999999"})
            QTest::addRow("'%s'", name) << QString::fromLatin1(name);
    }
    void refusesOtherNames()
    {
        QFETCH(QString, name);
        HeadRef ref{7, 8};
        QVERIFY(!headFromName(name.toStdString(), ref));
        QVERIFY2((ref == HeadRef{7, 8}), "a refused name leaves the head as it was");
        QVERIFY(!headFromName(std::string("2.3") + '\0', ref));
    }

    void kindsOfFramesHaveTheirNames()
    {
        for (const FrameKind kind : {FrameKind::Overview, FrameKind::Heads})
            QVERIFY(frameKindFromName(frameKindName(kind)) == kind);
        QCOMPARE(frameKindName(FrameKind::Overview), "overview");
        QCOMPARE(frameKindName(FrameKind::Heads), "heads");
        QCOMPARE(frameKindName(static_cast<FrameKind>(77)), "unknown");
        for (const char *name : {"unknown", "", "Overview", "head"})
            QVERIFY(frameKindFromName(name) == FrameKind::Unknown);
    }

    void bytesStandForSquares()
    {
        QCOMPARE(frameWeight(0), 0.0F);
        QCOMPARE(frameWeight(255), 1.0F);
        QCOMPARE(frameWeight(51), 0.04F);
        for (int byte = 1; byte < 256; ++byte)
            QVERIFY(frameWeight(static_cast<uint8_t>(byte)) > frameWeight(static_cast<uint8_t>(byte - 1)));
    }
};

QTEST_APPLESS_MAIN(TestInspection)
#include "tst_inspection.moc"
