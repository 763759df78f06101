// SPDX-License-Identifier: GPL-3.0-or-later
// The panel that compares runs: which runs, its tables, with nothing in it, with little and with five hundred runs.
#include "tests/app/workbench/contrast_checks.h"
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/compare/compare_samples.h"
#include "widgets/common/action_registry.h"
#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/view_link.h"
#include "widgets/compare/column_chooser.h"
#include "widgets/compare/compare_feed.h"
#include "widgets/compare/compare_model.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/compare/difference_model.h"
#include "widgets/compare/difference_page.h"
#include "widgets/compare/lineage_model.h"
#include "widgets/compare/lineage_page.h"
#include "widgets/compare/values_page.h"

#include <QCheckBox>
#include <QClipboard>
#include <QElapsedTimer>
#include <QHeaderView>
#include <QListWidget>
#include <QMainWindow>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTreeView>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

/// In a window, as it stands in the program, so that the checks of windows apply.
struct Shown {
    QMainWindow window;
    ComparePanel *panel;
    explicit Shown(CompareSession &session) : panel(new ComparePanel(session))
    {
        auto *pages = new QStackedWidget;
        pages->setObjectName(u"pages"_s);
        pages->addWidget(panel);
        window.setCentralWidget(pages);
        window.resize(1000, 640);
        window.show();
        window.activateWindow();
        if (!QTest::qWaitForWindowActive(&window)) qFatal("no window");
    }
    void settle(CompareSession &session) const
    {
        QTest::qWait(80); // answers are gathered
        if (!QTest::qWaitFor([this, &session] { return !panel->feed()->isBusy() && !session.isAnswering(); }, 20'000))
            qFatal("still busy");
        QTest::qWait(80);
    }
};

QString cellText(const ComparePanel &panel, const QString &run, const QString &column)
{
    const CompareModel &model = *panel.values()->model();
    for (size_t i = 0; i < model.columns().size(); ++i)
        if (model.columns()[i].id() == column) return model.index(model.rowOf(run), int(i)).data().toString();
    return u"no column"_s;
}

} // namespace

class TestComparePanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { Theme::instance().apply(*qApp, ThemeKind::Light); }
    void everyTabIsInOrder_data();
    void everyTabIsInOrder();
    void showsValuesAndTheSettingsThatDiffer();
    void followsWhatIsOverlaid();
    void leadsToOtherPanels();
    void filtersAndSaysWhenNothingMatches();
    void filtersByNumbersAndSettings();
    void saysWhatTheFilterCannotKnow();
    void comparesOnlyTheSelected();
    void sortsByAClickOnTheHeader();
    void groupsAndChoosesColumns();
    void namesStayWhileTheOthersAreScrolled();
    void settingsStandSideBySide();
    void settingsSayWhyThereIsNothing();
    void showsTheLineage();
    void copiesAndExports();
    void isFoundAgainByItsLink();
    void keepsWhatWasChosen();
    void keepsMoreThanALinkNames();
    void saysWhatCouldNotBeRead();
    void fiveHundredRunsAreBearable();
};

void TestComparePanel::everyTabIsInOrder_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("data");
    for (const auto &[theme, kind] : {std::pair("light", ThemeKind::Light), std::pair("dark", ThemeKind::Dark),
                                      std::pair("high contrast", ThemeKind::HighContrast)})
        for (const char *data : {"empty", "sample", "live"})
            QTest::addRow("%s, %s", theme, data) << int(kind) << QString::fromLatin1(data);
}

