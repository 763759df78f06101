// SPDX-License-Identifier: GPL-3.0-or-later
// Recordings as the outlines that stand in their place.
#include "media_bytes.h"
#include "tests/widgets/common/gui_test.h"

#include "widgets/play/wave_outline.h"

#include <bit>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestWaveOutline : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void outlinesWaves_data();
    void outlinesWaves();
    void outlinesNothingThatIsBroken();
};

void TestWaveOutline::outlinesWaves_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<double>("seconds");
    QTest::addColumn<double>("left");
    QTest::addColumn<double>("right");
    QTest::newRow("16 bit") << halfLoud() << 1.0 << 0.5 << 0.0;
    QTest::newRow("8 bit") << wavOf(QByteArray(250, char(192)) + QByteArray(250, char(128)), 8) << 0.5 << 0.5
                           << 0.0;
    QByteArray stereo, deep, floats;
    for (int i = 0; i < 500; ++i) stereo += little(0, 2) + little(i < 250 ? quint32(-8192) : 0, 2);
    for (int i = 0; i < 500; ++i) deep += little(i < 250 ? 0x200000 : 0, 3);
    for (int i = 0; i < 500; ++i) floats += little(std::bit_cast<quint32>(i < 250 ? 0.75f : 0.0f), 4);
    QTest::newRow("two channels") << wavOf(stereo, 16, 2) << 0.5 << 0.25 << 0.0;
    QTest::newRow("24 bit") << wavOf(deep, 24) << 0.5 << 0.25 << 0.0;
    QTest::newRow("floats") << wavOf(floats, 32, 1, 3) << 0.5 << 0.75 << 0.0;
    QTest::newRow("cut off") << halfLoud().left(44 + 600) << 0.3 << 0.5 << 0.5;
}

void TestWaveOutline::outlinesWaves()
{
    QFETCH(QByteArray, bytes);
    QFETCH(double, seconds);
    QFETCH(double, left);
    QFETCH(double, right);
    const WaveOutline outline = waveOutlineOf(bytes.toStdString());
    QVERIFY(std::abs(outline.seconds - seconds) < 1e-9);
    QCOMPARE(outline.peaks.size(), size_t{kWavePeaks});
    QVERIFY(std::abs(outline.peaks.front() - left) < 0.01 && std::abs(outline.peaks.back() - right) < 0.01);
}

void TestWaveOutline::outlinesNothingThatIsBroken()
{
    const QByteArray whole = halfLoud(20);
    QCOMPARE(waveOutlineOf(whole.toStdString()).peaks.size(), size_t{20});
    for (int size = 0; size <= 44; ++size)
        QVERIFY(waveOutlineOf(whole.left(size).toStdString()).peaks.empty());
    QVERIFY(waveOutlineOf(wavOf(QByteArray(40, 'x'), 16, 0).toStdString()).seconds < 0);
    QVERIFY(waveOutlineOf(wavOf(QByteArray(40, 'x'), 4).toStdString()).seconds < 0);
    QVERIFY(waveOutlineOf(wavOf(QByteArray(40, 'x'), 16, 1, 7).toStdString()).seconds < 0); // µ-law
    QVERIFY(waveOutlineOf(wavOf(QByteArray(40, 'x'), 16, 1, 1, 0).toStdString()).seconds < 0);
    QByteArray nan;
    for (int i = 0; i < 10; ++i) nan += little(0x7fc00000, 4);
    for (float peak : waveOutlineOf(wavOf(nan, 32, 1, 3).toStdString()).peaks) QCOMPARE(peak, 0.0f);
    QByteArray flac("fLaC\0\0\0\x22", 8); // STREAMINFO: 8,000 samples a second, 4,000 of them
    flac += QByteArray(10, '\0') + QByteArray("\x01\xf4\x00\xf0\x00\x00\x0f\xa0", 8) + QByteArray(16, '\0');
    QCOMPARE(waveOutlineOf(flac.toStdString()).seconds, 0.5);
    QVERIFY(waveOutlineOf(flac.left(20).toStdString()).seconds < 0);
}

ORRERY_GUI_TEST_MAIN(TestWaveOutline)
#include "tst_wave_outline.moc"
