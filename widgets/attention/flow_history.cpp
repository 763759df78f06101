// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/flow_history.h"

#include "widgets/attention/frame_feed.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

constexpr size_t kMaxWaiting = 2; ///< the step that is looked at comes first

} // namespace

FlowHistory::FlowHistory(EngineSession &session, const FrameFeed &feed, QObject *parent)
    : QObject(parent), m_session(session), m_feed(feed)
{
    connect(&feed, &FrameFeed::listChanged, this, &FlowHistory::onListChanged);
}

FlowHistory::~FlowHistory() = default;

void FlowHistory::setActive(bool isActive)
{
    if (std::exchange(m_isActive, isActive) == isActive) return;
    if (isActive)
        onListChanged();
    else
        m_waiting.clear();
}

int FlowHistory::numWithFlows() const
{
    return int(std::count_if(m_points.begin(), m_points.end(),
                             [](const FlowPoint &point) { return !point.flows.empty(); }));
}

void FlowHistory::onListChanged()
{
    if (m_feed.run() != m_run || m_feed.prompt() != m_prompt) {
        m_run = m_feed.run();
        m_prompt = m_feed.prompt();
        m_waiting.clear();
        m_failed.clear();
        if (!m_points.empty()) {
            m_points.clear();
            Q_EMIT changed();
        }
    }
    pump();
}

bool FlowHistory::isCovered(int64_t step, int64_t within) const
{
    return std::any_of(m_points.begin(), m_points.end(),
                       [&](const FlowPoint &point) { return std::abs(point.step - step) <= within; });
}

void FlowHistory::pump()
{
    const std::vector<FrameInfo> &frames = m_feed.list().frames();
    if (!m_isActive || frames.empty()) return;
    const auto count = static_cast<int64_t>(frames.size());
    const int64_t points = std::min<int64_t>(count, kMaxPoints);
    // While it trains the places move with every new step: one nearby is as good.
    const int64_t within =
        count <= kMaxPoints ? 0 : (frames.back().step - frames.front().step) / (2 * points);
    for (int64_t i = 0; i < points && m_waiting.size() < kMaxWaiting; ++i) {
        const FrameInfo info = frames[size_t(points == 1 ? 0 : i * (count - 1) / (points - 1))];
        const bool isKnown = isCovered(info.step, within) || m_waiting.contains(info.id) ||
                             std::find(m_failed.begin(), m_failed.end(), info.id) != m_failed.end();
        if (isKnown) continue;
        m_waiting[info.id] = nullptr; // entered first: an answer may come at once
        auto handle = m_session.getFrame(
            m_run, info.id, this, [this, info](const Result<AttentionFrame> &answer) { take(info, answer); });
        if (const auto found = m_waiting.find(info.id); found != m_waiting.end())
            found->second = std::move(handle);
    }
}

void FlowHistory::take(const FrameInfo &info, const Result<AttentionFrame> &answer)
{
    const auto found = m_waiting.find(info.id);
    if (found == m_waiting.end()) return;
    const std::unique_ptr<PendingRequest> handle =
        std::move(found->second); // until this answer was dealt with
    m_waiting.erase(found);
    if (answer.ok()) {
        const auto next =
            std::lower_bound(m_points.begin(), m_points.end(), info.step,
                             [](const FlowPoint &one, int64_t step) { return one.step < step; });
        m_points.insert(next, {.step = info.step, .flows = answer.value().flows});
        Q_EMIT changed();
    } else {
        m_failed.push_back(
            info.id); // a point less; the feed says what is wrong with the step that is looked at
    }
    pump();
}

} // namespace orrery::ui
