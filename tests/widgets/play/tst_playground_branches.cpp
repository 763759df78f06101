// SPDX-License-Identifier: GPL-3.0-or-later
// Branching an answer from any of its tokens, and the tree of its versions, as a person does it.
#include "play_setup.h"

#include "widgets/common/banner.h"
#include "widgets/common/filter_combo_box.h"
#include "widgets/common/filter_popup.h"
#include "widgets/play/candidate_model.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"
#include "widgets/play/version_tree.h"
#include "widgets/play/version_view.h"

#include <QClipboard>
#include <QComboBox>
#include <QHelpEvent>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>
#include <QToolTip>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

struct Answered : Setup {
    explicit Answered(const std::string &text = "abcd")
    {
        panel->generate();
        Q_EMIT generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
        Q_EMIT generation().tokens(tokensOf(text));
        Q_EMIT generation().finished(summaryOf(FinishReason::MaxTokens));
        view = panel->transcript();
        candidates = panel->candidates();
        tree = panel->versionView();
    }
    [[nodiscard]] const GenerateRequest &request() const { return session.generations.back().request; }
    [[nodiscard]] QString text() const { return view->copyText(); }
    void clickCandidate(int row)
    {
        QListView *list = candidates->list();
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {},
                          list->visualRect(list->model()->index(row, 0)).center());
    }
    void finish() { Q_EMIT generation().finished(summaryOf(FinishReason::MaxTokens)); }
    TokenView *view;
    CandidateView *candidates;
    VersionView *tree;
};

using Ids = std::vector<int32_t>;

} // namespace

class TestPlaygroundBranches : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void clickOnACandidateBranches();
    void theStepThatSaidItGoesOn();
    void beforeTheStepIsKnownTheModelIsAskedAsItWas();
    void unlockedCandidatesAreOnlyRead();
    void theTakenCandidateGoesOn();
    void keysBranch();
    void menuBranches();
    void aBranchStopsWhatIsComing();
    void anEndIsNotAsked();
    void aBranchOfAHoleKeepsBothSides();
    void againRepeatsABranch();
    void failedBranchIsTriedAgainFromItsToken();
    void withoutEngineNothingBranches();
    void treeShowsUpWithTheSecondVersion();
    void treeIsOfOneQuestion();
    void treeShowsDeletesAndBringsBack();
    void deletingWhatRunsStopsIt();
    void forkIsMarkedAndSaysWhy();
    void commandHasTheTokens();
    void branchesSurviveARestart();
    void theOldestVersionsAreForgotten();
    void longNamesOfModelsEndInAnEllipsis();
    void aModelIsFoundAmongHundreds();
};

void TestPlaygroundBranches::clickOnACandidateBranches()
{
    Answered play;
    SamplingSettings sampling = play.panel->sampling()->settings();
    sampling.temperature = 0.3;
    sampling.maxTokens = 9;
    play.panel->sampling()->setSettings(sampling);
    QTest::mouseClick(play.view->viewport(), Qt::LeftButton, {}, play.view->tokenRect(2).center().toPoint());
    QCOMPARE(play.candidates->model()->rowCount(), 2);
    play.clickCandidate(1);
    QCOMPARE(play.session.generations.size(), size_t{2});
    QCOMPARE(play.session.generations.back().model, u"code@8000"_s); // the step that said it
    QCOMPARE(play.request().prompt, std::string("Hello"));
    QCOMPARE(play.request().answerIds, (Ids{'a', 'b', 'z'}));
    QCOMPARE(play.request().sampling.temperature, 0.3);
    QCOMPARE(play.request().sampling.maxTokens, int64_t{9});
    QCOMPARE(play.text(), u"Helloabz"_s); // what is kept is there at once
    QVERIFY(play.panel->isGenerating());
    Q_EMIT play.generation().tokens(tokensOf("xy"));
    play.finish();
    QCOMPARE(play.text(), u"Helloabzxy"_s);
    QCOMPARE(play.panel->numVersions(), 2);
    QVERIFY2(play.panel->statusText().contains(u"5 tokens  ·  2 generated"_s),
             qPrintable(play.panel->statusText()));
    play.view->setCurrentToken(2, true);
    QCOMPARE(play.candidates->model()->index(1).data(CandidateModel::IsTakenRole).toBool(), true);
    play.panel->showVersion(0);
    QCOMPARE(play.text(), u"Helloabcd"_s); // the other one is as it was
}

