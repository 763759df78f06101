// SPDX-License-Identifier: GPL-3.0-or-later
// Tells a host that hangs from one that has little time: anything that comes from it is a beat, and only when nothing at all
// has come for the whole limit is it silent. Time in which this program itself did not run does not count: a window that was
// stopped, or that gets no turn on a busy machine, says nothing of its host. hear() from any thread, the rest from one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace orrery::ui {

class HostPulse {
public:
    using Duration = std::chrono::milliseconds;
    using Time = std::chrono::steady_clock::time_point;
    /// No answer and no news in this time, and the host is called silent. A question stands all the while, so that a host that
    /// gets a turn at all answers; ten programs that want two cores leave it some in each second.
    static constexpr Duration kLimit{10'000};

    explicit HostPulse(Duration limit = kLimit) : m_limit(limit) {}
    /// How often to look, and to ask.
    [[nodiscard]] Duration interval() const;
    [[nodiscard]] Duration limit() const { return m_limit; }
    /// Something came from the host.
    void hear() { m_numHeard.fetch_add(1, std::memory_order_relaxed); }
    /// Another connection: nothing has been missed on it yet.
    void begin(Time now);
    /// Looks, about every interval(). @return whether it is silent
    bool look(Time now);
    [[nodiscard]] bool isSilent() const { return m_silence >= m_limit; }
    [[nodiscard]] Duration silence() const { return m_silence; } ///< as of the last look

private:
    const Duration m_limit;
    std::atomic<uint64_t> m_numHeard{0};
    uint64_t m_numSeen = 0;
    Duration m_silence{0};
    Time m_lastLook{};
};

} // namespace orrery::ui
