// SPDX-License-Identifier: GPL-3.0-or-later
// Which runs the list shows and how: filter, groups, order, several selected, shown beside, alarms.
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/runs/label_session.h"

#include "widgets/common/empty_state.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/alarm_list.h"
#include "widgets/runs/run_filter_bar.h"
#include "widgets/runs/run_list_delegate.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_panel.h"
#include "widgets/runs/run_tree_model.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

/// Six runs of three days, newest first: code-10, code-2, branch, lr, base, old.
std::vector<RunStatus> sample()
{
    constexpr double day = 86'400;
    RunStatus branch = fakeRun("branch", RunState::Paused, kTestNow - 3);
    branch.parent = "base";
    RunStatus best = tagged(fakeRun("code-2", RunState::Finished, kTestNow - 2), {"seed", "Base Line"});
    best.bestValLoss = 1.1;
    RunStatus none = fakeRun("lr", RunState::Failed, kTestNow - 1.5 * day);
    none.bestValLoss = std::numeric_limits<double>::quiet_NaN();
    none.directory = "/elsewhere/lr";
    return {alarmed(fakeRun("code-10", RunState::Running, kTestNow - 1)),
            best,
            branch,
            none,
            tagged(fakeRun("base", RunState::Finished, kTestNow - 2 * day), {"seed"}),
            archived(fakeRun("old", RunState::Finished, kTestNow - 9 * day))};
}

QStringList shown(const QString &query, RunOrder order = RunOrder::Newest)
{
    RunListModel runs;
    runs.setRuns(sample());
    RunTreeModel tree(runs);
    tree.setOrder(order);
    tree.setQuery(query);
    return tree.shownRuns();
}

/// "Today: a b", one line a group.
QStringList groups(const RunTreeModel &tree)
{
    QStringList lines;
    for (int row = 0; row < tree.rowCount(); ++row) {
        const QModelIndex head = tree.index(row, 0);
        QStringList runs;
        for (int i = 0; i < tree.rowCount(head); ++i) runs << tree.runOf(tree.index(i, 0, head));
        lines << head.data().toString() + u": "_s + runs.join(u' ');
    }
    return lines;
}

} // namespace

class TestRunList : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void filters_data();
    void filters();
    void numbersAreCompared_data();
    void numbersAreCompared();
    void settingsAreReadWhenTheyAreAskedFor();
    void settingsThatCannotBeReadAreSaid();
    void wrongTokensSayWhatIsExpected();
    void tokensAreProposedAndToggled();
    void sorts();
    void groupsRuns_data();
    void groupsRuns();
    void aRunThatChangesItsStateChangesItsGroup();
    void aRunAloneGoesOnReportingInItsNextGroup();
    void manyUpdatesKeepTheTreeTrue();
    void theMenuWritesTokens();
    void whatHidesIsSaid();
    void severalAreSelectedAndOneIsShown();
    void closedGroupsStayClosed();
    void selectionSurvivesAnotherOrder();
    void runsAreShownBeside();
    void thePlaceComesBack();
    void alarmsAreSaidEverywhere();
    void alarmsLeadToTheCurve();
};

void TestRunList::filters_data()
{
    QTest::addColumn<QString>("query");
    QTest::addColumn<QString>("runs");
    QTest::newRow("nothing: without the archive") << u""_s << u"code-10 code-2 branch lr base"_s;
    QTest::newRow("words, all of them") << u"code 10"_s << u"code-10"_s;
    QTest::newRow("state line, without case") << u"PAUSED"_s << u"branch"_s;
    QTest::newRow("a tag as a word") << u"seed"_s << u"code-2 base"_s;
    QTest::newRow("directory") << u"elsewhere"_s << u"lr"_s;
    QTest::newRow("tag") << u"tag:seed"_s << u"code-2 base"_s;
    QTest::newRow("two tags: both; quotes") << u"tag:seed tag:\"base line\""_s << u"code-2"_s;
    QTest::newRow("not this tag") << u"-tag:seed"_s << u"code-10 branch lr"_s;
    QTest::newRow("not this word") << u"-code"_s << u"branch lr base"_s;
    QTest::newRow("states: one of them") << u"state:failed state:paused"_s << u"branch lr"_s;
    QTest::newRow("alarm") << u"has:alarm"_s << u"code-10"_s;
    QTest::newRow("kind of alarm") << u"alarm:spike"_s << u"code-10"_s;
    QTest::newRow("another kind") << u"alarm:plateau"_s << u""_s;
    QTest::newRow("live") << u"is:live"_s << u"code-10 branch"_s;
    QTest::newRow("archive only") << u"is:archived"_s << u"old"_s;
    QTest::newRow("archive, too") << u"is:any"_s << u"code-10 code-2 branch lr base old"_s;
    QTest::newRow("a colon in a word") << u"a:b"_s << u""_s;
}

