// SPDX-License-Identifier: Apache-2.0
// Pictures of a camera that was turned.
#include "core/data/media/orientation.h"
#include "data_fixture.h"
#include "media_fixture.h"

using namespace orrery;
using namespace std::string_literals;

namespace {

/// The letters of the colours of corners.jpg; '?' for others.
char letterAt(const Image &image, int64_t x, int64_t y)
{
    struct Colour {
        char letter;
        int rgb[3];
    };
    constexpr Colour kColours[] = {
        {'R', {200, 40, 60}}, {'B', {20, 120, 220}}, {'Y', {240, 220, 40}}, {'G', {30, 160, 70}}};
    const uint8_t *pixel = image.rgb.data() + (y * image.width + x) * 3;
    for (const Colour &colour : kColours)
        if (std::equal(pixel, pixel + 3, colour.rgb, [](int a, int b) { return std::abs(a - b) <= 4; }))
            return colour.letter;
    return '?';
}

/// Of the corners, line by line.
QString cornersOf(const Image &image)
{
    QString letters;
    for (int64_t y : {int64_t{2}, image.height - 3})
        for (int64_t x : {int64_t{2}, image.width - 3}) letters += QLatin1Char(letterAt(image, x, y));
    return letters;
}

std::string tiff(const std::string &bytes) { return "Exif\0\0"s + bytes; }

} // namespace

