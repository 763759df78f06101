// SPDX-License-Identifier: Apache-2.0
#include "core/train/step_runner.h"

#include "core/train/grad_clip.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace orrery {
namespace {

void makeBuffer(at::Tensor &buffer, int64_t rows, int64_t columns, at::ScalarType type, bool isPinned)
{
    if (buffer.defined() && buffer.size(0) == rows && buffer.size(1) == columns) return;
    buffer = at::empty({rows, columns}, at::TensorOptions(type).pinned_memory(isPinned));
}

} // namespace

void BatchTensors::load(const ModelBatch &batch)
{
    const int64_t rows = batch.numSequences, columns = batch.context;
    const bool isCuda = m_device.is_cuda();
    makeBuffer(m_hostIds, rows, columns, at::kLong, isCuda);
    makeBuffer(m_hostTargets, rows, columns, at::kLong, isCuda);
    std::copy(batch.ids_BT.begin(), batch.ids_BT.end(), m_hostIds.data_ptr<int64_t>());
    std::copy(batch.targets_BT.begin(), batch.targets_BT.end(), m_hostTargets.data_ptr<int64_t>());
    m_numTargets = batch.numTargets();
    m_maskPolicy = batch.maskPolicy;
    m_prefixLengths = batch.prefixLengths;
    m_modalities.reset();
    if (!batch.modalities.isTextOnly())
        m_modalities = nn::makeModalityInput(batch.modalities, rows, m_device);
    ids_BT = m_hostIds.to(m_device);
    targets_BT = m_hostTargets.to(m_device);
    mask_BT = at::Tensor();
    if (m_numTargets == rows * columns) return;
    makeBuffer(m_hostMask, rows, columns, at::kByte, isCuda);
    std::copy(batch.mask_BT.begin(), batch.mask_BT.end(), m_hostMask.data_ptr<uint8_t>());
    mask_BT = m_hostMask.to(m_device);
}

void BatchTensors::describe(nn::ForwardContext &context) const
{
    context.maskPolicy = m_maskPolicy;
    context.prefixLengths = m_prefixLengths;
    context.modalities = m_modalities ? &*m_modalities : nullptr;
}

StepRunner::StepRunner(nn::Transformer &model, Optimizer &optimizer, BatchSource &source,
                       StepExtension *extension)
    : m_model(model), m_optimizer(optimizer), m_source(source), m_extension(extension),
      m_tensors(model.parameters().front().master.device())
{
}

void StepRunner::prepare(int64_t step, int64_t micro, const StepSettings &settings)
{
    m_source.fill({.step = step, .micro = micro, .batchSize = settings.batchSize, .seed = settings.seed},
                  m_batch);
}

// A micro-batch weighs as much as it has targets, so the split of a step into micro-batches does not move the
// loss.
void StepRunner::accumulate(int64_t step, const StepSettings &settings, StepOutcome &outcome)
{
    std::vector<int64_t> numTargets(static_cast<size_t>(settings.accumulation));
    if (settings.accumulation > 1) {
        for (int64_t micro = 0; micro < settings.accumulation; ++micro) {
            prepare(step, micro, settings);
            numTargets[static_cast<size_t>(micro)] = m_batch.numTargets();
        }
    }
    const int64_t total = std::accumulate(numTargets.begin(), numTargets.end(), int64_t(0));
    m_loss = at::Tensor();
    m_noted.clear();
    for (int64_t micro = 0; micro < settings.accumulation; ++micro) {
        prepare(step, micro, settings);
        m_tensors.load(m_batch);
        outcome.numTokens += m_batch.numSequences * m_batch.context;
        if (m_tensors.numTargets() == 0) continue;
        nn::ForwardContext context;
        context.isTraining = true;
        context.dtype = settings.dtype;
        context.seed = settings.seed;
        context.step = static_cast<uint64_t>(step);
        context.firstSample = static_cast<uint32_t>(micro * settings.batchSize);
        context.dropout = settings.dropout;
        context.attentionDropout = settings.attentionDropout;
        m_tensors.describe(context);
        nn::PassNotes notes;
        context.notes = &notes;
        at::Tensor loss =
            m_extension ? m_extension->loss(m_model, m_tensors, context)
                        : m_model.loss(m_tensors.ids_BT, m_tensors.targets_BT, m_tensors.mask_BT, context);
        if (notes.loss.defined()) loss = loss + notes.loss.reshape({});
        const double weight = settings.accumulation > 1
                                  ? static_cast<double>(m_tensors.numTargets()) / static_cast<double>(total)
                                  : 1.0;
        if (settings.accumulation > 1) loss = loss * weight;
        keepNotes(notes, weight);
        loss.backward();
        m_loss = m_loss.defined() ? m_loss + loss.detach() : loss.detach();
    }
    outcome.hasTargets = m_loss.defined();
}

void StepRunner::keepNotes(const nn::PassNotes &notes, double weight)
{
    for (const auto &[name, value] : notes.values) {
        const at::Tensor share = weight == 1.0 ? value : value * weight;
        at::Tensor &sum = m_noted[name];
        sum = sum.defined() ? sum + share : share;
    }
}

std::map<std::string, double> StepRunner::noted() const
{
    std::map<std::string, double> values;
    for (const auto &[name, value] : m_noted) values[name] = value.item<double>();
    return values;
}

StepOutcome StepRunner::run(int64_t step, const StepSettings &settings)
{
    StepOutcome outcome;
    for (nn::Parameter &parameter : m_model.parameters()) parameter.master.mutable_grad() = at::Tensor();
    accumulate(step, settings, outcome);
    if (!outcome.hasTargets) return outcome;
    if (m_extension) m_extension->changeGradients(m_model);
    const at::Tensor norm = gradientNorm(m_model.parameters());
    if (norm.is_cuda()) {
        // One read for both numbers: each would stop the device.
        const at::Tensor both = at::stack({m_loss.to(at::kDouble), norm.to(at::kDouble)}).cpu();
        outcome.loss = both.data_ptr<double>()[0];
        outcome.gradNorm = both.data_ptr<double>()[1];
    } else {
        outcome.loss = m_loss.item<double>();
        outcome.gradNorm = norm.item<double>();
    }
    outcome.isFinite = std::isfinite(outcome.loss) && std::isfinite(outcome.gradNorm);
    if (!outcome.isFinite) return outcome;
    clipGradients(m_model.parameters(), outcome.gradNorm, settings.clip);
    m_optimizer.update(settings.update);
    if (m_extension) m_extension->afterUpdate(m_model, step + 1);
    m_model.mastersChanged();
    return outcome;
}

} // namespace orrery
