// SPDX-License-Identifier: GPL-3.0-or-later
// Answers that a person chooses token by token.
#include "play_setup.h"

#include "widgets/common/banner.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/play/candidate_model.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/manual_sampler.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"

#include <QCheckBox>
#include <QListView>
#include <QPushButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

using Ids = std::vector<int32_t>;

GeneratedToken proposalOf(const std::string &candidates)
{
    GeneratedToken token;
    double probability = 0.5;
    for (const char byte : candidates) {
        token.alternatives.push_back({byte, std::string(1, byte), probability});
        probability /= 2;
    }
    token.id = candidates.back(); // what was drawn: nobody takes it
    token.bytes = candidates.back();
    token.probability = token.alternatives.back().probability;
    token.entropy = 0.77;
    return token;
}

struct Choosing : Setup {
    Choosing() { child<QCheckBox>(panel.get(), "chooseTokens")->setChecked(true); }
    void propose(const std::string &candidates)
    {
        const QPointer<FakeGeneration> handle = session.generations.back().handle;
        Q_EMIT handle->tokens({proposalOf(candidates)});
        Q_EMIT handle->finished(summaryOf(FinishReason::MaxTokens));
    }
    [[nodiscard]] const GenerateRequest &request() const { return session.generations.back().request; }
    [[nodiscard]] QString text() const { return panel->transcript()->copyText(); }
    [[nodiscard]] CandidateView *candidates() const { return panel->candidates(); }
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {})
    {
        QTest::keyClick(candidates()->list(), key, modifiers);
    }
};

} // namespace

class TestManualSampling : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void modelProposesAndAPersonTakes();
    void allTokensAreOfOneStep();
    void keysPick();
    void takesBackWithoutAsking();
    void aLateAnswerToATakenBackTokenIsLeft();
    void letsTheModelGoOn();
    void escapeAndStopEnd();
    void switchingTheModeOffEnds();
    void anEndEndsTheAnswer();
    void asksAgainWhereTheDrawEndedTheText();
    void givesUpWithAReason();
    void engineErrorsStandInTheBanner();
    void branchesAreChosenToo();
    void answersOfAConversationAreChosen();
    void aDeletedTurnEndsTheChoosing();
    void modeSurvivesARestart();
};

void TestManualSampling::modelProposesAndAPersonTakes()
{
    Choosing play;
    play.panel->generate();
    QVERIFY(play.panel->isChoosing() && !play.panel->isGenerating());
    QCOMPARE(play.request().sampling.maxTokens, int64_t{1});
    QVERIFY(play.request().sampling.numAlternatives >= 20);
    QVERIFY(play.request().answerIds.empty());
    QCOMPARE(play.candidates()->title(), u"Choose token 0"_s);
    QCOMPARE(play.candidates()->model()->rowCount(), 0); // the model is asked
    play.propose("abc");
    QCOMPARE(play.text(), u"Hello"_s); // what was drawn is not taken
    QCOMPARE(play.candidates()->model()->rowCount(), 3);
    QCOMPARE(play.candidates()->numbers()->value(u"Entropy"_s), u"0.770 nats"_s);
    for (int row = 0; row < 3; ++row)
        QVERIFY(!play.candidates()->model()->index(row).data(CandidateModel::IsTakenRole).toBool());
    QListView *list = play.candidates()->list();
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {},
                      list->visualRect(list->model()->index(1, 0)).center());
    QCOMPARE(play.text(), u"Hellob"_s);
    QCOMPARE(play.request().answerIds, (Ids{'b'}));
    QCOMPARE(play.request().prompt, std::string("Hello"));
    QCOMPARE(play.panel->numVersions(), 1); // a choice is no new version
    QVERIFY(play.panel->statusText().contains(u"1 token chosen"_s));
    play.propose("xy");
    play.panel->transcript()->setCurrentToken(0, false); // a token is looked at meanwhile
    QCOMPARE(play.candidates()->numbers()->value(u"Probability"_s), u"0.250"_s);
    play.panel->transcript()->setCurrentToken(-1, false);
    QCOMPARE(play.candidates()->title(), u"Choose token 1"_s);
}

