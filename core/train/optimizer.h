// SPDX-License-Identifier: Apache-2.0
// An optimiser turns gradients into updates and has a state that checkpoints carry. Chosen by name through a
// registry. Trainer thread only.
#pragma once

#include "core/nn/part_layout.h"
#include "core/nn/registry.h"
#include "core/nn/transformer.h"

#include <functional>
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

namespace nn {
template <> struct ExtensionPoint<Optimizer> {
    static constexpr const char *name = "Optimizer";
    static constexpr uint64_t layout()
    {
        return hashedSizes(
            {sizeof(Optimizer), sizeof(UpdateSettings), sizeof(NamedTensor), sizeof(OptimizerSpec)});
    }
    /// The parameters outlive the optimiser.
    using Factory =
        std::function<std::unique_ptr<Optimizer>(std::vector<nn::Parameter> &, const OptimizerSpec &)>;
};
} // namespace nn

nn::Registry<Optimizer> &optimizerRegistry(); ///< "adamw" (key optimizer.name)
/// @error InvalidInput for an unknown name; Unavailable: a plugin's threw
Result<std::unique_ptr<Optimizer>> makeOptimizer(std::vector<nn::Parameter> &parameters,
                                                 const OptimizerSpec &spec);

} // namespace orrery
