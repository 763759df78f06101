// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and recordings that go with a prompt: what they are, and how they come into the playground.
#include "media_bytes.h"
#include "play_setup.h"

#include "widgets/common/banner.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/play/answer_media.h"
#include "widgets/play/attachment_bar.h"
#include "widgets/play/request_size.h"
#include "widgets/play/token_view.h"

#include <QClipboard>
#include <QDropEvent>
#include <QFileDialog>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>
#include <QUrl>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

/// As libpng counts it: ISO 3309.
quint32 crcOf(const QByteArray &bytes)
{
    quint32 crc = 0xFFFFFFFF;
    for (const char byte : bytes) {
        crc ^= static_cast<quint8>(byte);
        for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

QByteArray bigEndian(quint32 value)
{
    QByteArray bytes(4, '\0');
    for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(value >> (24 - 8 * i));
    return bytes;
}

QByteArray chunk(const QByteArray &name, const QByteArray &data)
{
    return bigEndian(static_cast<quint32>(data.size())) + name + data + bigEndian(crcOf(name + data));
}

/// A head that promises 30,000 × 30,000 pixels: 3.4 GiB once decoded.
QByteArray hugePng()
{
    return QByteArray("\x89PNG\r\n\x1a\n") +
           chunk("IHDR", bigEndian(30'000) + bigEndian(30'000) + QByteArray("\x08\x06\0\0\0", 5)) +
           chunk("IDAT", QByteArray("\x78\x9c\x03\x00\x00\x00\x00\x01", 8)) + chunk("IEND", {});
}

const QByteArray kWav("RIFF\x24\0\0\0WAVEfmt ", 16);

struct Desk : Setup {
    Desk() : bar(panel->attachments()) {}
    QString write(const QString &name, const QByteArray &content)
    {
        QFile file(folder.filePath(name));
        if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write %s", qPrintable(name));
        file.write(content);
        return file.fileName();
    }
    void drop(const QMimeData &data)
    {
        QWidget *target = panel->promptEditor()->viewport();
        QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &enter);
        if (!enter.isAccepted()) return;
        QDropEvent event(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &event);
    }
    void dropFiles(const QStringList &paths)
    {
        QMimeData data;
        QList<QUrl> urls;
        for (const QString &path : paths) urls << QUrl::fromLocalFile(path);
        data.setUrls(urls);
        drop(data);
    }
    [[nodiscard]] QStringList names() const
    {
        QStringList names;
        for (const AttachmentPtr &attachment : bar->attachments()) names << attachment->name;
        return names;
    }
    QTemporaryDir folder;
    AttachmentBar *bar;
};

} // namespace

class TestAttachments : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void knowsKindsBySignature_data();
    void knowsKindsBySignature();
    void makesASmallPicture();
    void doesNotDecodeHugePictures();
    void keepsBrokenPictures();
    void namesWhatIsRefused_data();
    void namesWhatIsRefused();
    void dropsGoBeforeThePrompt();
    void answersShowWhatTheyAreAbout();
    void keptAnswersShowWhatTheyWereAbout();
    void keptAnswersAreAskedAgain();
    void sessionsOfBeforeHaveNames();
    void pastesAPicture();
    void textIsStillPasted();
    void attachesByDialog();
    void removesAndBringsBack();
    void refusalStandsInTheBanner();
    void totalHasALimit();
    void otherModesTakeNone();
    void engineRefusalIsShown();
    void commandNamesFiles();
    void draftKeepsFiles();
    void everyControlHasAName();
    void namesAreNoHtml();
};

void TestAttachments::knowsKindsBySignature_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("kind");
    QTest::newRow("png") << pngOf({2, 2}) << u"PNG"_s;
    QTest::newRow("jpeg") << QByteArray("\xFF\xD8\xFF\xE0rest") << u"JPEG"_s;
    QTest::newRow("wav") << kWav << u"WAV"_s;
    QTest::newRow("flac") << QByteArray("fLaC\0", 5) << u"FLAC"_s;
    QTest::newRow("avi is no wav") << QByteArray("RIFF\x24\0\0\0AVI LIST", 16) << u"unknown"_s;
    QTest::newRow("cut") << QByteArray("\x89PNG") << u"unknown"_s;
    QTest::newRow("text") << QByteArray("hello") << u"unknown"_s;
    QTest::newRow("nothing") << QByteArray() << u"unknown"_s;
}