void TestComparePanel::everyTabIsInOrder()
{
    QFETCH(int, kind);
    QFETCH(QString, data);
    Theme::instance().apply(*qApp, ThemeKind(kind));
    CompareSession session;
    if (data != u"empty") fillComparison(session, data == u"live" ? RunState::Running : RunState::Finished);
    Shown shown(session);
    QStringList problems;
    for (const auto tab : {ComparePanel::Tab::Values, ComparePanel::Tab::Settings, ComparePanel::Tab::Lineage}) {
        shown.panel->showTab(tab);
        shown.settle(session);
        if (data == u"live") { // it goes on while somebody looks
            session.runList[2].step += 100;
            session.setRuns(session.runList);
            shown.settle(session);
        }
        const auto add = [&problems, tab](const char *what, const QStringList &found) {
            for (const QString &one : found) problems << u"%1: %2: %3"_s.arg(int(tab)).arg(QLatin1String(what), one);
        };
        add("no name", unnamedControls(shown.window));
        add("cut off", clippedControls(shown.window, shown.window.size()));
        add("pale", paleTexts(shown.window));
        add("Tab misses", unreachedControls(shown.window, Qt::Key_Tab));
        add("Shift+Tab misses", unreachedControls(shown.window, Qt::Key_Backtab));
        if (shown.panel->accessibleDescription().isEmpty()) problems << u"no summary"_s;
        if (const QByteArray folder = qgetenv("ORRERY_PICTURES"); !folder.isEmpty())
            shown.window.grab().save(u"%1/compare %2 %3.png"_s.arg(QString::fromLocal8Bit(folder),
                                                                    QLatin1String(QTest::currentDataTag()).toString())
                                         .arg(int(tab)));
    }
    QVERIFY2(problems.isEmpty(), qPrintable(problems.join(u'\n')));
}

void TestComparePanel::showsValuesAndTheSettingsThatDiffer()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.settle(session);
    QCOMPARE(shown.panel->comparedRuns(), QStringList({u"c"_s, u"b"_s, u"a"_s}));
    QCOMPARE(cellText(*shown.panel, u"a"_s, u"best_val_loss"_s), u"1.500"_s);
    QCOMPARE(cellText(*shown.panel, u"a"_s, u"best_step"_s), u"200"_s);
    QCOMPARE(cellText(*shown.panel, u"a"_s, u"tokens"_s), compactText(8'210.0 * 16 * 128));
    QCOMPARE(cellText(*shown.panel, u"c"_s, u"set:optimizer.lr"_s), u"0.0005"_s); // differs: a column by itself
    QCOMPARE(cellText(*shown.panel, u"b"_s, u"set:seed"_s), u"2"_s);
    QCOMPARE(cellText(*shown.panel, u"b"_s, u"set:model.layers"_s), u"no column"_s);
}

void TestComparePanel::followsWhatIsOverlaid()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.panel->setOverlaidRuns({u"a"_s}); // the one that is looked at
    QCOMPARE(shown.panel->source(), ComparePanel::Source::All);
    shown.panel->setOverlaidRuns({u"a"_s, u"b"_s});
    QCOMPARE(shown.panel->source(), ComparePanel::Source::Overlaid);
    QCOMPARE(shown.panel->comparedRuns(), QStringList({u"b"_s, u"a"_s}));
    shown.panel->setSource(ComparePanel::Source::All); // by a person: it stays
    shown.panel->setOverlaidRuns({u"a"_s, u"c"_s});
    QCOMPARE(shown.panel->comparedRuns().size(), 3);
    shown.panel->setSource(ComparePanel::Source::Overlaid);
    shown.panel->setOverlaidRuns({});
    QVERIFY(shown.panel->comparedRuns().isEmpty());
    auto *all = child<QAbstractButton>(shown.panel, "compareShowAll");
    QVERIFY(all->isVisible());
    all->click();
    QCOMPARE(shown.panel->comparedRuns().size(), 3);
}

void TestComparePanel::filtersAndSaysWhenNothingMatches()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    typeText(shown.panel->filterBox(), u"paper"_s); // a tag
    QCOMPARE(shown.panel->comparedRuns(), QStringList(u"b"_s));
    typeText(shown.panel->filterBox(), u"finished b"_s); // every word
    QCOMPARE(shown.panel->comparedRuns(), QStringList(u"b"_s));
    typeText(shown.panel->filterBox(), u"nobody"_s);
    QVERIFY(shown.panel->comparedRuns().isEmpty());
    QCOMPARE(shown.panel->accessibleDescription(), u"No runs are compared."_s);
    child<QAbstractButton>(shown.panel, "compareShowAll")->click();
    QCOMPARE(shown.panel->comparedRuns().size(), 3);
    session.runList[0].labels.isArchived = true;
    session.setRuns(session.runList);
    QCOMPARE(shown.panel->comparedRuns(), QStringList({u"b"_s, u"a"_s}));
}

