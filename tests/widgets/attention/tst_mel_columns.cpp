// SPDX-License-Identifier: GPL-3.0-or-later
// Spectrograms for the eye against those that models read.
#include "widgets/attention/mel_columns.h"

#include "core/data/media/log_mel.h"

#include <QTest>

#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

using namespace orrery;
using namespace orrery::ui;

namespace {

template <typename Number> void append(std::string &bytes, Number value)
{
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes.append(raw, sizeof value);
}

/// RIFF as recorders write it. @param samples of all channels, one behind the other
template <typename Number>
std::string wav(const std::vector<Number> &samples, uint32_t rate, uint16_t channels, uint16_t code)
{
    std::string data;
    for (Number one : samples) append(data, one);
    std::string bytes = "RIFF....WAVEfmt ";
    append<uint32_t>(bytes, 16);
    append<uint16_t>(bytes, code);
    append<uint16_t>(bytes, channels);
    append<uint32_t>(bytes, rate);
    append<uint32_t>(bytes, rate * channels * uint32_t(sizeof(Number)));
    append<uint16_t>(bytes, uint16_t(channels * sizeof(Number)));
    append<uint16_t>(bytes, uint16_t(8 * sizeof(Number)));
    bytes += "LIST";
    append<uint32_t>(bytes, 3); // an odd length has a byte more
    bytes += "abc";
    bytes += '\0';
    bytes += "data";
    append<uint32_t>(bytes, uint32_t(data.size()));
    return bytes + data;
}

double tone(double hertz, double seconds) { return 0.5 * std::sin(2 * std::numbers::pi * hertz * seconds); }

std::vector<int16_t> tones(uint32_t rate, double hertz, double from, double to, double length)
{
    std::vector<int16_t> samples(size_t(length * rate));
    for (size_t i = 0; i < samples.size(); ++i) {
        const double at = double(i) / rate;
        if (at >= from && at < to) samples[i] = int16_t(std::lround(32'767 * tone(hertz, at)));
    }
    return samples;
}

int brightestRow(const QImage &column)
{
    int best = 0;
    for (int y = 1; y < column.height(); ++y)
        if (qRed(column.pixel(1, y)) > qRed(column.pixel(1, best))) best = y;
    return best;
}

} // namespace

class TestMelColumns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void columnsAreWhatModelsRead();
    void tonesStandAtTheirHeightAtAnyRate_data();
    void tonesStandAtTheirHeightAtAnyRate();
    void silenceIsDarkAndTimeGoesToTheRight();
    void whatIsNoWaveHasNoColumns_data();
    void whatIsNoWaveHasNoColumns();
    void aCutFileShowsWhatItHas();
};

void TestMelColumns::columnsAreWhatModelsRead()
{
    std::vector<int16_t> samples = tones(8'000, 700, 0, 1, 1);
    for (size_t i = 0; i < samples.size(); ++i) // and something everywhere, of which no two frames are alike
        samples[i] = int16_t(samples[i] / 2 + int((i * i * 31 + i * 7) % 4'001) - 2'000);
    const FrontEnd frontEnd;
    std::vector<float> heard;
    for (int16_t one : samples) heard.push_back(float(one) / 32'768.0F);
    const std::vector<float> read = logMelTokens(heard, frontEnd);
    const auto count = int64_t(read.size()) / frontEnd.frameWidth();
    const std::vector<QImage> columns = melColumns(wav(samples, 8'000, 1, 1), count);
    QCOMPARE(std::ssize(columns), count);
    for (size_t token = 0; token < columns.size(); ++token) {
        QCOMPARE(columns[token].size(), QSize(int(frontEnd.framesPerToken), int(frontEnd.bands)));
        for (int frame = 0; frame < columns[token].width(); ++frame)
            for (int band = 0; band < frontEnd.bands; ++band) {
                const float value =
                    read[(token * size_t(frontEnd.framesPerToken) + size_t(frame)) * size_t(frontEnd.bands) +
                         size_t(band)]; // (dB + 40) / 20
                const double level = std::clamp((value * 20.0 + 40) / 80, 0.0, 1.0);
                const int gray = qRed(columns[token].pixel(frame, int(frontEnd.bands) - 1 - band));
                QVERIFY2(std::abs(gray - 255 * level) <= 1.01,
                         qPrintable(QStringLiteral("token %1 frame %2 band %3: %4 and %5")
                                        .arg(token)
                                        .arg(frame)
                                        .arg(band)
                                        .arg(gray)
                                        .arg(255 * level)));
            }
    }
}

void TestMelColumns::tonesStandAtTheirHeightAtAnyRate_data()
{
    QTest::addColumn<uint>("rate");
    QTest::addColumn<double>("hertz");
    QTest::addColumn<int>("row"); // 2595 · log10(1 + f / 700) in 33 steps up to 4 kHz, from below
    for (uint rate : {4'000U, 8'000U, 16'000U, 22'050U, 44'100U, 48'000U}) {
        QTest::addRow("%u: 440 Hz", rate) << rate << 440.0 << 24;
        QTest::addRow("%u: 1 kHz", rate) << rate << 1'000.0 << 17;
    }
}

void TestMelColumns::tonesStandAtTheirHeightAtAnyRate()
{
    QFETCH(uint, rate);
    QFETCH(double, hertz);
    QFETCH(int, row);
    const std::vector<QImage> whole = melColumns(wav(tones(rate, hertz, 0, 0.5, 0.5), rate, 1, 1), 8);
    QCOMPARE(whole.size(), size_t(8));
    QVERIFY(std::abs(brightestRow(whole[4]) - row) <= 1);
    // Two channels of floats are the same.
    std::vector<float> both;
    for (size_t i = 0; i < rate / 2; ++i) {
        both.push_back(float(2 * tone(hertz, double(i) / rate)));
        both.push_back(0);
    }
    const std::vector<QImage> stereo = melColumns(wav(both, rate, 2, 3), 8);
    QCOMPARE(stereo.size(), size_t(8));
    QCOMPARE(brightestRow(stereo[4]), brightestRow(whole[4]));
    QVERIFY(std::abs(qRed(stereo[4].pixel(1, row)) - qRed(whole[4].pixel(1, row))) <= 2);
}

void TestMelColumns::silenceIsDarkAndTimeGoesToTheRight()
{
    // 20 tokens a second: the tone begins with the tenth.
    const std::vector<QImage> columns = melColumns(wav(tones(8'000, 1'000, 0.5, 1, 1), 8'000, 1, 1), 20);
    QCOMPARE(qRed(columns[4].pixel(0, 17)), 0);
    QVERIFY(qRed(columns[14].pixel(0, 17)) > 200);
    QVERIFY(qRed(columns[9].pixel(3, 17)) > qRed(columns[9].pixel(0, 17)));
}

void TestMelColumns::whatIsNoWaveHasNoColumns_data()
{
    QTest::addColumn<QByteArray>("bytes");
    const std::string good = wav(tones(8'000, 440, 0, 1, 1), 8'000, 1, 1);
    const auto changed = [&good](size_t at, const std::string &by) {
        return QByteArray::fromStdString(std::string(good).replace(at, by.size(), by));
    };
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("FLAC") << QByteArray("fLaC\0\0\0\"", 8);
    QTest::newRow("no RIFF") << changed(0, "RIFX");
    QTest::newRow("no channel") << changed(22, std::string(2, '\0'));
    QTest::newRow("no rate") << changed(24, std::string(4, '\0'));
    QTest::newRow("12 bits") << changed(34, "\x0C");
    QTest::newRow("compressed") << changed(20, "\x55");
    QTest::newRow("head alone") << QByteArray::fromStdString(good.substr(0, 40));
    QTest::newRow("a length beyond the end") << changed(16, "\xFF\xFF\xFF\xFF");
}

void TestMelColumns::whatIsNoWaveHasNoColumns()
{
    QFETCH(QByteArray, bytes);
    QVERIFY(melColumns(bytes.toStdString(), 8).empty());
}

void TestMelColumns::aCutFileShowsWhatItHas()
{
    const std::string whole = wav(tones(8'000, 1'000, 0, 1, 1), 8'000, 1, 1);
    const std::vector<QImage> columns = melColumns(std::string_view(whole).substr(0, whole.size() / 2), 20);
    QCOMPARE(columns.size(), size_t(20));
    QVERIFY(qRed(columns[4].pixel(0, 17)) > 200);
    QCOMPARE(qRed(columns[15].pixel(0, 17)), 0);
    QVERIFY(melColumns(whole, 0).empty());
}

QTEST_GUILESS_MAIN(TestMelColumns)
#include "tst_mel_columns.moc"
