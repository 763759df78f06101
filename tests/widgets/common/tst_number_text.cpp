// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/number_text.h"

#include <QTest>

#include <cmath>

using namespace orrery::ui;

class TestNumberText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void groupsThousands();
    void keepsSignificantDigits_data();
    void keepsSignificantDigits();
    void namesWhatIsNotFinite();
    void shortensWithKAndM_data();
    void shortensWithKAndM();
    void trimsZerosOnlyOnTicks();
    void saysDurations_data();
    void saysDurations();
};

void TestNumberText::groupsThousands()
{
    QCOMPARE(integerText(0), QStringLiteral("0"));
    QCOMPARE(integerText(999), QStringLiteral("999"));
    QCOMPARE(integerText(8210), QStringLiteral("8,210"));
    QCOMPARE(integerText(-1234567), QStringLiteral("−1,234,567"));
    QCOMPARE(fixedText(-0.0001, 2), QStringLiteral("0.00"));
}

void TestNumberText::keepsSignificantDigits_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("loss") << 1.4123 << QStringLiteral("1.412");
    QTest::newRow("ten") << 10.0 << QStringLiteral("10.00");
    QTest::newRow("rounds up a decade") << 9.9996 << QStringLiteral("10.00");
    QTest::newRow("small") << 0.051234 << QStringLiteral("0.05123");
    QTest::newRow("large") << 12345.6 << QStringLiteral("12,346");
    QTest::newRow("rate") << 6.2e-4 << QStringLiteral("6.200 × 10⁻⁴");
    QTest::newRow("huge") << -3e12 << QStringLiteral("−3.000 × 10¹²");
    QTest::newRow("zero") << 0.0 << QStringLiteral("0");
}

void TestNumberText::keepsSignificantDigits()
{
    QFETCH(double, value);
    QTEST(significantText(value, 4), "text");
}

void TestNumberText::namesWhatIsNotFinite()
{
    QCOMPARE(significantText(std::nan("")), QStringLiteral("NaN"));
    QCOMPARE(significantText(INFINITY), QStringLiteral("∞"));
    QCOMPARE(compactText(-INFINITY), QStringLiteral("−∞"));
}

void TestNumberText::shortensWithKAndM_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("plain") << 812.0 << QStringLiteral("812");
    QTest::newRow("thousands") << 12400.0 << QStringLiteral("12.4 k");
    QTest::newRow("zeros stay in tables") << 12000.0 << QStringLiteral("12.0 k");
    QTest::newRow("rounds into the next unit") << 999900.0 << QStringLiteral("1.00 M");
    QTest::newRow("negative") << -3.1e6 << QStringLiteral("−3.10 M");
}

void TestNumberText::shortensWithKAndM()
{
    QFETCH(double, value);
    QTEST(compactText(value), "text");
}

void TestNumberText::trimsZerosOnlyOnTicks()
{
    QCOMPARE(compactText(12000, Zeros::Trim), QStringLiteral("12 k"));
}

void TestNumberText::saysDurations_data()
{
    QTest::addColumn<double>("seconds");
    QTest::addColumn<QString>("text");
    QTest::newRow("fraction") << 2.5 << QStringLiteral("2.5 s");
    QTest::newRow("seconds") << 42.0 << QStringLiteral("42 s");
    QTest::newRow("minutes") << 185.0 << QStringLiteral("3:05 min");
    QTest::newRow("hours") << 4020.0 << QStringLiteral("1:07 h");
    QTest::newRow("days") << 2 * 86400.0 + 3 * 3600 << QStringLiteral("2 d 3 h");
}

void TestNumberText::saysDurations()
{
    QFETCH(double, seconds);
    QTEST(exactDurationText(seconds), "text");
}

QTEST_APPLESS_MAIN(TestNumberText)
#include "tst_number_text.moc"
