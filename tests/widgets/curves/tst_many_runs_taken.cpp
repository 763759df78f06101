// SPDX-License-Identifier: GPL-3.0-or-later
// Notes and marks of several runs, and what is taken along of their charts.
#include "many_runs_fixture.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/view_link.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/group_statistics.h"
#include "widgets/curves/note_bar.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/readout_view.h"
#include "widgets/curves/run_legend.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QFile>
#include <QHelpEvent>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <cmath>
#include <random>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::ui::test;
using Fixture = ManyRunsFixture;

class TestManyRunsTaken : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void notesAppearAtOnce();
    void aNoteIsAddedOnce();
    void refusedNotesSayWhy();
    void addedNotesAreTakenBack();
    void notesAreCorrectedAtTheirMarks();
    void notesAreTakenAwayAndComeBack();
    void notesOfOtherRunsAreCorrected();
    void correctionsThatAreRefusedSayWhy();
    void alarmsHaveAnEnd();
    void aRunThatDoesNotReportIsMarked();
    void marksTellWhoseTheyAre();
    void theTableIsLong();
    void figuresStaySmall_data();
    void figuresStaySmall();
    void aLinkKeepsTheView();
    void everythingHasAName();
};

void TestManyRunsTaken::notesAppearAtOnce()
{
    Fixture one(1);
    one.panel.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&one.panel));
    one.moveTo(120, 2);
    one.loss()->setFocus();
    QTest::keyClick(one.loss(), Qt::Key_N);
    NoteBar *bar = one.panel.noteBar();
    QVERIFY(bar->isVisible());
    bar->edit()->setText(u"the loss jumps here"_s);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    one.settle();
    QVERIFY(!bar->isVisible());
    QCOMPARE(one.session.events[runName(0)].size(), size_t(1));
    QCOMPARE(one.session.events[runName(0)].front().step, int64_t(120));
    QCOMPARE(one.loss()->marks().size(), size_t(1)); // nobody told, nothing was loaded anew
    QCOMPARE(one.loss()->marks().front().x, 120.0);
    one.moveTo(121, 2);
    QVERIFY(one.panel.readout()->reading().tsv().contains(u"the loss jumps here"_s));
    // It was written long after: on an axis of time it stands at its step.
    one.panel.toolbar()->setXMode(XMode::Time);
    one.settle();
    QVERIFY(std::abs(one.loss()->marks().front().x - 11.9) < 1e-3);
    // Without a cursor it is of the newest step.
    one.loss()->setCursorX(std::nullopt);
    one.panel.addNote();
    bar->edit()->setText(u"the end"_s);
    bar->findChild<QPushButton *>(u"addNoteButton"_s)->click();
    QCOMPARE(one.session.events[runName(0)].back().step, int64_t(400));
}

void TestManyRunsTaken::aNoteIsAddedOnce()
{
    Fixture one(2);
    NoteBar *bar = one.panel.noteBar();
    const auto answerAll = [&one] {
        while (!one.session.waiting.empty()) one.session.answerAll();
        one.session.answersAtOnce = true;
    };
    one.panel.addNote();
    bar->edit()->setText(u"words"_s);
    one.session.answersAtOnce = false; // a slow link
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    answerAll();
    one.settle();
    QCOMPARE(one.session.events[runName(0)].size(), size_t(1));
    // Another run is chosen before the answer comes: the next note is not the old one.
    one.panel.addNote();
    bar->edit()->setText(u"of the first run"_s);
    one.session.answersAtOnce = false;
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    one.panel.setRun(runName(1));
    answerAll();
    one.settle();
    QCOMPARE(one.session.events[runName(0)].size(), size_t(2));
    one.panel.addNote();
    QVERIFY(bar->edit()->text().isEmpty());
}