void TestRunList::filters()
{
    QFETCH(QString, query);
    QFETCH(QString, runs);
    QCOMPARE(shown(query).join(u' '), runs);
}

void TestRunList::numbersAreCompared_data()
{
    QTest::addColumn<QString>("query");
    QTest::addColumn<QString>("runs");
    QTest::newRow("less") << u"val<1.5"_s << u"a"_s;
    QTest::newRow("the same by its long name") << u"VAL_LOSS<1.5"_s << u"a"_s;
    QTest::newRow("not less, or not known") << u"-val<1.5"_s << u"b c"_s;
    QTest::newRow("greater: without what is not known") << u"val>0"_s << u"a b"_s;
    QTest::newRow("equal or more") << u"step>=2000"_s << u"a b"_s;
    QTest::newRow("thousands") << u"step>2k"_s << u"b"_s;
    QTest::newRow("equal") << u"step:2000"_s << u"a"_s;
    QTest::newRow("two of them") << u"step>=2000 loss<1.3"_s << u"a"_s;
    QTest::newRow("best") << u"best<=1.39"_s << u"a"_s;
    QTest::newRow("millions") << u"parameters>=7M"_s << u"a"_s;
    QTest::newRow("a time") << u"time>1h"_s << u"b"_s;
    QTest::newRow("minutes") << u"time<=30m"_s << u"a c"_s;
    QTest::newRow("infinite") << u"loss<inf"_s << u"a"_s;
    QTest::newRow("a rate in a name") << u"lr=1"_s << u"c"_s; // a word
}

void TestRunList::numbersAreCompared()
{
    QFETCH(QString, query);
    QFETCH(QString, runs);
    std::vector<RunStatus> list = {fakeRun("a", RunState::Finished, 3), fakeRun("b", RunState::Stopped, 2), fakeRun("c", RunState::Created, 1)};
    const double none = std::nan("");
    list[0].step = 2000, list[0].loss = 1.2, list[0].valLoss = 1.4, list[0].bestValLoss = 1.39, list[0].numParameters = 7'100'000, list[0].elapsedSeconds = 1800;
    list[1].step = 5000, list[1].loss = HUGE_VAL, list[1].valLoss = 1.5, list[1].bestValLoss = 1.5, list[1].numParameters = 100, list[1].elapsedSeconds = 7200;
    list[2].step = 0, list[2].loss = list[2].valLoss = list[2].bestValLoss = none, list[2].numParameters = 0, list[2].elapsedSeconds = 0;
    list[2].name = "lr=1";
    RunListModel model;
    model.setRuns(list);
    RunTreeModel tree(model);
    tree.setQuery(query);
    QVERIFY2(tree.query().problem().isEmpty(), qPrintable(tree.query().problem()));
    QCOMPARE(tree.shownRuns().join(u' '), runs);
}

