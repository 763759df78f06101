// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/host_pulse.h"

#include <algorithm>
#include <utility>

namespace orrery::ui {

HostPulse::Duration HostPulse::interval() const { return std::clamp(m_limit / 5, Duration(20), Duration(2'000)); }

void HostPulse::begin(Time now)
{
    m_numSeen = m_numHeard.load(std::memory_order_relaxed);
    m_silence = Duration(0);
    m_lastLook = now;
}

bool HostPulse::look(Time now)
{
    const Duration passed = std::chrono::duration_cast<Duration>(now - m_lastLook);
    m_lastLook = now;
    const uint64_t numHeard = m_numHeard.load(std::memory_order_relaxed);
    // A look that comes late was not made by a program that ran: what passed meanwhile is not the host's silence.
    m_silence = numHeard != std::exchange(m_numSeen, numHeard) ? Duration(0) : m_silence + std::clamp(passed, Duration(0), 2 * interval());
    return isSilent();
}

} // namespace orrery::ui
