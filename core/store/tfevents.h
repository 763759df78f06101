// SPDX-License-Identifier: Apache-2.0
// TensorBoard's event files: a log directory becomes runs that can be looked at and compared, and a run
// becomes files that TensorBoard reads. Every scalar keeps its step, time (to the microsecond) and value. Any
// thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_records.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace orrery {

inline constexpr const char *kImportedDevice = "imported"; ///< in the status of a run that was imported

struct TransferProgress {
    uint64_t numBytesRead = 0; ///< import: of all event files
    uint64_t numBytes = 0;
    uint64_t numPoints = 0;
    std::string what; ///< folder, or series
};
/// Asked now and then; false ends the work with Cancelled.
using TransferWatch = std::function<bool(const TransferProgress &)>;

struct ImportedLog {
    std::vector<RunStatus> runs;
    uint64_t numPoints = 0;
    uint64_t numSkipped = 0;                        ///< records that could not be read
    std::map<std::string, uint64_t> numNotImported; ///< what is no scalar, by kind: "images" 3
    std::vector<std::string> notes; ///< where records are broken, and what else was met; at most 200
};

/// Each folder with event files becomes a finished run under a new id, its files in order of their time. A
/// step that goes back begins a new attempt. Runs that were imported before stay as they are. After an error
/// or a cancel the runs that were complete stay; no half of one does.
/// @error NotFound (no such folder; no event file in it), InvalidInput (more than 10,000 folders, steps that
/// go back more than 10,000 times), Io, Cancelled
Result<ImportedLog> importTfevents(const Catalogue &catalogue, const std::filesystem::path &home,
                                   const std::filesystem::path &directory, const TransferWatch &watch = {});

/// An event file per attempt in a folder that is new or empty. Numbers that single precision would change are
/// written in double. @return number of points
/// @error Conflict (the folder holds something), NotFound (the run has no points), InvalidInput (damaged),
/// Io, Cancelled (what was written is deleted)
Result<uint64_t> exportTfevents(const RunDirectory &run, const std::filesystem::path &directory,
                                const TransferWatch &watch = {});

} // namespace orrery
