// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "core/spec/field_table.h"
#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/checkpoint_model.h"
#include "widgets/runs/checkpoint_view.h"
#include "widgets/runs/event_model.h"
#include "widgets/runs/event_table.h"
#include "widgets/runs/log_panel.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_panel.h"
#include "widgets/runs/spec_view.h"

#include <QAction>
#include <QClipboard>
#include <QFileDialog>
#include <QDialogButtonBox>
#include <QInputDialog>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestRunPanels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void emptyListOffersANewRun();
    void selectionIsSignalledOnceAndKept();
    void selectingFromOutsideIsSilent();
    void selectionSurvivesFiltering();
    void filtersByNameAndState();
    void deletesAtOnceAndOffersUndo();
    void liveRunsCannotBeDeleted();
    void deletedRunHandsTheSelectionOn();
    void lostConnectionSaysSinceWhen();
    void unreachableRunsAreNotCalledNone();
    void commandsAreOfAllThatIsChosen();
    void sparklinesAreAskedForVisibleRowsOnly();
    void showsLongNamesAnd500RunsQuickly();
    void opensARunDirectory();
    void foldersOfAnotherComputerAreTypedAndNotOpened();
    void showsNumbersOfTheRun();
    void theTimeLeftOfABranchIsByItsOwnSteps();
    void failureSaysWhy();
    void aPauseForRoomSaysWhy();
    void lostConnectionIsNotShownAsLive();
    void checkpointOpensInThePlayground();
    void checkpointListFollowsEvents();
    void specIsSearchableAndCopyable();
    void controlErrorsStandInTheBanner();
    void anotherRunDropsEverything();
    void lateAnswersOfAnotherRunAreDropped();
    void logShowsEventsAndMessages();
};

void TestRunPanels::emptyListOffersANewRun()
{
    FakeSession session;
    RunListPanel panel(session);
    panel.show();
    QSignalSpy wanted(&panel, &RunListPanel::newRunRequested);
    QPushButton *button = nullptr;
    for (QPushButton *candidate : panel.findChildren<QPushButton *>())
        if (candidate->isVisible() && candidate->text() == u"New run") button = candidate;
    QVERIFY(button);
    button->click();
    QCOMPARE(wanted.count(), 1);
    session.setRuns({fakeRun("a")});
    QVERIFY(!button->isVisible());
    QVERIFY(panel.view()->isVisible());
}

void TestRunPanels::selectionIsSignalledOnceAndKept()
{
    FakeSession session;
    session.runList = {fakeRun("a", RunState::Running, 2), fakeRun("b", RunState::Running, 1)};
    RunListPanel panel(session);
    panel.show();
    QSignalSpy selected(&panel, &RunListPanel::runSelected);
    QTest::mouseClick(panel.view()->viewport(), Qt::LeftButton, {},
                      panel.view()->visualRect(panel.view()->model()->index(1, 0)).center());
    QCOMPARE(selected.count(), 1);
    QCOMPARE(panel.run(), u"b"_s);
    session.setRuns({fakeRun("new", RunState::Running, 3), fakeRun("a", RunState::Running, 2),
                     fakeRun("b", RunState::Paused, 1)});
    QCOMPARE(panel.run(), u"b"_s);
    QCOMPARE(selected.count(), 1);
}

void TestRunPanels::selectingFromOutsideIsSilent()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunListPanel panel(session);
    QSignalSpy selected(&panel, &RunListPanel::runSelected);
    panel.setRun(u"later"_s); // not listed yet
    QVERIFY(panel.run().isEmpty());
    session.setRuns({fakeRun("a"), fakeRun("later")});
    QCOMPARE(panel.run(), u"later"_s);
    QCOMPARE(selected.count(), 0);
}

void TestRunPanels::selectionSurvivesFiltering()
{
    FakeSession session;
    session.runList = {fakeRun("alpha"), fakeRun("beta")};
    RunListPanel panel(session);
    panel.setRun(u"alpha"_s);
    QSignalSpy selected(&panel, &RunListPanel::runSelected);
    typeText(panel.filterBox(), u"beta"_s);
    QCOMPARE(selected.count(), 0); // hiding is not choosing
    panel.filterBox()->clear();
    QCOMPARE(panel.run(), u"alpha"_s);
}

