// SPDX-License-Identifier: GPL-3.0-or-later
// The playground and what the whole window looks at.
#include "play_setup.h"

#include "widgets/play/candidate_view.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/manual_sampler.h"
#include "widgets/play/token_view.h"
#include "widgets/play/version_view.h"
#include "widgets/session/selection.h"

#include <QCheckBox>
#include <QSignalSpy>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

using Ids = std::vector<int32_t>;

struct Looking : Setup {
    Looking() { panel->setSelection(&selection); }
    void answer(const std::string &text)
    {
        Q_EMIT generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
        Q_EMIT generation().tokens(tokensOf(text));
        Q_EMIT generation().finished(summaryOf(FinishReason::MaxTokens)); // a prompt of 12 tokens
    }
    void say(const QString &text)
    {
        panel->setMode(PlayMode::Converse);
        panel->messageEditor()->setPlainText(text);
        panel->generate();
    }
    Focus lock(int token)
    {
        panel->transcript()->setCurrentToken(token, true);
        return selection.focus();
    }
    Focus lockTurn(int row, int token)
    {
        panel->conversation()->view()->setCurrentToken(row, token, true);
        return selection.focus();
    }
    [[nodiscard]] const GenerateRequest &request() const { return session.generations.back().request; }
    /// "Cannot branch …"; empty: it was branched.
    QString refusal(const Focus &focus)
    {
        const size_t numBefore = session.generations.size();
        const Result<void> branched = panel->branch(focus, {'z', "z", 0.2});
        if (branched) return {};
        if (session.generations.size() != numBefore) return u"refused, and asked all the same"_s;
        return QString::fromStdString(branched.error().message);
    }
    Selection selection;
};

std::string systemOf(const Focus &focus)
{
    return focus.text->messages.empty() ? std::string() : focus.text->messages[0].content;
}

} // namespace

class TestPlaygroundSelection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void lockingATokenIsSeenEverywhere();
    void hoveringIsNot();
    void runningAnswersAreToldAsFarAsTheToken();
    void conversationsHaveTheirTurns();
    void anotherPanelsTokenIsLocked();
    void otherTextsAreLeftAlone();
    void lookInsideAsksForThePanels();
    void outlivesItsSelection();
    void branchesWhereTheFocusIs();
    void branchesARunningAnswerWhereItWasLocked();
    void runningAnswersAreCountedWhenTheyHaveEnded();
    void branchesATurnThatIsNotShown();
    void whatIsNoTokenOfAnAnswerIsNotBranched();
    void aVersionThatIsGoneIsNotBranched();
    void answersKeepWhatTheyWereAsked();
    void answersFromBeforeAreToldAsFarAsTheToken();
    void tokensThatWereTakenBackAreForgotten();
};

void TestPlaygroundSelection::lockingATokenIsSeenEverywhere()
{
    Looking play;
    play.panel->generate();
    play.answer("abcd");
    QSignalSpy history(&play.selection, &Selection::historyChanged);
    play.panel->transcript()->setCurrentToken(2, true);
    const Focus first = play.selection.focus();
    QCOMPARE(first.model, u"code@8000"_s); // the step that was loaded, not "the newest"
    QCOMPARE(first.title, u"Answer 1"_s);
    QCOMPARE(first.text->prompt, std::string("Hello"));
    QCOMPARE(first.text->answerIds, (Ids{'a', 'b', 'c', 'd'}));
    QCOMPARE(first.token, int64_t{12 + 2 - 1}); // the one that looks: before token 2
    QCOMPARE(history.count(), 1);
    play.selection.move(first.token, HeadRef{1, 0}, nullptr);
    play.panel->transcript()->setCurrentToken(3, true);
    QVERIFY(play.selection.focus().isSameText(first)); // the same object
    QCOMPARE(play.selection.focus().token, int64_t{14});
    QVERIFY(play.selection.focus().head.has_value()); // the head stays
    QCOMPARE(history.count(), 1);                     // no step to go back to
}

void TestPlaygroundSelection::hoveringIsNot()
{
    Looking play;
    play.panel->generate();
    play.answer("abcd");
    play.panel->transcript()->setCurrentToken(2, false);
    QVERIFY(play.selection.focus().isEmpty());
}

