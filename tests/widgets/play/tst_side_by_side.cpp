// SPDX-License-Identifier: GPL-3.0-or-later
// Models, steps or settings side by side: what is asked, where answers part, and that it is kept.
#include "fake_archive.h"
#include "talk_setup.h"

#include "widgets/common/elided_combo_box.h"
#include "widgets/play/candidate_model.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/session_file.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/token_view.h"

#include <QAction>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QToolButton>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

struct Comparing : Talk {
    Comparing()
    {
        panel->setMode(PlayMode::Compare);
        pane = panel->comparison();
        column(1)->chooser()->setModel(u"code@4000"_s);
    }
    SideColumn *column(size_t number) { return pane->parts().at(number); }
    void reply(const std::string &text)
    {
        Q_EMIT generation().tokens(tokensOf(text));
        Q_EMIT generation().finished(summaryOf(FinishReason::MaxTokens));
    }
    void askAll(const std::vector<std::string> &said)
    {
        panel->generate();
        for (const std::string &text : said) reply(text);
    }
    SideBySidePane *pane = nullptr;
};

std::vector<TokenDifference> differencesOf(const std::vector<std::vector<std::string>> &answers, bool hasEnded = true)
{
    std::vector<std::vector<GeneratedToken>> tokens;
    for (const auto &answer : answers) {
        tokens.emplace_back();
        for (const std::string &text : answer) tokens.back().push_back({1, text, 0.5, 1, {}, 0});
    }
    std::vector<ComparedTokens> compared;
    for (const auto &answer : tokens) compared.push_back({&answer, hasEnded});
    return tokenDifferences(compared);
}

} // namespace

class TestSideBySide : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void answersPartByTheirBytes();
    void figuresAreMeans();
    void allAreAskedTheSame();
    void eachColumnHasItsOwnModel();
    void theStepIsReadInANarrowColumn();
    void settingsMayDiffer();
    void whereTheyPartIsMarked();
    void escStopsAll();
    void oneTokenIsLookedAt();
    void columnsComeAndGo();
    void failuresStandInTheirColumn();
    void theListNamesWhoAnswered();
    void itIsKept();
    void itIsTakenAlong();
    void aBranchGoesOnAlone();
    void everyControlHasAName();
};

void TestSideBySide::answersPartByTheirBytes()
{
    auto same = differencesOf({{"a", "b", "c"}, {"a", "b", "d"}});
    QCOMPARE(same[0].numShared, 2);
    QCOMPARE(same[0].firstOwn, 2);
    QCOMPARE(same[1].firstOwn, 2);
    auto others = differencesOf({{"the", " fox"}, {"t", "he", " f", "ish"}}); // of other tokenizers
    QCOMPARE(others[0].numShared, 1);
    QCOMPARE(others[0].firstOwn, 1);
    QCOMPARE(others[1].numShared, 3);
    QCOMPARE(others[1].firstOwn, 3);
    auto three = differencesOf({{"a", "b"}, {"a", "b"}, {"a", "c"}});
    QCOMPARE(three[0].firstOwn, 1);
    QCOMPARE(three[1].firstOwn, 1);
    // One that may still go on has not parted; one that has ended has.
    QCOMPARE(differencesOf({{"a"}, {"a", "b"}}, false)[1].firstOwn, -1);
    QCOMPARE(differencesOf({{"a"}, {"a", "b"}}, true)[1].firstOwn, 1);
    QCOMPARE(differencesOf({{"a"}, {"a", "b"}}, true)[0].firstOwn, -1);
    QCOMPARE(differencesOf({{"a", "b"}, {"a", "b"}})[0].firstOwn, -1);
    QCOMPARE(differencesOf({{}, {}})[0].numShared, 0);
    QCOMPARE(differencesOf({{"a"}})[0].firstOwn, -1);
}

void TestSideBySide::figuresAreMeans()
{
    std::vector<GeneratedToken> tokens = tokensOf("ab");
    tokens[0].probability = std::exp(-1.0);
    tokens[1].probability = std::exp(-3.0);
    tokens[0].entropy = 1;
    tokens[1].entropy = 2;
    const AnswerFigures figures = figuresOf(tokens);
    QCOMPARE(figures.surprise, 2.0);
    QCOMPARE(figures.entropy, 1.5);
    QVERIFY(std::isnan(figuresOf({}).surprise));
}

