// SPDX-License-Identifier: Apache-2.0
// What a training prints: JSON lines for programs, a progress line for people. Pure functions; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_records.h"

#include <cstdint>
#include <string>

namespace orrery::worker {

/// {"step":…,"loss":…,"val_loss":…,"lr":…,"grad_norm":…,"tokens_per_s":…}; what is missing or not finite is
/// null. val_loss_prefix and val_loss_infill follow where they were measured. A report with none of these
/// gives what a stage ended with, {"step":…,"stage_loss/1":…,"forgetting":…}, or, without that too, an empty
/// text.
std::string reportLine(const StepReport &report);
/// {"event":"done","run":…,"directory":…,"state":…,"step":…,"best_val_loss":…}
std::string doneLine(const RunStatus &status);
/// {"event":"error","code":…,"message":…,"hint":…}
std::string errorLine(const Error &error);
/// {"event":"dropped","reports":…}: the reader was too slow for this many lines.
std::string droppedLine(uint64_t numReports);

/// What the progress line shows. NaN: not known yet.
struct ProgressValues {
    bool isPreparing = false;
    uint64_t bytesDone = 0; ///< while preparing data
    uint64_t bytesTotal = 0;
    int64_t step = 0;
    int64_t totalSteps = 0;
    double loss = 0;
    double valLoss = 0;
    double tokensPerSecond = 0;
    double etaSeconds = 0;
    bool isPaused = false;
};
/// "[=====>    ]  1200/2000  60 %  loss 1.234  val 1.301  12.3 k tok/s  3 min left", cut to `columns`.
std::string progressLine(const ProgressValues &values, int columns);
/// Whether people want to see this event in the terminal.
bool isShownInTerminal(EventKind kind);

} // namespace orrery::worker