void TestRunList::settingsAreReadWhenTheyAreAskedFor()
{
    LabelSession session;
    std::vector<RunStatus> list;
    for (int i = 0; i < 6; ++i) {
        const std::string id = "r" + std::to_string(i);
        list.push_back(fakeRun(id, RunState::Finished, 10 - i));
        session.specs[QString::fromStdString(id)] =
            u"{\"spec\":{\"seed\":%1,\"optimizer\":{\"lr\":%2,\"name\":\"adamw\"},\"data\":{\"path\":\"/data/%3.txt\"},\"model\":{\"bias\":%4,\"layers\":4},\"plugins\":{\"mine\":{\"size\":%1}}}}"_s
                .arg(QString::number(i), i % 2 ? u"0.001"_s : u"0.003"_s, i < 3 ? u"Shakes"_s : u"code"_s, i == 5 ? u"true"_s : u"false"_s);
    }
    session.specs[u"r4"_s] = u"{\"imported_from\":\"/logs\",\"spec\":{\"seed\":4}}"_s; // it has none
    session.setRuns(list);
    RunListPanel panel(session);
    panel.show();
    typeText(panel.filterBox(), u"val<9"_s);
    QCOMPARE(session.numSpecQueries, 0); // the list knows that by itself
    const auto shows = [&](const QString &query) {
        panel.filterBox()->setText(query);
        QTest::qWait(80);
        return panel.tree()->shownRuns().join(u' ');
    };
    panel.filterBox()->setText(u"lr:0.001"_s);
    QVERIFY(child<ToneLabel>(&panel, "runListFoot")->text().contains(u"reading settings"));
    QTRY_COMPARE(panel.tree()->shownRuns().join(u' '), u"r1 r3 r5"_s);
    QVERIFY(!child<ToneLabel>(&panel, "runListFoot")->text().contains(u"reading settings"));
    QCOMPARE(session.numSpecQueries, 6);
    QCOMPARE(shows(u"lr:1e-3 seed:3"_s), u"r3"_s);
    QCOMPARE(shows(u"optimizer.lr>1e-3"_s), u"r0 r2"_s);
    QCOMPARE(shows(u"-lr:0.001"_s), u"r0 r2 r4"_s); // also what has no such setting
    QCOMPARE(shows(u"path:shakes seed>=1"_s), u"r1 r2"_s); // of a text a part is enough
    QCOMPARE(shows(u"model.bias:true"_s), u"r5"_s);
    QCOMPARE(shows(u"optimizer.name:adam"_s), QString()); // of a name it is not
    QCOMPARE(shows(u"plugins.mine.size>4"_s), u"r5"_s);
    QCOMPARE(session.numSpecQueries, 6); // each once
    // A run that comes is read, too; what hides says so.
    session.specs[u"new"_s] = u"{\"spec\":{\"optimizer\":{\"lr\":0.001}}}"_s;
    panel.filterBox()->setText(u"lr:0.001"_s);
    list.push_back(fakeRun("new", RunState::Created, 50));
    session.setRuns(list);
    QTRY_COMPARE(panel.tree()->shownRuns().join(u' '), u"new r1 r3 r5"_s);
    QVERIFY(shows(u"lr:7"_s).isEmpty());
    QVERIFY(child<EmptyState>(&panel, "noRunMatches")->accessibleDescription().contains(u"“lr:7” hides 7"));
}

void TestRunList::settingsThatCannotBeReadAreSaid()
{
    LabelSession session;
    session.setRuns({fakeRun("a", RunState::Finished, 2), fakeRun("b", RunState::Finished, 1)});
    session.specs[u"a"_s] = u"{\"spec\":{\"seed\":3}}"_s;
    session.specs[u"b"_s] = u"no JSON"_s;
    RunListPanel panel(session);
    panel.show();
    panel.filterBox()->setText(u"seed:3"_s);
    auto *problem = child<ToneLabel>(&panel, "runFilterProblem");
    QTRY_VERIFY2(problem->text().startsWith(u"Runs whose settings could not be read are hidden. Cannot read the settings of run \"b\""), qPrintable(problem->text()));
    QCOMPARE(panel.tree()->shownRuns().join(u' '), u"a"_s);
    const int numAsked = session.numSpecQueries;
    session.setRuns(session.runList); // the same runs again: it is not asked for over and over
    QTest::qWait(80);
    QCOMPARE(session.numSpecQueries, numAsked);
    panel.filterBox()->setText(QString());
    QTRY_VERIFY(!problem->isVisible());
    session.specs[u"b"_s] = u"{\"spec\":{\"seed\":3}}"_s;
    panel.filterBox()->setText(u"seed:3"_s); // asked for again
    QTRY_COMPARE(panel.tree()->shownRuns().join(u' '), u"a b"_s);
}

