// SPDX-License-Identifier: Apache-2.0
// What a model is asked to learn from a batch of text: which ids it reads, which it must tell, where that
// counts, and who may look at whom. Chosen by name through a registry. Trainer thread only.
#pragma once

#include "core/data/batch_sampler.h"
#include "core/data/tokenizer.h"
#include "core/spec/run_spec.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// A batch as the model reads it and is measured on it.
struct ModelBatch {
    int64_t numSequences = 0;
    int64_t context = 0;
    std::vector<int32_t> ids_BT;
    std::vector<int32_t> targets_BT;
    std::vector<uint8_t> mask_BT;             ///< 1 where the target carries loss; empty: everywhere
    std::string maskPolicy = "causal";        ///< as nn::ForwardContext has it
    std::vector<int64_t> prefixLengths;       ///< for the policy "prefix"
    [[nodiscard]] int64_t numTargets() const; ///< with mask 1
};

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
    /// Targets that carry no loss in the batch carry none here either.
    virtual void prepare(const Batch &batch, const ObjectiveKey &key, ModelBatch &out) const = 0;

    /// A loss on the validation text that a run reports beside val_loss, which is always the next token's.
    struct Measure {
        std::string series;
        std::unique_ptr<Objective> objective;
    };
    [[nodiscard]] virtual std::vector<Measure> measures() const { return {}; }
};

using ObjectiveFactory =
    std::function<Result<std::unique_ptr<Objective>>(const RunSpec &, const Tokenizer &)>;
/// "next_token", "hybrid". Tests put doubles in.
std::map<std::string, ObjectiveFactory> &objectiveRegistry();
/// @error InvalidInput: unknown name, or what the objective's own factory refuses
Result<std::unique_ptr<Objective>> makeObjective(const RunSpec &spec, const Tokenizer &tokenizer);

/// ids and targets are the batch's tokens, one apart. Lives for ever.
const Objective &nextTokenObjective();

} // namespace orrery