void TestSideBySide::allAreAskedTheSame()
{
    Comparing play;
    SamplingSettings sampling;
    sampling.seed = 77;
    play.panel->sampling()->setSettings(sampling);
    play.panel->generate();
    QCOMPARE(play.session.generations.size(), size_t{1}); // one after another: their speeds compare
    QVERIFY(play.panel->isGenerating());
    QCOMPARE(play.column(1)->figuresText(), u"waits for its turn"_s);
    play.reply("abc");
    QCOMPARE(play.session.generations.size(), size_t{2});
    play.reply("abd");
    QVERIFY(!play.panel->isGenerating());
    QCOMPARE(play.session.generations[0].model, u"code"_s);
    QCOMPARE(play.session.generations[1].model, u"code@4000"_s);
    for (const auto &generation : play.session.generations) {
        QCOMPARE(generation.request.prompt, std::string("Hello"));
        QCOMPARE(generation.request.sampling.seed, uint64_t{77});
    }
    QCOMPARE(play.column(0)->figuresText(), u"3 tokens  ·  0.8440 nats/token  ·  entropy 1.250 nats  ·  75 tokens/s"_s);
    play.panel->regenerate();
    QVERIFY(play.session.generations[2].request.sampling.seed != 77);
    play.reply("x");
    QCOMPARE(play.session.generations[3].request.sampling.seed, play.session.generations[2].request.sampling.seed);
}

void TestSideBySide::eachColumnHasItsOwnModel()
{
    Comparing play;
    QVERIFY(play.panel->chooser()->isHidden()); // the one of the other modes
    play.session.setRuns(std::vector<RunStatus>(play.session.runs())); // whenever a list comes
    QVERIFY(play.panel->chooser()->isHidden());
    play.panel->setMode(PlayMode::Continue);
    QVERIFY(!play.panel->chooser()->isHidden());
}

/// In little room the step goes before its loss.
void TestSideBySide::theStepIsReadInANarrowColumn()
{
    Comparing play;
    ModelChooser *chooser = play.column(1)->chooser();
    chooser->setModel(u"code@8000"_s);
    auto *box = dynamic_cast<ElidedComboBox *>(chooser->stepBox());
    QVERIFY(box);
    QTRY_COMPARE(box->currentText(), u"8,000  ·  val 1.538  ·  best"_s);
    box->setFixedWidth(box->minimumWidth());
    QCOMPARE(box->shownText(), u"8,000"_s);
    chooser->setModel(u"code"_s);
    QTRY_COMPARE(box->currentText(), u"newest, 8,000"_s);
    QCOMPARE(box->shownText(), u"newest"_s);
}

void TestSideBySide::settingsMayDiffer()
{
    Comparing play;
    SamplingSettings common;
    common.seed = 5;
    common.topK = 40;
    play.panel->sampling()->setSettings(common);
    QCOMPARE(child<QWidget>(play.column(1), "columnSettingsText")->accessibleName(), u"as in Sampling"_s);
    play.column(1)->settingsButton()->click();
    SamplingForm *own = play.column(1)->ownSettings();
    QCOMPARE(own->settings().topK, 40);
    child<QDoubleSpinBox>(own, "temperature")->setValue(1.5);
    QVERIFY(!child<QLineEdit>(own, "seed")->isEnabled()); // that of all
    QCOMPARE(child<QWidget>(play.column(1), "columnSettingsText")->accessibleName(), u"temperature 1.5"_s);
    QCOMPARE(play.column(1)->sampling().temperature, 1.5);
    QCOMPARE(play.column(1)->sampling().seed, uint64_t{5});
    QCOMPARE(play.column(0)->sampling().temperature, 0.8);
    play.askAll({"a", "b"});
    QCOMPARE(play.session.generations[1].request.sampling.temperature, 1.5);
    child<QPushButton>(own->parentWidget(), "commonSettings")->click();
    QVERIFY(!play.column(1)->value().sampling);
    QCOMPARE(play.column(1)->sampling().temperature, 0.8);
}

