// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and recordings of a conversation: how they come into a turn, where they are shown, and what
// becomes of them.
#include "play_setup.h"

#include "widgets/common/banner.h"
#include "widgets/play/attachment_bar.h"
#include "widgets/play/attachment_painter.h"
#include "widgets/play/conversation_draft.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/request_size.h"
#include "widgets/play/wave_outline.h"
#include "widgets/theme/theme.h"

#include <QBuffer>
#include <QClipboard>
#include <QDropEvent>
#include <QFileDialog>
#include <QMimeData>
#include <QPushButton>
#include <QSemaphore>
#include <QTemporaryDir>
#include <QThreadPool>
#include <QToolButton>
#include <QUrl>

#include <bit>
#include <utility>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr int kPatience = 60'000; // a loaded machine reads files late

QByteArray pngOf(QSize size, const QColor &color = Qt::red)
{
    QImage image(size, QImage::Format_RGB32);
    image.fill(color);
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "PNG");
    return bytes;
}

QByteArray little(quint32 value, int count)
{
    QByteArray bytes;
    for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i));
    return bytes;
}

/// @param code 1: whole numbers, 3: floats
QByteArray wavOf(const QByteArray &samples, int bits, int channels = 1, int code = 1, quint32 rate = 1000)
{
    const QByteArray format = little(quint32(code), 2) + little(quint32(channels), 2) + little(rate, 4) +
                              little(rate * quint32(channels * bits / 8), 4) +
                              little(quint32(channels * bits / 8), 2) + little(quint32(bits), 2);
    const QByteArray body =
        "WAVEfmt " + little(16, 4) + format + "data" + little(quint32(samples.size()), 4) + samples;
    return "RIFF" + little(quint32(body.size()), 4) + body;
}

/// Loud in its first half, silent in the second.
QByteArray halfLoud(int numSamples = 1000)
{
    QByteArray samples;
    for (int i = 0; i < numSamples; ++i) samples += little(i < numSamples / 2 ? 16384 : 0, 2);
    return wavOf(samples, 16);
}

/// No file is read before let().
class HeldReading {
public:
    HeldReading() : m_pool(*QThreadPool::globalInstance()), m_numThreads(m_pool.maxThreadCount())
    {
        m_pool.waitForDone();
        m_pool.setMaxThreadCount(1);
        m_pool.start([this] { m_gate.acquire(); });
    }
    ~HeldReading() { let(); }
    HeldReading(const HeldReading &) = delete;
    HeldReading &operator=(const HeldReading &) = delete;
    void let()
    {
        if (!std::exchange(m_isHeld, false)) return;
        m_gate.release();
        m_pool.waitForDone();
        m_pool.setMaxThreadCount(m_numThreads);
    }

private:
    QThreadPool &m_pool;
    int m_numThreads;
    QSemaphore m_gate;
    bool m_isHeld = true;
};

struct Talk : Setup {
    Talk()
    {
        panel->setMode(PlayMode::Converse);
        bar = panel->messageAttachments();
        view = panel->conversation()->view();
        model = panel->conversation()->model();
    }
    QString write(const QString &name, const QByteArray &content)
    {
        QFile file(folder.filePath(name));
        if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write %s", qPrintable(name));
        file.write(content);
        return file.fileName();
    }
    void drop(const QStringList &paths)
    {
        QMimeData data;
        QList<QUrl> urls;
        for (const QString &path : paths) urls << QUrl::fromLocalFile(path);
        data.setUrls(urls);
        QWidget *target = panel->messageEditor()->viewport();
        QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &enter);
        if (!enter.isAccepted()) return;
        QDropEvent event(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &event);
    }
    bool attach(const QStringList &paths)
    {
        const size_t wanted = bar->attachments().size() + static_cast<size_t>(paths.size());
        drop(paths);
        return QTest::qWaitFor([&] { return bar->attachments().size() == wanted; }, kPatience);
    }
    void exchange(const QString &said, const std::string &text)
    {
        panel->messageEditor()->setPlainText(said);
        panel->generate();
        Q_EMIT generation().tokens(tokensOf(text));
        Q_EMIT generation().finished(summaryOf(FinishReason::EndOfTurn));
    }
    [[nodiscard]] const GenerateRequest &request() const { return session.generations.back().request; }
    [[nodiscard]] static QStringList names(const std::vector<AttachmentPtr> &attachments)
    {
        QStringList names;
        for (const AttachmentPtr &attachment : attachments) names << attachment->name;
        return names;
    }

    QTemporaryDir folder;
    AttachmentBar *bar;
    ConversationView *view;
    ConversationModel *model;
};

} // namespace