void TestAttachments::knowsKindsBySignature()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, kind);
    QCOMPARE(mediaKindText(mediaKindOf(bytes.toStdString())), kind);
}

void TestAttachments::makesASmallPicture()
{
    Desk desk;
    const auto made = readAttachment(desk.write(u"a.png"_s, pngOf({300, 100})), kMaxRequestBytes);
    QVERIFY(made.ok());
    QCOMPARE((*made)->pixels, QSize(300, 100));
    QCOMPARE((*made)->thumbnail.width(), kThumbnailPixels);
    QVERIFY((*made)->thumbnail.height() < kThumbnailPixels / 2);
    QCOMPARE((*made)->thumbnail.pixelColor(5, 5), QColor(Qt::red));
}

void TestAttachments::doesNotDecodeHugePictures()
{
    Desk desk;
    const auto made = readAttachment(desk.write(u"huge.png"_s, hugePng()), kMaxRequestBytes);
    QVERIFY(made.ok());
    QCOMPARE((*made)->pixels, QSize(30'000, 30'000));
    QVERIFY((*made)->thumbnail.isNull());
    // A picture one below the limit would be tried: the limit is what kept this one out.
    QVERIFY(qint64(30'000) * 30'000 > kMaxThumbnailSource);
}

void TestAttachments::keepsBrokenPictures()
{
    Desk desk; // the engine says what is wrong with it, with its own limits
    const auto made = readAttachment(desk.write(u"b.png"_s, pngOf({40, 40}).left(60)), kMaxRequestBytes);
    QVERIFY(made.ok());
    QVERIFY((*made)->thumbnail.isNull() || !(*made)->pixels.isEmpty());
}

void TestAttachments::namesWhatIsRefused_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<qint64>("room");
    QTest::addColumn<QString>("part");
    QTest::newRow("text") << u"a.png"_s << QByteArray("hello") << qint64(100)
                          << u"Cannot attach \"a.png\": it begins like no PNG, JPEG, WAV or FLAC file"_s;
    QTest::newRow("empty") << u"e.wav"_s << QByteArray() << qint64(100) << u"it is empty"_s;
    QTest::newRow("large") << u"l.wav"_s << kWav + QByteArray(5'000, 'x') << qint64(1'000)
                           << u"it has 4.9 KiB, and of the 15 MiB for one prompt 1000 B are left"_s;
    QTest::newRow("no room") << u"n.wav"_s << kWav << qint64(0) << u"of the 15 MiB for one prompt"_s;
}

void TestAttachments::namesWhatIsRefused()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(qint64, room);
    QFETCH(QString, part);
    Desk desk;
    const auto made = readAttachment(desk.write(name, bytes), room);
    QVERIFY(!made.ok());
    QCOMPARE(made.error().code, ErrorCode::InvalidInput);
    const QString message = QString::fromStdString(made.error().message);
    QVERIFY2(message.contains(part), qPrintable(message));
    QVERIFY(!made.error().hint.empty());
    QVERIFY(!readAttachment(u"/no/such.png"_s, 100).ok());
}

void TestAttachments::dropsGoBeforeThePrompt()
{
    Desk desk;
    QVERIFY(!desk.bar->isVisible());
    desk.dropFiles({desk.write(u"cat.png"_s, pngOf({20, 10})), desk.write(u"hum.wav"_s, kWav)});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names(), QStringList({u"cat.png"_s, u"hum.wav"_s}), 60'000);
    QVERIFY(desk.bar->isVisible());
    QCOMPARE(desk.panel->promptEditor()->toPlainText(), u"Hello"_s);
    const auto chips = desk.bar->findChildren<QWidget *>(u"attachment"_s);
    QCOMPARE(chips.size(), 2);
    QVERIFY(chips[0]->accessibleName().startsWith(u"cat.png, PNG  ·  20 × 10  ·  "_s));
    desk.panel->generate();
    const GenerateRequest &request = desk.session.generations.back().request;
    QCOMPARE(request.prompt, std::string("Hello"));
    QCOMPARE(request.media.size(), size_t{2});
    QCOMPARE(request.media[0].bytes, pngOf({20, 10}).toStdString());
    QCOMPARE(request.media[0].place, int64_t{0});
    QCOMPARE(request.media[1].name, std::string("hum.wav"));
    QVERIFY(desk.panel->statusText().contains(u"with cat.png"_s));
}

