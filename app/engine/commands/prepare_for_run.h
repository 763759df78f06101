// SPDX-License-Identifier: Apache-2.0
// The data of a run before there is one: what cannot be read leaves no folder behind, and the worker finds what was prepared.
// Main thread only.
#pragma once

#include "core/base/result.h"
#include "core/data/token_shards.h"
#include "core/spec/run_spec.h"

#include <atomic>
#include <string>

namespace orrery::cli {

/// A line on stderr that is redrawn on a terminal; nothing elsewhere.
ProgressFn progressLine(const char *verb, std::string (*format)(uint64_t));
/// Set by Ctrl-C behind catchInterrupt().
std::atomic<bool> &interrupted();
void catchInterrupt();

/// All texts or documents of a spec as createRun() has completed it, read to the end and kept as the worker keeps them.
/// @error as its training would begin with: NotFound, InvalidInput naming file and line, Cancelled, Io
Result<void> prepareForRun(const RunSpec &spec, bool isQuiet);

} // namespace orrery::cli