class TestConversationMedia : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void outlinesWaves_data();
    void outlinesWaves();
    void outlinesNothingThatIsBroken();
    void dropsGoIntoTheTurn();
    void aPictureIsATurnByItself();
    void pastesAndAttaches();
    void standsInTheTranscript();
    void wrapsInANarrowWindow();
    void editingTakesThemAlong();
    void undoBringsThemBack();
    void systemTextsHaveNone();
    void refusalsAreTold();
    void refusesWhatIsTooLarge();
    void draftsFindTheirFiles();
    void filesThatAreGoneAreTold_data();
    void filesThatAreGoneAreTold();
    void hintsFitWhereTheChipIs();
    void pastedPicturesAreMissed();
    void whileFilesAreReadNothingIsLost();
    void lateFilesStayWithTheirTurn();
    void copiesAndCommands();
};

void TestConversationMedia::outlinesWaves_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<double>("seconds");
    QTest::addColumn<double>("left");
    QTest::addColumn<double>("right");
    QTest::newRow("16 bit") << halfLoud() << 1.0 << 0.5 << 0.0;
    QTest::newRow("8 bit") << wavOf(QByteArray(250, char(192)) + QByteArray(250, char(128)), 8) << 0.5 << 0.5
                           << 0.0;
    QByteArray stereo, deep, floats;
    for (int i = 0; i < 500; ++i) stereo += little(0, 2) + little(i < 250 ? quint32(-8192) : 0, 2);
    for (int i = 0; i < 500; ++i) deep += little(i < 250 ? 0x200000 : 0, 3);
    for (int i = 0; i < 500; ++i) floats += little(std::bit_cast<quint32>(i < 250 ? 0.75f : 0.0f), 4);
    QTest::newRow("two channels") << wavOf(stereo, 16, 2) << 0.5 << 0.25 << 0.0;
    QTest::newRow("24 bit") << wavOf(deep, 24) << 0.5 << 0.25 << 0.0;
    QTest::newRow("floats") << wavOf(floats, 32, 1, 3) << 0.5 << 0.75 << 0.0;
    QTest::newRow("cut off") << halfLoud().left(44 + 600) << 0.3 << 0.5 << 0.5;
}
void TestConversationMedia::outlinesWaves()
{
    QFETCH(QByteArray, bytes);
    QFETCH(double, seconds);
    QFETCH(double, left);
    QFETCH(double, right);
    const WaveOutline outline = waveOutlineOf(bytes.toStdString());
    QVERIFY(std::abs(outline.seconds - seconds) < 1e-9);
    QCOMPARE(outline.peaks.size(), size_t{kWavePeaks});
    QVERIFY(std::abs(outline.peaks.front() - left) < 0.01 && std::abs(outline.peaks.back() - right) < 0.01);
}

