// SPDX-License-Identifier: Apache-2.0
// The memory panel with an engine that a test scripts: what it asks, what it shows of the answers, when they
// come late, are out of date or are errors, and what can be done with the events.
#include "plugins/memory/tests/memory_panel_samples.h"
#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "plugins/memory/ui/reads_model.h"
#include "plugins/memory/ui/reads_pane.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"

#include <QAction>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::memory_ui;

class TestMemoryPanel : public QObject {
    Q_OBJECT

    std::unique_ptr<MemorySession> m_session;
    std::unique_ptr<MemoryPanel> m_panel;

    void open(bool isFilled = true)
    {
        m_session = std::make_unique<MemorySession>();
        if (isFilled) fillMemory(*m_session);
        m_panel = std::make_unique<MemoryPanel>(*m_session);
        m_panel->resize(1'000, 760);
    }
    void show()
    {
        m_panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
    }
    void openSample()
    {
        open();
        show();
        QTRY_COMPARE(m_panel->events()->rowCount(), 6);
        QTRY_VERIFY(text("tierWorkingValue").contains(u"256"));
        m_session->edits.clear();
    }
    [[nodiscard]] QString text(const char *label) const
    {
        const auto *found = child<QLabel>(m_panel.get(), label);
        const auto *elided = qobject_cast<const ElidedLabel *>(found);
        return elided ? elided->fullText() : found->text();
    }
    template <typename Widget> Widget *part(const char *name) const
    {
        return child<Widget>(m_panel.get(), name);
    }
    [[nodiscard]] QString emptyTitle() const { return part<EmptyState>("memoryEmpty")->accessibleName(); }
    [[nodiscard]] QString emptySentence() const
    {
        return part<EmptyState>("memoryEmpty")->accessibleDescription();
    }
    [[nodiscard]] bool isEmptyShown() const { return part<EmptyState>("memoryEmpty")->isVisible(); }
    [[nodiscard]] const MemoryEvent &event(int64_t id) const
    {
        return m_panel->events()->events()[size_t(m_panel->events()->indexOfId(id))];
    }
    void answerEdits()
    {
        while (m_session->answerEdit()) {
        }
    }

private Q_SLOTS:
    void cleanup()
    {
        m_panel.reset();
        m_session.reset();
    }

    void isEmptyWithoutAModel()
    {
        open(false);
        show();
        QVERIFY(isEmptyShown());
        QCOMPARE(emptyTitle(), u"No model yet"_s);
        QVERIFY(part<QPushButton>("emptyOpen")->isVisible());
        QVERIFY(m_session->edits.empty());
        m_session->setConnection(ConnectionState::Lost);
        QCOMPARE(emptyTitle(), u"No engine"_s);
        QVERIFY(!part<QPushButton>("emptyOpen")->isVisible());
    }
    void asksOnlyWhileItIsSeen()
    {
        open();
        QTest::qWait(20);
        QCOMPARE(m_panel->model(), u"code-7M"_s);
        QVERIFY(m_session->edits.empty());
        show();
        QCOMPARE(m_session->edits.size(), size_t(1));
        QCOMPARE(m_session->edits[0].first, u"code-7M"_s);
        QCOMPARE(m_session->edits[0].second.verb, MemoryVerb::List);
    }
    void showsASample()
    {
        openSample();
        QVERIFY(!isEmptyShown());
        QCOMPARE(text("occupancyText"), u"382 of 4,096 slots used, 40 pinned"_s);
        QCOMPARE(text("occupancyCounts"), u"31 evicted · 12 skipped · 0 refused"_s);
        QVERIFY(!part<QLabel>("memoryRefusal")->isVisible());
        QCOMPARE(text("tierWorkingValue"), u"window of 256 tokens, 16 registers"_s);
        QCOMPARE(text("tierEpisodicValue"), u"382 of 4,096 slots, 9.3 %"_s);
        QCOMPARE(text("tierSemanticValue"), u"16,384 slots, 2 × 16 read a token"_s);
        QCOMPARE(text("shownCount"), u"6 events"_s);
        QVERIFY(text("memoryAsOf").startsWith(u"as of "_s));
        m_panel->selectEvent(9);
        QCOMPARE(text("eventTitle"), u"Event 9"_s);
        QCOMPARE(text("eventProvenance"),
                 u"From chat.json, the user's turn 2, tokens 120–141, read at step 900."_s);
        QCOMPARE(part<QPlainTextEdit>("eventText")->toPlainText(), u"She is seven. We leave on 14 March."_s);
        QVERIFY(text("eventNumbers").contains(u"1,980 tokens were read since it began."_s));
        QCOMPARE(m_panel->strip()->selected(), m_panel->events()->indexOfId(9));
        QCOMPARE(m_panel->table()->currentEvent(), m_panel->events()->indexOfId(9));
    }
    void showsTheLastRefusal()
    {
        open();
        m_session->memory.status.numRefused = 3;
        m_session->memory.status.lastRefusal = "Cannot store token 812: all 64 slots are pinned";
        show();
        QTRY_COMPARE(text("memoryRefusal"),
                     u"Last refusal: Cannot store token 812: all 64 slots are pinned."_s);
        QVERIFY(part<QLabel>("memoryRefusal")->isVisible());
    }
    void answersMayComeLate()
    {
        open();
        m_session->holdsEdits = true;
        show();
        QVERIFY(isEmptyShown());
        QCOMPARE(emptyTitle(), u"Asking the model…"_s);
        QCOMPARE(text("memoryAsOf"), u"asking…"_s);
        QTest::qWait(30);
        QCOMPARE(m_panel->events()->rowCount(), 0);
        answerEdits();
        QCOMPARE(m_panel->events()->rowCount(), 6);
        // What is chosen stays so when the memory has changed meanwhile.
        m_panel->selectEvent(8);
        m_session->memory.events.erase(m_session->memory.events.begin());
        m_session->memory.events.back().meanUsage = 3;
        m_panel->refresh();
        QCOMPARE(text("memoryAsOf"), u"asking…"_s);
        answerEdits();
        QCOMPARE(m_panel->events()->rowCount(), 5);
        QCOMPARE(m_panel->selectedEvent(), 8);
        QCOMPARE(m_panel->table()->currentEvent(), m_panel->events()->indexOfId(8));
        m_session->memory.events.clear();
        m_panel->refresh();
        answerEdits();
        QCOMPARE(m_panel->selectedEvent(), 0);
        QVERIFY(!m_panel->details()->event());
    }
    void staleAnswersAreIgnored()
    {
        open();
        m_session->runList.push_back(fakeRun("other", RunState::Finished, 500));
        m_session->holdsEdits = true;
        show();
        QCOMPARE(m_session->edits.size(), size_t(1));
        m_panel->setModel(u"other"_s);
        QCOMPARE(m_session->edits.size(), size_t(2));
        QCOMPARE(m_session->edits[1].first, u"other"_s);
        QCOMPARE(m_session->numCancelledEdits, 1);
        m_session->answerEdit(true); // that of the model before, which did not hear the cancel
        QCOMPARE(m_panel->events()->rowCount(), 0);
        m_session->memory.events.resize(2);
        m_session->answerEdit();
        QCOMPARE(m_panel->events()->rowCount(), 2);
    }
    void aLookAtAnotherModelIsIgnored()
    {
        openSample();
        m_session->runList.push_back(fakeRun("other", RunState::Finished, 500));
        m_session->isHolding = true;
        m_panel->reads()->setPrompt(u"Where is the key"_s);
        part<QPushButton>("lookButton")->click();
        QCOMPARE(m_session->inspections.size(), size_t(1));
        m_panel->setModel(u"other"_s);
        QCOMPARE(m_session->numCancelledInspections, 1);
        m_session->isHolding = false;
        m_session->flush();
        QCOMPARE(m_panel->reads()->model()->rowCount(), 0);
    }
    void aModelWithoutMemoryIsNoMistake()
    {
        open();
        m_session->editError = Error{
            ErrorCode::NotFound, "Cannot list the memory of \"code-7M\": the model has no episodic memory.",
            "Train it with plugins.memory.episodic_size above 0."};
        show();
        QTRY_COMPARE(emptyTitle(),
                     u"Cannot list the memory of \"code-7M\": the model has no episodic memory."_s);
        QCOMPARE(emptySentence(), u"Train it with plugins.memory.episodic_size above 0."_s);
        QVERIFY(!m_panel->banner()->isVisible());
        QCOMPARE(text("tierEpisodicValue"), u"off"_s);
        part<QPushButton>("emptyAgain")->click(); // another one may be loaded meanwhile
        QTRY_COMPARE(m_panel->events()->rowCount(), 6);
    }
    void errorsStandInTheBannerWithRetry()
    {
        open();
        m_session->editError =
            Error{ErrorCode::Unavailable, "Cannot load \"code-7M\": the worker ended.", "Try again."};
        show();
        QTRY_VERIFY(m_panel->banner()->isVisible());
        QCOMPARE(m_panel->banner()->message(), u"Cannot load \"code-7M\": the worker ended."_s);
        QCOMPARE(emptyTitle(), u"Not known"_s);
        part<QPushButton>("bannerRetry")->click();
        QTRY_COMPARE(m_panel->events()->rowCount(), 6);
        QVERIFY(!m_panel->banner()->isVisible());
        // What was known stays while an error says that it may be old.
        m_session->editError = Error{ErrorCode::Unavailable, "Cannot ask.", ""};
        m_panel->refresh();
        QTRY_VERIFY(m_panel->banner()->isVisible());
        QCOMPARE(m_panel->events()->rowCount(), 6);
        QVERIFY(text("memoryAsOf").startsWith(u"as of "_s));
    }
    void emptyMemoryOffersAText()
    {
        open();
        m_session->memory.events.clear();
        show();
        QTRY_COMPARE(emptyTitle(), u"Nothing remembered yet"_s);
        part<QPushButton>("emptyRead")->click();
        QCOMPARE(part<SegmentedChoice>("memoryTabs")->current(), u"reads"_s);
        QVERIFY(part<QLineEdit>("readsPrompt")->hasFocus());
        auto *remember = part<QPushButton>("rememberButton");
        QVERIFY(remember->isVisible() && !remember->isEnabled());
        QTest::keyClicks(part<QLineEdit>("readsPrompt"), u"a long text"_s);
        QVERIFY(remember->isEnabled());
        remember->click();
        QCOMPARE(m_session->generations.size(), size_t(1));
        QCOMPARE(m_session->generations[0].request.prompt, std::string("a long text"));
        QCOMPARE(m_session->generations[0].request.sampling.maxTokens, int64_t(2)); // see tst_memory_rpc
        QVERIFY(!remember->isEnabled());
        m_session->memory = sampleMemory();
        Q_EMIT m_session->generations[0].handle->finished({});
        QTRY_COMPARE(m_panel->events()->rowCount(), 6);
        QVERIFY(!remember->isVisible()); // it would replace what is there
    }
    void aTextThatCannotBeReadIsSaid()
    {
        open();
        m_session->memory.events.clear();
        show();
        QTRY_COMPARE(emptyTitle(), u"Nothing remembered yet"_s);
        part<QPushButton>("emptyRead")->click();
        m_panel->reads()->setPrompt(u"x"_s);
        part<QPushButton>("rememberButton")->click();
        Q_EMIT m_session->generations[0].handle->failed(
            Error{ErrorCode::OutOfMemory, "Cannot read: memory is full.", "Use a smaller model."});
        QCOMPARE(part<Banner>("readsBanner")->message(), u"Cannot read: memory is full."_s);
        QVERIFY(part<QPushButton>("rememberButton")->isEnabled());
    }

    void pinsAndUndoes()
    {
        openSample();
        m_panel->selectEvent(9);
        QVERIFY(!part<QToolButton>("undoEdit")->isEnabled());
        part<QPushButton>("pinEvent")->click();
        QCOMPARE(m_session->edits.back().second.verb, MemoryVerb::Pin);
        QCOMPARE(m_session->edits.back().second.event, int64_t(9));
        QVERIFY(!part<QPushButton>("pinEvent")->isEnabled()); // until it is answered
        QTRY_VERIFY(event(9).isPinned);
        QCOMPARE(part<QPushButton>("pinEvent")->text(), u"Unpin"_s);
        QCOMPARE(text("eventTitle"), u"Event 9, pinned"_s);
        QCOMPARE(text("occupancyText"), u"382 of 4,096 slots used, 62 pinned"_s);
        QVERIFY(part<QToolButton>("undoEdit")->isEnabled());
        QTest::keyClick(m_panel->table(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(m_session->edits.back().second.verb, MemoryVerb::Unpin);
        QTRY_VERIFY(!event(9).isPinned);
        QVERIFY(!m_panel->canUndo());
        QTest::keyClick(m_panel->table(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY(event(9).isPinned);
        QVERIFY(m_panel->canUndo());
        // Unpinning is undone as well.
        m_panel->pin(7, false);
        QTRY_VERIFY(!event(7).isPinned);
        m_panel->undo();
        QTRY_VERIFY(event(7).isPinned);
        m_panel->undo();
        QTRY_VERIFY(!event(9).isPinned);
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
        QVERIFY(event(9).isPinned);
    }

    void looksAtWhatIsRead()
    {
        openSample();
        part<SegmentedChoice>("memoryTabs")->button(u"reads"_s)->click();
        auto *look = part<QPushButton>("lookButton");
        QVERIFY(!look->isEnabled());
        QTest::keyClicks(part<QLineEdit>("readsPrompt"), u"Where is the key"_s);
        QTest::keyClick(part<QLineEdit>("readsPrompt"), Qt::Key_Return);
        QCOMPARE(m_session->inspections.size(), size_t(1));
        QCOMPARE(m_session->inspections[0].model, u"code-7M"_s);
        QCOMPARE(m_session->inspections[0].request.input.prompt, std::string("Where is the key"));
        QVERIFY(!m_session->inspections[0].request.wantsOverview);
        QCOMPARE(m_session->inspections[0].request.token, int64_t(-1));
        QCOMPARE(look->text(), u"Cancel"_s);
        QTRY_COMPARE(m_panel->reads()->model()->rowCount(), 6);
        QCOMPARE(look->text(), u"Look"_s);
        QCOMPARE(text("readsSummary"),
                 u"At token 9 [·key], 2 heads read from the episodic memory and 1 from the semantic one."_s);
        m_session->failNext[u"inspect"_s] =
            Error{ErrorCode::InvalidInput, "Cannot look at an empty text.", "Type one."};
        look->click();
        QTRY_COMPARE(part<Banner>("readsBanner")->message(), u"Cannot look at an empty text."_s);
        look->click();
        QTRY_COMPARE(look->text(), u"Look"_s);
        QVERIFY(!part<Banner>("readsBanner")->isVisible());
        m_session->isHolding = true;
        look->click();
        QCOMPARE(look->text(), u"Cancel"_s);
        QTest::keyClick(part<QLineEdit>("readsPrompt"), Qt::Key_Escape);
        QCOMPARE(look->text(), u"Look"_s);
        QCOMPARE(m_session->numCancelledInspections, 1);
    }
    void saysWhenNothingWasRead()
    {
        openSample();
        m_session->inspection = [](const QString &, const InspectRequest &) {
            InspectReport report = sampleReads();
            report.reads.clear();
            return report;
        };
        part<SegmentedChoice>("memoryTabs")->button(u"reads"_s)->click();
        m_panel->reads()->setPrompt(u"x"_s);
        part<QPushButton>("lookButton")->click();
        QTRY_VERIFY(!m_panel->reads()->findChildren<EmptyState *>().isEmpty() &&
                    m_panel->reads()->findChild<EmptyState *>()->accessibleName() == u"Nothing was read");
    }

    void opensATypedModel()
    {
        openSample();
        RunStatus named = fakeRun("a1b2", RunState::Finished, 500);
        named.name = "second run";
        m_session->setRuns({m_session->runList[0], named});
        part<QToolButton>("typeModel")->click();
        auto *line = part<UnitLineEdit>("typedModel");
        QVERIFY(line->isVisible() && line->hasFocus());
        typeText(line, u"nowhere@5"_s);
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(line->isInvalid());
        QCOMPARE(text("typedModelError"), u"Cannot open model “nowhere@5”: found no run of that name with a "
                                          u"saved step. Type RUN, RUN@step, "
                                          "or the path of a model directory on the engine's computer."_s);
        QCOMPARE(m_panel->model(), u"code-7M"_s);
        typeText(line, u"second run@400"_s);
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(!line->isVisible() && !part<QLabel>("typedModelError")->isVisible());
        QTRY_COMPARE(m_panel->model(), u"a1b2@400"_s);
        part<QToolButton>("typeModel")->click();
        typeText(line, u"/models/base"_s);
        QTest::keyClick(line, Qt::Key_Return);
        QCOMPARE(m_panel->model(), u"/models/base"_s);
        QTRY_VERIFY(!m_session->edits.empty() && m_session->edits.back().first == u"/models/base");
        QCOMPARE(text("tierWorkingValue"), u"—"_s); // a directory has no spec to ask for
    }
    void filtersFromItsField()
    {
        openSample();
        m_panel->selectEvent(7);
        typeText(part<QLineEdit>("memoryFilter"), u"name"_s);
        QCOMPARE(m_panel->events()->rowCount(), 2);
        QCOMPARE(text("shownCount"), u"2 of 6 events"_s);
        QCOMPARE(m_panel->table()->currentEvent(), m_panel->events()->indexOfId(7));
        typeText(part<QLineEdit>("memoryFilter"), u"pot"_s);
        QCOMPARE(m_panel->selectedEvent(), 7); // still read at the right
        QTest::keyClick(m_panel->table(), Qt::Key_Escape);
        QCOMPARE(m_panel->events()->rowCount(), 6);
        QCOMPARE(m_panel->table()->currentEvent(), m_panel->events()->indexOfId(7));
    }
    void isWorkedByKeys()
    {
        openSample();
        m_panel->table()->setFocus();
        m_panel->selectEvent(3);
        QTest::keyClick(m_panel->table(), Qt::Key_Down);
        QCOMPARE(m_panel->selectedEvent(), 4);
        QCOMPARE(m_panel->strip()->selected(), m_panel->events()->indexOfId(4));
        QTest::keyClick(m_panel->table(), Qt::Key_P);
        QTRY_VERIFY(event(4).isPinned);
        m_panel->strip()->setFocus();
        QTest::keyClick(m_panel->strip(), Qt::Key_Right);
        QCOMPARE(m_panel->selectedEvent(), 7);
        QCOMPARE(m_panel->table()->currentEvent(), m_panel->events()->indexOfId(7));
        QTest::keyClick(m_panel->strip(), Qt::Key_P);
        QTRY_VERIFY(!event(7).isPinned);
        QTest::keyClick(m_panel->strip(), Qt::Key_Return);
        QVERIFY(part<QPlainTextEdit>("eventText")->hasFocus());
        m_session->edits.clear();
        QTest::keyClick(m_panel->table(), Qt::Key_F5);
        QCOMPARE(m_session->edits.size(), size_t(1));
        // Every control that takes part can be reached by Tab.
        QSet<QWidget *> reached;
        for (QWidget *at = m_panel->nextInFocusChain(); !reached.contains(at); at = at->nextInFocusChain())
            reached.insert(at);
        for (const char *name :
             {"modelRun", "typeModel", "memoryStrip", "memoryFilter", "memoryTable", "eventText", "pinEvent",
              "forgetSource", "memoryFile", "panelExportButton", "refreshMemory", "undoEdit"}) {
            auto *control = part<QWidget>(name);
            QVERIFY2(reached.contains(control), name);
            QVERIFY2(qobject_cast<QToolButton *>(control) || control->focusPolicy() & Qt::TabFocus, name);
            const auto *button = qobject_cast<QAbstractButton *>(control);
            QVERIFY2(!control->accessibleName().isEmpty() || (button && !button->text().isEmpty()), name);
        }
    }
    void copiesAndExports()
    {
        openSample();
        m_panel->selectEvent(9);
        QClipboard *clipboard = QGuiApplication::clipboard();
        const auto trigger = [&](const char *name) { part<QAction>(name)->trigger(); };
        clipboard->clear();
        QTRY_VERIFY(part<QAction>("panelCopyData")->isEnabled()); // it looks now and then
        trigger("panelCopyData");
        QVERIFY(clipboard->text().startsWith(u"id,source,"_s));
        QCOMPARE(clipboard->text().count(u"\n3,"_s), 1);
        typeText(part<QLineEdit>("memoryFilter"), u"Ottilie"_s);
        trigger("panelCopyData");
        QVERIFY(clipboard->text().contains(u"Ottilie"_s) && !clipboard->text().contains(u"third pot"_s));
        trigger("panelCopyCommand");
        QCOMPARE(clipboard->text(), u"orrery-engine memory list code-7M"_s);
        trigger("copyPinCommand");
        QCOMPARE(clipboard->text(), u"orrery-engine memory pin code-7M --event 9"_s);
        trigger("copyForgetCommand");
        QCOMPARE(clipboard->text(), u"orrery-engine memory wipe code-7M --source 'chat.json#2:user'"_s);
        QTemporaryDir folder;
        trigger("panelSaveData");
        auto *dialog = part<QFileDialog>("panelSaveDialog");
        Q_EMIT dialog->fileSelected(folder.filePath(u"x.json"_s));
        QVERIFY(QFile(folder.filePath(u"x.json"_s)).size() > 50);
        Q_EMIT dialog->fileSelected(folder.filePath(u"none/x.csv"_s));
        QVERIFY(m_panel->banner()->message().startsWith(u"Cannot write"_s));
        QCOMPARE(m_panel->banner()->kind(), BannerKind::Error);
        dialog->close();
    }
    void remembersItsPlace()
    {
        openSample();
        QSignalSpy changed(m_panel.get(), &MemoryPanel::stateChanged);
        m_panel->reads()->setPrompt(u"a text"_s);
        typeText(part<QLineEdit>("memoryFilter"), u"pot"_s);
        part<SegmentedChoice>("memoryTabs")->button(u"reads"_s)->click();
        QVERIFY(changed.count() >= 3);
        m_panel->setModel(u"code-7M@8000"_s);
        QTRY_COMPARE(m_panel->model(), u"code-7M@8000"_s);
        const QVariantMap state = m_panel->saveState();
        MemoryPanel later(*m_session);
        later.restoreState(state);
        QCOMPARE(later.saveState(), state);
        QCOMPARE(later.model(), u"code-7M@8000"_s);
    }
    void comesBackWithTheEngine()
    {
        openSample();
        m_session->setConnection(ConnectionState::Lost);
        QVERIFY(m_session->edits.empty());
        QCOMPARE(m_panel->events()->rowCount(), 6);
        QVERIFY(!part<QToolButton>("refreshMemory")->isEnabled());
        m_session->setConnection(ConnectionState::Connected);
        QCOMPARE(m_session->edits.size(), size_t(1));
    }
    void nothingIsCutInLongTexts()
    {
        // A narrow dock with letters as much larger as texts may be longer.
        const QFont before = QApplication::font();
        QFont larger = before;
        larger.setPointSizeF(before.pointSizeF() * 1.4);
        QApplication::setFont(larger);
        Theme::instance().apply(*qApp, ThemeKind::Dark);
        openSample();
        m_panel->resize(380, 800);
        m_panel->selectEvent(7);
        QTest::qWait(20);
        QVERIFY2(m_panel->minimumSizeHint().width() <= 380,
                 qPrintable(QString::number(m_panel->minimumSizeHint().width())));
        const auto labels = m_panel->findChildren<QLabel *>();
        for (const QLabel *label : labels) {
            if (!label->isVisible() || qobject_cast<const ElidedLabel *>(label)) continue;
            const int needed =
                label->wordWrap() ? label->heightForWidth(label->width()) : label->sizeHint().height();
            QVERIFY2(label->height() >= needed, qPrintable(label->objectName() + u": "_s + label->text()));
            QVERIFY2(label->wordWrap() || label->width() >= label->sizeHint().width(),
                     qPrintable(label->text()));
        }
        const auto buttons = m_panel->findChildren<QAbstractButton *>();
        for (const QAbstractButton *button : buttons)
            if (button->isVisible())
                QVERIFY2(button->width() >= button->minimumSizeHint().width(), qPrintable(button->text()));
        QApplication::setFont(before);
        Theme::instance().apply(*qApp, ThemeKind::Light);
    }
    void isPaintedInEachTheme()
    {
        openSample();
        m_panel->selectEvent(7);
        QSet<QRgb> grounds;
        for (const ThemeKind kind : {ThemeKind::Light, ThemeKind::Dark, ThemeKind::HighContrast}) {
            Theme::instance().apply(*qApp, kind);
            QTest::qWait(20);
            const QImage image = m_panel->grab().toImage();
            const ThemeTokens &tokens = Theme::instance().tokens();
            QCOMPARE(image.pixelColor(image.width() / 2, 4), tokens.surface);
            grounds.insert(tokens.surface.rgb());
            const QRectF bar = m_panel->strip()->blockRect(m_panel->events()->indexOfId(7));
            QCOMPARE(image.pixelColor(m_panel->strip()->mapTo(m_panel.get(), bar.center().toPoint())),
                     tokens.accent);
        }
        QCOMPARE(grounds.size(), 3);
        Theme::instance().apply(*qApp, ThemeKind::Light);
    }
};

ORRERY_GUI_TEST_MAIN(TestMemoryPanel)
#include "tst_memory_panel.moc"
