// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/media_files.h"
#include "data_fixture.h"
#include "media_fixture.h"

using namespace orrery;
using namespace std::string_literals;

namespace {

std::string row(std::initializer_list<int> bytes)
{
    std::string out(1, '\0'); // no filter
    for (int byte : bytes) out += static_cast<char>(byte);
    return out;
}

std::vector<int> pixels(const Result<Image> &image)
{
    return image.ok() ? std::vector<int>(image->rgb.begin(), image->rgb.end()) : std::vector<int>();
}

std::vector<int> pixelAt(const Image &image, int64_t x, int64_t y)
{
    const auto at = static_cast<size_t>((y * image.width + x) * 3);
    return {image.rgb[at], image.rgb[at + 1], image.rgb[at + 2]};
}

bool isNear(const std::vector<int> &a, const std::vector<int> &b, int distance)
{
    for (size_t i = 0; i < a.size(); ++i)
        if (std::abs(a[i] - b[i]) > distance) return false;
    return a.size() == b.size();
}

} // namespace

class TestImageFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsEveryKindOfPng_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QList<int>>("expected");
        auto add = [](const char *tag, const PngParts &parts, QList<int> expected) {
            QTest::newRow(tag) << QByteArray::fromStdString(pngOf(parts)) << std::move(expected);
        };
        const std::string palette = pngChunk("PLTE", {10, 20, 30, 40, 50, 60});
        add("rgb 8", {2, 1, 8, 2, 0, "", row({1, 2, 3, 4, 5, 6})}, {1, 2, 3, 4, 5, 6});
        add("rgb 16", {1, 1, 16, 2, 0, "", row({200, 255, 100, 1, 50, 128})}, {200, 100, 50});
        add("grey 8", {2, 1, 8, 0, 0, "", row({7, 250})}, {7, 7, 7, 250, 250, 250});
        add("grey 16", {1, 1, 16, 0, 0, "", row({77, 200})}, {77, 77, 77});
        add("grey 1", {3, 1, 1, 0, 0, "", row({0b10100000})}, {255, 255, 255, 0, 0, 0, 255, 255, 255});
        add("grey 4", {2, 1, 4, 0, 0, "", row({0x3f})}, {51, 51, 51, 255, 255, 255});
        add("palette 8", {2, 1, 8, 3, 0, palette, row({1, 0})}, {40, 50, 60, 10, 20, 30});
        add("palette 2", {3, 1, 2, 3, 0, palette, row({0b01000100})}, {40, 50, 60, 10, 20, 30, 40, 50, 60});
        // A quarter of the ink over white: 255 - (255 - v)·64/255, rounded.
        add("palette with alpha", {2, 1, 8, 3, 0, palette + pngChunk("tRNS", {0, 64}), row({0, 1})},
            {255, 255, 255, 201, 204, 206});
        add("rgba 8", {2, 1, 8, 6, 0, "", row({100, 0, 200, 255, 9, 9, 9, 0})}, {100, 0, 200, 255, 255, 255});
        add("grey with alpha", {1, 1, 8, 4, 0, "", row({0, 51})}, {204, 204, 204});
        add("grey with a transparent value",
            {2, 1, 8, 0, 0, pngChunk("tRNS", std::string("\0\x07", 2)), row({7, 8})},
            {255, 255, 255, 8, 8, 8});
        // Adam7 sends (0,0), then (1,0), then the second line.
        add("interlaced", {2, 2, 8, 0, 1, "", row({1}) + row({2}) + row({3, 4})},
            {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4});
        add("two lines, filtered up", {1, 2, 8, 0, 0, "", row({5}) + std::string("\x02\x03", 2)},
            {5, 5, 5, 8, 8, 8});
        add("with a gamma that is not applied",
            {1, 1, 8, 0, 0, pngChunk("gAMA", bigEndian32(100000)), row({99})}, {99, 99, 99});
    }
    void readsEveryKindOfPng()
    {
        QFETCH(QByteArray, file);
        QFETCH(QList<int>, expected);
        const auto image = decodeImage(file.toStdString(), "a.png");
        VERIFY_OK(image);
        QCOMPARE(pixels(image), std::vector<int>(expected.begin(), expected.end()));
        QCOMPARE(image->rgb.size(), size_t(image->width * image->height * 3));
    }

    void tellsWhatTheFileHolds()
    {
        MediaFacts facts;
        VERIFY_OK(decodeImage(pngOf({1, 1, 16, 6, 0, "", row({1, 1, 2, 2, 3, 3, 4, 4})}), "a", {}, &facts));
        QCOMPARE(facts.kind, FileKind::Png);
        QCOMPARE(facts.bitsPerSample, int64_t(16));
        QVERIFY(facts.hasAlpha);
        VERIFY_OK(decodeImage(fixtureBytes("grey.jpg"), "a", {}, &facts));
        QCOMPARE(facts.kind, FileKind::Jpeg);
        QVERIFY(!facts.hasAlpha);
    }

    void readsEveryKindOfJpeg_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QList<int>>("left");
        QTest::addColumn<QList<int>>("right");
        QTest::newRow("colours") << "two_colours.jpg" << QList<int>{200, 40, 60} << QList<int>{20, 120, 220};
        QTest::newRow("progressive") << "progressive.jpg" << QList<int>{200, 40, 60}
                                     << QList<int>{20, 120, 220};
        QTest::newRow("grey") << "grey.jpg" << QList<int>{40, 40, 40} << QList<int>{210, 210, 210};
        // Magenta and yellow make red; cyan with half black is dark cyan.
        QTest::newRow("inks") << "inks.jpg" << QList<int>{255, 0, 0} << QList<int>{0, 127, 127};
    }
    void readsEveryKindOfJpeg()
    {
        QFETCH(QString, name);
        QFETCH(QList<int>, left);
        QFETCH(QList<int>, right);
        const auto image = decodeImage(fixtureBytes(name.toStdString()), name.toStdString());
        VERIFY_OK(image);
        QCOMPARE(image->width, int64_t(16));
        QCOMPARE(image->height, int64_t(16));
        for (int64_t y : {1, 8, 14}) {
            QVERIFY(isNear(pixelAt(*image, 2, y), {left.begin(), left.end()}, 4));
            QVERIFY(isNear(pixelAt(*image, 13, y), {right.begin(), right.end()}, 4));
        }
    }

    void refusesHostileSizes_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QString>("names");
        auto add = [](const char *tag, const std::string &file, const char *names) {
            QTest::newRow(tag) << QByteArray::fromStdString(file) << QString::fromUtf8(names);
        };
        add("30,000 squared", pngOf({30'000, 30'000, 8, 2, 0, "", "x"}),
            "30000 × 30000 pixels, expected at most 50000000");
        add("100,000 squared", pngOf({100'000, 100'000, 8, 2, 0, "", "x"}),
            "100000 × 100000 pixels, expected at most");
        add("all bits", pngOf({0x7fffffff, 0x7fffffff, 16, 6, 0, "", "x"}), "2147483647 × 2147483647");
        add("more than a PNG may have", pngOf({0xffffffff, 1, 8, 2, 0, "", "x"}), "4294967295 × 1");
        add("no width", pngOf({0, 5, 8, 2, 0, "", "x"}), "0 × 5 pixels, expected both sides");
        add("no height", pngOf({5, 0, 8, 2, 0, "", "x"}), "5 × 0 pixels");
        std::string jpeg = fixtureBytes("two_colours.jpg");
        const size_t frame = jpeg.find("\xff\xc0");
        jpeg.replace(frame + 5, 4, "\xff\xff\xff\xff");
        add("largest JPEG", jpeg, "65500 pixels");
        jpeg.replace(frame + 5, 4, "\x40\x00\x40\x00"s);
        add("large JPEG", jpeg, "16384 × 16384 pixels, expected at most");
        jpeg.replace(frame + 5, 4, std::string(4, '\0'));
        add("JPEG without a side", jpeg, "broken");
    }
    void refusesHostileSizes()
    {
        QFETCH(QByteArray, file);
        QFETCH(QString, names);
        VERIFY_ERROR(decodeImage(file.toStdString(), "big.img"), ErrorCode::InvalidInput,
                     names.toStdString());
        VERIFY_ERROR(decodeImage(file.toStdString(), "big.img"), ErrorCode::InvalidInput,
                     "Cannot read \"big.img\": ");
    }

    void refusesBrokenFiles_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QString>("names");
        auto add = [](const char *tag, const std::string &file, const char *names) {
            QTest::newRow(tag) << QByteArray::fromStdString(file) << QString::fromUtf8(names);
        };
        const std::string png = pngOf({2, 2, 8, 0, 0, "", row({1, 2}) + row({3, 4})});
        const std::string jpeg = fixtureBytes("two_colours.jpg");
        add("empty", "", "the file is empty, expected PNG or JPEG");
        add("text", "hello", "its content is text, expected PNG or JPEG");
        add("WAV", wavOf({1, 1, 8000, 16, "ab"}), "its content is WAV");
        add("noise", std::string("\x01\x02\xff\xfe", 4), "of an unknown kind");
        add("PNG, mark only", png.substr(0, 8), "header is missing");
        add("PNG without its end", png.substr(0, png.size() - 12), "cut off behind byte");
        add("PNG cut in its data", png.substr(0, 40), "cut off");
        std::string longChunk = png;
        longChunk.replace(33, 4, "\x7f\xff\xff\xff");
        add("PNG chunk longer than the file", longChunk, "the chunk at byte 33 has 2147483647 bytes");
        std::string checksum = png;
        checksum[30] ^= 1;
        add("PNG with a wrong checksum", checksum, "broken (");
        add("PNG with too little data", pngOf({9, 9, 8, 2, 0, "", row({1})}), "broken (");
        add("PNG of an unknown colour type", pngOf({1, 1, 8, 5, 0, "", row({1})}), "broken (");
        add("PNG palette without colours", pngOf({1, 1, 8, 3, 0, "", row({1})}), "broken (");
        add("PNG with a packed bomb as profile",
            pngOf({1, 1, 8, 0, 0,
                   pngChunk("iCCP", std::string("a\0\0", 3) + zlibOf(std::string(100'000'000, 'a'))),
                   row({1})}),
            "broken (");
        add("JPEG, mark only", jpeg.substr(0, 4), "0 × 0 pixels");
        add("JPEG cut in its data", jpeg.substr(0, jpeg.size() - 20), "cut off");
        std::string scans = fixtureBytes("progressive.jpg");
        const std::string scan =
            scans.substr(scans.rfind("\xff\xda"), scans.size() - 2 - scans.rfind("\xff\xda"));
        scans.resize(scans.size() - 2);
        for (int i = 0; i < 200; ++i) scans += scan;
        add("JPEG with many scans", scans + "\xff\xd9", "scans, expected at most 100");
    }
    void refusesBrokenFiles()
    {
        QFETCH(QByteArray, file);
        QFETCH(QString, names);
        VERIFY_ERROR(decodeImage(file.toStdString(), "x"), ErrorCode::InvalidInput, names.toStdString());
        QVERIFY(!decodeImage(file.toStdString(), "x").error().hint.empty());
    }

    void keepsToTheLimits()
    {
        const std::string png = pngOf({2, 2, 8, 0, 0, "", row({1, 2}) + row({3, 4})});
        MediaLimits limits;
        limits.maxPixels = 4;
        VERIFY_OK(decodeImage(png, "x", limits));
        limits.maxPixels = 3;
        VERIFY_ERROR(decodeImage(png, "x", limits), ErrorCode::InvalidInput,
                     "2 × 2 pixels, expected at most 3");
        limits = {};
        limits.maxFileBytes = png.size();
        VERIFY_OK(decodeImage(png, "x", limits));
        limits.maxFileBytes = png.size() - 1;
        VERIFY_ERROR(decodeImage(png, "x", limits), ErrorCode::InvalidInput, "bytes, expected at most");
        const DataFixture data;
        VERIFY_ERROR(readImage(data.write("a.png", png), limits), ErrorCode::InvalidInput, "a.png");
        VERIFY_OK(readImage(data.path("a.png")));
        VERIFY_ERROR(readImage(data.path("none.png")), ErrorCode::NotFound, "none.png");
        VERIFY_ERROR(readImage(data.path("")), ErrorCode::InvalidInput, "a folder");
    }

    void namesNothingThatMovesTheCursor()
    {
        VERIFY_ERROR(decodeImage("", "a\x1b[31m\n.png"), ErrorCode::InvalidInput, "\"a?[31m?.png\"");
    }

    void writesWhatItReads()
    {
        Image image{3, 2, {}};
        for (int i = 0; i < 18; ++i) image.rgb.push_back(static_cast<uint8_t>(i * 14));
        const auto png = encodePng(image);
        VERIFY_OK(png);
        const auto back = decodeImage(*png, "x");
        VERIFY_OK(back);
        QCOMPARE(back->rgb, image.rgb);
        QCOMPARE(back->width, int64_t(3));
    }

    void survivesDamage_data()
    {
        QTest::addColumn<QByteArray>("file");
        PngParts small{16, 8, 8, 6, 0, pngChunk("tEXt", std::string("a\0b", 3)), ""};
        PngParts palette{20, 3, 4, 3, 1, pngChunk("PLTE", std::string(48, 'x')) + pngChunk("tRNS", "abcd"),
                         ""};
        for (int y = 0; y < 8; ++y) small.rows += char(y % 5) + std::string(64, char(y * 9));
        palette.rows = std::string(80, '\1');
        QTest::newRow("rgba PNG") << QByteArray::fromStdString(pngOf(small));
        QTest::newRow("interlaced palette PNG") << QByteArray::fromStdString(pngOf(palette));
        for (const char *name : {"two_colours.jpg", "progressive.jpg", "grey.jpg", "inks.jpg"})
            QTest::newRow(name) << QByteArray::fromStdString(fixtureBytes(name));
    }
    void survivesDamage()
    {
        QFETCH(QByteArray, file);
        MediaLimits limits;
        limits.maxPixels = 1'000'000; // a changed size must not make the test slow
        const int numGood = orrery::survivesDamage(file.toStdString(), 2000, [&](const std::string &bytes) {
            auto image = decodeImage(bytes, "damaged", limits);
            if (image.ok() && image->rgb.size() != static_cast<size_t>(image->width * image->height * 3))
                qFatal("pixels do not match the sides");
            return image;
        });
        QVERIFY(numGood < 2000);
    }
};

QTEST_APPLESS_MAIN(TestImageFiles)
#include "tst_image_files.moc"