void TestConversationMedia::outlinesNothingThatIsBroken()
{
    const QByteArray whole = halfLoud(20);
    QCOMPARE(waveOutlineOf(whole.toStdString()).peaks.size(), size_t{20});
    for (int size = 0; size <= 44; ++size)
        QVERIFY(waveOutlineOf(whole.left(size).toStdString()).peaks.empty());
    QVERIFY(waveOutlineOf(wavOf(QByteArray(40, 'x'), 16, 0).toStdString()).seconds < 0);
    QVERIFY(waveOutlineOf(wavOf(QByteArray(40, 'x'), 4).toStdString()).seconds < 0);
    QVERIFY(waveOutlineOf(wavOf(QByteArray(40, 'x'), 16, 1, 7).toStdString()).seconds < 0); // µ-law
    QVERIFY(waveOutlineOf(wavOf(QByteArray(40, 'x'), 16, 1, 1, 0).toStdString()).seconds < 0);
    QByteArray nan;
    for (int i = 0; i < 10; ++i) nan += little(0x7fc00000, 4);
    for (float peak : waveOutlineOf(wavOf(nan, 32, 1, 3).toStdString()).peaks) QCOMPARE(peak, 0.0f);
    QByteArray flac("fLaC\0\0\0\x22", 8); // STREAMINFO: 8,000 samples a second, 4,000 of them
    flac += QByteArray(10, '\0') + QByteArray("\x01\xf4\x00\xf0\x00\x00\x0f\xa0", 8) + QByteArray(16, '\0');
    QCOMPARE(waveOutlineOf(flac.toStdString()).seconds, 0.5);
    QVERIFY(waveOutlineOf(flac.left(20).toStdString()).seconds < 0);
}

void TestConversationMedia::dropsGoIntoTheTurn()
{
    Talk talk;
    QVERIFY(!talk.bar->isVisible());
    const QByteArray cat = pngOf({20, 10});
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, cat), talk.write(u"hum.wav"_s, halfLoud())}));
    QVERIFY(talk.bar->isVisible() && !talk.panel->attachments()->isVisible());
    talk.exchange(u"what is it?"_s, "a cat");
    QCOMPARE(talk.request().messages.size(), size_t{1});
    QVERIFY(talk.request().media.empty());
    const ChatMessage &asked = talk.request().messages[0];
    QCOMPARE(asked.content, std::string("what is it?"));
    QCOMPARE(asked.media.size(), size_t{2});
    QCOMPARE(asked.media[0].bytes, cat.toStdString());
    QCOMPARE(asked.media[0].name, std::string("cat.png"));
    QCOMPARE(asked.media[0].place, int64_t{0});
    QCOMPARE(asked.media[1].name, std::string("hum.wav"));
    QVERIFY(talk.bar->attachments().empty() && !talk.bar->isVisible());
    talk.exchange(u"sure?"_s, "yes");
    QCOMPARE(talk.request().messages.size(), size_t{3});
    QCOMPARE(talk.request().messages[0].media.size(),
             size_t{2}); // the model reads them once; they are always sent
    QVERIFY(talk.request().messages[2].media.empty());
    // Another mode keeps its own.
    talk.panel->setMode(PlayMode::Continue);
    QVERIFY(talk.panel->attachments()->attachments().empty());
}

void TestConversationMedia::aPictureIsATurnByItself()
{
    Talk talk;
    auto *send = child<QPushButton>(talk.panel.get(), "generate");
    talk.panel->messageEditor()->clear();
    QVERIFY(!send->isEnabled());
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    QVERIFY(send->isEnabled());
    talk.exchange({}, "a cat");
    QCOMPARE(talk.request().messages[0].content, std::string());
    QCOMPARE(talk.request().messages[0].media.size(), size_t{1});
    QCOMPARE(talk.model->numTurns(), 2);
}

void TestConversationMedia::pastesAndAttaches()
{
    Talk talk;
    QImage image(12, 8, QImage::Format_RGB32);
    image.fill(Qt::blue);
    QGuiApplication::clipboard()->setImage(image);
    talk.panel->messageEditor()->paste();
    QTRY_COMPARE_WITH_TIMEOUT(Talk::names(talk.bar->attachments()), QStringList({u"pasted-1.png"_s}),
                              kPatience);
    child<QToolButton>(talk.panel.get(), "attach")->click();
    auto *dialog = talk.panel->findChild<QFileDialog *>(u"attachDialog"_s);
    QVERIFY(dialog);
    Q_EMIT dialog->filesSelected({talk.write(u"a.wav"_s, halfLoud())});
    dialog->close();
    QTRY_COMPARE_WITH_TIMEOUT(Talk::names(talk.bar->attachments()),
                              QStringList({u"pasted-1.png"_s, u"a.wav"_s}), kPatience);
    QVERIFY(talk.panel->attachments()->attachments().empty());
}

