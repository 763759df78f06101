// SPDX-License-Identifier: GPL-3.0-or-later
// The tokens of the text that is being written: when they are asked for, and which answer counts.
#include "play_setup.h"

#include "widgets/play/tokens_pane.h"

#include <QAbstractButton>
#include <QHelpEvent>
#include <QLabel>
#include <QPlainTextEdit>
#include <QToolTip>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

/// Keeps questions until a test answers them, in any order.
class AskedSession : public FakeSession {
public:
    struct Question {
        QString model;
        QByteArray text;
        Reply<std::vector<TokenPiece>> reply;
    };
    std::vector<Question> questions;
    std::unique_ptr<PendingRequest> tokenize(const QString &model, const QByteArray &text, QObject *,
                                             Reply<std::vector<TokenPiece>> reply) override
    {
        questions.push_back({model, text, std::move(reply)});
        return std::make_unique<PendingRequest>();
    }
};

struct Shown {
    AskedSession session;
    TokensPane pane{session};
    Shown()
    {
        pane.resize(400, 140);
        pane.show();
    }
    [[nodiscard]] QString summary() const { return pane.findChild<QLabel *>(u"tokensSummary"_s)->text(); }
    [[nodiscard]] QString text() const
    {
        return pane.findChild<QPlainTextEdit *>(u"tokensText"_s)->toPlainText();
    }
    bool waitForQuestion(size_t count)
    {
        return QTest::qWaitFor([&] { return session.questions.size() == count; });
    }
};

} // namespace

