// SPDX-License-Identifier: Apache-2.0
// failure.json: why the newest worker of a run ended, where run.db could not take it (the disk is full or
// broken) or the worker could not say it (it was killed). The file has its size from the start of the worker
// on, so that a full disk still takes the note. Any thread.
#pragma once

#include "core/base/files.h"
#include "core/base/result.h"
#include "core/spec/run_records.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace orrery {

struct FailureNote {
    RunState state = RunState::Failed; ///< or Crashed
    std::string text;                  ///< sentences for people
};

/// The worker's side. The caller holds run.lock.
class FailureFile {
public:
    /// Makes an empty note for this process in place of the one of the worker before. @error Io
    static Result<FailureFile> reserve(const std::filesystem::path &runDirectory);
    FailureFile() = default;
    /// Overwrites the reserved block; a text that is too long for it is cut. @error Io
    Result<void> write(const FailureNote &note) const;

private:
    std::filesystem::path m_path;
    FileDescriptor m_file;
};

/// The side of whoever saw process `pid` end. It never spoils the note of another worker, so no lock is
/// needed.
/// @return false: the file is another worker's, or has a note already   @error NotFound, Io
Result<bool> noteEndOfWorker(const std::filesystem::path &runDirectory, int64_t pid, const FailureNote &note);

/// Nothing when the newest worker left no note.
std::optional<FailureNote> readFailureNote(const std::filesystem::path &runDirectory);

} // namespace orrery
