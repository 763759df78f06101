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
