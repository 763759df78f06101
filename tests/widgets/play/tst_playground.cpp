// SPDX-License-Identifier: GPL-3.0-or-later
#include "play_setup.h"

#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/view_link.h"
#include "widgets/play/branching.h"
#include "widgets/play/candidate_model.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/session_state.h"
#include "widgets/play/token_view.h"

#include <QAbstractButton>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QInputDialog>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestPlayground : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void withoutModelsOffersToTrainOne();
    void runsWithoutCheckpointAreNotOffered();
    void choosesTheNewestStepAndOthers();
    void opensAStepFromOutside();
    void opensAModelDirectory();
    void streamsTokens();
    void stopAnswersAtOnce();
    void tokensAfterStopAreDropped();
    void keysGenerateAndStop();
    void regenerateTakesAnotherSeed();
    void keepsVersionsAndSwitches();
    void streamGoesOnWhileAnOlderVersionIsShown();
    void hoverShowsProbabilityAndCandidates();
    void failureStandsInTheBannerWithRetry();
    void modelNoteIsShown();
    void statusSaysHowItWent();
    void commandsAreThoseOfTheCommandLine();
    void aPromptIsSeenWholeWhereTheModelLearnedIt();
    void saysWhyAPromptIsNotSeenWhole_data();
    void saysWhyAPromptIsNotSeenWhole();
    void infillAsksForWhatStandsBehind();
    void infillIsShownBetweenItsSides();
    void infillIsReachedByKeys();
    void infillRefusalIsShown();
    void versionsKeepTheirMode();
    void draftSurvives();
    void aLinkReplacesTextInOneStep();
    void aLinkHasAllOfATextOrNone();
    void lostConnectionDisablesGenerate();
    void closingWhileGeneratingIsSafe();
    void everyControlHasAName();
    void streamingIsQuick();
};

void TestPlayground::withoutModelsOffersToTrainOne()
{
    FakeSession session;
    PlaygroundPanel panel(session);
    panel.show();
    QSignalSpy wanted(&panel, &PlaygroundPanel::newRunRequested);
    QVERIFY(child<QPushButton>(&panel, "openModelFromEmpty")->isVisible());
    for (QPushButton *button : panel.findChildren<QPushButton *>())
        if (button->isVisible() && button->text() == u"New run") button->click();
    QCOMPARE(wanted.count(), 1);
    session.setRuns({fakeRun("code")});
    QVERIFY(panel.transcript()->isVisible());
}

void TestPlayground::runsWithoutCheckpointAreNotOffered()
{
    FakeSession session;
    session.runList = {fakeRun("code", RunState::Created)};
    PlaygroundPanel panel(session);
    QVERIFY(panel.model().isEmpty());
}

