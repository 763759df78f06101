// SPDX-License-Identifier: GPL-3.0-or-later
// Versions of answers in a conversation, each with what followed it.
#include "play_setup.h"

#include "widgets/play/branching.h"
#include "widgets/play/old_draft.h"
#include "widgets/play/session_file.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/version_tree.h"
#include "widgets/play/version_view.h"

#include <QAbstractItemModelTester>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QListView>
#include <QMenu>
#include <QToolButton>
#include <QToolTip>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

using Ids = std::vector<int32_t>;

VersionPtr answerOf(const std::string &text)
{
    auto version = std::make_shared<GenerationVersion>();
    version->modelTitle = u"code"_s;
    version->isAnswer = true;
    version->tokens = tokensOf(text);
    return version;
}

/// "a>b c>d"
QString said(const ConversationModel &model)
{
    QString text;
    for (int row = 0; row < model.numTurns(); ++row)
        text += (row == 0       ? QString()
                 : row % 2 == 1 ? u">"_s
                                : u" "_s) +
                QString::fromStdString(model.turn(row).text());
    return text;
}

struct Model : ConversationModel {
    Model() : tester(this, QAbstractItemModelTester::FailureReportingMode::QtTest)
    {
        ask({"a"}, answerOf("b"));
        ask({"c"}, answerOf("d"));
    }
    QAbstractItemModelTester tester;
};

struct Talk : Setup {
    Talk()
    {
        panel->setMode(PlayMode::Converse);
        view = panel->conversation()->view();
        exchange(u"one"_s, "abc");
        exchange(u"two"_s, "def");
    }
    void exchange(const QString &text, const std::string &answer)
    {
        panel->messageEditor()->setPlainText(text);
        panel->generate();
        reply(answer);
    }
    void reply(const std::string &text)
    {
        Q_EMIT generation().tokens(tokensOf(text));
        Q_EMIT generation().finished(summaryOf(FinishReason::EndOfTurn));
    }
    [[nodiscard]] QString text() const { return said(*panel->conversation()->model()); }
    [[nodiscard]] const GenerateRequest &request() const { return session.generations.back().request; }
    ConversationView *view;
};

} // namespace

class TestConversationTree : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void eachVersionKeepsWhatFollowed();
    void treesStandWithinTrees();
    void branchingIsUndone();
    void deletingAVersionIsUndone();
    void theOnlyVersionStays();
    void endsWithoutFollowersAreNoSteps();
    void failedBranchesAreReplaced();
    void branchesAnEarlierAnswer();
    void goesThroughVersionsOfTheCurrentTurn();
    void theNextTurnGoesOnFromTheShownVersion();
    void againRepeatsABranchWhileItsStepIsTheNewest();
    void forkOfAnAnswerSaysWhy();
    void tokensOfAllAnswersSurvive();
    void whatFollowedOtherVersionsSurvives();
    void changedOldDraftsFallBackToText();
};

void TestConversationTree::eachVersionKeepsWhatFollowed()
{
    Model model;
    model.addVersion(1, answerOf("x"));
    QCOMPARE(said(model), u"a>x"_s);
    QCOMPARE(model.turn(1).versions.size(), size_t{2});
    model.ask({"e"}, answerOf("f"));
    QCOMPARE(said(model), u"a>x e>f"_s);
    model.showVersion(1, 0);
    QCOMPARE(said(model), u"a>b c>d"_s);
    model.showVersion(1, 1);
    QCOMPARE(said(model), u"a>x e>f"_s);
    const auto messages = model.messagesBefore(model.numTurns());
    QCOMPARE(messages[1].content, std::string("x"));
}

void TestConversationTree::treesStandWithinTrees()
{
    Model model;
    model.addVersion(3, answerOf("y"));
    model.ask({"g"}, answerOf("h"));
    model.addVersion(1, answerOf("x"));
    model.showVersion(1, 0);
    QCOMPARE(said(model), u"a>b c>y g>h"_s);
    model.showVersion(3, 0);
    QCOMPARE(said(model), u"a>b c>d"_s);
    model.showVersion(1, 1);
    model.showVersion(1, 0);
    QCOMPARE(said(model), u"a>b c>d"_s); // as it was left
    model.showVersion(3, 1);
    QCOMPARE(said(model), u"a>b c>y g>h"_s);
}

void TestConversationTree::branchingIsUndone()
{
    Model model;
    model.addVersion(1, answerOf("x"));
    model.ask({"e"}, answerOf("f"));
    QCOMPARE(model.undoText(), u"sending"_s);
    model.undo();
    QCOMPARE(said(model), u"a>x"_s);
    QCOMPARE(model.undoText(), u"showing another version of turn 2"_s);
    model.undo();
    QCOMPARE(said(model), u"a>b c>d"_s);
    QCOMPARE(model.turn(1).versions.size(), size_t{2}); // it is kept
    model.redo();
    model.redo();
    QCOMPARE(said(model), u"a>x e>f"_s);
    model.undo();
    model.undo();
    model.undo(); // of before the branch
    QCOMPARE(said(model), u"a>b"_s);
}

