// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/last_reads.h"

#include "plugins/memory/ui/memory_text.h"
#include "widgets/attention/token_groups.h"

#include <set>

namespace orrery::memory_ui {

void LastReads::note(const InspectReport &report)
{
    if (report.token < 0 || report.token >= static_cast<int64_t>(report.tokens.size())) return;
    const InspectedToken &token = report.tokens[static_cast<size_t>(report.token)];
    const QString name =
        token.modality == Modality::Text ? visibleText(token.bytes, 40) : ui::tokenLabel(token);
    std::set<std::pair<int64_t, int64_t>> now; // of one look the head that took the most
    for (const MemoryRead &read : report.reads)
        for (const MemoryRead::Slot &slot : read.slots) {
            if (slot.event < 0) continue;
            const auto key = std::pair(slot.event, slot.slot);
            Read &last = m_reads[key];
            if (now.insert(key).second || slot.weight > last.weight)
                last = {read.head, slot.weight, name, report.token};
        }
}

const LastReads::Read *LastReads::find(int64_t event, int64_t slot) const
{
    const auto found = m_reads.find({event, slot});
    return found == m_reads.end() ? nullptr : &found->second;
}

} // namespace orrery::memory_ui
