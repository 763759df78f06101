// SPDX-License-Identifier: Apache-2.0
#include "core/infer/background_texts.h"

#include "core/base/assert.h"

#include <algorithm>

namespace orrery {

namespace {

bool isText(const std::vector<int32_t> &ids) { return ids.size() >= 2; } // one predicts the other

} // namespace

BackgroundTexts::BackgroundTexts(int64_t context, Limits limits)
    : m_limits(limits), m_length(static_cast<size_t>(context) + 1)
{
    ORRERY_ASSERT(context >= 1 && limits.maxTexts >= 1);
}

Result<void> BackgroundTexts::beginDocument()
{
    keepCurrent();
    return {};
}

Result<void> BackgroundTexts::endDocument()
{
    keepCurrent();
    return {};
}

Result<void> BackgroundTexts::append(std::span<const int32_t> ids, uint8_t) { return take(ids); }

Result<void> BackgroundTexts::append(std::span<const int32_t> ids, std::span<const uint8_t>) { return take(ids); }

Result<void> BackgroundTexts::take(std::span<const int32_t> ids)
{
    for (const int32_t id : ids) {
        if (isFull()) return Error{ErrorCode::Cancelled, "Enough texts.", ""};
        if (m_current.size() == m_length) keepCurrent();
        m_current.push_back(id);
        ++m_numTokens;
    }
    return {};
}

void BackgroundTexts::keepCurrent()
{
    if (!isText(m_current)) return m_current.clear();
    ++m_numTexts;
    if (m_texts.size() < m_limits.maxTexts) {
        m_texts.push_back(m_current);
    } else if (const uint64_t place = m_random() % m_numTexts; place < m_texts.size()) {
        m_texts[place] = m_current; // the n-th takes the place of a kept one with probability maxTexts / n
    }
    m_current.clear();
}

std::vector<std::vector<int32_t>> BackgroundTexts::texts() const
{
    std::vector<std::vector<int32_t>> all = m_texts;
    if (all.size() < m_limits.maxTexts && isText(m_current)) all.push_back(m_current);
    return all;
}

} // namespace orrery