void TestManualSampling::allTokensAreOfOneStep()
{
    Choosing play;
    play.panel->generate();
    QCOMPARE(play.session.generations.back().model, u"code"_s); // "the newest step", and it moves on:
    Q_EMIT play.generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
    play.propose("abc");
    play.saveCheckpoint(12'000);
    play.key(Qt::Key_1);
    QCOMPARE(play.session.generations.back().model, u"code@8000"_s);
    play.propose("abc");
    play.key(Qt::Key_Return, Qt::ShiftModifier); // lets the model go on
    QVERIFY(play.panel->isGenerating());
    QCOMPARE(play.session.generations.back().model, u"code@8000"_s);
}

void TestManualSampling::keysPick()
{
    Choosing play;
    play.panel->generate();
    play.propose("abc");
    play.key(Qt::Key_Return); // the likeliest is the current one
    QCOMPARE(play.request().answerIds, (Ids{'a'}));
    play.key(Qt::Key_Return); // nothing to take yet
    QCOMPARE(play.request().answerIds, (Ids{'a'}));
    play.propose("abc");
    play.key(Qt::Key_3);
    QCOMPARE(play.request().answerIds, (Ids{'a', 'c'}));
    play.propose("abc");
    play.key(Qt::Key_Down);
    play.key(Qt::Key_Enter, Qt::KeypadModifier);
    QCOMPARE(play.request().answerIds, (Ids{'a', 'c', 'b'}));
    play.propose("abc");
    play.key(Qt::Key_9); // there are three
    QCOMPARE(play.text(), u"Helloacb"_s);
}

void TestManualSampling::takesBackWithoutAsking()
{
    Choosing play;
    play.panel->generate();
    play.propose("abc");
    play.key(Qt::Key_2);
    play.propose("xyz");
    play.key(Qt::Key_1);
    play.propose("pq");
    const size_t numAsked = play.session.generations.size();
    play.key(Qt::Key_Backspace);
    QCOMPARE(play.text(), u"Hellob"_s);
    QCOMPARE(play.candidates()->model()->rowCount(), 3);
    QCOMPARE(play.candidates()->model()->alternative(1).bytes, std::string("y"));
    QCOMPARE(play.session.generations.size(), numAsked);
    play.key(Qt::Key_Backspace);
    play.key(Qt::Key_Backspace); // there is none any more
    QCOMPARE(play.text(), u"Hello"_s);
    play.key(Qt::Key_3);
    QCOMPARE(play.request().answerIds, (Ids{'c'}));
}

void TestManualSampling::aLateAnswerToATakenBackTokenIsLeft()
{
    Choosing play;
    play.panel->generate();
    play.propose("abc");
    play.key(Qt::Key_1);
    const QPointer<FakeGeneration> late = play.session.generations.back().handle;
    play.key(Qt::Key_Backspace); // while the model is asked
    QVERIFY(late->isCancelled);
    Q_EMIT late->tokens({proposalOf("pq")});
    Q_EMIT late->finished(summaryOf(FinishReason::MaxTokens));
    QCOMPARE(play.candidates()->model()->rowCount(), 3);
    QCOMPARE(play.candidates()->model()->alternative(0).bytes, std::string("a"));
}

void TestManualSampling::letsTheModelGoOn()
{
    Choosing play;
    play.panel->generate();
    play.propose("abc");
    play.key(Qt::Key_2);
    play.propose("xy");
    auto *generate = child<QPushButton>(play.panel.get(), "generate");
    QCOMPARE(generate->text(), u"Let it go on"_s);
    play.key(Qt::Key_Return, Qt::ShiftModifier);
    QVERIFY(play.panel->isGenerating() && !play.panel->isChoosing());
    QCOMPARE(play.request().answerIds, (Ids{'b'}));
    QCOMPARE(play.request().sampling.maxTokens, play.panel->sampling()->settings().maxTokens);
    Q_EMIT play.generation().tokens(tokensOf("def"));
    Q_EMIT play.generation().finished(summaryOf(FinishReason::MaxTokens));
    QCOMPARE(play.text(), u"Hellobdef"_s);
    QCOMPARE(play.panel->numVersions(), 1);
    QVERIFY2(play.panel->statusText().contains(u"4 tokens  ·  3 generated"_s),
             qPrintable(play.panel->statusText()));
}

void TestManualSampling::escapeAndStopEnd()
{
    Choosing play;
    QVERIFY(QTest::qWaitForWindowActive(play.panel.get()));
    play.panel->generate();
    play.propose("abc");
    play.key(Qt::Key_2);
    play.propose("abc");
    play.key(Qt::Key_Escape);
    QVERIFY(!play.panel->isChoosing());
    QCOMPARE(play.text(), u"Hellob"_s);
    QCOMPARE(play.candidates()->model()->rowCount(), 0);
    play.panel->generate();
    QVERIFY(play.panel->isChoosing());
    child<QPushButton>(play.panel.get(), "stopGeneration")->click();
    QVERIFY(!play.panel->isChoosing());
    QVERIFY(play.generation().isCancelled);
}

void TestManualSampling::switchingTheModeOffEnds()
{
    Choosing play;
    play.panel->generate();
    play.propose("abc");
    child<QCheckBox>(play.panel.get(), "chooseTokens")->setChecked(false);
    QVERIFY(!play.panel->isChoosing());
    play.panel->generate();
    QVERIFY(play.panel->isGenerating());
    QVERIFY(play.request().sampling.maxTokens > 1);
}

void TestManualSampling::anEndEndsTheAnswer()
{
    Choosing play;
    play.panel->generate();
    GeneratedToken proposal = proposalOf("ab");
    proposal.alternatives.push_back({256, "<|end_of_text|>", 0.1});
    Q_EMIT play.generation().tokens({proposal});
    Q_EMIT play.generation().finished(summaryOf(FinishReason::MaxTokens));
    play.key(Qt::Key_3);
    QVERIFY(!play.panel->isChoosing());
    QCOMPARE(play.session.generations.size(), size_t{1});
    QCOMPARE(play.text(), u"Hello"_s);
    QVERIFY(play.panel->statusText().endsWith(u"the model ended the text"_s));
}

void TestManualSampling::asksAgainWhereTheDrawEndedTheText()
{
    Choosing play;
    play.panel->generate();
    const uint64_t seed = play.request().sampling.seed;
    Q_EMIT play.generation().finished(summaryOf(FinishReason::EndOfText)); // no token, no candidates
    QTRY_COMPARE(play.session.generations.size(), size_t{2});
    QVERIFY(play.request().sampling.seed != seed);
    play.propose("abc");
    QCOMPARE(play.candidates()->model()->rowCount(), 3);
}

void TestManualSampling::givesUpWithAReason()
{
    Choosing play;
    play.panel->generate();
    for (size_t i = 1; i <= 4; ++i) {
        QTRY_COMPARE(play.session.generations.size(), i);
        Q_EMIT play.generation().finished(summaryOf(FinishReason::EndOfText));
    }
    QVERIFY(!play.panel->isChoosing());
    QVERIFY2(play.panel->banner()->message().startsWith(
                 u"Cannot choose token 0: the model ended the text 4 times, expected candidates."_s),
             qPrintable(play.panel->banner()->message()));
}

void TestManualSampling::engineErrorsStandInTheBanner()
{
    Choosing play;
    play.panel->generate();
    Q_EMIT play.generation().failed(Error{
        ErrorCode::OutOfMemory, "Cannot load \"code@8000\": 3 GiB are missing.", "Close another model."});
    QVERIFY(!play.panel->isChoosing());
    QVERIFY(play.panel->banner()->message().contains(u"3 GiB are missing"_s));
    child<QPushButton>(play.panel->banner(), "bannerRetry")->click();
    QVERIFY(play.panel->isChoosing());
}

void TestManualSampling::branchesAreChosenToo()
{
    Choosing play;
    play.panel->sampling()->setManual(false);
    play.panel->generate();
    Q_EMIT play.generation().tokens(tokensOf("abcd"));
    Q_EMIT play.generation().finished(summaryOf(FinishReason::MaxTokens));
    play.panel->sampling()->setManual(true);
    play.panel->transcript()->setCurrentToken(1, true);
    play.panel->branch({'z', "z", 0.2});
    QVERIFY(play.panel->isChoosing());
    QCOMPARE(play.request().answerIds, (Ids{'a', 'z'}));
    QCOMPARE(play.candidates()->title(), u"Choose token 2"_s);
    play.propose("xy");
    play.key(Qt::Key_1);
    QCOMPARE(play.text(), u"Helloazx"_s);
    play.key(Qt::Key_Backspace);
    play.key(Qt::Key_Backspace); // the branch's own token, too
    QCOMPARE(play.text(), u"Helloa"_s);
    QCOMPARE(play.candidates()->model()->alternative(0).bytes, std::string("b"));
    play.key(Qt::Key_1);
    play.panel->stop();
    play.panel->regenerate(); // from what it was given: that token was taken back
    QCOMPARE(play.request().answerIds, (Ids{'a'}));
}

void TestManualSampling::answersOfAConversationAreChosen()
{
    Choosing play;
    play.panel->setMode(PlayMode::Converse);
    play.panel->messageEditor()->setPlainText(u"hi"_s);
    play.panel->generate();
    QVERIFY(play.panel->isChoosing());
    QCOMPARE(play.request().messages.size(), size_t{1});
    play.propose("abc");
    play.key(Qt::Key_2);
    QCOMPARE(play.request().messages.size(), size_t{1});
    QCOMPARE(play.request().answerIds, (Ids{'b'}));
    const ConversationView *view = play.panel->conversation()->view();
    QVERIFY(!view->tokenRect(1, 0).isNull());
    play.propose("xy");
    play.key(Qt::Key_1);
    play.propose("xy");
    play.key(Qt::Key_Backspace);
    QVERIFY(!view->tokenRect(1, 0).isNull() && view->tokenRect(1, 1).isNull());
    play.key(Qt::Key_Return, Qt::ShiftModifier);
    Q_EMIT play.generation().tokens(tokensOf("de"));
    Q_EMIT play.generation().finished(summaryOf(FinishReason::EndOfTurn));
    QCOMPARE(play.panel->conversation()->messages().back().content, std::string("bde"));
}

void TestManualSampling::aDeletedTurnEndsTheChoosing()
{
    Choosing play;
    play.panel->setMode(PlayMode::Converse);
    play.panel->messageEditor()->setPlainText(u"hi"_s);
    play.panel->generate();
    play.propose("abc");
    play.panel->conversation()->startAnew();
    QVERIFY(!play.panel->manual()->isActive());
}

void TestManualSampling::modeSurvivesARestart()
{
    Choosing play;
    PlaygroundPanel other(play.session);
    other.restoreJson(play.panel->sessionJson());
    QVERIFY(other.sampling()->isManual());
}

ORRERY_GUI_TEST_MAIN(TestManualSampling)
#include "tst_manual_sampling.moc"
