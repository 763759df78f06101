// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/common/gui_test.h"
#include "widgets/theme/color_map.h"
#include "widgets/theme/contrast.h"

#include <cmath>

using namespace orrery::ui;

class TestColorMap : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oklabGoesThereAndBack();
    void knownColorsHaveTheirPublishedPlace();
    void lightnessIsMonotone_data() { grounds(); }
    void lightnessIsMonotone();
    void stepsLookAlike_data() { grounds(); }
    void stepsLookAlike();
    void theEndStandsOutFromZero_data() { grounds(); }
    void theEndStandsOutFromZero();
    void zeroOfDifferencesIsNeutral_data() { grounds(); }
    void zeroOfDifferencesIsNeutral();
    void bothSidesOfADifferenceAreEquallyStrong_data() { grounds(); }
    void bothSidesOfADifferenceAreEquallyStrong();
    void whatIsNoNumberIsTheStart();

private:
    static void grounds()
    {
        QTest::addColumn<int>("ground");
        QTest::newRow("light") << int(MapGround::Light);
        QTest::newRow("dark") << int(MapGround::Dark);
        QTest::newRow("black") << int(MapGround::Black);
    }
};

void TestColorMap::oklabGoesThereAndBack()
{
    for (const QColor color : {QColor(0x2457D6), QColor(0xFFB92E), QColor(0x0A0B0C), QColor(0xFFFFFF)})
        QCOMPARE(fromOklab(toOklab(color)).rgb(), color.rgb());
}

void TestColorMap::knownColorsHaveTheirPublishedPlace()
{
    // Ottosson (2020): white is L 1 without a hue; sRGB red is about (0.628, 0.225, 0.126).
    const Oklab white = toOklab(Qt::white), red = toOklab(QColor(255, 0, 0));
    QVERIFY(std::abs(white.lightness - 1) < 1e-3 && std::hypot(white.a, white.b) < 1e-3);
    QVERIFY(oklabDistance(red, {0.62796, 0.22486, 0.12585}) < 1e-3);
}

void TestColorMap::lightnessIsMonotone()
{
    QFETCH(int, ground);
    const auto &colors = ColorMaps::sequential(MapGround(ground)).colors();
    const double sign = MapGround(ground) == MapGround::Light ? -1 : 1;
    for (size_t i = 1; i < colors.size(); ++i) {
        const double step = toOklab(colors[i]).lightness - toOklab(colors[i - 1]).lightness;
        // Eight bits a channel: a step may be rounded away, never back by more than that.
        QVERIFY2(step * sign > -0.0015, qPrintable(QStringLiteral("at %1: %2").arg(i).arg(step)));
        if (i >= 8) QVERIFY((toOklab(colors[i]).lightness - toOklab(colors[i - 8]).lightness) * sign > 0);
    }
}

void TestColorMap::stepsLookAlike()
{
    QFETCH(int, ground);
    const auto &colors = ColorMaps::sequential(MapGround(ground)).colors();
    double least = 1, most = 0;
    constexpr size_t kApart = 16; // rounding to eight bits is larger than a single step
    for (size_t i = kApart; i < colors.size(); i += kApart) {
        const double distance =
            oklabDistance(toOklab(QColor::fromRgb(colors[i])), toOklab(QColor::fromRgb(colors[i - kApart])));
        least = std::min(least, distance);
        most = std::max(most, distance);
    }
    QVERIFY2(most / least < 1.25, qPrintable(QString::number(most / least)));
}

void TestColorMap::theEndStandsOutFromZero()
{
    QFETCH(int, ground);
    const ColorMap &map = ColorMaps::sequential(MapGround(ground));
    QVERIFY(contrastRatio(QColor::fromRgb(map.at(1)), QColor::fromRgb(map.at(0))) >= 7);
    QVERIFY(contrastRatio(QColor::fromRgb(map.at(0.5)), QColor::fromRgb(map.at(0))) >= 2.4);
    const ColorMap &changes = ColorMaps::diverging(MapGround(ground));
    for (double end : {0.0, 1.0})
        QVERIFY(contrastRatio(QColor::fromRgb(changes.at(end)), QColor::fromRgb(changes.at(0.5))) >= 4.5);
}

void TestColorMap::zeroOfDifferencesIsNeutral()
{
    QFETCH(int, ground);
    const Oklab zero = toOklab(QColor::fromRgb(ColorMaps::diverging(MapGround(ground)).at(0.5)));
    QVERIFY2(std::hypot(zero.a, zero.b) < 0.012, qPrintable(QString::number(std::hypot(zero.a, zero.b))));
    const auto &colors = ColorMaps::diverging(MapGround(ground)).colors();
    const Oklab less = toOklab(QColor::fromRgb(colors.front())),
                more = toOklab(QColor::fromRgb(colors.back()));
    QVERIFY(less.b > 0.01 && more.b < -0.01); // orange, blue
}

void TestColorMap::bothSidesOfADifferenceAreEquallyStrong()
{
    QFETCH(int, ground);
    const ColorMap &map = ColorMaps::diverging(MapGround(ground));
    for (double amount : {0.25, 0.5, 1.0}) {
        const double up = toOklab(QColor::fromRgb(map.at(0.5 + amount / 2))).lightness;
        const double down = toOklab(QColor::fromRgb(map.at(0.5 - amount / 2))).lightness;
        QVERIFY2(std::abs(up - down) < 0.05, qPrintable(QStringLiteral("%1 %2").arg(up).arg(down)));
    }
}

void TestColorMap::whatIsNoNumberIsTheStart()
{
    const ColorMap &map = ColorMaps::sequential(MapGround::Light);
    QCOMPARE(map.at(std::nan("")), map.at(0));
    QCOMPARE(map.at(-1), map.at(0));
    QCOMPARE(map.at(2), map.at(1));
    QVERIFY(map.at(0) != map.at(1));
}

ORRERY_GUI_TEST_MAIN(TestColorMap)
#include "tst_color_map.moc"
