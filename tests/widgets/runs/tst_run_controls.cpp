// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/field_editor.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/live_settings.h"
#include "widgets/runs/run_controls.h"
#include "widgets/runs/run_feed.h"

#include <QAction>
#include <QFontMetrics>
#include <QMap>
#include <QMenu>
#include <QPushButton>
#include <QSet>
#include <QSignalSpy>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestRunControls : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void enablesWhatTheStateAllows_data();
    void enablesWhatTheStateAllows();
    void disablesAllWithoutConnection();
    void pauseTurnsIntoContinue();
    void showsAtOnceThatItWasTaken();
    void whatIsOlderThanAnAnswerIsNoNews();
    void stepAsksForTheChosenCount();
    void stepIsOverWhenTheStepHasMoved();
    void wordsHaveTheRoomOfThoseToCome();
    void resumeStartsTheRun();
    void errorsEndTheWaitAndAreTold();
    void copiesCommandsThatArePossible();
    void feedWatchesOneRunAtATime();
    void feedPutsHistoryBeforeLiveEvents();
    void feedKeepsEachEventOnce();
    void anOlderAttemptInTheListIsNoNews();
    void everyLiveFieldHasAnEditor();
    void settingWaitsThenSaysAtWhichStep();
    void anAppliedSettingIsTakenBack();
    void whatIsNotAppliedYetIsKept();
    void refusedSettingStandsUnderItsField();
    void badSettingIsNotSent();
    void settingsNeedARunningRun();
};

void TestRunControls::enablesWhatTheStateAllows_data()
{
    QTest::addColumn<RunState>("state");
    QTest::addColumn<QString>("enabled");
    QTest::newRow("unknown") << RunState::Unknown << QString();
    QTest::newRow("created") << RunState::Created << u"resume"_s;
    QTest::newRow("starting") << RunState::Starting << u"stop"_s;
    QTest::newRow("running") << RunState::Running << u"pause checkpoint stop"_s;
    QTest::newRow("paused") << RunState::Paused << u"pause step checkpoint stop"_s;
    QTest::newRow("stopping") << RunState::Stopping << QString();
    QTest::newRow("stopped") << RunState::Stopped << u"resume"_s;
    QTest::newRow("finished") << RunState::Finished << QString();
    QTest::newRow("failed") << RunState::Failed << u"resume"_s;
    QTest::newRow("crashed") << RunState::Crashed << u"resume"_s;
}

void TestRunControls::enablesWhatTheStateAllows()
{
    QFETCH(RunState, state);
    FakeSession session;
    session.runList = {fakeRun("a", state)};
    RunControls controls(session);
    for (QAction *action : controls.actions()) QVERIFY(!action->isEnabled()); // no run yet
    controls.setRun(u"a"_s);
    QStringList enabled;
    if (controls.pauseAction()->isEnabled()) enabled << u"pause"_s;
    if (controls.stepAction()->isEnabled()) enabled << u"step"_s;
    if (controls.checkpointAction()->isEnabled()) enabled << u"checkpoint"_s;
    if (controls.stopAction()->isEnabled()) enabled << u"stop"_s;
    if (controls.resumeAction()->isEnabled()) enabled << u"resume"_s;
    QTEST(enabled.join(u' '), "enabled");
    for (QAction *action : controls.actions())
        if (!action->isEnabled()) QVERIFY(action->toolTip().contains(u'\n')); // says why
}

void TestRunControls::disablesAllWithoutConnection()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunControls controls(session);
    controls.setRun(u"a"_s);
    QVERIFY(controls.pauseAction()->isEnabled());
    session.setConnection(ConnectionState::Lost);
    for (QAction *action : controls.actions()) QVERIFY(!action->isEnabled());
    session.setConnection(ConnectionState::Connected);
    QVERIFY(controls.pauseAction()->isEnabled());
}

