// SPDX-License-Identifier: GPL-3.0-or-later
// Which head read a slot of the remembered memory last, and how much of it, among the looks and previews that
// were made in the panel: each is a pass of its own, and generating tells nobody. GUI thread only.
#pragma once

#include "core/spec/inspection.h"

#include <QString>

#include <map>

namespace orrery::memory_ui {

class LastReads {
public:
    struct Read {
        HeadRef head;
        double weight = 0; ///< of the head that took the most, 0 … 1
        QString token;     ///< at which it was read, as it is called
        int64_t place = 0; ///< of that token in its text
    };
    /// Slots that were read of the text's own past are none of the memory.
    void note(const InspectReport &report);
    void clear() { m_reads.clear(); } ///< another model
    /// A slot may hold a token of another event since. Null: no look has read it.
    [[nodiscard]] const Read *find(int64_t event, int64_t slot) const;

private:
    std::map<std::pair<int64_t, int64_t>, Read> m_reads; ///< by event and slot
};

} // namespace orrery::memory_ui