void TestPlayground::choosesTheNewestStepAndOthers()
{
    Setup setup;
    QComboBox *steps = setup.panel->chooser()->stepBox();
    QTRY_COMPARE(steps->count(), 3);
    QCOMPARE(setup.panel->model(), u"code"_s);
    QCOMPARE(steps->itemText(1), u"8,000  ·  val 1.538  ·  best"_s);
    steps->setCurrentIndex(2);
    Q_EMIT steps->activated(2);
    QCOMPARE(setup.panel->model(), u"code@4000"_s);
    setup.session.setRuns(
        {fakeRun("code"), fakeRun("other", RunState::Running, 2'000)}); // a new run does not take over
    QCOMPARE(setup.panel->model(), u"code@4000"_s);
}

void TestPlayground::opensAStepFromOutside()
{
    Setup setup;
    setup.panel->setModel(u"code@4000"_s);
    QCOMPARE(setup.panel->model(), u"code@4000"_s); // at once, before the list has come
    QTRY_COMPARE(setup.panel->chooser()->stepBox()->count(), 3);
    QCOMPARE(setup.panel->model(), u"code@4000"_s);
    setup.panel->setModel(u"code@1234"_s); // thinned away: the engine says what it loads
    QTRY_VERIFY(!setup.session.isAnswering());
    QCOMPARE(setup.panel->model(), u"code@1234"_s);
}

void TestPlayground::opensAModelDirectory()
{
    FakeSession session;
    PlaygroundPanel panel(session);
    panel.show();
    // The first dialog of a process also loads Qt's icons and file types, perhaps from a cold disk.
    ORRERY_VERIFY_QUICK_AFTER(delete panel.findChild<QFileDialog *>(u"openModelDialog"_s),
                              child<QPushButton>(&panel, "openModelFromEmpty")->click());
    auto *dialog = panel.findChild<QFileDialog *>(u"openModelDialog"_s);
    QVERIFY(dialog);
    Q_EMIT dialog->fileSelected(u"/models/tiny@home"_s);
    dialog->close();
    QCOMPARE(panel.model(), u"/models/tiny@home"_s);
    QVERIFY(!panel.chooser()->stepBox()->isVisible());
    session.info.isOfThisComputer = false; // its folders cannot be listed here
    child<QToolButton>(&panel, "openModel")->click();
    auto *typed = panel.findChild<QInputDialog *>(u"openModelDialog"_s);
    QVERIFY(typed);
    typed->setTextValue(u"/far/model"_s);
    typed->accept();
    QCOMPARE(panel.model(), u"/far/model"_s);
}

void TestPlayground::streamsTokens()
{
    Setup setup;
    const auto *empty = child<QWidget>(setup.panel.get(), "noAnswer"); // says what will stand there
    QVERIFY(!empty->isHidden());
    QCOMPARE(empty->foregroundRole(), QPalette::WindowText); // its labels set the colour of that
    child<QPushButton>(setup.panel.get(), "generate")->click();
    QVERIFY(empty->isHidden());
    QCOMPARE(setup.session.generations.size(), size_t{1});
    QCOMPARE(setup.session.generations[0].request.prompt, std::string("Hello"));
    QVERIFY(setup.panel->isGenerating());
    QVERIFY(setup.panel->statusText().contains(u"loading the model"_s));
    Q_EMIT setup.generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
    Q_EMIT setup.generation().tokens(tokensOf(" w\xC3"));
    QCOMPARE(setup.panel->transcript()->copyText(), u"Hello w"_s); // half a character waits
    Q_EMIT setup.generation().tokens(tokensOf("\xB6rld"));
    QCOMPARE(setup.panel->transcript()->copyText(), u"Hello wörld"_s);
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    QVERIFY(!setup.panel->isGenerating());
    QVERIFY(child<QPushButton>(setup.panel.get(), "generate")->isEnabled());
}

void TestPlayground::stopAnswersAtOnce()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(tokensOf("abc"));
    ORRERY_VERIFY_QUICK(child<QPushButton>(setup.panel.get(), "stopGeneration")->click());
    QVERIFY(setup.generation().isCancelled);
    QVERIFY(!setup.panel->isGenerating());
    QVERIFY(setup.panel->statusText().endsWith(u"stopped"_s));
}

void TestPlayground::tokensAfterStopAreDropped()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(tokensOf("abc"));
    setup.panel->stop();
    Q_EMIT setup.generation().tokens(tokensOf("def"));
    QCOMPARE(setup.panel->transcript()->numTokens(), 3);
    GenerateSummary summary = summaryOf(FinishReason::Cancelled);
    Q_EMIT setup.generation().finished(summary); // the engine's own figures still count
    QVERIFY(setup.panel->statusText().contains(u"prompt of 12"_s));
}

void TestPlayground::keysGenerateAndStop()
{
    Setup setup;
    QVERIFY(QTest::qWaitForWindowActive(setup.panel.get()));
    setup.panel->promptEditor()->setFocus();
    QTest::keyClick(setup.panel->promptEditor(), Qt::Key_Return, Qt::ControlModifier);
    QCOMPARE(setup.session.generations.size(), size_t{1});
    QCOMPARE(setup.panel->promptEditor()->toPlainText(), u"Hello"_s);
    QTest::keyClick(setup.panel->promptEditor(), Qt::Key_Escape);
    QVERIFY(!setup.panel->isGenerating());
}

void TestPlayground::regenerateTakesAnotherSeed()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::EndOfText));
    setup.panel->promptEditor()->setPlainText(u"something else"_s);
    child<QToolButton>(setup.panel.get(), "regenerate")->click();
    QCOMPARE(setup.session.generations.size(), size_t{2});
    QCOMPARE(setup.session.generations[1].request.prompt,
             std::string("Hello")); // of the version that is shown
    QVERIFY(setup.session.generations[1].request.sampling.seed !=
            setup.session.generations[0].request.sampling.seed);
}