void TestAttachments::answersShowWhatTheyAreAbout()
{
    Desk desk;
    const auto *media = child<AnswerMedia>(desk.panel.get(), "answerMedia");
    const auto tiles = [&] { return media->findChildren<QWidget *>(u"answerMediaTile"_s); };
    QVERIFY(!media->isVisible());
    desk.dropFiles({desk.write(u"cat.png"_s, pngOf({20, 10})), desk.write(u"hum.wav"_s, kWav)});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 2, 60'000);
    QVERIFY(!media->isVisible()); // no answer is about them yet
    desk.panel->generate();
    QVERIFY(media->isVisible());
    QCOMPARE(tiles().size(), 2);
    QVERIFY(tiles()[0]->accessibleName().startsWith(u"cat.png, PNG"_s));
    // Above the text, whatever becomes of the composer's.
    QVERIFY(media->mapToGlobal(QPoint()).y() + media->height() <=
            child<TokenView>(desk.panel.get(), "tokenView")->mapToGlobal(QPoint()).y());
    Q_EMIT desk.generation().tokens(tokensOf("ab"));
    Q_EMIT desk.generation().finished(summaryOf(FinishReason::EndOfText));
    desk.bar->remove(1);
    QCOMPARE(tiles().size(), 2);
    desk.panel->regenerate(); // with what that answer had
    QCOMPARE(tiles().size(), 2);
    Q_EMIT desk.generation().finished(summaryOf(FinishReason::EndOfText));
    desk.bar->setAttachments({});
    desk.panel->generate();
    QVERIFY(!media->isVisible());
    Q_EMIT desk.generation().finished(summaryOf(FinishReason::EndOfText));
    child<QToolButton>(desk.panel.get(), "earlierVersion")->click();
    QVERIFY(media->isVisible());
}

namespace {

/// What is said of each: "cat.png, PNG  ·  20 × 10  ·  …".
QStringList tilesOf(const PlaygroundPanel *panel)
{
    QStringList names;
    for (const QWidget *tile : child<AnswerMedia>(panel, "answerMedia")->findChildren<QWidget *>(u"answerMediaTile"_s))
        names << tile->accessibleName();
    return names;
}

/// A file that is kept, one that is changed later, one that goes, and a picture of the clipboard.
void askAboutFour(Desk &desk)
{
    desk.dropFiles({desk.write(u"cat.png"_s, pngOf({20, 10})), desk.write(u"dog.png"_s, pngOf({12, 12}, Qt::blue)),
                    desk.write(u"hum.wav"_s, kWav)});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 3, 60'000);
    QImage image(12, 8, QImage::Format_RGB32);
    image.fill(Qt::blue);
    QGuiApplication::clipboard()->setImage(image);
    desk.panel->promptEditor()->paste();
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 4, 60'000);
    desk.panel->generate();
    Q_EMIT desk.generation().tokens(tokensOf("ab"));
    Q_EMIT desk.generation().finished(summaryOf(FinishReason::EndOfText));
}

} // namespace