class TestOrientation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void turnsJpegsUpright_data()
    {
        QTest::addColumn<int>("orientation");
        QTest::addColumn<QString>("corners");
        // As "convert -auto-orient" of ImageMagick 6.9 has them.
        const char *corners[] = {"RBYG", "BRGY", "GYBR", "YGRB", "RYBG", "YRGB", "GBYR", "BGRY"};
        for (int i = 0; i < 8; ++i) QTest::addRow("%d", i + 1) << i + 1 << QString::fromLatin1(corners[i]);
        QTest::newRow("none") << 0 << u"RBYG"_qs;
        QTest::newRow("beyond the last") << 9 << u"RBYG"_qs;
    }
    void turnsJpegsUpright()
    {
        QFETCH(int, orientation);
        QFETCH(QString, corners);
        for (const ByteOrder order : {ByteOrder::Little, ByteOrder::Big}) {
            const auto image = decodeImage(
                withApp1(fixtureBytes("corners.jpg"), exifOf(static_cast<uint16_t>(orientation), order)),
                "a.jpg");
            VERIFY_OK(image);
            const bool isOnItsSide = orientation >= 5 && orientation <= 8;
            QCOMPARE(image->width, int64_t(isOnItsSide ? 16 : 24));
            QCOMPARE(image->height, int64_t(isOnItsSide ? 24 : 16));
            QCOMPARE(cornersOf(*image), corners);
        }
    }

    void turnsEachPixel()
    {
        const Image image{3, 2, {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6}};
        const std::vector<std::vector<uint8_t>> expected = {
            {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
            {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
        for (size_t i = 0; i < expected.size(); ++i) {
            const Image upright = turnUpright(image, static_cast<int>(i) + 1);
            QCOMPARE(upright.width, int64_t(i < 4 ? 3 : 2));
            QCOMPARE(upright.height, int64_t(i < 4 ? 2 : 3));
            for (size_t k = 0; k < 18; ++k) QCOMPARE(upright.rgb[k], expected[i][k / 3]);
        }
    }

    /// Inks, greys and several scans are decoded on other ways.
    void turnsEveryKindOfJpeg()
    {
        for (const char *name : {"two_colours.jpg", "progressive.jpg", "grey.jpg", "inks.jpg"}) {
            const auto plain = decodeImage(fixtureBytes(name), name);
            VERIFY_OK(plain);
            const auto turned = decodeImage(withApp1(fixtureBytes(name), exifOf(8, ByteOrder::Big)), name);
            VERIFY_OK(turned);
            QCOMPARE(turned->rgb, turnUpright(*plain, 8).rgb);
            QVERIFY(turned->rgb != plain->rgb);
        }
    }

    /// The window does not turn them either.
    void leavesPngsAsTheyAre()
    {
        const std::string exif = exifOf(6, ByteOrder::Big).substr(6);
        const auto image = decodeImage(
            pngOf({2, 1, 8, 0, 0, pngChunk("eXIf", exif), std::string("\0\x07\x09", 3)}), "a.png");
        VERIFY_OK(image);
        QCOMPARE(image->width, int64_t(2));
        QCOMPARE(image->rgb, (std::vector<uint8_t>{7, 7, 7, 9, 9, 9}));
    }

    /// Programs put XMP in front of it; of two that are EXIF the first one counts.
    void exifIsFoundBehindOthers()
    {
        const std::string jpeg = fixtureBytes("corners.jpg");
        const std::string exif = exifOf(6, ByteOrder::Big);
        const std::string others = "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"s;
        const auto cornersWith = [&](const std::string &first, const std::string &second) {
            const auto image = decodeImage(withApp1(withApp1(jpeg, second), first), "a.jpg");
            return image.ok() ? cornersOf(*image) : QString::fromStdString(image.error().text());
        };
        QCOMPARE(cornersWith(exif, others), u"YRGB"_qs);
        QCOMPARE(cornersWith(others, exif), u"YRGB"_qs);
        QCOMPARE(cornersWith(exif, exifOf(3, ByteOrder::Little)), u"YRGB"_qs);
        QCOMPARE(cornersWith(others, others), u"RBYG"_qs);
        QCOMPARE(cornersWith(std::string(65'533, 'x'), exif), u"YRGB"_qs);
    }

    void segmentsAreWalkedToTheFirstScan_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("expected");
        auto row = [](const char *name, const std::string &bytes, int expected) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << expected;
        };
        const std::string start = "\xff\xd8"s, exif = exifOf(6, ByteOrder::Big);
        const std::string whole = withApp1(start, exif), segment = whole.substr(2);
        const std::string xmp = "\xff\xe1\0\x06http"s;
        row("first", whole, 6);
        row("behind XMP", start + xmp + segment, 6);
        row("behind an empty one", start + "\xff\xe1\0\x02"s + segment, 6);
        row("behind padding", start + "\xff\xff\xff"s + segment, 6);
        row("behind a marker that stands alone", start + "\xff\x01"s + segment, 6);
        row("behind the scan", start + "\xff\xda\0\x02"s + segment, 1);
        row("behind the end", start + "\xff\xd9"s + segment, 1);
        row("behind bytes of nothing", start + "abcd" + segment, 1);
        row("length 0", start + "\xff\xe1\0\0"s + segment, 1);
        row("length 1", start + "\xff\xe1\0\x01"s + segment, 1);
        row("length to the end", start + "\xff\xe1\xff\xff"s + segment, 1);
        row("length into the next one", start + "\xff\xe1\0\x08http"s + segment, 1);
        row("one byte short", whole.substr(0, whole.size() - 1), 1);
        row("mark alone", start + xmp + "\xff\xe1"s, 1);
        row("half a length", start + xmp + "\xff\xe1\0"s, 1);
        row("start alone", start, 1);
        row("one byte", "\xff"s, 1);
        row("nothing", "", 1);
    }
    void segmentsAreWalkedToTheFirstScan()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, expected);
        const std::vector<char> exact(bytes.begin(), bytes.end()); // nothing behind it
        QCOMPARE(jpegOrientation({exact.data(), exact.size()}), expected);
    }

    void whatIsBrokenIsUpright_data()
    {
        QTest::addColumn<QByteArray>("segment");
        QTest::addColumn<int>("expected");
        auto row = [](const char *name, const std::string &segment, int expected = 1) {
            QTest::newRow(name) << QByteArray::fromStdString(segment) << expected;
        };
        const std::string good = exifOf(6, ByteOrder::Big);
        row("good", good, 6);
        row("empty", "");
        row("no EXIF", "JFIF\0\0"s + good.substr(6));
        row("no byte order", tiff("XX\0*\0\0\0\x08"s));
        row("mixed byte order", tiff("II\0*\x08\0\0\0"s + good.substr(14)));
        row("directory behind the end", tiff("MM\0*\xff\xff\xff\xff"s + good.substr(14)));
        row("directory in the head", tiff("MM\0*\0\0\0\x04"s + good.substr(14)));
        row("no directory", tiff("MM\0*\0\0\0\0"s + good.substr(14)));
        row("directory at the last byte", tiff("MM\0*\0\0\0\x08\x01"s));
        row("more entries than bytes", tiff("MM\0*\0\0\0\x08\xff\xff"s));
        row("entries of others, then the end",
            tiff("MM\0*\0\0\0\x08\xff\xff"s + tiffEntry(7, 7, ByteOrder::Big)));
        // Mark, head, number of entries and the first of them, then tag, type, count and value.
        constexpr size_t kEntry = 6 + 8 + 2 + 12;
        row("cut before the value", good.substr(0, kEntry + 9));
        row("cut behind the value", good.substr(0, kEntry + 10), 6);
        std::string changed = good;
        changed[kEntry + 3] = 4;
        row("of another type", changed);
        changed = good;
        changed[kEntry + 7] = 2;
        row("two of them", changed);
        const std::string empty = "\0\0"s;
        row("in a second directory", tiff("MM\0*\0\0\0\x08"s + empty + "\0\0\0\x0e"s + good.substr(14)), 6);
        row("a directory that leads to itself",
            tiff("MM\0*\0\0\0\x08"s + empty + "\0\0\0\x08"s + good.substr(14)));
        std::string chain = "MM\0*\0\0\0\x08"s;
        for (char next = 0x0e; next < 0x0e + 9 * 6; next = char(next + 6)) chain += empty + "\0\0\0"s + next;
        row("in the tenth directory", tiff(chain + good.substr(14)), 6);
        chain += empty + "\0\0\0"s + char(8 + 10 * 6);
        row("in the eleventh", tiff(chain + good.substr(14)));
    }
    void whatIsBrokenIsUpright()
    {
        QFETCH(QByteArray, segment);
        QFETCH(int, expected);
        QCOMPARE(exifOrientation(segment.toStdString()), expected);
    }

    void survivesDamage()
    {
        for (const ByteOrder order : {ByteOrder::Little, ByteOrder::Big}) {
            int turned = 0;
            orrery::survivesDamage(exifOf(5, order), 20'000, [&](const std::string &damaged) -> Result<int> {
                const std::vector<char> exact(damaged.begin(), damaged.end()); // nothing behind it
                const int orientation = exifOrientation({exact.data(), exact.size()});
                if (orientation < 1 || orientation > 8) qFatal("orientation %d", orientation);
                turned += orientation != kUpright;
                return orientation;
            });
            QVERIFY(turned > 1000);
        }
        const std::string behind =
            withApp1(withApp1("\xff\xd8", exifOf(5, ByteOrder::Big)), "http://ns.adobe.com/xap/1.0/");
        orrery::survivesDamage(behind, 20'000, [&](const std::string &damaged) -> Result<int> {
            const std::vector<char> exact(damaged.begin(), damaged.end());
            const int orientation = jpegOrientation({exact.data(), exact.size()});
            if (orientation < 1 || orientation > 8) qFatal("orientation %d", orientation);
            return orientation;
        });
        MediaLimits limits;
        limits.maxPixels = 1'000'000;
        orrery::survivesDamage(withApp1(fixtureBytes("corners.jpg"), exifOf(7, ByteOrder::Little)), 2000,
                               [&](const std::string &damaged) {
                                   auto image = decodeImage(damaged, "damaged", limits);
                                   if (image.ok() &&
                                       image->rgb.size() != size_t(image->width * image->height * 3))
                                       qFatal("pixels do not match the sides");
                                   return image;
                               });
    }
};

QTEST_APPLESS_MAIN(TestOrientation)
#include "tst_orientation.moc"
