// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/attention/attention_samples.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/frame_feed.h"

#include <QSignalSpy>

#include <functional>
#include <set>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

const HeadRef kStarred{0, 1};

SampleModel smallModel()
{
    SampleModel model;
    model.layers = model.heads = 2;
    model.words.resize(8);
    return model;
}

FramePtr frameOfBytes(size_t bytes)
{
    auto frame = std::make_shared<AttentionFrame>();
    frame->mean.resize(bytes);
    return frame;
}

} // namespace

class TestFrameFeed : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup() { m_feed.reset(); }
    void cacheDropsWhatWasNotUsed();
    void cacheKeepsAFrameThatIsTooLarge();
    void standsAtTheNewestAndFollows();
    void aHandEndsFollowingAndLiveBringsItBack();
    void asksNothingWhileHidden();
    void answersOfAnotherPromptAreIgnored();
    void aPlaceThatWasLeftIsShownUntilTheNextIsHere();
    void neighboursAreReadAhead();
    void farRequestsAreCancelled();
    void thinnedOutFramesAreSkipped();
    void otherErrorsAreToldAndRetried();
    void playStopsAtTheEnd();
    void playFromTheEndBeginsAtTheStart();
    void baseIsReadWhenItIsWanted();
    void anotherBaseIsNeverMixedUp();
    void supersededFramesLeaveWithTheNextAttempt();
    void detailOfTheSameStepIsRead();
    void starredHeadsHaveStepsBetween();
    void aPageWithoutAStepShowsTheNearest();
    void playGoesThroughStarredSteps();
    void starsThatChangedAreLearned();
    void starredStepsAreCompared();
    void aStepOfALinkWaitsForItsPage();
    void aStarIsSeenWhileItTrains();