class TestTokensPane : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void showsPiecesAndHowManyThereAre()
    {
        Shown shown;
        shown.pane.setInput(u"m"_s, u"a fox\n!"_s);
        QVERIFY(shown.waitForQuestion(1));
        QCOMPARE(shown.session.questions[0].model, u"m"_s);
        QCOMPARE(shown.session.questions[0].text, QByteArray("a fox\n!"));
        shown.session.questions[0].reply(
            std::vector<TokenPiece>{{7, "a"}, {9, " fox"}, {10, "\n"}, {33, "!"}});
        QCOMPARE(shown.text(), u"a␣fox↵\n!"_s);
        QCOMPARE(shown.summary(), u"4 tokens  ·  7 bytes  ·  1.75 bytes/token"_s);
    }

    void keysInARowAreOneQuestion()
    {
        Shown shown;
        for (const QString &text : {u"a"_s, u"ab"_s, u"abc"_s}) shown.pane.setInput(u"m"_s, text);
        QVERIFY(shown.waitForQuestion(1));
        QCOMPARE(shown.session.questions[0].text, QByteArray("abc"));
    }

    void onlyTheNewestAnswerCounts()
    {
        Shown shown;
        shown.pane.setInput(u"m"_s, u"old"_s);
        QVERIFY(shown.waitForQuestion(1));
        shown.pane.setInput(u"m"_s, u"new"_s);
        QVERIFY(shown.waitForQuestion(2));
        shown.session.questions[1].reply(std::vector<TokenPiece>{{1, "new"}});
        shown.session.questions[0].reply(std::vector<TokenPiece>{{2, "o"}, {3, "ld"}});
        QCOMPARE(shown.text(), u"new"_s);
        QCOMPARE(shown.summary(), u"1 token  ·  3 bytes  ·  3.00 bytes/token"_s);
    }

    void asksNothingThatNeedsNoAnswer()
    {
        Shown shown;
        shown.pane.setInput(QString(), u"text"_s);
        QVERIFY(QTest::qWaitFor([&] { return shown.summary().startsWith(u"Choose a model"_s); }));
        shown.pane.setInput(u"m"_s, QString(kMaxShownTokenBytes + 1, u'x'));
        QVERIFY(QTest::qWaitFor([&] { return shown.summary().startsWith(u"The text has 32,769 bytes"_s); }));
        shown.pane.setInput(u"m"_s, QString());
        QVERIFY(QTest::qWaitFor([&] { return shown.summary() == u"No text yet."_s; }));
        QVERIFY(shown.session.questions.empty());
    }

    void aRefusalIsShownAndAskedAgain()
    {
        Shown shown;
        shown.pane.setInput(u"m"_s, u"text"_s);
        QVERIFY(shown.waitForQuestion(1));
        shown.session.questions[0].reply(Error{ErrorCode::Unavailable, "Cannot show tokens.", ""});
        QCOMPARE(shown.summary(), u"Cannot show tokens."_s);
        QVERIFY(shown.pane.pieces().empty());
        shown.pane.setInput(u"m"_s, u"text"_s);
        QVERIFY(shown.waitForQuestion(2));
    }

    void aHiddenPaneAsksWhenItIsShown()
    {
        AskedSession session;
        TokensPane pane(session);
        pane.setInput(u"m"_s, u"text"_s);
        QTest::qWait(400);
        QVERIFY(session.questions.empty());
        pane.show();
        QCOMPARE(session.questions.size(), size_t(1));
    }

    void aLongTextIsCountedWhollyAndDrawnInPart()
    {
        Shown shown;
        shown.pane.setInput(u"m"_s, u"x"_s);
        QVERIFY(shown.waitForQuestion(1));
        shown.session.questions[0].reply(std::vector<TokenPiece>(8'000, TokenPiece{1, "x"}));
        QCOMPARE(shown.text().size(), qsizetype(kMaxShownTokens));
        QCOMPARE(shown.summary(),
                 u"8,000 tokens  ·  8,000 bytes  ·  1.00 bytes/token  ·  the first 1,000 are shown"_s);
        QCOMPARE(shown.pane.pieces().size(), size_t(8'000));
    }

    void theHoverIsOfTheTokenUnderThePointer()
    {
        Shown shown;
        shown.pane.setInput(u"m"_s, u"a foxb\n!"_s);
        QVERIFY(shown.waitForQuestion(1));
        shown.session.questions[0].reply(
            std::vector<TokenPiece>{{7, "a"}, {9, " fox"}, {2, "b"}, {10, "\n"}, {33, "!"}});
        auto *view = shown.pane.findChild<QPlainTextEdit *>(u"tokensText"_s);
        const QString text = shown.text(); // "a␣foxb↵\n!"
        const std::vector<size_t> pieceOf = {0, 1, 1, 1, 1, 2, 3, 3, 4};
        for (int at = 0; at < text.size(); ++at) {
            if (text[at] == u'\n') continue;
            QTextCursor cursor(view->document());
            cursor.setPosition(at);
            const QRect left = view->cursorRect(cursor);
            // Its first and its last part: the nearest place between characters is on either side.
            const int width = view->fontMetrics().horizontalAdvance(u'x');
            for (const int x : {left.left() + 1, left.left() + width - 2}) {
                const auto piece = shown.pane.pieceAt({x, left.center().y()});
                QVERIFY2(piece == pieceOf[static_cast<size_t>(at)], qPrintable(u"character %1"_s.arg(at)));
            }
        }
        QVERIFY(!shown.pane.pieceAt({view->viewport()->width() - 2, view->cursorRect().center().y()}));
        QVERIFY(!shown.pane.pieceAt({2, view->viewport()->height() - 2}));
        QTextCursor cursor(view->document());
        cursor.setPosition(1);
        const QPoint place = view->cursorRect(cursor).center() + QPoint(2, 0);
        QHelpEvent help(QEvent::ToolTip, place, view->viewport()->mapToGlobal(place));
        QCoreApplication::sendEvent(view->viewport(), &help);
        QVERIFY2(QToolTip::text().contains(u"Token 1: id 9, bytes 20 66 6f 78"_s),
                 qPrintable(QToolTip::text()));
        QToolTip::hideText();
    }

    void theCaretSaysTheSameAsTheHover()
    {
        Shown shown;
        shown.pane.setInput(u"m"_s, u"a fox"_s);
        QVERIFY(shown.waitForQuestion(1));
        shown.session.questions[0].reply(std::vector<TokenPiece>{{7, "a"}, {9, " fox"}});
        auto *view = shown.pane.findChild<QPlainTextEdit *>(u"tokensText"_s);
        auto *caret = shown.pane.findChild<QLabel *>(u"tokensCaret"_s);
        QVERIFY(caret->isHidden());
        QTest::keyClick(view, Qt::Key_Right);
        QVERIFY(!caret->isHidden());
        QCOMPARE(caret->text(), u"Token 1: id 9, bytes 20 66 6f 78"_s);
        QTest::keyClick(view, Qt::Key_Left);
        QCOMPARE(caret->text(), u"Token 0: id 7, bytes 61"_s);
        QTest::keyClick(view, Qt::Key_End);
        QVERIFY(caret->isHidden()); // behind the last
    }

    void whileItWaitsItSaysSo()
    {
        Shown shown;
        shown.pane.setInput(u"m"_s, u"old"_s);
        QVERIFY(shown.waitForQuestion(1));
        QCOMPARE(shown.summary(), u"Reading…"_s);
        shown.session.questions[0].reply(std::vector<TokenPiece>{{1, "old"}});
        auto *view = shown.pane.findChild<QPlainTextEdit *>(u"tokensText"_s);
        QVERIFY(view->extraSelections().isEmpty());
        shown.pane.setInput(u"m"_s, u"new"_s);
        QVERIFY(shown.waitForQuestion(2));
        QCOMPARE(shown.summary(), u"Reading…"_s); // not the counts of the old one
        QCOMPARE(view->extraSelections().size(), qsizetype(1));
        shown.session.questions[1].reply(std::vector<TokenPiece>{{2, "new"}});
        QVERIFY(view->extraSelections().isEmpty());
    }

    void whatWasAskedWhenItWasHiddenIsAskedAgain()
    {
        Shown shown;
        shown.pane.setInput(u"m"_s, u"text"_s);
        QVERIFY(shown.waitForQuestion(1));
        shown.pane.hide();
        shown.session.questions[0].reply(
            std::vector<TokenPiece>{{1, "late"}}); // of a request that is cancelled
        QVERIFY(shown.pane.pieces().empty());
        shown.pane.show();
        QVERIFY(shown.waitForQuestion(2));
    }

    void itAsksAgainWhenTheEngineIsBack()
    {
        Shown shown;
        shown.pane.setInput(u"m"_s, u"text"_s);
        QVERIFY(shown.waitForQuestion(1));
        shown.session.questions[0].reply(Error{ErrorCode::Unavailable, "Cannot reach the engine.", ""});
        shown.session.setConnection(ConnectionState::Lost);
        QCOMPARE(shown.session.questions.size(), size_t(1));
        shown.session.setConnection(ConnectionState::Connected);
        QCOMPARE(shown.session.questions.size(), size_t(2));
    }

    void thePlaygroundShowsThoseOfItsText()
    {
        AskedSession session;
        session.checkpoints[u"code"_s] = {CheckpointInfo{.step = 8'000}};
        session.runList = {fakeRun("code")};
        PlaygroundPanel panel(session);
        panel.show();
        panel.promptEditor()->setPlainText(u"Hello"_s);
        auto *button = child<QAbstractButton>(&panel, "showTokens");
        QVERIFY(!button->accessibleName().isEmpty());
        button->click();
        QVERIFY(QTest::qWaitFor([&] { return !session.questions.empty(); }));
        QVERIFY(QTest::qWaitFor([&] { return session.questions.back().text == "Hello"; }));
        panel.setMode(PlayMode::Converse);
        QVERIFY(QTest::qWaitFor(
            [&] { return panel.findChild<QLabel *>(u"tokensSummary"_s)->text() == u"No text yet."_s; }));
        PlaygroundPanel other(session);
        other.restoreJson(panel.sessionJson());
        QVERIFY(child<QAbstractButton>(&other, "showTokens")->isChecked());
    }
};

QTEST_MAIN(TestTokensPane)
#include "tst_tokens_pane.moc"
