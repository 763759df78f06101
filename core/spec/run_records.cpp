// SPDX-License-Identifier: Apache-2.0
#include "core/spec/run_records.h"

#include <array>

namespace orrery {

namespace {

// In the order of the enums: names cross files, so they are appended to and never changed.
constexpr std::array<const char *, 11> kStateNames = {"unknown", "created",  "starting",  "running",
                                                      "paused",  "stopping", "stopped",   "finished",
                                                      "failed",  "crashed",  "unreadable"};
constexpr std::array<const char *, 18> kEventNames = {
    "unknown", "started",   "resumed",    "paused",  "continued", "checkpoint", "checkpoint_deleted",
    "setting", "sample",    "non_finite", "warning", "finished",  "stopped",    "failed",
    "note",    "breakpoint", "alarm",     "early_stop"};
constexpr std::array<const char *, 8> kAlarmNames = {"unknown", "non_finite", "spike", "divergence",
                                                     "plateau", "overfitting", "no_report", "disk_full"};

static_assert(static_cast<size_t>(RunState::Unreadable) + 1 == kStateNames.size());
static_assert(static_cast<size_t>(EventKind::EarlyStop) + 1 == kEventNames.size());
static_assert(static_cast<size_t>(AlarmKind::DiskFull) + 1 == kAlarmNames.size());

template <typename Enum, size_t N> const char *nameOf(Enum value, const std::array<const char *, N> &names)
{
    const auto index = static_cast<size_t>(value);
    return index < N ? names[index] : names[0];
}

template <typename Enum, size_t N>
Enum valueOf(const std::string &name, const std::array<const char *, N> &names)
{
    for (size_t i = 0; i < N; ++i)
        if (name == names[i]) return static_cast<Enum>(i);
    return Enum::Unknown;
}

} // namespace

const char *runStateName(RunState state) { return nameOf(state, kStateNames); }
RunState runStateFromName(const std::string &name) { return valueOf<RunState>(name, kStateNames); }
const char *eventKindName(EventKind kind) { return nameOf(kind, kEventNames); }
EventKind eventKindFromName(const std::string &name) { return valueOf<EventKind>(name, kEventNames); }
const char *alarmKindName(AlarmKind kind) { return nameOf(kind, kAlarmNames); }
AlarmKind alarmKindFromName(const std::string &name) { return valueOf<AlarmKind>(name, kAlarmNames); }

bool isLiveState(RunState state)
{
    switch (state) {
    case RunState::Starting:
    case RunState::Running:
    case RunState::Paused:
    case RunState::Stopping:
        return true;
    default:
        return false;
    }
}

} // namespace orrery
