// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures and recordings of the documents that a run keeps attention of. Kept steps hold none; the samples of
// the run are drawn of the same documents in the same order, and show them. GUI thread only; owned by the panel,
// which hands it the events of the run.
#pragma once

#include "core/spec/run_records.h"
#include "widgets/common/sample_media.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orrery::ui {

using SampleMediaPtr = std::shared_ptr<const SampleMedia>;

class DocumentMedia {
public:
    void clear(); ///< for another run
    /// In their order, each once.   @return whether samples are among them
    bool take(const std::vector<RunEvent> &events);
    /// Of the newest sample; the same object for as long as it shows the same. Null: no sample was drawn yet.
    [[nodiscard]] SampleMediaPtr find(int document) const;
    /// Step of its newest sample; −1: there is none.
    [[nodiscard]] int64_t stepOf(int document) const;

private:
    struct Entry {
        std::string payload; ///< of the newest sample; empty: it is what `media` was made of
        int64_t step = -1;
        SampleMediaPtr media;
    };
    mutable std::map<int, Entry> m_entries; ///< by document; unpacked when it is looked at
    int64_t m_step = -1;
    int32_t m_attempt = -1;
    int m_next = 0; ///< which document the next sample of that step is of
};

} // namespace orrery::ui
