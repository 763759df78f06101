// SPDX-License-Identifier: GPL-3.0-or-later
// The playground's conversations, as a person has them.
#include "talk_setup.h"

#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/request_size.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/session_writer.h"
#include "widgets/play/token_view.h"

#include <QAccessible>
#include <QClipboard>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestPlaygroundConversation : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isAModeOfItsOwn();
    void modesKeepTheirTexts();
    void sendsTurnsInOrder();
    void streamsTheAnswer();
    void emptyTurnsAreNotSent();
    void keysSendStopAndGoUp();
    void stopKeepsWhatCame();
    void hoverAndKeysShowCandidates();
    void movesFromAnswerToAnswer();
    void answersAgainAndSwitchesVersions();
    void failureStandsInTheBannerWithRetry();
    void withoutEngineSaysSo();
    void refusesWhatIsTooLong();
    void statusTellsWhatWasRemembered();
    void statusIsReadInFull();
    void copiesTurnConversationAndCommand();
    void switchesModeWhileAnswering();
    void followsTheEndUntilScrolled();
    void followsTheTheme();
    void everyControlHasAName();
    void tellsAssistiveToolsWhatIsShown();
    void longConversationsStayQuick();
};

void TestPlaygroundConversation::isAModeOfItsOwn()
{
    Talk talk;
    QVERIFY(talk.panel->messageEditor()->isVisible());
    QVERIFY(!talk.panel->promptEditor()->isVisible() && !talk.panel->afterEditor()->isVisible());
    QVERIFY(!talk.panel->transcript()->isVisible() && !talk.view->isVisible()); // nothing was said yet
    QCOMPARE(talk.find<QPushButton>("generate")->text(), u"Send"_s);
    QCOMPARE(talk.panel->messageEditor()->accessibleName(), u"Your turn"_s);
    talk.panel->modeChoice()->button(u"continue"_s)->click();
    QCOMPARE(talk.panel->mode(), PlayMode::Continue);
    QVERIFY(talk.panel->transcript()->isVisible() && !talk.find<QToolButton>("newConversation")->isVisible());
    QVERIFY(QTest::qWaitForWindowActive(talk.panel.get()));
    QTest::keyClick(talk.panel->promptEditor(), Qt::Key_T, Qt::ControlModifier);
    QCOMPARE(talk.panel->mode(), PlayMode::Converse);
    QTest::keyClick(talk.panel->messageEditor(), Qt::Key_I, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(talk.panel->isInfill());
}

void TestPlaygroundConversation::modesKeepTheirTexts()
{
    Talk talk;
    talk.panel->messageEditor()->setPlainText(u"hi"_s);
    talk.panel->setMode(PlayMode::Continue);
    QCOMPARE(talk.panel->promptEditor()->toPlainText(), u"Hello"_s);
    talk.panel->generate();
    QCOMPARE(talk.request().prompt, std::string("Hello"));
    QVERIFY(talk.request().messages.empty());
    talk.answer("x");
    QCOMPARE(talk.model->numTurns(), 0);
    talk.panel->setMode(PlayMode::Converse);
    QCOMPARE(talk.panel->messageEditor()->toPlainText(), u"hi"_s);
    talk.panel->generate();
    QVERIFY(talk.request().prompt.empty() && !talk.request().infill);
    QCOMPARE(talk.panel->numVersions(), 1);
}

void TestPlaygroundConversation::sendsTurnsInOrder()
{
    Talk talk;
    talk.exchange(u"one"_s, "first");
    QCOMPARE(talk.request().messages.size(), size_t{1});
    QVERIFY(talk.panel->messageEditor()->toPlainText().isEmpty());
    talk.send(u"two"_s);
    const auto &messages = talk.request().messages;
    QCOMPARE(messages.size(), size_t{3});
    QCOMPARE(messages[1].role, std::string("assistant"));
    QCOMPARE(messages[1].content, std::string("first"));
    QCOMPARE(messages[2].role, std::string("user"));
    QCOMPARE(messages[2].content, std::string("two"));
    talk.answer("second");
    QCOMPARE(talk.said(), u"u:one a:first u:two a:second"_s);
    QVERIFY(talk.view->isVisible());
    QVERIFY(talk.view->turnRect(0).bottom() < talk.view->turnRect(1).top());
}

void TestPlaygroundConversation::streamsTheAnswer()
{
    Talk talk;
    talk.send(u"hi"_s);
    QVERIFY(talk.panel->isGenerating());
    QCOMPARE(talk.find<QPushButton>("generate")->text(), u"Generating …"_s);
    Q_EMIT talk.generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
    Q_EMIT talk.generation().tokens(tokensOf("w\xC3"));
    const double before = talk.view->turnRect(1).height();
    QCOMPARE(talk.view->tokenRect(1, 1), QRectF()); // half a character waits
    Q_EMIT talk.generation().tokens(tokensOf("\xB6\nrld"));
    QVERIFY(!talk.view->tokenRect(1, 1).isNull());
    QVERIFY(talk.view->turnRect(1).height() > before);
    QCOMPARE(talk.said(), u"u:hi a:wö\nrld"_s);
    Q_EMIT talk.generation().finished(summaryOf(FinishReason::EndOfTurn));
    QVERIFY(!talk.panel->isGenerating());
    QVERIFY(talk.panel->statusText().endsWith(u"the model ended its turn"_s));
}

void TestPlaygroundConversation::emptyTurnsAreNotSent()
{
    Talk talk;
    auto *send = talk.find<QPushButton>("generate");
    QVERIFY(!send->isEnabled());
    talk.panel->generate();
    QVERIFY(talk.session.generations.empty());
    talk.panel->messageEditor()->setPlainText(u"hi"_s);
    QVERIFY(send->isEnabled());
    talk.panel->generate();
    talk.answer("x");
    talk.panel->conversation()->removeTurn(1);
    QVERIFY(send->isEnabled()); // the user's turn waits for an answer
    talk.panel->generate();
    QCOMPARE(talk.request().messages.size(), size_t{1});
    QCOMPARE(talk.model->numTurns(), 2);
}

void TestPlaygroundConversation::keysSendStopAndGoUp()
{
    Talk talk;
    QVERIFY(QTest::qWaitForWindowActive(talk.panel.get()));
    auto *editor = talk.panel->messageEditor();
    editor->setFocus();
    QTest::keyClicks(editor, u"hi"_s);
    QTest::keyClick(editor, Qt::Key_Return); // a line break
    QVERIFY(talk.session.generations.empty());
    QTest::keyClick(editor, Qt::Key_Return, Qt::ControlModifier);
    QCOMPARE(talk.session.generations.size(), size_t{1});
    QCOMPARE(talk.request().messages.back().content, std::string("hi\n"));
    QTest::keyClick(editor, Qt::Key_Escape);
    QVERIFY(!talk.panel->isGenerating());
    talk.panel->conversation()->editTurn(0);
    QTest::keyClick(editor, Qt::Key_Escape);
    QCOMPARE(talk.panel->conversation()->editing(), ConversationPane::Editing::NewTurn);
    QTest::keyClick(editor, Qt::Key_R, Qt::ControlModifier);
    QCOMPARE(talk.session.generations.size(), size_t{2});
}

void TestPlaygroundConversation::stopKeepsWhatCame()
{
    Talk talk;
    talk.send(u"hi"_s);
    Q_EMIT talk.generation().tokens(tokensOf("abc"));
    ORRERY_VERIFY_QUICK(talk.find<QPushButton>("stopGeneration")->click());
    QVERIFY(talk.generation().isCancelled && !talk.panel->isGenerating());
    Q_EMIT talk.generation().tokens(tokensOf("def"));
    QCOMPARE(talk.said(), u"u:hi a:abc"_s);
    QVERIFY(talk.panel->statusText().endsWith(u"stopped"_s));
}

void TestPlaygroundConversation::hoverAndKeysShowCandidates()
{
    Talk talk;
    talk.exchange(u"hi"_s, "abc");
    CandidateView *candidates = talk.panel->candidates();
    QTest::mouseMove(talk.view->viewport(), talk.view->tokenRect(1, 1).center().toPoint());
    QCOMPARE(candidates->numbers()->value(u"Token"_s), u"b"_s);
    QCOMPARE(talk.view->tokenTurn(), 1);
    QVERIFY(!talk.view->isLocked());
    QTest::mouseClick(talk.view->viewport(), Qt::LeftButton, {},
                      talk.view->tokenRect(1, 0).center().toPoint());
    QCOMPARE(candidates->numbers()->value(u"Token"_s), u"a"_s);
    QVERIFY(talk.view->isLocked());
    QTest::mouseMove(talk.view->viewport(), talk.view->tokenRect(1, 2).center().toPoint());
    QCOMPARE(candidates->numbers()->value(u"Token"_s), u"a"_s);
    QTest::keyClick(talk.view, Qt::Key_Escape);
    QCOMPARE(candidates->numbers()->value(u"Token"_s), unknownText());
    // The user's turn has no tokens.
    QTest::mouseMove(talk.view->viewport(),
                     (talk.view->turnRect(0).bottomLeft() + QPointF(16, -14)).toPoint());
    QCOMPARE(talk.view->currentToken(), -1);
}

void TestPlaygroundConversation::movesFromAnswerToAnswer()
{
    Talk talk;
    talk.exchange(u"hi"_s, "ab");
    talk.exchange(u"ho"_s, "cd");
    QTest::keyClick(talk.view, Qt::Key_Right);
    QCOMPARE(talk.panel->candidates()->numbers()->value(u"Token"_s), u"c"_s);
    QTest::keyClick(talk.view, Qt::Key_Left);
    QCOMPARE(talk.panel->candidates()->numbers()->value(u"Token"_s), u"b"_s);
    QCOMPARE(talk.view->tokenTurn(), 1);
    QTest::keyClick(talk.view, Qt::Key_Home);
    QTest::keyClick(talk.view, Qt::Key_Left); // there is nothing before
    QCOMPARE(talk.panel->candidates()->numbers()->value(u"Token"_s), u"a"_s);
    QTest::keyClick(talk.view, Qt::Key_End);
    QTest::keyClick(talk.view, Qt::Key_Right);
    QCOMPARE(talk.view->tokenTurn(), 3);
    QVERIFY(talk.view->isLocked());
}

void TestPlaygroundConversation::answersAgainAndSwitchesVersions()
{
    Talk talk;
    talk.exchange(u"hi"_s, "one");
    talk.find<QToolButton>("regenerate")->click();
    QCOMPARE(talk.request().messages.size(), size_t{1});
    QVERIFY(talk.request().sampling.seed != talk.session.generations[0].request.sampling.seed);
    talk.answer("two");
    QCOMPARE(talk.said(), u"u:hi a:two"_s);
    QCOMPARE(talk.find<QLabel>("versionLabel")->text(), u"2 of 2"_s);
    QVERIFY(QTest::qWaitForWindowActive(talk.panel.get()));
    QTest::keyClick(talk.panel->messageEditor(), Qt::Key_BracketLeft, Qt::ControlModifier);
    QCOMPARE(talk.said(), u"u:hi a:one"_s);
    QVERIFY(!talk.find<QToolButton>("earlierVersion")->isEnabled());
    talk.send(u"ho"_s); // goes on from the version that is shown
    QCOMPARE(talk.request().messages[1].content, std::string("one"));
    talk.answer("three");
    QVERIFY(!talk.find<QToolButton>("earlierVersion")->isEnabled()); // of the last answer
}

void TestPlaygroundConversation::failureStandsInTheBannerWithRetry()
{
    Talk talk;
    talk.send(u"hi"_s);
    Q_EMIT talk.generation().failed(
        Error{ErrorCode::InvalidInput,
              "Cannot answer: the model's vocabulary has no role tokens (data.special_tokens is none), "
              "expected a model with them.",
              "Continue a prompt instead, or train with data.special_tokens=default."});
    QVERIFY(talk.panel->banner()->message().contains(u"no role tokens"_s));
    QVERIFY(talk.panel->statusText().contains(u"failed"_s));
    talk.panel->setMode(PlayMode::Continue);
    QVERIFY(talk.panel->banner()->isHidden()); // it is not about the prompt
    talk.panel->setMode(PlayMode::Converse);
    QVERIFY(!talk.panel->banner()->isHidden());
    const uint64_t seed = talk.request().sampling.seed;
    child<QPushButton>(talk.panel->banner(), "bannerRetry")->click();
    QCOMPARE(talk.session.generations.size(), size_t{2});
    QCOMPARE(talk.request().messages.size(), size_t{1});
    QCOMPARE(talk.request().sampling.seed, seed);
    QVERIFY(talk.panel->banner()->isHidden());
    talk.answer("x");
    QCOMPARE(talk.panel->conversation()->numVersions(), 1); // what failed is no version
}

void TestPlaygroundConversation::withoutEngineSaysSo()
{
    Talk talk;
    talk.panel->messageEditor()->setPlainText(u"hi"_s);
    talk.session.setConnection(ConnectionState::Lost);
    QVERIFY(!talk.find<QPushButton>("generate")->isEnabled());
    QCOMPARE(talk.find<QPushButton>("generate")->toolTip(), u"The engine is not connected."_s);
}

void TestPlaygroundConversation::refusesWhatIsTooLong()
{
    Talk talk;
    const Result<void> sent =
        talk.panel->conversation()->submit({std::string(static_cast<size_t>(kMaxRequestBytes) + 1, 'x')}, {});
    QVERIFY(!sent.ok());
    QCOMPARE(sent.error().code, ErrorCode::InvalidInput);
    QVERIFY(sent.error().message.find("expected 15 MiB at most") != std::string::npos);
    QCOMPARE(talk.model->numTurns(), 0);
    QVERIFY(talk.session.generations.empty());
}

void TestPlaygroundConversation::statusTellsWhatWasRemembered()
{
    Talk talk;
    talk.send(u"hi"_s);
    Q_EMIT talk.generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
    Q_EMIT talk.generation().tokens(tokensOf("abcd"));
    GenerateSummary summary = summaryOf(FinishReason::EndOfTurn);
    summary.promptTokens = 1'240;
    summary.reusedTokens = 1'200;
    Q_EMIT talk.generation().finished(summary);
    const QString status = talk.panel->statusText();
    QVERIFY2(status.contains(u"40 tokens read in 34 ms, 1,200 remembered from before"_s),
             qPrintable(status));
    QVERIFY(status.contains(u"code, step 8,000"_s));
    // Nothing was read: no time of a reading that was none.
    talk.send(u"again"_s);
    Q_EMIT talk.generation().tokens(tokensOf("abcd"));
    summary.reusedTokens = summary.promptTokens;
    Q_EMIT talk.generation().finished(summary);
    QVERIFY2(talk.panel->statusText().contains(u"  ·  prompt of 1,240 remembered from before  ·  "_s),
             qPrintable(talk.panel->statusText()));
    QVERIFY(!talk.panel->statusText().contains(u"read in"_s));
}

/// Each fact is seen: the line goes on in a second one, and is broken between facts.
void TestPlaygroundConversation::statusIsReadInFull()
{
    Talk talk;
    talk.panel->resize(620, 700);
    talk.send(u"hi"_s);
    Q_EMIT talk.generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
    Q_EMIT talk.generation().tokens(tokensOf("abcd"));
    GenerateSummary summary = summaryOf(FinishReason::EndOfTurn);
    summary.promptTokens = 1'240;
    summary.reusedTokens = 1'200;
    Q_EMIT talk.generation().finished(summary);
    const auto *line = child<QLabel>(talk.panel.get(), "playStatus");
    QString read = line->text();
    QCOMPARE(read.replace(QChar::Nbsp, u' '), talk.panel->statusText());
    QTRY_VERIFY(line->height() >= 2 * line->fontMetrics().height());
    QVERIFY(line->height() >= line->heightForWidth(line->width()));
    QVERIFY(!line->text().contains(u"4 tokens"_s)); // its space breaks no line
    QCOMPARE(line->accessibleName(), talk.panel->statusText());
    QVERIFY(line->toolTip().isEmpty());
    const QString run = u"a-run-with-a-very-long-name-that-a-script-made"_s;
    const QString cut = breakableStatus(run + u", step 8,000  ·  4 tokens"_s);
    QVERIFY2(cut.startsWith(run.left(19) + u'…') && cut.contains(u"script-made, step 8,000"_s), qPrintable(cut));
}

void TestPlaygroundConversation::copiesTurnConversationAndCommand()
{
    Talk talk;
    talk.panel->setModel(u"code@4000"_s);
    talk.exchange(u"it's"_s, "x");
    auto *menu = talk.find<QToolButton>("copyText")->menu();
    QVERIFY(menu);
    menu->actions().at(0)->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text(), u"User:\nit's\n\nAssistant:\nx\n"_s);
    menu->actions().at(1)->trigger();
    const QString json =
        uR"({"messages":[{"content":"it's","role":"user"},{"content":"x","role":"assistant"}]})"_s;
    QCOMPARE(QGuiApplication::clipboard()->text(), json);
    // What the last answer was asked with; with a text in the composer, what would be sent.
    copyToClipboard(talk.panel->commandText());
    QVERIFY(QGuiApplication::clipboard()->text().startsWith(
        uR"(printf '%s' '{"messages":[{"content":"it'\''s","role":"user"}]}' | orrery-engine generate code@4000 --messages - )"_s));
    talk.panel->messageEditor()->setPlainText(u"ho"_s);
    QVERIFY(talk.panel->command().contains(uR"({"content":"ho","role":"user"}]}')"_s));
    talk.panel->setMode(PlayMode::Continue);
    QVERIFY(!talk.find<QToolButton>("copyText")->menu());
}

