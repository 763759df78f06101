// SPDX-License-Identifier: GPL-3.0-or-later
// The frames that were seen last, up to a number of bytes; the one that was not asked for the longest goes
// first. Not thread safe.
#pragma once

#include "core/spec/frames.h"

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

namespace orrery::ui {

using FramePtr = std::shared_ptr<const AttentionFrame>;

class FrameCache {
public:
    static constexpr size_t kDefaultBytes = size_t{128} << 20;
    explicit FrameCache(size_t maxBytes = kDefaultBytes) : m_maxBytes(maxBytes) {}

    /// Null when it is not here. What is asked for counts as used.
    FramePtr find(int64_t id);
    [[nodiscard]] bool contains(int64_t id) const { return m_places.contains(id); }
    /// A frame that alone is larger than all is kept until the next comes.
    void insert(int64_t id, FramePtr frame);
    void clear();
    [[nodiscard]] size_t numBytes() const { return m_numBytes; }
    [[nodiscard]] size_t size() const { return m_places.size(); }

private:
    struct Entry {
        int64_t id;
        FramePtr frame;
        size_t bytes;
    };
    size_t m_maxBytes, m_numBytes = 0;
    std::list<Entry> m_entries; ///< used last in front
    std::unordered_map<int64_t, std::list<Entry>::iterator> m_places;
};

} // namespace orrery::ui
