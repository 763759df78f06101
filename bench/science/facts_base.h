// SPDX-License-Identifier: Apache-2.0
// What facts and consolidation begin with: a model that knows old facts and prose, trained once for all arms
// of a seed. A task owns one; the thread that may call torch.
#pragma once

#include "bench/science/facts_training.h"

#include <memory>
#include <string>
#include <vector>

namespace orrery::bench {

struct FactsBudget {
    FactsShape shape;
    int64_t layers, width, context, batchSize, steps;
    int64_t slots, topK; ///< of the semantic memory
    int64_t memoryHeads = 4;
    uint64_t proseBytes;
    size_t heldOutTokens; ///< of prose, at most
};

/// Of the base; the model has a semantic memory. A task adds what it has of its own.
RunSpec factsSpec(const FactsBudget &budget, const ScienceSetting &setting, uint64_t seed);

class FactsBase {
public:
    /// Copies English prose and reads it, once; every fourth file is held out. @return as
    /// ScienceTask::prepare
    /// @error NotFound, Io
    Result<std::string> readProse(uint64_t numBytes, const ScienceSetting &setting);
    /// Makes the world, the data and the model of a seed, unless they are those that it has. A failed one
    /// leaves none. @pre readProse(); one mode for all calls @error those of prepareFacts and trainArm
    Result<void> train(const FactsBudget &budget, const RunSpec &spec, uint64_t seed,
                       const ScienceSetting &setting);
    /// Another one with the trained weights. @pre train() with such a spec; no model of other plugins lives
    /// @error those of preparePlugins and Transformer::create
    [[nodiscard]] Result<std::unique_ptr<nn::Transformer>> freshModel(const RunSpec &spec,
                                                                      const ScienceSetting &setting) const;

    [[nodiscard]] const std::vector<std::string> &prose() const { return m_prose; } ///< that it is trained on
    /// Of the trained seed, as what follows. @pre train()
    [[nodiscard]] const FactsWorld &world() const { return *m_world; }
    [[nodiscard]] const FactsData &data() const { return *m_data; }
    [[nodiscard]] const FactsFigures &figures() const { return m_figures; }
    [[nodiscard]] const ArmResult &trained() const { return m_trained; } ///< its cost, without metrics

private:
    std::vector<std::string> m_prose, m_heldOut;
    uint64_t m_seed = 0; ///< of what follows; 0: of none
    std::unique_ptr<FactsWorld> m_world;
    std::unique_ptr<FactsData> m_data;
    std::vector<at::Tensor> m_weights;
    FactsFigures m_figures;
    ArmResult m_trained;
};

} // namespace orrery::bench
