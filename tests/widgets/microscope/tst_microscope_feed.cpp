// SPDX-License-Identifier: GPL-3.0-or-later
// When a model is asked, and when it is not: newest wins, once is enough, hidden is silent, training goes on.
#include "core/spec/kept_prompt.h"
#include "tests/widgets/microscope/microscope_samples.h"
#include "widgets/common/number_text.h"
#include "widgets/microscope/microscope_feed.h"

#include <QSignalSpy>
#include <QTest>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

class TestMicroscopeFeed : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void asksWhatIsWanted();
    void placesBeyondAnyTextAreAskedAsTheyAre();
    void severalMovesAreOneQuestion();
    void newestQuestionWins();
    void answeredPlacesAreNotAskedAgain();
    void lastTokenAndItsPlaceAreOne();
    void otherTextIsAnotherQuestion();
    void closedSectionsCostNothing();
    void headOfTheLastTokenIsAskedInTwoSteps();
    void emptyAnswerIsNotAskedForever();
    void hiddenAsksNothing();
    void cancelStops();
    void failureIsToldAndAskedAgain();
    void cacheHoldsSixtyFour();
    void liveIsAskedAnewAndWatched();
    void followingAsksWhenTheTrainingGoesOn();
    void anEndedTrainingAnswersWithItsNewestStep();

private:
    [[nodiscard]] size_t numAsked() const { return m_session->inspections.size(); }
    [[nodiscard]] Focus at(int64_t token, std::optional<HeadRef> head = {}) const
    {
        return {.model = m_model, .title = u"Probe"_s, .text = m_text, .token = token, .head = head};
    }
    void settle()
    {
        QTRY_VERIFY(!m_feed->isAsking());
        QTest::qWait(30);
        QTRY_VERIFY(!m_feed->isAsking());
    }

    QString m_model = u"alpha@8000"_s;
    std::shared_ptr<const GenerateRequest> m_text;
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<MicroscopeFeed> m_feed;
};

void TestMicroscopeFeed::init()
{
    m_model = u"alpha@8000"_s;
    m_text = sampleText();
    m_session = std::make_unique<FakeSession>();
    m_session->setRuns({fakeRun("alpha")});
    answerWithSamples(*m_session, {});
    m_feed = std::make_unique<MicroscopeFeed>(*m_session, nullptr);
    m_feed->setActive(true);
}

void TestMicroscopeFeed::cleanup()
{
    m_feed.reset();
    m_session.reset();
}

void TestMicroscopeFeed::asksWhatIsWanted()
{
    m_feed->setFocus(at(2, HeadRef{2, 1}));
    QVERIFY(m_feed->isAsking() && !m_feed->isCurrent());
    settle();
    QCOMPARE(numAsked(), size_t(1));
    const FakeSession::Inspection &asked = m_session->inspections.back();
    QCOMPARE(asked.model, u"alpha@8000"_s);
    QCOMPARE(asked.request.input.prompt, m_text->prompt);
    QCOMPARE(asked.request.input.sampling.numAlternatives, 20);
    QVERIFY(!asked.request.wantsOverview && asked.request.wantsLens && asked.request.wantsAttribution);
    QVERIFY((asked.request.heads == std::vector<HeadRef>{{2, 1}}));
    QVERIFY((asked.request.rows == TokenRange{2, 3}));
    QCOMPARE(asked.request.token, 2);
    QVERIFY(m_feed->isCurrent());
}

/// The engine refuses them; a row that counts past the largest number would be another question.
void TestMicroscopeFeed::placesBeyondAnyTextAreAskedAsTheyAre()
{
    m_session->isHolding = true;
    constexpr int64_t last = std::numeric_limits<int64_t>::max();
    m_feed->setFocus(at(last, HeadRef{0, 0}));
    QTRY_COMPARE(numAsked(), size_t(1));
    const InspectRequest &asked = m_session->inspections.back().request;
    QCOMPARE(asked.token, last);
    QVERIFY(asked.rows.begin > 0 && asked.rows.end == asked.rows.begin + 1);
}

void TestMicroscopeFeed::severalMovesAreOneQuestion()
{
    for (int64_t token = 0; token < 10; ++token) m_feed->setFocus(at(token));
    settle();
    QCOMPARE(numAsked(), size_t(1));
    QCOMPARE(m_feed->shown()->report.token, 9);
}

void TestMicroscopeFeed::newestQuestionWins()
{
    m_session->isHolding = true;
    m_feed->setFocus(at(2));
    QTRY_COMPARE(numAsked(), size_t(1));
    m_feed->setFocus(at(3));
    QCOMPARE(m_session->numCancelledInspections, 1);
    QTRY_COMPARE(numAsked(), size_t(2));
    m_session->isHolding = false;
    m_session->flush();
    settle();
    QCOMPARE(m_feed->shown()->report.token, 3);
}

