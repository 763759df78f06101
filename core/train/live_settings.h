// SPDX-License-Identifier: Apache-2.0
// The spec as it is now, after the changes that were made while the run trained, and their log. A change
// belongs to a step boundary: a resume replays it there, so that the losses stay the same to the bit. Trainer
// thread only, but for the static check.
#pragma once

#include "core/engine_api/trainer.h"
#include "core/spec/run_spec.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace orrery {

/// One change in the log. It keeps its id when it is replayed, which is how replays are told from new
/// changes.
struct LoggedChange {
    std::string id;   ///< "<attempt>-<number>" of its origin
    int64_t step = 0; ///< acts behind this many finished updates
    std::string key;
    std::string value;
};

class LiveSettings {
public:
    explicit LiveSettings(RunSpec frozen) : m_spec(std::move(frozen)) {}
    /// @param run whose plugins tell their settings' keys from unknown ones
    /// @error InvalidInput: unknown or frozen key, bad value
    static Result<void> check(const SettingChange &change, const RunSpec &run);
    /// @error as check
    Result<void> apply(const LoggedChange &change);
    [[nodiscard]] const RunSpec &spec() const { return m_spec; }
    [[nodiscard]] double learningRateFactor() const { return m_learningRateFactor; }
    [[nodiscard]] const std::vector<LoggedChange> &changes() const { return m_changes; }
    /// The value in force, as text; empty for an unknown key.
    [[nodiscard]] std::string valueText(const std::string &key) const;

private:
    RunSpec m_spec;
    double m_learningRateFactor = 1.0;
    std::vector<LoggedChange> m_changes;
};

/// The payload of a Setting event, and back. Nothing when the event is no readable change.
std::string changePayload(const LoggedChange &change);
std::optional<LoggedChange> changeFromEvent(const RunEvent &event);

/// What a resume from `fromStep` has to replay, in order of steps: the changes of the attempts before
/// `attempt` that the checkpoint does not hold. Where attempts overlap, the later one tells what was true.
/// @param events all events of the run, oldest first
std::vector<LoggedChange> changesToReplay(std::span<const RunEvent> events, int32_t attempt, int64_t fromStep,
                                          std::span<const LoggedChange> held);

} // namespace orrery