void TestConversationTree::deletingAVersionIsUndone()
{
    Model model;
    model.addVersion(1, answerOf("x"));
    model.ask({"e"}, answerOf("f"));
    model.removeVersion(1, 1);
    QCOMPARE(said(model), u"a>b c>d"_s);
    QCOMPARE(model.undoText(), u"deleting version 2 of turn 2"_s);
    model.undo();
    QCOMPARE(said(model), u"a>x e>f"_s);
    QCOMPARE(model.turn(1).shown, 1);
    model.removeVersion(1, 0); // one that is not shown
    QCOMPARE(said(model), u"a>x e>f"_s);
    QCOMPARE(model.turn(1).shown, 0);
    model.undo();
    QCOMPARE(model.turn(1).shown, 1);
    model.showVersion(1, 0);
    QCOMPARE(said(model), u"a>b c>d"_s);
}

void TestConversationTree::theOnlyVersionStays()
{
    Model model;
    const QString undo = model.undoText();
    model.removeVersion(1, 0);
    model.removeVersion(1, 5);
    model.removeVersion(9, 0);
    QCOMPARE(said(model), u"a>b c>d"_s);
    QCOMPARE(model.undoText(), undo);
}

void TestConversationTree::endsWithoutFollowersAreNoSteps()
{
    Model model;
    model.addVersion(3, answerOf("y"));
    model.showVersion(3, 0);
    QCOMPARE(model.undoText(), u"sending"_s); // both are kept: nothing to undo
}

void TestConversationTree::failedBranchesAreReplaced()
{
    Model model;
    const VersionPtr parent = model.turn(3).version();
    const VersionPtr failed = branchedVersion(parent, 0, {'z', "z", 0.2}, {});
    failed->error = Error{ErrorCode::Unavailable, "Cannot generate: gone.", ""};
    model.addVersion(3, failed);
    model.addVersion(3, answerOf("y"));
    QCOMPARE(model.turn(3).versions.size(), size_t{2});
    QCOMPARE(said(model), u"a>b c>y"_s);
}

void TestConversationTree::branchesAnEarlierAnswer()
{
    Talk talk;
    talk.view->setCurrentToken(1, 1, true);
    talk.panel->branch({'z', "z", 0.2});
    QCOMPARE(talk.request().messages.size(), size_t{1}); // what that answer goes on from
    QCOMPARE(talk.request().answerIds, (Ids{'a', 'z'}));
    QCOMPARE(talk.text(), u"one>az"_s);
    talk.reply("q");
    QCOMPARE(talk.text(), u"one>azq"_s);
    QVERIFY(talk.panel->versionView()->isVisible());
    QTest::keyClick(talk.panel->versionView()->list(), Qt::Key_Up);
    QCOMPARE(talk.text(), u"one>abc two>def"_s);
    talk.panel->conversation()->undo();
    QCOMPARE(talk.text(), u"one>azq"_s);
}

void TestConversationTree::goesThroughVersionsOfTheCurrentTurn()
{
    Talk talk;
    talk.view->setCurrentToken(1, 1, true);
    talk.panel->branch({'z', "z", 0.2});
    talk.reply("q");
    talk.exchange(u"more"_s, "r");
    QVERIFY(!talk.panel->versionView()->isVisible()); // the last answer has one version
    talk.view->setCurrentTurn(1);
    QCOMPARE(talk.panel->versionView()->model()->rowCount(), 2);
    child<QToolButton>(talk.panel.get(), "earlierVersion")->click();
    QCOMPARE(talk.text(), u"one>abc two>def"_s);
    QCOMPARE(talk.panel->versionView()->model()->rowCount(), 2); // still those of that turn
    child<QToolButton>(talk.panel.get(), "laterVersion")->click();
    QCOMPARE(talk.text(), u"one>azq more>r"_s);
    talk.exchange(u"last"_s, "s");
    QVERIFY(!talk.panel->versionView()->isVisible()); // what was just said is looked at
}

void TestConversationTree::theNextTurnGoesOnFromTheShownVersion()
{
    Talk talk;
    talk.view->setCurrentToken(3, 0, true);
    talk.panel->goOnFromHere();
    QCOMPARE(talk.request().messages.size(), size_t{3});
    QCOMPARE(talk.request().answerIds, (Ids{'d'}));
    talk.reply("p");
    talk.exchange(u"three"_s, "g");
    QCOMPARE(talk.request().messages[3].content, std::string("dp"));
    QCOMPARE(talk.text(), u"one>abc two>dp three>g"_s);
}

