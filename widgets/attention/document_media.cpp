// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/document_media.h"

#include <utility>

namespace orrery::ui {
namespace {

constexpr int kMaxDocuments = 64; ///< that are kept here; a run has a few

} // namespace

void DocumentMedia::clear() { *this = {}; }

bool DocumentMedia::take(const std::vector<RunEvent> &events)
{
    bool hasSamples = false;
    for (const RunEvent &event : events) {
        if (event.kind != EventKind::Sample) continue;
        hasSamples = true;
        if (event.step != m_step || event.attempt != m_attempt) m_next = 0;
        m_step = event.step;
        m_attempt = event.attempt;
        if (m_next < kMaxDocuments) {
            m_entries[m_next].payload = event.payload;
            m_entries[m_next].step = event.step;
        }
        ++m_next;
    }
    return hasSamples;
}

int64_t DocumentMedia::stepOf(int document) const
{
    const auto found = m_entries.find(document);
    return found == m_entries.end() ? -1 : found->second.step;
}

SampleMediaPtr DocumentMedia::find(int document) const
{
    const auto found = m_entries.find(document);
    if (found == m_entries.end()) return nullptr;
    Entry &entry = found->second;
    if (!entry.payload.empty()) {
        SampleMedia media = sampleMedia(std::exchange(entry.payload, {}));
        if (!entry.media || *entry.media != media)
            entry.media = std::make_shared<const SampleMedia>(std::move(media));
    }
    return entry.media;
}

} // namespace orrery::ui