void TestManyRunsTaken::refusedNotesSayWhy()
{
    Fixture one(2);
    NoteBar *bar = one.panel.noteBar();
    one.panel.addNote();
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QVERIFY2(bar->error().startsWith(u"Cannot add a note: it is empty"_s), qPrintable(bar->error()));
    one.session.noteError = Error{ErrorCode::Unavailable, "Cannot annotate run \"run-000\": the worker does not answer.",
                                  "Try again when it trains."};
    bar->edit()->setText(u"words"_s);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QVERIFY(bar->isVisible());
    QVERIFY2(bar->error().contains(u"does not answer"_s) && bar->error().contains(u"Try again"_s), qPrintable(bar->error()));
    QCOMPARE(bar->edit()->text(), u"words"_s); // nothing that was written is lost
    QTest::keyClick(bar->edit(), Qt::Key_Escape);
    QVERIFY(!bar->isVisible());
    one.panel.addNote();
    QCOMPARE(bar->edit()->text(), u"words"_s);
    one.panel.setRun(runName(1));
    QVERIFY(!bar->isVisible()); // it was of the other run
}

namespace {

RunEvent noteEvent(int64_t id, int64_t step, const char *text)
{
    return {.id = id, .step = step, .wallTime = 3e9, .kind = EventKind::Note, .text = text, .payload = notePayload(0)};
}

/// The right button on the mark of a step; the menu that it opens.
QMenu *menuAt(Fixture &one, double step)
{
    const QPoint place(qRound(one.loss()->pixelOfX(step)), one.loss()->plotArea().bottom() - 8);
    QTest::mouseClick(one.loss(), Qt::RightButton, {}, place);
    auto *menu = one.panel.findChild<QMenu *>(u"noteMenu"_s);
    return menu && menu->isVisible() ? menu : nullptr;
}

QStringList textsOf(const QMenu &menu)
{
    QStringList texts;
    for (const QAction *action : menu.actions())
        if (!action->isSeparator()) texts << action->text();
    return texts;
}

QStringList markTexts(Fixture &one)
{
    QStringList texts;
    for (const PlotMark &mark : one.loss()->marks()) texts << mark.text;
    return texts;
}

} // namespace

/// One step after the other, also over a correction in between.
void TestManyRunsTaken::addedNotesAreTakenBack()
{
    Fixture one(1);
    auto &events = one.session.events[runName(0)];
    events = {noteEvent(1, 120, "twice")}; // of somebody else, with the same words
    one.session.replay(runName(0));
    one.settle();
    NoteBar *bar = one.panel.noteBar();
    auto *undo = one.panel.findChild<QAction *>(u"undoNote"_s);
    const auto add = [&](double step, const QString &text) {
        one.moveTo(step, 2);
        one.panel.addNote();
        bar->edit()->setText(text);
        QTest::keyClick(bar->edit(), Qt::Key_Return);
        one.settle();
    };
    QVERIFY(!undo->isEnabled());
    add(120, u"twice"_s);
    QCOMPARE(one.panel.notice()->message(), u"Added the note “twice” at step 120."_s);
    add(300, u"the lsos jumps"_s);
    one.panel.findChild<QAction *>(u"editNote"_s)->trigger();
    bar->edit()->setText(u"the loss jumps"_s);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    one.settle();
    QCOMPARE(markTexts(one), (QStringList{u"twice"_s, u"twice"_s, u"the loss jumps"_s}));
    undo->trigger();
    one.settle();
    QCOMPARE(markTexts(one).back(), u"the lsos jumps"_s);
    undo->trigger();
    one.settle();
    QCOMPARE(one.panel.notice()->message(), u"Took back the note “the lsos jumps” at step 300."_s);
    QCOMPARE(markTexts(one), (QStringList{u"twice"_s, u"twice"_s}));
    one.panel.notice()->clear();
    undo->trigger();
    one.settle();
    QCOMPARE(markTexts(one), QStringList{u"twice"_s});
    QCOMPARE(replacedNote(events.back()), int64_t(2)); // the own one
    QVERIFY(!undo->isEnabled());
    // A training that has not written it yet: nothing is lost, and it can be tried again.
    add(200, u"later"_s);
    const RunEvent late = events.back();
    events.pop_back();
    undo->trigger();
    one.settle();
    QVERIFY2(one.panel.notice()->message().startsWith(
                 u"Cannot take back the note \"later\" at step 200 of run \"run-000\": found no such note"_s),
             qPrintable(one.panel.notice()->message()));
    QVERIFY(undo->isEnabled());
    events.push_back(late);
    undo->trigger();
    one.settle();
    QCOMPARE(replacedNote(events.back()), late.id);
}

