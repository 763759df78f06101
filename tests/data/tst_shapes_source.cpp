// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/image_patches.h"
#include "core/data/media/log_mel.h"
#include "core/data/world/shapes_render.h"
#include "core/data/world/shapes_source.h"
#include "data_fixture.h"

#include <cmath>
#include <numbers>
#include <set>

using namespace orrery;

namespace {

Result<ShapesSource> source(const std::string &settings = {}, const std::string &specials = "default")
{
    ORRERY_ASSIGN(const GeneratorPath path, parseGeneratorPath("gen:shapes" + settings));
    ORRERY_ASSIGN(const ShapesSpec spec, parseShapesSpec(path));
    DataSpec data;
    data.specialTokens = specials;
    ORRERY_ASSIGN(auto tokenizer, Tokenizer::create(data));
    return ShapesSource::create(spec, {}, std::move(tokenizer));
}

Scene sceneOf(std::vector<SceneObject> objects, uint64_t style = 1)
{
    Scene scene;
    scene.objects = std::move(objects);
    scene.style = style;
    return scene;
}

std::array<int, 3> pixel(const Image &image, int64_t x, int64_t y)
{
    const uint8_t *at = image.rgb.data() + (y * image.width + x) * 3;
    return {at[0], at[1], at[2]};
}

int distance(std::array<int, 3> a, std::array<int, 3> b)
{
    return std::max({std::abs(a[0] - b[0]), std::abs(a[1] - b[1]), std::abs(a[2] - b[2])});
}

/// Pixels that are not paper.
int numPainted(const Image &image, int64_t fromX, int64_t fromY, int64_t size)
{
    int count = 0;
    for (int64_t y = fromY; y < fromY + size; ++y)
        for (int64_t x = fromX; x < fromX + size; ++x) {
            const auto [red, green, blue] = pixel(image, x, y);
            count += std::min({red, green, blue}) < 150;
        }
    return count;
}

std::string textOf(const MultiModalRecord &record)
{
    std::string text;
    for (size_t i = 0; i < record.size(); ++i)
        if (record.modality_L[i] == Modality::Text && record.ids_L[i] < 256)
            text += static_cast<char>(record.ids_L[i]);
    return text;
}

} // namespace

