// SPDX-License-Identifier: GPL-3.0-or-later
// Breakpoints in the run panel: said in words, set, refused, removed.
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"

#include "core/spec/breakpoint.h"
#include "widgets/common/banner.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/breakpoint_editor.h"
#include "widgets/runs/breakpoint_text.h"
#include "widgets/runs/run_panel.h"

#include <QCompleter>
#include <QPushButton>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestBreakpoints : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void pausesAreSaidInWords_data();
    void pausesAreSaidInWords();
    void aConditionIsSentAndThenListed();
    void itIsWrittenAsTheEngineWritesIt();
    void whatDoesNotParseStandsUnderTheLine();
    void whatTheEngineRefusesComesBackIntoTheLine();
    void whatIsWatchedIsNotSentAgain();
    void oneIsRemoved();
    void aFailedRemovalIsSaid();
    void whatWasRemovedComesBack();
    void whatIsWrittenComesBackWithItsRun();
    void namesOfSeriesAreCompleted();
    void examplesGoIntoTheLine();
    void runsThatCanBeReadHaveThem_data();
    void runsThatCanBeReadHaveThem();
    void anotherRunDropsEverything();
    void theyStandBesideTheLiveSettings();
    void controlsHaveNames_data();
    void controlsHaveNames();

private:
    struct Panel {
        explicit Panel(RunState state = RunState::Running, std::vector<std::string> conditions = {})
            : panel(session)
        {
            RunStatus status = fakeRun("alpha", state);
            status.breakpoints = std::move(conditions);
            session.setRuns({status});
            panel.setRun(u"alpha"_s);
            panel.showBreakpoints(true);
            panel.resize(360, 700);
            panel.show();
        }
        BreakpointEditor &editor() { return *panel.breakpoints(); }
        void type(const QString &text)
        {
            typeText(editor().line(), text);
            QTest::keyClick(editor().line(), Qt::Key_Return);
        }
        FakeSession session;
        RunPanel panel;
    };
};

void TestBreakpoints::pausesAreSaidInWords_data()
{
    QTest::addColumn<QString>("reason");
    QTest::addColumn<QString>("series");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("head") << u"entropy < 0.5: head/2.1/entropy was 0.41"_s << u"head/2.1/entropy"_s
                          << u"alpha paused at step 8,210: entropy of head 2.1 is 0.41 (entropy < 0.5)"_s;
    QTest::newRow("loss") << u"loss > 4: loss was 4.312"_s << u"loss"_s
                          << u"alpha paused at step 8,210: loss is 4.312 (loss > 4)"_s;
    QTest::newRow("words") << u"grad_norm >= 10: grad_norm was 12"_s << u"grad_norm"_s
                           << u"alpha paused at step 8,210: gradient norm is 12 (grad_norm >= 10)"_s;
    QTest::newRow("of a part")
        << u"memory > 0.9: part/0/memory/occupancy was 0.95"_s << u"part/0/memory/occupancy"_s
        << u"alpha paused at step 8,210: part/0/memory/occupancy is 0.95 (memory > 0.9)"_s;
    QTest::newRow("another form") << u"somebody asked for it"_s << QString()
                                  << u"alpha paused at step 8,210: somebody asked for it"_s;
    QTest::newRow("by hand") << QString() << QString() << u"alpha paused at step 8,210."_s;
}

void TestBreakpoints::pausesAreSaidInWords()
{
    QFETCH(QString, reason);
    QFETCH(QString, series);
    RunStatus status = fakeRun("alpha", RunState::Paused);
    status.pauseReason = reason.toStdString();
    status.pauseSeries = series.toStdString();
    QTEST(pauseSentence(status), "sentence");
}

