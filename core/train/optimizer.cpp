// SPDX-License-Identifier: Apache-2.0
#include "core/train/optimizer.h"

#include "core/base/text.h"
#include "core/nn/torch_guard.h"
#include "core/train/adamw.h"
#include "core/train/muon.h"

namespace orrery {

nn::Registry<Optimizer> &optimizerRegistry()
{
    static nn::Registry<Optimizer> registry = [] {
        nn::Registry<Optimizer> built;
        built.add("adamw", [](std::vector<nn::Parameter> &parameters, const OptimizerSpec &spec) {
            return std::make_unique<AdamW>(parameters, spec);
        });
        built.add("muon", [](std::vector<nn::Parameter> &parameters, const OptimizerSpec &spec) {
            return std::make_unique<Muon>(parameters, spec);
        });
        return built;
    }();
    return registry;
}

Result<std::unique_ptr<Optimizer>> makeOptimizer(std::vector<nn::Parameter> &parameters,
                                                 const OptimizerSpec &spec)
{
    if (const auto *factory = optimizerRegistry().find(spec.name))
        return nn::guardTorch("make the optimiser", [&] { return (*factory)(parameters, spec); });
    return Error{ErrorCode::InvalidInput,
                 "Cannot train: optimizer.name is \"" + spec.name + "\", expected one of " +
                     joinText(optimizerRegistry().names(), ", ") + ".",
                 "Set optimizer.name to adamw."};
}

} // namespace orrery