void TestRunControls::pauseTurnsIntoContinue()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunControls controls(session);
    controls.setRun(u"a"_s);
    QCOMPARE(controls.pauseAction()->text(), u"Pause"_s);
    session.setRuns({fakeRun("a", RunState::Paused)});
    QCOMPARE(controls.pauseAction()->text(), u"Continue"_s);
    controls.pauseAction()->trigger();
    QCOMPARE(session.controls.back().verb, u"continue"_s);
}

void TestRunControls::showsAtOnceThatItWasTaken()
{
    FakeSession session;
    session.isHolding = true;
    session.runList = {fakeRun("a")};
    RunControls controls(session);
    controls.setRun(u"a"_s);
    ORRERY_VERIFY_QUICK(controls.pauseAction()->trigger());
    QCOMPARE(controls.pauseAction()->text(), u"Pause …"_s);
    QVERIFY(!controls.pauseAction()->isEnabled());
    session.flush(); // accepted, still training until the step boundary
    QCOMPARE(controls.pauseAction()->text(), u"Pause …"_s);
    session.sendUpdate(fakeRun("a", RunState::Paused));
    QCOMPARE(controls.pauseAction()->text(), u"Continue"_s);
    QVERIFY(controls.pauseAction()->isEnabled());
}

/// An answer has a connection of its own and may come before what was told ahead of it.
void TestRunControls::whatIsOlderThanAnAnswerIsNoNews()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunControls controls(session);
    controls.setRun(u"a"_s);
    const auto tell = [&session](RunState state, int64_t step, int32_t attempt = 1) {
        RunStatus status = fakeRun("a", state);
        status.step = step;
        status.attempt = attempt;
        session.sendUpdate(status);
    };
    tell(RunState::Paused, 120);
    QCOMPARE(controls.pauseAction()->text(), u"Continue"_s);
    tell(RunState::Running, 110);
    QCOMPARE(controls.pauseAction()->text(), u"Continue"_s);
    tell(RunState::Running, 121);
    QCOMPARE(controls.pauseAction()->text(), u"Pause"_s);
    tell(RunState::Crashed, 100); // its last stored step
    QVERIFY(controls.resumeAction()->isEnabled());
    tell(RunState::Running, 100, 2);
    QCOMPARE(controls.pauseAction()->text(), u"Pause"_s);
}

/// Else what stands beside them in the tool bar moves under the pointer.
void TestRunControls::wordsHaveTheRoomOfThoseToCome()
{
    FakeSession session;
    session.isHolding = true;
    const QFontMetrics metrics(typeFont(TypeSize::Base));
    QMap<QString, QSet<QString>> rooms;
    QStringList tooLong;
    for (const RunState state : {RunState::Created, RunState::Running, RunState::Paused, RunState::Stopped}) {
        for (int verb = 0; verb < 5; ++verb) {
            session.runList = {fakeRun("a", state)};
            RunControls controls(session);
            controls.setRun(u"a"_s);
            controls.actions()[verb]->trigger(); // where it can be
            for (const QAction *action : controls.actions()) {
                const QString room = action->property("widestText").toString();
                rooms[action->objectName()] << room;
                if (metrics.horizontalAdvance(action->text()) > metrics.horizontalAdvance(room)) tooLong << action->text();
            }
        }
    }
    QVERIFY2(tooLong.isEmpty(), qPrintable(tooLong.join(u", "_s)));
    for (auto it = rooms.cbegin(); it != rooms.cend(); ++it) QVERIFY2(it.value().size() == 1, qPrintable(it.key())); // and it stays
}

void TestRunControls::stepAsksForTheChosenCount()
{
    FakeSession session;
    session.runList = {fakeRun("a", RunState::Paused)};
    RunControls controls(session);
    controls.setRun(u"a"_s);
    QVERIFY(controls.stepAction()->menu());
    controls.stepAction()->menu()->actions().at(2)->trigger();
    QCOMPARE(session.controls.back().verb, u"step"_s);
    QCOMPARE(session.controls.back().steps, 100);
    QCOMPARE(controls.stepCount(), 100);
}

