// SPDX-License-Identifier: GPL-3.0-or-later
// Turns that are edited, deleted and brought back, the system text, and what outlives the window.
#include "talk_setup.h"

#include "widgets/common/action_registry.h"
#include "widgets/common/banner.h"
#include "widgets/common/tone_label.h"

#include <QAction>
#include <QClipboard>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestConversationEditing : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void editsAnEarlierTurn();
    void editingIsLeftWithoutChange();
    void deletesATurnAndUndoes();
    void keysOfATurn();
    void keysAreActionsOfThePanel();
    void startsAnewAndUndoes();
    void undoStopsARunningAnswer();
    void systemTextIsSentFirst();
    void draftSurvives();
    void olderDraftsStillRead();
    void droppedTurnsAreTold();
};

void TestConversationEditing::editsAnEarlierTurn()
{
    Talk talk;
    talk.exchange(u"one"_s, "first");
    talk.exchange(u"two"_s, "second");
    talk.panel->messageEditor()->setPlainText(u"half a dra"_s);
    talk.view->setCurrentTurn(0);
    QTest::keyClick(talk.view, Qt::Key_E);
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"one"_s);
    QCOMPARE(talk.panel->messageEditor()->accessibleName(), u"Turn 1"_s);
    QVERIFY(talk.find<ElidedLabel>("editNote")->fullText().contains(u"What follows it goes"_s));
    QVERIFY(talk.find<QPushButton>("cancelEdit")->isVisible());
    QCOMPARE(talk.said(), u"u:one a:first u:two a:second"_s); // nothing has gone yet
    talk.panel->messageEditor()->setPlainText(u"uno"_s);
    talk.panel->generate();
    QCOMPARE(talk.request().messages.size(), size_t{1});
    QCOMPARE(talk.request().messages[0].content, std::string("uno"));
    talk.answer("primo");
    QCOMPARE(talk.said(), u"u:uno a:primo"_s);
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"half a dra"_s);
    QVERIFY(talk.find<QToolButton>("undoConversation")->toolTip().contains(u"editing turn 1"_s));
    talk.find<QToolButton>("undoConversation")->click();
    QCOMPARE(talk.said(), u"u:one a:first u:two a:second"_s);
    talk.panel->conversation()->redo();
    QCOMPARE(talk.said(), u"u:uno a:primo"_s);
}

void TestConversationEditing::editingIsLeftWithoutChange()
{
    Talk talk;
    talk.exchange(u"one"_s, "first");
    talk.panel->messageEditor()->setPlainText(u"draft"_s);
    talk.panel->conversation()->editTurn(1); // an answer is not edited
    QCOMPARE(talk.panel->conversation()->editing(), ConversationPane::Editing::NewTurn);
    talk.panel->conversation()->editTurn(0);
    talk.panel->messageEditor()->setPlainText(u"changed"_s);
    QVERIFY(talk.panel->sessionJson().contains(u"\"message\":\"draft\""_s));
    talk.find<QPushButton>("cancelEdit")->click();
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"draft"_s);
    QCOMPARE(talk.said(), u"u:one a:first"_s);
    QCOMPARE(talk.session.generations.size(), size_t{1});
    QVERIFY(!talk.find<QPushButton>("cancelEdit")->isVisible());
}