void TestPlayground::keepsVersionsAndSwitches()
{
    Setup setup;
    for (const char *text : {"one", "two", "three"}) {
        setup.panel->generate();
        Q_EMIT setup.generation().tokens(tokensOf(text));
        Q_EMIT setup.generation().finished(summaryOf(FinishReason::EndOfText));
    }
    QCOMPARE(setup.panel->numVersions(), 3);
    auto *earlier = child<QToolButton>(setup.panel.get(), "earlierVersion");
    earlier->click();
    QCOMPARE(setup.panel->transcript()->copyText(), u"Hellotwo"_s);
    QTest::keyClick(earlier, Qt::Key_Left);
    QCOMPARE(setup.panel->transcript()->copyText(), u"Helloone"_s);
    QVERIFY(!earlier->isEnabled());
    QTest::keyClick(child<QToolButton>(setup.panel.get(), "laterVersion"), Qt::Key_Right);
    QCOMPARE(setup.panel->currentVersion(), 1);
}

void TestPlayground::streamGoesOnWhileAnOlderVersionIsShown()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(tokensOf("one"));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::EndOfText));
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(tokensOf("tw"));
    setup.panel->showVersion(0);
    Q_EMIT setup.generation().tokens(tokensOf("o"));
    QCOMPARE(setup.panel->transcript()->copyText(), u"Helloone"_s);
    setup.panel->showVersion(1);
    QCOMPARE(setup.panel->transcript()->copyText(), u"Hellotwo"_s);
}

void TestPlayground::hoverShowsProbabilityAndCandidates()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(tokensOf("abc"));
    TokenView *view = setup.panel->transcript();
    QTest::mouseMove(view->viewport(), view->tokenRect(1).center().toPoint());
    CandidateView *candidates = setup.panel->candidates();
    QCOMPARE(candidates->numbers()->value(u"Token"_s), u"b"_s);
    QCOMPARE(candidates->numbers()->value(u"Probability"_s), u"0.430"_s);
    QCOMPARE(candidates->numbers()->value(u"Entropy"_s), u"1.25 nats"_s);
    QCOMPARE(candidates->model()->rowCount(), 2);
    view->setFocus();
    QTest::keyClick(view, Qt::Key_Right);
    QCOMPARE(candidates->numbers()->value(u"Token"_s), u"c"_s);
    QVERIFY(view->isLocked());
}

void TestPlayground::failureStandsInTheBannerWithRetry()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().failed(Error{
        ErrorCode::OutOfMemory, "Cannot load \"code@8000\": 3 GiB are missing.", "Close another model."});
    QVERIFY(!setup.panel->isGenerating());
    QVERIFY(setup.panel->banner()->message().contains(u"3 GiB are missing"_s));
    child<QPushButton>(setup.panel->banner(), "bannerRetry")->click();
    QCOMPARE(setup.session.generations.size(), size_t{2});
    QVERIFY(setup.panel->banner()->isHidden());
}

