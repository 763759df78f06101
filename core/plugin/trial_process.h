// SPDX-License-Identifier: Apache-2.0
// A process of its own in which a library is tried that may end whatever loads it: a constructor that throws
// while the library is opened cannot be caught. Started anew (posix_spawn), never a fork of this process, so
// that threads and a window do not matter. Any thread; it waits for the end.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace orrery {

struct Trial {
    std::filesystem::path program = "/proc/self/exe"; ///< this very program
    std::vector<std::string> arguments;               ///< from argv[0] on
    double seconds = 0;                               ///< more than that, and it is killed
    std::function<bool()> isCancelled;                ///< empty: never. Then it is killed, too
};

struct TrialEnd {
    bool isInTime = false; ///< false: it was killed
    int exitCode = -1;     ///< of a process that ended by itself; -1: of a signal, or killed
    std::string said;      ///< on both outputs, at most 64 KiB
    std::string how;       ///< "a process with signal SIGABRT (what it said)": behind "ended "
};

/// @error NotFound, Io: it did not start
Result<TrialEnd> runTrial(const Trial &trial);

} // namespace orrery
