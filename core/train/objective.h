// SPDX-License-Identifier: Apache-2.0
// What a model is asked to learn from a batch of text. Chosen by name through a registry. Trainer thread
// only.
#pragma once

#include "core/data/batch_sampler.h"
#include "core/data/tokenizer.h"
#include "core/nn/part_layout.h"
#include "core/nn/registry.h"
#include "core/spec/run_spec.h"
#include "core/train/model_batch.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// Which sequences these are. All draws of an objective are functions of seed, step and number of the
/// sequence, so they are the same however a step is split into micro-batches, and after a resume.
struct ObjectiveKey {
    uint64_t seed = 0;
    uint64_t step = 0;
    uint32_t firstSample = 0; ///< number of the first sequence within the step
};

class Objective {
public:
    virtual ~Objective() = default;
    /// Targets that carry no loss in the batch carry none here either. All of `out` is replaced; ids and
    /// targets are of the tokenizer, out.mask_BT is empty or of their size, and out.maskPolicy may be one of
    /// a plugin's.
    virtual void prepare(const Batch &batch, const ObjectiveKey &key, ModelBatch &out) const = 0;

    /// A loss on the validation text that a run reports beside val_loss, which is always the next token's.
    struct Measure {
        std::string series;
        std::unique_ptr<Objective> objective;
    };
    [[nodiscard]] virtual std::vector<Measure> measures() const { return {}; }
};

namespace nn {
template <> struct ExtensionPoint<Objective> {
    static constexpr const char *name = "Objective";
    static constexpr uint64_t layout()
    {
        return hashedSizes({sizeof(Objective), sizeof(Objective::Measure), sizeof(ObjectiveKey),
                            sizeof(Batch), sizeof(ModelBatch), sizeof(ModalityBatch), sizeof(ModalityRows)});
    }
    using Factory = std::function<Result<std::unique_ptr<Objective>>(const RunSpec &, const Tokenizer &)>;
};
} // namespace nn

nn::Registry<Objective> &objectiveRegistry(); ///< "next_token", "hybrid" (key objective.name)
/// @error InvalidInput: unknown name, or what the objective's own factory refuses; Unavailable: a plugin's
/// threw
Result<std::unique_ptr<Objective>> makeObjective(const RunSpec &spec, const Tokenizer &tokenizer);

/// ids and targets are the batch's tokens, one apart. Lives for ever.
const Objective &nextTokenObjective();

} // namespace orrery