void TestRunControls::stepIsOverWhenTheStepHasMoved()
{
    FakeSession session;
    session.runList = {fakeRun("a", RunState::Paused)};
    RunControls controls(session);
    controls.setRun(u"a"_s);
    controls.stepAction()->trigger();
    QVERIFY(controls.pending() == RunVerb::Step);
    RunStatus moved = fakeRun("a", RunState::Paused);
    moved.step += 1; // paused again before any update said that it ran
    session.sendUpdate(moved);
    QVERIFY(!controls.pending());
    QVERIFY(controls.stepAction()->isEnabled());
}

void TestRunControls::resumeStartsTheRun()
{
    FakeSession session;
    session.runList = {fakeRun("a", RunState::Crashed)};
    RunControls controls(session);
    controls.setRun(u"a"_s);
    controls.resumeAction()->trigger();
    QCOMPARE(session.startedRuns, QStringList{u"a"_s});
    QCOMPARE(controls.resumeAction()->text(), u"Resume …"_s);
}

void TestRunControls::errorsEndTheWaitAndAreTold()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    session.failNext[u"control"_s] = Error{ErrorCode::Conflict, "Cannot pause \"a\": it is ending.", "Wait."};
    RunControls controls(session);
    controls.setRun(u"a"_s);
    QSignalSpy failed(&controls, &RunControls::failed);
    controls.pauseAction()->trigger();
    QTRY_COMPARE(failed.count(), 1);
    QCOMPARE(failed[0][0].toString(), u"a"_s);
    QVERIFY(controls.pauseAction()->isEnabled());
}

void TestRunControls::copiesCommandsThatArePossible()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunControls controls(session);
    controls.setRun(u"a"_s);
    QStringList commands;
    Q_EMIT controls.copyCommandMenu()->aboutToShow();
    for (const QAction *action : controls.copyCommandMenu()->actions()) commands << action->text();
    QCOMPARE(commands,
             (QStringList{u"orrery-engine control a pause"_s, u"orrery-engine control a checkpoint"_s,
                          u"orrery-engine control a stop"_s, u"orrery-engine watch a"_s}));
}

void TestRunControls::feedWatchesOneRunAtATime()
{
    FakeSession session;
    {
        RunFeed feed(session);
        feed.setRun(u"a"_s);
        feed.setRun(u"b"_s);
        QCOMPARE(session.watchCounts[u"a"_s], 0);
        QCOMPARE(session.watchCounts[u"b"_s], 1);
    }
    QCOMPARE(session.watchCounts[u"b"_s], 0);
}

namespace {

RunEvent numbered(int64_t id, const std::string &text)
{
    RunEvent event;
    event.id = id;
    event.step = id;
    event.text = text;
    event.kind = EventKind::Note;
    return event;
}

} // namespace

void TestRunControls::feedPutsHistoryBeforeLiveEvents()
{
    FakeSession session;
    session.isHolding = true;
    session.events[u"a"_s] = {numbered(1, "one"), numbered(2, "two")};
    RunFeed feed(session);
    feed.setRun(u"a"_s);
    session.sendUpdate(fakeRun("a"), {numbered(3, "three")});
    QVERIFY(feed.events().empty()); // waits for what was before
    session.flush();                // the tail begins
    session.flush();                // the answer
    QCOMPARE(feed.events().size(), size_t{3});
    QCOMPARE(feed.events()[2].text, std::string("three"));
}

void TestRunControls::feedKeepsEachEventOnce()
{
    FakeSession session;
    session.events[u"a"_s] = {numbered(1, "one")};
    session.runList = {fakeRun("a")};
    RunFeed feed(session);
    feed.setRun(u"a"_s);
    QTRY_COMPARE(feed.events().size(), size_t{1});
    RunEvent live = numbered(2, "two");
    live.id = 0; // the store has not numbered it yet
    session.sendUpdate(fakeRun("a"), {numbered(1, "one"), live});
    QCOMPARE(feed.events().size(), size_t{2});
    session.events[u"a"_s].push_back(numbered(2, "two"));
    session.events[u"a"_s].push_back(numbered(3, "finished"));
    session.sendReplay(u"a"_s); // the end comes from the store
    QTRY_COMPARE(feed.events().size(), size_t{3});
}

