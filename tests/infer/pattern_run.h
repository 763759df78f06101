// SPDX-License-Identifier: Apache-2.0
// A run whose weights are a pattern of small fractions, the same to the bit on every machine: what another program computed
// for its export once holds for the export that any machine makes.
#pragma once

#include "core/nn/transformer.h"
#include "core/spec/run_spec.h"

#include <filesystem>
#include <memory>

namespace orrery::test {

/// Weights of whole 1/4096, within ±0.25 for matrices and 1 ± 0.25 for the scales of norms.
std::unique_ptr<nn::Transformer> patternModel(const RunSpec &spec);
/// A run with one checkpoint, of step 10, of that model; fails the process when it cannot.
void makePatternRun(const std::filesystem::path &directory, const RunSpec &spec);

} // namespace orrery::test