void TestRunPanels::filtersByNameAndState()
{
    FakeSession session;
    session.runList = {fakeRun("alpha", RunState::Paused), fakeRun("beta", RunState::Running)};
    RunListPanel panel(session);
    panel.resize(420, 400);
    panel.show();
    const auto *head = child<ElidedLabel>(&panel, "runListHead");
    QCOMPARE(head->fullText(), u"2 runs"_s);
    QVERIFY(head->isVisible() && head->mapTo(&panel, QPoint()).y() < panel.filterBox()->mapTo(&panel, QPoint()).y());
    typeText(panel.filterBox(), u"PAUSED"_s);
    QCOMPARE(head->fullText(), u"1 of 2 runs"_s);
    // In little room link and command go into the menu first, then all but the number.
    const PanelTools *tools = PanelTools::of(panel);
    QVERIFY(!tools->isCompact());
    const int buttons = 420 - head->width() - tools->width(); // with margins
    panel.resize(buttons + head->sizeHint().width() + tools->sizeHint().width() - 20, 400);
    QTRY_VERIFY(tools->isCompact());
    QCOMPARE(head->fullText(), u"1 of 2 runs"_s);
    QTRY_COMPARE(head->text(), head->fullText()); // not cut
    panel.resize(buttons + head->sizeHint().width() + tools->minimumSizeHint().width() - 20, 400);
    QCOMPARE(head->fullText(), u"1"_s);
    panel.resize(420, 400);
    QCOMPARE(head->fullText(), u"1 of 2 runs"_s);
    QTRY_VERIFY(!tools->isCompact());
    QCOMPARE(panel.view()->model()->rowCount(), 1);
    typeText(panel.filterBox(), u"zzz"_s);
    QVERIFY(!panel.view()->isVisible()); // says that nothing matches
}

void TestRunPanels::deletesAtOnceAndOffersUndo()
{
    FakeSession session;
    session.runList = {fakeRun("old-run", RunState::Finished)};
    RunListPanel panel(session);
    panel.show();
    panel.setRun(u"old-run"_s);
    ORRERY_VERIFY_QUICK(panel.deleteSelected());
    QCOMPARE(session.deletedRuns, QStringList{u"old-run"_s});
    auto *notice = child<Banner>(&panel, "runListNotice");
    QTRY_VERIFY(notice->isVisible());
    QCOMPARE(notice->message(), u"Moved “old-run” to the trash."_s);
    QCOMPARE(child<QPushButton>(notice, "bannerRetry")->text(), u"Undo"_s);
}

void TestRunPanels::liveRunsCannotBeDeleted()
{
    FakeSession session;
    session.runList = {fakeRun("a", RunState::Running)};
    RunListPanel panel(session);
    panel.setRun(u"a"_s);
    panel.deleteSelected();
    QVERIFY(session.deletedRuns.isEmpty());
    QAction *action = panel.findChild<QAction *>(u"deleteRun"_s);
    QVERIFY(!action->isEnabled());
    session.setRuns({fakeRun("a", RunState::Stopped)});
    QVERIFY(action->isEnabled());
}

void TestRunPanels::deletedRunHandsTheSelectionOn()
{
    FakeSession session;
    session.runList = {fakeRun("a"), fakeRun("b")};
    RunListPanel panel(session);
    panel.setRun(u"a"_s);
    QSignalSpy selected(&panel, &RunListPanel::runSelected);
    session.setRuns({fakeRun("b")});
    QCOMPARE(selected.count(), 1);
    QCOMPARE(selected[0][0].toString(), panel.run());
}

void TestRunPanels::lostConnectionSaysSinceWhen()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunListPanel panel(session);
    panel.show();
    auto *note = child<ToneLabel>(&panel, "runListNote");
    QVERIFY(!note->isVisible());
    session.setConnection(ConnectionState::Lost, u"The host ended."_s);
    QVERIFY(note->isVisible());
    QVERIFY(note->text().contains(clockTimeText(kTestNow)));
    QVERIFY(panel.model()->index(0).data(RunListModel::IsStaleRole).toBool());
    session.setConnection(ConnectionState::Connected);
    QVERIFY(!note->isVisible());
}

void TestRunPanels::unreachableRunsAreNotCalledNone()
{
    FakeSession session;
    session.state = ConnectionState::Lost;
    RunListPanel panel(session);
    panel.show();
    auto *unknown = child<EmptyState>(&panel, "runsUnknown");
    QVERIFY(unknown->isVisible());
    QCOMPARE(unknown->accessibleName(), u"Runs are not known"_s);
    QVERIFY(!child<ToneLabel>(&panel, "runListNote")->isVisible()); // there is no list that could be old
    QCOMPARE(panel.accessibleDescription(), u"Runs are not known"_s);
    session.setConnection(ConnectionState::Connecting);
    QCOMPARE(unknown->accessibleName(), u"Reading the runs …"_s);
    session.setConnection(ConnectionState::Connected);
    QVERIFY(!unknown->isVisible());
    QCOMPARE(panel.accessibleDescription(), u"No runs yet"_s);
}

