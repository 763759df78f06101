// SPDX-License-Identifier: GPL-3.0-or-later
// Texts that are longer than the model's context: looked at by what the model had before it at a token.
#include "tests/widgets/attention/attention_fixture.h"

#include <QScrollBar>
#include <QSignalSpy>

using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr int64_t kTokens = 120, kContext = 40;

SampleModel longText()
{
    SampleModel model;
    model.layers = model.heads = 2;
    const std::vector<std::string> once = model.words;
    while (std::ssize(model.words) < kTokens) model.words.insert(model.words.end(), once.begin(), once.end());
    model.words.resize(size_t(kTokens));
    return model;
}

Error tooLong()
{
    return {ErrorCode::InvalidInput,
            "Cannot look inside: the text has 120 tokens, expected at most the model's context of 40.",
            "Shorten the text, or use a model with a longer context."};
}

/// The windows of an engine: a multiple of half a context begins each.
int64_t originOf(int64_t token) { return std::max<int64_t>(0, (token + 1 - kContext / 2) / 20 * 20); }

void answerByWindows(FakeSession &session)
{
    const SampleModel model = longText();
    session.inspection = [model](const QString &name, const InspectRequest &request) {
        InspectReport report;
        report.model = name.toStdString();
        report.step = 8'000;
        report.layers = model.layers;
        report.heads = model.heads;
        report.tokens = sampleTokenList(model);
        report.token = request.token < 0 ? kTokens - 1 : request.token;
        report.candidates = sampleCandidates(0.8);
        report.note = "Of 120 tokens the model has some before it here.";
        const int64_t first = originOf(report.token), count = std::min(kContext, kTokens - first);
        const int64_t per = std::max<int64_t>(1, (count + request.maxEdge - 1) / request.maxEdge);
        for (const HeadRef &head : request.heads) {
            AttentionMap map{.head = head,
                             .firstRow = first,
                             .numRows = count,
                             .firstColumn = first,
                             .numColumns = count,
                             .rowsPerCell = per,
                             .columnsPerCell = per};
            map.mean.assign(size_t(map.height() * map.width()), 0.01F * float(head.layer + 1));
            if (per > 1) map.maximum = map.mean;
            report.maps.push_back(std::move(map));
        }
        if (!request.ablated.empty()) report.changed = sampleCandidates(0.3);
        return report;
    };
}

} // namespace

class TestAttentionWindows : public QObject, protected AttentionFixture {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        setUp();
        m_selection = std::make_unique<Selection>();
        m_panel->setSelection(m_selection.get());
    }
    void cleanup()
    {
        tearDown();
        m_selection.reset();
    }
    void aLongTextIsLookedAtByItsWindow();
    void laterTokensOfTheWindowAreOnlyRows();
    void earlierTokensAreAskedForAnew();
    void anotherHeadNeedsNoOtherOverview();
    void headsOfATrainingAreAskedForAnew();
    void whatElseIsWrongIsSaid();
    void otherErrorsAreNotAskedTwice();
    void theMapAloneIsSomething();
    void aShortTextIsNoWindow();
    void withoutAHeadItIsTheSameWindow();
    void aLinkKnowsWhereTheAnswerBegan();
    void ownTextsAreLookedAtBehindTheirEnd();
    void theKeptTokenIsSeenInTheText();

private:
    /// Questions for maps; what comes behind a row is asked for besides.
    [[nodiscard]] std::vector<InspectRequest> allAsked() const
    {
        std::vector<InspectRequest> all;
        for (const FakeSession::Inspection &one : m_session->inspections)
            if (one.request.wantsOverview || !one.request.heads.empty() || !one.request.ablated.empty())
                all.push_back(one.request);
        return all;
    }
    [[nodiscard]] size_t numAsked() const { return allAsked().size(); }
    [[nodiscard]] InspectRequest asked(size_t number) const { return allAsked()[number]; }
    void select(int64_t token, const QString &model = u"alpha@8000"_s)
    {
        auto text = std::make_shared<GenerateRequest>();
        text->prompt = "What is this?";
        text->answerIds = std::vector<int32_t>(100, 7);
        m_session->failNext[u"inspect"_s] = tooLong();
        m_selection->set(
            {.model = model, .title = u"Answer 3"_s, .text = text, .token = token, .head = HeadRef{1, 1}},
            &m_other);
    }
    void openWindow(int64_t token = 70, const QString &model = u"alpha@8000"_s)
    {
        open();
        m_shortTexts = m_session->inspection;
        answerByWindows(*m_session);
        select(token, model);
        QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
        m_panel->flush();
    }

    decltype(FakeSession::inspection) m_shortTexts;
    QObject m_other;
    std::unique_ptr<Selection> m_selection;
};

