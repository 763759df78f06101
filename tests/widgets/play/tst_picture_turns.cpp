// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of a turned camera: the window, which has Qt's decoders, shows them as the engine's give them to a
// model.
#include "core/data/media/media_files.h"
#include "core/data/media/orientation.h"
#include "tests/data/media_fixture.h"
#include "widgets/play/attachment.h"
#include "widgets/play/request_size.h"
#include "widgets/play/upright_picture.h"

#include <QBuffer>
#include <QImageReader>
#include <QTemporaryDir>
#include <QtTest>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

AttachmentPtr attached(const std::string &bytes)
{
    const QTemporaryDir folder;
    QFile file(folder.filePath(u"a.jpg"_s));
    if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write a.jpg");
    file.write(bytes.data(), qint64(bytes.size()));
    file.close();
    return readAttachment(file.fileName(), kMaxRequestBytes).value();
}

/// Of the middle of a quarter, whatever the size.
QRgb quarterOf(const QImage &image, int column, int row)
{
    return image.pixel(image.width() * (1 + 2 * column) / 4, image.height() * (1 + 2 * row) / 4);
}

QImage asQt(const Image &image)
{
    return QImage(image.rgb.data(), int(image.width), int(image.height), int(image.width) * 3,
                  QImage::Format_RGB888)
        .copy();
}

int distance(QRgb a, QRgb b)
{
    return std::abs(qRed(a) - qRed(b)) + std::abs(qGreen(a) - qGreen(b)) + std::abs(qBlue(a) - qBlue(b));
}

/// As Qt names the turns 1 to 8.
QImageIOHandler::Transformations turnOf(int orientation)
{
    using H = QImageIOHandler;
    constexpr H::Transformation kTurns[] = {H::TransformationNone,
                                            H::TransformationMirror,
                                            H::TransformationRotate180,
                                            H::TransformationFlip,
                                            H::TransformationFlipAndRotate90,
                                            H::TransformationRotate90,
                                            H::TransformationMirrorAndRotate90,
                                            H::TransformationRotate270};
    return kTurns[orientation - 1];
}

} // namespace

class TestPictureTurns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void windowAndEngineSeeTheSame_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        const std::string jpeg = fixtureBytes("corners.jpg");
        for (int orientation = 0; orientation <= 9; ++orientation)
            for (const ByteOrder order : {ByteOrder::Little, ByteOrder::Big})
                QTest::addRow("%d %s", orientation, order == ByteOrder::Big ? "big" : "little")
                    << QByteArray::fromStdString(withApp1(jpeg, exifOf(uint16_t(orientation), order)));
        const std::string others("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>", 42);
        const std::string exif = exifOf(6, ByteOrder::Big);
        QTest::newRow("another program's segment behind it")
            << QByteArray::fromStdString(withApp1(withApp1(jpeg, others), exif));
        QTest::newRow("another program's in front of it") << QByteArray::fromStdString(withApp1(withApp1(jpeg, exif), others));
        PngParts png{2, 4, 8, 0, 0, pngChunk("eXIf", exif.substr(6)), ""};
        for (const char grey : {'\0', '\0', '\xc0', '\xc0'})
            png.rows += std::string(1, '\0') + std::string(2, grey);
        QTest::newRow("png") << QByteArray::fromStdString(pngOf(png));
    }
    void windowAndEngineSeeTheSame()
    {
        QFETCH(QByteArray, bytes);
        const auto image = decodeImage(bytes.toStdString(), "a");
        QVERIFY2(image.ok(), image.ok() ? "" : image.error().text().c_str());
        const AttachmentPtr shown = attached(bytes.toStdString());
        QCOMPARE(shown->pixels, QSize(int(image->width), int(image->height)));
        const QImage seen = asQt(*image);
        if (bytes.startsWith("\xff\xd8")) // looked at from inside a model, too
            QCOMPARE(turnedUpright(QImage::fromData(bytes), pictureOrientation(bytes.toStdString())).size(), seen.size());
        QCOMPARE(shown->thumbnail.width() > shown->thumbnail.height(), seen.width() > seen.height());
        for (const int row : {0, 1})
            for (const int column : {0, 1})
                QVERIFY(distance(quarterOf(shown->thumbnail, column, row), quarterOf(seen, column, row)) <
                        40);
    }

    /// Qt reads EXIF that is broken as far as we do, and takes the same for nothing: a second opinion.
    void damageIsReadAlike()
    {
        const std::string jpeg = fixtureBytes("corners.jpg");
        int numTurned = 0;
        for (const ByteOrder order : {ByteOrder::Little, ByteOrder::Big})
            survivesDamage(exifOf(6, order), 5000, [&](const std::string &damaged) -> Result<int> {
                QByteArray bytes = QByteArray::fromStdString(withApp1(jpeg, damaged));
                QBuffer buffer(&bytes);
                QImageReader reader(&buffer, "jpeg");
                const int orientation = exifOrientation(damaged);
                if (reader.transformation() != turnOf(orientation))
                    qFatal("%d: Qt turns by %d: %s", orientation, int(reader.transformation()),
                           QByteArray::fromStdString(damaged).toHex(' ').constData());
                numTurned += orientation != kUpright;
                return orientation;
            });
        QVERIFY(numTurned > 1000);
    }
};

QTEST_MAIN(TestPictureTurns)
#include "tst_picture_turns.moc"