void TestPlaygroundBranches::theStepThatSaidItGoesOn()
{
    Answered play;
    QCOMPARE(play.session.generations.back().model, u"code"_s); // "the newest step", and it moves on:
    play.saveCheckpoint(12'000);
    play.view->setCurrentToken(1, true);
    play.panel->branch({'z', "z", 0.2});
    QCOMPARE(play.session.generations.back().model, u"code@8000"_s);
    play.finish();
    QVERIFY2(play.panel->command().startsWith(u"orrery-engine generate code@8000 "_s),
             qPrintable(play.panel->command()));
    play.panel->regenerate(); // of the branch
    QCOMPARE(play.session.generations.back().model, u"code@8000"_s);
    play.finish();
    play.panel->showVersion(0);
    play.view->setCurrentToken(1, true);
    play.panel->goOnFromHere();
    QCOMPARE(play.session.generations.back().model, u"code@8000"_s);
    play.finish();
    play.panel->showVersion(0);
    play.panel->regenerate(); // keeps nothing of it: the newest step is asked as before
    QCOMPARE(play.session.generations.back().model, u"code"_s);
}

void TestPlaygroundBranches::beforeTheStepIsKnownTheModelIsAskedAsItWas()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(tokensOf("ab"));
    setup.panel->transcript()->setCurrentToken(1, true);
    setup.panel->branch({'z', "z", 0.2});
    QCOMPARE(setup.session.generations.size(), size_t{2});
    QCOMPARE(setup.session.generations.back().model, u"code"_s);
}

void TestPlaygroundBranches::unlockedCandidatesAreOnlyRead()
{
    Answered play;
    play.view->setCurrentToken(1, false);
    play.clickCandidate(1);
    QCOMPARE(play.session.generations.size(), size_t{1});
}

void TestPlaygroundBranches::theTakenCandidateGoesOn()
{
    Answered play;
    play.view->setCurrentToken(1, true);
    play.clickCandidate(0);
    QCOMPARE(play.request().answerIds, (Ids{'a', 'b'}));
    QCOMPARE(play.text(), u"Helloab"_s);
}

void TestPlaygroundBranches::keysBranch()
{
    Answered play;
    QVERIFY(QTest::qWaitForWindowActive(play.panel.get()));
    play.view->setFocus();
    QTest::keyClick(play.view, Qt::Key_Left);   // the last token
    QTest::keyClick(play.view, Qt::Key_Return); // to its candidates
    QTRY_COMPARE(QApplication::focusWidget(), play.candidates->list());
    QTest::keyClick(play.candidates->list(), Qt::Key_Down);
    QTest::keyClick(play.candidates->list(), Qt::Key_Return);
    QCOMPARE(play.request().answerIds, (Ids{'a', 'b', 'c', 'z'}));
}

void TestPlaygroundBranches::menuBranches()
{
    Answered play;
    const QPoint at = play.view->tokenRect(1).center().toPoint();
    QContextMenuEvent event(QContextMenuEvent::Mouse, at, play.view->viewport()->mapToGlobal(at));
    QApplication::sendEvent(play.view->viewport(), &event);
    QCOMPARE(play.view->currentToken(), 1);
    auto *branches = play.view->findChild<QMenu *>(u"branchMenu"_s);
    QVERIFY(branches && branches->isEnabled());
    QCOMPARE(branches->actions().size(), 1); // not with itself
    QCOMPARE(branches->actions()[0]->text(), u"“z”   0.200"_s);
    branches->actions()[0]->trigger();
    QCOMPARE(play.request().answerIds, (Ids{'a', 'z'}));
    play.finish();
    play.view->setCurrentToken(0, true);
    play.panel->goOnFromHere();
    QCOMPARE(play.request().answerIds, (Ids{'a'}));
}

void TestPlaygroundBranches::aBranchStopsWhatIsComing()
{
    Answered play;
    play.panel->generate();
    FakeGeneration &before = play.generation();
    Q_EMIT before.tokens(tokensOf("pqr"));
    play.view->setCurrentToken(1, true);
    play.panel->branch({'z', "z", 0.2});
    QVERIFY(play.session.generations[1].request.answerIds.empty());
    QCOMPARE(play.request().answerIds, (Ids{'p', 'z'}));
    QCOMPARE(play.panel->numVersions(), 3);
    play.panel->showVersion(1);
    QVERIFY(play.panel->statusText().contains(u"stopped"_s));
}

