// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/frame_feed.h"

#include "widgets/common/number_text.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

/// Questions under way at once: the wanted frame and those that are likely next. More would only queue at the
/// engine.
constexpr size_t kMaxWaiting = 4;
constexpr int kPrefetchReach = 8;

} // namespace

FrameFeed::FrameFeed(EngineSession &session, QObject *parent)
    : QObject(parent), m_session(session), m_list(session, FrameKind::Overview, this),
      m_details(session, FrameKind::Heads, this)
{
    m_playTimer.setTimerType(Qt::PreciseTimer);
    setFramesPerSecond(m_rate);
    connect(&m_list, &FrameList::changed, this, &FrameFeed::onListChanged);
    connect(&m_list, &FrameList::failed, this, &FrameFeed::failed);
    connect(&m_details, &FrameList::changed, this, &FrameFeed::pump);
    connect(&m_details, &FrameList::failed, this, &FrameFeed::failed);
    connect(&session, &EngineSession::updated, this, &FrameFeed::onUpdated);
    connect(&session, &EngineSession::runsChanged, this, [this] {
        for (const RunStatus &status : m_session.runs())
            if (fromStd(status.id) == m_run) noteFrames(status);
    });
    connect(&m_playTimer, &QTimer::timeout, this, [this] {
        if (isLoading()) return; // the picture keeps the pace, not the clock
        if (m_index + 1 >= std::ssize(m_list.frames())) {
            setPlaying(false);
            return;
        }
        stand(m_index + 1);
    });
}

FrameFeed::~FrameFeed()
{
    if (m_isWatching) m_session.unwatch(m_run);
}

void FrameFeed::setActive(bool isActive)
{
    if (isActive == m_isActive) return;
    m_isActive = isActive;
    if (!isActive) {
        setPlaying(false);
        m_waiting.clear();
        if (std::exchange(m_isWatching, false)) m_session.unwatch(m_run);
        return;
    }
    if (m_run.isEmpty()) return;
    m_isWatching = true;
    m_session.watch(m_run);
    if (m_mustRead || !m_list.wasRead())
        readList();
    else
        pump();
}

void FrameFeed::setRun(const QString &run)
{
    if (run == m_run) return;
    if (std::exchange(m_isWatching, false)) m_session.unwatch(m_run);
    m_run = run;
    m_newestKnown = 0;
    m_prompt = -1;
    setPrompt(0);
    if (m_isActive && !run.isEmpty()) {
        m_isWatching = true;
        m_session.watch(run);
    }
}

void FrameFeed::setPrompt(int prompt)
{
    if (prompt == m_prompt) return;
    m_prompt = prompt;
    m_waiting.clear();
    m_cache.clear();
    m_list.reset(m_run, prompt);
    m_details.reset(m_run, prompt);
    m_shown = m_base = m_detail = nullptr;
    m_index = -1;
    m_standingId = m_failedId = 0;
    m_baseId = -1;
    m_waitingStep = m_waitingBaseStep = std::nullopt;
    m_isFollowing = true;
    m_playTimer.stop();
    m_mustRead = true;
    if (m_isActive) readList();
    Q_EMIT listChanged();
    Q_EMIT placeChanged();
    Q_EMIT shownChanged();
}

void FrameFeed::readList()
{
    if (m_run.isEmpty()) return;
    m_mustRead = false;
    m_list.refresh();
    if (m_wantsDetail) m_details.refresh();
}

void FrameFeed::retry()
{
    m_failedId = 0;
    if (!m_isActive) return;
    readList();
    pump();
}

void FrameFeed::onUpdated(const RunUpdate &update)
{
    if (update.run != m_run || m_run.isEmpty()) return;
    if (update.mustReplay || update.numDropped > 0) {
        m_mustRead = true;
        if (m_isActive) readList();
        return;
    }
    noteFrames(update.status);
}

void FrameFeed::noteFrames(const RunStatus &status)
{
    if (status.lastFrameId <= m_newestKnown) return;
    m_newestKnown = status.lastFrameId;
    m_mustRead = true;
    if (m_isActive) readList();
}

void FrameFeed::onListChanged()
{
    const auto count = static_cast<int>(m_list.frames().size());
    if (count > 0 && m_waitingBaseStep)
        m_baseId = m_list.frames()[size_t(m_list.indexNear(*std::exchange(m_waitingBaseStep, {})))].id;
    if (count == 0) {
        m_index = -1;
        m_standingId = 0;
    } else if (m_waitingStep) {
        m_index = m_list.indexNear(*std::exchange(m_waitingStep, {}));
        m_isFollowing = false;
        m_standingId = wantedId();
    } else if (m_isFollowing || m_index < 0) {
        m_index = count - 1;
        m_standingId = m_list.frames().back().id;
    } else {
        // Frames before ours may have gone.
        const int same = m_list.indexOf(m_standingId);
        m_index = same >= 0 ? same : std::min(m_index, count - 1);
        m_standingId = wantedId();
    }
    Q_EMIT listChanged();
    Q_EMIT placeChanged();
    pump();
}

