// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and recordings of a conversation: how they come into a turn, and where they are shown.
#include "media_talk.h"

#include "widgets/common/banner.h"
#include "widgets/play/attachment_painter.h"
#include "widgets/play/conversation_text.h"
#include "widgets/theme/theme.h"

#include <QClipboard>
#include <QFileDialog>
#include <QPushButton>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestConversationMedia : public QObject {
    Q_OBJECT
private Q_SLOTS:
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
    void copiesAndCommands();
};

void TestConversationMedia::dropsGoIntoTheTurn()
{
    MediaTalk talk;
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
    MediaTalk talk;
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
    MediaTalk talk;
    QImage image(12, 8, QImage::Format_RGB32);
    image.fill(Qt::blue);
    QGuiApplication::clipboard()->setImage(image);
    talk.panel->messageEditor()->paste();
    QTRY_COMPARE_WITH_TIMEOUT(MediaTalk::names(talk.bar->attachments()), QStringList({u"pasted-1.png"_s}),
                              kPatience);
    child<QToolButton>(talk.panel.get(), "attach")->click();
    auto *dialog = talk.panel->findChild<QFileDialog *>(u"attachDialog"_s);
    QVERIFY(dialog);
    Q_EMIT dialog->filesSelected({talk.write(u"a.wav"_s, halfLoud())});
    dialog->close();
    QTRY_COMPARE_WITH_TIMEOUT(MediaTalk::names(talk.bar->attachments()),
                              QStringList({u"pasted-1.png"_s, u"a.wav"_s}), kPatience);
    QVERIFY(talk.panel->attachments()->attachments().empty());
}

void TestConversationMedia::standsInTheTranscript()
{
    MediaTalk talk;
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
    MediaTalk talk;
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
    MediaTalk talk;
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    talk.exchange(u"one"_s, "1");
    QVERIFY(talk.attach({talk.write(u"dog.png"_s, pngOf({20, 10}))}));
    talk.panel->messageEditor()->setPlainText(u"draft"_s);
    talk.panel->conversation()->editTurn(0);
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"one"_s);
    QCOMPARE(MediaTalk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}));
    talk.panel->conversation()->cancelEditing();
    QCOMPARE(MediaTalk::names(talk.bar->attachments()), QStringList({u"dog.png"_s}));
    QCOMPARE(MediaTalk::names(talk.model->turn(0).attachments), QStringList({u"cat.png"_s}));
    talk.panel->conversation()->editTurn(0);
    talk.bar->remove(0);
    talk.panel->generate();
    QVERIFY(talk.request().messages[0].media.empty());
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"draft"_s);
    QCOMPARE(MediaTalk::names(talk.bar->attachments()), QStringList({u"dog.png"_s}));
    Q_EMIT talk.generation().finished(summaryOf(FinishReason::EndOfTurn));
    talk.panel->conversation()->undo();
    QCOMPARE(MediaTalk::names(talk.model->turn(0).attachments), QStringList({u"cat.png"_s}));
}

void TestConversationMedia::undoBringsThemBack()
{
    MediaTalk talk;
    talk.exchange(u"one"_s, "1");
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    talk.bar->remove(0);
    QVERIFY(talk.bar->isVisible()); // for what can be brought back
    auto *undo = child<QToolButton>(talk.panel.get(), "undoConversation");
    undo->click();
    QCOMPARE(MediaTalk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}));
    QCOMPARE(talk.model->numTurns(), 2);
    undo->click();
    QCOMPARE(talk.model->numTurns(), 0);
}

void TestConversationMedia::systemTextsHaveNone()
{
    MediaTalk talk;
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    talk.panel->conversation()->editSystemText();
    QVERIFY(!talk.bar->isVisible() && !child<QToolButton>(talk.panel.get(), "attach")->isEnabled());
    talk.drop({talk.write(u"dog.png"_s, pngOf({20, 10}))});
    QVERIFY(!talk.bar->isReading());
    talk.panel->messageEditor()->setPlainText(u"be kind"_s);
    talk.panel->generate();
    QCOMPARE(talk.model->systemText(), std::string("be kind"));
    QCOMPARE(MediaTalk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}));
    QVERIFY(child<QToolButton>(talk.panel.get(), "attach")->isEnabled());
}

void TestConversationMedia::refusalsAreTold()
{
    MediaTalk talk;
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
    QCOMPARE(MediaTalk::names(talk.model->turn(0).attachments),
             QStringList({u"cat.png"_s})); // nothing is lost
}

void TestConversationMedia::refusesWhatIsTooLarge()
{
    MediaTalk talk;
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
    QCOMPARE(MediaTalk::names(talk.bar->attachments()),
             QStringList({u"b.wav"_s})); // it is still there to be taken out
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"two"_s);
}

void TestConversationMedia::copiesAndCommands()
{
    MediaTalk talk;
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
