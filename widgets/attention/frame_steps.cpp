// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/frame_steps.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace orrery::ui {

void FrameSteps::learn(int64_t step, const std::vector<HeadRef> &starred)
{
    m_starred.insert_or_assign(step, starred);
}

void FrameSteps::forget()
{
    m_starred.clear();
    m_all.clear();
    m_leftOut.clear();
}

/// A frame that was not read counts by the nearest ones before and behind it: it is left out where neither has the
/// heads, so that none is lost where a star was set or taken off.
bool FrameSteps::areStarred(int64_t step) const
{
    if (m_heads.empty() || m_starred.empty()) return false;
    const auto hasAll = [this](const std::vector<HeadRef> &starred) {
        return std::all_of(m_heads.begin(), m_heads.end(), [&starred](const HeadRef &head) {
            return std::find(starred.begin(), starred.end(), head) != starred.end();
        });
    };
    const auto next = m_starred.lower_bound(step);
    if (next != m_starred.end() && (next->first == step || hasAll(next->second))) return hasAll(next->second);
    return next != m_starred.begin() && hasAll(std::prev(next)->second);
}

bool FrameSteps::build(const std::vector<FrameInfo> &overviews, const std::vector<FrameInfo> &starred)
{
    std::vector<FrameInfo> all;
    std::vector<int64_t> leftOut;
    all.reserve(overviews.size());
    auto next = overviews.begin();
    for (const FrameInfo &one : starred) {
        while (next != overviews.end() && next->step <= one.step) all.push_back(*next++);
        if (!all.empty() && all.back().step == one.step) continue; // it has more cells of that one
        if (areStarred(one.step))
            all.push_back(one);
        else
            leftOut.push_back(one.step);
    }
    all.insert(all.end(), next, overviews.end());
    const auto idOf = [](const FrameInfo &one) { return one.id; };
    const bool isSame =
        leftOut == m_leftOut && std::ranges::equal(all, m_all, std::ranges::equal_to{}, idOf, idOf);
    m_all = std::move(all);
    m_leftOut = std::move(leftOut);
    return !isSame;
}

int FrameSteps::indexNear(int64_t step) const { return ui::indexNear(m_all, step); }
int FrameSteps::indexOf(int64_t id) const { return ui::indexOf(m_all, id); }

int indexNear(const std::vector<FrameInfo> &frames, int64_t step)
{
    if (frames.empty()) return -1;
    const auto next =
        std::lower_bound(frames.begin(), frames.end(), step,
                         [](const FrameInfo &frame, int64_t wanted) { return frame.step < wanted; });
    if (next == frames.end()) return static_cast<int>(frames.size()) - 1;
    const auto index = static_cast<int>(next - frames.begin());
    if (index > 0 && step - frames[size_t(index) - 1].step < next->step - step) return index - 1;
    return index;
}

int indexOf(const std::vector<FrameInfo> &frames, int64_t id)
{
    const auto found =
        std::find_if(frames.begin(), frames.end(), [id](const FrameInfo &frame) { return frame.id == id; });
    return found == frames.end() ? -1 : static_cast<int>(found - frames.begin());
}

} // namespace orrery::ui