void TestAttentionWindows::aLongTextIsLookedAtByItsWindow()
{
    openWindow();
    QCOMPARE(numAsked(), size_t(3)); // the whole, the window, all heads of the window
    QVERIFY(asked(0).wantsOverview);
    QVERIFY(!asked(1).wantsOverview && !asked(2).wantsOverview);
    QCOMPARE(asked(1).token, 70);
    QCOMPARE(asked(2).token, 70);
    QVERIFY((asked(1).heads == std::vector<HeadRef>{{1, 1}}));
    QCOMPARE(asked(2).heads.size(), size_t(4));
    QCOMPARE(asked(2).maxEdge, 32);
    QVERIFY(m_panel->banner()->isHidden()); // it was no mistake
    const InspectReport &report = m_panel->snapshot()->report;
    QCOMPARE(report.overview.size(), size_t(4));
    QCOMPARE(report.overview.front().height(), 20);
    QCOMPARE(report.maps.front().height(), 40);
    // A row is a token of the whole text.
    QCOMPARE(report.tokens.size(), size_t(kTokens));
    const int64_t first = originOf(70);
    QCOMPARE(m_panel->place().pinnedToken, 70);
    QCOMPARE(map()->pinnedRow(), int(70 - first));
    QCOMPARE(map()->shownTokens(), QRectF(double(first), double(first), 40, 40));
    QVERIFY(map()->figure().reading({0, 0}).startsWith(u"token %1 "_s.arg(first)));
    QVERIFY(child<QLabel>(m_panel.get(), "saidNote")->text().contains(u"Of 120 tokens the model"_s));
    QCOMPARE(m_panel->strip()->numTokens(), int(kTokens));
    QCOMPARE(m_panel->strip()->weights()[size_t(first)], 0.02F);
    QCOMPARE(m_panel->strip()->weights()[size_t(first) - 1], 0.0F);
}

void TestAttentionWindows::laterTokensOfTheWindowAreOnlyRows()
{
    openWindow();
    m_selection->move(75, HeadRef{1, 1}, &m_other);
    m_panel->flush();
    QTest::qWait(30);
    QCOMPARE(numAsked(), size_t(3));
    QCOMPARE(map()->pinnedRow(), int(75 - originOf(70)));
    m_selection->move(110, HeadRef{1, 1}, &m_other); // behind it
    m_panel->flush();
    QTRY_COMPARE(m_panel->snapshot()->report.token, 110);
    QCOMPARE(asked(3).token, 110);
    QVERIFY(!asked(3).wantsOverview); // that it is long is known
    QCOMPARE(numAsked(), size_t(5));
    m_panel->flush();
    QCOMPARE(map()->pinnedRow(), int(110 - originOf(110)));
}

void TestAttentionWindows::earlierTokensAreAskedForAnew()
{
    openWindow();
    m_selection->move(65, HeadRef{1, 1}, &m_other); // is shown, but may have been read in the window before
    m_panel->flush();
    QTRY_COMPARE(m_panel->snapshot()->report.token, 65);
    QCOMPARE(asked(3).token, 65);
}

void TestAttentionWindows::anotherHeadNeedsNoOtherOverview()
{
    openWindow();
    openHead({0, 1});
    QTRY_VERIFY(!m_panel->snapshot()->report.maps.empty() &&
                m_panel->snapshot()->report.maps.front().head == (HeadRef{0, 1}));
    QTest::qWait(30);
    QCOMPARE(numAsked(), size_t(4));
    QCOMPARE(asked(3).token, 70);
    QCOMPARE(m_panel->snapshot()->report.overview.size(), size_t(4));
}