void TestPlaygroundBranches::anEndIsNotAsked()
{
    Answered play;
    play.view->setCurrentToken(2, true);
    play.panel->branch({256, "<|end_of_text|>", 0.1});
    QCOMPARE(play.session.generations.size(), size_t{1});
    QCOMPARE(play.text(), u"Helloab"_s);
    QVERIFY(!play.panel->isGenerating());
    QVERIFY(play.panel->statusText().contains(u"the model ended the text"_s));
}

void TestPlaygroundBranches::aBranchOfAHoleKeepsBothSides()
{
    Setup setup;
    setup.panel->setInfill(true);
    setup.panel->afterEditor()->setPlainText(u"world"_s);
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(tokensOf("abc"));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::EndOfInfill));
    setup.panel->transcript()->setCurrentToken(1, true);
    setup.panel->branch({'z', "z", 0.2});
    const GenerateRequest &request = setup.session.generations.back().request;
    QCOMPARE(request.infill.value_or("none"), std::string("world"));
    QCOMPARE(request.answerIds, (Ids{'a', 'z'}));
    QCOMPARE(setup.panel->transcript()->copyText(), u"Helloazworld"_s);
}

void TestPlaygroundBranches::againRepeatsABranch()
{
    Answered play;
    play.view->setCurrentToken(1, true);
    play.panel->branch({'z', "z", 0.2});
    Q_EMIT play.generation().tokens(tokensOf("x"));
    play.finish();
    const uint64_t seed = play.request().sampling.seed;
    play.panel->regenerate();
    QCOMPARE(play.request().answerIds, (Ids{'a', 'z'}));
    QVERIFY(play.request().sampling.seed != seed);
    QCOMPARE(play.tree->model()->row(2).depth, 1); // beside the other, not below it
}

void TestPlaygroundBranches::failedBranchIsTriedAgainFromItsToken()
{
    Answered play;
    play.view->setCurrentToken(1, true);
    play.panel->branch({'z', "z", 0.2});
    Q_EMIT play.generation().failed(
        Error{ErrorCode::InvalidInput,
              "Cannot go on with an answer of 2 tokens: token 400 is unknown, expected "
              "below 258.",
              "Choose the model that wrote it."});
    QVERIFY(play.panel->banner()->message().contains(u"token 400 is unknown"_s));
    child<QPushButton>(play.panel->banner(), "bannerRetry")->click();
    QCOMPARE(play.session.generations.size(), size_t{3});
    QCOMPARE(play.request().answerIds, (Ids{'a', 'z'}));
}

void TestPlaygroundBranches::withoutEngineNothingBranches()
{
    Answered play;
    play.view->setCurrentToken(1, true);
    play.session.setConnection(ConnectionState::Lost);
    play.clickCandidate(1);
    QCOMPARE(play.session.generations.size(), size_t{1});
}

void TestPlaygroundBranches::treeShowsUpWithTheSecondVersion()
{
    Answered play;
    QVERIFY(!play.tree->isVisible());
    play.view->setCurrentToken(2, true);
    play.panel->branch({'z', "z", 0.2});
    QVERIFY(play.tree->isVisible());
    const VersionTreeModel *model = play.tree->model();
    QCOMPARE(model->rowCount(), 2);
    QCOMPARE(model->row(1).depth, 1);
    QVERIFY(model->index(1).data(VersionTreeModel::IsRunningRole).toBool());
    QCOMPARE(play.tree->list()->currentIndex().row(), 1);
    Q_EMIT play.generation().tokens(tokensOf("xy"));
    QCOMPARE(model->index(1).data().toString(), u"zxy"_s);
    play.finish();
    QVERIFY(!model->index(1).data(VersionTreeModel::IsRunningRole).toBool());
}

void TestPlaygroundBranches::treeIsOfOneQuestion()
{
    Answered play;
    play.panel->promptEditor()->setPlainText(u"Bye"_s);
    play.panel->generate();
    Q_EMIT play.generation().tokens(tokensOf("x"));
    play.finish();
    QVERIFY(!play.tree->isVisible());
    play.panel->regenerate();
    QCOMPARE(play.tree->model()->rowCount(), 2);
    play.panel->showVersion(0);
    QCOMPARE(play.tree->model()->rowCount(), 1);
    QVERIFY(!play.tree->isVisible());
}

