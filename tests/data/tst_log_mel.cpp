// SPDX-License-Identifier: Apache-2.0
#include "core/base/counter_rng.h"
#include "core/data/media/log_mel.h"
#include "data_fixture.h"

#include <cmath>
#include <complex>
#include <numbers>

using namespace orrery;

namespace {

std::vector<float> sine(double frequency, double rate, size_t count, double amplitude = 1)
{
    std::vector<float> out(count);
    for (size_t i = 0; i < count; ++i)
        out[i] =
            static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * frequency * double(i) / rate));
    return out;
}

double rms(const std::vector<float> &samples, size_t begin, size_t end)
{
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += double(samples[i]) * samples[i];
    return std::sqrt(sum / double(end - begin));
}

} // namespace

class TestLogMel : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void spectrumIsThatOfTheDefinition_data()
    {
        QTest::addColumn<int>("size");
        for (int size : {2, 4, 8, 64, 256}) QTest::addRow("%d", size) << size;
    }
    void spectrumIsThatOfTheDefinition()
    {
        QFETCH(int, size);
        const auto n = static_cast<size_t>(size);
        const CounterRng rng({.seed = 4, .purpose = RngPurpose::Sampling});
        std::vector<float> signal(n);
        for (size_t i = 0; i < n; ++i) signal[i] = rng.normal(i);
        std::vector<double> power(n / 2 + 1);
        PowerSpectrum(n).compute(signal, power);
        for (size_t k = 0; k <= n / 2; ++k) {
            std::complex<double> sum = 0;
            for (size_t i = 0; i < n; ++i)
                sum += double(signal[i]) * std::polar(1.0, -2 * std::numbers::pi * double(k * i) / double(n));
            QVERIFY2(std::abs(power[k] - std::norm(sum)) < 1e-9 * double(n * n),
                     qPrintable(QString::number(k)));
        }
    }

    /// 32 bands up to 4 kHz: highest mel 2595·log10(1 + 4000/700) = 2146.06, corners every 65.032 mel, that
    /// is at 0, 41.58, 85.63 and 132.30 Hz; bins every 31.25 Hz.
    void filtersHaveTheValuesOfTheFormula()
    {
        const FrontEnd frontEnd;
        const std::vector<double> weights = melFilters(frontEnd);
        QCOMPARE(weights.size(), size_t(32 * 129));
        QCOMPARE(weights[0], 0.0);
        QVERIFY(std::abs(weights[1] - 31.25 / 41.58) < 1e-3);
        QVERIFY(std::abs(weights[2] - (85.63 - 62.5) / (85.63 - 41.58)) < 1e-3);
        QCOMPARE(weights[3], 0.0);
        QVERIFY(std::abs(weights[129 + 2] - (62.5 - 41.58) / (85.63 - 41.58)) < 1e-3);
        QVERIFY(std::abs(weights[129 + 3] - (132.30 - 93.75) / (132.30 - 85.63)) < 1e-3);
        for (size_t band = 0; band < 32; ++band) {
            double sum = 0;
            for (size_t bin = 0; bin < 129; ++bin) sum += weights[band * 129 + bin];
            QVERIFY2(sum > 0.5, qPrintable(QString::number(band)));
        }
        // Neighbouring triangles share their slopes: between the first and the last peak they sum to 1.
        for (size_t bin = 2; bin < 120; ++bin) {
            double sum = 0;
            for (size_t band = 0; band < 32; ++band) sum += weights[band * 129 + bin];
            QVERIFY(std::abs(sum - 1) < 1e-9);
        }
    }

    void aFullScaleToneIsNearZeroDecibels()
    {
        const FrontEnd frontEnd;
        const auto tokens = logMelTokens(sine(1000, 8000, 6400), frontEnd);
        QCOMPARE(tokens.size(), size_t(16 * 128)); // 0.8 s: 16 tokens of 4 frames of 32 bands
        const float *frame = tokens.data() + 5 * 128 + 32;
        const auto best = std::max_element(frame, frame + 32);
        const float decibels = *best * 20 - 40;
        QVERIFY2(std::abs(decibels) < 3, qPrintable(QString::number(decibels)));
        // 1000 Hz is 1000 mel (999.99), the peak of band 14 stands at 15 · 65.03 = 975.5.
        QCOMPARE(best - frame, ptrdiff_t(14));
        const auto quiet = logMelTokens(sine(1000, 8000, 6400, 0.1), frontEnd);
        QVERIFY(std::abs((quiet[5 * 128 + 32 + 14] - frame[14]) * 20 + 20) < 0.01);
    }

    void silenceAndTheEnd()
    {
        const FrontEnd frontEnd;
        QVERIFY(logMelTokens(std::span<const float>(), frontEnd).empty());
        for (float value : logMelTokens(std::vector<float>(801, 0.0f), frontEnd)) QCOMPARE(value, -2.0f);
        QCOMPARE(frontEnd.numAudioTokens(0), int64_t(0));
        QCOMPARE(frontEnd.numAudioTokens(1), int64_t(1));
        QCOMPARE(frontEnd.numAudioTokens(400), int64_t(1));
        QCOMPARE(frontEnd.numAudioTokens(401), int64_t(2));
        QCOMPARE(logMelTokens(std::vector<float>(401, 0.1f), frontEnd).size(), size_t(256));
        // The last frames of a token that the recording does not fill are silent.
        const auto token = logMelTokens(sine(1000, 8000, 50), frontEnd);
        QCOMPARE(token.size(), size_t(128));
        QVERIFY(token[14] > -1);
        for (size_t i = 32; i < 128; ++i) QCOMPARE(token[i], -2.0f);
    }

    void framesBeginAtTheirHop()
    {
        const FrontEnd frontEnd;
        std::vector<float> click(4000, 0.0f);
        click[1000] =
            1.0f; // in frames 8 (800 … 1055) and 9; at the very front of frame 10, where the window is 0
        const auto tokens = logMelTokens(click, frontEnd);
        for (size_t frame = 0; frame < 40; ++frame)
            QCOMPARE(tokens[frame * 32 + 20] > -2.0f, frame == 8 || frame == 9);
    }

    void resamplingKeepsTones_data()
    {
        QTest::addColumn<int>("from");
        for (int from : {8000, 11025, 16000, 22050, 44100, 48000, 44099, 4000})
            QTest::addRow("%d", from) << from;
    }
    void resamplingKeepsTones()
    {
        QFETCH(int, from);
        const auto out = resample(sine(700, from, size_t(from)), from, 8000);
        QCOMPARE(out.size(), size_t(8000));
        const auto expected = sine(700, 8000, 8000);
        double worst = 0;
        for (size_t i = 200; i < 7800; ++i) worst = std::max(worst, double(std::abs(out[i] - expected[i])));
        QVERIFY2(worst < 1e-3, qPrintable(QString::number(worst)));
    }

    void resamplingRemovesWhatCannotBeHeld()
    {
        const auto out = resample(sine(6000, 44100, 44100), 44100, 8000);
        QVERIFY2(rms(out, 200, 7800) < 1e-3, qPrintable(QString::number(rms(out, 200, 7800))));
        QCOMPARE(resample(std::vector<float>(3, 1.0f), 3, 2).size(), size_t(2));
        QVERIFY(resample(std::span<const float>(), 44100, 8000).empty());
    }

    void aRecordingIsBroughtToTheRate()
    {
        const FrontEnd frontEnd;
        const auto direct = logMelTokens(sine(500, 8000, 8000), frontEnd);
        const auto brought = logMelTokens(Audio{16000, sine(500, 16000, 16000)}, frontEnd);
        QCOMPARE(brought.size(), direct.size());
        for (size_t i = 5 * 128; i < 15 * 128; ++i)
            if (direct[i] > -1) QVERIFY(std::abs(direct[i] - brought[i]) < 0.01f);
    }
};

QTEST_APPLESS_MAIN(TestLogMel)
#include "tst_log_mel.moc"
