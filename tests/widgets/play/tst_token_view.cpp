// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/common/gui_test.h"

#include "widgets/play/candidate_model.h"
#include "widgets/play/probability_color.h"
#include "widgets/play/token_view.h"

#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QClipboard>
#include <QScrollBar>
#include <QSignalSpy>

#include <cmath>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

GeneratedToken makeToken(const std::string &bytes, double probability = 0.5, int32_t id = -1)
{
    GeneratedToken token;
    token.id = id >= 0 ? id : static_cast<uint8_t>(bytes[0]);
    token.bytes = bytes;
    token.probability = probability;
    return token;
}

std::vector<GeneratedToken> bytesOf(const std::string &text)
{
    std::vector<GeneratedToken> tokens;
    for (char byte : text) tokens.push_back(makeToken(std::string(1, byte)));
    return tokens;
}

double luminance(const QColor &color)
{
    auto linear = [](double value) {
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

double contrast(const QColor &a, const QColor &b)
{
    const double high = std::max(luminance(a), luminance(b)), low = std::min(luminance(a), luminance(b));
    return (high + 0.05) / (low + 0.05);
}

} // namespace

class TestTokenView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void writesATokenAlone();
    void gathersCharactersAcrossTokens();
    void waitsForTheRestOfACharacter();
    void showsBrokenBytesAsHex_data();
    void showsBrokenBytesAsHex();
    void marksJoinTheCharacterBefore();
    void joinedScriptsAreWholeWords();
    void specialTokensAreChips();
    void promptAndTokensAreKeptApart();
    void suffixStaysBehindTheTokens();
    void suffixDoesNotDisturbTheLayout();
    void keysStayWithinTheHole();
    void followsTheEndOfTheHole();
    void streamedEqualsWhole();
    void breaksLinesAtBlanks();
    void layoutGrowsAsIfLaidOutAnew();
    void pointerFindsTokens();
    void pointerFindsTokensWithinACharacter();
    void arrowsMoveThroughTokens();
    void clickLocksAndEscapeUnlocks();
    void copiesSelectionOrAll();
    void followsTheEndUntilScrolled();
    void colouredTextStaysReadable_data();
    void colouredTextStaysReadable();
    void tellsAssistiveToolsWhatIsShown();
    void takes100000TokensQuickly();
    void candidatesShowTheTakenToken();
};

void TestTokenView::writesATokenAlone()
{
    QCOMPARE(visibleTokenText(" a b", 300), u"␣a␣b"_s);
    QCOMPARE(visibleTokenText("\n\t", 300), u"↵⇥"_s);
    QCOMPARE(visibleTokenText("\xE2", 226), u"\\xE2"_s);
    QCOMPARE(visibleTokenText("\xC3\xA4 ", 300), u"ä␣"_s);
    QCOMPARE(visibleTokenText("<|a b|>", 300), u"<|a b|>"_s); // a name
}

void TestTokenView::gathersCharactersAcrossTokens()
{
    TokenCells cells;
    for (const GeneratedToken &token : bytesOf("aé漢😀")) cells.appendToken(token.bytes, false);
    QCOMPARE(cells.cells().size(), size_t{4});
    QCOMPARE(cells.plainText(0, 4), u"aé漢😀"_s);
    QCOMPARE(cells.cells()[2].firstToken, 3);
    QCOMPARE(cells.cells()[2].numTokens, 3);
    QCOMPARE(cells.cellsOfToken(4), (std::pair<int64_t, int64_t>(2, 2)));
}

void TestTokenView::waitsForTheRestOfACharacter()
{
    TokenCells cells;
    cells.appendToken("\xE6", false);
    cells.appendToken("\xBC", false);
    QVERIFY(cells.cells().empty());
    QCOMPARE(cells.cellsOfToken(0), (std::pair<int64_t, int64_t>(-1, -1)));
    cells.appendToken("\xA2!", false); // a token may end one character and hold another
    QCOMPARE(cells.plainText(0, 2), u"漢!"_s);
    QCOMPARE(cells.cells()[1].firstToken, 2);
}

