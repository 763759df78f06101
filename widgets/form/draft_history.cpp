// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/form/draft_history.h"

#include <utility>

namespace orrery::ui {

void DraftHistory::add(const QString &draft, const QString &what, const QString &kind, const QString &after)
{
    if (draft == after) return; // nothing was replaced
    const bool isOneMore = !kind.isEmpty() && kind == m_kind && !m_before.empty() && draft == m_last;
    if (isOneMore)
        m_before.back().what = what;
    else
        m_before.push_back({draft, what});
    if (m_before.size() > kMaxSteps) m_before.erase(m_before.begin());
    m_after.clear();
    m_kind = kind;
    m_last = after;
}

std::optional<DraftHistory::Step> DraftHistory::undo(const QString &now)
{
    if (m_before.empty()) return std::nullopt;
    const Step step = std::move(m_before.back());
    m_before.pop_back();
    m_after.push_back({now, step.what});
    m_kind.clear();
    return step;
}

std::optional<DraftHistory::Step> DraftHistory::redo(const QString &now)
{
    if (m_after.empty()) return std::nullopt;
    const Step step = std::move(m_after.back());
    m_after.pop_back();
    m_before.push_back({now, step.what});
    m_kind.clear();
    return step;
}

void DraftHistory::clear()
{
    m_before.clear();
    m_after.clear();
    m_kind.clear();
    m_last.clear();
}

} // namespace orrery::ui