void TestManyRunsTaken::notesAreCorrectedAtTheirMarks()
{
    Fixture one(1);
    one.session.events[runName(0)] = {noteEvent(1, 120, "the lsos jumps"), noteEvent(2, 300, "calm & quiet")};
    one.session.replay(runName(0));
    one.settle();
    QVERIFY(!menuAt(one, 200)); // there is no mark
    QMenu *menu = menuAt(one, 120);
    QVERIFY(menu);
    QCOMPARE(textsOf(*menu), (QStringList{u"Edit “the lsos jumps”…"_s, u"Remove “the lsos jumps”"_s, u"Add a note here…"_s}));
    menu->actions().front()->trigger();
    menu->close();
    NoteBar *bar = one.panel.noteBar();
    QVERIFY(bar->isVisible());
    QCOMPARE(bar->edit()->text(), u"the lsos jumps"_s);
    QVERIFY(bar->draft().isEmpty()); // the note has it
    bar->edit()->setText(u"the loss jumps"_s);
    QCOMPARE(bar->draft().value(u"note"_s).toLongLong(), 1);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    one.settle();
    QVERIFY(!bar->isVisible());
    QCOMPARE(markTexts(one), (QStringList{u"the loss jumps"_s, u"calm & quiet"_s}));
    QCOMPARE(one.session.events[runName(0)].size(), size_t(3)); // what was said stays in the log
    QCOMPARE(one.session.events[runName(0)].back().payload, notePayload(1));
    QCOMPARE(one.panel.notice()->message(), u"The note at step 120 says “the loss jumps” now."_s);
    // By the keyboard, and a draft of it after a kill.
    one.moveTo(300, 2);
    one.panel.findChild<QAction *>(u"editNote"_s)->trigger();
    bar->edit()->setText(u"calm"_s);
    const QVariantMap draft = bar->draft();
    QTest::keyClick(bar->edit(), Qt::Key_Escape);
    QVERIFY(bar->draft().isEmpty());
    one.panel.restoreNote(draft);
    QVERIFY(bar->isVisible());
    QCOMPARE(bar->edit()->text(), u"calm"_s);
    bar->findChild<QPushButton *>(u"addNoteButton"_s)->click();
    one.settle();
    QCOMPARE(markTexts(one).back(), u"calm"_s);
    // Undone one after the other.
    one.panel.undoNote();
    one.settle();
    QCOMPARE(markTexts(one).back(), u"calm & quiet"_s);
    one.panel.undoNote();
    one.settle();
    QCOMPARE(markTexts(one).front(), u"the lsos jumps"_s);
    QVERIFY(!one.panel.findChild<QAction *>(u"undoNote"_s)->isEnabled());
    // The axis of time has the same marks.
    one.panel.toolbar()->setXMode(XMode::Time);
    one.settle();
    QVERIFY(std::abs(one.loss()->marks().front().x - 11.9) < 1e-3);
}