void TestMicroscopeFeed::answeredPlacesAreNotAskedAgain()
{
    m_feed->setFocus(at(2));
    settle();
    m_feed->setFocus(at(3));
    settle();
    QCOMPARE(numAsked(), size_t(2));
    m_feed->setFocus(at(2));
    QVERIFY(m_feed->isCurrent() && !m_feed->isAsking()); // at once
    QCOMPARE(m_feed->shown()->report.token, 2);
    settle();
    QCOMPARE(numAsked(), size_t(2));
    m_feed->askAgain();
    settle();
    QCOMPARE(numAsked(), size_t(3));
    m_feed->setFocus(at(2, HeadRef{0, 0})); // another row
    QVERIFY(!m_feed->isCurrent());
    settle();
    QCOMPARE(numAsked(), size_t(4));
}

void TestMicroscopeFeed::lastTokenAndItsPlaceAreOne()
{
    m_feed->setFocus(at(-1));
    settle();
    m_feed->setFocus(at(16));
    QVERIFY(m_feed->isCurrent());
    settle();
    QCOMPARE(numAsked(), size_t(1));
}

void TestMicroscopeFeed::otherTextIsAnotherQuestion()
{
    m_feed->setFocus(at(2));
    settle();
    m_text = sampleText(); // the same words, another object
    m_feed->setFocus(at(2));
    QVERIFY(!m_feed->isCurrent());
    settle();
    QCOMPARE(numAsked(), size_t(2));
}

void TestMicroscopeFeed::closedSectionsCostNothing()
{
    m_feed->setWants({.lens = false, .attribution = false});
    m_feed->setFocus(at(2));
    settle();
    QVERIFY(!m_session->inspections.back().request.wantsLens);
    QVERIFY(!m_session->inspections.back().request.wantsAttribution);
    m_feed->setWants({.lens = true, .attribution = false});
    QVERIFY(!m_feed->isCurrent());
    settle();
    QCOMPARE(numAsked(), size_t(2));
    QVERIFY(m_session->inspections.back().request.wantsLens);
    m_feed->setWants({.lens = false, .attribution = false}); // has more than that
    QVERIFY(m_feed->isCurrent());
    settle();
    QCOMPARE(numAsked(), size_t(2));
}

void TestMicroscopeFeed::headOfTheLastTokenIsAskedInTwoSteps()
{
    m_feed->setFocus(at(-1, HeadRef{2, 1}));
    settle();
    QCOMPARE(numAsked(), size_t(2));
    QVERIFY(m_session->inspections[0].request.heads.empty());
    QVERIFY((m_session->inspections[1].request.rows == TokenRange{16, 17}));
    QVERIFY(m_feed->isCurrent());
    m_feed->setFocus(at(-1, HeadRef{0, 3})); // now its number is known
    settle();
    QCOMPARE(numAsked(), size_t(3));
}

void TestMicroscopeFeed::emptyAnswerIsNotAskedForever()
{
    m_session->inspection = nullptr; // answers with nothing
    m_feed->setFocus(at(-1, HeadRef{2, 1}));
    settle();
    QTest::qWait(60);
    QCOMPARE(numAsked(), size_t(1));
}

void TestMicroscopeFeed::hiddenAsksNothing()
{
    m_feed->setActive(false);
    m_feed->setFocus(at(2));
    m_feed->askAgain();
    m_feed->setWants({.lens = false});
    QTest::qWait(50);
    QCOMPARE(numAsked(), size_t(0));
    m_feed->setActive(true);
    settle();
    QCOMPARE(numAsked(), size_t(1));
    m_session->isHolding = true;
    m_feed->setFocus(at(4));
    QTRY_COMPARE(numAsked(), size_t(2));
    m_feed->setActive(false);
    QCOMPARE(m_session->numCancelledInspections, 1);
}

void TestMicroscopeFeed::cancelStops()
{
    m_session->isHolding = true;
    m_feed->setFocus(at(2));
    QTRY_COMPARE(numAsked(), size_t(1));
    m_feed->cancel();
    QVERIFY(!m_feed->isAsking() && !m_feed->shown());
    QCOMPARE(m_session->numCancelledInspections, 1);
    m_feed->setActive(false);
    m_feed->setActive(true); // it was said that it should not be asked
    QTest::qWait(40);
    QCOMPARE(numAsked(), size_t(1));
    m_session->isHolding = false;
    m_feed->setFocus(at(3));
    settle();
    QCOMPARE(numAsked(), size_t(2));
}

void TestMicroscopeFeed::failureIsToldAndAskedAgain()
{
    QSignalSpy failed(m_feed.get(), &MicroscopeFeed::failed);
    m_session->failNext[u"inspect"_s] =
        Error{ErrorCode::NotFound, "Cannot look into \"alpha@8000\".", "Choose another."};
    m_feed->setFocus(at(2));
    settle();
    QCOMPARE(failed.count(), 1);
    QVERIFY(!m_feed->isCurrent());
    QCOMPARE(numAsked(), size_t(1)); // not again by itself
    m_feed->askAgain();
    settle();
    QVERIFY(m_feed->isCurrent());
}

