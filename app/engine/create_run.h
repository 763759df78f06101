// SPDX-License-Identifier: Apache-2.0
// From a checked spec to a run directory with everything frozen: the same for command line and host. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"

#include <filesystem>

namespace orrery {

struct CreateRunOptions {
    std::filesystem::path directory; ///< empty: a new one in the user's runs
    int reservedCores = 0;           ///< cores left to a desktop on the same machine when spec.threads is 0
};

/// Fills in threads, schedule.total_steps and the name; checks the device; makes directory and spec.json; registers it.
/// data.path "example" becomes the example text of this machine.
/// @error InvalidInput, Unavailable (cuda without a GPU), Conflict (a run is there), Io
Result<RunDirectory> createRun(RunSpec spec, const Catalogue &catalogue, const CreateRunOptions &options);

} // namespace orrery