void TestAttachments::keptAnswersShowWhatTheyWereAbout()
{
    Desk desk;
    askAboutFour(desk);
    const QString session = desk.panel->sessionJson();
    desk.write(u"dog.png"_s, pngOf({12, 12}, Qt::green)); // as large as before
    QVERIFY(QFile::remove(desk.folder.filePath(u"hum.wav"_s)));
    Setup later;
    QVERIFY(later.panel->restoreJson(session));
    QCOMPARE(tilesOf(later.panel.get()).size(), 4);
    QTRY_VERIFY_WITH_TIMEOUT(tilesOf(later.panel.get()).filter(u"being read"_s).isEmpty(), 60'000);
    const QStringList tiles = tilesOf(later.panel.get());
    QVERIFY2(tiles[0].startsWith(u"cat.png, PNG  ·  20 × 10  ·  "_s), qPrintable(tiles[0]));
    QCOMPARE(tiles.mid(1), QStringList({u"dog.png, changed since"_s, u"hum.wav, not found"_s,
                                        u"pasted-1.png, pasted, not kept"_s}));
    const auto &shown = child<AnswerMedia>(later.panel.get(), "answerMedia")->attachments();
    QCOMPARE(shown[0]->thumbnail.pixelColor(3, 3), QColor(Qt::red));
    QVERIFY(shown[1]->thumbnail.isNull());
    // What is lost stays known, and may come back.
    desk.write(u"dog.png"_s, pngOf({12, 12}, Qt::blue));
    Setup last;
    QVERIFY(last.panel->restoreJson(later.panel->sessionJson()));
    QTRY_VERIFY_WITH_TIMEOUT(tilesOf(last.panel.get())[1].startsWith(u"dog.png, PNG"_s), 60'000);
    QCOMPARE(tilesOf(last.panel.get())[3], u"pasted-1.png, pasted, not kept"_s);
}

void TestAttachments::keptAnswersAreAskedAgain()
{
    Desk desk;
    desk.dropFiles({desk.write(u"cat.png"_s, pngOf({20, 10}))});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 1, 60'000);
    desk.panel->generate();
    Q_EMIT desk.generation().tokens(tokensOf("ab"));
    Q_EMIT desk.generation().finished(summaryOf(FinishReason::EndOfText));
    Setup later;
    QVERIFY(later.panel->restoreJson(desk.panel->sessionJson()));
    QTRY_VERIFY_WITH_TIMEOUT(tilesOf(later.panel.get()).value(0).startsWith(u"cat.png, PNG"_s), 60'000);
    later.panel->regenerate();
    QCOMPARE(later.session.generations.size(), size_t{1});
    QCOMPARE(later.session.generations.back().request.media.at(0).bytes, pngOf({20, 10}).toStdString());
    Q_EMIT later.generation().finished(summaryOf(FinishReason::EndOfText));
    QCOMPARE(later.panel->numVersions(), 2);
    QVERIFY(child<QWidget>(later.panel.get(), "versionView")->isVisible()); // one question, two answers
}

/// Their answers have names of files, and neither paths nor what the files were.
void TestAttachments::sessionsOfBeforeHaveNames()
{
    Desk desk;
    desk.dropFiles({desk.write(u"cat.png"_s, pngOf({20, 10}))});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 1, 60'000);
    desk.panel->generate();
    Q_EMIT desk.generation().finished(summaryOf(FinishReason::EndOfText));
    QJsonObject session = QJsonDocument::fromJson(desk.panel->sessionJson().toUtf8()).object();
    QJsonArray answers = session[u"answers"_s].toArray();
    QJsonObject answer = answers[0].toObject();
    QVERIFY(answer.contains(u"files"_s));
    answer.remove(u"files"_s);
    answers[0] = answer;
    session[u"answers"_s] = answers;
    Setup later;
    QVERIFY(later.panel->restoreJson(QString::fromUtf8(QJsonDocument(session).toJson())));
    QCOMPARE(tilesOf(later.panel.get()), QStringList{u"cat.png, not kept"_s});
    QVERIFY(later.panel->restoreJson(later.panel->sessionJson()));
    QCOMPARE(tilesOf(later.panel.get()), QStringList{u"cat.png, not kept"_s});
}

void TestAttachments::pastesAPicture()
{
    Desk desk;
    QImage image(12, 8, QImage::Format_RGB32);
    image.fill(Qt::blue);
    QGuiApplication::clipboard()->setImage(image);
    desk.panel->promptEditor()->paste();
    QTRY_COMPARE_WITH_TIMEOUT(desk.names(), QStringList({u"pasted-1.png"_s}), 60'000);
    const Attachment &pasted = *desk.bar->attachments().front();
    QCOMPARE(pasted.kind, MediaKind::Png);
    QCOMPARE(pasted.pixels, QSize(12, 8));
    QCOMPARE(QImage::fromData(QByteArray::fromStdString(pasted.bytes)).pixelColor(3, 3), QColor(Qt::blue));
    QCOMPARE(desk.panel->promptEditor()->toPlainText(), u"Hello"_s);
}

void TestAttachments::textIsStillPasted()
{
    Desk desk;
    auto *both = new QMimeData; // as a table copies it
    both->setText(u"cells"_s);
    both->setImageData(QImage(4, 4, QImage::Format_RGB32));
    QGuiApplication::clipboard()->setMimeData(both);
    desk.panel->promptEditor()->selectAll();
    desk.panel->promptEditor()->paste();
    QCOMPARE(desk.panel->promptEditor()->toPlainText(), u"cells"_s);
    QVERIFY(!desk.bar->isReading() && desk.names().isEmpty());
}

void TestAttachments::attachesByDialog()
{
    bool wasReading = false, couldGenerate = true;
    Desk desk;
    // A small file may be there before the next line of this test.
    connect(desk.bar, &AttachmentBar::changed, this, [&] {
        if (!desk.bar->isReading()) return;
        wasReading = true;
        couldGenerate = child<QPushButton>(desk.panel.get(), "generate")->isEnabled();
    });
    child<QToolButton>(desk.panel.get(), "attach")->click();
    auto *dialog = desk.panel->findChild<QFileDialog *>(u"attachDialog"_s);
    QVERIFY(dialog);
    Q_EMIT dialog->filesSelected({desk.write(u"a.flac"_s, "fLaC....")});
    QVERIFY(wasReading && !couldGenerate); // it would go without
    dialog->close();
    QTRY_COMPARE_WITH_TIMEOUT(desk.names(), QStringList({u"a.flac"_s}), 60'000);
    QVERIFY(child<QPushButton>(desk.panel.get(), "generate")->isEnabled());
}

void TestAttachments::removesAndBringsBack()
{
    Desk desk;
    desk.dropFiles({desk.write(u"a.wav"_s, kWav), desk.write(u"b.wav"_s, kWav)});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 2, 60'000);
    auto *undo = child<QToolButton>(desk.bar, "undoAttachment");
    QVERIFY(!undo->isVisible());
    desk.bar->findChildren<QToolButton *>(u"removeAttachment"_s).front()->click();
    QCOMPARE(desk.names(), QStringList({u"b.wav"_s}));
    QVERIFY(undo->isVisible());
    QCOMPARE(undo->accessibleName(), u"Bring back a.wav (Ctrl+Z)"_s);
    desk.bar->remove(0);
    QVERIFY(desk.bar->isVisible()); // for what can be brought back
    undo->click();
    undo->click();
    QCOMPARE(desk.names(), QStringList({u"a.wav"_s, u"b.wav"_s}));
}

void TestAttachments::refusalStandsInTheBanner()
{
    Desk desk;
    desk.dropFiles({desk.write(u"a.txt"_s, "hello"), desk.write(u"b.png"_s, pngOf({2, 2})),
                    desk.write(u"c.gif"_s, "GIF89a")});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names(), QStringList({u"b.png"_s}), 60'000);
    const QString message = desk.panel->banner()->message();
    QVERIFY2(message.contains(u"Cannot attach \"a.txt\": it begins like no PNG"_s), qPrintable(message));
    QVERIFY2(message.contains(u"One more file was refused."_s), qPrintable(message));
}

void TestAttachments::totalHasALimit()
{
    Desk desk;
    const QByteArray large = kWav + QByteArray(8 << 20, 'x');
    QSignalSpy refused(desk.bar, &AttachmentBar::refused);
    desk.bar->addFiles({desk.write(u"a.wav"_s, large)});
    desk.bar->addFiles({desk.write(u"b.wav"_s, large)}); // read before it is known that a takes the room
    QTRY_COMPARE_WITH_TIMEOUT(refused.count(), 1, 60'000);
    QTRY_VERIFY_WITH_TIMEOUT(!desk.bar->isReading(), 60'000);
    QCOMPARE(desk.names().size(), 1);
    QVERIFY(desk.bar->numBytes() <= kMaxRequestBytes);
    QStringList many;
    for (int i = 0; i < kMaxAttachments; ++i) many << desk.write(u"%1.wav"_s.arg(i), kWav);
    desk.bar->addFiles(many);
    QTRY_COMPARE_WITH_TIMEOUT(refused.count(), 2, 60'000);
    QCOMPARE(desk.names().size(), qsizetype(kMaxAttachments));
    const auto error = refused[1][0].value<Error>();
    QVERIFY(error.message.find("there are 16 already") != std::string::npos);
}

void TestAttachments::otherModesTakeNone()
{
    Desk desk;
    const QString file = desk.write(u"a.wav"_s, kWav);
    desk.bar->addFiles({file});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 1, 60'000);
    desk.panel->setInfill(true);
    QVERIFY(!desk.bar->isVisible() && !child<QToolButton>(desk.panel.get(), "attach")->isVisible());
    desk.dropFiles({file});
    QVERIFY(!desk.bar->isReading());
    desk.panel->generate();
    QVERIFY(desk.session.generations.back().request.media.empty());
    Q_EMIT desk.generation().finished(summaryOf(FinishReason::EndOfInfill));
    desk.panel->setInfill(false);
    QVERIFY(desk.bar->isVisible()); // they are still there
}

void TestAttachments::engineRefusalIsShown()
{
    Desk desk;
    desk.bar->addFiles({desk.write(u"a.wav"_s, kWav)});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 1, 60'000);
    desk.panel->generate();
    Q_EMIT desk.generation().failed(
        Error{ErrorCode::InvalidInput,
              "Cannot generate: the request has pictures or recordings and \"code@8000\" reads text only, "
              "expected text.",
              "Use a model that was trained with attention.num_modalities above 1."});
    QVERIFY(desk.panel->banner()->message().contains(u"reads text only"_s));
    desk.bar->remove(0);
    child<QToolButton>(desk.panel.get(), "regenerate")->click(); // of the version that is shown
    QCOMPARE(desk.session.generations.back().request.media.size(), size_t{1});
}

void TestAttachments::commandNamesFiles()
{
    Desk desk;
    const QString cat = desk.write(u"my cat.png"_s, pngOf({2, 2})), hum = desk.write(u"hum.wav"_s, kWav);
    desk.bar->addFiles({cat, hum});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 2, 60'000);
    QVERIFY2(desk.panel->command().contains(u"generate code --image '"_s + cat + u"' --audio "_s + hum +
                                            u" --prompt Hello"_s),
             qPrintable(desk.panel->command()));
    desk.bar->addImage(QImage(4, 4, QImage::Format_RGB32));
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 3, 60'000);
    QVERIFY2(desk.panel->command().endsWith(u"  # without pasted-1.png: pasted, in no file"_s),
             qPrintable(desk.panel->command()));
}

void TestAttachments::draftKeepsFiles()
{
    Desk desk;
    desk.bar->addFiles({desk.write(u"a.wav"_s, kWav)});
    desk.bar->addImage(QImage(4, 4, QImage::Format_RGB32));
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 2, 60'000);
    PlaygroundPanel other(desk.session);
    other.restoreJson(desk.panel->sessionJson());
    QTRY_COMPARE_WITH_TIMEOUT(other.attachments()->attachments().size(), size_t{1}, 60'000);
    QCOMPARE(other.attachments()->attachments().front()->name, u"a.wav"_s);
}

void TestAttachments::everyControlHasAName()
{
    Desk desk;
    desk.bar->addFiles({desk.write(u"a.wav"_s, kWav)});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 1, 60'000);
    for (const QToolButton *button : desk.panel->findChildren<QToolButton *>())
        if (button->isVisible() && !button->objectName().startsWith(u"qt_"_s))
            QVERIFY2(!button->accessibleName().isEmpty(), qPrintable(button->objectName()));
}

void TestAttachments::namesAreNoHtml()
{
    Desk desk;
    desk.bar->addFiles({desk.write(u"<b>.png"_s, pngOf({2, 2}))});
    QTRY_COMPARE_WITH_TIMEOUT(desk.names().size(), 1, 60'000);
    auto *remove = child<QToolButton>(desk.bar, "removeAttachment");
    QCOMPARE(remove->accessibleName(), u"Remove <b>.png"_s);
    QVERIFY2(remove->toolTip().contains(u"Remove &lt;b&gt;.png"_s), qPrintable(remove->toolTip()));
    const QString tip = desk.bar->findChildren<QWidget *>(u"attachment"_s).front()->toolTip();
    QVERIFY2(tip.contains(u"/&lt;b&gt;.png"_s), qPrintable(tip));
    desk.bar->remove(0);
    const QString undo = child<QToolButton>(desk.bar, "undoAttachment")->toolTip();
    QVERIFY2(undo.contains(u"&lt;b&gt;.png"_s), qPrintable(undo));
}

ORRERY_GUI_TEST_MAIN(TestAttachments)
#include "tst_attachments.moc"