void TestPlaygroundBranches::treeShowsDeletesAndBringsBack()
{
    Answered play;
    play.view->setCurrentToken(2, true);
    play.panel->branch({'z', "z", 0.2});
    play.finish();
    QListView *list = play.tree->list();
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {},
                      list->visualRect(list->model()->index(0, 0)).center());
    QCOMPARE(play.panel->currentVersion(), 0);
    QCOMPARE(play.text(), u"Helloabcd"_s);
    QTest::keyClick(list, Qt::Key_Down);
    QCOMPARE(play.text(), u"Helloabz"_s);
    QTest::keyClick(list, Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QGuiApplication::clipboard()->text(), u"abz"_s);
    QTest::keyClick(list, Qt::Key_Up);
    QTest::keyClick(list, Qt::Key_Delete);
    QCOMPARE(play.panel->numVersions(), 1);
    QCOMPARE(play.text(), u"Helloabz"_s);
    QTest::keyClick(list, Qt::Key_Delete); // the last one stays
    QCOMPARE(play.panel->numVersions(), 1);
    auto *undo = child<QToolButton>(play.tree, "undoVersion");
    QVERIFY(play.tree->isVisible() && undo->isEnabled());
    QCOMPARE(undo->accessibleName(), u"Undo deleting a version"_s);
    undo->click();
    QCOMPARE(play.panel->numVersions(), 2);
    QCOMPARE(play.panel->currentVersion(), 0);
    QCOMPARE(play.text(), u"Helloabcd"_s);
    QCOMPARE(play.tree->model()->row(1).depth, 1); // its branch is below it again
    QVERIFY(!undo->isEnabled());
}

void TestPlaygroundBranches::deletingWhatRunsStopsIt()
{
    Answered play;
    play.view->setCurrentToken(2, true);
    play.panel->branch({'z', "z", 0.2});
    const QPointer<FakeGeneration> running = play.session.generations.back().handle;
    QTest::keyClick(play.tree->list(), Qt::Key_Delete);
    QVERIFY(running->isCancelled && !play.panel->isGenerating());
    QCOMPARE(play.text(), u"Helloabcd"_s);
}

void TestPlaygroundBranches::forkIsMarkedAndSaysWhy()
{
    Answered play;
    QCOMPARE(play.view->forkMark(), -1);
    play.view->setCurrentToken(2, true);
    play.panel->branch({'z', "z", 0.2});
    play.finish();
    QCOMPARE(play.view->forkMark(), 2);
    QVERIFY(play.view->summary().contains(u"Parts from another version at token 2."_s));
    const QPoint at = play.view->tokenRect(2).center().toPoint();
    QHelpEvent event(QEvent::ToolTip, at, play.view->viewport()->mapToGlobal(at));
    QApplication::sendEvent(play.view->viewport(), &event);
    QVERIFY2(QToolTip::text().contains(u"“z” in place of “c”."_s), qPrintable(QToolTip::text()));
    const QImage marked = play.view->grab().toImage();
    play.view->setForkMark(-1, {});
    QVERIFY(marked != play.view->grab().toImage());
    play.panel->showVersion(0);
    QCOMPARE(play.view->forkMark(), -1);
}

void TestPlaygroundBranches::commandHasTheTokens()
{
    Answered play;
    play.view->setCurrentToken(1, true);
    play.panel->branch({'z', "z", 0.2});
    play.finish();
    QVERIFY2(play.panel->command().contains(u"--answer-ids 97,122 "_s), qPrintable(play.panel->command()));
    play.panel->promptEditor()->setPlainText(u"Bye"_s); // Generate would do something else
    QVERIFY(!play.panel->command().contains(u"--answer-ids"_s));
}

void TestPlaygroundBranches::branchesSurviveARestart()
{
    Answered play;
    play.view->setCurrentToken(1, true);
    play.panel->branch({'z', "z", 0.2});
    Q_EMIT play.generation().tokens(tokensOf("x"));
    play.finish();
    PlaygroundPanel other(play.session);
    other.restoreJson(play.panel->sessionJson());
    QCOMPARE(other.numVersions(), 2);
    QCOMPARE(other.currentVersion(), 1);
    QCOMPARE(other.transcript()->copyText(), u"Helloazx"_s);
    QCOMPARE(other.transcript()->forkMark(), 1);
    QCOMPARE(other.versionView()->model()->row(1).depth, 1);
    other.transcript()->setCurrentToken(2, true);
    other.branch({'z', "z", 0.2});
    QCOMPARE(play.request().answerIds, (Ids{'a', 'z', 'z'}));
    QCOMPARE(play.session.generations.back().model, u"code@8000"_s);
    QVERIFY(!other.restoreJson(u"{\"format\":\"chat\"}"_s)); // no session: as it was
    QVERIFY(other.isGenerating());
}