void TestPlaygroundSelection::runningAnswersAreToldAsFarAsTheToken()
{
    Looking play;
    play.panel->generate();
    Q_EMIT play.generation().tokens(tokensOf("abc"));
    play.panel->transcript()->setCurrentToken(2, true);
    QCOMPARE(play.selection.focus().text->answerIds, (Ids{'a', 'b'}));
    QCOMPARE(play.selection.focus().token, int64_t{-1}); // the last one read
    QCOMPARE(play.selection.focus().model, u"code"_s);
}

void TestPlaygroundSelection::conversationsHaveTheirTurns()
{
    Looking play;
    play.panel->setMode(PlayMode::Converse);
    play.panel->messageEditor()->setPlainText(u"hi"_s);
    play.panel->generate();
    play.answer("abc");
    play.panel->messageEditor()->setPlainText(u"and"_s);
    play.panel->generate();
    play.answer("de");
    play.panel->conversation()->view()->setCurrentToken(1, 1, true);
    Focus focus = play.selection.focus();
    QCOMPARE(focus.title, u"Turn 2"_s);
    QCOMPARE(focus.text->messages.size(), size_t{1});
    QCOMPARE(focus.text->answerIds, (Ids{'a', 'b', 'c'}));
    QCOMPARE(focus.token, int64_t{12});
    play.panel->conversation()->view()->setCurrentToken(3, 0, true);
    focus = play.selection.focus();
    QCOMPARE(focus.text->messages.size(), size_t{3});
    QCOMPARE(focus.text->messages[1].content, std::string("abc"));
    QVERIFY(play.selection.canGoBack());
    play.selection.goBack();
    QCOMPARE(play.panel->conversation()->view()->tokenTurn(), 1); // back and forward are followed, too
    QCOMPARE(play.panel->conversation()->view()->currentToken(), 1);
}

void TestPlaygroundSelection::anotherPanelsTokenIsLocked()
{
    Looking play;
    play.panel->generate();
    play.answer("abcd");
    play.panel->transcript()->setCurrentToken(2, true);
    QSignalSpy changed(&play.selection, &Selection::changed);
    play.selection.move(11, std::nullopt, &play.session);
    QCOMPARE(play.panel->transcript()->currentToken(), 0);
    QVERIFY(play.panel->transcript()->isLocked());
    QCOMPARE(changed.count(), 1);                        // no echo
    play.selection.move(3, std::nullopt, &play.session); // within the prompt
    QCOMPARE(play.panel->transcript()->currentToken(), 0);
    play.selection.move(15, std::nullopt, &play.session); // behind the last one nothing was said
    QCOMPARE(play.panel->transcript()->currentToken(), 0);
}

void TestPlaygroundSelection::otherTextsAreLeftAlone()
{
    Looking play;
    play.panel->generate();
    play.answer("abcd");
    play.panel->transcript()->setCurrentToken(2, true);
    Focus other = play.selection.focus();
    other.text = std::make_shared<GenerateRequest>(*other.text);
    other.token = 11;
    play.selection.set(other, nullptr);
    QCOMPARE(play.panel->transcript()->currentToken(), 2);
}

void TestPlaygroundSelection::lookInsideAsksForThePanels()
{
    Looking play;
    QSignalSpy asked(play.panel.get(), &PlaygroundPanel::inspectRequested);
    play.panel->lookInside(); // nothing to look at
    QCOMPARE(asked.count(), 0);
    play.panel->generate();
    play.answer("abcd");
    play.panel->transcript()->setCurrentToken(1, false);
    play.panel->candidates()->lookInsideButton()->click();
    QCOMPARE(asked.count(), 1);
    QVERIFY(play.panel->transcript()->isLocked());
    QCOMPARE(play.selection.focus().token, int64_t{12});
    QVERIFY(QTest::qWaitForWindowActive(play.panel.get()));
    play.panel->transcript()->setCurrentToken(-1, false);
    QTest::keyClick(play.panel->promptEditor(), Qt::Key_I, Qt::ControlModifier);
    QCOMPARE(asked.count(), 2);
    QCOMPARE(play.selection.focus().token, int64_t{14}); // the last token
    QVERIFY(!play.panel->isInfill());
}

void TestPlaygroundSelection::outlivesItsSelection()
{
    Looking play;
    {
        Selection shorter;
        play.panel->setSelection(&shorter);
    }
    play.panel->generate();
    play.answer("ab");
    play.panel->transcript()->setCurrentToken(1, true);
    QVERIFY(play.panel->transcript()->isLocked());
}