/// The words of the list of runs, by the same code.
void TestComparePanel::filtersByNumbersAndSettings()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    const auto compares = [&](const QString &filter) {
        shown.panel->filterBox()->setText(filter);
        shown.settle(session);
        return shown.panel->comparedRuns().join(u' ');
    };
    QCOMPARE(compares(u"best<1.6"_s), u"b a"_s);
    QCOMPARE(compares(u"seed:1"_s), u"c a"_s);
    QCOMPARE(compares(u"optimizer.lr<0.001"_s), u"c"_s);
    QCOMPARE(compares(u"-lr:5e-4 seed>=1"_s), u"b a"_s);
    QCOMPARE(compares(u"path:code best<1.45"_s), u"b"_s);
    const QString problem = u"“lr>fast” filters nothing"_s;
    compares(u"lr>fast"_s);
    auto *said = child<ToneLabel>(shown.panel, "compareFilterProblem");
    QVERIFY2(said->isVisible() && said->text().startsWith(problem), qPrintable(said->text()));
    // Nothing left: which word it was.
    QVERIFY(compares(u"seed:1 best>1.6 -paper lr:7"_s).isEmpty());
    auto *empty = shown.panel->findChild<EmptyState *>();
    QVERIFY2(empty->accessibleDescription().contains(u"None of 3 runs is shown: “seed:1” hides 1, “best>1.6” hides 2, “-paper” hides 1, “lr:7” hides 3."_s),
             qPrintable(empty->accessibleDescription()));
    // Proposed while one types, with the tags of what is compared.
    shown.panel->filterBox()->clear();
    QTest::keyClicks(shown.panel->filterBox(), u"pap"_s);
    QTRY_VERIFY(QApplication::activePopupWidget());
    QTest::keyClick(QApplication::activePopupWidget(), Qt::Key_Escape);
}

void TestComparePanel::saysWhatTheFilterCannotKnow()
{
    CompareSession session;
    fillComparison(session);
    session.specs[u"b"_s] = u"no JSON"_s;
    Shown shown(session);
    shown.settle(session);
    shown.panel->filterBox()->setText(u"seed>0"_s);
    auto *empty = shown.panel->findChild<EmptyState *>();
    QCOMPARE(empty->accessibleName(), u"Reading settings …"_s); // hidden until its own are there
    QVERIFY(empty->accessibleDescription().contains(u"“seed>0” waits for settings"_s));
    shown.settle(session);
    QCOMPARE(shown.panel->comparedRuns(), QStringList({u"c"_s, u"a"_s}));
    auto *problem = child<ToneLabel>(shown.panel, "compareFilterProblem");
    QVERIFY2(problem->text().startsWith(u"Runs whose settings could not be read are hidden. Cannot read the settings of run \"b\""_s),
             qPrintable(problem->text()));
    // Where nobody looks, nothing is asked for; who comes back sees what it means.
    shown.panel->filterBox()->clear();
    shown.panel->hide();
    session.specs[u"b"_s] = specOf({{"seed", "2"}});
    const int numAsked = session.numSpecQueries;
    shown.panel->filterBox()->setText(u"seed:2"_s);
    QTest::qWait(80);
    QCOMPARE(session.numSpecQueries, numAsked);
    shown.panel->show();
    shown.settle(session);
    QCOMPARE(shown.panel->comparedRuns(), QStringList(u"b"_s));
}

