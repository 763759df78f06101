// SPDX-License-Identifier: Apache-2.0
// The memory panel in its window: what the window looks at, links, files of the whole memory, surprise along
// the text.
#include "plugins/memory/tests/memory_panel_fixture.h"
#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/reads_model.h"
#include "plugins/memory/ui/reads_pane.h"
#include "plugins/memory/ui/similarity_page.h"
#include "plugins/memory/ui/slot_model.h"
#include "plugins/memory/ui/state_file_dialog.h"
#include "plugins/memory/ui/token_names.h"
#include "widgets/common/banner.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/common/view_link.h"

#include <QAction>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::memory_ui;

namespace {

Focus focusOn(const char *prompt, int64_t token, const QString &model = u"code-7M@8000"_s)
{
    auto text = std::make_shared<GenerateRequest>();
    text->prompt = prompt;
    Focus focus;
    focus.model = model;
    focus.title = u"Probe prompt 0"_s;
    focus.text = text;
    focus.token = token;
    return focus;
}

} // namespace

class TestMemoryWindow : public QObject {
    Q_OBJECT

    std::unique_ptr<PanelFixture> m_test;
    void open()
    {
        m_test = std::make_unique<PanelFixture>();
        m_test->open();
    }
    StateFileDialog *dialogOf(const char *action)
    {
        m_test->part<QAction>(action)->trigger();
        return m_test->panel->findChild<StateFileDialog *>();
    }

private Q_SLOTS:
    void cleanup() { m_test.reset(); }

