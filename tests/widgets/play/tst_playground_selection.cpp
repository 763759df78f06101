// SPDX-License-Identifier: GPL-3.0-or-later
// The playground and what the whole window looks at.
#include "play_setup.h"

#include "widgets/play/candidate_view.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/token_view.h"
#include "widgets/session/selection.h"

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
    Selection selection;
};

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

ORRERY_GUI_TEST_MAIN(TestPlaygroundSelection)
#include "tst_playground_selection.moc"
