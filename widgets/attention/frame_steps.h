// SPDX-License-Identifier: GPL-3.0-or-later
// Which kept steps a page of the attention panel goes through: those of all heads, and, where the heads that it
// shows are starred, the steps between that were kept of starred heads alone. Which heads such a frame has is told
// by its content: it is learned from those that were read, and of the others taken from the nearest of these, for
// stars change rarely. Values; one thread.
#pragma once

#include "core/spec/frames.h"

#include <cstdint>
#include <map>
#include <vector>

namespace orrery::ui {

class FrameSteps {
public:
    /// That the page shows; empty: all.
    void setHeads(const std::vector<HeadRef> &heads) { m_heads = heads; }
    [[nodiscard]] const std::vector<HeadRef> &heads() const { return m_heads; }
    void learn(int64_t step, const std::vector<HeadRef> &starred);
    [[nodiscard]] bool knows(int64_t step) const { return m_starred.contains(step); }
    void forget(); ///< all that was learned: of another run
    /// Of both lists, each in order of its steps. @return whether all() or leftOut() is another one now
    bool build(const std::vector<FrameInfo> &overviews, const std::vector<FrameInfo> &starred);
    /// In order of their steps; FrameInfo::kind tells both apart.
    [[nodiscard]] const std::vector<FrameInfo> &all() const { return m_all; }
    /// Kept of starred heads alone, which the page does not show.
    [[nodiscard]] const std::vector<int64_t> &leftOut() const { return m_leftOut; }
    [[nodiscard]] int indexNear(int64_t step) const; ///< -1: there are none
    [[nodiscard]] int indexOf(int64_t id) const;     ///< -1: it is not among them

private:
    [[nodiscard]] bool areStarred(int64_t step) const;

    std::vector<HeadRef> m_heads;
    std::map<int64_t, std::vector<HeadRef>> m_starred; ///< by step
    std::vector<FrameInfo> m_all;
    std::vector<int64_t> m_leftOut;
};

/// Nearest by step; -1 without frames. @param frames in order of their steps
int indexNear(const std::vector<FrameInfo> &frames, int64_t step);
/// -1 when it is not there.
int indexOf(const std::vector<FrameInfo> &frames, int64_t id);

} // namespace orrery::ui