void TestPlaygroundConversation::switchesModeWhileAnswering()
{
    Talk talk;
    talk.send(u"hi"_s);
    Q_EMIT talk.generation().tokens(tokensOf("ab"));
    talk.panel->setMode(PlayMode::Continue);
    QVERIFY(!talk.find<QPushButton>("generate")->isEnabled());
    talk.answer("cd");
    QCOMPARE(talk.panel->transcript()->numTokens(), 0);
    QVERIFY(talk.find<QPushButton>("generate")->isEnabled());
    talk.panel->setMode(PlayMode::Converse);
    QCOMPARE(talk.said(), u"u:hi a:abcd"_s);
}

void TestPlaygroundConversation::followsTheEndUntilScrolled()
{
    Talk talk;
    for (int i = 0; i < 30; ++i) talk.exchange(u"question"_s, "answer\nof two lines");
    QScrollBar *bar = talk.view->verticalScrollBar();
    QVERIFY(bar->maximum() > 0);
    QCOMPARE(bar->value(), bar->maximum());
    bar->setValue(20);
    QVERIFY(!talk.view->isFollowing());
    talk.panel->regenerate();
    const int at = bar->value();
    Q_EMIT talk.generation().tokens(tokensOf("a\nb\nc\nd\ne"));
    QCOMPARE(bar->value(), at);
    talk.answer("x");
    talk.send(u"more"_s); // what was just said is looked at
    QCOMPARE(bar->value(), bar->maximum());
}