void TestSideBySide::whereTheyPartIsMarked()
{
    Comparing play;
    play.askAll({"abc", "abd!"});
    QCOMPARE(play.column(0)->difference().numShared, 2);
    QCOMPARE(play.column(0)->difference().firstOwn, 2);
    QCOMPARE(play.column(1)->difference().firstOwn, 2);
    QVERIFY(play.column(0)->view()->summary().contains(u"Differs from the others at token 2."_s));
    QVERIFY(!play.panel->grab().isNull());
    play.askAll({"same", "same"});
    QCOMPARE(play.column(0)->difference().firstOwn, -1);
    QCOMPARE(child<QLabel>(play.column(0), "columnParts")->text(), u"Says the same as the others."_s);
}

void TestSideBySide::escStopsAll()
{
    Comparing play;
    play.panel->generate();
    Q_EMIT play.generation().tokens(tokensOf("ab"));
    play.panel->findChild<QAction *>(u"playUp"_s)->trigger(); // Esc
    QVERIFY(play.session.generations[0].handle->isCancelled);
    QCOMPARE(play.session.generations.size(), size_t{1}); // the second is not asked
    QVERIFY(!play.panel->isGenerating());
    QCOMPARE(play.column(1)->figuresText(), u"not asked yet"_s);
    QCOMPARE(play.column(0)->version()->tokens.size(), size_t{2});
}

void TestSideBySide::oneTokenIsLookedAt()
{
    Comparing play;
    play.askAll({"abc", "xyz"});
    play.column(0)->view()->setCurrentToken(1, true);
    QCOMPARE(play.panel->candidates()->model()->rowCount(), 2);
    play.column(1)->view()->setCurrentToken(2, true);
    QCOMPARE(play.column(0)->view()->currentToken(), -1);
    QVERIFY(play.pane->current() == play.column(1));
    QVERIFY2(play.panel->command().contains(u"code@4000"_s), qPrintable(play.panel->command()));
    play.panel->findChild<QAction *>(u"playUp"_s)->trigger();
    QCOMPARE(play.column(1)->view()->currentToken(), -1);
}

void TestSideBySide::columnsComeAndGo()
{
    Comparing play;
    auto *add = child<QToolButton>(play.pane, "addColumn");
    add->click();
    QCOMPARE(play.pane->parts().size(), size_t{3});
    QCOMPARE(play.column(2)->chooser()->model(), u"code@4000"_s);
    QCOMPARE(play.column(2)->name(), u"C"_s);
    QVERIFY(!add->isEnabled());
    play.panel->generate();
    child<QToolButton>(play.column(0), "removeColumn")->click(); // while it is asked
    QCOMPARE(play.pane->parts().size(), size_t{2});
    QCOMPARE(play.session.generations.size(), size_t{2}); // the next one is
    QCOMPARE(play.column(0)->name(), u"A"_s);
    play.reply("a");
    play.reply("b");
    QVERIFY(!play.panel->isGenerating());
    QVERIFY(add->isEnabled());
}

void TestSideBySide::failuresStandInTheirColumn()
{
    Comparing play;
    play.panel->generate();
    Q_EMIT play.generation().failed(Error{ErrorCode::NotFound, "Cannot load \"code\": it has no checkpoint.", "Wait."});
    QCOMPARE(play.column(0)->figuresText(), u"failed"_s);
    QVERIFY(child<QLabel>(play.column(0), "columnParts")->text().startsWith(u"Cannot load \"code\""_s));
    play.reply("b"); // the other one is asked all the same
    QCOMPARE(play.column(1)->version()->tokens.size(), size_t{1});
    QVERIFY(!play.panel->isGenerating());
    play.session.setConnection(ConnectionState::Lost);
    QVERIFY(!child<QPushButton>(play.panel.get(), "generate")->isEnabled());
}