void TestConversationMedia::standsInTheTranscript()
{
    Talk talk;
    talk.exchange(u"hello"_s, "hi");
    const double plain = talk.view->turnRect(0).height();
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 20})), talk.write(u"hum.wav"_s, halfLoud())}));
    talk.exchange(u"hello"_s, "hi");
    QVERIFY(talk.view->turnRect(2).height() >= plain + kTileHeight);
    const QRectF picture = talk.view->attachmentRect(2, 0), wave = talk.view->attachmentRect(2, 1);
    QVERIFY(talk.view->turnRect(2).contains(picture) && talk.view->turnRect(2).contains(wave));
    QVERIFY(!picture.intersects(wave));
    const QImage shown = talk.view->viewport()->grab().toImage();
    const auto count = [&shown](const QRectF &area, const QColor &color) {
        int number = 0;
        for (int y = int(area.top()); y < int(area.bottom()); ++y)
            for (int x = int(area.left()); x < int(area.right()); ++x)
                number += shown.pixelColor(x, y) == color;
        return number;
    };
    QVERIFY(count(picture, Qt::red) > 400);
    QVERIFY(count(wave, Qt::red) == 0);
    const QColor accent = Theme::instance().tokens().accent;
    const QRectF left(wave.topLeft(), QSizeF(wave.height() / 2, wave.height()));
    QVERIFY(count(left, accent) > 2 * count(left.translated(left.width(), 0), accent)); // loud, then silent
    QCOMPARE(attachmentDetail(*talk.model->turn(2).attachments[1]), u"WAV  ·  1.0 s  ·  2 KiB"_s);
    talk.view->setCurrentTurn(2);
    QVERIFY2(talk.view->summary().contains(u"With cat.png, PNG  ·  20 × 20"_s),
             qPrintable(talk.view->summary()));
}

void TestConversationMedia::wrapsInANarrowWindow()
{
    Talk talk;
    QStringList files;
    for (int i = 0; i < 4; ++i) files << talk.write(u"%1.png"_s.arg(i), pngOf({8, 8}));
    QVERIFY(talk.attach(files));
    talk.exchange(u"hello"_s, "hi");
    QVERIFY(talk.view->attachmentRect(0, 0).top() == talk.view->attachmentRect(0, 1).top());
    talk.view->resize(int(1.5 * kTileWidth), talk.view->height());
    QCoreApplication::sendPostedEvents();
    const QRectF first = talk.view->attachmentRect(0, 0), last = talk.view->attachmentRect(0, 3);
    QVERIFY(last.top() >= first.top() + 3 * kTileHeight);
    QVERIFY(talk.view->turnRect(0).contains(last));
    QVERIFY(talk.view->turnRect(1).top() > last.bottom());
}

void TestConversationMedia::editingTakesThemAlong()
{
    Talk talk;
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    talk.exchange(u"one"_s, "1");
    QVERIFY(talk.attach({talk.write(u"dog.png"_s, pngOf({20, 10}))}));
    talk.panel->messageEditor()->setPlainText(u"draft"_s);
    talk.panel->conversation()->editTurn(0);
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"one"_s);
    QCOMPARE(Talk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}));
    talk.panel->conversation()->cancelEditing();
    QCOMPARE(Talk::names(talk.bar->attachments()), QStringList({u"dog.png"_s}));
    QCOMPARE(Talk::names(talk.model->turn(0).attachments), QStringList({u"cat.png"_s}));
    talk.panel->conversation()->editTurn(0);
    talk.bar->remove(0);
    talk.panel->generate();
    QVERIFY(talk.request().messages[0].media.empty());
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"draft"_s);
    QCOMPARE(Talk::names(talk.bar->attachments()), QStringList({u"dog.png"_s}));
    Q_EMIT talk.generation().finished(summaryOf(FinishReason::EndOfTurn));
    talk.panel->conversation()->undo();
    QCOMPARE(Talk::names(talk.model->turn(0).attachments), QStringList({u"cat.png"_s}));
}