void TestPlaygroundConversation::followsTheTheme()
{
    Talk talk;
    talk.exchange(u"hi"_s, "abc");
    const QImage light = talk.view->grab().toImage();
    Theme::instance().apply(*qApp, ThemeKind::Dark);
    const QImage dark = talk.view->grab().toImage();
    Theme::instance().apply(*qApp, ThemeKind::HighContrast);
    const QImage contrast = talk.view->grab().toImage();
    Theme::instance().apply(*qApp, ThemeKind::Light);
    const auto corner = [](const QImage &image) {
        return image.pixelColor(image.width() - 3, image.height() - 3);
    };
    QVERIFY(corner(light).lightness() > 200 && corner(dark).lightness() < 60);
    QVERIFY(corner(contrast) != corner(dark) || contrast != dark);
}

void TestPlaygroundConversation::everyControlHasAName()
{
    Talk talk;
    talk.exchange(u"hi"_s, "abc");
    QTest::mouseMove(talk.view->viewport(), talk.view->turnRect(0).center().toPoint());
    for (const QWidget *widget : talk.panel->findChildren<QWidget *>()) {
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() ||
            widget->objectName().startsWith(u"qt_"_s))
            continue;
        if (qobject_cast<const QPushButton *>(widget) || widget->inherits("QScrollBar") ||
            widget->inherits("QSplitterHandle") || widget->inherits("QLabel"))
            continue;
        if (widget->parentWidget() && widget->parentWidget()->inherits("QAbstractSpinBox")) continue;
        QVERIFY2(!widget->accessibleName().isEmpty(),
                 qPrintable(QLatin1String(widget->metaObject()->className()) + u' ' + widget->objectName()));
    }
}

