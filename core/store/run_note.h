// SPDX-License-Identifier: Apache-2.0
// Notes of people at a step of a run: events of the kind Note whose payload is {"annotation":true}. While a
// worker lives it alone writes run.db: the note goes to it as the setting "note" of `control set`, and
// becomes an event at the next step boundary. At rest, whoever holds run.lock writes it. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_records.h"
#include "core/store/run_directory.h"

#include <cstdint>
#include <string>

namespace orrery {

inline constexpr const char *kNoteKey = "note"; ///< of ControlVerb::Set; no setting, and never replayed
inline constexpr size_t kMaxNoteBytes = size_t{16} << 10;
inline constexpr const char *kNotePayload = R"({"annotation":true})";

struct RunNote {
    int64_t step = 0;
    std::string text;
};

/// @error InvalidInput naming the value and its limit
Result<void> checkNote(const RunNote &note, const std::string &run);
/// As the value of a setting: "120 the loss jumps here".
std::string noteValue(const RunNote &note);
/// @error as checkNote
Result<RunNote> noteFromValue(const std::string &value, const std::string &run);

/// Writes it to the run.db of a run that nobody owns. @error Conflict (a worker lives), as checkNote, Io
Result<void> addNote(const RunDirectory &run, const RunNote &note);

} // namespace orrery