void TestComparePanel::comparesOnlyTheSelected()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.settle(session);
    QTableView *view = shown.panel->values()->view();
    QSignalSpy selected(shown.panel, &ComparePanel::runSelected);
    QSignalSpy activated(shown.panel, &ComparePanel::runActivated);
    view->setFocus();
    view->selectRow(0);
    QCOMPARE(selected.last().first().toString(), u"c"_s);
    QTest::keyClick(view, Qt::Key_Down, Qt::ShiftModifier);
    QCOMPARE(shown.panel->selectedRuns(), QStringList({u"c"_s, u"b"_s}));
    QTest::keyClick(view, Qt::Key_Return);
    QCOMPARE(activated.last().first().toString(), u"b"_s);
    QAction *only = child<QAction>(shown.panel, "compareOnlyThese");
    QTRY_VERIFY(only->isEnabled());
    only->trigger();
    QCOMPARE(shown.panel->comparedRuns(), QStringList({u"c"_s, u"b"_s}));
    QCOMPARE(shown.panel->source(), ComparePanel::Source::Chosen);
}

void TestComparePanel::leadsToOtherPanels()
{
    CompareSession session;
    fillComparison(session);
    for (RunStatus &run : session.runList) run.lastCheckpointStep = run.id == "a" ? -1 : 8'000;
    session.setRuns(session.runList);
    Shown shown(session);
    shown.settle(session);
    QTableView *view = shown.panel->values()->view();
    const auto action = [&shown](const char *name) { return child<QAction>(shown.panel, name); };
    for (const char *name : {"compareAttention", "compareAsk", "compareFormDifference"}) QVERIFY(view->actions().contains(action(name)));
    QSignalSpy beside(shown.panel, &ComparePanel::besideRequested), asked(shown.panel, &ComparePanel::askRequested),
        form(shown.panel, &ComparePanel::formDifferenceRequested);
    view->setFocus();
    QTest::keyClick(view, Qt::Key_F12); // the Shift of a Backtab is not held any more
    view->selectRow(0);
    QTRY_VERIFY(action("compareFormDifference")->isEnabled());
    QCOMPARE(disabledReason(*action("compareAttention")), u"Select two rows first (Ctrl+click)."_s);
    QCOMPARE(disabledReason(*action("compareAsk")), u"Select two or three rows first (Ctrl+click)."_s);
    action("compareFormDifference")->trigger();
    QCOMPARE(form.last().first().toString(), u"c"_s);

    QTest::keyClick(view, Qt::Key_Down, Qt::ShiftModifier);
    QTRY_VERIFY(action("compareAttention")->isEnabled() && action("compareAsk")->isEnabled());
    action("compareAttention")->trigger();
    QCOMPARE(beside.last(), QVariantList({u"c"_s, u"b"_s}));
    action("compareAsk")->trigger();
    QCOMPARE(asked.last().first().toStringList(), QStringList({u"c"_s, u"b"_s}));

    QTest::keyClick(view, Qt::Key_Down, Qt::ShiftModifier); // and one that has no saved step
    QTRY_COMPARE(disabledReason(*action("compareAsk")), u"“a” has no saved step yet."_s);
    QVERIFY(!action("compareAttention")->isEnabled());
    session.runList.back().lastCheckpointStep = 100;
    session.setRuns(session.runList);
    QTRY_VERIFY(action("compareAsk")->isEnabled());
    QCOMPARE(action("compareAsk")->text(), u"Ask these three in Play"_s);
}

void TestComparePanel::sortsByAClickOnTheHeader()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.settle(session);
    QHeaderView *header = shown.panel->values()->view()->horizontalHeader();
    const QPoint place(header->sectionViewportPosition(3) + 8, header->height() / 2);
    QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, place);
    QCOMPARE(shown.panel->values()->model()->runs(), QStringList({u"b"_s, u"a"_s, u"c"_s}));
    QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, place);
    QCOMPARE(shown.panel->values()->model()->runs(), QStringList({u"c"_s, u"a"_s, u"b"_s}));
}

void TestComparePanel::groupsAndChoosesColumns()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.settle(session);
    ValuesPage *values = shown.panel->values();
    QVERIFY(values->groupBox()->findData(u"seed"_s) > 0); // it differs
    QVERIFY(values->groupBox()->findData(u"model.layers"_s) < 0);
    values->setGrouping(u"seed"_s);
    QCOMPARE(values->model()->rowCount(), 5);
    values->setGrouping({});
    child<QAbstractButton>(values, "compareColumns")->click();
    auto *chooser = child<ColumnChooser>(&shown.window, "columnChooser");
    shown.settle(session);
    typeText(chooser->searchBox(), u"grad_norm, max"_s);
    QListWidget *list = chooser->list();
    QListWidgetItem *item = nullptr;
    for (int i = 0; i < list->count(); ++i)
        if (!list->item(i)->isHidden()) item = list->item(i);
    QVERIFY(item);
    item->setCheckState(Qt::Checked);
    shown.settle(session);
    QCOMPARE(cellText(*shown.panel, u"b"_s, u"series:grad_norm:max"_s), u"4.000"_s);
    chooser->close();
}