void TestManyRunsTaken::notesAreTakenAwayAndComeBack()
{
    Fixture one(1);
    one.session.events[runName(0)] = {noteEvent(1, 120, "here"), noteEvent(2, 121, "and here")};
    one.session.replay(runName(0));
    one.settle();
    one.moveTo(50, 2);
    one.panel.findChild<QAction *>(u"removeNote"_s)->trigger();
    QCOMPARE(one.panel.notice()->message(), u"There is no note at the cursor."_s);
    QCOMPARE(one.session.events[runName(0)].size(), size_t(2));
    // Of two at the cursor one is chosen.
    one.moveTo(120, 2);
    one.panel.findChild<QAction *>(u"removeNote"_s)->trigger();
    auto *menu = one.panel.findChild<QMenu *>(u"noteMenu"_s);
    QVERIFY(menu && menu->isVisible());
    QCOMPARE(textsOf(*menu).filter(u"Remove"_s), (QStringList{u"Remove “here”"_s, u"Remove “and here”"_s}));
    menu->actions()[1]->trigger();
    menu->close();
    one.settle();
    QCOMPARE(markTexts(one), QStringList{u"and here"_s});
    QCOMPARE(one.panel.notice()->message(), u"Removed the note “here” at step 120."_s);
    one.panel.notice()->findChild<QPushButton *>(u"bannerRetry"_s)->click();
    one.settle();
    QCOMPARE(markTexts(one), (QStringList{u"here"_s, u"and here"_s}));
    // In the bar of a new note: what stands there already.
    one.moveTo(120, 2);
    one.panel.addNote();
    NoteBar *bar = one.panel.noteBar();
    auto *near = bar->findChild<QMenu *>(u"notesNearMenu"_s);
    QVERIFY(bar->findChild<QToolButton *>(u"notesNearButton"_s)->isVisible());
    QCOMPARE(textsOf(*near).size(), 4);
    near->actions()[2]->trigger();
    QCOMPARE(bar->edit()->text(), u"and here"_s);
    bar->findChild<QPushButton *>(u"removeNoteButton"_s)->click();
    one.settle();
    QVERIFY(!bar->isVisible());
    QCOMPARE(markTexts(one), QStringList{u"here"_s});
    // A new note begins empty.
    one.moveTo(300, 2);
    one.panel.addNote();
    QVERIFY(bar->edit()->text().isEmpty());
    QVERIFY(!bar->findChild<QToolButton *>(u"notesNearButton"_s)->isVisible());
    QVERIFY(!bar->findChild<QPushButton *>(u"removeNoteButton"_s)->isVisible());
}

void TestManyRunsTaken::notesOfOtherRunsAreCorrected()
{
    Fixture one(3);
    one.session.events[runName(2)] = {noteEvent(1, 200, "of the third")};
    one.overlay(3);
    QMenu *menu = menuAt(one, 200);
    QVERIFY(menu);
    menu->actions()[1]->trigger();
    menu->close();
    one.settle();
    QVERIFY(markTexts(one).isEmpty());
    QCOMPARE(one.session.events[runName(2)].back().payload, notePayload(1));
    one.panel.undoNote();
    one.settle();
    QCOMPARE(markTexts(one), QStringList{u"run-002: of the third"_s});
}

void TestManyRunsTaken::correctionsThatAreRefusedSayWhy()
{
    Fixture one(1);
    one.session.events[runName(0)] = {noteEvent(1, 120, "here")};
    one.session.replay(runName(0));
    one.settle();
    one.moveTo(120, 2);
    one.panel.editNote();
    NoteBar *bar = one.panel.noteBar();
    bar->edit()->clear();
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QVERIFY2(bar->error().contains(u"it is empty, expected some words. Remove takes it away"_s), qPrintable(bar->error()));
    one.session.noteError = Error{ErrorCode::Unavailable, "Cannot correct a note of run \"run-000\": the engine does not offer it.",
                                  "Update the engine."};
    bar->edit()->setText(u"there"_s);
    QTest::keyClick(bar->edit(), Qt::Key_Return);
    QVERIFY(bar->error().contains(u"does not offer it. Update"_s));
    QCOMPARE(bar->edit()->text(), u"there"_s);
    QTest::keyClick(bar->edit(), Qt::Key_Escape);
    one.panel.removeNote();
    QVERIFY(one.panel.notice()->message().contains(u"does not offer it"_s));
    QCOMPARE(markTexts(one), QStringList{u"here"_s});
    // What could not be undone can be tried again.
    one.session.noteError.reset();
    one.panel.removeNote();
    one.settle();
    one.session.noteError = Error{ErrorCode::Io, "Cannot annotate run \"run-000\": the disk is full.", "Make room."};
    one.panel.undoNote();
    QVERIFY(one.panel.notice()->message().contains(u"the disk is full"_s));
    one.session.noteError.reset();
    one.panel.undoNote();
    one.settle();
    QCOMPARE(markTexts(one), QStringList{u"here"_s});
}

