// SPDX-License-Identifier: Apache-2.0
// An optimiser turns gradients into updates and has a state that checkpoints carry. Chosen by name through a
// registry. Trainer thread only.
#pragma once

#include "core/nn/transformer.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// What may change from step to step.
struct UpdateSettings {
    double learningRate = 0;
    double weightDecay = 0; ///< of the parameters that decay
};

struct NamedTensor {
    std::string name;
    at::Tensor tensor; ///< fp32
};

class Optimizer {
public:
    virtual ~Optimizer() = default;
    /// Update number numUpdates() + 1 from the masters' gradients; a parameter without one counts as zero
    /// gradient.
    virtual void update(const UpdateSettings &settings) = 0;
    [[nodiscard]] virtual int64_t numUpdates() const = 0;
    virtual void setNumUpdates(int64_t numUpdates) = 0;
    /// The state itself, to be saved or overwritten.
    virtual std::vector<NamedTensor> state() = 0;
};

using OptimizerFactory = std::function<std::unique_ptr<Optimizer>(std::vector<nn::Parameter> &parameters,
                                                                  const OptimizerSpec &spec)>;
/// "adamw". Tests put doubles in.
std::map<std::string, OptimizerFactory> &optimizerRegistry();
/// @error InvalidInput for an unknown name
Result<std::unique_ptr<Optimizer>> makeOptimizer(std::vector<nn::Parameter> &parameters,
                                                 const OptimizerSpec &spec);

} // namespace orrery