void TestComparePanel::namesStayWhileTheOthersAreScrolled()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.window.resize(700, 500);
    shown.settle(session);
    QTableView *view = shown.panel->values()->view();
    auto *names = child<QTableView>(view, "frozenColumn");
    QVERIFY(!names->isVisible());
    view->horizontalScrollBar()->setValue(200);
    QVERIFY(names->isVisible());
    QCOMPARE(names->columnWidth(0), view->columnWidth(0));
    QVERIFY(names->isColumnHidden(1));
    QTest::mouseClick(names->viewport(), Qt::LeftButton, {}, names->visualRect(names->model()->index(1, 0)).center());
    QCOMPARE(shown.panel->selectedRuns(), QStringList(u"b"_s));
    view->horizontalScrollBar()->setValue(0);
    QVERIFY(!names->isVisible());
}

void TestComparePanel::settingsStandSideBySide()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.settle(session);
    shown.panel->values()->view()->selectRow(2); // a
    shown.panel->values()->view()->selectionModel()->select(shown.panel->values()->model()->index(0, 0),
                                                            QItemSelectionModel::Select | QItemSelectionModel::Rows); // c
    shown.panel->showTab(ComparePanel::Tab::Settings);
    shown.settle(session);
    DifferencePage *page = shown.panel->difference();
    QCOMPARE(page->model()->runs().size(), size_t(2)); // the selected ones
    QCOMPARE(page->model()->numDifferent(), 1);
    QCOMPARE(page->model()->rowCount(), 2); // a heading, and the rate
    QCOMPARE(page->setArgumentsText(), u"--set optimizer.lr=0.001"_s);
    const auto labels = page->findChildren<QLabel *>();
    QVERIFY(std::any_of(labels.begin(), labels.end(), [page](const QLabel *label) {
        return label->isVisible() && label->text() == u"Coloured values differ from those of “%1”."_s.arg(page->model()->runs().front().title);
    }));
    page->allBox()->click();
    QVERIFY(page->model()->rowCount() > 60);
    typeText(page->searchBox(), u"dropout"_s);
    QVERIFY(page->model()->rowCount() < 10);
    QCOMPARE(shown.panel->accessibleDescription(), u"1 setting differs between 2 runs"_s);
    child<QAction>(shown.panel, "copyCompareSet")->trigger();
    QCOMPARE(QApplication::clipboard()->text(), u"--set optimizer.lr=0.001"_s);
}

void TestComparePanel::settingsSayWhyThereIsNothing()
{
    CompareSession session;
    session.runList = {fakeRun("a", RunState::Finished), fakeRun("i", RunState::Finished)};
    session.specs[u"a"_s] = specOf();
    session.specs[u"i"_s] = specOf({}, R"(,"imported_from":"/logs")");
    Shown shown(session);
    shown.panel->showTab(ComparePanel::Tab::Settings);
    shown.settle(session);
    const auto texts = [&shown] {
        QStringList all;
        for (const QLabel *label : shown.panel->difference()->findChildren<QLabel *>())
            if (label->isVisible()) all << label->text();
        return all.join(u'\n');
    };
    QVERIFY2(texts().contains(u"“i” was imported and has no settings."_s), qPrintable(texts()));
    session.specs[u"b"_s] = specOf();
    session.setRuns({fakeRun("a", RunState::Finished), fakeRun("b", RunState::Finished)});
    shown.settle(session);
    QVERIFY2(texts().contains(u"No setting differs"_s), qPrintable(texts()));
    typeText(shown.panel->filterBox(), u"a"_s);
    shown.settle(session);
    QVERIFY2(texts().contains(u"Choose two runs or more"_s), qPrintable(texts()));
}

