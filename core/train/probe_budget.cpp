// SPDX-License-Identifier: Apache-2.0
#include "core/train/probe_budget.h"

#include <algorithm>

namespace orrery {

bool ProbeBudget::allowsRound(double now, double expected) const
{
    return m_share >= 1 || (m_share > 0 && m_spent + expected + m_question <= m_share * (now - m_beganAt));
}

bool ProbeBudget::allowsQuestion(double now)
{
    earn(now);
    // What nobody has spent is there for a person, too.
    return m_share > 0 && (m_owed <= 0 || m_spent <= m_share * (now - m_beganAt));
}

void ProbeBudget::payQuestion(double seconds, double now)
{
    earn(now);
    m_owed += seconds;
    m_spent += seconds;
    m_question = seconds;
}

void ProbeBudget::leaveOut(double seconds)
{
    m_beganAt += seconds;
    m_checkedAt += seconds;
}

void ProbeBudget::earn(double now)
{
    m_owed = std::max(0.0, m_owed - m_share * (now - m_checkedAt));
    m_checkedAt = now;
}

} // namespace orrery