void TestAttentionWindows::headsOfATrainingAreAskedForAnew()
{
    openWindow(70, u"alpha@live"_s);
    openHead({0, 1});
    QTRY_COMPARE(numAsked(), size_t(5)); // its weights are others a moment later
    QCOMPARE(asked(4).heads.size(), size_t(4));
}

void TestAttentionWindows::whatElseIsWrongIsSaid()
{
    open();
    m_session->isHolding = true;
    select(70);
    m_session->flush(); // the whole is refused, the window is asked for
    QTRY_COMPARE(numAsked(), size_t(2));
    m_session->failNext[u"inspect"_s] =
        Error{ErrorCode::InvalidInput, "Cannot look inside: head 9.9 does not exist.", "Choose another."};
    m_session->isHolding = false;
    m_session->flush();
    QTRY_VERIFY(m_panel->banner()->isVisible());
    QCOMPARE(m_panel->banner()->message(), u"Cannot look inside: head 9.9 does not exist."_s);
    QCOMPARE(numAsked(), size_t(2));
}

void TestAttentionWindows::otherErrorsAreNotAskedTwice()
{
    open();
    m_session->isHolding = true;
    select(70);
    m_session->failNext[u"inspect"_s] =
        Error{ErrorCode::Unavailable, "Cannot look inside: the worker is gone.", "Retry."};
    m_session->isHolding = false;
    m_session->flush();
    QTRY_COMPARE(m_panel->banner()->message(), u"Cannot look inside: the worker is gone."_s);
    QCOMPARE(numAsked(), size_t(1));
}

void TestAttentionWindows::theMapAloneIsSomething()
{
    open();
    answerByWindows(*m_session);
    m_session->isHolding = true;
    select(70);
    m_session->flush();
    QTRY_COMPARE(numAsked(), size_t(2));
    m_session->flush();
    QTRY_COMPARE(numAsked(), size_t(3));
    m_session->failNext[u"inspect"_s] = Error{ErrorCode::OutOfMemory, "Cannot look inside: memory.", "Less."};
    m_session->isHolding = false;
    m_session->flush();
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    QCOMPARE(m_panel->snapshot()->report.overview.size(), size_t(1)); // the head that is open
    QVERIFY(m_panel->banner()->isHidden());
    m_panel->flush();
    QCOMPARE(m_panel->place().head, (HeadRef{1, 1}));
}

void TestAttentionWindows::aShortTextIsNoWindow()
{
    openWindow();
    m_session->inspection = m_shortTexts;
    child<QPushButton>(m_panel.get(), "backToKept")->click();
    QTRY_VERIFY(m_panel->snapshot() && m_panel->snapshot()->isKept);
    m_panel->flush();
    const size_t before = numAsked();
    m_panel->askModel();
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    QVERIFY(asked(before).wantsOverview);
    openHead({1, 1});
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(9, 2).center().toPoint());
    m_panel->flush();
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(5, 2).center().toPoint());
    m_panel->flush();
    QTest::qWait(30);
    QCOMPARE(numAsked(), before + 1); // an earlier row is only another row
    QVERIFY(!m_panel->command().isEmpty());
}

void TestAttentionWindows::withoutAHeadItIsTheSameWindow()
{
    openWindow();
    QTest::keyClick(map(), Qt::Key_Escape); // no row is kept any more
    QCOMPARE(m_panel->place().pinnedToken, -1);
    const size_t before = numAsked();
    m_panel->ablate();
    QCOMPARE(numAsked(), before + 1);
    QCOMPARE(asked(before).token, 70);
}