void TestManyRunsTaken::alarmsHaveAnEnd()
{
    Fixture one(1);
    const auto alarm = [](int64_t id, int64_t step, const char *text, const char *payload) {
        return RunEvent{.id = id, .step = step, .wallTime = 1.7e9 + double(step) * 0.1, .kind = EventKind::Alarm, .text = text, .payload = payload};
    };
    one.session.events[runName(0)] = {
        alarm(1, 50, "The loss jumped", R"({"alarm":"spike","series":"loss"})"),
        alarm(2, 80, "It is calm", R"({"alarm":"spike","series":"loss","over":true,"since":50})"),
        alarm(3, 100, "It diverges", R"({"alarm":"divergence","series":"loss"})"), // by an older engine: nobody told the end
        alarm(4, 300, "It is flat", R"({"alarm":"plateau","series":"val_loss"})"),
        alarm(5, 310, "nonsense", R"({"alarm":"overfitting","over":true})")};
    one.session.statuses[0].state = RunState::Running;
    one.session.statuses[0].step = 400;
    one.session.statuses[0].lastReportAt = 1.7e9 + 40;
    one.session.statuses[0].alarms = {{AlarmKind::Plateau, 300, 1.7e9 + 30, "val_loss", "It is flat"}};
    one.session.replay(runName(0));
    one.settle();
    const std::vector<PlotMark> marks = one.loss()->marks();
    QCOMPARE(marks.size(), size_t(3)); // an end is no mark of its own
    QCOMPARE(marks[0].x, 50.0);
    QCOMPARE(marks[0].xEnd, 80.0);
    QVERIFY(!marks[0].isOpen);
    QVERIFY2(marks[0].text.startsWith(u"The loss jumped\nFrom step 50 ("_s) && marks[0].text.contains(u"until step 80 ("_s) &&
                 marks[0].text.endsWith(u"3 s"_s),
             qPrintable(marks[0].text));
    QVERIFY(std::isnan(marks[1].xEnd)); // it does not hold, and since when is not known: no bar is made up
    QCOMPARE(marks[1].text, u"It diverges"_s);
    QCOMPARE(marks[2].xEnd, 400.0);
    QVERIFY(marks[2].isOpen);
    QVERIFY2(marks[2].text.contains(u"Since step 300 ("_s) && marks[2].text.endsWith(u"and still"_s), qPrintable(marks[2].text));
    one.session.statuses[0].state = RunState::Finished; // it held to the end
    Q_EMIT one.session.runsChanged();
    one.settle();
    QVERIFY(!one.loss()->marks()[2].isOpen);
    QVERIFY2(one.loss()->marks()[2].text.contains(u"until step 400 ("_s) && one.loss()->marks()[2].text.endsWith(u"(the end of the run)"_s),
             qPrintable(one.loss()->marks()[2].text));
    // While it lasts the read-out and the hover tell of it.
    one.moveTo(65, 2);
    QVERIFY(one.panel.readout()->reading().tsv().contains(u"The loss jumped"_s));
    one.moveTo(90, 2);
    QVERIFY(!one.panel.readout()->reading().tsv().contains(u"The loss jumped"_s));
    one.panel.toolbar()->setXMode(XMode::Time);
    one.settle();
    QVERIFY(std::abs(one.loss()->marks().front().xEnd - one.loss()->marks().front().x - 3) < 1e-3);
}