void TestConversationMedia::undoBringsThemBack()
{
    Talk talk;
    talk.exchange(u"one"_s, "1");
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    talk.bar->remove(0);
    QVERIFY(talk.bar->isVisible()); // for what can be brought back
    auto *undo = child<QToolButton>(talk.panel.get(), "undoConversation");
    undo->click();
    QCOMPARE(Talk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}));
    QCOMPARE(talk.model->numTurns(), 2);
    undo->click();
    QCOMPARE(talk.model->numTurns(), 0);
}

void TestConversationMedia::systemTextsHaveNone()
{
    Talk talk;
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    talk.panel->conversation()->editSystemText();
    QVERIFY(!talk.bar->isVisible() && !child<QToolButton>(talk.panel.get(), "attach")->isEnabled());
    talk.drop({talk.write(u"dog.png"_s, pngOf({20, 10}))});
    QVERIFY(!talk.bar->isReading());
    talk.panel->messageEditor()->setPlainText(u"be kind"_s);
    talk.panel->generate();
    QCOMPARE(talk.model->systemText(), std::string("be kind"));
    QCOMPARE(Talk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}));
    QVERIFY(child<QToolButton>(talk.panel.get(), "attach")->isEnabled());
}

void TestConversationMedia::refusalsAreTold()
{
    Talk talk;
    talk.drop({talk.write(u"a.txt"_s, "hello")});
    QTRY_VERIFY_WITH_TIMEOUT(talk.panel->banner()->message().contains(u"Cannot attach \"a.txt\""_s),
                             kPatience);
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    talk.panel->messageEditor()->setPlainText(u"what?"_s);
    talk.panel->generate();
    Q_EMIT talk.generation().failed(Error{
        ErrorCode::InvalidInput,
        "Cannot generate: the request has pictures or recordings and \"code@8000\" reads text only, expected "
        "text.",
        "Use a model that was trained with attention.num_modalities above 1."});
    QVERIFY(talk.panel->banner()->message().contains(u"reads text only"_s));
    QCOMPARE(Talk::names(talk.model->turn(0).attachments), QStringList({u"cat.png"_s})); // nothing is lost
}

void TestConversationMedia::refusesWhatIsTooLarge()
{
    Talk talk;
    const QByteArray large = "RIFF" + QByteArray(4, '\0') + "WAVE" + QByteArray(8 << 20, 'x');
    QVERIFY(talk.attach({talk.write(u"a.wav"_s, large)}));
    talk.exchange(u"one"_s, "1");
    QVERIFY(talk.attach({talk.write(u"b.wav"_s, large)}));
    talk.panel->messageEditor()->setPlainText(u"two"_s);
    talk.panel->generate();
    QCOMPARE(talk.session.generations.size(), size_t{1});
    const QString message = talk.panel->banner()->message();
    QVERIFY2(message.contains(u"Cannot send the conversation: it has 16 MiB, expected 15 MiB at most."_s),
             qPrintable(message));
    QCOMPARE(Talk::names(talk.bar->attachments()),
             QStringList({u"b.wav"_s})); // it is still there to be taken out
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"two"_s);
}