void TestComparePanel::showsTheLineage()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    typeText(shown.panel->filterBox(), u"c"_s); // its parent is shown all the same
    shown.panel->showTab(ComparePanel::Tab::Lineage);
    shown.settle(session);
    QTreeView *view = shown.panel->lineage()->view();
    QVERIFY(view->isVisible());
    const QModelIndex c = shown.panel->lineage()->model()->indexOf(u"c"_s);
    QCOMPARE(c.siblingAtColumn(LineageModel::FromColumn).data().toString(), u"4,000"_s);
    QCOMPARE(c.siblingAtColumn(LineageModel::ChangedColumn).data().toString(), u"Learning rate 0.001 → 0.0005"_s);
    QSignalSpy selected(shown.panel, &ComparePanel::runSelected);
    view->setFocus();
    view->setCurrentIndex(c.parent());
    QTest::keyClick(view, Qt::Key_Down);
    QCOMPARE(shown.panel->lineage()->run(), u"c"_s);
    QVERIFY(!selected.isEmpty());
    QCOMPARE(selected.last().first().toString(), u"c"_s);
    QCOMPARE(shown.panel->accessibleDescription(), u"1 branch in 1 family"_s);
    QSignalSpy branches(shown.panel, &ComparePanel::branchRequested);
    child<QAction>(shown.panel, "compareBranch")->trigger();
    QCOMPARE(branches.last().first().toString(), u"c"_s);
}

void TestComparePanel::copiesAndExports()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.settle(session);
    shown.panel->values()->setColumns({{ValuesColumnKind::BestValLoss}}, false);
    child<QAction>(shown.panel, "copyCompareTsv")->trigger();
    QCOMPARE(QApplication::clipboard()->text(), u"Run\tBest val. loss\nc\t1.7\nb\t1.4\na\t1.5\n"_s);
    child<QAction>(shown.panel, "copyCompareMarkdown")->trigger();
    QVERIFY(QApplication::clipboard()->text().contains(u"| b | **1.400** |"_s));
    QTemporaryDir folder;
    PanelTools::of(*shown.panel)->saveTo(folder.filePath(u"x.csv"_s));
    QFile file(folder.filePath(u"x.csv"_s));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(file.readAll().startsWith("Run,Best val. loss\nc,1.7\n"));
    QSignalSpy exports(shown.panel, &ComparePanel::exportRequested);
    child<QAction>(shown.panel, "compareExport")->trigger();
    QCOMPARE(exports.last().first().toStringList().size(), 3);
}

void TestComparePanel::isFoundAgainByItsLink()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.settle(session);
    shown.panel->chooseRuns({u"a"_s, u"c"_s});
    shown.panel->values()->setColumns({{ValuesColumnKind::Loss}}, false);
    shown.panel->values()->sortBy(u"loss"_s, Qt::DescendingOrder);
    const QString link = shown.panel->viewLink();
    QVERIFY2(link.startsWith(u"orrery:compare?"_s), qPrintable(link));
    Shown again(session);
    again.panel->view().restore(parseViewLink(link)->state);
    QCOMPARE(again.panel->viewLink(), link);
    QCOMPARE(again.panel->comparedRuns(), QStringList({u"c"_s, u"a"_s}));
    QCOMPARE(again.panel->values()->model()->columnCount(), 2);
    QCOMPARE(again.panel->values()->model()->sortOrder(), Qt::DescendingOrder);
    again.panel->view().restore({{u"columns"_s, u"nonsense"_s}, {u"sort"_s, u"of"_s}, {u"tab"_s, u"no"_s}}); // left alone
    QCOMPARE(again.panel->tab(), ComparePanel::Tab::Values);
}

