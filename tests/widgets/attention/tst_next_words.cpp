// SPDX-License-Identifier: GPL-3.0-or-later
// What comes next stands beside a map for the row in focus, and says of which token it is.
#include "tests/widgets/attention/attention_fixture.h"

using namespace orrery;
using namespace orrery::ui;

class TestNextWords : public QObject, protected AttentionFixture {
    Q_OBJECT
private Q_SLOTS:
    void init() { setUp(); }
    void cleanup() { tearDown(); }
    void withoutARowItIsBehindTheLastToken();
    void aKeptStepSaysWhatItLacks();
    void aRowIsAskedForOnce();
    void goingThroughRowsAsksForTheLast();
    void otherWeightsAreSaid();
    void refusalsStandInItsPlace();
    void refusalsAreForgotten();
    void areOfTheWeightsOfTheMap();

private:
    [[nodiscard]] QString titleText() const { return child<ToneLabel>(m_panel.get(), "nextTitle")->text(); }
    [[nodiscard]] QString noteText() const { return child<ToneLabel>(m_panel.get(), "nextNote")->text(); }
    [[nodiscard]] const BarList *bars() const { return m_panel->stage()->side()->candidateBars(); }
    void pin(int token)
    {
        m_panel->goTo({.level = StageLevel::Head, .head = {2, 1}, .pinnedToken = token});
        m_panel->flush();
    }
    /// Of an exact map; each token has its own answer.
    void openAsked()
    {
        open();
        openHead({2, 1});
        const auto usual = m_session->inspection;
        m_session->inspection = [usual](const QString &model, const InspectRequest &request) {
            InspectReport report = usual(model, request);
            report.candidates.front().bytes = "after " + std::to_string(report.token);
            return report;
        };
        m_panel->askModel();
        QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
        m_panel->flush();
    }
    [[nodiscard]] size_t numAsked() const { return m_session->inspections.size(); }
};

void TestNextWords::withoutARowItIsBehindTheLastToken()
{
    openAsked();
    QCOMPARE(titleText(), u"Next after “;”, token 29"_s);
    QCOMPARE(bars()->rows().front().label, u"after␣29"_s);
    pin(29);
    QCOMPARE(titleText(), u"Next after “;”, token 29"_s);
    QTest::qWait(200);
    QCOMPARE(numAsked(), size_t(1)); // it was in the answer
}

void TestNextWords::aKeptStepSaysWhatItLacks()
{
    open();
    pin(4);
    QCOMPARE(titleText(), u"Next after “;”, token 29"_s); // not of the row, and it does not say so
    QVERIFY2(noteText().contains(u"A kept step holds what comes after its last token alone"_s),
             qPrintable(noteText()));
    QTest::qWait(200);
    QCOMPARE(numAsked(), size_t(0));
    pin(29);
    QVERIFY(!noteText().contains(u"kept step"_s));
}

void TestNextWords::aRowIsAskedForOnce()
{
    openAsked();
    pin(4);
    QCOMPARE(titleText(), u"Next after “␣argc”, token 4"_s);
    QVERIFY(!bars()->isVisible());
    QCOMPARE(noteText(), u"computing…"_s);
    QTRY_VERIFY(bars()->isVisible());
    QCOMPARE(bars()->rows().front().label, u"after␣4"_s);
    QCOMPARE(numAsked(), size_t(2));
    const FakeSession::Inspection &asked = m_session->inspections.back();
    QCOMPARE(asked.request.token, int64_t(4));
    QVERIFY(!asked.request.wantsOverview && asked.request.heads.empty());
    QCOMPARE(asked.request.input.promptIds.size(), size_t(30)); // by its tokens
    pin(29);
    pin(4);
    QCOMPARE(bars()->rows().front().label, u"after␣4"_s); // at once
    QTest::qWait(200);
    QCOMPARE(numAsked(), size_t(2));
    // The same token of another answer is another one.
    m_panel->askModel();
    QTRY_COMPARE(numAsked(), size_t(4));
}