void TestRunPanels::commandsAreOfAllThatIsChosen()
{
    FakeSession session;
    session.runList = {fakeRun("done", RunState::Finished), fakeRun("broken", RunState::Failed)};
    RunListPanel panel(session);
    panel.show();
    panel.view()->selectAll();
    child<QAction>(&panel, "copyRunCommand")->trigger();
    const QStringList commands = QGuiApplication::clipboard()->text().split(u'\n');
    QCOMPARE(commands.size(), 2);
    QVERIFY(commands.join(u' ').contains(u"watch done"_s));
    QVERIFY(commands.join(u' ').contains(u"resume broken"_s));
}

void TestRunPanels::sparklinesAreAskedForVisibleRowsOnly()
{
    FakeSession session;
    std::vector<RunStatus> runs;
    for (int i = 0; i < 300; ++i) runs.push_back(fakeRun("run-" + std::to_string(i), RunState::Finished, -i));
    SeriesData loss{"loss", 2, {}};
    loss.buckets.resize(2);
    loss.buckets[0].mean = 3;
    loss.buckets[1].mean = 2;
    session.seriesData[u"run-0"_s] = {loss};
    session.runList = runs;
    RunListPanel panel(session);
    panel.resize(280, 400);
    panel.show();
    QTRY_COMPARE(panel.model()->sparkline(0).size(), size_t{2});
    QTRY_VERIFY(session.seriesQueries.size() >= 5);
    QTest::qWait(100); // for those that must not come
    QVERIFY2(session.seriesQueries.size() < 20, qPrintable(QString::number(session.seriesQueries.size())));
}

