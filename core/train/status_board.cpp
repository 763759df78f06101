// SPDX-License-Identifier: Apache-2.0
#include "core/train/status_board.h"

namespace orrery {

void StatusBoard::publish(const RunStatus &status)
{
    m_slots[m_back] = status;
    m_back = m_middle.exchange(static_cast<uint8_t>(m_back | kFresh), std::memory_order_acq_rel) & 3;
}

RunStatus StatusBoard::read() const
{
    const std::lock_guard lock(m_readers);
    if (m_middle.load(std::memory_order_relaxed) & kFresh)
        m_front = m_middle.exchange(m_front, std::memory_order_acq_rel) & 3;
    return m_slots[m_front];
}

} // namespace orrery