void TestManyRunsTaken::aRunThatDoesNotReportIsMarked()
{
    Fixture one(2);
    RunStatus &status = one.session.statuses[0];
    status.state = RunState::Running;
    status.step = 400;
    status.lastReportAt = 1.7e9 + 40;
    status.alarms = {{AlarmKind::NoReport, 400, 1.7e9 + 40, "", "No report for more than 60 s"}};
    setWallNowForTests(1.7e9 + 140);
    Q_EMIT one.session.runsChanged();
    one.settle();
    QCOMPARE(one.loss()->marks().size(), size_t(1));
    QVERIFY(one.loss()->marks().front().isOpen);
    QVERIFY(one.loss()->marks().front().text.contains(u"and still"_s));
    one.panel.toolbar()->setXMode(XMode::Time);
    one.settle();
    QVERIFY(std::abs(one.loss()->marks().front().xEnd - one.loss()->marks().front().x - 100) < 1e-3);
    // A report comes: the gap has an end, and stays.
    const RunAlarm silence = status.alarms.front();
    status.alarms.clear();
    status.lastReportAt = 1.7e9 + 150;
    status.step = 401;
    Q_EMIT one.session.runsChanged();
    one.settle();
    const PlotMark over = one.loss()->marks().front();
    QVERIFY(!over.isOpen);
    QVERIFY(std::abs(over.xEnd - over.x - 110) < 1e-3);
    QVERIFY2(over.text.contains(u"until step 401 ("_s), qPrintable(over.text));
    // A list that is older than that tells nothing new.
    status.alarms = {silence};
    Q_EMIT one.session.runsChanged();
    status.alarms.clear();
    Q_EMIT one.session.runsChanged();
    one.settle();
    QCOMPARE(one.loss()->marks().size(), size_t(1));
    setWallNowForTests(-1);
}

void TestManyRunsTaken::marksTellWhoseTheyAre()
{
    Fixture one(3);
    one.session.events[runName(1)] = {
        {.id = 1, .step = 50, .kind = EventKind::Alarm, .text = "The loss jumped"},
        {.id = 2, .step = 60, .kind = EventKind::Setting, .text = "clip set to 0.5"},
        {.id = 3, .step = 400, .kind = EventKind::EarlyStop, .text = "Stopped early"}};
    one.session.statuses[2].parent = runName(0).toStdString();
    one.session.statuses[2].parentStep = 200;
    Q_EMIT one.session.runsChanged();
    one.settle();
    QCOMPARE(one.loss()->marks().size(), size_t(1)); // where the branch left
    QCOMPARE(one.loss()->marks().front().kind, MarkKind::Branch);
    QVERIFY(one.loss()->marks().front().text.contains(u"“run-002” was branched from here"_s));
    one.overlay(3);
    QStringList texts;
    for (const PlotMark &mark : one.loss()->marks()) texts << mark.text;
    QVERIFY2(texts.contains(u"run-001: The loss jumped"_s) && texts.contains(u"run-001: Stopped early"_s),
             qPrintable(texts.join(u'|')));
    QVERIFY(!texts.contains(u"run-001: clip set to 0.5"_s));
    QVERIFY2(texts.contains(u"run-002: Branched from “run-000” at step 200"_s), qPrintable(texts.join(u'|')));
    one.moveTo(51, 3);
    QVERIFY(one.panel.readout()->reading().tsv().contains(u"run-001: The loss jumped"_s));
    // With the pointer on the mark, in its row over the axis.
    const QPoint place(qRound(one.loss()->pixelOfX(50)), one.loss()->plotArea().bottom() - 8);
    QHelpEvent help(QEvent::ToolTip, place, one.loss()->mapToGlobal(place));
    QVERIFY(QApplication::sendEvent(one.loss(), &help));
}

void TestManyRunsTaken::theTableIsLong()
{
    Fixture one(3);
    one.overlay(3);
    one.frame().findChild<QAction *>(u"panelCopyData"_s)->trigger();
    const QStringList lines = QGuiApplication::clipboard()->text().split(u"\r\n"_s, Qt::SkipEmptyParts).join(u'\n').split(u'\n');
    QCOMPARE(lines.front().trimmed(), u"run,series,step,tokens,wall_time,min,mean,max"_s);
    QCOMPARE(lines.filter(u",loss,"_s).size(), 3 * 400);
    const QString line = lines.filter(u"run-002,loss,400,"_s).value(0).trimmed();
    const QStringList fields = line.split(u',');
    QCOMPARE(fields.size(), 8);
    QCOMPARE(fields[3].toDouble(), 400.0 * 8 * 2 * 100);
    QCOMPARE(fields[4].toDouble(), 1.7e9 + 40 + 2000);
    QCOMPARE(fields[6].toDouble(), 3 + 4 * std::exp(-4.0));
}

