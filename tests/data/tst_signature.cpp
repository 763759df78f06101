// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/signature.h"

#include <QTest>

using namespace orrery;

class TestSignature : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void knowsContent_data()
    {
        QTest::addColumn<QByteArray>("head");
        QTest::addColumn<QString>("kind");
        auto add = [](const char *tag, const QByteArray &head, const char *kind) {
            QTest::newRow(tag) << head << QString::fromUtf8(kind);
        };
        add("PNG", QByteArray("\x89PNG\r\n\x1a\nrest"), "PNG");
        add("PNG after a text transfer", QByteArray("\x89PNG\n\x1a\nrest"), "unknown");
        add("JPEG", QByteArray("\xff\xd8\xff\xe0"), "JPEG");
        add("WAV", QByteArray("RIFF\1\2\3\4WAVE"), "WAV");
        add("another RIFF", QByteArray("RIFF\1\2\3\4AVI "), "unknown");
        add("the word RIFF", QByteArray("RIFF is a container."), "text");
        add("FLAC", QByteArray("fLaC\0", 5), "FLAC");
        add("FLAC behind a tag", QByteArray("ID3\3\0\0\0\0\0\2..fLaC", 16), "FLAC");
        add("FLAC behind a tag with a foot",
            QByteArray("ID3\4\0\x10\0\0\0\0"
                       "3DI\4\0\x10\0\0\0\0"
                       "fLaC",
                       24),
            "FLAC");
        add("FLAC not where the tag ends", QByteArray("ID3\3\0\0\0\0\0\1..fLaC", 16), "unknown");
        add("a tag with an eighth bit", QByteArray("ID3\3\0\0\0\0\0\x82..fLaC", 16), "unknown");
        add("a tag beyond the head",
            QByteArray("ID3\3\0\0\x7f\x7f\x7f\x7f"
                       "fLaC",
                       14),
            "unknown");
        add("a text of ID3", QByteArray("ID3 is the mark of a tag."), "text");
        add("ASCII", QByteArray("hello\r\n\tworld"), "text");
        add("UTF-8", QByteArray("gr\xc3\xbc\xc3\x9f"), "text");
        add("cut in a character", QByteArray("gr\xc3"), "text");
        add("broken UTF-8", QByteArray("gr\xc3 "), "unknown");
        add("Latin-1", QByteArray("gr\xfc\xdf "), "unknown");
        add("NUL", QByteArray("a\0b", 3), "unknown");
        add("bell", QByteArray("a\ab"), "unknown");
        add("delete", QByteArray("a\x7f"), "unknown");
        add("coloured log", QByteArray("\x1b[31mred"), "text");
        add("nothing", QByteArray(), "unknown");
        add("one lead byte", QByteArray("\xc3"), "unknown");
    }
    void knowsContent()
    {
        QFETCH(QByteArray, head);
        QFETCH(QString, kind);
        QCOMPARE(QString(fileKindName(fileKindOf(head.toStdString()))), kind);
    }

    void namesWhatOthersRead_data()
    {
        QTest::addColumn<QByteArray>("head");
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("modality");
        const auto add = [](const QByteArray &head, const char *name, Modality modality) {
            QTest::newRow(name) << head << QString::fromUtf8(name) << static_cast<int>(modality);
        };
        add("GIF89a\x01", "GIF", Modality::Image);
        add(QByteArray("BM\x36\x10\0\0\0\0\0\0", 10), "BMP", Modality::Image);
        add(QByteArray("II*\0\x08\0\0\0", 8), "TIFF", Modality::Image);
        add("RIFF\1\2\3\4WEBP", "WebP", Modality::Image);
        add(QByteArray("\0\0\0\x18" "ftypheic", 12), "HEIF", Modality::Image);
        add(QByteArray("\0\0\0\x18" "ftypavif", 12), "AVIF", Modality::Image);
        add("ID3\3", "MP3", Modality::Audio);
        add("OggS\1", "Ogg", Modality::Audio);
        add(QByteArray("FORM\0\0\1\0AIFF", 12), "AIFF", Modality::Audio);
        add(QByteArray("\0\0\0\x18" "ftypM4A ", 12), "M4A", Modality::Audio);
        add("RF64\xff\xff\xff\xffWAVE", "RF64", Modality::Audio);
        add("BW64\xff\xff\xff\xffWAVE", "BW64", Modality::Audio);
        add("RIFX\1\2\3\4WAVE", "RIFX", Modality::Audio);
        add(QByteArray("riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\4\xc1\0\0", 16), "Wave64", Modality::Audio);
        add(QByteArray("caff\0\1\0\0desc", 12), "CAF", Modality::Audio);
        add(QByteArray(".snd\0\0\0\x18", 8), "AU", Modality::Audio);
        add(QByteArray("ID3\3\0\0\0\0\1\0", 10), "MP3 or FLAC behind an ID3 tag", Modality::Audio);
    }
    void namesWhatOthersRead()
    {
        QFETCH(QByteArray, head);
        QFETCH(QString, name);
        QFETCH(int, modality);
        const auto found = foreignFormatOf(head.toStdString());
        QVERIFY(found);
        QCOMPARE(QString::fromUtf8(found->name), name);
        QCOMPARE(static_cast<int>(found->modality), modality);
        // Whatever is cut off, nothing is read beyond its end.
        for (qsizetype i = 0; i < head.size(); ++i) (void)foreignFormatOf(std::string_view(head.data(), static_cast<size_t>(i)));
    }
    void leavesTheRestAlone()
    {
        for (const std::string_view head :
             {std::string_view("BM is no picture"), std::string_view("RIFF\1\2\3\4AVI "), std::string_view(), std::string_view("\xff"),
              std::string_view("\xff\xfe" "a\0b\0", 6), std::string_view("FORM of a letter")})
            QVERIFY(!foreignFormatOf(head));
        QCOMPARE(
            QLatin1String(foreignFormatOf(std::string_view("ID3\3\0\0\0\0\0\2..\xff\xfb\x90\0", 16))->name),
            QLatin1String("MP3"));
        QVERIFY(foreignFormatOf("\xff\xfb\x90")); // MP3 without a title
    }

    /// A tag's length is seven bits of four bytes, whatever they promise.
    void measuresTags()
    {
        QCOMPARE(tagBytes(std::string_view("ID3\3\0\0\0\0\2\1", 10)), uint64_t(10 + 257));
        QCOMPARE(tagBytes(std::string_view("ID3\4\0\x10\0\0\2\1", 10)), uint64_t(10 + 257 + 10));
        QCOMPARE(tagBytes(std::string_view("ID3\3\0\0\x7f\x7f\x7f\x7f", 10)), uint64_t(10 + 268'435'455));
        QCOMPARE(tagBytes(std::string_view("ID3\3\0\0\x80\0\0\0", 10)), uint64_t(0));
        QCOMPARE(tagBytes(std::string_view("ID3\3\0\0\0\0\0", 9)), uint64_t(0));
        QCOMPARE(tagBytes("fLaC"), uint64_t(0));
        QCOMPARE(withoutTag(std::string_view("ID3\3\0\0\0\0\0\1.fLaC", 15)), std::string_view("fLaC"));
        const std::string_view mp3("ID3\3\0\0\0\0\0\1.\xff\xfb", 13);
        QCOMPARE(withoutTag(mp3), mp3);
    }

    void knowsNames()
    {
        QCOMPARE(fileKindOfName("a/b.PNG"), FileKind::Png);
        QCOMPARE(fileKindOfName("x.y.jpeg"), FileKind::Jpeg);
        QCOMPARE(fileKindOfName("x.Jpg"), FileKind::Jpeg);
        QCOMPARE(fileKindOfName("x.wav"), FileKind::Wav);
        QCOMPARE(fileKindOfName("x.flac"), FileKind::Flac);
        QCOMPARE(fileKindOfName("x.txt"), FileKind::Text);
        QCOMPARE(fileKindOfName("png"), FileKind::Unknown);
        QCOMPARE(fileKindOfName("x.bin"), FileKind::Unknown);
        QCOMPARE(fileKindOfName(""), FileKind::Unknown);
    }

    void everyKindHasItsModality()
    {
        QCOMPARE(modalityOf(FileKind::Png), Modality::Image);
        QCOMPARE(modalityOf(FileKind::Jpeg), Modality::Image);
        QCOMPARE(modalityOf(FileKind::Wav), Modality::Audio);
        QCOMPARE(modalityOf(FileKind::Flac), Modality::Audio);
        QCOMPARE(modalityOf(FileKind::Text), Modality::Text);
        QCOMPARE(modalityOf(FileKind::Unknown), Modality::Unknown);
        for (size_t i = 0; i < kNumModalities; ++i) {
            QCOMPARE(modalityIndex(kModalities[i]), i);
            QCOMPARE(modalityFromName(modalityName(kModalities[i])), kModalities[i]);
        }
        QCOMPARE(modalityFromName("video"), Modality::Unknown);
    }
};

QTEST_APPLESS_MAIN(TestSignature)
#include "tst_signature.moc"