void TestPlaygroundConversation::tellsAssistiveToolsWhatIsShown()
{
    Talk talk;
    QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(talk.view);
    QVERIFY(interface);
    QCOMPARE(interface->text(QAccessible::Description), u"No turns yet."_s);
    talk.exchange(u"hi"_s, "abc");
    talk.view->setCurrentToken(1, 1, true);
    QCOMPARE(interface->text(QAccessible::Name), u"Conversation"_s);
    QCOMPARE(interface->text(QAccessible::Description),
             u"2 turns. Turn 2, assistant: abc Token 1 “b”, probability 0.430."_s);
    QCOMPARE(interface->text(QAccessible::Value), u"abc"_s);
}

void TestPlaygroundConversation::longConversationsStayQuick()
{
    Talk talk;
    std::vector<TurnPtr> turns;
    for (int i = 0; i < 1'000; ++i) {
        auto turn = std::make_shared<Turn>();
        turn->role = i % 2 == 0 ? TurnRole::User : TurnRole::Assistant;
        turn->content = std::string(200, static_cast<char>('a' + i % 26));
        if (turn->role == TurnRole::Assistant) {
            auto version = std::make_shared<GenerationVersion>();
            version->tokens = tokensOf("the answer of many words, " + std::string(170, 'x'));
            turn->versions = {version};
        }
        turns.push_back(std::move(turn));
    }
    ORRERY_VERIFY_QUICK(talk.model->restore(turns));
    QVERIFY(talk.view->verticalScrollBar()->maximum() > 20'000);
    talk.panel->messageEditor()->setPlainText(u"hi"_s);
    ORRERY_VERIFY_QUICK(talk.panel->generate());
    ORRERY_VERIFY_QUICK(Q_EMIT talk.generation().tokens(tokensOf(std::string(2'000, 'x'))));
    ORRERY_VERIFY_QUICK(Q_EMIT talk.generation().tokens(tokensOf("y")));
    ORRERY_VERIFY_QUICK(talk.view->grab());
    ORRERY_VERIFY_QUICK(talk.panel->stop());
    ORRERY_VERIFY_QUICK(talk.panel->resize(700, 700));
    talk.view->verticalScrollBar()->setValue(9'000);
    ORRERY_VERIFY_QUICK(talk.view->grab());
    ORRERY_VERIFY_QUICK(talk.model->removeTurn(3));
    ORRERY_VERIFY_QUICK(talk.model->undo());
    SessionWriter writer; // what is to be kept of it
    SessionChange change;
    ORRERY_VERIFY_QUICK(change = writer.changeOf(talk.panel->state()));
    ORRERY_VERIFY_QUICK(change = writer.changeOf(talk.panel->state()));
    QCOMPARE(change.keys.size(), size_t{501});
    // No widget per turn.
    QVERIFY(talk.view->findChildren<QWidget *>().size() < 20);
}

ORRERY_GUI_TEST_MAIN(TestPlaygroundConversation)
#include "tst_playground_conversation.moc"
