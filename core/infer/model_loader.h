// SPDX-License-Identifier: Apache-2.0
// From what a user names ("RUNDIR", "RUNDIR@step", model directory) to a loaded generator. Called in a worker only.
#pragma once

#include "core/engine_api/generator.h"

#include <memory>
#include <string>

namespace orrery {

struct ModelReference {
    std::string path;   ///< run directory or model directory
    int64_t step = -1;  ///< -1: the newest that verifies
};
/// Splits "PATH@step"; "@best" and "@latest" are understood. @error InvalidInput
Result<ModelReference> parseModelReference(const std::string &text);

/// @error NotFound (no such run, no checkpoint, no such step: the nearest ones are offered), InvalidInput (damaged), OutOfMemory
Result<std::unique_ptr<Generator>> loadGenerator(const ModelReference &reference, const std::string &device,
                                                 int64_t threads);

} // namespace orrery
