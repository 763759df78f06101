// SPDX-License-Identifier: Apache-2.0
// One more of something under way, for as long as this lives. Any thread.
#pragma once

#include <atomic>

namespace orrery {

class Counted {
public:
    explicit Counted(std::atomic<int> &count) : m_count(count) { ++m_count; }
    ~Counted() { --m_count; }
    Counted(const Counted &) = delete;
    Counted &operator=(const Counted &) = delete;

private:
    std::atomic<int> &m_count;
};

} // namespace orrery