void TestBreakpoints::aConditionIsSentAndThenListed()
{
    Panel one;
    one.type(u"loss > 4"_s);
    QCOMPARE(one.session.controls.size(), size_t(1));
    QCOMPARE(one.session.controls[0].verb, u"break"_s);
    QCOMPARE(one.session.controls[0].setting.value, std::string("loss > 4"));
    QVERIFY(one.editor().line()->text().isEmpty());
    QCOMPARE(one.editor().shown(), QStringList{u"loss > 4"_s}); // at once, and that it waits
    QVERIFY(!one.panel.findChild<QToolButton *>(u"breakpointRemove"_s));
    RunStatus status = fakeRun("alpha");
    status.breakpoints = {"loss > 4"};
    one.session.sendUpdate(status);
    QCOMPARE(one.editor().shown(), QStringList{u"loss > 4"_s});
    QVERIFY(one.panel.findChild<QToolButton *>(u"breakpointRemove"_s));
}

void TestBreakpoints::itIsWrittenAsTheEngineWritesIt()
{
    Panel one;
    one.type(u"  grad_norm>=1e1 "_s);
    QCOMPARE(one.session.controls.at(0).setting.value, std::string("grad_norm >= 10"));
}

void TestBreakpoints::whatDoesNotParseStandsUnderTheLine()
{
    Panel one;
    one.type(u"loss is high"_s);
    QVERIFY(one.session.controls.empty());
    QVERIFY2(one.editor().problem().contains(u"\"loss is high\""_s), qPrintable(one.editor().problem()));
    QVERIFY(one.editor().problem().contains(u"SERIES OP NUMBER"_s));
    QCOMPARE(one.editor().line()->text(), u"loss is high"_s);
    QCOMPARE(one.editor().line()->accessibleDescription(), one.editor().problem());
    QTest::keyClick(one.editor().line(), Qt::Key_Backspace);
    QVERIFY(one.editor().problem().isEmpty()); // it is being mended
}

void TestBreakpoints::whatTheEngineRefusesComesBackIntoTheLine()
{
    Panel one;
    one.session.failNext[u"control"_s] = Error{
        ErrorCode::InvalidInput, "Cannot use the breakpoint \"los > 4\": the run has no series \"los\".",
        "Did you mean \"loss\"?"};
    one.type(u"los > 4"_s);
    QTRY_VERIFY(!one.editor().problem().isEmpty());
    QVERIFY(one.editor().problem().endsWith(u"Did you mean \"loss\"?"_s));
    QCOMPARE(one.editor().line()->text(), u"los > 4"_s);
    QVERIFY(one.editor().shown().isEmpty());
}

void TestBreakpoints::whatIsWatchedIsNotSentAgain()
{
    Panel one(RunState::Running, {"loss > 4"});
    one.type(u"loss>4.0"_s);
    QVERIFY(one.session.controls.empty());
    QCOMPARE(one.editor().problem(), u"loss > 4 is watched already."_s);
}

void TestBreakpoints::oneIsRemoved()
{
    Panel one(RunState::Paused, {"loss > 4", "entropy < 0.5"});
    QCOMPARE(one.editor().shown().size(), 2);
    const auto buttons = one.panel.findChildren<QToolButton *>(u"breakpointRemove"_s);
    QCOMPARE(buttons.size(), 2);
    QCOMPARE(buttons[1]->accessibleName(), u"Remove breakpoint entropy < 0.5"_s);
    buttons[1]->click();
    QCOMPARE(one.session.controls.at(0).verb, u"unbreak"_s);
    QCOMPARE(one.session.controls.at(0).setting.value, std::string("entropy < 0.5"));
    QCOMPARE(one.editor().shown().size(), 2); // until the engine has done it
}

void TestBreakpoints::aFailedRemovalIsSaid()
{
    Panel one(RunState::Paused, {"loss > 4"});
    one.session.failNext[u"control"_s] = Error{ErrorCode::Unavailable, "Cannot reach the training.", ""};
    one.editor().remove(u"loss > 4"_s);
    auto *banner = one.editor().findChild<Banner *>();
    QTRY_COMPARE(banner->message(), u"Cannot reach the training."_s);
    QCOMPARE(one.editor().shown().size(), 1);
}

