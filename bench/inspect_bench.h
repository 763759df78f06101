// SPDX-License-Identifier: Apache-2.0
// How long people wait who look inside a model: a branch of an answer, what if a head or a memory were
// another, a question about some heads. On the CPU, with random weights made here; minutes. One caller at a
// time, on the thread that may call torch.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <functional>
#include <string>

namespace orrery::bench {

struct InspectBenchOptions {
    std::string device = "cpu"; ///< "cuda": the live section alone, of a model of 12 layers and 12 heads
    bool isSmoke = false;       ///< seconds: small models, few tries, no verdict on times
    std::function<void(const std::string &)> progress; ///< one line at a time for people
    /// Makes a spec's plugins known. @error as of plugins; then what needs them is left out, the report says
    /// so, and nothing but a smoke has passed
    std::function<Result<void>(const RunSpec &)> preparePlugins;
};

/// @return one line of JSON: figures, limits, "passed", and what they were measured on
/// @error those of making models and of looking into them
Result<std::string> runInspectBench(const InspectBenchOptions &options);

} // namespace orrery::bench
