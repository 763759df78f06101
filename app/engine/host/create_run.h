// SPDX-License-Identifier: Apache-2.0
// From a checked spec to a run directory on disk: the one place that decides what is frozen. Used by `train`
// and by the host. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"

#include <filesystem>
#include <functional>

namespace orrery {

enum class ThreadUse : uint8_t { Unknown, AllCores, LeaveOneForDesktop };

/// Completes the spec: name, absolute data path, threads, schedule.total_steps; adds digest, program and CPU
/// model.
FrozenSpec freezeSpec(RunSpec spec, ThreadUse threadUse);

/// Makes the run and lists it in the catalogue; one that cannot be listed is made all the same, with a
/// warning in the log. @param directory empty: in the catalogue's runs under a new id
/// @param prepare of the spec as it will be frozen, before anything is made; what it refuses is not made. May be empty
/// @error InvalidInput (spec), NotFound (data path missing), Conflict (a run is there), Io
Result<RunDirectory> createRun(const Catalogue &catalogue, const RunSpec &spec,
                               const std::filesystem::path &directory, ThreadUse threadUse,
                               const std::function<Result<void>(const RunSpec &)> &prepare = {});

/// "orrery 0.1.0", as frozen in specs and shown by the host.
const char *programVersion();

} // namespace orrery
