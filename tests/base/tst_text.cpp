// SPDX-License-Identifier: Apache-2.0
#include "check_result.h"

#include "core/base/text.h"

#include <cmath>
#include <limits>

using namespace orrery;

class TestText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void offersTheNearestName_data()
    {
        QTest::addColumn<QString>("typed");
        QTest::addColumn<QString>("offered");
        QTest::newRow("swap") << "laeyrs"
                              << "layers";
        QTest::newRow("one letter short") << "layer"
                                          << "layers";
        QTest::newRow("other case") << "Layers"
                                    << "layers";
        QTest::newRow("two wrong") << "hoods"
                                   << "heads";
        QTest::newRow("far") << "temperature"
                             << "";
        QTest::newRow("empty") << ""
                               << "";
        QTest::newRow("all letters differ") << "xy"
                                            << "";
    }
    void offersTheNearestName()
    {
        QFETCH(QString, typed);
        const std::vector<std::string> names = {"layers", "heads", "width", "lr"};
        QTEST(qtext(nearestName(typed.toStdString(), names)), "offered");
    }
    void prefersASwapToTwoChanges()
    {
        const std::vector<std::string> names = {"abxy", "abdc"};
        QCOMPARE(qtext(nearestName("abcd", names)), QString("abdc"));
    }

    void knowsWellFormedUtf8_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<bool>("valid");
        QTest::addColumn<QByteArray>("shown");
        const QByteArray bad = "\xEF\xBF\xBD";
        const auto row = [](const char *name, const QByteArray &bytes, bool valid, const QByteArray &shown) {
            QTest::newRow(name) << bytes << valid << shown;
        };
        row("ascii", "abc", true, "abc");
        row("two, three, four bytes", "ä€😀", true, "ä€😀");
        row("NUL", QByteArray("a\0b", 3), true, QByteArray("a\0b", 3));
        row("lone continuation", "a\x80z", false, "a" + bad + "z");
        row("overlong two", "\xC0\xAF", false, bad + bad);
        row("overlong three", "\xE0\x80\xAF", false, bad + bad + bad);
        row("surrogate", "\xED\xA0\x80", false, bad + bad + bad);
        row("above 10FFFF", "\xF4\x90\x80\x80", false, bad + bad + bad + bad);
        row("last code point", "\xF4\x8F\xBF\xBF", true, "\xF4\x8F\xBF\xBF");
        row("cut off", "\xE2\x82", false, bad + bad);
        row("five bytes", "\xF8\x88\x80\x80\x80", false, bad + bad + bad + bad + bad);
    }
    void knowsWellFormedUtf8()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(bool, valid);
        QFETCH(QByteArray, shown);
        QCOMPARE(isValidUtf8(bytes.toStdString()), valid);
        QCOMPARE(QByteArray::fromStdString(sanitizeUtf8(bytes.toStdString())), shown);
    }

    void formatsForPeople()
    {
        QCOMPARE(qtext(formatBytes(0)), QString("0 B"));
        QCOMPARE(qtext(formatBytes(1000)), QString("1000 B"));
        QCOMPARE(qtext(formatBytes(1024)), QString("1 KiB"));
        QCOMPARE(qtext(formatBytes(437ull << 20)), QString("437 MiB"));
        QCOMPARE(qtext(formatBytes((1ull << 20) - 1)), QString("1 MiB"));
        QCOMPARE(qtext(formatBytes(UINT64_MAX)), QString("16 EiB"));
        QCOMPARE(qtext(formatCount(0)), QString("0"));
        QCOMPARE(qtext(formatCount(999)), QString("999"));
        QCOMPARE(qtext(formatCount(12'400)), QString("12.4 k"));
        QCOMPARE(qtext(formatCount(999'999)), QString("1 M"));
        QCOMPARE(qtext(formatCount(7.1e6)), QString("7.1 M"));
        QCOMPARE(qtext(formatCount(-1500)), QString("-1.5 k"));
        QCOMPARE(qtext(formatCount(std::nan(""))), QString("NaN"));
        QCOMPARE(qtext(formatDuration(4.2)), QString("4.2 s"));
        QCOMPARE(qtext(formatDuration(42)), QString("42 s"));
        QCOMPARE(qtext(formatDuration(720)), QString("12 min"));
        QCOMPARE(qtext(formatDuration(3 * 3600 + 5 * 60)), QString("3 h 05 min"));
        QCOMPARE(qtext(formatDuration(50 * 3600.0)), QString("2 d 2 h"));
        QCOMPARE(qtext(formatDuration(std::numeric_limits<double>::infinity())), QString("unknown"));
        QCOMPARE(qtext(formatSignificant(0.001, 3)), QString("0.00100"));
        QCOMPARE(qtext(formatSignificant(0.00062, 2)), QString("6.2e-04"));
        QCOMPARE(qtext(formatSignificant(2.71828, 3)), QString("2.72"));
        QCOMPARE(qtext(formatSignificant(9.999, 2)), QString("10"));
        QCOMPARE(qtext(formatSignificant(0, 3)), QString("0"));
        const std::vector<std::string> parts = {"a", "b"};
        QCOMPARE(qtext(joinText(parts, ", ")), QString("a, b"));
        QCOMPARE(qtext(joinText({}, ", ")), QString());
    }
    // Source: FIPS 180-2, appendix B.
    void hashesTheStandardExamples()
    {
        QCOMPARE(qtext(sha256Hex("abc")),
                 QString("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        QCOMPARE(qtext(sha256Hex("")),
                 QString("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        Sha256 pieces;
        for (int i = 0; i < 1000; ++i) pieces.update(std::string(1000, 'a').data(), 1000);
        Sha256 moved(std::move(pieces));
        QCOMPARE(qtext(moved.hex()),
                 QString("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
    }
};

QTEST_GUILESS_MAIN(TestText)
#include "tst_text.moc"
