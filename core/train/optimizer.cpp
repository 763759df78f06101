// SPDX-License-Identifier: Apache-2.0
#include "core/train/optimizer.h"

#include "core/nn/torch_guard.h"
#include "core/train/adamw.h"

namespace orrery {

std::map<std::string, OptimizerFactory> &optimizerRegistry()
{
    static std::map<std::string, OptimizerFactory> registry = {
        {"adamw", [](std::vector<nn::Parameter> &parameters, const OptimizerSpec &spec) {
             return std::make_unique<AdamW>(parameters, spec);
         }}};
    return registry;
}

Result<std::unique_ptr<Optimizer>> makeOptimizer(std::vector<nn::Parameter> &parameters,
                                                 const OptimizerSpec &spec)
{
    const auto found = optimizerRegistry().find(spec.name);
    if (found == optimizerRegistry().end())
        return Error{ErrorCode::InvalidInput,
                     "Cannot train: optimizer.name is \"" + spec.name +
                         "\", expected a known optimiser such as adamw.",
                     "Set optimizer.name to adamw."};
    return nn::guardTorch("make the optimiser", [&] { return found->second(parameters, spec); });
}

} // namespace orrery