void TestPlaygroundSelection::branchesWhereTheFocusIs()
{
    Looking play;
    play.panel->generate();
    play.answer("abcd");
    const Focus first = play.lock(2);
    play.panel->generate();
    play.answer("pqrs");
    play.lock(1);
    play.panel->setMode(PlayMode::Converse);
    QCOMPARE(play.refusal(first), QString());
    QCOMPARE(play.panel->mode(), PlayMode::Continue);
    QCOMPARE(play.request().answerIds, (Ids{'a', 'b', 'z'})); // not "pz"
    QCOMPARE(play.panel->numVersions(), 3);
    QCOMPARE(play.panel->currentVersion(), 2);
    QCOMPARE(play.panel->transcript()->copyText(), u"Helloabz"_s);
    play.answer("y");
    Focus other = first;
    other.token = 11; // behind it the answer begins
    QCOMPARE(play.refusal(other), QString());
    QCOMPARE(play.request().answerIds, (Ids{'z'}));
}

void TestPlaygroundSelection::branchesARunningAnswerWhereItWasLocked()
{
    Looking play;
    play.panel->generate();
    Q_EMIT play.generation().tokens(tokensOf("abcd"));
    const Focus first = play.lock(1), second = play.lock(3);
    QCOMPARE(play.lock(1), first); // the same text, as somebody still looks at it
    play.selection.goBack();
    QCOMPARE(play.panel->transcript()->currentToken(), 3); // older places are found again
    play.selection.set(first, nullptr);
    Focus counted = second; // as a panel tells that has counted
    counted.token = 14;
    QCOMPARE(play.refusal(counted), u"Cannot branch \"Answer 1\": place 14 cannot be told from its prompt, "
                                    "expected the end of what is read."_s);
    play.selection.set(second, nullptr); // now it is known to be the end that is looked at
    QCOMPARE(play.refusal(counted), QString());
    QCOMPARE(play.request().answerIds, (Ids{'a', 'b', 'c', 'z'}));
    play.answer("y");
    QCOMPARE(play.refusal(first), QString()); // its end, whatever is looked at now
    QCOMPARE(play.request().answerIds, (Ids{'a', 'z'}));
    play.answer("x");
}

void TestPlaygroundSelection::runningAnswersAreCountedWhenTheyHaveEnded()
{
    Looking play;
    play.panel->generate();
    Q_EMIT play.generation().tokens(tokensOf("abcd"));
    Focus focus = play.lock(2);
    Q_EMIT play.generation().finished(summaryOf(FinishReason::MaxTokens));
    focus.token = 12; // within what was read, which ends at 13
    play.selection.move(12, std::nullopt, nullptr);
    QCOMPARE(play.panel->transcript()->currentToken(), 1);
    QCOMPARE(play.refusal(focus), QString());
    QCOMPARE(play.request().answerIds, (Ids{'a', 'z'}));
}

void TestPlaygroundSelection::branchesATurnThatIsNotShown()
{
    Looking play;
    play.say(u"hi"_s);
    play.answer("abc");
    play.say(u"and"_s);
    play.answer("def");
    const Focus first = play.lockTurn(1, 1), behind = play.lockTurn(3, 2);
    QCOMPARE(play.refusal(first), QString());
    QCOMPARE(play.request().answerIds, (Ids{'a', 'z'}));
    play.answer("y");
    const ConversationModel *model = play.panel->conversation()->model();
    QCOMPARE(model->numTurns(), 2); // the others follow the version that is not shown
    play.panel->setMode(PlayMode::Continue);
    QCOMPARE(play.refusal(behind), QString());
    QCOMPARE(play.panel->mode(), PlayMode::Converse);
    QCOMPARE(model->numTurns(), 4);
    QCOMPARE(model->turn(1).text(), std::string("abc"));
    QCOMPARE(model->turn(3).versions.size(), size_t{2});
    QCOMPARE(play.request().answerIds, (Ids{'d', 'e', 'z'}));
    QCOMPARE(play.request().messages.size(), size_t{3});
    QCOMPARE(play.request().messages[1].content, std::string("abc"));
}

void TestPlaygroundSelection::whatIsNoTokenOfAnAnswerIsNotBranched()
{
    Looking play;
    play.panel->generate();
    play.answer("abcd");
    Focus focus = play.lock(2);
    focus.token = 10;
    QCOMPARE(play.refusal(focus), u"Cannot branch \"Answer 1\": place 10 is within the prompt, expected one "
                                  "before a token of the answer."_s);
    for (const int64_t token : {15, -1}) {
        focus.token = token;
        QCOMPARE(play.refusal(focus), u"Cannot branch \"Answer 1\": nothing was said behind its last token, "
                                      "expected a token there."_s);
    }
    QCOMPARE(play.panel->numVersions(), 1);
}