    void readsWhereTheWindowLooks()
    {
        Selection selection;
        open();
        m_test->panel->follow(selection);
        selection.set(focusOn("The key to the lab", 3), nullptr);
        QVERIFY(m_test->session.inspections.empty()); // the page is not seen
        m_test->press("memoryTabs", u"reads"_s);
        QCOMPARE(m_test->session.inspections.size(), size_t(1));
        const auto &asked = m_test->session.inspections[0];
        QCOMPARE(asked.model, u"code-7M@8000"_s);
        QCOMPARE(asked.request.input.prompt, std::string("The key to the lab"));
        QCOMPARE(asked.request.token, int64_t(3));
        QVERIFY(!asked.request.wantsOverview && !asked.request.withMemory);
        QVERIFY(asked.request.asSaid); // with what it remembered when it said the token
        QTRY_COMPARE(m_test->panel->reads()->model()->rowCount(), 6);
        QVERIFY(m_test->text("readsSummary")
                    .startsWith(u"Probe prompt 0, read by code-7M@8000. At token 9 [␣key], 2 heads"_s));
        selection.move(4, {}, nullptr);
        QCOMPARE(m_test->session.inspections.size(), size_t(2));
        QCOMPARE(m_test->session.inspections[1].request.token, int64_t(4));
        m_test->press("memoryTabs", u"event"_s);
        m_test->press("memoryTabs", u"reads"_s);
        QCOMPARE(m_test->session.inspections.size(), size_t(2)); // nothing new
        m_test->panel->hide();
        selection.move(5, {}, nullptr);
        QCOMPARE(m_test->session.inspections.size(), size_t(2));
        m_test->panel->show();
        QCOMPARE(m_test->session.inspections.size(), size_t(3));
        selection.set(focusOn("The key to the lab", 3, u"code-7M@live"_s), nullptr);
        QVERIFY(!m_test->session.inspections.back().request.asSaid); // a training says nothing to anybody
    }
    void theTabSaysWhereTheWindowLooks()
    {
        Selection selection;
        open();
        m_test->panel->follow(selection);
        const auto *tab = m_test->part<SegmentedChoice>("memoryTabs")->button(u"reads"_s);
        QCOMPARE(tab->text(), u"What was read"_s);
        Focus focus = focusOn("", 1);
        auto text = std::make_shared<GenerateRequest>();
        text->promptIds = {'a', 'b'};
        text->answerIds = {'c', 4'711};
        focus.text = text;
        selection.set(focus, nullptr);
        QCOMPARE(tab->text(), u"Read at “b”"_s);
        QVERIFY2(tab->toolTip().endsWith(u"at token 1 of Probe prompt 0"_s), qPrintable(tab->toolTip()));
        selection.move(2, {}, nullptr);
        QCOMPARE(tab->text(), u"Read at “c”"_s);
        selection.move(3, {}, nullptr);
        QCOMPARE(tab->text(), u"Read at 3"_s); // its name is not known yet
        QVERIFY(m_test->session.inspections.empty()); // and nobody was asked
        selection.set(focusOn("The key", -1), nullptr);
        QCOMPARE(tab->text(), u"What was read"_s);
    }
    void anotherModelTeachesNoNames()
    {
        Selection selection;
        open();
        m_test->session.inspection = [](const QString &model, const InspectRequest &request) {
            InspectReport report = sampleAnswer(request);
            if (!request.input.promptIds.empty()) return InspectReport{}; // so that only looks teach
            report.tokens[0].id = 4'711;
            report.tokens[0].bytes = model == u"code-7M" ? "own" : "foreign";
            return report;
        };
        for (MemoryEvent &event : m_test->session.memory.events) event.tokenIds[0] = 4'711;
        m_test->panel->refresh();
        QTRY_COMPARE(m_test->event(9)->tokenIds[0], 4'711);
        m_test->panel->selectEvent(9);
        const SlotModel *tokens = m_test->panel->details()->slotModel();
        m_test->panel->follow(selection);
        m_test->press("memoryTabs", u"reads"_s);
        selection.set(focusOn("The key", 1, u"other@5"_s), nullptr);
        QTRY_VERIFY(m_test->text("readsSummary").contains(u"read by other@5"_s));
        QCOMPARE(tokens->tokenText(0), u"[4711]"_s);
        QCOMPARE(m_test->panel->model(), u"code-7M"_s);
        selection.set(focusOn("The key", 1, u"code-7M"_s), nullptr);
        QTRY_COMPARE(tokens->tokenText(0), u"own"_s);
    }
    void clicksSetNothingInTheWindow()
    {
        Selection selection;
        open();
        m_test->panel->follow(selection);
        selection.set(focusOn("The key", 1), nullptr);
        QSignalSpy changed(&selection, &Selection::changed);
        m_test->press("memoryTabs", u"reads"_s);
        m_test->panel->selectEvent(9);
        m_test->panel->selectSlot(9'001);
        QCOMPARE(changed.count(), 0);
    }
    void anEmptyFocusAsksNothing()
    {
        Selection selection;
        open();
        m_test->press("memoryTabs", u"reads"_s);
        m_test->panel->follow(selection);
        QVERIFY(m_test->session.inspections.empty());
        {
            Selection shorter;
            m_test->panel->follow(shorter);
        }
        m_test->press("memoryTabs", u"event"_s); // it is gone, and nothing asks it
        m_test->press("memoryTabs", u"reads"_s);
        QVERIFY(m_test->session.inspections.empty());
    }
    void aTypedTextIsNotTheFocus()
    {
        Selection selection;
        open();
        m_test->panel->follow(selection);
        selection.set(focusOn("The key", 1), nullptr);
        m_test->press("memoryTabs", u"reads"_s);
        QTRY_VERIFY(m_test->text("readsSummary").startsWith(u"Probe"_s));
        m_test->panel->reads()->setPrompt(u"typed"_s);
        m_test->part<QPushButton>("lookButton")->click();
        QTRY_VERIFY(m_test->text("readsSummary").startsWith(u"At token 9"_s));
    }

    void followsTheRunThatIsSelected()
    {
        open();
        MemorySession &session = m_test->session;
        session.setRuns({session.runList[0], fakeRun("second", RunState::Finished, 500)});
        session.runList[1].lastCheckpointStep = 300;
        session.setRuns(session.runList);
        MemoryPanel &panel = *m_test->panel;
        panel.setProperty("run", u"second"_s); // as the window does
        QCOMPARE(panel.run(), u"second"_s);
        QCOMPARE(panel.model(), u"second"_s);
        panel.setModel(u"code-7M@8000"_s); // chosen by hand
        panel.setProperty("run", u"second"_s);
        QCOMPARE(panel.model(), u"code-7M@8000"_s); // no other one was selected since
        panel.setProperty("run", u"code-7M"_s);
        QCOMPARE(panel.model(), u"code-7M@8000"_s); // it is of that run
        panel.setProperty("run", u"second"_s);
        QCOMPARE(panel.model(), u"second"_s);
        // What was looked at at the last start stays until another run is selected.
        MemoryPanel later(session);
        later.restoreState({{u"model"_s, u"code-7M@8000"_s}});
        later.followRun(u"second"_s);
        QCOMPARE(later.model(), u"code-7M@8000"_s);
        later.followRun(u"code-7M"_s);
        later.followRun(u"second"_s);
        QCOMPARE(later.model(), u"second"_s);
        // Also when none was selected meanwhile, as while the window goes to another host.
        MemoryPanel other(session);
        other.restoreState({{u"model"_s, u"code-7M@8000"_s}});
        other.followRun(u"code-7M"_s);
        other.followRun({});
        other.followRun(u"second"_s);
        QCOMPARE(other.model(), u"second"_s);
    }
    void saysHowFullItIsWhileItTrains()
    {
        open();
        MemorySession &session = m_test->session;
        MemoryPanel &panel = *m_test->panel;
        const auto *line = m_test->part<QLabel>("memoryTraining");
        QVERIFY(line->isHidden());
        SeriesData stored{.name = "part/episodic/occupancy", .totalPoints = 1, .buckets = {{}}};
        stored.buckets[0].last = 0.5;
        stored.buckets[0].lastStep = 40;
        session.seriesData[u"code-7M"_s] = {stored};
        panel.followRun(u"code-7M"_s);
        QCOMPARE(session.watchCounts[u"code-7M"_s], 1);
        QTRY_COMPARE(line->text(),
                     u"While code-7M trains, a training text fills 50 % of the episodic memory (step 40)."_s);
        QVERIFY(line->isVisible());
        RunUpdate update;
        update.run = u"code-7M"_s;
        update.reports = {{.step = 45, .values = {{"loss", 2}, {"part/episodic/occupancy", 0.93}}}};
        Q_EMIT session.updated(update);
        QVERIFY2(line->text().contains(u"fills 93 % of the episodic memory (step 45)"_s), qPrintable(line->text()));
        // The reason of a pause stands here, where the window opens it.
        RunStatus paused = session.runList[0];
        paused.state = RunState::Paused;
        paused.step = 45;
        paused.pauseSeries = "part/episodic/occupancy";
        paused.pauseReason = "memory > 0.9: part/episodic/occupancy was 0.93";
        session.setRuns({paused});
        QVERIFY2(line->text().startsWith(u"code-7M is paused at step 45 by “memory > 0.9”. While"_s),
                 qPrintable(line->text()));
        // What has ended is said so: it is not what the bar below is of.
        session.setRuns({fakeRun("code-7M", RunState::Finished, 2'000)});
        QCOMPARE(line->text(),
                 u"While code-7M trained, a training text filled 93 % of the episodic memory (step 45)."_s);
        // A run without a saved step: that of another one is named.
        RunStatus fresh = fakeRun("fresh", RunState::Running, 2'000);
        fresh.lastCheckpointStep = -1;
        session.setRuns({paused, fresh});
        session.seriesData[u"fresh"_s] = {stored};
        panel.followRun(u"fresh"_s);
        QTRY_VERIFY(line->text().endsWith(u"It has no saved step yet: what stands below is of code-7M."_s));
        QCOMPARE(session.watchCounts[u"code-7M"_s], 0);
        panel.hide();
        QCOMPARE(session.watchCounts[u"fresh"_s], 0);
        panel.show();
        QCOMPARE(session.watchCounts[u"fresh"_s], 1);
        m_test->panel.reset();
        QCOMPARE(session.watchCounts[u"fresh"_s], 0);
    }

    void saysHowManyValuesAreUsedWhileItTrains()
    {
        open();
        MemorySession &session = m_test->session;
        QTRY_COMPARE(m_test->text("tierSemanticValue"), u"16,384 slots, 2 × 16 read a token"_s);
        SeriesData used{.name = "part/semantic/used", .totalPoints = 1, .buckets = {{}}}, ever = used;
        ever.name = "part/semantic/ever_used";
        used.buckets[0].last = 0.13;
        ever.buckets[0].last = 0.5;
        used.buckets[0].lastStep = ever.buckets[0].lastStep = 40;
        session.seriesData[u"code-7M"_s] = {used, ever};
        m_test->panel->followRun(u"code-7M"_s);
        QTRY_COMPARE(m_test->text("tierSemanticValue"),
                     u"16,384 slots, 2 × 16 read a token · 13 % read by a step, 50 % so far"_s);
        RunUpdate update;
        update.run = u"code-7M"_s;
        update.reports = {{.step = 45, .values = {{"part/semantic/used", 0.25}, {"part/semantic/ever_used", 0.75}}}};
        Q_EMIT session.updated(update);
        QVERIFY2(m_test->text("tierSemanticValue").endsWith(u" · 25 % read by a step, 75 % so far"_s),
                 qPrintable(m_test->text("tierSemanticValue")));
        QVERIFY(!m_test->part<QLabel>("memoryTraining")->isVisible()); // of a model without an episodic memory
        // Of a model of another run nothing is told.
        session.runList.push_back(fakeRun("other", RunState::Finished, 500));
        m_test->panel->setModel(u"other"_s);
        QTRY_VERIFY(!m_test->text("tierSemanticValue").contains(u"so far"_s));
    }

    void aLinkBringsTheViewBack()
    {
        open();
        m_test->press("memoryViews", u"likeness"_s);
        m_test->press("similarityOrder", u"likeness"_s);
        m_test->press("memoryTabs", u"whatif"_s);
        m_test->panel->selectEvent(7);
        const QString link = m_test->panel->viewLink();
        const auto read = parseViewLink(link);
        QVERIFY(read.ok());
        QCOMPARE(read->panel, u"memory"_s);
        QCOMPARE(read->state.value(u"event"_s).toString(), u"7"_s);
        MemoryPanel other(m_test->session);
        other.view().restore(read->state);
        other.show();
        QTRY_COMPARE(other.selectedEvent(), 7); // when its memory has come
        QCOMPARE(other.saveState(), m_test->panel->saveState());
        QCOMPARE(child<SegmentedChoice>(&other, "memoryTabs")->current(), u"whatif"_s);
        QCOMPARE(child<SegmentedChoice>(&other, "memoryViews")->current(), u"likeness"_s);
        other.view().restore({{u"tab"_s, u"nowhere"_s}, {u"event"_s, u"no number"_s}, {u"later"_s, 1}});
        QCOMPARE(child<SegmentedChoice>(&other, "memoryTabs")->current(), u"whatif"_s);
    }

    void savesOnTheEnginesComputer()
    {
        open();
        StateFileDialog *dialog = dialogOf("saveMemory");
        QVERIFY(dialog);
        QVERIFY(child<QLabel>(dialog, "stateFileSentence")->text().contains(u"where the engine runs"_s));
        auto *path = child<UnitLineEdit>(dialog, "stateFilePath");
        QCOMPARE(path->text(), u"/tmp/memory-code-7M.safetensors"_s);
        auto *confirm = child<QPushButton>(dialog, "stateFileConfirm");
        QCOMPARE(confirm->text(), u"Save memory"_s);
        typeText(path, u"memory"_s);
        confirm->click();
        QCOMPARE(child<QLabel>(dialog, "stateFileError")->text(),
                 u"Cannot save to “memory”: it is not a whole path, expected one that begins with /."_s);
        QVERIFY(path->isInvalid());
        typeText(path, u"/tmp/"_s);
        QVERIFY(!path->isInvalid());
        confirm->click();
        QCOMPARE(child<QLabel>(dialog, "stateFileError")->text(),
                 u"Cannot save to “/tmp/”: it names a folder, expected a file in it."_s);
        QVERIFY(m_test->session.edits.empty());
        typeText(path, u"/tmp/kept.safetensors"_s);
        confirm->click();
        QCOMPARE(m_test->session.edits.size(), size_t(1));
        QCOMPARE(m_test->session.edits[0].second.verb, MemoryVerb::Save);
        QCOMPARE(m_test->session.edits[0].second.path, std::string("/tmp/kept.safetensors"));
        QTRY_COMPARE(m_test->panel->banner()->message(),
                     u"Saved to /tmp/kept.safetensors on the engine's computer."_s);
        const QString list = u"orrery-engine memory list "_s + m_test->panel->model();
        QCOMPARE(m_test->panel->commandText(), list + u" --memory /tmp/kept.safetensors"_s);
        m_test->session.memory.events.pop_back(); // from here on the file has another memory
        m_test->panel->refresh();
        QTRY_COMPARE(m_test->panel->events()->rowCount(), 5);
        QCOMPARE(m_test->panel->commandText(), list);
    }
    void aPinIsNotInTheFileThatWasSavedBefore()
    {
        open();
        StateFileDialog *dialog = dialogOf("saveMemory");
        typeText(child<UnitLineEdit>(dialog, "stateFilePath"), u"/tmp/kept.safetensors"_s);
        child<QPushButton>(dialog, "stateFileConfirm")->click();
        const QString list = u"orrery-engine memory list "_s + m_test->panel->model();
        QTRY_COMPARE(m_test->panel->commandText(), list + u" --memory /tmp/kept.safetensors"_s);
        m_test->panel->selectEvent(9);
        const auto *command = m_test->panel->findChild<QAction *>(u"copyPinCommand"_s);
        QVERIFY2(command->toolTip().endsWith(u"the memory in /tmp/kept.safetensors"_s),
                 qPrintable(command->toolTip()));
        m_test->panel->pin(9, true);
        QTRY_COMPARE(m_test->panel->commandText(), list);
        QVERIFY2(command->toolTip().endsWith(u"saved with the model"_s), qPrintable(command->toolTip()));
    }
    void loadingNamesWhatIsReplaced()
    {
        open();
        StateFileDialog *dialog = dialogOf("loadMemory");
        QVERIFY(
            child<QLabel>(dialog, "stateFileSentence")->text().contains(u"the place of the 6 events that"_s));
        auto *confirm = child<QPushButton>(dialog, "stateFileConfirm");
        QCOMPARE(confirm->text(), u"Replace 6 events"_s);
        auto *path = child<UnitLineEdit>(dialog, "stateFilePath");
        typeText(path, u"kept"_s);
        confirm->click();
        QCOMPARE(child<QLabel>(dialog, "stateFileError")->text(),
                 u"Cannot load “kept”: it is not a whole path, expected one that begins with /."_s);
        typeText(path, u"/kept/"_s);
        confirm->click();
        QCOMPARE(child<QLabel>(dialog, "stateFileError")->text(),
                 u"Cannot load “/kept/”: it names a folder, expected a file in it."_s);
        m_test->session.editError =
            Error{ErrorCode::NotFound, "Cannot load \"/kept\": there is no such file.", ""};
        typeText(path, u"/kept"_s);
        confirm->click();
        QCOMPARE(m_test->session.edits[0].second.verb, MemoryVerb::Load);
        QTRY_COMPARE(m_test->panel->banner()->message(), u"Cannot load \"/kept\": there is no such file."_s);
        QCOMPARE(m_test->panel->events()->rowCount(), 6); // no memory is not what that means
    }
    void anEmptyMemoryIsReplacedWithoutFuss()
    {
        m_test = std::make_unique<PanelFixture>();
        m_test->session.memory.events.clear();
        m_test->open();
        QTRY_VERIFY(m_test->part<QToolButton>("memoryFile")->isEnabled());
        StateFileDialog *dialog = dialogOf("loadMemory");
        QCOMPARE(child<QPushButton>(dialog, "stateFileConfirm")->text(), u"Load memory"_s);
        dialog->reject();
        QVERIFY(m_test->session.edits.empty());
        QCOMPARE(proposedMemoryFile(u"/home/a"_s, u"/models/my model"_s),
                 u"/home/a/memory-my-model.safetensors"_s);
    }

    void drawsSurpriseWhereThereIsRoom()
    {
        open();
        MemoryStrip *strip = m_test->panel->strip();
        QVERIFY(m_test->panel->events()->maxSurprise() > 3);
        const auto numAmber = [&] {
            const QImage image = strip->grab().toImage();
            const QColor amber = Theme::instance().tokens().warning;
            int count = 0;
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x) {
                    const QColor found = image.pixelColor(x, y);
                    count += std::abs(found.red() - amber.red()) + std::abs(found.green() - amber.green()) +
                                 std::abs(found.blue() - amber.blue()) <
                             90;
                }
            return count;
        };
        strip->resize(300, strip->height());
        QVERIFY(!strip->showsSurprise());
        QCOMPARE(numAmber(), 0);
        strip->zoom(8, 100);
        QVERIFY(strip->showsSurprise());
        QVERIFY(numAmber() > 120); // the legend alone is 24
        for (MemoryEvent &event : m_test->session.memory.events) event.surprises.clear();
        m_test->panel->refresh();
        QTRY_COMPARE(m_test->panel->events()->maxSurprise(), 0.0);
        QVERIFY(!strip->showsSurprise());
    }

    void namesTokensAsFarAsItKnows()
    {
        TokenNames names;
        QCOMPARE(names.nameOf('a'), u"a"_s); // bytes are the first tokens of any tokenizer
        QCOMPARE(names.nameOf(0xC3), QString(QChar(0xFFFD)));
        QCOMPARE(names.nameOf(300), u"[300]"_s);
        QCOMPARE(names.nameOf(-1), u"[-1]"_s);
        QCOMPARE(names.unknownOf({301, 'a', 300, 301}), (std::vector<int32_t>{300, 301}));
        InspectReport report;
        InspectedToken token;
        token.id = 300;
        token.bytes = " the";
        report.tokens = {token};
        report.candidates = {alternative(301, "x\n", 0.5)};
        names.learn(report);
        QCOMPARE(names.nameOf(300), u"␣the"_s);
        QCOMPARE(names.nameOf(301), u"x↵"_s);
        QVERIFY(names.unknownOf({300, 301}).empty());
        names.clear();
        QCOMPARE(names.unknownOf({300}).size(), size_t(1));
    }
    void isPaintedInEachTheme()
    {
        open();
        m_test->press("memoryViews", u"likeness"_s);
        m_test->press("memoryTabs", u"whatif"_s);
        m_test->panel->selectEvent(7);
        QTRY_COMPARE(m_test->panel->similarity()->map()->similarity().size(), 6);
        for (const ThemeKind kind : {ThemeKind::Dark, ThemeKind::HighContrast, ThemeKind::Light}) {
            Theme::instance().apply(*qApp, kind);
            QTest::qWait(20);
            const QImage image = m_test->panel->grab().toImage();
            QCOMPARE(image.pixelColor(image.width() / 2, 4), Theme::instance().tokens().surface);
        }
    }
};

ORRERY_GUI_TEST_MAIN(TestMemoryWindow)
#include "tst_memory_window.moc"