void TestMicroscopeFeed::cacheHoldsSixtyFour()
{
    AnswerCache cache;
    const auto add = [&](int64_t token) {
        MicroscopeAnswer answer{.focus = at(token), .has = {}, .head = {}};
        answer.report.token = token;
        cache.insert(std::make_shared<const MicroscopeAnswer>(answer));
    };
    for (int64_t token = 0; token < 64; ++token) add(token);
    QVERIFY(cache.find(at(0), {})); // used: it stays
    add(64);
    QCOMPARE(cache.size(), size_t(64));
    QVERIFY(cache.find(at(0), {}) && cache.find(at(64), {}));
    QVERIFY(!cache.find(at(1), {}));
    add(64);
    QCOMPARE(cache.size(), size_t(64)); // the newer one in its place
}

void TestMicroscopeFeed::liveIsAskedAnewAndWatched()
{
    m_model = u"alpha@live"_s;
    m_feed->setFocus(at(2));
    QCOMPARE(m_session->watchCounts[u"alpha"_s], 1);
    QCOMPARE(m_feed->liveStep(), 8'210);
    settle();
    m_feed->setFocus(at(3));
    settle();
    m_feed->setFocus(at(2));
    QVERIFY(m_feed->isCurrent() && m_feed->isAsking()); // what was there, and what is there now
    settle();
    QCOMPARE(numAsked(), size_t(3));
    m_feed->setActive(false);
    QCOMPARE(m_session->watchCounts[u"alpha"_s], 0);
    m_feed->setActive(true);
    QCOMPARE(m_session->watchCounts[u"alpha"_s], 1);
    m_model = u"alpha@8000"_s;
    m_feed->setFocus(at(2));
    QCOMPARE(m_session->watchCounts[u"alpha"_s], 0);
}

void TestMicroscopeFeed::followingAsksWhenTheTrainingGoesOn()
{
    m_model = u"alpha@live"_s;
    m_session->inspection = [this](const QString &model, const InspectRequest &request) {
        InspectReport report = sampleAnswer({}, model.toStdString(), request);
        report.step = m_session->statusOf(u"alpha"_s).step;
        return report;
    };
    m_feed->setFocus(at(2));
    settle();
    RunStatus status = fakeRun("alpha");
    status.step = 8'220;
    m_session->runList = {status};
    m_session->sendUpdate(status);
    QCOMPARE(m_feed->liveStep(), 8'220);
    settle();
    QCOMPARE(numAsked(), size_t(1)); // not before somebody wants it
    m_feed->setFollowing(true);
    settle();
    QCOMPARE(numAsked(), size_t(2));
    QCOMPARE(m_feed->shown()->report.step, 8'220);
    m_model = u"alpha@8000"_s;
    m_feed->setFocus(at(2));
    QVERIFY(!m_feed->isFollowing()); // a saved step does not go on
}

void TestMicroscopeFeed::anEndedTrainingAnswersWithItsNewestStep()
{
    const Error ended{ErrorCode::Conflict, "Cannot look into run \"alpha\": it is finished, expected a running one.",
                      "Look into its newest checkpoint: alpha@latest."};
    const auto asked = [this] { return m_session->inspections.back().model; };
    QSignalSpy failed(m_feed.get(), &MicroscopeFeed::failed);
    m_model = u"alpha@live"_s;
    m_feed->setFocus(at(2));
    m_feed->setFollowing(true);
    settle();
    QVERIFY(m_feed->isLive() && !m_feed->isOfEnded());
    m_session->failNext[u"inspect"_s] = ended;
    m_feed->setFocus(at(3));
    settle();
    QVERIFY(m_feed->isCurrent() && m_feed->isOfEnded() && !m_feed->isLive() && !m_feed->isFollowing());
    QCOMPARE(asked(), u"alpha@latest"_s);
    QCOMPARE(numAsked(), size_t(3));
    // The training is not asked again what it refused, nor the saved step what it said.
    m_feed->setActive(false);
    m_feed->setActive(true);
    settle();
    QCOMPARE(numAsked(), size_t(3));
    m_feed->setFocus(at(2)); // what the training said of it is not what the saved step says
    settle();
    QCOMPARE(asked(), u"alpha@latest"_s);
    QCOMPARE(numAsked(), size_t(4));
    QCOMPARE(failed.count(), 0);
    // Somebody has started it again.
    RunStatus status = fakeRun("alpha");
    status.step = 9'000;
    m_session->sendUpdate(status);
    settle();
    QVERIFY(m_feed->isLive());
    QCOMPARE(asked(), u"alpha@live"_s);
    // A document of the run is found in its data by whoever has a step of it.
    m_session->failNext[u"inspect"_s] = ended;
    m_text = std::make_shared<const GenerateRequest>(keptPrompt(0));
    m_feed->setFocus(at(2));
    settle();
    QCOMPARE(failed.count(), 0);
    QCOMPARE(asked(), u"alpha@latest"_s);
    QVERIFY(keptPromptNumber(m_session->inspections.back().request.input) == std::optional<int32_t>(0));
}

QTEST_GUILESS_MAIN(TestMicroscopeFeed)
#include "tst_microscope_feed.moc"