void TestManyRunsTaken::figuresStaySmall_data()
{
    QTest::addColumn<QString>("ending");
    QTest::newRow("svg") << u"svg"_s;
    QTest::newRow("pdf") << u"pdf"_s;
}

void TestManyRunsTaken::figuresStaySmall()
{
    QFETCH(QString, ending);
    Fixture one(50, 2000);
    std::mt19937 random(5);
    std::normal_distribution<double> noise(0, 0.2);
    for (auto &[run, all] : one.session.points)
        for (auto &[name, points] : all)
            for (FakePoint &point : points) point.value *= 1 + noise(random);
    one.panel.toolbar()->setSmoothing(0.6); // lines that still jump
    one.overlay(50);
    QTemporaryDir folder;
    const QString path = folder.filePath(u"curves."_s + ending);
    PanelTools::of(one.frame())->saveTo(path);
    const qint64 size = QFile(path).size();
    QVERIFY2(size > 20'000 && size <= 300'000, qPrintable(QString::number(size)));
    if (ending != u"svg") return;
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    for (const int i : {0, 17, 49}) QVERIFY(text.contains(runName(i).toUtf8())); // the legend
}

void TestManyRunsTaken::aLinkKeepsTheView()
{
    Fixture one(5);
    one.overlay(5);
    one.groupBy(u"optimizer.lr"_s);
    one.panel.overlay()->bar()->setBand(BandKind::Confidence);
    one.panel.overlay()->bar()->setShowsValidation(true);
    one.panel.toolbar()->setXMode(XMode::Tokens);
    one.panel.findChild<QToolButton *>(u"logX"_s)->click();
    one.settle();
    const QString link = one.frame().viewLink();
    Fixture other(5);
    QSignalSpy requested(&other.panel, &CurvesPanel::overlayRequested);
    const Result<ViewLink> view = parseViewLink(link);
    QVERIFY(view.ok());
    other.frame().view().restore(view->state);
    other.settle();
    QCOMPARE(requested.count(), 1); // the list of runs ticks them
    QCOMPARE(other.panel.overlaidRuns().size(), 4);
    QCOMPARE(other.panel.overlay()->bar()->groupBy(), u"optimizer.lr"_s);
    QCOMPARE(other.panel.overlay()->bar()->band(), BandKind::Confidence);
    QVERIFY(other.panel.overlay()->bar()->showsValidation());
    QCOMPARE(other.panel.toolbar()->xMode(), XMode::Tokens);
    QVERIFY(other.loss()->isLogX());
    QCOMPARE(other.frame().viewLink(), link);
    // What belongs to several runs is nothing without them.
    other.frame().view().restore({{u"x"_s, u"tokens"_s}, {u"overlay"_s, QString()}});
    other.settle();
    QCOMPARE(other.panel.toolbar()->xMode(), XMode::Step);
    QVERIFY(!other.panel.overlay()->isOn());
}

void TestManyRunsTaken::everythingHasAName()
{
    Fixture one(12);
    one.overlay(12);
    one.groupBy(QLatin1String(kGroupByAll));
    for (const auto *button : one.panel.findChildren<QAbstractButton *>())
        if (button->isVisible())
            QVERIFY2(!button->accessibleName().isEmpty() || !button->text().isEmpty(), qPrintable(button->objectName()));
    for (const auto *box : one.panel.findChildren<QComboBox *>()) QVERIFY(!box->accessibleName().isEmpty());
    QVERIFY(!one.panel.overlay()->legend()->accessibleName().isEmpty());
    QVERIFY(!one.frame().accessibleDescription().isEmpty());
    one.panel.resize(one.panel.minimumSizeHint());
    one.settle();
    for (const auto *button : one.panel.overlay()->bar()->findChildren<QAbstractButton *>()) {
        if (!button->isVisible()) continue;
        const QRect inPanel(button->mapTo(&one.panel, QPoint(0, 0)), button->size());
        QVERIFY2(one.panel.rect().contains(inPanel),
                 qPrintable(u"%1 at %2 of %3"_s.arg(button->objectName() + button->text())
                                .arg(inPanel.right())
                                .arg(one.panel.width())));
    }
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestManyRunsTaken test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_many_runs_taken.moc"
