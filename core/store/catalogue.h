// SPDX-License-Identifier: Apache-2.0
// The user's list of runs: a cache of paths in the data directory that can be rebuilt by scanning. Any thread; several
// processes at a time.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_records.h"

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

struct WorkerInfo; // core/store/run_directory.h

class Catalogue {
public:
    /// @param home the user's data directory; made when missing
    explicit Catalogue(std::filesystem::path home);
    [[nodiscard]] std::filesystem::path runsDirectory() const;
    /// Adds a run outside runs/ (idempotent, durable).
    Result<void> add(const std::filesystem::path &runDirectory) const;
    Result<void> forget(const std::filesystem::path &runDirectory) const;
    /// All run directories that exist: runs/* and the added ones, readable or not.
    [[nodiscard]] std::vector<std::filesystem::path> scan() const;
    /// Status of each run with liveness checked by lock: a "running" run without a lock holder is Crashed,
    /// one that cannot be read is Unreadable and says why.
    [[nodiscard]] std::vector<RunStatus> list() const;
    /// By id, unique prefix of an id, name, or path. @error NotFound (nearest offered), Conflict (ambiguous)
    [[nodiscard]] Result<std::filesystem::path> resolve(const std::string &idOrPath) const;
    /// `wanted`, or with a number behind it where a listed run has this id.
    [[nodiscard]] std::string unusedId(const std::string &wanted) const;

private:
    std::filesystem::path m_home;
};

/// A run that was copied by hand has the id of its original: such runs are told apart by their paths, which
/// stand in place of the id in every entry that shares it and are understood wherever an id is.
void tellApart(std::vector<RunStatus> &runs);

} // namespace orrery