void TestConversationMedia::draftsFindTheirFiles()
{
    Talk talk;
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    talk.exchange(u"one"_s, "1");
    QVERIFY(talk.attach({talk.write(u"dog.png"_s, pngOf({20, 10}))}));
    PlaygroundPanel other(talk.session);
    other.restoreDraft(talk.panel->draftJson());
    const ConversationModel *model = other.conversation()->model();
    QCOMPARE(model->numTurns(), 2);
    QTRY_COMPARE_WITH_TIMEOUT(Talk::names(model->turn(0).attachments), QStringList({u"cat.png"_s}),
                              kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(Talk::names(other.messageAttachments()->attachments()),
                              QStringList({u"dog.png"_s}), kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(!other.conversation()->isReading(), kPatience);
    QCOMPARE(model->turn(0).attachments[0]->pixels, QSize(20, 10));
    // While a turn is edited, it is the turn that was being written that is kept.
    talk.panel->conversation()->editTurn(0);
    PlaygroundPanel third(talk.session);
    third.restoreDraft(talk.panel->draftJson());
    QTRY_COMPARE_WITH_TIMEOUT(Talk::names(third.messageAttachments()->attachments()),
                              QStringList({u"dog.png"_s}), kPatience);
}

void TestConversationMedia::filesThatAreGoneAreTold_data()
{
    QTest::addColumn<QString>("way");
    QTest::newRow("send") << u"send"_s;
    QTest::newRow("regenerate") << u"regenerate"_s;
    QTest::newRow("retry") << u"retry"_s;
}

void TestConversationMedia::filesThatAreGoneAreTold()
{
    QFETCH(QString, way);
    Talk talk;
    // An answer without a text is left out of what is sent, and has a number all the same.
    talk.panel->messageEditor()->setPlainText(u"one"_s);
    talk.panel->generate();
    Q_EMIT talk.generation().failed(Error{ErrorCode::Unavailable, "No memory.", ""});
    const QString cat = talk.write(u"a%2.png"_s, pngOf({20, 10}));
    QVERIFY(talk.attach({cat}));
    talk.exchange(u"two"_s, "2");
    QCOMPARE(talk.request().messages.size(), size_t{2});
    QVERIFY(QFile::remove(cat));
    PlaygroundPanel other(talk.session);
    other.restoreDraft(talk.panel->draftJson());
    other.show();
    QTRY_VERIFY_WITH_TIMEOUT(!other.conversation()->isReading(), kPatience);
    const ConversationModel *model = other.conversation()->model();
    QCOMPARE(attachmentDetail(*model->turn(2).attachments.at(0)), u"not found"_s);
    const size_t before = talk.session.generations.size();
    if (way == u"send"_s) {
        other.messageEditor()->setPlainText(u"three"_s);
        other.generate();
    } else if (way == u"regenerate"_s) {
        other.regenerate();
    } else {
        Q_EMIT other.banner()->retryRequested();
    }
    QCOMPARE(talk.session.generations.size(), before);
    QCOMPARE(model->numTurns(), 4);
    QVERIFY2(other.banner()->message().contains(
                 u"“a%2.png” of turn 3 is not there any more, expected a file that can be read."_s),
             qPrintable(other.banner()->message()));
    QVERIFY(!other.grab().isNull());
}

void TestConversationMedia::hintsFitWhereTheChipIs()
{
    Talk talk;
    const QString cat = talk.write(u"cat.png"_s, pngOf({20, 10}));
    QVERIFY(talk.attach({cat}));
    talk.exchange(u"one"_s, "1");
    QVERIFY(QFile::remove(cat));
    PlaygroundPanel other(talk.session);
    other.restoreDraft(talk.panel->draftJson());
    ConversationPane &pane = *other.conversation();
    QTRY_VERIFY_WITH_TIMEOUT(!pane.isReading(), kPatience);
    const Result<void> later = pane.submit({"two"}, {});
    QVERIFY(!later.ok());
    QCOMPARE(later.error().code, ErrorCode::NotFound);
    QVERIFY2(later.error().hint.starts_with("Edit that turn"), later.error().hint.c_str());
    pane.editTurn(0);
    QCOMPARE(Talk::names(other.messageAttachments()->attachments()), QStringList({u"cat.png"_s}));
    const Result<void> edited = pane.submit({"one", other.messageAttachments()->attachments()}, {});
    QVERIFY(!edited.ok());
    QVERIFY2(edited.error().message.find("“cat.png” of turn 1 is not there") != std::string::npos,
             edited.error().message.c_str());
    QVERIFY2(edited.error().hint.starts_with("Remove it"), edited.error().hint.c_str());
    QCOMPARE(pane.editedTurn(), 0); // it is still being edited
    other.regenerate();
    QCOMPARE(pane.editedTurn(), 0);
}

void TestConversationMedia::pastedPicturesAreMissed()
{
    Talk talk;
    talk.bar->addImage(QImage(4, 4, QImage::Format_RGB32));
    QTRY_COMPARE_WITH_TIMEOUT(talk.bar->attachments().size(), size_t{1}, kPatience);
    talk.exchange(u"one"_s, "1");
    PlaygroundPanel other(talk.session), third(talk.session);
    other.restoreDraft(talk.panel->draftJson());
    QVERIFY(!other.conversation()->isReading());
    third.restoreDraft(other.draftJson()); // it does not get lost with the next restart either
    for (const PlaygroundPanel *panel : {&other, &third}) {
        const Turn &turn = panel->conversation()->model()->turn(0);
        QCOMPARE(Talk::names(turn.attachments), QStringList({u"pasted-1.png"_s}));
        QCOMPARE(attachmentDetail(*turn.attachments[0]), u"pasted, not kept"_s);
    }
    const size_t before = talk.session.generations.size();
    third.regenerate();
    QCOMPARE(talk.session.generations.size(), before);
    QVERIFY2(third.banner()->message().contains(
                 u"“pasted-1.png” of turn 1 was pasted and not kept, expected a picture."_s),
             qPrintable(third.banner()->message()));
}

void TestConversationMedia::whileFilesAreReadNothingIsLost()
{
    Talk talk;
    const QString cat = talk.write(u"cat.png"_s, pngOf({20, 10})),
                  dog = talk.write(u"dog.png"_s, pngOf({9, 9}));
    QVERIFY(talk.attach({cat}));
    talk.exchange(u"one"_s, "1");
    QVERIFY(talk.attach({dog}));
    HeldReading held;
    PlaygroundPanel other(talk.session);
    other.restoreDraft(talk.panel->draftJson());
    other.show();
    ConversationPane &pane = *other.conversation();
    QVERIFY(pane.isReading() && other.messageAttachments()->isReading());
    QCOMPARE(attachmentDetail(*pane.model()->turn(0).attachments.at(0)), u"being read …"_s);
    QVERIFY(other.draftJson().contains(cat) && other.draftJson().contains(dog));
    const size_t before = talk.session.generations.size();
    auto *again = child<QToolButton>(&other, "regenerate");
    QVERIFY(!again->isEnabled());
    QCOMPARE(again->toolTip(), u"The attached files are still being read."_s);
    other.regenerate(); // by its keys
    QCOMPARE(other.banner()->message(),
             u"Cannot send the conversation: attached files are still being read, expected all of them."_s);
    other.banner()->clear();
    Q_EMIT other.banner()->retryRequested();
    QVERIFY(other.banner()->message().startsWith(u"Cannot send the conversation"_s));
    pane.editTurn(0);
    QCOMPARE(pane.editing(), ConversationPane::Editing::NewTurn);
    QCOMPARE(other.banner()->message(),
             u"Cannot edit turn 1: attached files are still being read, expected all of them."_s);
    QCOMPARE(talk.session.generations.size(), before);
    held.let();
    QTRY_VERIFY_WITH_TIMEOUT(!pane.isReading() && !other.messageAttachments()->isReading(), kPatience);
    QVERIFY(again->isEnabled() && again->toolTip() == again->accessibleName());
    pane.editTurn(0);
    QCOMPARE(pane.editedTurn(), 0);
    QVERIFY(other.banner()->message().isEmpty());
    QCOMPARE(Talk::names(other.messageAttachments()->attachments()), QStringList({u"cat.png"_s}));
    other.regenerate();
    QCOMPARE(talk.session.generations.size(), before + 1);
    QCOMPARE(talk.request().messages[0].media.at(0).bytes, pngOf({20, 10}).toStdString());
    QCOMPARE(Talk::names(other.messageAttachments()->attachments()), QStringList({u"dog.png"_s}));
}

void TestConversationMedia::lateFilesStayWithTheirTurn()
{
    Talk talk;
    talk.exchange(u"one"_s, "1");
    ConversationPane &pane = *talk.panel->conversation();
    const QString cat = talk.write(u"cat.png"_s, pngOf({20, 10})),
                  dog = talk.write(u"dog.png"_s, pngOf({9, 9}));
    {
        HeldReading held;
        talk.drop({cat});
        QVERIFY(talk.bar->isReading());
        QVERIFY(talk.panel->draftJson().contains(cat));
        pane.editTurn(0);
        QVERIFY(talk.panel->banner()->message().startsWith(u"Cannot edit turn 1: attached files"_s));
        pane.editSystemText();
        QCOMPARE(
            talk.panel->banner()->message(),
            u"Cannot edit the system text: attached files are still being read, expected all of them."_s);
        QCOMPARE(pane.editing(), ConversationPane::Editing::NewTurn);
    }
    QTRY_COMPARE_WITH_TIMEOUT(Talk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}), kPatience);
    pane.editTurn(0);
    QVERIFY(talk.bar->attachments().empty());
    {
        HeldReading held;
        talk.drop({dog});
        QVERIFY(talk.bar->isReading());
        pane.cancelEditing();
        QVERIFY(!talk.bar->isReading());
    }
    QCoreApplication::processEvents(); // it has been read, and its turn is as it was
    QCOMPARE(Talk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}));
    QVERIFY(talk.model->turn(0).attachments.empty());
}

