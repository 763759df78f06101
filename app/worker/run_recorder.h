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
    RunRecorder(RunWriter &writer, Display &display) : m_writer(writer), m_display(display) {}
    void onReport(const StepReport &report) override;
    void onEvent(const RunEvent &event) override;
    void beforeCheckpoint(int64_t step) override;
    void onCheckpoint(const CheckpointInfo &checkpoint) override;
    void onStatus(const RunStatus &status) override;

private:
    RunWriter &m_writer;
    Display &m_display;
};

} // namespace orrery::worker