void TestPlayground::modelNoteIsShown()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().modelLoaded(
        {u"code@4000"_s, 4'000, 7'100'000, 128, u"checkpoint 8000 is damaged; loaded 4000"_s});
    QVERIFY(!setup.panel->noteBanner()->isHidden());
    QCOMPARE(setup.panel->noteBanner()->message(), u"checkpoint 8000 is damaged; loaded 4000"_s);
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::EndOfText));
    setup.panel->generate();
    QVERIFY(setup.panel->noteBanner()->isHidden()); // of the other version
}

void TestPlayground::statusSaysHowItWent()
{
    Setup setup;
    setup.panel->generate();
    Q_EMIT setup.generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
    Q_EMIT setup.generation().tokens(tokensOf("abcd"));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    const QString status = setup.panel->statusText();
    for (const QString &part :
         {u"code, step 8,000"_s, u"7.1 M parameters"_s, u"4 tokens"_s, u"100 tokens/s"_s,
          u"prompt of 12 read in 34 ms"_s, u"max tokens reached"_s})
        QVERIFY2(status.contains(part), qPrintable(status));
}

void TestPlayground::commandsAreThoseOfTheCommandLine()
{
    Setup setup;
    setup.panel->setModel(u"code@4000"_s);
    SamplingSettings sampling;
    sampling.temperature = 0.5;
    sampling.topP = 0.9;
    sampling.seed = 7;
    sampling.maxTokens = 50;
    setup.panel->sampling()->setSettings(sampling);
    copyToClipboard(setup.panel->commandText());
    QCOMPARE(
        QGuiApplication::clipboard()->text(),
        u"orrery-engine generate code@4000 --prompt Hello --max-tokens 50 --temperature 0.5 --top-p 0.9 --seed 7"_s);
}

void TestPlayground::aPromptIsSeenWholeWhereTheModelLearnedIt()
{
    Setup setup;
    setup.session.specs[u"code"_s] = uR"({"spec":{"objective":{"name":"hybrid","mix":[2,1,1]}}})"_s;
    auto *whole = child<QCheckBox>(setup.panel.get(), "seePromptWhole");
    QCOMPARE(setup.session.numSpecQueries, 0); // nobody wanted to know
    setup.panel->sampling()->setShowsMore(true);
    QCOMPARE(setup.session.numSpecQueries, 1);
    QVERIFY(!whole->isEnabled() && whole->toolTip().contains(u"still being read"_s));
    QTRY_VERIFY(whole->isEnabled());
    setup.panel->generate();
    QVERIFY(setup.session.generations.back().request.mask.empty());
    Q_EMIT setup.generation().tokens(tokensOf("ab"));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    whole->click();
    QVERIFY(setup.panel->commandText().contains(u" --prompt Hello --mask prefix --max-tokens "_s));
    setup.panel->generate();
    QCOMPARE(setup.session.generations.back().request.mask, std::string("prefix"));
    QVERIFY(setup.panel->statusText().contains(u"prompt seen whole"_s));
    Q_EMIT setup.generation().tokens(tokensOf("ab"));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    // Another question: its answer is no version of the other one's, and its branches are asked as it was.
    QVERIFY(!isSameQuestion(setup.session.generations[0].request, setup.session.generations[1].request));
    setup.panel->transcript()->setCurrentToken(0, true);
    whole->click();
    setup.panel->goOnFromHere();
    QCOMPARE(setup.session.generations.back().request.mask, std::string("prefix"));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    // A hole is learned from left to right.
    whole->click();
    setup.panel->setMode(PlayMode::Infill);
    QVERIFY(!whole->isEnabled());
    setup.panel->generate();
    QVERIFY(setup.session.generations.back().request.mask.empty());
    QCOMPARE(setup.session.numSpecQueries, 1);
    QVERIFY(setup.panel->state().seesWhole);
}