void TestRunControls::anOlderAttemptInTheListIsNoNews()
{
    FakeSession session;
    RunStatus stopped = fakeRun("a", RunState::Stopped);
    stopped.attempt = 1;
    session.runList = {stopped};
    RunFeed feed(session);
    feed.setRun(u"a"_s);
    RunStatus resumed = fakeRun("a", RunState::Running);
    resumed.attempt = 2;
    session.sendUpdate(resumed);
    session.setRuns({stopped}); // read from the disk before the worker wrote there
    QCOMPARE(feed.status()->state, RunState::Running);
    stopped.attempt = 2;
    session.setRuns({stopped}); // the end of this attempt the list may know first
    QCOMPARE(feed.status()->state, RunState::Stopped);
}

void TestRunControls::everyLiveFieldHasAnEditor()
{
    FakeSession session;
    RunFeed feed(session);
    LiveSettings settings(session, feed);
    int numLive = 0;
    for (const Field &field : specFields()) {
        if (field.change != FieldChange::WhileRunning) continue;
        ++numLive;
        FieldEditor *editor = settings.editor(QString::fromStdString(field.key));
        QVERIFY2(editor, field.key.c_str());
        QVERIFY(!editor->control()->accessibleName().isEmpty());
    }
    QVERIFY(numLive >= 5);
    QVERIFY(settings.editor(QString::fromStdString(learningRateFactorField().key)));
    QVERIFY(!settings.editor(u"model.width"_s));
}

void TestRunControls::settingWaitsThenSaysAtWhichStep()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    session.specs[u"a"_s] = QString::fromStdString(specToJson(RunSpec{}));
    RunFeed feed(session);
    LiveSettings settings(session, feed);
    settings.show();
    feed.setRun(u"a"_s);
    FieldEditor *editor = settings.editor(u"optimizer.clip"_s);
    QTRY_COMPARE(editor->defaultText(), u"1"_s);
    auto *line = qobject_cast<QLineEdit *>(editor->control());
    QTest::keyClicks(line, u"0.5"_s);
    QVERIFY(child<QPushButton>(&settings, "apply_optimizer.clip")->isVisible());
    QTest::keyClick(line, Qt::Key_Return);
    QCOMPARE(session.controls.back().verb, u"set"_s);
    QCOMPARE(session.controls.back().setting.key, std::string("optimizer.clip"));
    QCOMPARE(session.controls.back().setting.value, std::string("0.5"));
    QVERIFY(settings.statusText(u"optimizer.clip"_s).contains(u"waits for the next step"_s));
    RunEvent applied = numbered(1, "gradient clip is 0.5");
    applied.step = 8'211;
    applied.kind = EventKind::Setting;
    applied.payload = R"({"key":"optimizer.clip","value":0.5})";
    session.sendUpdate(fakeRun("a"), {applied});
    QTRY_COMPARE(settings.statusText(u"optimizer.clip"_s), u"applied at step 8,211"_s);
    QCOMPARE(editor->effectiveText(), u"0.5"_s);
    QVERIFY(!editor->givenText());
}

void TestRunControls::anAppliedSettingIsTakenBack()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    session.specs[u"a"_s] = QString::fromStdString(specToJson(RunSpec{}));
    RunFeed feed(session);
    LiveSettings settings(session, feed);
    settings.show();
    feed.setRun(u"a"_s);
    FieldEditor *editor = settings.editor(u"optimizer.clip"_s);
    QTRY_COMPARE(editor->defaultText(), u"1"_s);
    auto *undo = child<QToolButton>(&settings, "undo_optimizer.clip");
    int64_t id = 0;
    const auto told = [&](const char *value) {
        RunEvent applied = numbered(++id, "gradient clip");
        applied.kind = EventKind::Setting;
        applied.payload = R"({"key":"optimizer.clip","value":")" + std::string(value) + R"("})";
        session.sendUpdate(fakeRun("a"), {applied});
        return QTest::qWaitFor([&] { return editor->defaultText() == QLatin1String(value); });
    };
    QVERIFY(!undo->isVisible());
    editor->setGivenText(u"0.5"_s);
    QTest::keyClick(editor->control(), Qt::Key_End);
    Q_EMIT editor->edited();
    settings.apply(u"optimizer.clip"_s);
    QVERIFY(!undo->isVisible()); // it waits
    QVERIFY(told("0.5"));
    QVERIFY(undo->isVisible());
    QVERIFY2(undo->accessibleName().endsWith(u"back to 1"_s), qPrintable(undo->accessibleName()));
    undo->click();
    QCOMPARE(session.controls.back().setting.value, std::string("1"));
    QVERIFY(told("1"));
    QVERIFY2(undo->accessibleName().endsWith(u"back to 0.5"_s), qPrintable(undo->accessibleName())); // and forth
    // Somebody else has set it since: that is not ours to take back.
    QVERIFY(told("3"));
    QVERIFY(!undo->isVisible());
    QCOMPARE(session.controls.size(), size_t{2});
}