void TestConversationMedia::copiesAndCommands()
{
    Talk talk;
    const QString cat = talk.write(u"cat.png"_s, pngOf({20, 10})), hum = talk.write(u"hum.wav"_s, halfLoud());
    QVERIFY(talk.attach({hum, cat}));
    talk.exchange(u"one"_s, "1");
    const QString text = conversationText(talk.panel->conversation()->messages());
    QCOMPARE(text, u"User:\n[hum.wav]\n[cat.png]\none\n\nAssistant:\n1\n"_s);
    talk.panel->conversation()->copyAll(true);
    const QString json = QGuiApplication::clipboard()->text();
    // In the order in which the model is asked.
    const QString parts =
        u"\"content\":[{\"audio\":\""_s + hum + u"\"},{\"image\":\""_s + cat + u"\"},{\"text\":\"one\"}]"_s;
    QVERIFY2(json.contains(parts), qPrintable(json));
    QVERIFY2(talk.panel->command().contains(cat), qPrintable(talk.panel->command()));
    talk.bar->addImage(QImage(4, 4, QImage::Format_RGB32));
    QTRY_COMPARE_WITH_TIMEOUT(talk.bar->attachments().size(), size_t{1}, kPatience);
    QVERIFY2(talk.panel->command().endsWith(u"  # without pasted-1.png: pasted, in no file"_s),
             qPrintable(talk.panel->command()));
    talk.exchange(u"two"_s, "2");
    QVERIFY(talk.panel->command().contains(u"# without pasted-1.png"_s));
    talk.panel->conversation()->editTurn(0); // what is behind it is not asked
    QVERIFY2(!talk.panel->command().contains(u"pasted-1.png"_s), qPrintable(talk.panel->command()));
}

ORRERY_GUI_TEST_MAIN(TestConversationMedia)
#include "tst_conversation_media.moc"