void TestTokenView::showsBrokenBytesAsHex_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("expected");
    QTest::newRow("continuation alone") << QByteArray("a\x80z") << u"a\\x80z"_s;
    QTest::newRow("cut short by a letter") << QByteArray("\xE6\xBCz") << u"\\xE6\\xBCz"_s;
    QTest::newRow("end of the stream") << QByteArray("ok\xF0\x9F") << u"ok\\xF0\\x9F"_s;
    QTest::newRow("overlong") << QByteArray("\xC0\xAF") << u"\\xC0\\xAF"_s;
    QTest::newRow("surrogate") << QByteArray("\xED\xA0\x80") << u"\\xED\\xA0\\x80"_s;
    QTest::newRow("never in UTF-8") << QByteArray("\xFF") << u"\\xFF"_s;
    QTest::newRow("good after broken") << QByteArray("\xE6\xC3\xA9") << u"\\xE6é"_s;
    QTest::newRow("control") << QByteArray("a\x07") << u"a\\x07"_s;
}

void TestTokenView::showsBrokenBytesAsHex()
{
    QFETCH(QByteArray, bytes);
    TokenCells cells;
    for (char byte : bytes) cells.appendToken(std::string(1, byte), false);
    cells.finish();
    QTEST(cells.plainText(0, static_cast<int64_t>(cells.cells().size())), "expected");
    for (const Cell &cell : cells.cells()) QVERIFY(cell.numTokens >= 1);
}

void TestTokenView::marksJoinTheCharacterBefore()
{
    TokenCells cells;
    cells.appendToken("e", false);
    cells.takeFirstChanged();
    cells.appendToken("\xCC\x81", false); // combining acute accent
    QCOMPARE(cells.cells().size(), size_t{1});
    QCOMPARE(cells.cells()[0].numTokens, 2);
    QCOMPARE(cells.takeFirstChanged(), 0); // the layout must look at it again
}

void TestTokenView::joinedScriptsAreWholeWords()
{
    TokenCells cells;
    for (const GeneratedToken &token : bytesOf("سلام ok")) cells.appendToken(token.bytes, false);
    QCOMPARE(cells.cells().size(), size_t{4}); // one word, blank, o, k
    QCOMPARE(cells.cells()[0].numTokens, 8);
}

void TestTokenView::specialTokensAreChips()
{
    TokenView view;
    view.appendTokens({makeToken("a"), makeToken("<|end_of_text|>", 1, 256)});
    QCOMPARE(view.cells().cells().size(), size_t{2});
    QCOMPARE(view.cells().cells()[1].kind, CellKind::Special);
    view.clear();
    view.appendTokens(bytesOf("<|")); // the same letters as plain bytes
    QCOMPARE(view.cells().cells()[0].kind, CellKind::Text);
}

void TestTokenView::promptAndTokensAreKeptApart()
{
    TokenView view;
    view.setPrompt("caf\xC3");
    view.appendTokens({makeToken("\xA9")});
    view.finish();
    // A prompt that ends within a character is shown as it is; the model's byte is the model's.
    QCOMPARE(view.copyText(), u"caf\\xC3\\xA9"_s);
    QCOMPARE(view.cells().numPromptCells(), 4);
    QCOMPARE(view.cells().cells().back().firstToken, 0);
}

void TestTokenView::suffixStaysBehindTheTokens()
{
    TokenCells cells;
    cells.setPrompt("ab");
    cells.setSuffix("\xCC\x81z\xC3"); // begins with a mark that would join, ends within a character
    const auto all = [&] { return cells.plainText(0, static_cast<int64_t>(cells.cells().size())); };
    QCOMPARE(all(), u"ab\u0301z\\xC3"_s);
    QCOMPARE(cells.numSuffixCells(), 3);
    cells.takeFirstChanged();
    cells.appendToken("c\xC3", false);
    QCOMPARE(cells.numSuffixCells(), 0); // taken away until the batch is whole
    cells.showSuffix();
    QCOMPARE(all(), u"abc\u0301z\\xC3"_s);
    QCOMPARE(cells.takeFirstChanged(), 2);
    QCOMPARE(cells.cells()[2].firstToken, 0);
    QCOMPARE(cells.cells()[3].firstToken, -1);
    cells.appendToken("\xA9", false);
    cells.showSuffix();
    cells.appendToken("\xE6", false);
    cells.finish();
    QCOMPARE(all(), u"abcé\\xE6\u0301z\\xC3"_s);
    QCOMPARE(cells.cellsOfToken(2), (std::pair<int64_t, int64_t>(4, 4)));
    cells.setPrompt("x");
    QCOMPARE(all(), u"x"_s);
}