int64_t FrameFeed::wantedId() const
{
    return m_index < 0 || m_index >= std::ssize(m_list.frames()) ? 0 : m_list.frames()[size_t(m_index)].id;
}

void FrameFeed::goTo(int index)
{
    setPlaying(false);
    const auto count = static_cast<int>(m_list.frames().size());
    if (count == 0) return;
    stand(std::clamp(index, 0, count - 1));
}

void FrameFeed::goToStep(int64_t step)
{
    if (m_list.frames().empty())
        m_waitingStep = step;
    else
        goTo(m_list.indexNear(step));
}

void FrameFeed::follow()
{
    if (!m_list.frames().empty()) goTo(static_cast<int>(m_list.frames().size()) - 1);
    m_isFollowing = true;
    Q_EMIT placeChanged();
}

void FrameFeed::stand(int index)
{
    m_direction = index < m_index ? -1 : 1;
    m_index = index;
    m_standingId = wantedId();
    m_isFollowing = !isPlaying() && index == std::ssize(m_list.frames()) - 1;
    Q_EMIT placeChanged();
    pump();
}

void FrameFeed::setPlaying(bool isPlaying)
{
    if (isPlaying == m_playTimer.isActive()) return;
    if (!isPlaying) {
        m_playTimer.stop();
        m_isFollowing = m_index >= 0 && m_index == std::ssize(m_list.frames()) - 1;
        Q_EMIT placeChanged();
        return;
    }
    if (m_list.frames().size() < 2 || !m_isActive) return;
    m_playTimer.start();
    stand(m_index + 1 >= std::ssize(m_list.frames()) ? 0 : m_index);
}

void FrameFeed::setFramesPerSecond(int rate)
{
    m_rate = std::clamp(rate, 1, 60);
    m_playTimer.setInterval(1000 / m_rate);
}

void FrameFeed::setBase(int index)
{
    if (index < 0 || index >= std::ssize(m_list.frames())) return;
    m_baseId = m_list.frames()[size_t(index)].id;
    Q_EMIT placeChanged();
    pump();
}

void FrameFeed::setBaseStep(int64_t step)
{
    if (m_list.frames().empty())
        m_waitingBaseStep = step;
    else
        setBase(m_list.indexNear(step));
}

int FrameFeed::baseIndex() const
{
    if (m_list.frames().empty()) return -1;
    const int index = m_baseId < 0 ? 0 : m_list.indexOf(m_baseId);
    return std::max(0, index);
}

const FrameInfo *FrameFeed::baseInfo() const
{
    const int index = baseIndex();
    return index < 0 ? nullptr : &m_list.frames()[size_t(index)];
}

const FrameInfo *FrameFeed::detailInfo() const { return m_shown ? detailOf(m_shown->report.step) : nullptr; }

const FrameInfo *FrameFeed::detailOf(int64_t step) const
{
    if (!m_wantsDetail) return nullptr;
    const int index = m_details.indexNear(step);
    if (index < 0 || m_details.frames()[size_t(index)].step != step) return nullptr;
    return &m_details.frames()[size_t(index)];
}

/// A step whose finer maps are on their way is shown together with them: it would flash from coarse to fine.
bool FrameFeed::isDetailComing(const FrameInfo &info) const
{
    const FrameInfo *detail = detailOf(info.step);
    return detail && m_waiting.contains(detail->id);
}

void FrameFeed::setWantsBase(bool isWanted)
{
    if (isWanted == m_wantsBase) return;
    m_wantsBase = isWanted;
    pump();
}

void FrameFeed::setWantsDetail(bool isWanted)
{
    if (isWanted == m_wantsDetail) return;
    m_wantsDetail = isWanted;
    if (isWanted && m_isActive && !m_details.wasRead()) m_details.refresh();
    pump();
}

bool FrameFeed::needs(const FrameInfo &info) const
{
    return info.id != m_failedId && !m_cache.contains(info.id) && !m_waiting.contains(info.id);
}

