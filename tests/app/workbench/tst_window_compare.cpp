// SPDX-License-Identifier: GPL-3.0-or-later
// Several runs in the window: the layout that compares them, how a branch and an import come into it.
#include "app/workbench/main_window.h"
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/compare/compare_samples.h"
#include "widgets/common/banner.h"
#include "widgets/compare/branch_dialog.h"
#include "widgets/compare/compare_feed.h"
#include "widgets/compare/compare_model.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/compare/transfer_bar.h"
#include "widgets/compare/values_page.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/runs/checkpoint_view.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_panel.h"

#include <QAction>
#include <QDockWidget>
#include <QFileDialog>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QTableView>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestWindowCompare : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<CompareSession> m_session;
    std::unique_ptr<MainWindow> m_window;

    void open()
    {
        m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
        m_window->resize(1280, 800);
        m_window->setAnimated(false);
        m_window->show();
        m_window->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    }
    [[nodiscard]] QAction *action(const char *id) const
    {
        QAction *found = m_window->actionRegistry().action(QLatin1String(id));
        if (!found) qFatal("no action %s", id);
        return found;
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_settings = std::make_unique<QSettings>(m_folder->filePath(u"settings.ini"_s), QSettings::IniFormat);
        m_session = std::make_unique<CompareSession>();
        fillComparison(*m_session);
        open();
    }
    void cleanup()
    {
        m_window.reset();
        m_session.reset();
    }

    void isALayoutLikeTheOthers()
    {
        QTest::keyClick(m_window.get(), Qt::Key_4, Qt::ControlModifier);
        QCOMPARE(m_window->windowLayout(), WindowLayout::Compare);
        QCOMPARE(child<QStackedWidget>(m_window.get(), "pages")->currentWidget(), static_cast<QWidget *>(&m_window->compare()));
        QVERIFY(child<QDockWidget>(m_window.get(), "runListDock")->isVisible());
        QVERIFY(!child<QDockWidget>(m_window.get(), "microscopeDock")->isVisible());
        QVERIFY(!child<QDockWidget>(m_window.get(), "runDock")->isVisible());
        m_window->compare().showTab(ComparePanel::Tab::Lineage);
        m_window.reset(); // as a kill would, a second later
        m_settings->sync();
    }
    void isRememberedWithWhatItShowed()
    {
        m_window->showLayout(WindowLayout::Compare);
        m_window->compare().values()->setGrouping(u"seed"_s);
        m_window->compare().showTab(ComparePanel::Tab::Settings);
        m_window->close(); // saves
        open();
        QCOMPARE(m_window->windowLayout(), WindowLayout::Compare);
        QCOMPARE(m_window->compare().tab(), ComparePanel::Tab::Settings);
        QCOMPARE(m_window->compare().values()->model()->grouping(), u"seed"_s);
    }
    void showsTheOverlaidRuns()
    {
        auto *list = m_window->findChild<RunListPanel *>();
        m_window->selectRun(u"a"_s);
        list->setOverlaidRuns({u"b"_s});
        QCOMPARE(m_window->compare().source(), ComparePanel::Source::Overlaid);
        QCOMPARE(m_window->compare().comparedRuns(), QStringList({u"b"_s, u"a"_s}));
        m_window->selectRun(u"b"_s); // going among them takes none away
        QCOMPARE(m_window->compare().comparedRuns(), QStringList({u"b"_s, u"a"_s}));
    }
    void aRowLeadsTheWholeWindow()
    {
        m_window->showLayout(WindowLayout::Compare);
        QTableView *view = m_window->compare().values()->view();
        view->setFocus();
        view->selectRow(m_window->compare().values()->model()->rowOf(u"b"_s));
        QCOMPARE(m_window->selectedRun(), u"b"_s);
        QTest::keyClick(view, Qt::Key_Return);
        QCOMPARE(m_window->windowLayout(), WindowLayout::Train);
    }
    void aLinkLeadsBack()
    {
        m_window->openLink(u"orrery:compare?runs=a&runs=c&tab=settings&run=c"_s);
        QCOMPARE(m_window->windowLayout(), WindowLayout::Compare);
        QCOMPARE(m_window->compare().comparedRuns(), QStringList({u"c"_s, u"a"_s}));
        QCOMPARE(m_window->selectedRun(), u"c"_s);
    }
    void aBranchIsSelected()
    {
        m_window->selectRun(u"a"_s);
        QVERIFY(m_window->findChild<RunListPanel *>()->view()->actions().contains(action("run.branch")));
        action("run.branch")->trigger();
        auto *dialog = child<BranchDialog>(m_window.get(), "branchDialog");
        QCOMPARE(dialog->run(), u"a"_s);
        QTRY_VERIFY(dialog->branchButton()->isEnabled());
        dialog->branchButton()->click();
        QTRY_COMPARE(m_session->branches.size(), size_t(1));
        QTRY_VERIFY(!dialog->isVisible());
        std::vector<RunStatus> runs = m_session->runList;
        runs.insert(runs.begin(), fakeRun("the-branch", RunState::Running, 9'000));
        m_session->setRuns(runs);
        QCOMPARE(m_window->selectedRun(), u"the-branch"_s);
        QCOMPARE(m_window->windowLayout(), WindowLayout::Train);
    }
    void aCheckpointIsBranched()
    {
        m_window->selectRun(u"a"_s);
        auto *panel = m_window->findChild<RunPanel *>();
        Q_EMIT panel->checkpoints()->branchRequested(4'000);
        auto *dialog = child<BranchDialog>(m_window.get(), "branchDialog");
        QTRY_COMPARE(dialog->draft().step(), qint64(4'000));
        dialog->reject();
        m_window->branchFrom(u"b"_s, -1); // another run: another dialog
        QTRY_COMPARE(child<BranchDialog>(m_window.get(), "branchDialog")->run(), u"b"_s);
    }
    void theCurveIsBranched()
    {
        m_window->selectRun(u"a"_s);
        m_window->showLayout(WindowLayout::Train);
        auto *branch = child<QAction>(&m_window->curves(), "branchAtCursor");
        QTRY_VERIFY((branch->trigger(), m_window->findChild<BranchDialog *>() != nullptr)); // when it has points
        auto *dialog = child<BranchDialog>(m_window.get(), "branchDialog");
        QCOMPARE(dialog->run(), u"a"_s);
        QTRY_COMPARE(dialog->draft().step(), qint64(4'000)); // the nearest to where the curve ends
    }
    void anImportIsComparedAndSelected()
    {
        action("file.importLog")->trigger();
        auto *chooser = child<QFileDialog>(m_window.get(), "importDialog");
        QCOMPARE(chooser->fileMode(), QFileDialog::Directory);
        chooser->reject();
        m_session->imported = ImportedRuns{{fakeRun("x"), fakeRun("y")}, 20, 0, {}};
        m_window->transfers().importLog(u"/logs"_s);
        QTRY_COMPARE(m_window->windowLayout(), WindowLayout::Compare);
        std::vector<RunStatus> runs = m_session->runList;
        runs.push_back(fakeRun("x", RunState::Finished));
        runs.push_back(fakeRun("y", RunState::Finished));
        m_session->setRuns(runs); // the list tells of them a moment later
        QCOMPARE(m_window->selectedRun(), u"x"_s);
        QCOMPARE(m_window->compare().comparedRuns(), QStringList({u"x"_s, u"y"_s}));
        QVERIFY(m_window->transfers().banner()->isVisible());
    }
    void runsAreExported()
    {
        m_window->selectRun(u"a"_s);
        QVERIFY(action("file.exportRuns")->isEnabled());
        action("file.exportRuns")->trigger();
        child<QFileDialog>(m_window.get(), "exportDialog")->reject();
        m_window->selectRun({});
        QVERIFY(!action("file.exportRuns")->isEnabled());
        QCOMPARE(disabledReason(*action("run.branch")), u"Choose a run first."_s);
    }
};

ORRERY_GUI_TEST_MAIN(TestWindowCompare)
#include "tst_window_compare.moc"
