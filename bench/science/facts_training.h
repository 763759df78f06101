// SPDX-License-Identifier: Apache-2.0
// The two halves of the task facts: a model that knows old facts and prose, and the learning of new ones with
// a strategy of core/train/continual, as a run with a second stage learns them. The thread that may call
// torch; the plugins that the spec uses are loaded.
#pragma once

#include "bench/science/arm_training.h"
#include "bench/science/facts_world.h"

#include <vector>

namespace orrery::bench {

struct FactsData {
    RunData base;               ///< prose and the old facts
    RunData both;               ///< the same, then the new facts in the wordings that they are learned in
    std::vector<int32_t> prose; ///< held out
};

/// Writes the texts into `folder` as records of token ids and prepares them as a run's data are.
/// @param prose ids   @param spec of the run; its data.vocab_size is the world's
/// @error Io, Cancelled
Result<FactsData> prepareFacts(const FactsWorld &world, const std::vector<int32_t> &prose,
                               const std::vector<int32_t> &heldOut, RunSpec spec,
                               const std::filesystem::path &folder, const ScienceSetting &setting);

struct FactsFigures {
    double recallNew = 0;        ///< of new facts, in wordings that they were not learned in
    double recallNewLearned = 0; ///< in those they were learned in
    double recallOld = 0;        ///< of old facts, in all wordings
    double proseLoss = 0;        ///< nats per word of held-out prose
};
/// A fact is recalled when its value and the full stop behind it are each the most probable word.
FactsFigures measureFacts(nn::Transformer &model, const FactsWorld &world, const std::vector<int32_t> &prose);

/// Learns the second text of `data.both` for train.steps updates with the spec's strategy, at a rate that
/// rises over the first twentieth and falls to a tenth by a cosine. @return seconds @error those of the
/// strategy; Cancelled
Result<double> learnFacts(nn::Transformer &model, const RunSpec &spec, const FactsData &data,
                          const ScienceSetting &setting);

} // namespace orrery::bench
