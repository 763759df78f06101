// SPDX-License-Identifier: Apache-2.0
// What every subcommand does to its process before it works, and how it ends. Main thread unless said
// otherwise.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>

namespace orrery::worker {

/// "orrery-worker 0.1.0 (LibTorch 2.11.0)", for worker.json and info.
std::string programText();

/// Threads of tensor operations, denormals flushed to zero, one inter-op thread. Must run on the thread that
/// will use ATen, before its first operation: both are inherited by the threads that libgomp starts from it.
/// @param threads 0: all processors this process may use
void prepareTensorThread(int64_t threads);
/// Threads that tensor operations of the calling thread use now.
int numTensorThreads();

/// A closed pipe becomes an error of write, not the end.
void prepareProcess();

enum class OutputForm : uint8_t { Text, Json };
/// Prints the error for people on stderr, in the JSON form {"event":"error",…} on stdout. @return the exit
/// code
int reportError(const Error &error, OutputForm form);
/// One line to stdout, whole, or nothing when stdout is closed.
void printLine(const std::string &line);

/// Ends the process without static destruction: LibTorch's own order of teardown can crash.
[[noreturn]] void endProcess(int exitCode);

} // namespace orrery::worker