void TestConversationTree::againRepeatsABranchWhileItsStepIsTheNewest()
{
    Talk talk;
    talk.saveCheckpoint(12'000);
    talk.panel->messageEditor()->setPlainText(u"three"_s);
    talk.panel->generate();
    Q_EMIT talk.generation().modelLoaded({u"code@12000"_s, 12'000, 7'100'000, 128, {}});
    talk.reply("ghi");
    talk.view->setCurrentToken(5, 1, true);
    talk.panel->branch({'z', "z", 0.2});
    QCOMPARE(talk.session.generations.back().model, u"code@12000"_s);
    talk.reply("p");
    talk.panel->regenerate();
    QCOMPARE(talk.session.generations.back().model, u"code@12000"_s);
    QCOMPARE(talk.request().answerIds, (Ids{'g', 'z'}));
    talk.reply("q");
    talk.saveCheckpoint(16'000); // the chosen model is another one now: it answers for itself
    talk.panel->regenerate();
    QCOMPARE(talk.session.generations.back().model, u"code"_s);
    QVERIFY(talk.request().answerIds.empty());
}

void TestConversationTree::forkOfAnAnswerSaysWhy()
{
    Talk talk;
    talk.view->setCurrentToken(3, 1, true);
    talk.panel->branch({'z', "z", 0.2});
    talk.reply("p");
    const QPoint at = talk.view->tokenRect(3, 1).center().toPoint();
    QHelpEvent event(QEvent::ToolTip, at, talk.view->viewport()->mapToGlobal(at));
    QApplication::sendEvent(talk.view->viewport(), &event);
    QVERIFY2(QToolTip::text().contains(u"“z” in place of “e”."_s), qPrintable(QToolTip::text()));
    QContextMenuEvent menu(QContextMenuEvent::Mouse, at, talk.view->viewport()->mapToGlobal(at));
    QApplication::sendEvent(talk.view->viewport(), &menu);
    auto *branches = talk.view->findChild<QMenu *>(u"branchMenu"_s);
    QVERIFY(branches);
    QCOMPARE(branches->actions()[0]->text(), u"“e”   0.430"_s); // "z" stands there now
}

void TestConversationTree::tokensOfAllAnswersSurvive()
{
    Talk talk;
    talk.view->setCurrentToken(3, 1, true);
    talk.panel->branch({'z', "z", 0.2});
    talk.reply("p");
    PlaygroundPanel other(talk.session);
    other.restoreJson(talk.panel->sessionJson());
    const ConversationModel *model = other.conversation()->model();
    QCOMPARE(said(*model), u"one>abc two>dzp"_s);
    QCOMPARE(model->turn(3).versions.size(), size_t{2});
    QCOMPARE(model->turn(3).version()->tokens.size(), size_t{3});
    QVERIFY(model->turn(3).version()->parent.lock() == model->turn(3).versions[0]);
    QCOMPARE(model->turn(1).version()->tokens.size(), size_t{3}); // of earlier ones, too
    other.conversation()->view()->setCurrentToken(3, 2, true);
    other.branch({'z', "z", 0.2});
    QCOMPARE(talk.request().messages.size(), size_t{3});
    QCOMPARE(talk.request().answerIds, (Ids{'d', 'z', 'z'}));
}

void TestConversationTree::whatFollowedOtherVersionsSurvives()
{
    Model model;
    model.addVersion(3, answerOf("y"));
    model.ask({"g"}, answerOf("h"));
    model.addVersion(1, answerOf("x"));
    model.ask({"e"}, answerOf("f"));
    SessionState state;
    state.turns = model.turns();
    Result<SessionContent> content = readSessionJson(sessionJson(sessionSnapshot(state)), u"a.json"_s);
    QVERIFY(content.ok());
    Model other;
    other.restore(sessionState(std::move(*content)).turns);
    QCOMPARE(said(other), u"a>x e>f"_s);
    other.showVersion(1, 0);
    QCOMPARE(said(other), u"a>b c>y g>h"_s);
    other.showVersion(3, 0);
    QCOMPARE(said(other), u"a>b c>d"_s);
    other.showVersion(1, 1);
    QCOMPARE(said(other), u"a>x e>f"_s);
}

void TestConversationTree::changedOldDraftsFallBackToText()
{
    const auto turnsOf = [](const char *content) {
        const QByteArray json = QByteArray(R"({"turns":[{"role":"user","content":"a"},{"role":"assistant","content":")") + content +
                                R"(","version_tokens":[{"tokens":[[98,"b",0.5,1]]}]}]})";
        return oldDraftTurns(QJsonDocument::fromJson(json).object());
    };
    QCOMPARE(turnsOf("b").back()->version()->tokens.size(), size_t{1});
    const auto edited = turnsOf("edited"); // by hand: its tokens are of another text
    QCOMPARE(edited.back()->text(), std::string("edited"));
    QVERIFY(edited.back()->version()->tokens.empty());
}

ORRERY_GUI_TEST_MAIN(TestConversationTree)
#include "tst_conversation_tree.moc"
