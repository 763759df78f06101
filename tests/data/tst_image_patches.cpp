// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/image_patches.h"
#include "core/spec/field_table.h"
#include "data_fixture.h"

using namespace orrery;

namespace {

/// Red counts columns, green counts lines, blue is 7.
Image ramp(int64_t width, int64_t height)
{
    Image image{width, height, {}};
    for (int64_t y = 0; y < height; ++y)
        for (int64_t x = 0; x < width; ++x)
            for (int64_t value : {x, y, int64_t(7)}) image.rgb.push_back(static_cast<uint8_t>(value));
    return image;
}

int red(const Image &image, int64_t x, int64_t y)
{
    return image.rgb[static_cast<size_t>((y * image.width + x) * 3)];
}

} // namespace

class TestImagePatches : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aPictureOfTheRightSizeStaysAsItIs()
    {
        const Image image = ramp(12, 8);
        QCOMPARE(cropAndResize(image, 12, 8).rgb, image.rgb);
    }

    void shrinkingAverages()
    {
        // Columns 0 … 7 in two: the triangle over four columns each side, weighted 1 3 5 7 7 5 3 1 of 16
        // where inside of the picture.
        const Image half = cropAndResize(ramp(8, 8), 2, 2);
        QCOMPARE(half.width, int64_t(2));
        const double left = (3.5 / 4 * (1 + 2) + 2.5 / 4 * (0 + 3) + 1.5 / 4 * 4 + 0.5 / 4 * 5) /
                            (2 * 3.5 / 4 + 2 * 2.5 / 4 + 1.5 / 4 + 0.5 / 4);
        QCOMPARE(red(half, 0, 0), int(std::lround(left)));
        QCOMPARE(red(half, 1, 0), int(std::lround(7 - left)));
        QCOMPARE(int(half.rgb[2]), 7);
    }

    void aFlatPictureStaysFlat()
    {
        Image image{640, 480, std::vector<uint8_t>(640 * 480 * 3, 201)};
        for (auto [width, height] : {std::pair{48, 48}, {1, 1}, {7, 1}, {640, 400}, {900, 900}}) {
            const Image out = cropAndResize(image, width, height);
            QCOMPARE(out.rgb, std::vector<uint8_t>(size_t(width * height * 3), 201));
        }
    }

    /// A pattern finer than the output must vanish, not come back as a coarser one.
    void nothingAliases()
    {
        Image image{480, 480, std::vector<uint8_t>(480 * 480 * 3)};
        for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = (i / 3) % 480 % 2 ? 255 : 0;
        const Image out = cropAndResize(image, 48, 48);
        for (uint8_t value : out.rgb)
            QVERIFY2(std::abs(value - 128) <= 5, qPrintable(QString::number(value)));
    }

    void cropsTheMiddle()
    {
        const Image wide = cropAndResize(ramp(20, 10), 10, 10);
        for (int64_t x = 0; x < 10; ++x) QCOMPARE(red(wide, x, 3), int(x + 5));
        const Image tall = cropAndResize(ramp(4, 12), 4, 4);
        QCOMPARE(int(tall.rgb[1]), 4); // lines 4 … 7
        const Image thin = cropAndResize(ramp(200, 1), 8, 8);
        for (int64_t x = 0; x < 8; ++x) QVERIFY(std::abs(red(thin, x, 7) - 100) <= 1);
    }

    void patchesAreInReadingOrder()
    {
        FrontEnd frontEnd;
        frontEnd.gridWidth = 3;
        frontEnd.gridHeight = 2;
        frontEnd.patch = 4;
        QCOMPARE(frontEnd.numPatches(), int64_t(6));
        QCOMPARE(frontEnd.patchWidth(), int64_t(48));
        const Image image = ramp(12, 8);
        const std::vector<uint8_t> bytes = imagePatches(image, frontEnd);
        QCOMPARE(bytes.size(), size_t(6 * 48));
        for (size_t p = 0; p < 6; ++p)
            for (size_t y = 0; y < 4; ++y)
                for (size_t x = 0; x < 4; ++x) {
                    const size_t at = p * 48 + (y * 4 + x) * 3;
                    QCOMPARE(size_t(bytes[at]), p % 3 * 4 + x);
                    QCOMPARE(size_t(bytes[at + 1]), p / 3 * 4 + y);
                    QCOMPARE(int(bytes[at + 2]), 7);
                }
        QCOMPARE(imageFromPatches(bytes, frontEnd).rgb, image.rgb);
    }

    void numbersAreBetweenMinusOneAndOne()
    {
        const std::vector<uint8_t> bytes = {0, 255, 51};
        std::vector<float> out(3);
        normalizePatches(bytes, out);
        QCOMPARE(out[0], -1.0f);
        QCOMPARE(out[1], 1.0f);
        QVERIFY(std::abs(out[2] + 0.6f) < 1e-6f);
    }

    void saysWhatIsCutAway()
    {
        QCOMPARE(croppedShare(300, 100, 6, 6), 1 - 1.0 / 3);
        QCOMPARE(croppedShare(100, 300, 6, 6), 1 - 1.0 / 3);
        QCOMPARE(croppedShare(100, 300, 1, 3), 0.0);
        QCOMPARE(croppedShare(5, 5, 6, 6), 0.0);
        QCOMPARE(croppedShare(1, 1'000'000, 1, 1), 1 - 1e-6);
    }

    /// What the table, the form and the schema offer is what can be cut, neither more nor less.
    void theSettingHasTheRangeOfTheFrontEnd()
    {
        const Field *patch = findField("media.patch_size");
        QVERIFY(patch);
        FrontEnd frontEnd;
        for (const auto &[value, isGood] : {std::pair{patch->minimum - 1, false},
                                            {patch->minimum, true},
                                            {patch->maximum, true},
                                            {patch->maximum + 1, false}}) {
            frontEnd.patch = static_cast<int64_t>(value);
            QCOMPARE(checkFrontEnd(frontEnd).ok(), isGood);
            QCOMPARE(checkFieldValue(*patch, frontEnd.patch).ok(), isGood);
        }
    }

    void checksTheFrontEnd_data()
    {
        QTest::addColumn<QString>("names");
        QTest::newRow("grid") << "the width of the grid is 0, expected 1 to 64";
        QTest::newRow("patch") << "the patch size is 65, expected 1 to 64";
        QTest::newRow("rate") << "the sample rate is 999";
        QTest::newRow("window") << "the window is 100, expected a power of two";
        QTest::newRow("hop") << "the hop is 257, expected 1 to 256";
        QTest::newRow("bands") << "the number of mel bands is 33, expected 4 to 32";
        QTest::newRow("frames") << "the number of frames per token is 0";
    }
    void checksTheFrontEnd()
    {
        VERIFY_OK(checkFrontEnd({}));
        FrontEnd frontEnd;
        const QString tag = QTest::currentDataTag();
        if (tag == "grid") frontEnd.gridWidth = 0;
        if (tag == "patch") frontEnd.patch = 65;
        if (tag == "rate") frontEnd.rate = 999;
        if (tag == "window") {
            frontEnd.window = frontEnd.hop = 100;
            frontEnd.bands = 12;
        }
        if (tag == "hop") frontEnd.hop = 257;
        if (tag == "bands") frontEnd.bands = 33;
        if (tag == "frames") frontEnd.framesPerToken = 0;
        QFETCH(QString, names);
        VERIFY_ERROR(checkFrontEnd(frontEnd), ErrorCode::InvalidInput, names.toStdString());
        QVERIFY(frontEndText(frontEnd) != frontEndText({}));
    }
};

QTEST_APPLESS_MAIN(TestImagePatches)
#include "tst_image_patches.moc"