void TestAttentionWindows::aLinkKnowsWhereTheAnswerBegan()
{
    openWindow();
    QCOMPARE(m_panel->command(), QString()); // the command line reads whole texts
    const QVariantMap state = m_panel->view().state();
    QCOMPARE(state[u"answer"_s].toInt(), 100);
    const size_t before = numAsked();
    m_session->failNext[u"inspect"_s] = tooLong();
    m_panel->view().restore(state);
    QTRY_VERIFY(numAsked() >= before + 2);
    QCOMPARE(asked(before + 1).input.promptIds.size(), size_t(20));
    QCOMPARE(asked(before + 1).input.answerIds.size(), size_t(100));
    QCOMPARE(asked(before + 1).input.answerIds.front(), 1020);
    QCOMPARE(asked(before + 1).token, 70);
    // Nonsense leaves the text whole.
    QVariantMap broken = state;
    broken[u"answer"_s] = 5'000;
    m_panel->view().restore(broken);
    QTRY_COMPARE(m_session->inspections.back().request.input.promptIds.size(), size_t(120));
}

void TestAttentionWindows::ownTextsAreLookedAtBehindTheirEnd()
{
    open();
    answerByWindows(*m_session);
    auto *choice = child<QComboBox>(m_panel.get(), "promptChoice");
    choice->setCurrentIndex(choice->count() - 1);
    Q_EMIT choice->activated(choice->currentIndex());
    auto *line = child<QLineEdit>(m_panel.get(), "ownText");
    QTest::keyClicks(line, u"a long text"_s);
    m_session->failNext[u"inspect"_s] = tooLong();
    QTest::keyClick(line, Qt::Key_Return);
    QTRY_VERIFY(m_panel->snapshot());
    QCOMPARE(asked(1).token, -1);
    QCOMPARE(m_panel->snapshot()->report.token, kTokens - 1);
}

void TestAttentionWindows::theKeptTokenIsSeenInTheText()
{
    m_panel->resize(660, 760);
    openWindow(110);
    TokenStrip *strip = m_panel->strip();
    const QRect room = strip->viewport()->rect();
    QTRY_VERIFY(QRectF(room).contains(strip->tokenRect(110)));
    QVERIFY(strip->verticalScrollBar()->value() > 0);
    // Lines are whole or not there.
    const auto isWhole = [&](int token) {
        const QRectF place = strip->tokenRect(token);
        return place.top() >= 0 && place.bottom() <= room.height();
    };
    const auto isAway = [&](int token) {
        const QRectF place = strip->tokenRect(token);
        return place.bottom() <= 1 || place.top() >= room.height();
    };
    for (int token = 0; token < kTokens; ++token) QVERIFY(isWhole(token) || isAway(token));
    strip->setFocus();
    for (int i = 0; i < kTokens; ++i) QTest::keyClick(strip, Qt::Key_Right);
    for (int i = 0; i < 60; ++i) QTest::keyClick(strip, Qt::Key_Left);
    QVERIFY(isWhole(59) && !isWhole(119));
    for (int token = 0; token < kTokens; ++token) QVERIFY(isWhole(token) || isAway(token));
    m_selection->move(111, HeadRef{1, 1}, &m_other); // a row that is kept is seen again
    m_panel->flush();
    QVERIFY(isWhole(111));
    // Home, End, and from line to line.
    QSignalSpy chosen(strip, &TokenStrip::chosen);
    const auto cursor = [&] {
        QTest::keyClick(strip, Qt::Key_Return);
        return chosen.last().first().toInt();
    };
    QTest::keyClick(strip, Qt::Key_End);
    QCOMPARE(cursor(), kTokens - 1);
    QVERIFY(isWhole(kTokens - 1));
    QTest::keyClick(strip, Qt::Key_Home);
    QCOMPARE(cursor(), 0);
    QVERIFY(isWhole(0));
    QTest::keyClick(strip, Qt::Key_Up);
    QCOMPARE(cursor(), 0); // there is no line above
    QTest::keyClick(strip, Qt::Key_Down);
    const int below = cursor();
    QVERIFY(strip->tokenRect(below).top() > strip->tokenRect(0).top());
    QCOMPARE(strip->tokenRect(below - 1).top(), strip->tokenRect(0).top()); // the first of its line
    QTest::keyClick(strip, Qt::Key_Up);
    QCOMPARE(cursor(), 0);
}

ORRERY_GUI_TEST_MAIN(TestAttentionWindows)
#include "tst_attention_windows.moc"
