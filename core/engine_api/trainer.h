// SPDX-License-Identifier: Apache-2.0
// The training of one run as its worker sees it: values in, values out, no tensor. One thread calls run(); every other
// member of TrainerControl may be called from any thread and never makes the trainer wait.
#pragma once

#include "core/base/result.h"
#include "core/engine_api/live_inspection.h"
#include "core/spec/frames.h"
#include "core/spec/run_records.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

enum class ControlVerb : uint8_t { Unknown, Pause, Continue, StepN, Checkpoint, Stop, Set, Break, Unbreak };

struct ControlCommand {
    ControlVerb verb = ControlVerb::Unknown;
    int64_t steps = 1;      ///< StepN: run this many updates, then pause
    SettingChange setting;  ///< Set; Break and Unbreak have their condition in `value`, Unbreak of all: empty
};

/// Receives what the training tells. Called on the trainer thread: implementations hand over and return at once.
class TrainerObserver {
public:
    virtual ~TrainerObserver() = default;
    virtual void onReport(const StepReport &report) = 0;
    virtual void onEvent(const RunEvent &event) = 0;
    /// Right before a checkpoint of `step` is written: what was told up to it must be durable when this returns, because a
    /// resume starts behind it and never reports those steps again. The one call that may wait (for the disk).
    virtual void beforeCheckpoint(int64_t step) { (void)step; }
    virtual void onCheckpoint(const CheckpointInfo &checkpoint) = 0;
    virtual void onStatus(const RunStatus &status) = 0;
    /// A frame to keep: `bytes` as core/store/attention_frame_codec.h packs them; the store gives the id.
    virtual void onFrame(const FrameInfo & /*frame*/, std::string /*bytes*/) {}
};

class Trainer {
public:
    virtual ~Trainer() = default;
    /// Trains until the last step, a stop or an error. @error any; a non-finite loss or norm is Internal-free:
    /// InvalidInput never, Io for disks, OutOfMemory, Cancelled after a stop request by signal.
    virtual Result<RunState> run() = 0;
    /// Queues a command for the next step boundary. Lock-free; any thread. What was accepted is obeyed; behind the last
    /// boundary a setting counts for the next resume, and an event names what could not be done any more.
    /// @error InvalidInput for a setting that cannot change while running or has a bad value, Conflict when the run has
    /// ended
    virtual Result<void> post(const ControlCommand &command) = 0;
    /// Asks for a look inside, answered at a step boundary when the probe budget allows it, at once while paused. Lock-free;
    /// any thread. @error Conflict when the run has ended
    virtual Result<void> inspect(const std::shared_ptr<LiveInspection> &inspection) = 0;
    /// A copy of the newest status. Any thread, never blocks the trainer.
    [[nodiscard]] virtual RunStatus status() const = 0;
};

} // namespace orrery
