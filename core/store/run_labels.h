// SPDX-License-Identifier: Apache-2.0
// labels.json of a run: what people say about it. Written whole by whoever manages runs (the host, the
// command line), one after the other, never by the trainer; a run with a broken one is as usable as any. Any
// thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_records.h"

#include <filesystem>
#include <functional>
#include <string>

namespace orrery {

inline constexpr const char *kLabelsFile = "labels.json";
inline constexpr size_t kMaxTags = 64;
inline constexpr size_t kMaxTagCharacters = 64;
inline constexpr size_t kMaxRunNameCharacters = 200;
inline constexpr size_t kMaxNotesBytes = size_t{64} << 10;

struct StoredLabels {
    std::string name; ///< that the run was given later; empty: as in its spec
    RunLabels labels;
};

/// Without a file: nothing was said. @error InvalidInput (broken or too large),
/// Conflict (of a newer program), Io
Result<StoredLabels> readRunLabels(const std::filesystem::path &runDirectory);

/// @param run as it is called in the message   @error InvalidInput naming the value and its limit
Result<void> checkRunEdit(const RunEdit &edit, const std::string &run);

/// Reads, changes and writes under a lock, so that no edit of another process is lost. A broken file is
/// kept as labels.json.broken (~2, ~3 …); one of a newer program stays as it is, and the edit is refused.
/// @param edit makes the change from what is there; what is not set stays. Tags that are there twice stay
/// once. @error as checkRunEdit; Conflict (of a newer program), Io
Result<StoredLabels> editRunLabels(const std::filesystem::path &runDirectory, const std::string &run,
                                   const std::function<RunEdit(const StoredLabels &)> &edit);
inline Result<StoredLabels> editRunLabels(const std::filesystem::path &runDirectory, const std::string &run,
                                          const RunEdit &edit)
{
    return editRunLabels(runDirectory, run, [&edit](const StoredLabels &) { return edit; });
}

} // namespace orrery