void TestTokenView::suffixDoesNotDisturbTheLayout()
{
    TokenCells cells;
    TokenLayout grown, anew;
    const double width = QFontMetricsF(Theme::instance().monoFont()).horizontalAdvance(u'0') * 13;
    grown.setGeometry(Theme::instance().monoFont(), width);
    anew.setGeometry(Theme::instance().monoFont(), width);
    cells.setPrompt("before ");
    cells.setSuffix(" after \x07 it\nand\tmore of it, some lines long");
    grown.update(cells, 0);
    for (const GeneratedToken &token : bytesOf("one two threeandmore\nfive e\xCC\x81 six seveneightnine")) {
        cells.appendToken(token.bytes, false);
        cells.showSuffix();
        grown.update(cells, cells.takeFirstChanged());
        anew.update(cells, 0);
        QCOMPARE(grown.numLines(), anew.numLines());
        for (int64_t i = 0; i < grown.numLines(); ++i) QCOMPARE(grown.lineCells(i), anew.lineCells(i));
        for (int64_t i = 0; i < static_cast<int64_t>(cells.cells().size()); ++i)
            QCOMPARE(grown.cellWidth(i), anew.cellWidth(i));
    }
}

void TestTokenView::keysStayWithinTheHole()
{
    TokenView view;
    view.resize(400, 200);
    view.show();
    view.setPrompt("ab\n");
    view.setSuffix("\nyz\n\nyz");
    view.appendTokens(bytesOf("cd\nef"));
    QTest::keyClick(&view, Qt::Key_End);
    QCOMPARE(view.currentToken(), 4);
    QTest::keyClick(&view, Qt::Key_Down);
    QCOMPARE(view.currentToken(), 4);
    QTest::keyClick(&view, Qt::Key_Up);
    QVERIFY(view.currentToken() <= 1);
    QTest::keyClick(&view, Qt::Key_Up);
    QCOMPARE(view.currentToken(), 0);
    QCOMPARE(view.tokenAt(view.tokenRect(4).center()), 4);
    QVERIFY(view.summary().contains(u"They fill a hole."_s));
    QCOMPARE(view.copyText(), u"ab\ncd\nef\nyz\n\nyz"_s);
}

void TestTokenView::followsTheEndOfTheHole()
{
    TokenView view;
    view.resize(300, 120);
    view.show();
    view.setPrompt("ab");
    std::string behind;
    for (int i = 0; i < 100; ++i) behind += "\nline " + std::to_string(i);
    view.setSuffix(behind);
    for (int i = 0; i < 30; ++i) view.appendTokens(bytesOf("\nx"));
    QVERIFY(view.isFollowing());
    const QRectF last = view.tokenRect(view.numTokens() - 1);
    QVERIFY(last.top() >= 0 && last.bottom() <= view.viewport()->height());
    view.verticalScrollBar()->setValue(0);
    QVERIFY(!view.isFollowing());
    view.appendTokens(bytesOf("\nx"));
    QCOMPARE(view.verticalScrollBar()->value(), 0);
}

void TestTokenView::streamedEqualsWhole()
{
    const std::string text = "naïve — 漢字\n\ttab \xFF end 👩‍👩‍👧 ok";
    TokenCells streamed, whole;
    for (const GeneratedToken &token : bytesOf(text)) streamed.appendToken(token.bytes, false);
    streamed.finish();
    whole.appendToken(text, false);
    whole.finish();
    QCOMPARE(streamed.cells().size(), whole.cells().size());
    QCOMPARE(streamed.plainText(0, 1000), whole.plainText(0, 1000));
}

void TestTokenView::breaksLinesAtBlanks()
{
    TokenCells cells;
    cells.appendToken("the quick brown fox\njumps", false);
    TokenLayout layout;
    const QFontMetricsF metrics(Theme::instance().monoFont());
    layout.setGeometry(Theme::instance().monoFont(), metrics.horizontalAdvance(u'0') * 11.5);
    layout.update(cells, 0);
    QStringList lines;
    for (int64_t i = 0; i < layout.numLines(); ++i) {
        const auto [first, last] = layout.lineCells(i);
        lines << cells.plainText(first, last);
    }
    QCOMPARE(lines, (QStringList{u"the quick "_s, u"brown fox\n"_s, u"jumps"_s}));
    layout.setGeometry(Theme::instance().monoFont(),
                       metrics.horizontalAdvance(u'0') * 0.5); // narrower than a character
    layout.update(cells, 0);
    QVERIFY(layout.numLines() >= 20);
}

