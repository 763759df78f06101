// SPDX-License-Identifier: Apache-2.0
#include "core/train/objective.h"

#include "core/base/text.h"
#include "core/nn/torch_guard.h"
#include "core/train/hybrid_objective.h"

#include <algorithm>

namespace orrery {
namespace {

class NextTokenObjective final : public Objective {
public:
    void prepare(const Batch &batch, const ObjectiveKey &, ModelBatch &out) const override
    {
        const int64_t context = batch.context;
        out.numSequences = batch.numSequences;
        out.context = context;
        out.ids_BT.resize(static_cast<size_t>(batch.numSequences * context));
        out.targets_BT.resize(out.ids_BT.size());
        for (int64_t row = 0; row < batch.numSequences; ++row) {
            const int32_t *tokens = batch.tokens_BT1.data() + row * (context + 1);
            std::copy_n(tokens, context, out.ids_BT.data() + row * context);
            std::copy_n(tokens + 1, context, out.targets_BT.data() + row * context);
        }
        out.mask_BT = batch.mask_BT;
        out.maskPolicy = "causal";
        out.prefixLengths.clear();
    }
};

} // namespace

int64_t ModelBatch::numTargets() const
{
    if (mask_BT.empty()) return numSequences * context;
    return std::count_if(mask_BT.begin(), mask_BT.end(), [](uint8_t value) { return value != 0; });
}

nn::Registry<Objective> &objectiveRegistry()
{
    static nn::Registry<Objective> registry = [] {
        nn::Registry<Objective> built;
        built.add("next_token", [](const RunSpec &, const Tokenizer &) -> Result<std::unique_ptr<Objective>> {
            return std::unique_ptr<Objective>(std::make_unique<NextTokenObjective>());
        });
        built.add("hybrid", makeHybridObjective);
        return built;
    }();
    return registry;
}

Result<std::unique_ptr<Objective>> makeObjective(const RunSpec &spec, const Tokenizer &tokenizer)
{
    if (const auto *factory = objectiveRegistry().find(spec.objective.name))
        return nn::guardTorch("make the objective", [&] { return (*factory)(spec, tokenizer); });
    return Error{ErrorCode::InvalidInput,
                 "Cannot train: objective.name is \"" + spec.objective.name + "\", expected one of " +
                     joinText(objectiveRegistry().names(), ", ") + ".",
                 "Set objective.name to next_token."};
}

const Objective &nextTokenObjective()
{
    static const NextTokenObjective objective;
    return objective;
}

} // namespace orrery