void TestPlaygroundBranches::theOldestVersionsAreForgotten()
{
    Answered play("first");
    for (int i = 0; i < 50; ++i) {
        play.panel->regenerate();
        Q_EMIT play.generation().tokens(tokensOf("x"));
        play.finish();
    }
    QCOMPARE(play.panel->numVersions(), 50);
    QCOMPARE(play.panel->currentVersion(), 49);
    play.panel->showVersion(0);
    QCOMPARE(play.text(), u"Hellox"_s);
}

void TestPlaygroundBranches::longNamesOfModelsEndInAnEllipsis()
{
    Setup setup;
    const QString name = u"a-run-with-a-very-long-name-that-a-script-made-2026-11-23-lr-0.001-seed-1337"_s;
    setup.session.checkpoints[name] = setup.session.checkpoints[u"code"_s];
    setup.session.runList = {fakeRun(name.toStdString())};
    Q_EMIT setup.session.runsChanged();
    setup.panel->setModel(name);
    setup.panel->resize(420, 600);
    QComboBox *box = setup.panel->chooser()->runBox();
    QCoreApplication::processEvents();
    QHelpEvent event(QEvent::ToolTip, box->rect().center(), box->mapToGlobal(box->rect().center()));
    QApplication::sendEvent(box, &event);
    QVERIFY2(QToolTip::text().contains(box->currentText()), qPrintable(QToolTip::text()));
    QVERIFY(box->currentText().contains(u"very-long-name"_s));
}

void TestPlaygroundBranches::aModelIsFoundAmongHundreds()
{
    Setup setup;
    std::vector<RunStatus> runs;
    for (int i = 0; i < 500; ++i) {
        RunStatus run = fakeRun("run-" + std::to_string(i), RunState::Finished, 1000 + i);
        if (i % 10 == 3) run.labels.tags = {"base line"};
        run.labels.isArchived = i % 2 == 0;
        runs.push_back(run);
    }
    setup.session.setRuns(runs);
    auto *box = qobject_cast<FilterComboBox *>(setup.panel->chooser()->runBox());
    QVERIFY(box);
    QCOMPARE(box->count(), 250); // without those of the archive
    QCOMPARE(box->itemText(0), u"run-499"_s);
    box->setFocus();
    QTest::keyClick(box, Qt::Key_B); // typing opens it
    QVERIFY(box->popup());
    const auto rows = [box] { return box->popup()->list()->model()->rowCount(); };
    QCOMPARE(box->popup()->line()->text(), u"b"_s);
    QCOMPARE(rows(), 50);
    QVERIFY(box->popup()->list()->model()->index(0, 0).data().toString().endsWith(u"base line"_s));
    QTest::keyClicks(box->popup()->line(), u"ase 41"_s); // words in any order, of name and tags
    QCOMPARE(rows(), 1);
    QTest::keyClick(box->popup()->line(), Qt::Key_Return);
    QVERIFY(!box->popup() || !box->popup()->isVisible());
    QCOMPARE(setup.panel->model(), u"run-413"_s);
    // What is talked to stays, also when it is put into the archive or was chosen there.
    runs[413].labels.isArchived = true;
    setup.session.setRuns(runs);
    QCOMPARE(setup.panel->model(), u"run-413"_s);
    setup.panel->setModel(u"run-0"_s);
    QCOMPARE(setup.panel->model(), u"run-0"_s);
    setup.session.setRuns(runs);
    QCOMPARE(box->findData(u"run-413"_s), -1); // nobody talks to it any more
    // An open list stays as it is while runs report, and says when nothing is left.
    box->showPopup();
    typeText(box->popup()->line(), u"nothing-like-it"_s);
    QVERIFY(child<QWidget>(box->popup(), "filterNone")->isVisible());
    runs[1].step += 5;
    setup.session.setRuns(runs);
    QCOMPARE(box->popup()->line()->text(), u"nothing-like-it"_s);
    QTest::keyClick(box->popup()->line(), Qt::Key_Escape);
    QVERIFY(!box->popup() || !box->popup()->isVisible());
    QCOMPARE(setup.panel->model(), u"run-0"_s);
}

ORRERY_GUI_TEST_MAIN(TestPlaygroundBranches)
#include "tst_playground_branches.moc"