void TestTokenView::layoutGrowsAsIfLaidOutAnew()
{
    TokenCells cells;
    TokenLayout grown, anew;
    const double width = QFontMetricsF(Theme::instance().monoFont()).horizontalAdvance(u'0') * 13;
    grown.setGeometry(Theme::instance().monoFont(), width);
    anew.setGeometry(Theme::instance().monoFont(), width);
    const std::string text =
        "one two threeandmore four\n\nfive e\xCC\x81 six seveneightnineteneleven twelve\n";
    for (const GeneratedToken &token : bytesOf(text + text + text)) {
        cells.appendToken(token.bytes, false);
        grown.update(cells, cells.takeFirstChanged());
        anew.update(cells, 0);
        QCOMPARE(grown.numLines(), anew.numLines());
        for (int64_t i = 0; i < grown.numLines(); ++i) QCOMPARE(grown.lineCells(i), anew.lineCells(i));
    }
}

void TestTokenView::pointerFindsTokens()
{
    TokenView view;
    view.resize(400, 200);
    view.show();
    view.setPrompt("ab");
    view.appendTokens(bytesOf("cde\nfg"));
    for (int token = 0; token < view.numTokens(); ++token)
        QCOMPARE(view.tokenAt(view.tokenRect(token).center()), token);
    QCOMPARE(view.tokenAt(QPointF(12, view.tokenRect(0).center().y())), -1); // the prompt
    QCOMPARE(view.tokenAt(QPointF(390, 190)), -1);
    QSignalSpy current(&view, &TokenView::currentTokenChanged);
    QTest::mouseMove(view.viewport(), view.tokenRect(2).center().toPoint());
    QCOMPARE(view.currentToken(), 2);
    QVERIFY(!view.isLocked());
    QVERIFY(current.count() >= 1);
}

void TestTokenView::pointerFindsTokensWithinACharacter()
{
    TokenView view;
    view.resize(400, 100);
    view.show();
    view.appendTokens(bytesOf("漢"));
    QCOMPARE(view.tokenAt(view.tokenRect(0).center()), 0);
    QCOMPARE(view.tokenAt(view.tokenRect(2).center()), 2);
}

void TestTokenView::arrowsMoveThroughTokens()
{
    TokenView view;
    view.resize(400, 200);
    view.show();
    view.setPrompt("p");
    view.appendTokens(bytesOf("abc\ndef"));
    QTest::keyClick(&view, Qt::Key_Home);
    QCOMPARE(view.currentToken(), 0);
    QTest::keyClick(&view, Qt::Key_Right);
    QCOMPARE(view.currentToken(), 1);
    QTest::keyClick(&view, Qt::Key_Down); // the character below
    QCOMPARE(view.currentToken(), 6);
    QTest::keyClick(&view, Qt::Key_Up);
    QCOMPARE(view.currentToken(), 1);
    QTest::keyClick(&view, Qt::Key_End);
    QTest::keyClick(&view, Qt::Key_Right);
    QCOMPARE(view.currentToken(), 6);
    QVERIFY(view.isLocked());
}

void TestTokenView::clickLocksAndEscapeUnlocks()
{
    TokenView view;
    view.resize(400, 200);
    view.show();
    view.appendTokens(bytesOf("abc"));
    const QPoint second = view.tokenRect(1).center().toPoint();
    QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, second);
    QCOMPARE(view.currentToken(), 1);
    QVERIFY(view.isLocked());
    QTest::mouseMove(view.viewport(), view.tokenRect(0).center().toPoint());
    QCOMPARE(view.currentToken(), 1);
    QTest::keyClick(&view, Qt::Key_Escape);
    QCOMPARE(view.currentToken(), -1);
    QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, second);
    QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, second);
    QVERIFY(!view.isLocked());
}

void TestTokenView::copiesSelectionOrAll()
{
    TokenView view;
    view.resize(400, 200);
    view.show();
    view.setPrompt("ab ");
    view.appendTokens(bytesOf("cdef"));
    QTest::keyClick(&view, Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QGuiApplication::clipboard()->text(), u"ab cdef"_s);
    const QPoint from = view.tokenRect(1).center().toPoint(),
                 to = view.tokenRect(2).center().toPoint() + QPoint(12, 0);
    QTest::mousePress(view.viewport(), Qt::LeftButton, {}, from);
    QMouseEvent move(QEvent::MouseMove, to, view.viewport()->mapToGlobal(to), Qt::NoButton, Qt::LeftButton,
                     {});
    QApplication::sendEvent(view.viewport(), &move);
    QTest::mouseRelease(view.viewport(), Qt::LeftButton, {}, to);
    QVERIFY(view.copyText().startsWith(u"de"_s));
    QVERIFY(view.copyText().size() < 4);
}

