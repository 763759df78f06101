// SPDX-License-Identifier: GPL-3.0-or-later
// Files of a conversation that are read late, changed place or are gone.
#include "held_workers.h"
#include "media_talk.h"

#include "widgets/common/banner.h"
#include "widgets/play/attachment_painter.h"

#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestConversationFiles : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void draftsFindTheirFiles();
    void filesThatAreGoneAreTold_data();
    void filesThatAreGoneAreTold();
    void hintsFitWhereTheChipIs();
    void pastedPicturesAreMissed();
    void whileFilesAreReadNothingIsLost();
    void lateFilesStayWithTheirTurn();
};

void TestConversationFiles::draftsFindTheirFiles()
{
    MediaTalk talk;
    QVERIFY(talk.attach({talk.write(u"cat.png"_s, pngOf({20, 10}))}));
    talk.exchange(u"one"_s, "1");
    QVERIFY(talk.attach({talk.write(u"dog.png"_s, pngOf({20, 10}))}));
    PlaygroundPanel other(talk.session);
    other.restoreJson(talk.panel->sessionJson());
    const ConversationModel *model = other.conversation()->model();
    QCOMPARE(model->numTurns(), 2);
    QTRY_COMPARE_WITH_TIMEOUT(MediaTalk::names(model->turn(0).attachments), QStringList({u"cat.png"_s}),
                              kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(MediaTalk::names(other.messageAttachments()->attachments()),
                              QStringList({u"dog.png"_s}), kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(!other.conversation()->isReading(), kPatience);
    QCOMPARE(model->turn(0).attachments[0]->pixels, QSize(20, 10));
    // While a turn is edited, it is the turn that was being written that is kept.
    talk.panel->conversation()->editTurn(0);
    PlaygroundPanel third(talk.session);
    third.restoreJson(talk.panel->sessionJson());
    QTRY_COMPARE_WITH_TIMEOUT(MediaTalk::names(third.messageAttachments()->attachments()),
                              QStringList({u"dog.png"_s}), kPatience);
}

void TestConversationFiles::filesThatAreGoneAreTold_data()
{
    QTest::addColumn<QString>("way");
    QTest::newRow("send") << u"send"_s;
    QTest::newRow("regenerate") << u"regenerate"_s;
    QTest::newRow("retry") << u"retry"_s;
}

void TestConversationFiles::filesThatAreGoneAreTold()
{
    QFETCH(QString, way);
    MediaTalk talk;
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
    other.restoreJson(talk.panel->sessionJson());
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

void TestConversationFiles::hintsFitWhereTheChipIs()
{
    MediaTalk talk;
    const QString cat = talk.write(u"cat.png"_s, pngOf({20, 10}));
    QVERIFY(talk.attach({cat}));
    talk.exchange(u"one"_s, "1");
    QVERIFY(QFile::remove(cat));
    PlaygroundPanel other(talk.session);
    other.restoreJson(talk.panel->sessionJson());
    ConversationPane &pane = *other.conversation();
    QTRY_VERIFY_WITH_TIMEOUT(!pane.isReading(), kPatience);
    const Result<void> later = pane.submit({"two"}, {});
    QVERIFY(!later.ok());
    QCOMPARE(later.error().code, ErrorCode::NotFound);
    QVERIFY2(later.error().hint.starts_with("Edit that turn"), later.error().hint.c_str());
    pane.editTurn(0);
    QCOMPARE(MediaTalk::names(other.messageAttachments()->attachments()), QStringList({u"cat.png"_s}));
    const Result<void> edited = pane.submit({"one", other.messageAttachments()->attachments()}, {});
    QVERIFY(!edited.ok());
    QVERIFY2(edited.error().message.find("“cat.png” of turn 1 is not there") != std::string::npos,
             edited.error().message.c_str());
    QVERIFY2(edited.error().hint.starts_with("Remove it"), edited.error().hint.c_str());
    QCOMPARE(pane.editedTurn(), 0); // it is still being edited
    other.regenerate();
    QCOMPARE(pane.editedTurn(), 0);
}

void TestConversationFiles::pastedPicturesAreMissed()
{
    MediaTalk talk;
    talk.bar->addImage(QImage(4, 4, QImage::Format_RGB32));
    QTRY_COMPARE_WITH_TIMEOUT(talk.bar->attachments().size(), size_t{1}, kPatience);
    talk.exchange(u"one"_s, "1");
    PlaygroundPanel other(talk.session), third(talk.session);
    other.restoreJson(talk.panel->sessionJson());
    QVERIFY(!other.conversation()->isReading());
    third.restoreJson(other.sessionJson()); // it does not get lost with the next restart either
    for (const PlaygroundPanel *panel : {&other, &third}) {
        const Turn &turn = panel->conversation()->model()->turn(0);
        QCOMPARE(MediaTalk::names(turn.attachments), QStringList({u"pasted-1.png"_s}));
        QCOMPARE(attachmentDetail(*turn.attachments[0]), u"pasted, not kept"_s);
    }
    const size_t before = talk.session.generations.size();
    third.regenerate();
    QCOMPARE(talk.session.generations.size(), before);
    QVERIFY2(third.banner()->message().contains(
                 u"“pasted-1.png” of turn 1 was pasted and not kept, expected a picture."_s),
             qPrintable(third.banner()->message()));
}

void TestConversationFiles::whileFilesAreReadNothingIsLost()
{
    MediaTalk talk;
    const QString cat = talk.write(u"cat.png"_s, pngOf({20, 10})),
                  dog = talk.write(u"dog.png"_s, pngOf({9, 9}));
    QVERIFY(talk.attach({cat}));
    talk.exchange(u"one"_s, "1");
    QVERIFY(talk.attach({dog}));
    HeldWorkers held;
    PlaygroundPanel other(talk.session);
    other.restoreJson(talk.panel->sessionJson());
    other.show();
    ConversationPane &pane = *other.conversation();
    QVERIFY(pane.isReading() && other.messageAttachments()->isReading());
    QCOMPARE(attachmentDetail(*pane.model()->turn(0).attachments.at(0)), u"being read …"_s);
    QVERIFY(other.sessionJson().contains(cat) && other.sessionJson().contains(dog));
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
    QCOMPARE(MediaTalk::names(other.messageAttachments()->attachments()), QStringList({u"cat.png"_s}));
    other.regenerate();
    QCOMPARE(talk.session.generations.size(), before + 1);
    QCOMPARE(talk.request().messages[0].media.at(0).bytes, pngOf({20, 10}).toStdString());
    QCOMPARE(MediaTalk::names(other.messageAttachments()->attachments()), QStringList({u"dog.png"_s}));
}

void TestConversationFiles::lateFilesStayWithTheirTurn()
{
    MediaTalk talk;
    talk.exchange(u"one"_s, "1");
    ConversationPane &pane = *talk.panel->conversation();
    const QString cat = talk.write(u"cat.png"_s, pngOf({20, 10})),
                  dog = talk.write(u"dog.png"_s, pngOf({9, 9}));
    {
        HeldWorkers held;
        talk.drop({cat});
        QVERIFY(talk.bar->isReading());
        QVERIFY(talk.panel->sessionJson().contains(cat));
        pane.editTurn(0);
        QVERIFY(talk.panel->banner()->message().startsWith(u"Cannot edit turn 1: attached files"_s));
        pane.editSystemText();
        QCOMPARE(
            talk.panel->banner()->message(),
            u"Cannot edit the system text: attached files are still being read, expected all of them."_s);
        QCOMPARE(pane.editing(), ConversationPane::Editing::NewTurn);
    }
    QTRY_COMPARE_WITH_TIMEOUT(MediaTalk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}),
                              kPatience);
    pane.editTurn(0);
    QVERIFY(talk.bar->attachments().empty());
    {
        HeldWorkers held;
        talk.drop({dog});
        QVERIFY(talk.bar->isReading());
        pane.cancelEditing();
        QVERIFY(!talk.bar->isReading());
    }
    QCoreApplication::processEvents(); // it has been read, and its turn is as it was
    QCOMPARE(MediaTalk::names(talk.bar->attachments()), QStringList({u"cat.png"_s}));
    QVERIFY(talk.model->turn(0).attachments.empty());
}

ORRERY_GUI_TEST_MAIN(TestConversationFiles)
#include "tst_conversation_files.moc"
