// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/modality_training.h"
#include "core/data/media/window_sources.h"
#include "data_fixture.h"

#include <cmath>
#include <set>

using namespace orrery;

namespace {

std::vector<uint8_t> bytesOf(const std::string &text) { return {text.begin(), text.end()}; }

std::vector<uint8_t> sine(size_t count, double frequency, double level)
{
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i < count; ++i) {
        const auto sample =
            static_cast<int16_t>(std::lround(32767 * level * std::sin(6.2831853 * frequency * double(i))));
        bytes.push_back(static_cast<uint8_t>(sample & 0xff));
        bytes.push_back(static_cast<uint8_t>(sample >> 8));
    }
    return bytes;
}

std::vector<uint8_t> randomBytes(size_t count, uint64_t seed)
{
    Draws draws(seed, 0, 99);
    std::vector<uint8_t> bytes(count);
    for (uint8_t &byte : bytes) byte = static_cast<uint8_t>(draws.below(256));
    return bytes;
}

} // namespace

class TestModalityHead : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void featuresHaveTheirValues()
    {
        std::vector<uint8_t> ramp(64);
        for (size_t i = 0; i < 64; ++i) ramp[i] = static_cast<uint8_t>(i + 0x30);
        const WindowFeatures f = windowFeatures(ramp);
        QVERIFY(std::abs(f[0] - 1) < 1e-12); // 64 different bytes: as much entropy as 64 can have
        QCOMPARE(f[1], 1.0);                 // 0x30 to 0x6f
        QCOMPARE(f[2], 0.0);
        QCOMPARE(f[3], 1.0);
        QVERIFY(std::abs(f[6] - 10.0 / 64) < 1e-12);
        QVERIFY(f[8] > 0.9 && f[11] > 0.8 && f[8] > f[9]);
        QVERIFY(std::abs(f[20] - 1.0 / 64) < 1e-12);
        QVERIFY(std::abs(f[22] - 3.0 / 64) < 1e-12);
        QVERIFY(std::abs(f[28] - (0x30 + 31.5) / 255) < 1e-12);
        QCOMPARE(f[30], 1.0);
        QCOMPARE(f[31], 1.0);
    }

    void entropyAndSharesOfTwoValues()
    {
        std::vector<uint8_t> window(128, 0xff);
        for (size_t i = 0; i < 128; i += 2) window[i] = 0;
        const WindowFeatures f = windowFeatures(window);
        QVERIFY(std::abs(f[0] - 1.0 / 7) < 1e-12); // one bit of the seven that 128 bytes could have
        QCOMPARE(f[2], 0.5);
        QCOMPARE(f[7], 1.0);
        QVERIFY(f[8] < -0.9 && f[9] > 0.9);          // the other value, then the same
        QVERIFY(std::abs(f[20] - 1.0 / 64) < 1e-12); // on a circle 0 and 255 are neighbours
        QCOMPARE(f[21], 0.0);
        QCOMPARE(f[31], 0.0);
    }

    void utf8CutAtBothEndsIsWhole()
    {
        std::string text;
        while (text.size() < 100) text += "日本語の文章";
        QCOMPARE(windowFeatures(bytesOf(text.substr(1, 64)))[3], 1.0);
        QCOMPARE(windowFeatures(bytesOf(text.substr(2, 70)))[31], 1.0);
        text[33] = 'x';
        QVERIFY(windowFeatures(bytesOf(text.substr(0, 64)))[3] < 1.0);
    }

    /// Two windows of the same content but twice the length look alike: the length itself says nothing.
    void theLengthIsNoFeature()
    {
        const std::vector<uint8_t> tone = sine(256, 0.01, 0.5);
        const WindowFeatures whole = windowFeatures(tone);
        const WindowFeatures half = windowFeatures(std::span(tone).first(256));
        for (size_t i = 0; i < kNumWindowFeatures; ++i)
            QVERIFY2(std::abs(whole[i] - half[i]) < 0.45, qPrintable(QString::number(i)));
    }

    void windowsAreFunctionsOfTheirNumber()
    {
        std::set<std::vector<uint8_t>> seen;
        for (size_t kind = 0; kind < windowKinds().size(); ++kind)
            for (size_t size : {64, 192, 512}) {
                const auto window = makeWindow(kind, size, 1, 7);
                QCOMPARE(window.size(), size);
                QVERIFY(window == makeWindow(kind, size, 1, 7));
                QVERIFY(window != makeWindow(kind, size, 2, 7));
                seen.insert(window);
            }
        QCOMPARE(seen.size(), windowKinds().size() * 3);
    }

    /// The goals of the product, on fewer windows than `data detector measure` takes.
    void theBuiltInHeadHoldsItsNumbers()
    {
        const DetectorReport report = measureModalityHead(ModalityHead::builtIn(), 4711, 150);
        QVERIFY2(report.accuracy >= 0.995, qPrintable(QString::number(report.accuracy)));
        QVERIFY2(report.answeredAccuracy >= 0.998, qPrintable(QString::number(report.answeredAccuracy)));
        QVERIFY2(report.calibrationError <= 0.02, qPrintable(QString::number(report.calibrationError)));
        QVERIFY2(report.randomUnsure >= 0.9, qPrintable(QString::number(report.randomUnsure)));
        QVERIFY2(report.heldOutAccuracy >= 0.98, qPrintable(QString::number(report.heldOutAccuracy)));
        QVERIFY2(report.accuracyAt64Bytes >= 0.985, qPrintable(QString::number(report.accuracyAt64Bytes)));
    }

    /// A head that knows nothing must not pass as one that does.
    void aBlankHeadIsUnsure()
    {
        const DetectorReport report = measureModalityHead(ModalityHead(HeadWeights{}), 1, 20);
        QCOMPARE(report.accuracy, 0.0);
        QCOMPARE(report.randomUnsure, 1.0);
        QVERIFY(report.calibrationError > 0.05);
    }

    void trainingLearnsAndRepeats()
    {
        HeadTrainingOptions options;
        options.windowsPerKind = 60;
        const TrainedHead a = trainModalityHead(options);
        const TrainedHead b = trainModalityHead(options);
        QVERIFY(a.weights == b.weights);
        QVERIFY(a.temperature > 0.1 && a.temperature < 10);
        QVERIFY(a.numWindows > 1000 && a.numSteps < 50);
        const DetectorReport report = measureModalityHead(ModalityHead(a.weights), 99, 40);
        QVERIFY2(report.answeredAccuracy > 0.97, qPrintable(QString::number(report.answeredAccuracy)));
        options.seed = 2;
        QVERIFY(trainModalityHead(options).weights != a.weights);
        QVERIFY(headTableSource(a, options).find("--seed 2 --windows 60") != std::string::npos);
    }

    void knowsRawContent()
    {
        const ModalityHead &head = ModalityHead::builtIn();
        QCOMPARE(
            head.guess(bytesOf("The quick brown fox jumps over the lazy dog, and then it sleeps.")).modality,
            Modality::Text);
        QCOMPARE(head.guessContent(sine(8000, 0.05, 0.4)).modality, Modality::Audio);
        std::vector<uint8_t> picture;
        for (int y = 0; y < 64; ++y)
            for (int x = 0; x < 64; ++x)
                for (int value : {2 * x + 60, 2 * y + 40, x + y})
                    picture.push_back(static_cast<uint8_t>(value));
        QCOMPARE(head.guessContent(picture).modality, Modality::Image);
        QCOMPARE(head.guessContent(randomBytes(100'000, 5)).modality, Modality::Unknown);
        const ModalityGuess guess = head.guessContent(picture);
        QVERIFY(guess.confidence > 0.8 && guess.confidence <= 1);
        QVERIFY(guess.probabilities[0] + guess.probabilities[1] + guess.probabilities[2] <= 1 + 1e-9);
    }

    void isUnsureOfWhatSaysNothing()
    {
        const ModalityHead &head = ModalityHead::builtIn();
        QCOMPARE(head.guess(std::vector<uint8_t>(64, ' ')).modality, Modality::Unknown);
        QCOMPARE(head.guess(std::vector<uint8_t>(512, 0)).confidence, 0.0);
        QCOMPARE(head.guessContent(std::vector<uint8_t>(100'000, 255)).modality, Modality::Unknown);
        QCOMPARE(head.guessContent(bytesOf("short")).modality, Modality::Unknown);
        QCOMPARE(head.guessContent({}).modality, Modality::Unknown);
        // Flat stretches do not hide what stands between them.
        std::vector<uint8_t> mixed(5'120, 0);
        const auto tone = sine(2'560, 0.03, 0.5);
        mixed.insert(mixed.end(), tone.begin(), tone.end());
        QCOMPARE(head.guessContent(mixed).modality, Modality::Audio);
    }

    void anyBytesGiveFiniteNumbers()
    {
        Draws draws(3, 0, 1);
        for (int i = 0; i < 500; ++i) {
            std::vector<uint8_t> window(64 + draws.below(1000));
            const uint64_t alphabet = 1 + draws.below(256);
            for (uint8_t &byte : window) byte = static_cast<uint8_t>(draws.below(alphabet));
            for (double feature : windowFeatures(window))
                QVERIFY(std::isfinite(feature) && std::abs(feature) <= 4);
            const ModalityGuess guess = ModalityHead::builtIn().guess(window);
            QVERIFY(guess.confidence >= 0 && guess.confidence <= 1 + 1e-12);
        }
    }
};

QTEST_APPLESS_MAIN(TestModalityHead)
#include "tst_modality_head.moc"