void TestConversationEditing::deletesATurnAndUndoes()
{
    Talk talk;
    talk.exchange(u"one"_s, "first");
    talk.exchange(u"two"_s, "second");
    QTest::mouseMove(talk.view->viewport(), talk.view->turnRect(1).center().toPoint());
    auto *remove = talk.find<QToolButton>("removeTurn");
    QVERIFY(remove->isVisible());
    QCOMPARE(remove->accessibleName(), u"Delete turn 2 (Del)"_s);
    QVERIFY(!talk.find<QToolButton>("editTurn")->isVisible());
    remove->click();
    QCOMPARE(talk.said(), u"u:one u:two a:second"_s);
    QVERIFY(QTest::qWaitForWindowActive(talk.panel.get()));
    talk.view->setFocus();
    QTest::keyClick(talk.view, Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(talk.said(), u"u:one a:first u:two a:second"_s);
}

void TestConversationEditing::keysOfATurn()
{
    Talk talk;
    talk.exchange(u"one"_s, "first");
    QVERIFY(QTest::qWaitForWindowActive(talk.panel.get()));
    talk.view->setFocus(Qt::TabFocusReason);
    QTRY_COMPARE(talk.view->currentTurn(), 1);
    QVERIFY(talk.find<QWidget>("turnBar")->isVisible());
    QTest::keyClick(talk.view, Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QGuiApplication::clipboard()->text(), u"first"_s);
    QTest::keyClick(talk.view, Qt::Key_Up, Qt::ControlModifier);
    QCOMPARE(talk.view->currentTurn(), 0);
    QTest::keyClick(talk.view, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(talk.view, Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QGuiApplication::clipboard()->text(), u"User:\none\n\nAssistant:\nfirst\n"_s);
    QTest::keyClick(talk.view, Qt::Key_Delete);
    QCOMPARE(talk.said(), u"a:first"_s);
}

void TestConversationEditing::keysAreActionsOfThePanel()
{
    Talk talk;
    const auto action = [&talk](const QString &name) {
        QAction *found = talk.panel->findChild<QAction *>(name);
        if (!found || !talk.panel->actions().contains(found)) qFatal("no action %s", qPrintable(name));
        return found; // where the palette finds it
    };
    QAction *anew = action(u"playNewConversation"_s), *undo = action(u"playUndo"_s),
            *redo = action(u"playRedo"_s), *up = action(u"playUp"_s);
    QVERIFY(anew->shortcuts().contains(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_N)));
    QVERIFY(undo->shortcuts().contains(QKeySequence(QKeySequence::Undo)));
    QVERIFY(redo->shortcuts().contains(QKeySequence(QKeySequence::Redo)));
    QCOMPARE(up->shortcut(), QKeySequence(Qt::Key_Escape));
    QCOMPARE(disabledReason(*anew), u"It has no turns yet."_s);
    QCOMPARE(disabledReason(*redo), u"Nothing was undone."_s);
    talk.exchange(u"one"_s, "first");
    QVERIFY(anew->isEnabled());
    anew->trigger();
    QCOMPARE(talk.said(), QString());
    QVERIFY2(undo->text().startsWith(u"Undo "_s), qPrintable(undo->text()));
    undo->trigger();
    QCOMPARE(talk.said(), u"u:one a:first"_s);
    QVERIFY2(redo->isEnabled() && redo->text().startsWith(u"Redo "_s), qPrintable(redo->text()));
    redo->trigger();
    QCOMPARE(talk.said(), QString());
    undo->trigger();
    talk.send(u"two"_s);
    QCOMPARE(up->text(), u"Stop the answer"_s);
    up->trigger();
    QVERIFY(talk.generation().isCancelled);
    talk.panel->setMode(PlayMode::Continue);
    QCOMPARE(disabledReason(*anew), u"Choose Converse first."_s);
    QCOMPARE(undo->text(), u"Undo"_s);
}

void TestConversationEditing::startsAnewAndUndoes()
{
    Talk talk;
    talk.exchange(u"one"_s, "first");
    talk.find<QToolButton>("newConversation")->click();
    QCOMPARE(talk.model->numTurns(), 0);
    QVERIFY(!talk.view->isVisible());
    QVERIFY(!talk.find<QToolButton>("newConversation")->isEnabled());
    QVERIFY(talk.panel->commandText().isEmpty());
    talk.find<QToolButton>("undoConversation")->click();
    QCOMPARE(talk.said(), u"u:one a:first"_s);
}

void TestConversationEditing::undoStopsARunningAnswer()
{
    Talk talk;
    talk.send(u"one"_s);
    Q_EMIT talk.generation().tokens(tokensOf("ab"));
    talk.panel->conversation()->removeTurn(0); // not while it comes
    QCOMPARE(talk.model->numTurns(), 2);
    talk.panel->conversation()->undo();
    QVERIFY(!talk.panel->isGenerating() && talk.generation().isCancelled);
    QCOMPARE(talk.model->numTurns(), 0);
    Q_EMIT talk.generation().tokens(tokensOf("cd"));
    talk.panel->conversation()->redo();
    QCOMPARE(talk.said(), u"u:one a:ab"_s);
}

void TestConversationEditing::systemTextIsSentFirst()
{
    Talk talk;
    talk.panel->messageEditor()->setPlainText(u"hi"_s);
    talk.find<QPushButton>("systemTextFromEmpty")->click();
    QCOMPARE(talk.find<QPushButton>("generate")->text(), u"Save"_s);
    talk.panel->messageEditor()->setPlainText(u"be kind"_s);
    talk.panel->generate();
    QVERIFY(talk.session.generations.empty());
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"hi"_s);
    talk.panel->generate();
    QCOMPARE(talk.request().messages.size(), size_t{2});
    QCOMPARE(talk.request().messages[0].role, std::string("system"));
    QCOMPARE(talk.request().messages[0].content, std::string("be kind"));
    QVERIFY(!talk.find<QToolButton>("systemText")->isEnabled()); // while an answer comes
    talk.answer("x");
    talk.find<QToolButton>("systemText")->click();
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"be kind"_s);
    talk.panel->messageEditor()->clear();
    talk.session.setConnection(ConnectionState::Lost); // saving needs no engine
    talk.find<QPushButton>("generate")->click();
    QCOMPARE(talk.said(), u"u:hi a:x"_s);
}

