// SPDX-License-Identifier: Apache-2.0
// Starts a program in a session of its own that outlives its parent: no terminal, no inherited descriptors,
// output to a file. Any thread, also of a process with many.
#pragma once

#include "core/base/files.h"
#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

enum class ChildParent : uint8_t {
    Us,  ///< the caller reaps it
    Init ///< nobody of ours waits for it: no zombie, whoever ends first
};

struct ChildOptions {
    std::filesystem::path program;
    std::vector<std::string> arguments;   ///< without the program's name
    std::vector<std::string> environment; ///< "KEY=value"; empty: this process's
    std::filesystem::path outputFile;     ///< stdout and stderr, replaced; empty: nowhere
    ChildParent parent = ChildParent::Us;
};

struct StartedChild {
    int64_t pid = 0;      ///< 0 with ChildParent::Init
    FileDescriptor pidfd; ///< readable when it ended; closed with ChildParent::Init
};

/// Returns when the program runs. @error NotFound (no such program), Io (not executable, out of processes or
/// files)
Result<StartedChild> startInNewSession(const ChildOptions &options);

/// This process's environment as "KEY=value".
std::vector<std::string> currentEnvironment();

} // namespace orrery
