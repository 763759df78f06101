// SPDX-License-Identifier: Apache-2.0
// What the training tells goes to the run's store and to the display. Called on the trainer thread, returns
// at once.
#pragma once

#include "app/worker/display.h"
#include "core/engine_api/trainer.h"
#include "core/store/run_store.h"

namespace orrery::worker {

class RunRecorder : public TrainerObserver {
public:
    /// @param framesBytes room for all frames
    RunRecorder(RunWriter &writer, Display &display, uint64_t framesBytes)
        : m_writer(writer), m_display(display), m_framesBytes(framesBytes)
    {
    }
    void onReport(const StepReport &report) override;
    void onEvent(const RunEvent &event) override;
    void beforeCheckpoint(int64_t step) override;
    void onCheckpoint(const CheckpointInfo &checkpoint) override;
    void onStatus(const RunStatus &status) override;
    void onFrame(const FrameInfo &frame, std::string bytes) override;

private:
    RunWriter &m_writer;
    Display &m_display;
    const uint64_t m_framesBytes;
};

} // namespace orrery::worker