void TestNextWords::goingThroughRowsAsksForTheLast()
{
    openAsked();
    for (int token = 3; token < 9; ++token) pin(token);
    QTRY_COMPARE(numAsked(), size_t(2));
    QCOMPARE(m_session->inspections.back().request.token, int64_t(8));
    QTRY_VERIFY(bars()->isVisible());
    QCOMPARE(bars()->rows().front().label, u"after␣8"_s);
}

void TestNextWords::otherWeightsAreSaid()
{
    openAsked();
    const auto usual = m_session->inspection;
    m_session->inspection = [usual](const QString &model, const InspectRequest &request) {
        InspectReport report = usual(model, request);
        report.step = 8'400; // the training went on
        return report;
    };
    pin(4);
    QTRY_VERIFY2(noteText().contains(u"computed at step 8,400"_s), qPrintable(noteText()));
}

void TestNextWords::refusalsStandInItsPlace()
{
    openAsked();
    m_session->failNext[u"inspect"_s] =
        Error{ErrorCode::Unavailable, "Cannot look inside: it ended.", "Ask a step."};
    pin(4);
    QTRY_VERIFY2(noteText().startsWith(u"Cannot look inside: it ended."_s), qPrintable(noteText()));
    QVERIFY(m_panel->banner()->isHidden()); // the map is not wrong
    m_panel->flush();
    QTest::qWait(200);
    QCOMPARE(numAsked(), size_t(2)); // not again and again
}

void TestNextWords::refusalsAreForgotten()
{
    openAsked();
    const Error refusal{ErrorCode::Unavailable, "Cannot look inside: it ended.", "Ask a step."};
    m_session->failNext[u"inspect"_s] = refusal;
    pin(4);
    QTRY_VERIFY2(noteText().startsWith(u"Cannot look"_s), qPrintable(noteText()));
    m_session->failNext[u"inspect"_s] = refusal;
    m_session->setConnection(ConnectionState::Connected); // and refused once more
    QTRY_COMPARE(numAsked(), size_t(3));
    QTRY_VERIFY2(noteText().startsWith(u"Cannot look"_s), qPrintable(noteText()));
    m_panel->hide();
    m_panel->show();
    QTRY_VERIFY(bars()->isVisible());
    QCOMPARE(bars()->rows().front().label, u"after␣4"_s);
    QCOMPARE(numAsked(), size_t(4));
}

void TestNextWords::areOfTheWeightsOfTheMap()
{
    openAsked();
    QCOMPARE(m_session->inspections.back().model, u"alpha@live"_s);
    m_panel->promptBar()->setModel(u"alpha@7000"_s);
    const Error refusal{ErrorCode::Unavailable, "Cannot look inside: it is gone.", "Ask another step."};
    m_session->failNext[u"inspect"_s] = refusal;
    m_panel->askModel();
    QTRY_VERIFY(m_panel->banner()->isVisible());
    QCOMPARE(m_session->inspections.back().model, u"alpha@7000"_s);
    const size_t before = numAsked();
    pin(4); // of the map that still stands
    QTRY_VERIFY(bars()->isVisible());
    QCOMPARE(numAsked(), before + 1);
    QCOMPARE(m_session->inspections.back().model, u"alpha@live"_s);
    m_panel->goTo({.level = StageLevel::Head, .head = {0, 3}});
    m_panel->flush();
    QTRY_COMPARE(numAsked(), before + 2); // cells of another head of it
    QCOMPARE(m_session->inspections.back().model, u"alpha@live"_s);
    m_panel->ablate();
    QTRY_COMPARE(numAsked(), before + 3);
    QCOMPARE(m_session->inspections.back().model, u"alpha@live"_s);
    QTest::qWait(200);
    QCOMPARE(numAsked(), before + 3);
}

ORRERY_GUI_TEST_MAIN(TestNextWords)
#include "tst_next_words.moc"