void TestConversationEditing::draftSurvives()
{
    Talk talk;
    QSignalSpy drafts(talk.panel.get(), &PlaygroundPanel::draftChanged);
    talk.exchange(u"a “draft”"_s, "x\ny");
    QVERIFY(drafts.count() > 0);
    talk.panel->regenerate();
    talk.answer("z");
    talk.panel->messageEditor()->setPlainText(u"next"_s);
    PlaygroundPanel other(talk.session);
    other.restoreJson(talk.panel->sessionJson());
    QCOMPARE(other.mode(), PlayMode::Converse);
    QCOMPARE(other.messageEditor()->toPlainText(), u"next"_s);
    QCOMPARE(other.conversation()->model()->numTurns(), 2);
    QCOMPARE(other.conversation()->numVersions(), 2);
    QCOMPARE(QString::fromStdString(other.conversation()->messages()[1].content), u"z"_s);
    QVERIFY(other.statusText().contains(u"kept from before"_s));
    other.resize(900, 700);
    other.show();
    other.generate(); // and goes on
    QCOMPARE(talk.request().messages.size(), size_t{3});
    QCOMPARE(talk.request().messages[1].content, std::string("z"));
}

void TestConversationEditing::olderDraftsStillRead()
{
    Talk talk;
    talk.panel->restoreJson(uR"({"version":1,"prompt":"p","is_infill":true,"after":"q","model":"code"})"_s);
    QVERIFY(talk.panel->isInfill());
    QCOMPARE(talk.panel->afterEditor()->toPlainText(), u"q"_s);
    talk.panel->restoreJson(uR"({"version":1,"prompt":"p","is_infill":false,"mode":"teach"})"_s);
    QCOMPARE(talk.panel->mode(), PlayMode::Continue);
}

void TestConversationEditing::droppedTurnsAreTold()
{
    Talk talk;
    talk.panel->restoreJson(
        uR"({"mode":"converse","conversation":{"dropped":12,"turns":[{"role":"user","content":"a"}]}})"_s);
    QVERIFY(talk.panel->noteBanner()->message().contains(u"first 12 turns"_s));
    talk.panel->setMode(PlayMode::Continue);
    QVERIFY(talk.panel->noteBanner()->isHidden());
}

ORRERY_GUI_TEST_MAIN(TestConversationEditing)
#include "tst_conversation_editing.moc"
