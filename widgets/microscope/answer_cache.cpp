// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/answer_cache.h"

#include <algorithm>

namespace orrery::ui {

bool MicroscopeAnswer::isAbout(const Focus &other) const
{
    if (!focus.isSameText(other) || head != other.head) return false;
    const bool isLast = focus.token < 0 || report.token == std::ssize(report.tokens) - 1;
    return other.token < 0 ? isLast : report.token == other.token;
}

MicroscopeAnswerPtr AnswerCache::find(const Focus &focus, const MicroscopeWants &wants)
{
    const auto found = std::find_if(m_answers.begin(), m_answers.end(), [&](const MicroscopeAnswerPtr &one) {
        return one->isAbout(focus) && one->has.covers(wants);
    });
    if (found == m_answers.end()) return nullptr;
    m_answers.splice(m_answers.begin(), m_answers, found);
    return m_answers.front();
}

void AnswerCache::insert(MicroscopeAnswerPtr answer)
{
    m_answers.remove_if([&](const MicroscopeAnswerPtr &one) {
        return one->focus.isSameText(answer->focus) && one->head == answer->head &&
               one->report.token == answer->report.token;
    });
    m_answers.push_front(std::move(answer));
    if (m_answers.size() > kMaxAnswers) m_answers.pop_back();
}

int64_t AnswerCache::numTokens(const Focus &focus) const
{
    for (const MicroscopeAnswerPtr &one : m_answers)
        if (one->focus.isSameText(focus)) return std::ssize(one->report.tokens);
    return -1;
}

} // namespace orrery::ui
