// SPDX-License-Identifier: Apache-2.0
// The memory panel: what it asks, what it shows of the answers, when they come late, are out of date or are
// errors, and what was read.
#include "plugins/memory/tests/memory_panel_case.h"
#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "plugins/memory/ui/reads_model.h"
#include "plugins/memory/ui/reads_pane.h"
#include "plugins/memory/ui/slot_model.h"
#include "plugins/memory/ui/uses_model.h"
#include "widgets/common/banner.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/segmented_choice.h"

#include <QClipboard>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>

using namespace orrery;
using namespace orrery::ui;
using namespace orrery::memory_ui;

class TestMemoryPanel : public QObject, protected MemoryPanelCase {
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { tearDown(); }

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
    void saysWhoseMemoryWasLoaded()
    {
        openSample();
        m_session->note = "What \"/m/tales\" remembers was written by the weights of run one, this model is of run two.";
        auto *feed = m_panel->findChild<MemoryFeed *>();
        QVERIFY(feed);
        QVERIFY(!part<QLabel>("memoryNote")->isVisible());
        feed->ask({.verb = MemoryVerb::Load, .path = "/m/tales"});
        QTRY_COMPARE(text("memoryNote"), QString::fromStdString(m_session->note));
        QVERIFY(part<QLabel>("memoryNote")->isVisible());
        QCOMPARE(part<ToneLabel>("memoryNote")->tone(), Tone::Warning);
        QVERIFY(m_panel->isEnabled() && part<QLineEdit>("memoryFilter")->isEnabled()); // it hinders nothing
        m_panel->refresh();
        QTRY_COMPARE(m_session->edits.size(), size_t(2));
        QCOMPARE(text("memoryNote"), QString::fromStdString(m_session->note));
        feed->ask({.verb = MemoryVerb::Load});
        QTRY_VERIFY(!part<QLabel>("memoryNote")->isVisible());
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
    void whatIsWaitedForShowsAndCanBeCancelled()
    {
        open();
        m_session->holdsEdits = true;
        show();
        auto *progress = m_panel->findChild<ProgressRow *>();
        QTRY_VERIFY(progress && progress->isVisible()); // when it takes longer than a moment
        QVERIFY(!progress->findChild<QPushButton *>()->isVisible()); // it comes to an end by itself
        answerEdits();
        QVERIFY(!progress->isVisible());
        m_session->holdsEdits = false;
        // What a person asked for himself can be given up.
        m_session->isHolding = true;
        child<SegmentedChoice>(m_panel.get(), "memoryTabs")->button(u"reads"_s)->click();
        m_panel->reads()->setPrompt(u"The key"_s);
        part<QPushButton>("lookButton")->click();
        QTRY_VERIFY(progress->isVisible() && progress->findChild<QPushButton *>()->isVisible());
        progress->findChild<QPushButton *>()->click();
        QCOMPARE(m_session->numCancelledInspections, 1);
        QVERIFY(!progress->isVisible());
        m_session->isHolding = false;
        m_session->flush();
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
    void theSpecOfAnotherModelIsIgnored()
    {
        open();
        m_session->isHolding = true;
        show();
        m_panel->setModel(u"/models/base"_s); // a directory has no spec to ask for
        m_session->isHolding = false;
        m_session->flush();
        QTRY_COMPARE(m_panel->events()->rowCount(), 6);
        QCOMPARE(text("tierWorkingValue"), u"—"_s);
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
    void everyActionOfAnEmptyMemoryIsInSight_data()
    {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<int>("kind");
        for (const auto &[name, size] : {std::pair("under the maps, 1440 x 900", QSize(800, 236)),
                                         std::pair("under the maps, as low as it gets", QSize(728, 200)),
                                         std::pair("beside the maps, 1280 x 800", QSize(318, 620)),
                                         std::pair("high", QSize(800, 560))})
            for (const ThemeKind kind : {ThemeKind::Light, ThemeKind::HighContrast})
                QTest::addRow("%s, theme %d", name, int(kind)) << size << int(kind);
    }
    void everyActionOfAnEmptyMemoryIsInSight()
    {
        QFETCH(QSize, size);
        QFETCH(int, kind);
        Theme::instance().apply(*qApp, ThemeKind(kind));
        open();
        m_session->memory.events.clear();
        show();
        QTRY_COMPARE(emptyTitle(), u"Nothing remembered yet"_s);
        m_panel->resize(size);
        QTest::qWait(50);
        const auto *scroll = part<QScrollArea>("memoryScroll");
        const auto isSeen = [scroll](const QWidget *widget) {
            const QRect place(widget->mapTo(scroll->viewport(), QPoint(0, 0)), widget->size());
            return widget->isVisible() && scroll->viewport()->rect().contains(place);
        };
        QVERIFY2(isSeen(part<QPushButton>("emptyRead")) && isSeen(part<QPushButton>("emptyAgain")),
                 qPrintable(u"%1 px to scroll"_s.arg(scroll->verticalScrollBar()->maximum())));
        QVERIFY(!part<SegmentedChoice>("memoryTabs")->isVisible()); // there is no event yet
        part<QPushButton>("emptyRead")->click();
        QTest::qWait(50);
        QVERIFY(part<QLineEdit>("readsPrompt")->hasFocus());
        if (size.width() > 400)
            QVERIFY(isSeen(part<QLineEdit>("readsPrompt")) && isSeen(part<QPushButton>("rememberButton")));
        part<SegmentedChoice>("memoryTabs")->button(u"event"_s)->click(); // and back
        QTest::qWait(50);
        QVERIFY(isSeen(part<QPushButton>("emptyRead")));
        Theme::instance().apply(*qApp, ThemeKind::Light);
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
        QVERIFY(m_session->inspections[0].request.withMemory); // as inspect memory does
        QCOMPARE(m_session->inspections[0].request.token, int64_t(-1));
        QCOMPARE(look->text(), u"Cancel"_s);
        QTRY_COMPARE(m_panel->reads()->model()->rowCount(), 6);
        QCOMPARE(look->text(), u"Look"_s);
        QCOMPARE(text("readsSummary"),
                 u"At token 9 [␣key], 2 heads read from the episodic memory and 1 from the semantic one."_s);
        QTRY_VERIFY(!m_session->isAnswering()); // what the tokens are called was asked
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
    void aRowLeadsToItsEvent()
    {
        openSample();
        part<SegmentedChoice>("memoryTabs")->button(u"reads"_s)->click();
        QTest::keyClicks(part<QLineEdit>("readsPrompt"), u"How old"_s);
        QTest::keyClick(part<QLineEdit>("readsPrompt"), Qt::Key_Return);
        auto *table = part<QTableView>("readsTable");
        QTRY_COMPARE(m_panel->reads()->model()->rowCount(), 6);
        const auto what = [&](int row) {
            return table->model()->index(row, ReadsModel::WhatColumn).data().toString();
        };
        QTRY_COMPARE(what(0), u"event 9: ␣is␣under[␣pot]"_s); // their names were asked for
        table->setCurrentIndex(table->model()->index(2, 0));
        QTest::keyClick(table, Qt::Key_Return); // of the text: it has no event
        QCOMPARE(part<SegmentedChoice>("memoryTabs")->current(), u"reads"_s);
        table->setCurrentIndex(table->model()->index(1, 0));
        QTest::keyClick(table, Qt::Key_Return); // it is forgotten
        QCOMPARE(m_panel->selectedEvent(), 0);
        table->setCurrentIndex(table->model()->index(0, 0));
        QTest::keyClick(table, Qt::Key_Return);
        QCOMPARE(part<SegmentedChoice>("memoryTabs")->current(), u"event"_s);
        QCOMPARE(m_panel->selectedEvent(), 9);
        QCOMPARE(m_panel->details()->selectedSlot(), 9'002);
        // And the event says what was read of it.
        const SlotModel *tokens = m_panel->details()->slotModel();
        const auto read = [&](int row) { return tokens->index(row, SlotModel::ReadColumn).data().toString(); };
        QCOMPARE(read(2), u"0.700"_s);
        QCOMPARE(read(0), u"—"_s);
        const QString hover = tokens->index(2, SlotModel::TokenColumn).data(Qt::ToolTipRole).toString();
        QVERIFY2(hover.contains(u"Looked at here by head 2.0 at token 9 [␣key], with weight 0.700"_s),
                 qPrintable(hover));
    }
    void anEmptyMemoryIsNotReadBehind()
    {
        open();
        m_session->memory.events.clear();
        show();
        QTRY_COMPARE(emptyTitle(), u"Nothing remembered yet"_s);
        part<SegmentedChoice>("memoryTabs")->button(u"reads"_s)->click();
        m_panel->reads()->setPrompt(u"x"_s);
        part<QPushButton>("lookButton")->click();
        QCOMPARE(m_session->inspections.size(), size_t(1));
        QVERIFY(!m_session->inspections[0].request.withMemory);
    }
    /// Of all tokens of the look, as `inspect memory` lists them.
    void listsTheValuesThatAreReadMost()
    {
        openSample();
        m_session->inspection = [](const QString &, const InspectRequest &request) {
            return request.wantsUses ? sampleUses() : sampleReads();
        };
        part<SegmentedChoice>("memoryTabs")->button(u"reads"_s)->click();
        m_panel->reads()->setPrompt(u"x"_s);
        part<QPushButton>("lookButton")->click();
        QVERIFY(m_session->inspections[0].request.wantsUses);
        auto *pages = part<SegmentedChoice>("readsPages");
        QTRY_VERIFY(pages->isVisible());
        QCOMPARE(pages->current(), u"token"_s);
        auto *table = part<QTableView>("usesTable");
        QVERIFY(!table->isVisible() && part<QTableView>("readsTable")->isVisible());
        QSignalSpy stateChanged(m_panel.get(), &MemoryPanel::stateChanged);
        pages->button(u"values"_s)->click();
        QCOMPARE(stateChanged.count(), 1);
        QVERIFY(table->isVisible());
        QCOMPARE(text("readsSummary"), u"10 tokens read 301 different values of the semantic memory behind layer 3, each with 2 heads. "
                                       "The 3 that were read most are listed."_s);
        QCOMPARE(table->model()->rowCount(), 3);
        const auto cell = [&](int row, int column, int role = Qt::DisplayRole) { return table->model()->index(row, column).data(role); };
        QCOMPARE(cell(0, UsesModel::ValueColumn).toString(), u"12,345"_s);
        QCOMPARE(cell(0, UsesModel::ShareColumn).toString(), u"8.00 %"_s);
        QCOMPARE(cell(0, UsesModel::ReadsColumn).toString(), u"17"_s);
        QCOMPARE(
            cell(0, UsesModel::ReadersColumn).toString(),
            u"9 [␣key] by head 0, 0.600; 1 [␣key] by head 1, 0.410; 3 [␣the] by head 0, 0.300; 0 [The] by head 0, 0.200; 13 more"_s);
        QCOMPARE(cell(1, UsesModel::ReadersColumn).toString(),
                 u"9 [␣key] by head 0, 0.400; 4 [␣lab] by head 1, 0.004"_s);
        QCOMPARE(cell(2, UsesModel::ShareColumn).toString(), u"0.001 %"_s);
        QCOMPARE(cell(2, UsesModel::ReadersColumn).toString(), u"200 [] by head 1, < 0.001"_s); // of an engine that errs
        QCOMPARE(cell(1, UsesModel::ShareColumn, UsesModel::WeightRole).toDouble(), 0.25); // the bar is of the first
        QCOMPARE(cell(1, UsesModel::ShareColumn, Qt::AccessibleTextRole).toString(), u"Share: 2.00 %"_s);
        table->setFocus();
        QTest::keySequence(table, QKeySequence::Copy);
        QVERIFY(QGuiApplication::clipboard()->text().startsWith(
            u"Value\tRead most by\tReads\tShare\n12,345\t9 [␣key]"_s));
        QCOMPARE(QGuiApplication::clipboard()->text().count(u'\n'), 4);
        QCOMPARE(m_panel->saveState().value(u"reads"_s).toString(), u"values"_s);
        // A model without such a memory has the other page alone, and this one waits.
        m_session->inspection = [](const QString &, const InspectRequest &) { return sampleReads(); };
        part<QPushButton>("lookButton")->click();
        QTRY_VERIFY(!pages->isVisible());
        QVERIFY(part<QTableView>("readsTable")->isVisible());
        QCOMPARE(m_panel->reads()->page(), u"values"_s);
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
};

ORRERY_GUI_TEST_MAIN(TestMemoryPanel)
#include "tst_memory_panel.moc"