void TestComparePanel::keepsWhatWasChosen()
{
    CompareSession session;
    fillComparison(session);
    Shown shown(session);
    shown.panel->chooseRuns({u"a"_s, u"c"_s});
    const auto again = [&shown] { // as after a restart
        const QString link = shown.panel->viewLink();
        shown.panel->view().restore(parseViewLink(link)->state);
        shown.panel->filterBox()->clear();
        return shown.panel->comparedRuns();
    };
    const QStringList both = {u"c"_s, u"a"_s};
    typeText(shown.panel->filterBox(), u"c"_s);
    QCOMPARE(shown.panel->comparedRuns(), QStringList(u"c"_s));
    QCOMPARE(again(), both);
    session.setRuns({}); // the engine is not reached
    QVERIFY(again().isEmpty());
    QCOMPARE(shown.panel->source(), ComparePanel::Source::Chosen);
    fillComparison(session);
    QCOMPARE(shown.panel->comparedRuns(), both);
}

/// A link names forty runs at most; the window remembers all that were chosen.
void TestComparePanel::keepsMoreThanALinkNames()
{
    CompareSession session;
    QStringList chosen;
    std::vector<RunStatus> runs;
    for (int i = 0; i < 120; ++i) {
        runs.push_back(fakeRun("run-" + std::to_string(i), RunState::Finished, i));
        if (i % 2 == 0) chosen << fromStd(runs.back().id);
    }
    session.setRuns(runs);
    Shown shown(session);
    shown.panel->chooseRuns(chosen);
    QVERIFY(!shown.panel->view().state().contains(u"runs"_s));
    const QVariantMap place = shown.panel->place();
    QCOMPARE(place.value(u"runs"_s).toStringList(), chosen);
    shown.panel->setSource(ComparePanel::Source::All);
    QCOMPARE(shown.panel->comparedRuns().size(), 120);
    QVERIFY(!shown.panel->place().contains(u"runs"_s));
    shown.panel->view().restore(place);
    QCOMPARE(shown.panel->source(), ComparePanel::Source::Chosen);
    QCOMPARE(shown.panel->comparedRuns().size(), chosen.size());
}

void TestComparePanel::saysWhatCouldNotBeRead()
{
    CompareSession session;
    fillComparison(session);
    session.failNext[u"getSpec"_s] = Error{ErrorCode::Io, "Cannot read \"spec.json\": it is damaged.", "Copy it back."};
    Shown shown(session);
    QTRY_VERIFY(shown.panel->banner()->message().contains(u"Of 1 run something could not be read"_s));
    QVERIFY(shown.panel->banner()->isVisible());
    Q_EMIT shown.panel->banner()->retryRequested();
    shown.settle(session);
    QVERIFY(!shown.panel->banner()->isVisible());
}

void TestComparePanel::fiveHundredRunsAreBearable()
{
    CompareSession session;
    std::vector<RunStatus> runs;
    for (int i = 0; i < 500; ++i) {
        const std::string id = "run-" + std::to_string(i);
        runs.push_back(fakeRun(id, RunState::Finished, i));
        runs.back().bestValLoss = 1 + i * 0.001;
        session.specs[fromStd(id)] = specOf({{"seed", std::to_string(i % 5).c_str()}});
        session.seriesData[fromStd(id)] = {pointsOf("val_loss", {2, 1.5})};
    }
    session.runList = runs;
    Shown shown(session);
    QElapsedTimer clock;
    clock.start();
    shown.settle(session);
    qInfo("500 runs were asked about in %lld ms", clock.elapsed());
    QVERIFY(session.mostUnderWay <= CompareFeed::kMaxUnderWay);
    QCOMPARE(shown.panel->values()->model()->rowCount(), 500);
    clock.restart();
    shown.panel->values()->setGrouping(u"seed"_s);
    shown.panel->values()->sortBy(u"best_val_loss"_s, Qt::DescendingOrder);
    QApplication::processEvents();
    qInfo("grouped, sorted and painted in %lld ms", clock.elapsed());
    QCOMPARE(shown.panel->values()->model()->rowCount(), 505);
    clock.restart();
    session.setRuns(runs); // the list comes anew with every report
    QVERIFY2(clock.elapsed() < 200, qPrintable(QString::number(clock.elapsed())));
}

ORRERY_GUI_TEST_MAIN(TestComparePanel)
#include "tst_compare_panel.moc"