/// The list says who answered, and not whom another mode would ask.
void TestSideBySide::theListNamesWhoAnswered()
{
    SessionState state;
    state.mode = PlayMode::Compare;
    state.model = u"other-20260101"_s;
    const auto column = [&state](const QString &model, const std::string &said) {
        auto version = std::make_shared<GenerationVersion>();
        version->model = model;
        version->modelTitle = u"code"_s;
        version->tokens = tokensOf(said);
        state.columns.push_back({model, {}, version});
    };
    column(u"code@4000"_s, "ab");
    column(u"code@8000"_s, "cd");
    column(u"code@4000"_s, "ef");
    state.columns.push_back({u"third"_s}); // not asked yet
    QCOMPARE(sessionModel(state), u"code, step 4,000 / code, step 8,000"_s);
    auto continued = std::make_shared<GenerationVersion>();
    continued->modelTitle = u"other"_s;
    continued->tokens = tokensOf("z");
    state.versions = {continued};
    state.shown = 0;
    QCOMPARE(sessionPreview(state), u"ab"_s); // of the mode that is shown
    QCOMPARE(sessionModel(state), u"code, step 4,000 / code, step 8,000"_s);
    state.mode = PlayMode::Continue;
    QCOMPARE(sessionModel(state), u"other"_s);
    QCOMPARE(sessionPreview(state), u"z"_s);
}

void TestSideBySide::itIsKept()
{
    Comparing play;
    FakeArchive archive;
    play.panel->setArchive(archive);
    SamplingSettings own;
    own.temperature = 2;
    play.column(1)->setValue({u"code@4000"_s, own, nullptr});
    play.askAll({"abc", "abd"});
    QTRY_COMPARE(archive.numTokensSaved, 6);
    QTRY_VERIFY(play.panel->keeper()->isKept());
    const qint64 session = play.panel->keeper()->session();
    play.panel->keeper()->beginNew();
    QTRY_COMPARE(play.panel->keeper()->session(), 0);
    QVERIFY(!play.pane->hasAnswers());
    QCOMPARE(play.column(1)->value().sampling->temperature, 2.0); // what is compared stays
    play.panel->setMode(PlayMode::Continue);
    play.panel->keeper()->open(session);
    QTRY_COMPARE(play.panel->mode(), PlayMode::Compare);
    QCOMPARE(play.column(0)->version()->text(), std::string("abc"));
    QCOMPARE(play.column(1)->value().model, u"code@4000"_s);
    QCOMPARE(play.column(1)->difference().firstOwn, 2);
    archive.flush();
    play.panel.reset();
}

void TestSideBySide::itIsTakenAlong()
{
    Comparing play;
    play.askAll({"abc", "abd"});
    QCOMPARE(play.pane->table(),
             u"column,model,token,id,text,probability,entropy_nats,shared\nA,code,0,97,a,0.43,1.25,1\nA,code,1,98,b,0.43,1.25,1\n"
             "A,code,2,99,c,0.43,1.25,0\nB,code@4000,0,97,a,0.43,1.25,1\nB,code@4000,1,98,b,0.43,1.25,1\n"
             "B,code@4000,2,100,d,0.43,1.25,0\n"_s);
    const QString page = sessionMarkdown(sessionSnapshot(play.panel->state()), ExportedVersions::Shown);
    QVERIFY2(page.contains(u"## Column 1\n\n```text\nabc\n```\n\ncode, temperature 0.8, seed 0"_s), qPrintable(page));
    QVERIFY(page.contains(u"## Column 2\n\n```text\nabd\n```\n\n"_s));
}

void TestSideBySide::aBranchGoesOnAlone()
{
    Comparing play;
    play.askAll({"abc", "abd"});
    play.column(1)->view()->setCurrentToken(1, true);
    play.panel->branch({'z', "z", 0.2});
    QCOMPARE(play.panel->mode(), PlayMode::Continue);
    QCOMPARE(play.request().answerIds, (std::vector<int32_t>{'a', 'z'}));
    QCOMPARE(play.session.generations.back().model, u"code@4000"_s);
    QCOMPARE(play.panel->numVersions(), 1);
}

void TestSideBySide::everyControlHasAName()
{
    Comparing play;
    play.pane->addColumn();
    for (const QToolButton *button : play.pane->findChildren<QToolButton *>())
        if (button->isVisible()) QVERIFY2(!button->accessibleName().isEmpty(), qPrintable(button->objectName()));
}

ORRERY_GUI_TEST_MAIN(TestSideBySide)
#include "tst_side_by_side.moc"