void TestBreakpoints::whatWasRemovedComesBack()
{
    Panel one(RunState::Paused, {"loss > 4", "entropy < 0.5"});
    auto *banner = child<Banner>(&one.panel, "breakpointBanner");
    const auto remove = [&one](const QString &condition, std::vector<std::string> left) {
        RunStatus &status = one.session.runList.front(); // what the engine answers
        status.breakpoints = std::move(left);
        one.editor().remove(condition);
    };
    remove(u"loss > 4"_s, {"entropy < 0.5"});
    QTRY_COMPARE(banner->message(), u"loss > 4 pauses the run no more."_s);
    QCOMPARE(one.editor().shown(), QStringList{u"entropy < 0.5"_s});
    remove(u"entropy < 0.5"_s, {});
    QTRY_COMPARE(banner->message(), u"2 breakpoints were removed."_s);
    one.session.controls.clear();
    child<QPushButton>(banner, "bannerRetry")->click();
    QVERIFY(banner->isHidden());
    QStringList asked;
    for (const auto &control : one.session.controls) asked << control.verb + u' ' + QString::fromStdString(control.setting.value);
    QCOMPARE(asked, (QStringList{u"break loss > 4"_s, u"break entropy < 0.5"_s}));
    QCOMPARE(one.editor().shown().size(), 2); // at once, and that they wait
    // Who puts the notice away, or goes to another run, brings nothing back.
    remove(u"loss > 4"_s, {});
    QTRY_VERIFY(banner->isVisible());
    one.session.setRuns({one.session.runList.front(), fakeRun("beta")});
    one.panel.setRun(u"beta"_s);
    QVERIFY(banner->isHidden());
}

void TestBreakpoints::whatIsWrittenComesBackWithItsRun()
{
    Panel before;
    QVERIFY(before.panel.draft().isEmpty());
    typeText(before.editor().line(), u"loss > "_s);
    const QVariantMap draft = before.panel.draft();
    Panel after;
    after.panel.restoreDraft(draft);
    QCOMPARE(after.editor().line()->text(), u"loss > "_s);
    Panel busy;
    typeText(busy.editor().line(), u"entropy"_s);
    busy.panel.restoreDraft(draft);
    QCOMPARE(busy.editor().line()->text(), u"entropy"_s); // somebody writes there
    Panel other;
    other.panel.setRun({});
    other.panel.restoreDraft(draft);
    QVERIFY(other.editor().line()->text().isEmpty());
}

void TestBreakpoints::namesOfSeriesAreCompleted()
{
    Panel one;
    const auto offers = [&one](const QString &beginning) {
        QCompleter *completer = one.editor().line()->completer();
        completer->setCompletionPrefix(beginning);
        return completer->completionCount();
    };
    QCOMPARE(offers(u"val_lo"_s), 1);
    QCOMPARE(offers(u"head/2.1"_s), 0);
    RunUpdate update;
    update.run = u"alpha"_s;
    update.status = fakeRun("alpha");
    update.reports.push_back({1, 0, 0, {{"head/2.1/entropy", 0.4}, {"loss", 1.0}}});
    Q_EMIT one.session.updated(update);
    Q_EMIT one.session.updated(update);
    QCOMPARE(offers(u"head/2.1"_s), 1);
}

void TestBreakpoints::examplesGoIntoTheLine()
{
    Panel one;
    const auto examples = one.editor().findChildren<QPushButton *>(u"breakpointExample"_s);
    QVERIFY(examples.size() >= 4);
    for (QPushButton *example : examples) {
        example->click();
        QCOMPARE(one.editor().line()->text(), example->text());
        QVERIFY2(parseBreakpoint(example->text().toStdString()), qPrintable(example->text())); // each is one
    }
    QVERIFY(one.session.controls.empty()); // nothing is set before Add
    one.editor().add();
    QVERIFY(examples.first()->isHidden() || !examples.first()->parentWidget()->isVisible()); // there is one that shows the form
}