void FrameFeed::pump()
{
    if (!m_isActive || m_index < 0) return;
    const FrameInfo wanted = m_list.frames()[size_t(m_index)];
    if (const FramePtr frame = m_cache.find(wanted.id)) {
        requestDetail(wanted);
        if ((!m_shown || m_shown->frame != wanted.id) && !isDetailComing(wanted)) show(wanted, frame);
    } else if (const auto found = m_waiting.find(wanted.id); found != m_waiting.end()) {
        found->second.wasWanted = true;
    } else if (needs(wanted)) {
        // One wanted frame is under way already while a hand moves on: it will be shown, and then the newest
        // place asks.
        const bool isBusy = std::any_of(m_waiting.begin(), m_waiting.end(),
                                        [](const auto &entry) { return entry.second.wasWanted; });
        if (!isBusy) {
            dropFarRequests();
            request(wanted, true);
            requestDetail(wanted);
        }
    }
    if (m_wantsBase)
        if (const FrameInfo *base = baseInfo(); base && needs(*base)) request(*base, false);
    showExtras();
    for (int i = 1; i <= kPrefetchReach && m_waiting.size() < kMaxWaiting; ++i)
        for (const int next : {m_index + i * m_direction, m_index - i * m_direction}) {
            if (next < 0 || next >= std::ssize(m_list.frames()) || m_waiting.size() >= kMaxWaiting) continue;
            const FrameInfo info = m_list.frames()[size_t(next)];
            if (needs(info)) request(info, false);
            if (m_waiting.size() < kMaxWaiting) requestDetail(info);
        }
}

void FrameFeed::requestDetail(const FrameInfo &info)
{
    if (const FrameInfo *detail = detailOf(info.step); detail && needs(*detail)) request(*detail, false);
}

void FrameFeed::dropFarRequests()
{
    std::erase_if(m_waiting, [this](const auto &entry) {
        const bool isDetail = m_details.indexOf(entry.first) >= 0;
        const int index = isDetail ? m_list.indexNear(entry.second.info.step) : m_list.indexOf(entry.first);
        if (index < 0) return false; // a base
        return std::abs(index - m_index) > kPrefetchReach && entry.first != m_baseId;
    });
}

void FrameFeed::request(FrameInfo info, bool isWanted)
{
    // Entered first: an answer may come at once.
    Waiting &waiting = m_waiting[info.id];
    waiting.info = info;
    waiting.wasWanted = isWanted;
    auto handle = m_session.getFrame(
        m_run, info.id, this, [this, info](Result<AttentionFrame> answer) { take(info, std::move(answer)); });
    if (const auto found = m_waiting.find(info.id); found != m_waiting.end())
        found->second.handle = std::move(handle);
}

void FrameFeed::take(const FrameInfo &info, Result<AttentionFrame> answer)
{
    const auto found = m_waiting.find(info.id);
    if (found == m_waiting.end()) return; // of a prompt or run that is no longer shown
    const bool wasWanted = found->second.wasWanted;
    // The handle lives until this answer was dealt with.
    const std::unique_ptr<PendingRequest> handle = std::move(found->second.handle);
    m_waiting.erase(found);
    if (!answer.ok()) {
        if (answer.error().code == ErrorCode::NotFound) {
            takeMissing(info);
            return;
        }
        m_failedId = info.id;
        if (wasWanted || info.id == wantedId()) {
            setPlaying(false); // it would wait for this one
            Q_EMIT failed(answer.error());
        }
        return;
    }
    const auto frame = std::make_shared<const AttentionFrame>(std::move(answer).value());
    m_cache.insert(info.id, frame);
    const bool isOfList = m_list.indexOf(info.id) >= 0;
    // A place that a moving hand has left already is shown all the same, unless its new one is here.
    if (isOfList && wasWanted && info.id != wantedId() && !m_cache.contains(wantedId())) show(info, frame);
    pump();
}

void FrameFeed::takeMissing(const FrameInfo &info)
{
    const bool isWanted = info.id == wantedId();
    const bool isBase = m_wantsBase && baseInfo() && info.id == baseInfo()->id;
    if (isBase) m_baseId = -1;
    m_details.remove(info.id);
    m_list.remove(info.id); // its signal finds the next place
    if (isWanted || isBase) Q_EMIT skipped(info.step);
}

void FrameFeed::show(const FrameInfo &info, const FramePtr &frame)
{
    m_shown = snapshotOfFrame(*frame, info);
    m_detail = nullptr;
    if (const FrameInfo *detail = detailInfo())
        if (const FramePtr finer = m_cache.find(detail->id)) m_detail = snapshotOfFrame(*finer, *detail);
    Q_EMIT shownChanged();
}

void FrameFeed::showExtras()
{
    bool isNew = false;
    const FrameInfo *base = m_wantsBase ? baseInfo() : nullptr;
    if (m_base && (!base || m_base->frame != base->id)) {
        m_base = nullptr; // a difference to another step would lie
        isNew = true;
    }
    if (base && (!m_base || m_base->frame != base->id))
        if (const FramePtr frame = m_cache.find(base->id)) {
            m_base = snapshotOfFrame(*frame, *base);
            isNew = true;
        }
    const FrameInfo *detail = detailInfo();
    if (detail && (!m_detail || m_detail->frame != detail->id))
        if (const FramePtr frame = m_cache.find(detail->id)) {
            m_detail = snapshotOfFrame(*frame, *detail);
            isNew = true;
        }
    if (isNew) Q_EMIT shownChanged();
}

} // namespace orrery::ui