void TestPlaygroundSelection::aVersionThatIsGoneIsNotBranched()
{
    Looking play;
    play.panel->generate();
    play.answer("abcd");
    const Focus focus = play.lock(2);
    play.panel->generate();
    play.answer("pqrs");
    Q_EMIT play.panel->versionView()->removeRequested(0);
    const Result<void> branched = play.panel->branch(focus, {'z', "z", 0.2});
    QVERIFY(!branched.ok());
    QCOMPARE(branched.error().code, ErrorCode::NotFound);
    QCOMPARE(branched.error().message,
             std::string("Cannot branch \"Answer 1\": it is not among the answers any "
                         "more, expected one that is kept."));
    QCOMPARE(play.panel->numVersions(), 1);
    QVERIFY(!play.panel->branch(Focus{}, {'z', "z", 0.2}).ok());
}

void TestPlaygroundSelection::answersKeepWhatTheyWereAsked()
{
    Looking play;
    ConversationModel *model = play.panel->conversation()->model();
    play.say(u"hi"_s);
    play.answer("abc");
    play.say(u"and"_s);
    play.answer("def");
    model->setSystemText("be brief");
    Focus focus = play.lockTurn(2, 1);
    QCOMPARE(focus.text->messages.size(), size_t{1});
    QCOMPARE(systemOf(focus), std::string("hi")); // it was not told to be brief
    QCOMPARE(focus.token, int64_t{12});
    model->removeTurn(1);
    model->removeTurn(1);
    focus = play.lockTurn(2, 0);
    QCOMPARE(focus.text->messages.size(), size_t{3});
    QCOMPARE(focus.text->messages[1].content, std::string("abc"));
    QCOMPARE(play.refusal(focus), QString());
    QCOMPARE(play.request().messages.size(), size_t{2}); // what is asked now is what stands there now
    QCOMPARE(play.request().messages[0].content, std::string("be brief"));
    play.answer("g");
    QCOMPARE(systemOf(play.lockTurn(2, 1)), std::string("be brief"));
}

void TestPlaygroundSelection::answersFromBeforeAreToldAsFarAsTheToken()
{
    Looking before;
    before.say(u"hi"_s);
    before.answer("abc");
    Looking play;
    play.panel->restoreJson(before.panel->sessionJson());
    Focus focus = play.lockTurn(1, 1);
    QCOMPARE(focus.text->answerIds,
             (Ids{'a'})); // the turns before may have changed, and their number with them
    QCOMPARE(focus.token, int64_t{-1});
    play.panel->conversation()->model()->setSystemText("be brief");
    QCOMPARE(systemOf(play.lockTurn(2, 1)), std::string("be brief"));
    QCOMPARE(play.refusal(focus), QString());
    QCOMPARE(play.request().answerIds, (Ids{'a', 'z'}));
}

void TestPlaygroundSelection::tokensThatWereTakenBackAreForgotten()
{
    Looking play;
    const auto propose = [&play] {
        GeneratedToken token = tokensOf("e")[0];
        for (const char byte : {'a', 'b', 'c'})
            token.alternatives.push_back({byte, std::string(1, byte), 0.1});
        const QPointer<FakeGeneration> handle = play.session.generations.back().handle;
        Q_EMIT handle->tokens({token});
        Q_EMIT handle->finished(summaryOf(FinishReason::MaxTokens));
    };
    const auto pick = [&](char byte) {
        propose();
        play.panel->manual()->pick({byte, std::string(1, byte), 0.1});
    };
    child<QCheckBox>(play.panel.get(), "chooseTokens")->setChecked(true);
    play.panel->generate();
    pick('a');
    pick('b');
    const Focus before = play.lock(1);
    QCOMPARE(before.text->answerIds, (Ids{'a'}));
    play.panel->manual()->takeBack();
    play.panel->manual()->takeBack();
    play.panel->manual()->pick({'c', "c", 0.1});
    pick('a');
    QCOMPARE(play.lock(1).text->answerIds, (Ids{'c'}));
    QCOMPARE(play.refusal(before),
             u"Cannot branch \"Answer 1\": it is not among the answers any more, expected "
             "one that is kept."_s);
}

ORRERY_GUI_TEST_MAIN(TestPlaygroundSelection)
#include "tst_playground_selection.moc"
