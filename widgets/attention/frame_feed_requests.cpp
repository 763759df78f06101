// SPDX-License-Identifier: GPL-3.0-or-later
// What a FrameFeed asks for and shows: the frame that is stood at, what goes with it, and those that are likely next.
#include "widgets/attention/frame_feed.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

/// Questions under way at once: the wanted frame and those that are likely next. More would only queue at the
/// engine.
constexpr size_t kMaxWaiting = 4;
constexpr int kPrefetchReach = 8;

} // namespace

const FrameInfo *FrameFeed::baseInfo() const
{
    const int index = m_wantsBase ? baseIndex() : -1;
    return index < 0 ? nullptr : &steps()[size_t(index)];
}

const FrameInfo *FrameFeed::baseDetailInfo() const
{
    const FrameInfo *base = m_steps.heads().empty() ? nullptr : baseInfo();
    if (base && base->kind == FrameKind::Heads) return base;
    return base ? detailOf(base->step) : nullptr;
}

const FrameInfo *FrameFeed::overviewInfo() const
{
    const int index = m_isShownStarred ? m_list.indexNear(m_shown->report.step) : -1;
    return index < 0 ? nullptr : &m_list.frames()[size_t(index)];
}

const FrameInfo *FrameFeed::overviewBaseInfo() const
{
    const FrameInfo *base = baseInfo();
    if (!base || base->kind == FrameKind::Overview) return base;
    const int index = m_list.indexNear(base->step);
    return index < 0 ? nullptr : &m_list.frames()[size_t(index)];
}

/// The list does not say which heads a frame has; the newest one says which are starred now.
const FrameInfo *FrameFeed::newestDetailInfo() const
{
    if (m_steps.heads().empty() || m_details.frames().empty()) return nullptr;
    const FrameInfo &newest = m_details.frames().back();
    return m_steps.knows(newest.step) ? nullptr : &newest;
}

const FrameInfo *FrameFeed::detailInfo() const { return m_shown ? detailOf(m_shown->report.step) : nullptr; }

const FrameInfo *FrameFeed::detailOf(int64_t step) const
{
    if (!m_wantsDetail) return nullptr;
    const int index = m_details.indexNear(step);
    if (index < 0 || m_details.frames()[size_t(index)].step != step) return nullptr;
    return &m_details.frames()[size_t(index)];
}

std::vector<FrameInfo> FrameFeed::extras() const
{
    std::vector<FrameInfo> infos;
    for (const FrameInfo *one :
         {baseInfo(), baseDetailInfo(), overviewInfo(), overviewBaseInfo(), newestDetailInfo()})
        if (one) infos.push_back(*one);
    return infos;
}

/// A step whose finer maps are on their way is shown together with them: it would flash from coarse to fine.
bool FrameFeed::isDetailComing(const FrameInfo &info) const
{
    const FrameInfo *detail = detailOf(info.step);
    return detail && m_waiting.contains(detail->id);
}

bool FrameFeed::needs(const FrameInfo &info) const
{
    return info.id != m_failedId && !m_cache.contains(info.id) && !m_waiting.contains(info.id);
}

void FrameFeed::pump()
{
    if (!m_isActive || m_index < 0) return;
    const FrameInfo wanted = steps()[size_t(m_index)];
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
    for (const FrameInfo &extra : extras())
        if (needs(extra)) request(extra, false);
    showExtras();
    for (int i = 1; i <= kPrefetchReach && m_waiting.size() < kMaxWaiting; ++i)
        for (const int next : {m_index + i * m_direction, m_index - i * m_direction}) {
            if (next < 0 || next >= std::ssize(steps()) || m_waiting.size() >= kMaxWaiting) continue;
            const FrameInfo info = steps()[size_t(next)];
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
    std::vector<int64_t> kept;
    for (const FrameInfo &extra : extras()) kept.push_back(extra.id);
    std::erase_if(m_waiting, [&](const auto &entry) {
        if (std::find(kept.begin(), kept.end(), entry.first) != kept.end()) return false;
        return std::abs(m_steps.indexNear(entry.second.info.step) - m_index) > kPrefetchReach;
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
    if (info.kind == FrameKind::Heads) {
        m_steps.learn(info.step, frame->heads);
        if (m_steps.build(m_list.frames(), m_details.frames())) placeAgain();
    }
    // A place that a moving hand has left already is shown all the same, unless its new one is here.
    const bool isStep = m_steps.indexOf(info.id) >= 0;
    if (isStep && wasWanted && info.id != wantedId() && !m_cache.contains(wantedId())) show(info, frame);
    pump();
}

void FrameFeed::takeMissing(const FrameInfo &info)
{
    const bool isWanted = info.id == wantedId();
    const bool isBase = baseInfo() && info.id == baseInfo()->id;
    if (isBase) m_baseStep.reset();
    m_details.remove(info.id);
    m_list.remove(info.id); // its signal finds the next place
    if (isWanted || isBase) Q_EMIT skipped(info.step);
}

void FrameFeed::show(const FrameInfo &info, const FramePtr &frame)
{
    const bool isStarred = info.kind == FrameKind::Heads;
    if (!isStarred)
        m_overview = nullptr;
    else if (!m_isShownStarred)
        m_overview = m_shown; // of the step before, until that of this one is here
    m_shown = snapshotOfFrame(*frame, info);
    m_isShownStarred = isStarred;
    m_detail = nullptr;
    const FrameInfo *detail = m_isShownStarred ? nullptr : detailInfo();
    if (const FramePtr finer = detail ? m_cache.find(detail->id) : nullptr)
        m_detail = snapshotOfFrame(*finer, *detail);
    Q_EMIT shownChanged();
}

bool FrameFeed::fill(SnapshotPtr &shown, const FrameInfo *wanted)
{
    if (shown && wanted && shown->frame == wanted->id) return false;
    const bool wasShown = std::exchange(shown, nullptr) != nullptr; // of another step it would lie
    if (const FramePtr frame = wanted ? m_cache.find(wanted->id) : nullptr)
        shown = snapshotOfFrame(*frame, *wanted);
    return wasShown || shown;
}

void FrameFeed::showExtras()
{
    // As above, of the base.
    const FrameInfo *base = baseInfo();
    const bool mustWait = base && isDetailComing(*base) && !(m_base && m_base->frame == base->id);
    bool isNew = fill(m_base, mustWait ? nullptr : base);
    isNew = fill(m_baseDetail, baseDetailInfo()) || isNew;
    isNew = fill(m_overviewBase, overviewBaseInfo()) || isNew;
    if (const FrameInfo *detail = m_isShownStarred ? nullptr : detailInfo()) isNew = fill(m_detail, detail) || isNew;
    // Another step's stays until this one is here: it says of which it is.
    if (const FrameInfo *overview = overviewInfo(); overview && m_cache.contains(overview->id))
        isNew = fill(m_overview, overview) || isNew;
    if (isNew) Q_EMIT shownChanged();
}

} // namespace orrery::ui
