// SPDX-License-Identifier: Apache-2.0
// How a note of a person (core/spec/run_notes.h) gets into a run. While a worker lives it alone writes run.db: the note
// goes to it as the setting "note" of `control set`, and becomes an event at the next step boundary. At rest, whoever
// holds run.lock writes it. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_notes.h"
#include "core/store/run_directory.h"

#include <cstdint>
#include <string>

namespace orrery {

inline constexpr const char *kNoteKey = "note"; ///< of ControlVerb::Set; no setting, and never replayed
inline constexpr size_t kMaxNoteBytes = size_t{16} << 10;

/// @error InvalidInput naming the value and its limit
Result<void> checkNote(const RunNote &note, const std::string &run);
/// As the value of a setting: "120 the loss jumps here", or "120/45 …" where it replaces the note 45.
std::string noteValue(const RunNote &note);
/// @error as checkNote
Result<RunNote> noteFromValue(const std::string &value, const std::string &run);

/// Whether what it replaces is a note of the run that a person wrote. @error NotFound, Io
Result<void> checkReplacedNote(const RunDirectory &run, const RunNote &note);
/// Writes it to the run.db of a run that nobody owns. @error Conflict (a worker lives), as checkNote, Io
Result<void> addNote(const RunDirectory &run, const RunNote &note);

} // namespace orrery