void TestPlayground::saysWhyAPromptIsNotSeenWhole_data()
{
    QTest::addColumn<QString>("spec");
    QTest::addColumn<PlayMode>("mode");
    QTest::addColumn<QString>("why");
    const QString hybrid = uR"({"spec":{"objective":{"name":"hybrid"}}})"_s;
    QTest::newRow("nothing against it") << hybrid << PlayMode::Continue << QString();
    QTest::newRow("what cannot be read, the engine says") << u"no JSON"_s << PlayMode::Continue << QString();
    QTest::newRow("next token") << uR"({"spec":{"objective":{"name":"next_token"}}})"_s << PlayMode::Continue
                                << u"trained without prefixes (objective next_token)"_s;
    QTest::newRow("older than objectives") << uR"({"spec":{"seed":1}})"_s << PlayMode::Continue << u"trained without prefixes"_s;
    QTest::newRow("no share of them") << uR"({"spec":{"objective":{"name":"hybrid","mix":[1,0,1]}}})"_s
                                      << PlayMode::Continue << u"their share in objective.mix is 0"_s;
    QTest::newRow("a conversation") << hybrid << PlayMode::Converse << u"Choose Continue"_s;
    QTest::newRow("side by side") << hybrid << PlayMode::Compare << u"Choose Continue"_s;
}

void TestPlayground::saysWhyAPromptIsNotSeenWhole()
{
    QFETCH(QString, spec);
    QFETCH(PlayMode, mode);
    QFETCH(QString, why);
    Setup setup;
    setup.session.specs[u"code"_s] = spec;
    setup.panel->sampling()->setShowsMore(true);
    setup.panel->setMode(mode);
    const auto *whole = child<QCheckBox>(setup.panel.get(), "seePromptWhole");
    QTRY_COMPARE(whole->isEnabled(), why.isEmpty());
    QTRY_VERIFY2(whole->toolTip().contains(why), qPrintable(whole->toolTip()));
}

void TestPlayground::infillAsksForWhatStandsBehind()
{
    Setup setup;
    QVERIFY(!setup.panel->afterEditor()->isVisible());
    setup.panel->generate();
    QVERIFY(!setup.session.generations.back().request.infill.has_value());
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    setup.panel->modeChoice()->button(u"infill"_s)->click();
    QVERIFY(setup.panel->isInfill() && setup.panel->afterEditor()->isVisible());
    QCOMPARE(setup.panel->promptEditor()->accessibleName(), u"Text before the hole"_s);
    QCOMPARE(setup.panel->afterEditor()->accessibleName(), u"Text after the hole"_s);
    setup.panel->afterEditor()->setPlainText(u"world\n"_s);
    child<QPushButton>(setup.panel.get(), "generate")->click();
    const GenerateRequest &request = setup.session.generations.back().request;
    QCOMPARE(request.prompt, std::string("Hello"));
    QCOMPARE(request.infill.value_or("none"), std::string("world\n"));
    copyToClipboard(setup.panel->commandText());
    QVERIFY(
        QGuiApplication::clipboard()->text().contains(u"--prompt Hello --infill 'world\n' --max-tokens"_s));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::EndOfInfill));
    setup.panel->afterEditor()->clear(); // a hole at the end is a hole too
    setup.panel->generate();
    QCOMPARE(setup.session.generations.back().request.infill.value_or("none"), std::string());
}

void TestPlayground::infillIsShownBetweenItsSides()
{
    Setup setup;
    setup.panel->setInfill(true);
    setup.panel->afterEditor()->setPlainText(u"world"_s);
    setup.panel->generate();
    QCOMPARE(setup.panel->transcript()->copyText(), u"Helloworld"_s);
    Q_EMIT setup.generation().tokens(tokensOf(" w\xC3"));
    QCOMPARE(setup.panel->transcript()->copyText(), u"Hello wworld"_s); // half a character waits
    Q_EMIT setup.generation().tokens(tokensOf("\xB6 "));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::EndOfInfill));
    QCOMPARE(setup.panel->transcript()->copyText(), u"Hello wö world"_s);
    QCOMPARE(setup.panel->transcript()->numTokens(), 5);
    QVERIFY(setup.panel->statusText().endsWith(u"the model closed the hole"_s));
    setup.panel->transcript()->setCurrentToken(1, true);
    QCOMPARE(setup.panel->candidates()->numbers()->value(u"Token"_s), u"w"_s);
}

