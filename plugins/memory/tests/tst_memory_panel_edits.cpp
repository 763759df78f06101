// SPDX-License-Identifier: Apache-2.0
// Pins, and what is forgotten, in the memory panel: done, undone, refused, asked for.
#include "plugins/memory/tests/memory_panel_case.h"
#include "plugins/memory/ui/memory_table.h"
#include "widgets/common/banner.h"

#include <QAction>
#include <QMenu>
#include <QMessageBox>
#include <QPointer>
#include <QPushButton>
#include <QToolButton>

using namespace orrery;
using namespace orrery::ui;
using namespace orrery::memory_ui;

class TestMemoryPanelEdits : public QObject, protected MemoryPanelCase {
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { tearDown(); }

    void pinsAndUndoes()
    {
        openSample();
        m_panel->selectEvent(9);
        QVERIFY(!part<QToolButton>("undoEdit")->isEnabled());
        part<QPushButton>("pinEvent")->click();
        QCOMPARE(m_session->edits.back().second.verb, MemoryVerb::Pin);
        QCOMPARE(m_session->edits.back().second.event, int64_t(9));
        QVERIFY(!part<QPushButton>("pinEvent")->isEnabled()); // until it is answered
        QTRY_VERIFY(memoryOf(9).isPinned);
        QCOMPARE(part<QPushButton>("pinEvent")->text(), u"Unpin"_s);
        QCOMPARE(text("eventTitle"), u"Event 9, pinned"_s);
        QCOMPARE(text("occupancyText"), u"382 of 4,096 slots used, 62 pinned"_s);
        QVERIFY(part<QToolButton>("undoEdit")->isEnabled());
        QTest::keyClick(m_panel->table(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(m_session->edits.back().second.verb, MemoryVerb::Unpin);
        QTRY_VERIFY(!memoryOf(9).isPinned);
        QVERIFY(!m_panel->canUndo());
        QTest::keyClick(m_panel->table(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY(memoryOf(9).isPinned);
        QVERIFY(m_panel->canUndo());
        // Unpinning is undone as well.
        m_panel->pin(7, false);
        QTRY_VERIFY(!memoryOf(7).isPinned);
        m_panel->undo();
        QTRY_VERIFY(memoryOf(7).isPinned);
        m_panel->undo();
        QTRY_VERIFY(!memoryOf(9).isPinned);
        QVERIFY(!m_panel->canUndo());
    }
    void aFullAndPinnedMemoryIsToldBeforeItRefuses()
    {
        open();
        m_session->memory.status.capacity = 382; // what the sample uses
        show();
        QTRY_COMPARE(m_panel->events()->rowCount(), 6);
        auto *told = part<QLabel>("memoryRefusal");
        QVERIFY(!told->isVisible());
        for (const int64_t event : {3, 4, 8, 9, 12}) {
            m_panel->pin(event, true);
            QTRY_VERIFY(memoryOf(event).isPinned);
        }
        QTRY_COMPARE(text("memoryRefusal"),
                     u"All 382 slots are pinned: what is read next cannot be remembered. Unpin an event (P) or "
                     "forget one, and there is room again."_s);
        QVERIFY(told->isVisible());
        // What it says to do helps.
        m_panel->selectEvent(4);
        m_panel->table()->setFocus();
        QTest::keyClick(m_panel->table(), Qt::Key_P);
        QTRY_VERIFY(!memoryOf(4).isPinned);
        QTRY_VERIFY(!told->isVisible());
    }
    void anUndoThatCannotBeDoneIsNotOfferedAgain()
    {
        openSample();
        m_panel->pin(9, true);
        QTRY_VERIFY(m_panel->canUndo());
        m_session->editError = Error{ErrorCode::Unavailable, "Cannot unpin event 9: the worker is busy.", ""};
        m_panel->undo();
        QTRY_COMPARE(m_panel->banner()->message(), u"Cannot unpin event 9: the worker is busy."_s);
        QVERIFY(m_panel->canUndo()); // perhaps later
        m_session->editError = Error{ErrorCode::NotFound, "Cannot unpin event 9: there is none.", ""};
        m_panel->undo();
        QTRY_COMPARE(m_panel->banner()->message(), u"Cannot unpin event 9: there is none."_s);
        QVERIFY(!m_panel->canUndo());
    }
    void aPinThatFailsIsNotUndone()
    {
        openSample();
        m_session->editError =
            Error{ErrorCode::NotFound, "Cannot pin event 9: there is none.", "List the events again."};
        m_panel->pin(9, true);
        QTRY_COMPARE(m_panel->banner()->message(), u"Cannot pin event 9: there is none."_s);
        QVERIFY(!m_panel->canUndo());
        QVERIFY(!isEmptyShown()); // NotFound of an edit does not mean that there is no memory
        QCOMPARE(m_panel->events()->rowCount(), 6);
    }
    void whatIsGoneCannotBeUndone()
    {
        openSample();
        m_panel->pin(9, true);
        QTRY_VERIFY(m_panel->canUndo());
        std::erase_if(m_session->memory.events, [](const MemoryEvent &one) { return one.id == 9; });
        m_panel->refresh();
        QTRY_COMPARE(m_panel->events()->rowCount(), 5);
        m_session->edits.clear();
        m_panel->undo();
        QVERIFY(m_session->edits.empty());
        QCOMPARE(m_panel->banner()->message(), u"Event 9 is no longer in the memory."_s);
        QVERIFY(!m_panel->canUndo());
    }
    void aNumberThatIsGivenAgainIsAnotherEvent()
    {
        openSample();
        m_panel->pin(9, true);
        QTRY_VERIFY(m_panel->canUndo());
        for (MemoryEvent &one : m_session->memory.events)
            if (one.id == 9) one.source = "another text";
        m_panel->refresh();
        QTRY_VERIFY(!m_panel->canUndo());
        m_session->edits.clear();
        m_panel->undo();
        QVERIFY(m_session->edits.empty());
    }
    void forgetsOnlyAfterAQuestion()
    {
        openSample();
        m_panel->selectEvent(9);
        const QList<QAction *> choices = part<QMenu>("forgetMenu")->actions();
        QCOMPARE(choices.size(), 4); // the event itself can be taken back, and stands above a line
        QCOMPARE(choices[2]->text(), u"chat.json, the user's turn 2…"_s);
        QCOMPARE(choices[3]->text(), u"all of chat.json…"_s);
        choices[3]->trigger();
        QPointer<QMessageBox> question = m_panel->findChild<QMessageBox *>(u"forgetQuestion"_s);
        QVERIFY(question);
        QCOMPARE(question->text(), u"Forget chat.json?"_s);
        QCOMPARE(
            question->informativeText(),
            u"4 events with 282 slots, 1 of them pinned, leave the memory of code-7M. This cannot be undone."_s);
        QCOMPARE(child<QPushButton>(question, "confirmForget")->text(), u"Forget chat.json"_s);
        QVERIFY(question->defaultButton() == question->button(QMessageBox::Cancel));
        question->button(QMessageBox::Cancel)->click();
        QTRY_VERIFY(!question);
        QVERIFY(m_session->edits.empty());
        QCOMPARE(m_panel->events()->rowCount(), 6);

        choices[3]->trigger();
        question = m_panel->findChild<QMessageBox *>(u"forgetQuestion"_s);
        child<QPushButton>(question, "confirmForget")->click();
        QCOMPARE(m_session->edits.size(), size_t(1));
        QCOMPARE(m_session->edits[0].second.verb, MemoryVerb::Wipe);
        QCOMPARE(m_session->edits[0].second.source, std::string("chat.json"));
        QTRY_COMPARE(m_panel->events()->rowCount(), 2);
        QCOMPARE(m_panel->banner()->message(), u"Forgot chat.json: 282 slots are free again."_s);
        QVERIFY(!m_panel->canUndo());
    }
    void aListDoesNotReplaceAnEdit()
    {
        openSample();
        m_session->holdsEdits = true;
        m_panel->pin(9, true);
        m_panel->refresh();
        QCOMPARE(m_session->edits.size(), size_t(1));
        QCOMPARE(m_session->numCancelledEdits, 0);
        QCOMPARE(text("memoryAsOf"), u"changing…"_s);
        m_panel->pin(8, true); // one at a time
        QCOMPARE(m_session->edits.size(), size_t(1));
        answerEdits();
        QVERIFY(memoryOf(9).isPinned);
    }
};

ORRERY_GUI_TEST_MAIN(TestMemoryPanelEdits)
#include "tst_memory_panel_edits.moc"
