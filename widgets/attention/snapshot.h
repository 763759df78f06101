// SPDX-License-Identifier: GPL-3.0-or-later
// One look inside a model, whichever way it came: a frame that a training kept, or an answer to a question.
// Values; any thread.
#pragma once

#include "core/spec/frames.h"
#include "core/spec/inspection.h"

#include <memory>

namespace orrery::ui {

struct Snapshot {
    InspectReport report; ///< of a kept frame: tokens, summaries, overview, candidates, step
    bool isKept = false;  ///< a frame: weights were kept in eight bits
    int64_t frame = 0;    ///< FrameInfo::id
    double wallTime = 0;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

SnapshotPtr snapshotOfFrame(const AttentionFrame &frame, const FrameInfo &info);
SnapshotPtr snapshotOfReport(InspectReport report);
/// The finest map of a head; null when there is none.
const AttentionMap *mapOf(const Snapshot &snapshot, const HeadRef &head);
const HeadSummary *summaryOf(const Snapshot &snapshot, const HeadRef &head);

} // namespace orrery::ui