class TestShapesSource : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void picturesShowWhatTheSceneSays()
    {
        const std::array<std::array<int, 3>, 8> palette = {{{222, 50, 48},
                                                            {46, 160, 67},
                                                            {36, 98, 214},
                                                            {245, 200, 30},
                                                            {132, 62, 188},
                                                            {38, 186, 208},
                                                            {240, 126, 24},
                                                            {240, 128, 178}}};
        for (int colour = 0; colour < 8; ++colour)
            for (int shape = 0; shape < 8; ++shape)
                for (int cell : {0, 4, 5}) {
                    const Image image =
                        drawScene(sceneOf({{shape, colour, cell}}, uint64_t(colour * 8 + shape)), 48, 3);
                    // Near the middle all shapes are solid, but a ring has its hole there.
                    const int64_t y = cell / 3 * 16 + 8;
                    int nearest = 255;
                    for (int64_t off : {0, 3, 4, 5})
                        nearest = std::min(nearest, distance(pixel(image, cell % 3 * 16 + 8 + off, y),
                                                             palette[size_t(colour)]));
                    QVERIFY2(nearest < 45, shapeName(shape));
                    for (int other = 0; other < 9; ++other)
                        QCOMPARE(numPainted(image, other % 3 * 16, other / 3 * 16, 16) > 20, other == cell);
                }
    }

    /// Of six colours none is another one in some light: a task that asks for a shape in a new colour must
    /// not turn on that.
    void sixColoursAreFarApart()
    {
        const auto hueOf = [](int colour, uint64_t style) {
            const auto [red, green, blue] = pixel(drawScene(sceneOf({{1, colour, 4}}, style), 48, 3), 24, 24);
            const double brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
            return std::atan2(blue - brightness, red - brightness) * 180 / std::numbers::pi;
        };
        for (int a = 0; a < 6; ++a)
            for (int b = 0; b < a; ++b)
                for (uint64_t style = 0; style < 20; ++style) {
                    const double apart = std::abs(hueOf(a, style) - hueOf(b, 100 + style));
                    QVERIFY2(std::min(apart, 360 - apart) > 30, colourName(a));
                }
    }

    void shapesLookDifferent()
    {
        for (int a = 0; a < 8; ++a)
            for (int b = 0; b < a; ++b) {
                const Image first = drawScene(sceneOf({{a, 2, 4}}), 48, 3);
                const Image second = drawScene(sceneOf({{b, 2, 4}}), 48, 3);
                int count = 0;
                for (int64_t y = 0; y < 48; ++y)
                    for (int64_t x = 0; x < 48; ++x)
                        count += distance(pixel(first, x, y), pixel(second, x, y)) > 60;
                QVERIFY2(count > 16, (std::string(shapeName(a)) + " " + shapeName(b)).c_str());
            }
    }

    void picturesHaveSoftEdgesAndAnySize()
    {
        for (int64_t size : {16, 33, 48, 256}) {
            const Image image = drawScene(sceneOf({{0, 2, 4}, {3, 0, 0}}), size, 3);
            QCOMPARE(image.rgb.size(), size_t(size * size * 3));
        }
        const Image image = drawScene(sceneOf({{0, 2, 4}}), 48, 3);
        std::set<uint8_t> levels;
        for (int64_t x = 16; x < 32; ++x) levels.insert(image.rgb[size_t((24 * 48 + x) * 3)]);
        QVERIFY(levels.size() > 4); // paper, shadow, edge, body
        QVERIFY(drawScene(sceneOf({{0, 2, 4}}, 1), 48, 3).rgb == image.rgb);
        QVERIFY(drawScene(sceneOf({{0, 2, 4}}, 2), 48, 3).rgb != image.rgb);
    }

    void tonesSayTheShapeOnly()
    {
        const Audio audio = playScene(sceneOf({{0, 2, 4}, {5, 1, 5}}));
        QCOMPARE(audio.rate, int64_t(8000));
        QCOMPARE(audio.samples.size(), size_t(4000));
        QVERIFY(playScene(sceneOf({{0, 7, 1}, {5, 0, 2}})).samples == audio.samples);
        QVERIFY(playScene(sceneOf({{5, 2, 4}, {0, 1, 5}})).samples != audio.samples);
        // What a WAV file keeps.
        const auto back = decodeAudio(encodeWav(audio), "tones.wav");
        if (back.ok() || back.error().code != ErrorCode::Unavailable) {
            VERIFY_OK(back);
            QVERIFY(back->samples == audio.samples);
        }
    }

    void voicesAreFarApart()
    {
        std::vector<std::vector<float>> frames;
        for (int shape = 0; shape < 8; ++shape)
            frames.push_back(logMelTokens(playScene(sceneOf({{shape, 0, 0}})), {}));
        for (size_t a = 0; a < 8; ++a)
            for (size_t b = 0; b < a; ++b) {
                double sum = 0;
                for (size_t i = 128; i < 256; ++i) sum += std::abs(frames[a][i] - frames[b][i]);
                QVERIFY2(sum / 128 > 0.1, qPrintable(QString::number(sum / 128)));
            }
    }

    void recordsAreLaidOutAsStated()
    {
        const auto shapes = source("?tasks=both");
        VERIFY_OK(shapes);
        MultiModalRecord record;
        shapes->readWhole(Split::Train, 3, record);
        const ShapesDocument document = shapes->scenes().document(Split::Train, 3);
        const size_t numAudio = document.scene.objects.size() * 5;
        const size_t numText = document.prompt.size() + document.answer.size();
        QCOMPARE(record.size(), 1 + 36 + 1 + numAudio + numText + 1);
        QCOMPARE(record.ids_L[0], int32_t(SpecialToken::ImageStart));
        QCOMPARE(record.ids_L[37], int32_t(SpecialToken::AudioStart));
        QCOMPARE(record.ids_L.back(), int32_t(SpecialToken::EndOfText));
        QCOMPARE(textOf(record), document.prompt + document.answer);
        for (size_t i = 0; i < record.size(); ++i) {
            const bool isImage = i >= 1 && i <= 36;
            const bool isAudio = i >= 38 && i < 38 + numAudio;
            QCOMPARE(record.modality_L[i], isImage   ? Modality::Image
                                           : isAudio ? Modality::Audio
                                                     : Modality::Text);
            QCOMPARE(record.places_L[i], isImage ? int32_t(i - 1) : isAudio ? int32_t(i - 38) : 0);
            QCOMPARE(record.loss_L[i], uint8_t(i >= record.size() - 1 - document.answer.size()));
            if (isImage || isAudio) QCOMPARE(record.ids_L[i], 0);
        }
        QCOMPARE(record.patches_PD, imagePatches(shapes->picture(document), {}));
        QCOMPARE(record.frames_NF, logMelTokens(shapes->recording(document), {}));
    }

    void lengthsAndPiecesAgree()
    {
        const auto shapes = source("?tasks=caption,count,tones,both&size=32");
        MultiModalRecord whole;
        MultiModalRecord piece;
        for (uint64_t i = 0; i < 100; ++i) {
            shapes->readWhole(Split::Validation, i, whole);
            QCOMPARE(uint64_t(whole.size()), shapes->numPositions(Split::Validation, i));
            const uint64_t begin = i % whole.size();
            const uint64_t count = (whole.size() - begin) / 2;
            shapes->read(Split::Validation, i, begin, count, piece);
            QVERIFY(piece == sliceRecord(whole, begin, count, {}));
            size_t numImage = 0;
            size_t numAudio = 0;
            for (Modality modality : piece.modality_L) {
                numImage += modality == Modality::Image;
                numAudio += modality == Modality::Audio;
            }
            QCOMPARE(piece.patches_PD.size(), numImage * 192);
            QCOMPARE(piece.frames_NF.size(), numAudio * 128);
        }
        QCOMPARE(shapes->numRecords(Split::Train), uint64_t(20'000));
        QCOMPARE(shapes->numRecords(Split::Unknown), uint64_t(0));
    }

    void noiseHasTheStatedStrength()
    {
        const auto plain = source("?tasks=both");
        for (int decibels : {20, 6}) {
            const auto noisy = source("?tasks=both&audio_snr=" + std::to_string(decibels) +
                                      "&image_snr=" + std::to_string(decibels));
            const ShapesDocument document = plain->scenes().document(Split::Train, 0);
            const Audio clean = plain->recording(document);
            const Audio bad = noisy->recording(document);
            double signal = 0;
            double noise = 0;
            for (size_t i = 0; i < clean.samples.size(); ++i) {
                signal += double(clean.samples[i]) * clean.samples[i];
                noise += std::pow(double(bad.samples[i]) - clean.samples[i], 2);
            }
            QVERIFY(std::abs(10 * std::log10(signal / noise) - decibels) < 0.5);
            QVERIFY(noisy->picture(document).rgb != plain->picture(document).rgb);
            QVERIFY(noisy->picture(document).rgb == noisy->picture(document).rgb);
        }
    }

    void droppedPartsAreAbsent()
    {
        const auto silent = source("?tasks=both&drop_audio=1");
        const auto blind = source("?tasks=both&drop_image=1");
        MultiModalRecord record;
        silent->readWhole(Split::Test, 0, record);
        QVERIFY(record.frames_NF.empty() && record.patches_PD.size() == 36 * 192);
        QCOMPARE(uint64_t(record.size()), silent->numPositions(Split::Test, 0));
        blind->readWhole(Split::Test, 0, record);
        QVERIFY(record.patches_PD.empty() && !record.frames_NF.empty());
    }

    void needsSpecialTokens()
    {
        VERIFY_ERROR(source("", "none"), ErrorCode::InvalidInput, "data.special_tokens is none");
    }
};

QTEST_APPLESS_MAIN(TestShapesSource)
#include "tst_shapes_source.moc"
