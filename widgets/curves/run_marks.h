// SPDX-License-Identifier: GPL-3.0-or-later
// What happened to a run, as marks on its curves: events, checkpoints, notes, and where branches leave and begin.
// Pure; any thread.
#pragma once

#include "core/spec/run_records.h"
#include "widgets/plots/plot_types.h"

#include <QString>

#include <optional>
#include <string>
#include <vector>

namespace orrery::ui {

/// An event or a checkpoint on the curves.
struct RunMark {
    int64_t step = 0;
    double wallTime = 0; ///< 0: that of its step, which the curve knows
    MarkKind kind = MarkKind::Note;
    QString text;
    bool operator==(const RunMark &) const = default;
};

/// Nothing for what is not drawn.
std::optional<RunMark> eventMark(const RunEvent &event);
RunMark checkpointMark(const CheckpointInfo &checkpoint);
/// Where the run was branched from another one, and where others were branched from it.
std::vector<RunMark> branchMarks(const std::string &run, const std::vector<RunStatus> &runs);

} // namespace orrery::ui