void TestRunPanels::showsLongNamesAnd500RunsQuickly()
{
    FakeSession session;
    std::vector<RunStatus> runs;
    for (int i = 0; i < 500; ++i) {
        runs.push_back(fakeRun("run-" + std::to_string(i), RunState::Finished, i));
        runs.back().name = std::string(2'000, 'x') + std::to_string(i);
    }
    RunListPanel panel(session);
    panel.resize(280, 800);
    panel.show();
    ORRERY_VERIFY_QUICK_AFTER(session.setRuns({}), session.setRuns(runs));
    ORRERY_VERIFY_QUICK_AFTER((void)0, panel.grab());
    QCOMPARE(panel.width(), 280); // a name does not widen the panel
    ORRERY_VERIFY_QUICK_AFTER(runs[499].step += 1, session.setRuns(runs));
}

void TestRunPanels::opensARunDirectory()
{
    FakeSession session;
    RunListPanel panel(session);
    // The first dialog of a process also loads Qt's icons and file types, perhaps from a cold disk.
    ORRERY_VERIFY_QUICK_AFTER(delete panel.findChild<QFileDialog *>(u"openRunDialog"_s),
                              panel.openRunDirectory());
    auto *dialog = panel.findChild<QFileDialog *>(u"openRunDialog"_s);
    QVERIFY(dialog);
    Q_EMIT dialog->fileSelected(u"/somewhere/run"_s);
    QCOMPARE(session.addedPaths, QStringList{u"/somewhere/run"_s});
    dialog->close();
}

void TestRunPanels::foldersOfAnotherComputerAreTypedAndNotOpened()
{
    FakeSession session;
    session.setRuns({fakeRun("a")});
    RunListPanel panel(session);
    panel.setRun(u"a"_s);
    session.setConnection(ConnectionState::Connected);
    const auto *openFolder = child<QAction>(&panel, "openRunFolder");
    QVERIFY(openFolder->isEnabled());
    QCOMPARE(openFolder->text(), u"Open folder"_s);
    session.info.isOfThisComputer = false; // and its home is called as one here
    QVERIFY(QDir(session.info.home).exists());
    session.setConnection(ConnectionState::Connected);
    QVERIFY(!openFolder->isEnabled());
    QCOMPARE(openFolder->text(), u"Open folder (on another computer)"_s);
    QVERIFY(openFolder->toolTip().contains(u"/runs/a"));
    QVERIFY(child<QAction>(&panel, "copyRunPath")->isEnabled());
    panel.openRunDirectory();
    auto *dialog = child<QInputDialog>(&panel, "openRunDialog");
    auto *accept = dialog->findChild<QDialogButtonBox *>()->button(QDialogButtonBox::Ok);
    for (const QString &path : {u"  "_s, u"far/run"_s, u"~/run"_s}) { // the host has no folder that it stands in, and no shell
        dialog->setTextValue(path);
        QVERIFY2(!accept->isEnabled() && !accept->toolTip().isEmpty(), qPrintable(path));
        Q_EMIT dialog->textValueSelected(path);
    }
    QVERIFY(session.addedPaths.isEmpty());
    dialog->setTextValue(u" /far/run "_s);
    QVERIFY(accept->isEnabled());
    Q_EMIT dialog->textValueSelected(u" /far/run "_s);
    QCOMPARE(session.addedPaths, QStringList{u"/far/run"_s});
    dialog->close();
}

void TestRunPanels::showsNumbersOfTheRun()
{
    FakeSession session;
    session.runList = {fakeRun("code-7M")};
    RunPanel panel(session);
    panel.setRun(u"code-7M"_s);
    QCOMPARE(panel.title(), u"code-7M"_s);
    QCOMPARE(panel.numbers()->value(u"Loss"_s), u"1.412"_s);
    QCOMPARE(panel.numbers()->value(u"Learning rate"_s), u"6.20 × 10⁻⁴"_s);
    QCOMPARE(panel.numbers()->value(u"Speed"_s), u"12.4 k tokens/s"_s);
    QCOMPARE(panel.numbers()->value(u"Last checkpoint"_s), u"step 8,000"_s);
    QCOMPARE(panel.numbers()->value(u"Waits"_s), u"viewers 0 · disk 0"_s);
    QCOMPARE(child<ToneLabel>(&panel, "runStep")->text(), u"Step 8,210 of 20,000"_s);
    QCOMPARE(child<ToneLabel>(&panel, "runTime")->text(), u"about 41 min left · last report 0.4 s ago"_s);
    QCOMPARE(child<QProgressBar>(&panel, "runProgress")->value(), 410);
}

void TestRunPanels::theTimeLeftOfABranchIsByItsOwnSteps()
{
    FakeSession session;
    RunStatus branch = fakeRun("branch");
    branch.parentStep = 8'000;
    branch.step = 8'100;
    branch.totalSteps = 8'400;
    branch.elapsedSeconds = 200;
    session.runList = {branch};
    RunPanel panel(session);
    panel.setRun(u"branch"_s);
    QCOMPARE(child<ToneLabel>(&panel, "runTime")->text(), u"about 10 min left · last report 0.4 s ago"_s);
}

void TestRunPanels::failureSaysWhy()
{
    FakeSession session;
    RunStatus failed = fakeRun("a", RunState::Failed);
    failed.error = "Cannot go on training \"a\": loss is NaN at step 311.";
    session.runList = {failed};
    RunPanel panel(session);
    panel.setRun(u"a"_s);
    auto *line = child<ToneLabel>(&panel, "runState");
    QVERIFY(line->text().contains(u"loss is NaN at step 311"_s));
    QCOMPARE(line->tone(), Tone::Error);
}

void TestRunPanels::aPauseForRoomSaysWhy()
{
    FakeSession session;
    RunStatus held = fakeRun("a", RunState::Paused);
    held.error = "Cannot write \"x\": No space left on device. Make room there.";
    session.runList = {held};
    RunPanel panel(session);
    panel.setRun(u"a"_s);
    auto *line = child<ToneLabel>(&panel, "runState");
    QVERIFY(line->text().contains(u"Make room there"_s));
    QCOMPARE(line->tone(), Tone::Warning);
}

void TestRunPanels::lostConnectionIsNotShownAsLive()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunPanel panel(session);
    panel.setRun(u"a"_s);
    auto *line = child<ToneLabel>(&panel, "runState");
    QCOMPARE(line->tone(), Tone::Good);
    session.setConnection(ConnectionState::Lost);
    QVERIFY(line->text().contains(u"as last heard"_s));
    QCOMPARE(line->tone(), Tone::Warning);
}

void TestRunPanels::checkpointOpensInThePlayground()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    CheckpointInfo old, best;
    old.step = 500;
    best.step = 1'000;
    session.checkpoints[u"a"_s] = {old, best};
    RunPanel panel(session);
    panel.setRun(u"a"_s);
    QTRY_COMPARE(panel.checkpoints()->model()->rowCount(), 2);
    QSignalSpy opened(&panel, &RunPanel::openInPlayground);
    panel.checkpoints()->view()->selectRow(1);
    child<QPushButton>(&panel, "talkToStep")->click();
    QCOMPARE(opened.count(), 1);
    QCOMPARE(opened[0][0].toString(), u"a@500"_s);
}

