// SPDX-License-Identifier: GPL-3.0-or-later
// Several runs in the window: the layout that compares them, how a branch and an import come into it.
#include "app/workbench/main_window.h"
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/compare/compare_samples.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/common/banner.h"
#include "widgets/compare/branch_dialog.h"
#include "widgets/compare/compare_feed.h"
#include "widgets/compare/compare_model.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/compare/compare_role.h"
#include "widgets/compare/difference_model.h"
#include "widgets/compare/form_difference.h"
#include "widgets/compare/transfer_bar.h"
#include "widgets/compare/values_page.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/side_by_side.h"
#include "widgets/runs/checkpoint_view.h"
#include "widgets/runs/run_list_panel.h"
#include "widgets/runs/run_list_view.h"
#include "widgets/runs/run_panel.h"

#include <QAction>
#include <QDockWidget>
#include <QFileDialog>
#include <QPlainTextEdit>
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
    void twoRunsLeadOn()
    {
        for (RunStatus &run : m_session->runList) run.lastCheckpointStep = 8'000;
        m_session->setRuns(m_session->runList);
        m_window->showLayout(WindowLayout::Compare);
        Q_EMIT m_window->compare().besideRequested(u"a"_s, u"b"_s);
        QCOMPARE(m_window->windowLayout(), WindowLayout::Inspect);
        QCOMPARE(m_window->selectedRun(), u"a"_s);
        QVERIFY(m_window->attention().isOpen());
        QCOMPARE(m_window->attention().primary()->run(), u"a"_s);
        QCOMPARE(m_window->attention().secondary()->run(), u"b"_s);

        m_window->playground().promptEditor()->setPlainText(u"int main"_s);
        Q_EMIT m_window->compare().askRequested({u"c"_s, u"b"_s});
        QCOMPARE(m_window->windowLayout(), WindowLayout::Play);
        QCOMPARE(m_window->playground().mode(), PlayMode::Compare);
        const auto models = [this] {
            QStringList models;
            for (const ComparedColumn &column : m_window->playground().comparison()->columns()) models << column.model;
            return models;
        };
        QTRY_COMPARE(models(), QStringList({u"c"_s, u"b"_s}));
        QCOMPARE(m_window->playground().promptEditor()->toPlainText(), u"int main"_s); // what was written stays
    }
    void aRunIsComparedWithTheForm()
    {
        m_window->selectRun(u"c"_s);
        QVERIFY(m_window->findChild<RunListPanel *>()->view()->actions().contains(action("run.formDifference")));
        SpecForm *form = m_window->newRunPanel().form();
        form->setGiven(u"data.path"_s, u"/mine"_s);
        form->setGiven(u"seed"_s, u"1"_s);
        action("run.formDifference")->trigger();
        auto *dialog = child<FormDifference>(m_window.get(), "formDifference");
        const auto different = [dialog] {
            QStringList keys;
            for (const DifferenceRow &row : dialog->model()->rows())
                if (row.isDifferent) keys << row.key;
            return keys;
        };
        // c has a rate of its own; its seed is the form's.
        QTRY_COMPARE(different(), QStringList({u"data.path"_s, u"optimizer.lr"_s}));
        QCOMPARE(dialog->model()->headerData(2, Qt::Horizontal, Qt::DisplayRole).toString(), u"Form"_s);
        form->setGiven(u"train.steps"_s, u"99"_s); // it follows what is typed
        QTRY_COMPARE(different(), QStringList({u"data.path"_s, u"train.steps"_s, u"optimizer.lr"_s}));

        for (int row = 0; row < dialog->model()->rowCount(); ++row)
            if (dialog->model()->index(row, 0).data(compare_role::Key) == u"optimizer.lr"_s) dialog->view()->selectRow(row);
        QTRY_COMPARE(dialog->takeButton()->text(), u"Take the chosen one into the form"_s);
        const QString before = m_window->newRunPanel().draftJson();
        dialog->takeButton()->click();
        QCOMPARE(form->builder().preview().optimizer.lr, 0.0005);
        QCOMPARE(form->builder().preview().train.steps, 99);
        QTRY_COMPARE(different(), QStringList({u"data.path"_s, u"train.steps"_s}));
        dialog->takeButton()->click(); // the others
        QCOMPARE(form->builder().preview().data.path, std::string("/texts/code"));
        QTRY_VERIFY(!dialog->takeButton()->isEnabled());
        QVERIFY(different().isEmpty());
        m_window->newRunPanel().undo();
        m_window->newRunPanel().undo();
        QCOMPARE(m_window->newRunPanel().draftJson(), before);
        child<QPushButton>(dialog, "formDifferenceOpen")->click();
        QVERIFY(m_window->newRunPanel().isVisible());
    }
    void aSpecThatCannotBeReadIsTold()
    {
        m_session->failNext[u"getSpec"_s] = Error{ErrorCode::Io, "Cannot read \"spec.json\": no such file.", "Look at the run's folder."};
        m_window->showFormDifference(u"b"_s);
        auto *dialog = child<FormDifference>(m_window.get(), "formDifference");
        auto *banner = dialog->findChild<Banner *>();
        QTRY_VERIFY(banner->isVisible());
        QVERIFY(banner->message().contains(u"spec.json"_s));
        QVERIFY(!dialog->takeButton()->isEnabled());
        child<QPushButton>(banner, "bannerRetry")->click();
        QTRY_VERIFY(dialog->model()->numDifferent() > 0);
        QVERIFY(!banner->isVisible());
        m_session->specs[u"a"_s] = specOf({}, R"(,"imported_from":"/logs")");
        m_window->showFormDifference(u"a"_s);
        QTRY_VERIFY(banner->isVisible());
        QVERIFY(banner->message().contains(u"was imported"_s));
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
