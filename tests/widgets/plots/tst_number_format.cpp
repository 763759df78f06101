// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/number_format.h"

#include <QTest>

#include <cmath>

using namespace orrery::ui;

class TestNumberFormat : public QObject {
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

void TestNumberFormat::groupsThousands()
{
    QCOMPARE(formatCount(0), QStringLiteral("0"));
    QCOMPARE(formatCount(999), QStringLiteral("999"));
    QCOMPARE(formatCount(8210), QStringLiteral("8,210"));
    QCOMPARE(formatCount(-1234567), QStringLiteral("−1,234,567"));
    QCOMPARE(formatFixed(-0.0001, 2), QStringLiteral("0.00"));
}

void TestNumberFormat::keepsSignificantDigits_data()
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

void TestNumberFormat::keepsSignificantDigits()
{
    QFETCH(double, value);
    QTEST(formatValue(value, 4), "text");
}

void TestNumberFormat::namesWhatIsNotFinite()
{
    QCOMPARE(formatValue(std::nan("")), QStringLiteral("NaN"));
    QCOMPARE(formatValue(INFINITY), QStringLiteral("∞"));
    QCOMPARE(formatCompact(-INFINITY), QStringLiteral("−∞"));
}

void TestNumberFormat::shortensWithKAndM_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("plain") << 812.0 << QStringLiteral("812");
    QTest::newRow("thousands") << 12400.0 << QStringLiteral("12.4k");
    QTest::newRow("zeros stay in tables") << 12000.0 << QStringLiteral("12.0k");
    QTest::newRow("rounds into the next unit") << 999900.0 << QStringLiteral("1.00M");
    QTest::newRow("negative") << -3.1e6 << QStringLiteral("−3.10M");
}

void TestNumberFormat::shortensWithKAndM()
{
    QFETCH(double, value);
    QTEST(formatCompact(value), "text");
}

void TestNumberFormat::trimsZerosOnlyOnTicks()
{
    QCOMPARE(formatCompact(12000, Zeros::Trim), QStringLiteral("12k"));
}

void TestNumberFormat::saysDurations_data()
{
    QTest::addColumn<double>("seconds");
    QTest::addColumn<QString>("text");
    QTest::newRow("fraction") << 2.5 << QStringLiteral("2.5 s");
    QTest::newRow("seconds") << 42.0 << QStringLiteral("42 s");
    QTest::newRow("minutes") << 185.0 << QStringLiteral("3:05 min");
    QTest::newRow("hours") << 4020.0 << QStringLiteral("1:07 h");
    QTest::newRow("days") << 2 * 86400.0 + 3 * 3600 << QStringLiteral("2 d 3 h");
}

void TestNumberFormat::saysDurations()
{
    QFETCH(double, seconds);
    QTEST(formatDuration(seconds), "text");
}

QTEST_APPLESS_MAIN(TestNumberFormat)
#include "tst_number_format.moc"
