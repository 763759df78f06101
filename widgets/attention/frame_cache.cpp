// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/frame_cache.h"

namespace orrery::ui {
namespace {

size_t bytesOf(const AttentionFrame &frame)
{
    size_t bytes = sizeof frame + frame.mean.capacity() + frame.maximum.capacity() +
                   frame.heads.capacity() * sizeof(HeadRef) +
                   frame.summaries.capacity() * sizeof(HeadSummary);
    for (const InspectedToken &token : frame.tokens) bytes += sizeof token + token.bytes.capacity();
    for (const TokenAlternative &candidate : frame.candidates)
        bytes += sizeof candidate + candidate.bytes.capacity();
    return bytes;
}

} // namespace

FramePtr FrameCache::find(int64_t id)
{
    const auto found = m_places.find(id);
    if (found == m_places.end()) return nullptr;
    m_entries.splice(m_entries.begin(), m_entries, found->second);
    return found->second->frame;
}

void FrameCache::insert(int64_t id, FramePtr frame)
{
    if (const auto found = m_places.find(id); found != m_places.end()) {
        m_numBytes -= found->second->bytes;
        m_entries.erase(found->second);
        m_places.erase(found);
    }
    const size_t bytes = bytesOf(*frame);
    m_entries.push_front({id, std::move(frame), bytes});
    m_places[id] = m_entries.begin();
    m_numBytes += bytes;
    while (m_numBytes > m_maxBytes && m_entries.size() > 1) {
        m_numBytes -= m_entries.back().bytes;
        m_places.erase(m_entries.back().id);
        m_entries.pop_back();
    }
}

void FrameCache::clear()
{
    m_entries.clear();
    m_places.clear();
    m_numBytes = 0;
}

} // namespace orrery::ui