void TestRunList::wrongTokensSayWhatIsExpected()
{
    const std::pair<QString, QString> comparisons[] = {
        {u"val<"_s, u"expected a number behind the sign, such as val<1.5"_s},
        {u"step>=many"_s, u"such as step<1.5 or step>=2k"_s},
        {u"step:x"_s, u"expected a number"_s},
        {u"time>soon"_s, u"a time behind the sign, such as time>2h (s, m, h, d)"_s},
        {u"foo<3"_s, u"a number of the run (step, steps,"_s},
        {u"lr:"_s, u"a value behind the sign, such as lr:0.001"_s},
        {u"lr>fast"_s, u"such as optimizer.lr>1e-3"_s},
        {u"data.path<3"_s, u"“:” before the value, as data.path is no number"_s},
        {u"preset:tiny"_s, u"one of the settings model.preset, schedule.preset, written out"_s}};
    for (const auto &[wrong, expected] : comparisons) {
        const QString problem = RunQuery::parse(wrong).problem();
        QVERIFY2(problem.contains(wrong) && problem.contains(expected), qPrintable(problem));
        QCOMPARE(shown(wrong), shown(QString())); // left out
    }
    for (const QString &wrong :
         {u"state:faild"_s, u"alarm:loud"_s, u"has:money"_s, u"is:nice"_s, u"tag:"_s}) {
        const QString problem = RunQuery::parse(wrong).problem();
        QVERIFY2(problem.contains(wrong) && problem.contains(u"expected"), qPrintable(problem));
        QCOMPARE(shown(wrong), shown(QString())); // left out
    }
    QVERIFY(RunQuery::parse(u"state:faild"_s).problem().contains(u"failed, crashed"));
    LabelSession session;
    session.setRuns(sample());
    RunListPanel panel(session);
    panel.show();
    typeText(panel.filterBox(), u"state:faild"_s);
    auto *problem = child<ToneLabel>(&panel, "runFilterProblem");
    QVERIFY(problem->isVisible() && problem->text().contains(u"faild"));
    typeText(panel.filterBox(), u"state:failed"_s);
    QVERIFY(!problem->isVisible());
}

void TestRunList::tokensAreProposedAndToggled()
{
    QCOMPARE(RunQuery::completions(u"ta"_s, {u"x"_s, u"two words"_s}),
             (QStringList{u"has:tag"_s, u"tag:x"_s, u"tag:\"two words\""_s}));
    QCOMPARE(RunQuery::completions(u"two"_s, {u"two words"_s}),
             (QStringList{u"tag:\"two words\""_s})); // by its value
    QVERIFY(RunQuery::completions(u"-state:f"_s, {}).contains(u"-state:failed"_s));
    QVERIFY(RunQuery::completions(u"va"_s, {}).contains(u"val<"_s));
    QVERIFY(RunQuery::completions(u"lr"_s, {}).contains(u"optimizer.lr:"_s));
    QVERIFY(RunQuery::completions(u"optimizer.l"_s, {}).contains(u"optimizer.lr:"_s));
    QVERIFY(!RunQuery::completions(u"l"_s, {}).contains(u"optimizer.lr:"_s));
    QVERIFY(RunQuery::completions(u"state:failed"_s, {}).isEmpty());
    QVERIFY(RunQuery::completions(u""_s, {u"x"_s}).isEmpty());
    QCOMPARE(RunQuery::toggled(u"lr has:alarm"_s, u"has:alarm"_s), u"lr"_s);
    QCOMPARE(RunQuery::toggled(u"lr is:any"_s, u"is:archived"_s), u"lr is:archived"_s);

    LabelSession session;
    session.setRuns(sample());
    RunListPanel panel(session);
    panel.show();
    QLineEdit *line = panel.filterBox();
    line->setText(u"code "_s);
    line->end(false);
    QTest::keyClicks(line, u"base"_s);
    QTRY_VERIFY(QApplication::activePopupWidget());
    auto *proposals = qobject_cast<QListView *>(QApplication::activePopupWidget());
    QVERIFY(proposals);
    proposals->setCurrentIndex(proposals->model()->index(0, 0));
    QTest::keyClick(proposals, Qt::Key_Return);
    QCOMPARE(line->text(), u"code tag:\"Base Line\" "_s); // the other word stays
    QCOMPARE(panel.tree()->shownRuns(), (QStringList{u"code-2"_s}));
}

void TestRunList::sorts()
{
    QCOMPARE(shown({}, RunOrder::Name).join(u' '), u"base branch code-2 code-10 lr"_s); // numbers by value
    QCOMPARE(shown({}, RunOrder::BestValLoss).join(u' '), u"code-2 code-10 branch base lr"_s);
    QVERIFY(compareNatural(u"run-007"_s, u"run-7"_s) == 0 && compareNatural(u"a"_s, u"b"_s) < 0);
}

void TestRunList::groupsRuns_data()
{
    QTest::addColumn<int>("grouping");
    QTest::addColumn<QStringList>("heads");
    QTest::newRow("state") << int(RunGrouping::State)
                           << QStringList{u"Training: code-10"_s, u"Paused: branch"_s, u"Failed: lr"_s,
                                          u"Finished: code-2 base"_s};
    QTest::newRow("tag: under each") << int(RunGrouping::Tag)
                                     << QStringList{u"Base Line: code-2"_s, u"seed: code-2 base"_s,
                                                    u"No tag: code-10 branch lr"_s};
    QTest::newRow("lineage") << int(RunGrouping::Parent)
                             << QStringList{u"base: branch base"_s, u"Not branched: code-10 code-2 lr"_s};
    QTest::newRow("directory") << int(RunGrouping::Directory)
                               << QStringList{u"/elsewhere: lr"_s, u"/runs: code-10 code-2 branch base"_s};
}