void TestRunPanels::checkpointListFollowsEvents()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunPanel panel(session);
    panel.setRun(u"a"_s);
    QTRY_VERIFY(!session.isAnswering());
    QCOMPARE(panel.checkpoints()->model()->rowCount(), 0);
    CheckpointInfo made;
    made.step = 9'000;
    session.checkpoints[u"a"_s] = {made};
    RunEvent event;
    event.id = 1;
    event.kind = EventKind::Checkpoint;
    session.sendUpdate(fakeRun("a"), {event});
    QTRY_COMPARE(panel.checkpoints()->model()->rowCount(), 1);
}

void TestRunPanels::specIsSearchableAndCopyable()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    session.specs[u"a"_s] = QString::fromStdString(specToJson(RunSpec{}));
    RunPanel panel(session);
    panel.setRun(u"a"_s);
    QTRY_COMPARE(panel.spec()->numShown(), static_cast<int>(specFields().size()) + 1); // and spec_version
    typeText(panel.spec()->searchBox(), u"optimizer.lr"_s);
    QCOMPARE(panel.spec()->copyText(), u"optimizer.lr\t0.001\n"_s);
    child<QToolButton>(panel.spec(), "specCopy")->click();
    QCOMPARE(QGuiApplication::clipboard()->text(), session.specs[u"a"_s]);
}

void TestRunPanels::controlErrorsStandInTheBanner()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    session.failNext[u"control"_s] =
        Error{ErrorCode::Unavailable, "Cannot pause \"a\": its worker does not answer.", "Try again."};
    RunControls controls(session);
    RunPanel panel(session);
    panel.setControls(&controls);
    panel.setRun(u"a"_s);
    controls.setRun(u"a"_s);
    controls.pauseAction()->trigger();
    QTRY_VERIFY(panel.banner()->message().contains(u"does not answer"_s));
    controls.pauseAction()->trigger();
    QVERIFY(panel.banner()->isHidden()); // a new try takes the old message away
}

void TestRunPanels::anotherRunDropsEverything()
{
    FakeSession session;
    session.runList = {fakeRun("a"), fakeRun("b")};
    CheckpointInfo checkpoint;
    checkpoint.step = 500;
    session.checkpoints[u"a"_s] = {checkpoint};
    RunEvent event;
    event.id = 1;
    session.events[u"a"_s] = {event};
    RunPanel panel(session);
    panel.setRun(u"a"_s);
    QTRY_COMPARE(panel.events()->model()->rowCount(), 1);
    QTRY_COMPARE(panel.checkpoints()->model()->rowCount(), 1);
    panel.setRun(u"b"_s);
    QCOMPARE(panel.events()->model()->rowCount(), 0);
    QCOMPARE(panel.checkpoints()->model()->rowCount(), 0);
    panel.setRun(QString());
    QCOMPARE(panel.title(), u"Run"_s);
}

void TestRunPanels::lateAnswersOfAnotherRunAreDropped()
{
    FakeSession session;
    session.isHolding = true;
    session.runList = {fakeRun("a"), fakeRun("b")};
    session.specs[u"a"_s] = QString::fromStdString(specToJson(RunSpec{}));
    CheckpointInfo checkpoint;
    checkpoint.step = 500;
    session.checkpoints[u"a"_s] = {checkpoint};
    RunPanel panel(session);
    panel.setRun(u"a"_s);
    panel.setRun(u"b"_s);
    session.flush();
    session.flush();
    QCOMPARE(panel.spec()->numShown(), 0);
    QCOMPARE(panel.checkpoints()->model()->rowCount(), 0);
}

void TestRunPanels::logShowsEventsAndMessages()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunEvent event;
    event.id = 1;
    event.text = "started";
    session.events[u"a"_s] = {event};
    LogPanel panel(session);
    panel.setRun(u"a"_s);
    QTRY_COMPARE(panel.table()->model()->rowCount(), 1);
    session.setConnection(ConnectionState::Lost, u"The host ended."_s);
    QCOMPARE(panel.table()->model()->rowCount(), 2);
    QVERIFY(panel.table()->copyText().contains(u"The host ended."_s));
    // It stands under the curves: one row for filter and tools, where that is wide enough.
    panel.setTitle({}); // as in its dock
    panel.resize(900, 160);
    panel.show();
    const QWidget *bar = panel.table()->bar();
    QTRY_VERIFY(!panel.table()->isAncestorOf(bar) && bar->isVisible());
    QTRY_VERIFY2(bar->width() > 450, qPrintable(QString::number(bar->width())));
    panel.resize(400, 160);
    QTRY_VERIFY(panel.table()->isAncestorOf(bar) && bar->isVisible());
}

ORRERY_GUI_TEST_MAIN(TestRunPanels)
#include "tst_run_panels.moc"
