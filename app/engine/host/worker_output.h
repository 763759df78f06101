// SPDX-License-Identifier: Apache-2.0
// Questions that only the worker can answer, since it alone knows models: one of its commands is run to its end, and what it
// prints is read. Needs no gRPC. Any thread; the calling one waits.
#pragma once

#include "core/base/result.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct WorkerOutputWatch {
    std::function<bool()> isCancelled;                           ///< asked ten times a second; true ends the worker
    std::function<void(const std::string &output)> onMoreOutput; ///< all that it has printed until now
};

/// @param arguments without the program's name; "--json" is added, so that errors can be read
/// @return what it printed, 16 MiB at most  @error what the worker says; Cancelled; Io, NotFound
Result<std::string> workerOutput(std::vector<std::string> arguments, const WorkerOutputWatch &watch = {});

/// The last JSON object of such an output: notes may stand before it.
std::string lastObjectOf(const std::string &output);
/// The last whole line of what it has printed until now; empty: none yet.
std::string_view lastLineOf(std::string_view output);

} // namespace orrery