void TestRunControls::whatIsNotAppliedYetIsKept()
{
    FakeSession session;
    session.runList = {fakeRun("a"), fakeRun("b")};
    RunFeed feed(session);
    feed.setRun(u"a"_s);
    QVariantMap draft;
    {
        LiveSettings settings(session, feed);
        QVERIFY(settings.draft().isEmpty());
        auto *line = qobject_cast<QLineEdit *>(settings.editor(u"optimizer.clip"_s)->control());
        QTest::keyClicks(line, u"0.5"_s);
        draft = settings.draft();
    }
    LiveSettings settings(session, feed);
    settings.show();
    settings.restoreDraft(draft);
    QCOMPARE(settings.editor(u"optimizer.clip"_s)->givenText(), std::optional<QString>(u"0.5"_s));
    QVERIFY(child<QPushButton>(&settings, "apply_optimizer.clip")->isVisible());
    QVERIFY(session.controls.empty()); // and not sent
    feed.setRun(u"b"_s);
    QVERIFY(settings.draft().isEmpty());
}

void TestRunControls::refusedSettingStandsUnderItsField()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    session.specs[u"a"_s] = QString::fromStdString(specToJson(RunSpec{}));
    session.failNext[u"control"_s] =
        Error{ErrorCode::Conflict, "Cannot set \"optimizer.clip\": the run is ending.", ""};
    RunFeed feed(session);
    LiveSettings settings(session, feed);
    feed.setRun(u"a"_s);
    auto *line = qobject_cast<QLineEdit *>(settings.editor(u"optimizer.clip"_s)->control());
    QTest::keyClicks(line, u"2"_s);
    settings.apply(u"optimizer.clip"_s);
    QTRY_VERIFY(settings.statusText(u"optimizer.clip"_s).contains(u"the run is ending"_s));
    QCOMPARE(line->text(), u"2"_s); // what was typed is kept
}

void TestRunControls::badSettingIsNotSent()
{
    FakeSession session;
    session.runList = {fakeRun("a")};
    RunFeed feed(session);
    LiveSettings settings(session, feed);
    feed.setRun(u"a"_s);
    auto *line = qobject_cast<QLineEdit *>(settings.editor(u"optimizer.clip"_s)->control());
    QTest::keyClicks(line, u"-3"_s);
    QVERIFY(settings.statusText(u"optimizer.clip"_s).contains(u"-3"_s));
    QTest::keyClick(line, Qt::Key_Return);
    QVERIFY(session.controls.empty());
}

void TestRunControls::settingsNeedARunningRun()
{
    FakeSession session;
    session.runList = {fakeRun("a", RunState::Finished)};
    RunFeed feed(session);
    LiveSettings settings(session, feed);
    feed.setRun(u"a"_s);
    QVERIFY(!settings.editor(u"optimizer.clip"_s)->isEnabled());
    session.setRuns({fakeRun("a", RunState::Running)});
    QVERIFY(settings.editor(u"optimizer.clip"_s)->isEnabled());
}

ORRERY_GUI_TEST_MAIN(TestRunControls)
#include "tst_run_controls.moc"