void TestRunList::groupsRuns()
{
    QFETCH(int, grouping);
    QFETCH(QStringList, heads);
    RunListModel runs;
    runs.setRuns(sample());
    RunTreeModel tree(runs);
    QAbstractItemModelTester tester(&tree, QAbstractItemModelTester::FailureReportingMode::QtTest);
    tree.setGrouping(RunGrouping(grouping));
    QCOMPARE(::groups(tree), heads);
    QCOMPARE(tree.numShown(), 5);
    tree.setGrouping(RunGrouping::Day);
    QVERIFY(::groups(tree).front().endsWith(u": code-10 code-2 branch"_s));
    QCOMPARE(tree.index(0, 0).data().toString(), u"Today"_s);
}

void TestRunList::aRunThatChangesItsStateChangesItsGroup()
{
    RunListModel runs;
    runs.setRuns(sample());
    RunTreeModel tree(runs);
    QAbstractItemModelTester tester(&tree, QAbstractItemModelTester::FailureReportingMode::QtTest);
    tree.setGrouping(RunGrouping::State);
    QSignalSpy reset(&tree, &QAbstractItemModel::modelReset);
    const QPersistentModelIndex base = tree.indexOf(u"base"_s);
    auto next = sample();
    next[2].state = RunState::Finished; // branch: its group goes
    runs.setRuns(next);
    QCOMPARE(::groups(tree),
             (QStringList{u"Training: code-10"_s, u"Failed: lr"_s, u"Finished: code-2 branch base"_s}));
    QCOMPARE(tree.runOf(base), u"base"_s);
    QCOMPARE(reset.count(), 0);
}

void TestRunList::aRunAloneGoesOnReportingInItsNextGroup()
{
    RunListModel runs;
    RunStatus run = fakeRun("a", RunState::Created);
    runs.setRuns({run});
    RunTreeModel tree(runs);
    tree.setGrouping(RunGrouping::State);
    run.name = "b"; // a report: now it is known where the row stands
    runs.updateRun(run);
    run.state = RunState::Running; // its group goes, another comes
    runs.updateRun(run);
    QCOMPARE(tree.rowCount(), 1);
    QSignalSpy changed(&tree, &QAbstractItemModel::dataChanged);
    run.step += 1;
    runs.updateRun(run);
    QCOMPARE(changed.count(), 1);
    const auto index = changed.front().front().value<QModelIndex>();
    QVERIFY(index.parent().isValid());
    QCOMPARE(tree.runOf(index), u"a"_s);
}

