// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/media_files.h"
#include "data_fixture.h"
#include "media_fixture.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace orrery;

namespace {

/// Samples as shares of full scale in 1/32768, rounded, so that a reader can compare integers.
std::vector<int> levels(const Result<Audio> &audio)
{
    std::vector<int> out;
    if (audio.ok())
        for (float sample : audio->samples) out.push_back(static_cast<int>(std::lround(sample * 32768)));
    return out;
}

} // namespace

class TestAudioFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsEveryKindOfWav_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QList<int>>("expected");
        auto add = [](const char *tag, const WavParts &parts, QList<int> expected) {
            QTest::newRow(tag) << QByteArray::fromStdString(wavOf(parts)) << std::move(expected);
        };
        add("16 bit", {1, 1, 8000, 16, samplesOf<int16_t>({0, 1, -32768, 32767})}, {0, 1, -32768, 32767});
        add("8 bit", {1, 1, 8000, 8, samplesOf<uint8_t>({128, 0, 192})}, {0, -32768, 16384});
        add("24 bit", {1, 1, 8000, 24, std::string("\0\0\x40\0\0\xc0", 6)}, {16384, -16384});
        add("32 bit", {1, 1, 8000, 32, samplesOf<int32_t>({1 << 30, -(1 << 30)})}, {16384, -16384});
        add("float, cut to full scale", {3, 1, 8000, 32, samplesOf<float>({0.5f, -0.25f, 7.0f, -1e30f})},
            {16384, -8192, 32768, -32768});
        add("double", {3, 1, 8000, 64, samplesOf<double>({0.5, -0.25})}, {16384, -8192});
        add("two channels are averaged", {1, 2, 8000, 16, samplesOf<int16_t>({100, 300, -4, 4})}, {200, 0});
        add("eight channels", {1, 8, 8000, 16, samplesOf<int16_t>({8, 0, 0, 0, 0, 0, 0, 0})}, {1});
        add("µ-law", {7, 1, 8000, 8, std::string("\xff\x80", 2)}, {0, 32124});
        const auto piped = [&](const char *tag, uint32_t length) {
            add(tag, {1, 1, 8000, 16, samplesOf<int16_t>({5, 6}), length}, {5, 6});
        };
        piped("FFmpeg to a pipe", 0xffffffff);
        piped("SoX to a pipe", 0x7ffff000);
        piped("arecord to a pipe", 0x80000000);
        piped("old arecord to a pipe", 0x7fffff00);
        piped("Oboe", 0x7fffffff);
        piped("a length of 0 before samples", 0);
        std::string noRiff = wavOf({1, 1, 8000, 16, samplesOf<int16_t>({5, 6, 7, 8, 9}), 0});
        noRiff.replace(4, 4, 4, '\0');
        QTest::newRow("no length at all") << QByteArray::fromStdString(noRiff) << QList<int>{5, 6, 7, 8, 9};
        add("SoX to a pipe, whole frames of 3 bytes",
            {1, 1, 8000, 24, std::string("\0\0\x40\0\0\xc0", 6), 0x7ffff000 - 0x7ffff000 % 3},
            {16384, -16384});
    }
    void readsEveryKindOfWav()
    {
        QFETCH(QByteArray, file);
        QFETCH(QList<int>, expected);
        const auto audio = decodeAudio(file.toStdString(), "a.wav");
        VERIFY_OK(audio);
        QCOMPARE(levels(audio), std::vector<int>(expected.begin(), expected.end()));
        QCOMPARE(audio->rate, int64_t(8000));
    }

    void readsFlac()
    {
        MediaFacts facts;
        const auto stereo = decodeAudio(fixtureBytes("stereo.flac"), "stereo.flac", {}, &facts);
        VERIFY_OK(stereo);
        QCOMPARE(facts.kind, FileKind::Flac);
        QCOMPARE(facts.numChannels, int64_t(2));
        QCOMPARE(facts.bitsPerSample, int64_t(16));
        QCOMPARE(stereo->samples.size(), size_t(800));
        for (size_t i = 0; i < 800; i += 7) {
            const double expected = 0.25 * std::sin(2 * std::numbers::pi * 400 * double(i) / 8000);
            QVERIFY(std::abs(stereo->samples[i] - expected) < 1e-4);
        }
        const auto mono = decodeAudio(fixtureBytes("mono24.flac"), "mono24.flac", {}, &facts);
        VERIFY_OK(mono);
        QCOMPARE(mono->rate, int64_t(16000));
        QCOMPARE(mono->samples.size(), size_t(100));
        QCOMPARE(facts.bitsPerSample, int64_t(24));
    }

    void readsFlacBehindATag()
    {
        const std::string flac = fixtureBytes("stereo.flac");
        const auto plain = decodeAudio(flac, "a.flac");
        VERIFY_OK(plain);
        for (const uint32_t size : {0u, 10u, 127u, 128u, 4086u, 4087u, 100'000u}) {
            MediaFacts facts;
            const auto tagged = decodeAudio(id3TagOf(size) + flac, "a.flac", {}, &facts);
            VERIFY_OK(tagged);
            QCOMPARE(facts.kind, FileKind::Flac);
            QVERIFY(tagged->samples == plain->samples);
        }
    }

    /// What is cut is told to whoever asks; a rounding above 1 is no cut.
    void countsWhatIsBeyondFullScale()
    {
        const auto factsOf = [](const WavParts &parts) {
            MediaFacts facts;
            MediaLimits limits;
            MediaFacts told;
            limits.onDecoded = [&told](std::string_view, const MediaFacts &all) { told = all; };
            const auto audio = decodeAudio(wavOf(parts), "a.wav", limits, &facts);
            if (!audio.ok() || told.numBeyondScale != facts.numBeyondScale || told.peak != facts.peak)
                qFatal("a file that is not read, or not told of");
            return facts;
        };
        const MediaFacts loud = factsOf({3, 2, 8000, 32, samplesOf<float>({0.5f, -3.5f, 0.5f, 2, 0.1f, 0})});
        QCOMPARE(loud.numBeyondScale, uint64_t(2));
        QCOMPARE(loud.peak, 3.5);
        QCOMPARE(
            factsOf({3, 1, 8000, 32, samplesOf<float>({-32768 / 32767.0f, 128 / 127.0f})}).numBeyondScale,
            uint64_t(0));
        QCOMPARE(factsOf({1, 1, 8000, 16, samplesOf<int16_t>({-32768, 32767})}).numBeyondScale, uint64_t(0));
    }

    void refusesHostileHeaders_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QString>("names");
        auto add = [](const char *tag, const std::string &file, const char *names) {
            QTest::newRow(tag) << QByteArray::fromStdString(file) << QString::fromUtf8(names);
        };
        const std::string four = samplesOf<int16_t>({1, 2, 3, 4});
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const double inf = std::numeric_limits<double>::infinity();
        add("no channel", wavOf({1, 0, 8000, 16, four}), "broken (");
        add("64 channels", wavOf({1, 64, 8000, 16, std::string(256, 'a')}), "64 channels, expected 1 to 8");
        add("rate 0", wavOf({1, 1, 0, 16, four}), "expected");
        add("rate 1", wavOf({1, 1, 1, 16, four}), "1 samples per second, expected 1000 to 384000");
        add("rate 7", wavOf({1, 1, 7, 16, four}), "7 samples per second, expected 1000 to 384000");
        add("rate of all bits", wavOf({1, 1, 0xffffffff, 16, four}), "expected");
        add("rate 2 GHz", wavOf({1, 1, 2'000'000'000, 16, four}), "2000000000 samples per second");
        add("NaN", wavOf({3, 1, 8000, 32, samplesOf<float>({0, 0.5f, nan, 0})}),
            "sample 2 is NaN or infinite");
        add("infinity", wavOf({3, 1, 8000, 64, samplesOf<double>({inf})}), "sample 0 is NaN");
        add("no sample", wavOf({1, 1, 8000, 16, ""}), "no sample");
        add("cut off", wavOf({1, 1, 8000, 16, four, 100}), "its samples have 100 bytes, and 8 are there");
        add("cut off beside a length of pipes", wavOf({1, 1, 8000, 16, four, 0x7ffff000 - 2}),
            "its samples have 2147479550 bytes");
        add("the length of other frames", wavOf({1, 1, 8000, 16, four, 0x7ffff000 - 1}), "and 8 are there");
        add("cut off by half", wavOf({1, 1, 8000, 16, four, 0x40000000}),
            "its samples have 1073741824 bytes");
        add("no sample, and a note behind",
            wavOf({1, 1, 8000, 16, std::string("LIST\5\0\0\0INFOa\0", 14), 0}), "there is no sample in it");
        add("whole numbers as floats",
            wavOf({3, 1, 8000, 32, samplesOf<float>({0, 10'000, -10'000, 0, 1, 7})}),
            "3 of its 4 samples that are not 0 are beyond full scale, up to 10000, expected samples from -1 "
            "to 1");
        add("RF64", std::string("RF64\xff\xff\xff\xffWAVEds64", 16),
            "its content is RF64, expected WAV or FLAC");
        add("MP3 behind a long tag", id3TagOf(100'000) + "\xff\xfb\x90\x64....",
            "its content is MP3, expected WAV or FLAC");
        add("a tag that is cut off", id3TagOf(100'000).substr(0, 500),
            "its content is MP3 or FLAC behind an ID3 tag, expected WAV or FLAC");
        add("compressed", wavOf({0x11, 1, 8000, 4, std::string(64, 'a')}), "expected");
        add("no data part", wavOf({1, 1, 8000, 16, four}).substr(0, 36), "no part with samples");
        add("only the front", std::string("RIFF\0\0\0\0WAVE", 12), "no part with samples");
        add("a part longer than the file", std::string("RIFF\0\0\0\0WAVEfmt \xff\xff\xff\x7f", 20),
            "the part \"fmt \" has 2147483647");
        add("PNG", std::string("\x89PNG\r\n\x1a\n", 8), "its content is PNG, expected WAV or FLAC");
        add("empty", "", "the file is empty");
        const std::string flac = fixtureBytes("stereo.flac");
        add("FLAC cut off", flac.substr(0, flac.size() - 100), "expected a whole FLAC file");
        add("FLAC, mark only", flac.substr(0, 4), "broken (");
        std::string longer = flac; // the number of samples: 36 bits from byte 21 on
        longer[21] = char(0xff);
        longer.replace(22, 4, "\xff\xff\xff\xff");
        add("FLAC that promises 2^36 samples", longer, "expected at most 33554432");
        longer.replace(21, 5, std::string("\xf0\0\0\x10\0", 5));
        add("FLAC that promises more than it has", longer, "it says 4096 samples, and 800 are there");
    }
    void refusesHostileHeaders()
    {
        QFETCH(QByteArray, file);
        QFETCH(QString, names);
        VERIFY_ERROR(decodeAudio(file.toStdString(), "x.wav"), ErrorCode::InvalidInput, names.toStdString());
        VERIFY_ERROR(decodeAudio(file.toStdString(), "x.wav"), ErrorCode::InvalidInput,
                     "Cannot read \"x.wav\": ");
        QVERIFY(!decodeAudio(file.toStdString(), "x.wav").error().hint.empty());
    }

    void keepsToTheLimits()
    {
        const std::string wav = wavOf({1, 1, 8000, 16, samplesOf(std::vector<int16_t>(10'000, 3))});
        MediaLimits limits;
        limits.maxFrames = 10'000;
        VERIFY_OK(decodeAudio(wav, "x", limits));
        limits.maxFrames = 9'999;
        VERIFY_ERROR(decodeAudio(wav, "x", limits), ErrorCode::InvalidInput,
                     "10000 samples or more, expected at most 9999");
        const std::string stream =
            wavOf({1, 1, 8000, 16, samplesOf(std::vector<int16_t>(10'000, 3)), 0xffffffff});
        VERIFY_ERROR(decodeAudio(stream, "x", limits), ErrorCode::InvalidInput, "samples or more");
        limits = {};
        limits.maxFileBytes = 100;
        const DataFixture data;
        VERIFY_ERROR(readAudio(data.write("a.wav", wav), limits), ErrorCode::InvalidInput, "a.wav");
        VERIFY_OK(readAudio(data.path("a.wav")));
        VERIFY_ERROR(readAudio(data.path("none.wav")), ErrorCode::NotFound, "none.wav");
    }

    void writesWhatItReads()
    {
        const Audio audio{11025, {0.0f, 0.5f, -0.5f, 1.0f, -1.0f, 2.0f}};
        const auto back = decodeAudio(encodeWav(audio), "x");
        VERIFY_OK(back);
        QCOMPARE(back->rate, int64_t(11025));
        QCOMPARE(levels(back), (std::vector<int>{0, 16384, -16384, 32767, -32768, 32767}));
        QCOMPARE(encodeWav(*back), encodeWav(audio));
        std::vector<int16_t> all;
        for (int level = -32768; level < 32768; ++level) all.push_back(static_cast<int16_t>(level));
        const std::string wav = wavOf({1, 1, 8000, 16, samplesOf(all)});
        QCOMPARE(encodeWav(*decodeAudio(wav, "x")), wav);
    }

    void survivesDamage_data()
    {
        QTest::addColumn<QByteArray>("file");
        std::vector<int16_t> tone;
        for (int i = 0; i < 300; ++i) tone.push_back(static_cast<int16_t>(9000 * std::sin(i * 0.3)));
        QTest::newRow("16-bit WAV") << QByteArray::fromStdString(wavOf({1, 2, 8000, 16, samplesOf(tone)}));
        QTest::newRow("float WAV") << QByteArray::fromStdString(
            wavOf({3, 1, 44100, 32, samplesOf(std::vector<float>(100, 0.25f))}));
        QTest::newRow("FLAC") << QByteArray::fromStdString(fixtureBytes("stereo.flac"));
        QTest::newRow("WAV from a pipe")
            << QByteArray::fromStdString(wavOf({1, 1, 8000, 16, samplesOf(tone), 0x7ffff000}));
        QTest::newRow("WAV of length 0")
            << QByteArray::fromStdString(wavOf({1, 1, 8000, 16, samplesOf(tone), 0}));
        QTest::newRow("FLAC behind a tag")
            << QByteArray::fromStdString(id3TagOf(300) + fixtureBytes("stereo.flac"));
        QTest::newRow("24-bit FLAC") << QByteArray::fromStdString(fixtureBytes("mono24.flac"));
    }
    void survivesDamage()
    {
        QFETCH(QByteArray, file);
        MediaLimits limits;
        limits.maxFrames = 1'000'000;
        const int numGood = orrery::survivesDamage(file.toStdString(), 2000, [&](const std::string &bytes) {
            auto audio = decodeAudio(bytes, "damaged", limits);
            if (audio.ok() && (audio->samples.empty() || audio->samples.size() > limits.maxFrames))
                qFatal("samples outside the limit");
            return audio;
        });
        QVERIFY(numGood < 2500);
    }
};

QTEST_APPLESS_MAIN(TestAudioFiles)
#include "tst_audio_files.moc"