void TestPlayground::infillIsReachedByKeys()
{
    Setup setup;
    QVERIFY(QTest::qWaitForWindowActive(setup.panel.get()));
    setup.panel->promptEditor()->setFocus();
    QTest::keyClick(setup.panel->promptEditor(), Qt::Key_I, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(setup.panel->isInfill());
    QTest::keyClick(setup.panel->promptEditor(), Qt::Key_Tab);
    QTRY_COMPARE(QApplication::focusWidget(), setup.panel->afterEditor());
    QTest::keyClicks(setup.panel->afterEditor(), u"x"_s);
    QTest::keyClick(setup.panel->afterEditor(), Qt::Key_Return, Qt::ControlModifier);
    QCOMPARE(setup.session.generations.back().request.infill.value_or("none"), std::string("x"));
    QAbstractButton *button = setup.panel->modeChoice()->button(u"infill"_s);
    button->setFocus(Qt::TabFocusReason);
    QTest::keyClick(button, Qt::Key_Left);
    QVERIFY(!setup.panel->isInfill());
}

void TestPlayground::infillRefusalIsShown()
{
    Setup setup;
    setup.panel->setInfill(true);
    setup.panel->generate();
    Q_EMIT setup.generation().failed(
        Error{ErrorCode::InvalidInput, "Cannot fill a hole with \"code@8000\": its training had no holes.",
              "Train a run with objective.name=hybrid."});
    QVERIFY(setup.panel->banner()->message().contains(u"its training had no holes"_s));
    QVERIFY(setup.panel->statusText().contains(u"failed"_s));
}

void TestPlayground::versionsKeepTheirMode()
{
    Setup setup;
    setup.panel->setInfill(true);
    setup.panel->afterEditor()->setPlainText(u"!"_s);
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(tokensOf("one"));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::EndOfInfill));
    setup.panel->setInfill(false);
    setup.panel->generate();
    Q_EMIT setup.generation().tokens(tokensOf("two"));
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    QCOMPARE(setup.panel->transcript()->copyText(), u"Hellotwo"_s);
    setup.panel->showVersion(0);
    QCOMPARE(setup.panel->transcript()->copyText(), u"Helloone!"_s);
    setup.panel->regenerate();
    QCOMPARE(setup.session.generations.back().request.infill.value_or("none"), std::string("!"));
}