void TestTokenView::followsTheEndUntilScrolled()
{
    TokenView view;
    view.resize(300, 100);
    view.show();
    for (int i = 0; i < 50; ++i) view.appendTokens(bytesOf("line\n"));
    QScrollBar *bar = view.verticalScrollBar();
    QVERIFY(bar->maximum() > 0);
    QCOMPARE(bar->value(), bar->maximum());
    bar->setValue(10);
    view.appendTokens(bytesOf("more\n"));
    QCOMPARE(bar->value(), 10);
    bar->setValue(bar->maximum());
    view.appendTokens(bytesOf("more\nand more\n"));
    QCOMPARE(bar->value(), bar->maximum());
}

void TestTokenView::colouredTextStaysReadable_data()
{
    QTest::addColumn<ThemeKind>("kind");
    QTest::newRow("light") << ThemeKind::Light;
    QTest::newRow("dark") << ThemeKind::Dark;
    QTest::newRow("high contrast") << ThemeKind::HighContrast;
}

void TestTokenView::colouredTextStaysReadable()
{
    QFETCH(ThemeKind, kind);
    Theme::instance().apply(*qApp, kind);
    const QColor text = Theme::instance().tokens().text;
    for (int i = 0; i <= 100; ++i) QVERIFY(contrast(text, probabilityColor(i / 100.0)) >= 4.5);
    // Equal steps: no jump, and the lightness always goes one way.
    const double direction = luminance(probabilityColor(1)) - luminance(probabilityColor(0));
    for (int i = 0; i < 20; ++i)
        QVERIFY((luminance(probabilityColor((i + 1) / 20.0)) - luminance(probabilityColor(i / 20.0))) *
                    direction >
                0);
    QCOMPARE(probabilityColor(NAN), probabilityColor(0));
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

void TestTokenView::tellsAssistiveToolsWhatIsShown()
{
    TokenView view;
    view.show();
    QCOMPARE(view.summary(), u"No tokens yet."_s);
    view.appendTokens({makeToken("a", 0.25), makeToken("b", 0.5)});
    view.setCurrentToken(1, true);
    QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(&view);
    QVERIFY(interface);
    QCOMPARE(interface->text(QAccessible::Description), u"2 tokens. Token 1 “b”, probability 0.500."_s);
    QCOMPARE(interface->text(QAccessible::Value), u"ab"_s);
    QCOMPARE(interface->text(QAccessible::Name), u"Generated text"_s);
}

void TestTokenView::takes100000TokensQuickly()
{
    TokenView view;
    view.resize(800, 600);
    view.show();
    view.setColored(true);
    std::vector<GeneratedToken> tokens;
    for (int i = 0; i < 100'000; ++i)
        tokens.push_back(makeToken(std::string(1, i % 71 == 70 ? '\n'
                                                  : i % 6 == 5 ? ' '
                                                               : static_cast<char>('a' + i % 26))));
    ORRERY_VERIFY_QUICK(view.appendTokens(tokens));
    ORRERY_VERIFY_QUICK(view.appendTokens(bytesOf("and one more word")));
    ORRERY_VERIFY_QUICK(view.resize(500, 600));
    ORRERY_VERIFY_QUICK(view.grab());
    view.verticalScrollBar()->setValue(view.verticalScrollBar()->maximum() / 2);
    ORRERY_VERIFY_QUICK(view.grab());
    ORRERY_VERIFY_QUICK(view.setCurrentToken(50'000, true));
}

void TestTokenView::candidatesShowTheTakenToken()
{
    CandidateModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    GeneratedToken token = makeToken(" ", 0.01);
    for (int i = 0; i < 10; ++i) token.alternatives.push_back({1'000 + i, "t" + std::to_string(i), 0.1});
    model.setToken(token);
    QCOMPARE(model.rowCount(), 11); // outside the ten most probable, added behind them
    QCOMPARE(model.index(10).data().toString(), u"␣"_s);
    QVERIFY(model.index(10).data(CandidateModel::IsTakenRole).toBool());
    token.alternatives[3].id = token.id;
    model.setToken(token);
    QCOMPARE(model.rowCount(), 10);
    QVERIFY(model.index(3).data(CandidateModel::IsTakenRole).toBool());
    model.setToken(std::nullopt);
    QCOMPARE(model.rowCount(), 0);
}

ORRERY_GUI_TEST_MAIN(TestTokenView)
#include "tst_token_view.moc"