private:
    /// All heads at steps 50 and 100, one of them every ten.
    void startStarred(const std::function<std::vector<HeadRef>(int64_t)> &heads = [](int64_t) {
        return std::vector<HeadRef>{kStarred};
    })
    {
        addSampleFrames(*m_session, u"alpha"_s, smallModel(), 2, 50, 1'000);
        addStarredFrames(*m_session, u"alpha"_s, 10, 100, heads);
        m_feed->setRun(u"alpha"_s);
        m_feed->setWantsDetail(true);
        m_feed->setActive(true);
    }
    [[nodiscard]] std::vector<int64_t> steps() const
    {
        std::vector<int64_t> found;
        for (const FrameInfo &info : m_feed->steps()) found.push_back(info.step);
        return found;
    }
    void start(int frames)
    {
        addSampleFrames(*m_session, u"alpha"_s, smallModel(), frames, 10, 1'000);
        m_feed->setRun(u"alpha"_s);
        m_feed->setActive(true);
    }
    void addFrame(int64_t id, int64_t step, int attempt = 0)
    {
        m_session->frameInfos[u"alpha"_s].push_back(
            {.id = id, .step = step, .attempt = attempt, .kind = FrameKind::Overview});
        RunStatus status = m_session->statusOf(u"alpha"_s);
        status.lastFrameId = id;
        m_session->sendUpdate(status);
    }
    [[nodiscard]] qint64 shownStep() const { return m_feed->shown() ? m_feed->shown()->report.step : -1; }

    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<FrameFeed> m_feed;
};

void TestFrameFeed::init()
{
    m_session = std::make_unique<FakeSession>();
    m_session->setRuns({fakeRun("alpha")});
    m_feed = std::make_unique<FrameFeed>(*m_session, nullptr);
}

void TestFrameFeed::cacheDropsWhatWasNotUsed()
{
    FrameCache cache(10'000);
    for (int64_t id = 1; id <= 3; ++id) cache.insert(id, frameOfBytes(3'000));
    QVERIFY(cache.find(1)); // used again
    cache.insert(4, frameOfBytes(3'000));
    QVERIFY(!cache.contains(2));
    QVERIFY(cache.contains(1) && cache.contains(3) && cache.contains(4));
    QVERIFY(cache.numBytes() <= 10'000);
    cache.insert(4, frameOfBytes(100)); // again: counted once
    QCOMPARE(cache.size(), size_t(3));
    cache.clear();
    QCOMPARE(cache.numBytes(), size_t(0));
}

void TestFrameFeed::cacheKeepsAFrameThatIsTooLarge()
{
    FrameCache cache(1'000);
    cache.insert(1, frameOfBytes(5'000));
    QVERIFY(cache.contains(1));
    cache.insert(2, frameOfBytes(10));
    QVERIFY(!cache.contains(1));
}

void TestFrameFeed::standsAtTheNewestAndFollows()
{
    start(5);
    QTRY_COMPARE(shownStep(), 50);
    QVERIFY(m_feed->isFollowing());
    addFrame(6, 60);
    QTRY_COMPARE(shownStep(), 60);
    QCOMPARE(m_feed->index(), 5);
}

void TestFrameFeed::aHandEndsFollowingAndLiveBringsItBack()
{
    start(5);
    QTRY_COMPARE(shownStep(), 50);
    m_feed->goToStep(22);
    QCOMPARE(m_feed->index(), 1);
    QTRY_COMPARE(shownStep(), 20);
    QVERIFY(!m_feed->isFollowing());
    addFrame(6, 60);
    QTRY_COMPARE(m_feed->list().frames().size(), size_t(6));
    QCOMPARE(m_feed->index(), 1);
    m_feed->follow();
    QTRY_COMPARE(shownStep(), 60);
    QVERIFY(m_feed->isFollowing());
}

void TestFrameFeed::asksNothingWhileHidden()
{
    addSampleFrames(*m_session, u"alpha"_s, smallModel(), 5, 10, 1'000);
    m_feed->setRun(u"alpha"_s);
    addFrame(6, 60);
    QTest::qWait(20);
    QVERIFY(m_session->frameQueries.empty());
    QVERIFY(m_session->fetchedFrames.empty());
    QCOMPARE(m_session->watchCounts[u"alpha"_s], 0);
    m_feed->setActive(true);
    QTRY_COMPARE(shownStep(), 60);
    m_feed->setActive(false);
    QCOMPARE(m_session->watchCounts[u"alpha"_s], 0);
    const size_t asked = m_session->frameQueries.size();
    addFrame(7, 70);
    QTest::qWait(20);
    QCOMPARE(m_session->frameQueries.size(), asked);
    m_feed->setActive(true);
    QTRY_COMPARE(shownStep(), 70);
}

void TestFrameFeed::answersOfAnotherPromptAreIgnored()
{
    start(5);
    QTRY_COMPARE(shownStep(), 50);
    m_feed->goTo(0);
    QTRY_COMPARE(shownStep(), 10);
    m_session->isHolding = true;
    m_feed->setPrompt(1); // has no frames
    addFrame(6, 60);
    m_feed->setPrompt(0);
    m_feed->setPrompt(1);
    m_session->isHolding = false;
    m_session->flush();
    QTRY_VERIFY(m_feed->list().wasRead());
    QVERIFY(m_feed->list().frames().empty());
    QVERIFY(!m_feed->shown());
    QCOMPARE(m_feed->index(), -1);
}

void TestFrameFeed::aPlaceThatWasLeftIsShownUntilTheNextIsHere()
{
    start(60);
    QTRY_COMPARE(shownStep(), 600);
    m_session->isHolding = true;
    for (const int index : {10, 20, 30}) m_feed->goTo(index);
    m_session->flush(); // of the place that was left
    QCOMPARE(shownStep(), 110);
    QVERIFY(m_feed->isLoading());
    m_session->flush();
    QCOMPARE(shownStep(), 310); // of the last one; that between them was never asked for
    QCOMPARE(std::count(m_session->fetchedFrames.begin(), m_session->fetchedFrames.end(), 21), 0);
    QVERIFY(!m_feed->isLoading());
}

void TestFrameFeed::neighboursAreReadAhead()
{
    start(60);
    QTRY_COMPARE(shownStep(), 600);
    m_feed->goTo(30);
    QTRY_COMPARE(shownStep(), 310);
    QTRY_VERIFY(std::count(m_session->fetchedFrames.begin(), m_session->fetchedFrames.end(), 32) == 1);
    QTRY_VERIFY(!m_session->isAnswering());
    m_session->isHolding = true; // what comes now was read before
    m_feed->goTo(31);
    QCOMPARE(shownStep(), 320);
    m_feed->goTo(29);
    QCOMPARE(shownStep(), 300);
}

void TestFrameFeed::farRequestsAreCancelled()
{
    start(100);
    QTRY_COMPARE(shownStep(), 1'000);
    QTRY_VERIFY(!m_session->isAnswering());
    m_session->isHolding = true;
    m_feed->goTo(50);
    m_session->flush();
    QCOMPARE(shownStep(), 510);
    const int before = m_session->numCancelledFrames;
    m_feed->goTo(10); // those that were read ahead around 50 are of no use now
    QVERIFY(m_session->numCancelledFrames > before);
    m_session->isHolding = false;
    m_session->flush();
    QTRY_COMPARE(shownStep(), 110);
}

void TestFrameFeed::thinnedOutFramesAreSkipped()
{
    start(5);
    QTRY_COMPARE(shownStep(), 50);
    QSignalSpy skipped(m_feed.get(), &FrameFeed::skipped);
    const auto content = m_session->frameContent;
    m_session->frameContent = [content](const QString &run,
                                        const FrameInfo &info) -> std::optional<AttentionFrame> {
        return info.step == 60 ? std::nullopt : content(run, info);
    };
    addFrame(6, 60);
    QTRY_COMPARE(skipped.count(), 1);
    QCOMPARE(skipped.first().first().toLongLong(), 60);
    QTRY_COMPARE(shownStep(), 50);
    QCOMPARE(m_feed->list().frames().size(), size_t(5));
}

void TestFrameFeed::otherErrorsAreToldAndRetried()
{
    m_session->failNext[u"getFrame"_s] =
        Error{ErrorCode::Io, "Cannot read frame 5: the disk said no.", "Look at it."};
    QSignalSpy failed(m_feed.get(), &FrameFeed::failed);
    start(1);
    QTRY_COMPARE(failed.count(), 1);
    QVERIFY(!m_feed->shown());
    m_feed->retry();
    QTRY_COMPARE(shownStep(), 10);
    m_session->failNext[u"listFrames"_s] =
        Error{ErrorCode::Unavailable, "Cannot list frames: no engine.", "Retry."};
    addFrame(2, 20);
    QTRY_COMPARE(failed.count(), 2);
    m_feed->retry();
    QTRY_COMPARE(shownStep(), 20);
}

void TestFrameFeed::playStopsAtTheEnd()
{
    start(6);
    QTRY_COMPARE(shownStep(), 60);
    m_feed->goTo(1);
    m_feed->setFramesPerSecond(60);
    std::vector<qint64> seen;
    connect(m_feed.get(), &FrameFeed::shownChanged, m_feed.get(), [&] { seen.push_back(shownStep()); });
    m_feed->setPlaying(true);
    QVERIFY(m_feed->isPlaying());
    QTRY_VERIFY(!m_feed->isPlaying());
    QTRY_COMPARE(shownStep(), 60);
    QVERIFY(std::is_sorted(seen.begin(), seen.end()));
    QVERIFY(seen.size() >= 4); // none is left out
    QVERIFY(m_feed->isFollowing());
}

void TestFrameFeed::playFromTheEndBeginsAtTheStart()
{
    start(4);
    QTRY_COMPARE(shownStep(), 40);
    m_feed->setPlaying(true);
    QCOMPARE(m_feed->index(), 0);
    m_feed->goTo(2); // a hand stops it
    QVERIFY(!m_feed->isPlaying());
}

void TestFrameFeed::baseIsReadWhenItIsWanted()
{
    start(40);
    QTRY_COMPARE(shownStep(), 400);
    QVERIFY(!m_feed->base());
    m_feed->setWantsBase(true);
    QTRY_VERIFY(m_feed->base());
    QCOMPARE(m_feed->base()->report.step, 10); // the first one, when none was chosen
    QCOMPARE(m_feed->baseIndex(), 0);
}

void TestFrameFeed::anotherBaseIsNeverMixedUp()
{
    start(40);
    m_feed->setWantsBase(true);
    QTRY_VERIFY(m_feed->base() && shownStep() == 400);
    m_session->isHolding = true;
    m_feed->setBase(20);
    QVERIFY(!m_feed->base()); // not the old one under the new name
    m_session->isHolding = false;
    m_session->flush();
    QTRY_VERIFY(m_feed->base());
    QCOMPARE(m_feed->base()->report.step, 210);
}

void TestFrameFeed::supersededFramesLeaveWithTheNextAttempt()
{
    start(5);
    QTRY_COMPARE(shownStep(), 50);
    for (FrameInfo &info : m_session->frameInfos[u"alpha"_s]) info.isSuperseded = info.step > 30;
    addFrame(6, 40, 1);
    QTRY_COMPARE(shownStep(), 40);
    QTRY_COMPARE(m_feed->list().frames().size(), size_t(4));
    QCOMPARE(m_feed->list().frames().back().attempt, 1);
}

void TestFrameFeed::detailOfTheSameStepIsRead()
{
    start(5);
    m_session->frameInfos[u"alpha"_s].push_back({.id = 100, .step = 50, .kind = FrameKind::Heads});
    m_feed->setWantsDetail(true);
    QTRY_VERIFY(m_feed->detail());
    QCOMPARE(m_feed->detail()->report.step, 50);
    m_feed->goTo(0);
    QTRY_COMPARE(shownStep(), 10);
    QVERIFY(!m_feed->detail());
}

void TestFrameFeed::starredHeadsHaveStepsBetween()
{
    startStarred();
    QTRY_COMPARE(shownStep(), 100);
    QCOMPARE(steps(), (std::vector<int64_t>{50, 100})); // of all heads
    QTRY_COMPARE(m_feed->leftOut(), (std::vector<int64_t>{10, 20, 30, 40, 60, 70, 80, 90}));
    m_feed->setHeads({kStarred});
    QTRY_COMPARE(m_feed->steps().size(), size_t(10));
    QVERIFY(m_feed->leftOut().empty() && m_feed->isFollowing());
    QCOMPARE(m_feed->index(), 9);
    m_feed->goTo(6);
    QTRY_COMPARE(shownStep(), 70);
    QCOMPARE(m_feed->steps()[6].kind, FrameKind::Heads);
    QCOMPARE(m_feed->shown()->report.overview.size(), size_t(1));
    QVERIFY(m_feed->detail() == m_feed->shown());
    QTRY_VERIFY(m_feed->overview()); // for what stands beside
    QCOMPARE(m_feed->overview()->report.step, 50);
    QCOMPARE(m_feed->overview()->report.overview.size(), size_t(4));
    m_feed->goTo(9);
    QTRY_COMPARE(shownStep(), 100);
    QVERIFY(m_feed->overview() == m_feed->shown());
    QCOMPARE(m_feed->steps()[9].kind, FrameKind::Overview);
    m_feed->setHeads({kStarred, {1, 1}}); // one of them has no star
    QCOMPARE(m_feed->steps().size(), size_t(2));
}

void TestFrameFeed::aPageWithoutAStepShowsTheNearest()
{
    startStarred();
    m_feed->setHeads({kStarred});
    QTRY_COMPARE(m_feed->steps().size(), size_t(10));
    m_feed->goTo(2);
    QTRY_COMPARE(shownStep(), 30);
    QVERIFY(!m_feed->missedStep());
    m_feed->setHeads({{1, 1}});
    QTRY_COMPARE(shownStep(), 50);
    QCOMPARE(m_feed->missedStep(), std::optional<int64_t>(30));
    m_feed->setHeads({});
    QCOMPARE(m_feed->missedStep(), std::optional<int64_t>(30));
    m_feed->setHeads({kStarred}); // and back
    QTRY_COMPARE(shownStep(), 30);
    QVERIFY(!m_feed->missedStep());
    m_feed->setHeads({});
    QTRY_COMPARE(shownStep(), 50);
    m_feed->goTo(0); // a person takes it as it is
    QVERIFY(!m_feed->missedStep());
    m_feed->setHeads({kStarred});
    QTRY_COMPARE(shownStep(), 50);
}

void TestFrameFeed::playGoesThroughStarredSteps()
{
    startStarred();
    m_feed->setHeads({kStarred});
    QTRY_COMPARE(m_feed->steps().size(), size_t(10));
    m_feed->goTo(0);
    m_feed->setFramesPerSecond(60);
    std::set<qint64> seen;
    connect(m_feed.get(), &FrameFeed::shownChanged, m_feed.get(), [&] { seen.insert(shownStep()); });
    m_feed->setPlaying(true);
    QTRY_VERIFY(!m_feed->isPlaying());
    QTRY_COMPARE(shownStep(), 100);
    QCOMPARE(seen.size(), size_t(10)); // none is left out
}

/// Which heads a frame has is told by its content.
void TestFrameFeed::starsThatChangedAreLearned()
{
    startStarred([](int64_t step) {
        return step < 60 ? std::vector<HeadRef>{{1, 1}} : std::vector<HeadRef>{kStarred};
    });
    m_feed->setHeads({kStarred});
    QTRY_VERIFY(m_feed->steps().size() > 2);
    m_feed->goToStep(20);
    QTRY_COMPARE(shownStep(), 50);
    QTRY_COMPARE(steps(), (std::vector<int64_t>{50, 60, 70, 80, 90, 100}));
    QCOMPARE(m_feed->missedStep(), std::optional<int64_t>(20));
    m_feed->setHeads({{1, 1}});
    QTRY_COMPARE(shownStep(), 20);
    QCOMPARE(steps(), (std::vector<int64_t>{10, 20, 30, 40, 50, 100}));
}

void TestFrameFeed::starredStepsAreCompared()
{
    startStarred();
    m_feed->setHeads({kStarred});
    QTRY_COMPARE(m_feed->steps().size(), size_t(10));
    m_feed->setWantsBase(true);
    m_feed->setBaseStep(80);
    m_feed->goToStep(90);
    QTRY_VERIFY(shownStep() == 90 && m_feed->base());
    QCOMPARE(m_feed->base()->report.step, 80);
    QTRY_VERIFY(m_feed->baseDetail() && m_feed->overviewBase());
    QCOMPARE(m_feed->baseDetail()->report.step, 80);
    QCOMPARE(m_feed->overviewBase()->report.step, 100); // of all heads the nearest
    m_feed->setHeads({});
    QTRY_VERIFY(m_feed->base() && m_feed->base()->report.step == 100);
    m_feed->setHeads({kStarred}); // what was chosen comes back
    QTRY_VERIFY(m_feed->base() && m_feed->base()->report.step == 80);
    QCOMPARE(m_feed->baseIndex(), 7);
}

void TestFrameFeed::aStepOfALinkWaitsForItsPage()
{
    addSampleFrames(*m_session, u"alpha"_s, smallModel(), 2, 50, 1'000);
    addStarredFrames(*m_session, u"alpha"_s, 10, 100, [](int64_t) { return std::vector<HeadRef>{kStarred}; });
    m_feed->setRun(u"alpha"_s);
    m_feed->goToStep(70);
    m_feed->setBaseStep(20);
    m_feed->setWantsDetail(true);
    m_feed->setWantsBase(true);
    m_feed->setActive(true);
    QTRY_COMPARE(shownStep(), 50);
    m_feed->setHeads({kStarred});
    QTRY_COMPARE(shownStep(), 70);
    QTRY_VERIFY(m_feed->base() && m_feed->base()->report.step == 20);
}

void TestFrameFeed::aStarIsSeenWhileItTrains()
{
    start(5);
    m_feed->setWantsDetail(true);
    m_feed->setHeads({kStarred});
    QTRY_COMPARE(shownStep(), 50);
    addStarredFrames(*m_session, u"alpha"_s, 60, 60, [](int64_t) { return std::vector<HeadRef>{kStarred}; });
    RunStatus status = m_session->statusOf(u"alpha"_s);
    status.lastFrameId = 1'060;
    m_session->sendUpdate(status);
    QTRY_COMPARE(shownStep(), 60);
    QVERIFY(m_feed->isFollowing());
    m_feed->setHeads({});
    QTRY_COMPARE(shownStep(), 50);
    QVERIFY(m_feed->isFollowing()); // the newest that the page has
}

ORRERY_GUI_TEST_MAIN(TestFrameFeed)
#include "tst_frame_feed.moc"