void TestRunList::manyUpdatesKeepTheTreeTrue()
{
    RunListModel runs;
    RunTreeModel tree(runs);
    QAbstractItemModelTester tester(&tree, QAbstractItemModelTester::FailureReportingMode::QtTest);
    quint32 random = 1;
    const auto dice = [&random](quint32 sides) {
        return (random = random * 1'664'525U + 1'013'904'223U) / 65'536U % sides;
    };
    for (int round = 0; round < 300; ++round) {
        std::vector<RunStatus> list;
        for (int i = 0; i < 12; ++i)
            if (dice(4) > 0) {
                RunStatus run = fakeRun("r" + std::to_string(i), RunState(1 + dice(9)), dice(5));
                run.lastReportAt = dice(1'000);
                if (dice(2) > 0) run.labels.tags = {"t" + std::to_string(dice(3))};
                if (dice(5) == 0) run.labels.isArchived = true;
                list.push_back(run);
            }
        if (dice(10) == 0) tree.setGrouping(RunGrouping(dice(6)));
        if (dice(10) == 0) tree.setOrder(RunOrder(dice(4)));
        if (dice(10) == 0) tree.setQuery(dice(2) > 0 ? u"is:any"_s : QString());
        runs.setRuns(list);
        RunTreeModel fresh(runs); // what a new one would show
        fresh.setQuery(tree.query().wantsArchived() ? u"is:any"_s : QString());
        fresh.setOrder(tree.order());
        fresh.setGrouping(tree.grouping());
        QCOMPARE(tree.shownRuns(), fresh.shownRuns());
        if (tree.grouping() != RunGrouping::None) QCOMPARE(::groups(tree), ::groups(fresh));
    }
}

void TestRunList::theMenuWritesTokens()
{
    LabelSession session;
    session.setRuns(sample());
    RunListPanel panel(session);
    auto *bar = panel.findChild<RunFilterBar *>();
    const auto trigger = [bar](const QString &menu, const QString &text) {
        Q_EMIT bar->menu()->aboutToShow();
        QList<QAction *> actions = bar->menu()->actions();
        for (QAction *action : bar->menu()->actions())
            if (action->menu() && action->text() == menu) actions = action->menu()->actions();
        for (QAction *action : actions)
            if (action->text() == text) return action->trigger();
        QFAIL(qPrintable(u"no entry "_s + text));
    };
    trigger(u"Tag"_s, u"seed"_s);
    trigger(u"State"_s, u"finished"_s);
    QCOMPARE(panel.filterBox()->text(), u"tag:seed state:finished"_s);
    trigger(u"State"_s, u"finished"_s);
    trigger(u"Archived runs"_s, u"Only these"_s);
    QCOMPARE(panel.filterBox()->text(), u"tag:seed is:archived"_s);
    trigger(u"Archived runs"_s, u"Hidden"_s);
    QCOMPARE(panel.filterBox()->text(), u"tag:seed"_s);
    trigger(u"Group by"_s, u"State"_s);
    QCOMPARE(panel.tree()->grouping(), RunGrouping::State);
    trigger(u"Sort by"_s, u"Name"_s);
    QCOMPARE(panel.tree()->order(), RunOrder::Name);
    QCOMPARE(panel.commandText(), u"orrery-engine runs list --tag seed"_s);
}

void TestRunList::whatHidesIsSaid()
{
    LabelSession session;
    session.setRuns(sample());
    RunListPanel panel(session);
    panel.resize(420, 500);
    panel.show();
    QCOMPARE(child<ToneLabel>(&panel, "runListFoot")->text(), u"1 archived"_s);
    QCOMPARE(child<ElidedLabel>(&panel, "runListHead")->fullText(), u"5 of 6 runs"_s);
    typeText(panel.filterBox(), u"tag:seed lr"_s);
    auto *page = child<QWidget>(&panel, "noRunMatches");
    QVERIFY(page->isVisible());
    QString said;
    for (const auto *label : page->findChildren<ToneLabel *>()) said += label->text();
    QVERIFY2(
        said.contains(u"None of 6 runs is shown: “tag:seed” hides 4, “lr” hides 5, the archive hides 1."),
        qPrintable(said));
    for (auto *button : page->findChildren<QPushButton *>())
        if (button->isVisible()) button->click();
    QVERIFY(!page->isVisible() && panel.filterBox()->text().isEmpty());
    session.setRuns({archived(fakeRun("old"))});
    QVERIFY(page->isVisible());
    for (auto *button : page->findChildren<QPushButton *>())
        if (button->isVisible()) button->click();
    QCOMPARE(panel.tree()->shownRuns(), QStringList{u"old"_s});
}

void TestRunList::severalAreSelectedAndOneIsShown()
{
    LabelSession session;
    session.setRuns(sample());
    RunListPanel panel(session);
    panel.resize(300, 600);
    panel.show();
    panel.setRun(u"code-10"_s);
    QSignalSpy selected(&panel, &RunListPanel::runSelected);
    RunListView *view = panel.view();
    const auto click = [&](const QString &run, Qt::KeyboardModifiers keys = {}) {
        const QRect row = view->visualRect(panel.tree()->indexOf(run));
        QTest::mouseClick(view->viewport(), Qt::LeftButton, keys, QPoint(row.left() + 60, row.center().y()));
    };
    click(u"lr"_s, Qt::ControlModifier);
    QTest::keyClick(view, Qt::Key_Down, Qt::ShiftModifier);
    QCOMPARE(selected.count(), 0);
    QCOMPARE(panel.run(), u"code-10"_s);
    QVERIFY(panel.model()->index(0).data(RunListModel::IsShownRole).toBool());
    QVERIFY(panel.selectedRuns().size() > 1);
    session.setRuns(sample()); // nobody chooses by an update
    QVERIFY(panel.selectedRuns().size() > 1);
    click(u"branch"_s);
    QCOMPARE(selected.count(), 1);
    QCOMPARE(panel.run(), u"branch"_s);
    QTest::keyClick(view, Qt::Key_Up);
    QCOMPARE(panel.run(), u"code-2"_s);
}

void TestRunList::closedGroupsStayClosed()
{
    LabelSession session;
    session.setRuns(sample());
    RunListPanel panel(session);
    panel.resize(300, 600);
    panel.show();
    panel.setRun(u"base"_s);
    panel.setGrouping(RunGrouping::State);
    RunListView *view = panel.view();
    const auto head = [&](int row) { return panel.tree()->index(row, 0); };
    for (int row = 0; row < 4; ++row) QVERIFY(view->isExpanded(head(row)));
    QSignalSpy selected(&panel, &RunListPanel::runSelected);
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(head(3)).center());
    QVERIFY(!view->isExpanded(head(3)));
    QCOMPARE(panel.run(), u"base"_s); // hidden, and still looked at
    session.setRuns(sample());
    panel.setOrder(RunOrder::Name);
    QVERIFY(!view->isExpanded(head(3)));
    QCOMPARE(selected.count(), 0);
    view->setCurrentIndex(head(3));
    QTest::keyClick(view, Qt::Key_Right);
    QVERIFY(view->isExpanded(head(3)));
    QTest::keyClick(view, Qt::Key_Space);
    QVERIFY(!view->isExpanded(head(3)));
    QCOMPARE(head(3).data(Qt::AccessibleTextRole).toString(), u"Finished, 2 runs"_s);
}

void TestRunList::selectionSurvivesAnotherOrder()
{
    LabelSession session;
    std::vector<RunStatus> runs;
    for (int i = 0; i < 80; ++i)
        runs.push_back(fakeRun("run-" + std::to_string(i), RunState::Finished, 1'000 - i));
    session.setRuns(runs);
    RunListPanel panel(session);
    panel.show();
    panel.setRun(u"run-3"_s);
    QSignalSpy selected(&panel, &RunListPanel::runSelected);
    panel.view()->selectRuns({u"run-3"_s, u"run-70"_s});
    for (RunStatus &run : runs) run.createdAt = -run.createdAt; // every row moves: the model resets
    session.setRuns(runs);
    QCOMPARE(panel.selectedRuns(), (QStringList{u"run-70"_s, u"run-3"_s}));
    panel.setGrouping(RunGrouping::Day);
    QCOMPARE(panel.selectedRuns().size(), 2);
    typeText(panel.filterBox(), u"run-3"_s);
    QCOMPARE(panel.selectedRuns(), QStringList{u"run-3"_s});
    QCOMPARE(selected.count(), 0);
}

void TestRunList::runsAreShownBeside()
{
    LabelSession session;
    session.setRuns(sample());
    RunListPanel panel(session);
    panel.resize(300, 600);
    panel.show();
    panel.setRun(u"code-10"_s);
    QSignalSpy beside(&panel, &RunListPanel::overlaidRunsChanged),
        selected(&panel, &RunListPanel::runSelected);
    const QRect row = panel.view()->visualRect(panel.tree()->indexOf(u"lr"_s));
    QTest::mouseClick(panel.view()->viewport(), Qt::LeftButton, {},
                      panel.view()->runDelegate()->overlayRect(row).center());
    QCOMPARE(beside.count(), 1);
    QCOMPARE(panel.overlaidRuns(), QStringList{u"lr"_s});
    QCOMPARE(selected.count(), 0); // the eye is no choice
    QCOMPARE(panel.selectedRuns(), QStringList{u"code-10"_s});
    QVERIFY(panel.model()
                ->index(panel.model()->rowOf(u"lr"_s))
                .data(Qt::AccessibleTextRole)
                .toString()
                .contains(u"shown beside"));
    panel.view()->selectRuns({u"base"_s, u"lr"_s});
    QTest::keyClick(panel.view(), Qt::Key_Space);
    QCOMPARE(panel.overlaidRuns(), (QStringList{u"lr"_s, u"base"_s}));
    QTest::keyClick(panel.view(), Qt::Key_Space);
    QVERIFY(panel.overlaidRuns().isEmpty());
    panel.setOverlaidRuns({u"lr"_s, u"later"_s, u"lr"_s});
    QCOMPARE(panel.overlaidRuns(), QStringList{u"lr"_s});
    const auto told = beside.count();
    panel.setOverlaidRuns({u"lr"_s, u"later"_s});
    QCOMPARE(beside.count(), told);
    auto more = sample();
    more.push_back(fakeRun("later"));
    session.setRuns(more);
    QCOMPARE(beside.last()[0].toStringList(), (QStringList{u"lr"_s, u"later"_s}));
    const int color = runColorIndex(u"lr"_s);
    session.setRuns({more[3]});
    QCOMPARE(runColorIndex(u"lr"_s), color);
    QCOMPARE(panel.overlaidRuns(), QStringList{u"lr"_s});
}

void TestRunList::thePlaceComesBack()
{
    LabelSession session;
    session.setRuns(sample());
    QString place;
    {
        RunListPanel panel(session);
        panel.setGrouping(RunGrouping::State);
        panel.setOrder(RunOrder::BestValLoss);
        panel.filterBox()->setText(u"-tag:x"_s);
        panel.view()->setExpanded(panel.tree()->index(1, 0), false);
        panel.setOverlaidRuns({u"base"_s});
        place = panel.place();
    }
    RunListPanel panel(session);
    panel.restorePlace(place);
    QCOMPARE(panel.place(), place);
    QCOMPARE(panel.tree()->grouping(), RunGrouping::State);
    QVERIFY(!panel.view()->isExpanded(panel.tree()->index(1, 0)) &&
            panel.view()->isExpanded(panel.tree()->index(0, 0)));
    QCOMPARE(panel.overlaidRuns(), QStringList{u"base"_s});
    for (const QString &broken : {u""_s, u"[]"_s, u"{\"group\":7,\"beside\":\"x\"}"_s, u"{"_s})
        panel.restorePlace(broken);
    QCOMPARE(panel.tree()->grouping(), RunGrouping::None);
    // And by a link.
    panel.setGrouping(RunGrouping::Tag);
    panel.setOrder(RunOrder::Name);
    panel.setOverlaidRuns({u"lr"_s});
    const QVariantMap state = panel.PanelFrame::view().state();
    panel.restorePlace({});
    panel.PanelFrame::view().restore(state);
    QCOMPARE(panel.tree()->grouping(), RunGrouping::Tag);
    QCOMPARE(panel.tree()->order(), RunOrder::Name);
    QCOMPARE(panel.overlaidRuns(), QStringList{u"lr"_s});
}

void TestRunList::alarmsAreSaidEverywhere()
{
    RunListModel runs;
    QSignalSpy changed(&runs, &QAbstractItemModel::dataChanged);
    runs.setRuns({fakeRun("a")});
    runs.setRuns({alarmed(alarmed(fakeRun("a")), AlarmKind::NoReport)});
    QCOMPARE(changed.count(), 1);
    const QModelIndex row = runs.index(0);
    QCOMPARE(row.data(RunListModel::NumAlarmsRole).toInt(), 2);
    QVERIFY(row.data(Qt::AccessibleTextRole).toString().contains(u"2 alarms: Jump of the loss, No report"));
    const QString hover = row.data(Qt::ToolTipRole).toString();
    QVERIFY2(hover.contains(u"since ") && hover.contains(u" ago)") && hover.contains(u"Branch before it."),
             qPrintable(hover));
}

void TestRunList::alarmsLeadToTheCurve()
{
    LabelSession session;
    session.setRuns({alarmed(alarmed(fakeRun("a")), AlarmKind::DiskFull)});
    RunPanel panel(session);
    panel.show();
    panel.setRun(u"a"_s);
    QVERIFY(panel.alarms()->isVisible());
    QCOMPARE(panel.alarms()->accessibleName(), u"2 alarms"_s);
    const auto buttons = panel.alarms()->findChildren<QPushButton *>(u"showAlarm"_s);
    QCOMPARE(buttons.size(), 1); // a full disk has no curve
    QCOMPARE(panel.alarms()->findChildren<ToneLabel *>(u"alarmText"_s).size(), 2);
    int numOpen = 0;
    for (const auto *text : panel.alarms()->findChildren<ToneLabel *>(u"alarmText"_s))
        numOpen += text->isVisible();
    QCOMPARE(numOpen, 1); // of the newest
    for (auto *open : panel.alarms()->findChildren<QToolButton *>(u"openAlarm"_s)) open->setChecked(true);
    for (const auto *text : panel.alarms()->findChildren<ToneLabel *>(u"alarmText"_s))
        QVERIFY(text->isVisible());
    QSignalSpy wanted(&panel, &RunPanel::curveRequested);
    buttons.front()->click();
    QCOMPARE(wanted.count(), 1);
    QCOMPARE(wanted[0][0].toString(), u"loss"_s);
    QCOMPARE(wanted[0][1].toLongLong(), 8'000);
    session.setRuns({fakeRun("a", RunState::Running)});
    QVERIFY(!panel.alarms()->isVisible());
}

ORRERY_GUI_TEST_MAIN(TestRunList)
#include "tst_run_list.moc"
