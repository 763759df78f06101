// SPDX-License-Identifier: Apache-2.0
// One update: micro-batches, gradients, the check for numbers that are not finite, clipping, the optimiser.
// Knows nothing of runs, files or viewers. Trainer thread only.
#pragma once

#include "core/nn/modality_input.h"
#include "core/nn/transformer.h"
#include "core/train/batch_source.h"
#include "core/train/optimizer.h"
#include "core/train/step_extension.h"

#include <optional>

namespace orrery {

struct StepSettings {
    int64_t batchSize = 1;
    int64_t accumulation = 1;
    uint64_t seed = 0;
    at::ScalarType dtype = at::kFloat;
    double dropout = 0;
    double attentionDropout = 0;
    double clip = 0;
    UpdateSettings update;
};

struct StepOutcome {
    double loss = 0;     ///< mean over the step's targets, nats
    double gradNorm = 0; ///< before clipping
    int64_t numTokens = 0;
    bool hasTargets = true; ///< false when the loss mask left none: nothing was updated
    bool isFinite = true;   ///< false: loss or norm is not, and no weight was touched
};

/// A batch as tensors on the model's device, in buffers that are used again.
class BatchTensors {
public:
    explicit BatchTensors(at::Device device) : m_device(device) {}
    void load(const ModelBatch &batch);
    /// Mask, prefixes and modalities of what was loaded; valid until the next load.
    void describe(nn::ForwardContext &context) const;
    [[nodiscard]] int64_t numTargets() const { return m_numTargets; } ///< with mask 1
    at::Tensor ids_BT;
    at::Tensor targets_BT;
    at::Tensor mask_BT; ///< undefined: all ones

private:
    at::Device m_device;
    at::Tensor m_hostIds, m_hostTargets, m_hostMask;
    int64_t m_numTargets = 0;
    std::optional<nn::ModalityInput> m_modalities;
    std::string m_maskPolicy;
    std::vector<int64_t> m_prefixLengths;
};

class StepRunner {
public:
    /// All arguments must outlive it.
    StepRunner(nn::Transformer &model, Optimizer &optimizer, BatchSource &source,
               StepExtension *extension = nullptr);
    /// Update number step + 1.
    StepOutcome run(int64_t step, const StepSettings &settings);
    /// What parts of the model reported in the last step, means over its targets. Reads from the device: not
    /// for every step.
    [[nodiscard]] std::map<std::string, double> noted() const;

private:
    void prepare(int64_t step, int64_t micro, const StepSettings &settings);
    void keepNotes(const nn::PassNotes &notes, double weight);
    void accumulate(int64_t step, const StepSettings &settings, StepOutcome &outcome);

    nn::Transformer &m_model;
    Optimizer &m_optimizer;
    BatchSource &m_source;
    StepExtension *m_extension;
    ModelBatch m_batch;
    BatchTensors m_tensors;
    at::Tensor m_loss;                         ///< of the running step, on the device
    std::map<std::string, at::Tensor> m_noted; ///< likewise
};

} // namespace orrery