void TestBreakpoints::runsThatCanBeReadHaveThem_data()
{
    QTest::addColumn<RunState>("state");
    QTest::addColumn<bool>("isPossible");
    QTest::newRow("running") << RunState::Running << true;
    QTest::newRow("paused") << RunState::Paused << true;
    QTest::newRow("finished") << RunState::Finished << true; // for a resume
    QTest::newRow("created") << RunState::Created << true;
    QTest::newRow("unreadable") << RunState::Unreadable << false;
}

void TestBreakpoints::runsThatCanBeReadHaveThem()
{
    QFETCH(RunState, state);
    QFETCH(bool, isPossible);
    Panel one(state);
    QCOMPARE(one.editor().line()->isEnabled(), isPossible);
    const auto labels = one.editor().findChildren<QLabel *>();
    const auto says = [&labels](const QString &text) {
        return std::any_of(labels.begin(), labels.end(),
                           [&text](const QLabel *label) { return label->text().contains(text); });
    };
    QCOMPARE(says(u"what is set now holds from its next start"_s), isPossible && !isLiveState(state));
    QCOMPARE(says(u"of heads with each kept attention frame (probes.frames_every"_s), isLiveState(state));
    QVERIFY(!child<QPushButton>(&one.editor(), "breakpointAdd")->isEnabled()); // nothing is typed
    one.editor().line()->setText(u"loss > 4"_s);
    QCOMPARE(child<QPushButton>(&one.editor(), "breakpointAdd")->isEnabled(), isPossible);
    one.editor().add();
    QCOMPARE(one.session.controls.size(), size_t(isPossible ? 1 : 0));
}

void TestBreakpoints::anotherRunDropsEverything()
{
    Panel one(RunState::Running, {"loss > 4"});
    RunStatus other = fakeRun("beta");
    one.session.setRuns({fakeRun("alpha"), other});
    one.type(u"nonsense"_s);
    one.panel.setRun(u"beta"_s);
    QVERIFY(one.editor().shown().isEmpty());
    QVERIFY(one.editor().problem().isEmpty());
}

void TestBreakpoints::theyStandBesideTheLiveSettings()
{
    Panel one;
    auto *live = child<QToolButton>(&one.panel, "liveSettingsButton");
    auto *breaks = child<QToolButton>(&one.panel, "breakpointsButton");
    QVERIFY(breaks->isChecked() && one.editor().isVisible());
    live->click();
    QVERIFY(live->isChecked() && !breaks->isChecked() && !one.editor().isVisible());
    breaks->click();
    QVERIFY(!live->isChecked() && breaks->isChecked() && one.editor().isVisible());
    breaks->click();
    QVERIFY(!breaks->isChecked() && !one.editor().isVisible());
    one.panel.beginBreakpoint(u"loss > "_s);
    QVERIFY(one.editor().isVisible());
    QCOMPARE(one.editor().line()->text(), u"loss > "_s);
}

void TestBreakpoints::controlsHaveNames_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("light") << int(ThemeKind::Light);
    QTest::newRow("dark") << int(ThemeKind::Dark);
    QTest::newRow("high contrast") << int(ThemeKind::HighContrast);
}

void TestBreakpoints::controlsHaveNames()
{
    QFETCH(int, kind);
    Theme::instance().apply(*qApp, ThemeKind(kind));
    Panel one(RunState::Running, {std::string(120, 'x') + " > 4"});
    for (const QWidget *widget : one.editor().findChildren<QWidget *>()) {
        const auto *button = qobject_cast<const QAbstractButton *>(widget);
        if (!button || !button->isVisible()) continue;
        QVERIFY2(!button->accessibleName().isEmpty() || !button->text().isEmpty(),
                 qPrintable(button->objectName()));
    }
    QVERIFY(!one.editor().line()->accessibleName().isEmpty());
    QVERIFY2(one.panel.minimumSizeHint().width() <= 360,
             qPrintable(QString::number(one.panel.minimumSizeHint().width())));
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

ORRERY_GUI_TEST_MAIN(TestBreakpoints)
#include "tst_breakpoint_editor.moc"
