// SPDX-License-Identifier: Apache-2.0
// The checkpoints of a training loop: when one is written, what a full disk means, and which older ones go.
#include "core/train/training_loop.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/tensorfile/checkpoint_files.h"
#include "core/train/checkpoint_io.h"
#include "core/train/checkpoint_keeper.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr double kMaxSpaceCheckSeconds = 300;

std::string jsonText(const nlohmann::ordered_json &json)
{
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

/// A full disk loses nothing while the run waits; any other failure, and every one of an fsync, is final.
Result<void> TrainingLoop::save(bool measures, WhenFull whenFull)
{
    if (m_savedStep != m_state.step) {
        const auto written = writeCheckpoint(measures || m_owesMeasuring);
        if (!written && written.error().isDiskFull && whenFull == WhenFull::Pause) {
            pauseForSpace(written.error(), measures || m_owesMeasuring);
            return {};
        }
        if (!written) {
            m_outputs.event(EventKind::Warning, m_state.step, written.error().text());
            return written.error();
        }
    }
    m_isSaveOwed = m_owesMeasuring = false;
    return {};
}

Result<void> TrainingLoop::writeCheckpoint(bool measures)
{
    const double valLoss = m_state.valStep == m_state.step     ? m_state.valLoss
                           : measures && spec().train.keepBest ? measureValidation().value_or(std::nan(""))
                                                               : std::numeric_limits<double>::quiet_NaN();
    const bool isBest = std::isfinite(valLoss) && !(valLoss >= m_state.bestValLoss);
    LoopState state = m_state;
    state.totalSteps = m_parts.totalSteps;
    state.changes = m_parts.settings.changes();
    if (isBest) {
        state.bestValLoss = valLoss;
        state.bestStep = m_state.step;
    }
    m_outputs.beforeCheckpoint(m_state.step);
    const auto written = saveCheckpoint(
        m_parts.run.checkpoints(), m_model, *m_parts.optimizer, state, m_parts.run.frozen().digest,
        m_parts.continual ? m_parts.continual->state() : std::vector<NamedTensor>());
    if (!written) {
        Error error = written.error();
        if (error.isDiskFull)
            error.hint = "Free some space on that disk, then resume; the last checkpoint is whole.";
        else if (error.code == ErrorCode::Io)
            error.hint += m_savedStep >= 0
                              ? " Then resume the run: checkpoint " + std::to_string(m_savedStep) + " is whole."
                              : " Then start the run again: it has no checkpoint yet.";
        return error;
    }
    m_savedBytes = *written;
    m_state.bestValLoss = state.bestValLoss;
    m_state.bestStep = state.bestStep;
    m_savedStep = m_state.step;
    m_outputs.setBestValLoss(state.bestValLoss);
    m_outputs.setError({}); // there may have been no room for it at first
    m_outputs.checkpoint(
        {.step = m_state.step,
         .wallTime = wallSeconds(),
         .valLoss = valLoss,
         .isBest = isBest,
         .isVerified = true,
         .numBytes = *written,
         .directory = "checkpoints/" + checkpointPath({}, m_state.step).filename().string()});
    m_outputs.event(EventKind::Checkpoint, m_state.step,
                    "Checkpoint " + std::to_string(m_state.step) + " written and read back (" +
                        formatBytes(*written) + ").",
                    jsonText({{"step", m_state.step}, {"best", isBest}}));
    deleteOldCheckpoints();
    return {};
}

uint64_t TrainingLoop::checkpointBytes() const
{
    // Before the first one: a weight and two moments of 4 bytes for each parameter.
    return m_savedBytes > 0 ? m_savedBytes : 12 * static_cast<uint64_t>(m_model.numParameters());
}

/// The updates since the newest checkpoint stay in memory until there is room for them.
void TrainingLoop::pauseForSpace(const Error &error, bool measures)
{
    const auto free = freeBytes(m_parts.run.path());
    const std::string text =
        error.message + " The disk of \"" + m_parts.run.path().string() + "\" has " +
        (free ? formatBytes(*free) : "an unknown amount") + " free, the checkpoint needs about " +
        formatBytes(checkpointBytes()) + ". Make room there" +
        (m_isPaused && !m_isPausedForSpace ? ", then continue; no update is lost."
                                           : "; the run then goes on, and no update is lost.");
    m_outputs.event(EventKind::Warning, m_state.step, text,
                    jsonText({{"problem", "disk_full"},
                              {"step", m_state.step},
                              {"free_bytes", free ? *free : 0},
                              {"needed_bytes", checkpointBytes()}}));
    m_outputs.setError(text);
    // Twice as long after every try that failed: a quota is full although the disk has room.
    m_spaceCheckSeconds = m_isSaveOwed ? std::min(2 * m_spaceCheckSeconds, kMaxSpaceCheckSeconds)
                                       : m_parts.options.spaceCheckSeconds;
    m_spaceCheckedAt = monotonicSeconds();
    m_isSaveOwed = true;
    m_owesMeasuring = measures;
    if (m_isPaused) {
        m_outputs.setState(RunState::Paused);
        return;
    }
    // Steps that were asked for are still owed behind the wait; where the last of them is done, the pause is
    // the user's.
    const int64_t stepsLeft = m_stepsUntilPause;
    m_isPausedForSpace = stepsLeft >= 0;
    pause();
    m_stepsUntilPause = std::max<int64_t>(0, stepsLeft);
}

Result<void> TrainingLoop::lookForSpace()
{
    const double now = monotonicSeconds();
    if (now - m_spaceCheckedAt < m_spaceCheckSeconds) return {};
    m_spaceCheckedAt = now;
    const auto free = freeBytes(m_parts.run.path());
    return free && *free >= checkpointBytes() ? resume() : Result<void>();
}

void TrainingLoop::deleteOldCheckpoints()
{
    const auto folder = m_parts.run.checkpoints();
    const int64_t best = spec().train.keepBest ? m_state.bestStep : -1;
    for (const int64_t step :
         checkpointsToDelete(listCheckpoints(folder), m_state.step, spec().train.keepLast, best)) {
        if (const auto removed = removeCheckpoint(folder, step); !removed) {
            m_outputs.event(EventKind::Warning, m_state.step, removed.error().text());
            continue;
        }
        m_outputs.event(EventKind::CheckpointDeleted, m_state.step,
                        "Checkpoint " + std::to_string(step) + " deleted.", jsonText({{"step", step}}));
    }
}

} // namespace orrery