void TestPlayground::draftSurvives()
{
    Setup setup;
    setup.panel->promptEditor()->setPlainText(u"a “draft”\nof two lines"_s);
    SamplingSettings sampling;
    sampling.topK = 40;
    sampling.seed = 123'456'789'012;
    setup.panel->sampling()->setSettings(sampling);
    setup.panel->setModel(u"code@4000"_s);
    setup.panel->setInfill(true);
    setup.panel->afterEditor()->setPlainText(u"behind"_s);
    PlaygroundPanel other(setup.session);
    other.restoreJson(setup.panel->sessionJson());
    QVERIFY(other.isInfill());
    QCOMPARE(other.afterEditor()->toPlainText(), u"behind"_s);
    QCOMPARE(other.promptEditor()->toPlainText(), u"a “draft”\nof two lines"_s);
    QCOMPARE(other.sampling()->settings().topK, 40);
    QCOMPARE(other.sampling()->settings().seed, uint64_t{123'456'789'012});
    QCOMPARE(other.model(), u"code@4000"_s);
    other.restoreJson(u"{"_s); // broken: as it was
    QCOMPARE(other.model(), u"code@4000"_s);
}

void TestPlayground::aLinkReplacesTextInOneStep()
{
    Setup setup;
    QPlainTextEdit *prompt = setup.panel->promptEditor();
    prompt->clear();
    QTest::keyClicks(prompt, u"mine"_s);
    const QVariantMap state{{u"mode"_s, u"infill"_s}, {u"prompt"_s, u"Once\nupon"_s}, {u"after"_s, u"end"_s}};
    setup.panel->view().restore(state);
    QCOMPARE(prompt->toPlainText(), u"Once\nupon"_s);
    QCOMPARE(setup.panel->afterEditor()->toPlainText(), u"end"_s);
    setup.panel->view().restore(state); // the same: nothing to undo
    prompt->undo();
    QCOMPARE(prompt->toPlainText(), u"mine"_s);
    prompt->redo();
    QCOMPARE(prompt->toPlainText(), u"Once\nupon"_s);
}

void TestPlayground::aLinkHasAllOfATextOrNone()
{
    Setup setup;
    setup.panel->promptEditor()->setPlainText(QString(5'000, u'a'));
    QCOMPARE(setup.panel->view().state().value(u"prompt"_s).toString().size(), qsizetype{5'000});
    QVERIFY(parseViewLink(setup.panel->viewLink()).ok());
    setup.panel->promptEditor()->setPlainText(QString(5'000, QChar(0x4e2d))); // nine signs each in a link
    setup.panel->setInfill(true);
    setup.panel->afterEditor()->setPlainText(u"end"_s);
    const QVariantMap state = setup.panel->view().state();
    QVERIFY(!state.contains(u"prompt"_s));
    QVERIFY(!state.contains(u"after"_s)); // half of a hole is no hole
    QCOMPARE(state.value(u"mode"_s).toString(), u"infill"_s);
    QVERIFY(parseViewLink(setup.panel->viewLink()).ok());
    setup.panel->view().restore(state);
    QCOMPARE(setup.panel->promptEditor()->toPlainText().size(), qsizetype{5'000}); // and leaves them alone
}

void TestPlayground::lostConnectionDisablesGenerate()
{
    Setup setup;
    auto *generate = child<QPushButton>(setup.panel.get(), "generate");
    QVERIFY(generate->isEnabled());
    setup.session.setConnection(ConnectionState::Lost);
    QVERIFY(!generate->isEnabled());
    QCOMPARE(generate->toolTip(), u"The engine is not connected."_s);
}

void TestPlayground::closingWhileGeneratingIsSafe()
{
    Setup setup;
    setup.panel->generate();
    const QPointer<FakeGeneration> handle = setup.session.generations.back().handle;
    setup.panel.reset();
    QVERIFY(!handle); // destroying it stops the tokens
}

void TestPlayground::everyControlHasAName()
{
    Setup setup;
    for (const QWidget *widget : setup.panel->findChildren<QWidget *>()) {
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() ||
            widget->objectName().startsWith(u"qt_"_s))
            continue;
        if (qobject_cast<const QPushButton *>(widget) || widget->inherits("QScrollBar") ||
            widget->inherits("QSplitterHandle"))
            continue;
        if (widget->parentWidget() && widget->parentWidget()->inherits("QAbstractSpinBox")) continue;
        if (widget->inherits("QLabel")) continue;
        QVERIFY2(!widget->accessibleName().isEmpty(),
                 qPrintable(QLatin1String(widget->metaObject()->className()) + u' ' + widget->objectName()));
    }
}

void TestPlayground::streamingIsQuick()
{
    Setup setup;
    setup.panel->generate();
    const auto batch = tokensOf(std::string(2'000, 'x'));
    for (int i = 0; i < 20; ++i) ORRERY_VERIFY_QUICK(Q_EMIT setup.generation().tokens(batch));
    ORRERY_VERIFY_QUICK(setup.panel->showVersion(0));
    ORRERY_VERIFY_QUICK(setup.panel->stop());
}

ORRERY_GUI_TEST_MAIN(TestPlayground)
#include "tst_playground.moc"
