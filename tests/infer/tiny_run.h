// SPDX-License-Identifier: Apache-2.0
// A run directory with checkpoints of an untrained tiny model (1 layer × 32, context 16), without a trainer.
#pragma once

#include "core/nn/transformer.h"
#include "core/spec/run_spec.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace orrery::test {

struct TinyCheckpoint {
    int64_t step = 0;
    double valLoss = 0;
};

RunSpec tinySpec();
/// The model whose weights the checkpoint of `step` holds: each step has weights of its own.
std::unique_ptr<nn::Transformer> tinyModel(const RunSpec &spec, int64_t step);
/// Makes the run and its checkpoints; fails the process when it cannot.
void makeTinyRun(const std::filesystem::path &directory, const RunSpec &spec,
                 const std::vector<TinyCheckpoint> &checkpoints);
/// Flips one bit in the middle of a file.
void flipBit(const std::filesystem::path &file);

} // namespace orrery::test
