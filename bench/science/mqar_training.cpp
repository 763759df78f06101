// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens, V vocabulary.
#include "bench/science/mqar_training.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/nn/torch_guard.h"
#include "core/nn/transformer.h"
#include "core/train/adamw.h"
#include "core/train/grad_clip.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace orrery::bench {

namespace {

constexpr double kWarmupShare = 0.05, kWeightDecay = 0.1, kLargestNorm = 1.0;
constexpr uint64_t kFirstMeasured = uint64_t{1} << 40; ///< no training reaches these numbers
constexpr int64_t kMeasuredAtOnce = 64, kMostCached = 64, kCachedPiece = 7;

struct Batch {
    at::Tensor ids_BT, targets_BT, mask_BT;
};

Batch makeBatch(const MqarShape &shape, uint64_t seed, uint64_t firstNumber, int64_t batch, at::Device device)
{
    std::vector<int32_t> ids, answers;
    for (int64_t b = 0; b < batch; ++b) {
        const MqarSequence made = makeMqarSequence(shape, seed, firstNumber + static_cast<uint64_t>(b));
        ids.insert(ids.end(), made.ids.begin(), made.ids.end());
        answers.insert(answers.end(), made.answers.begin(), made.answers.end());
    }
    const auto tensor = [&](const std::vector<int32_t> &values) {
        return at::tensor(values, at::kLong).view({batch, shape.numTokens}).to(device);
    };
    const at::Tensor targets = tensor(answers), isAnswer = targets >= 0;
    return {tensor(ids), targets.clamp_min(0), isAnswer.to(at::kByte)};
}

double rateAt(const MqarPlan &plan, int64_t step, int64_t numSteps)
{
    const double warmup = std::max(1.0, kWarmupShare * static_cast<double>(numSteps));
    const double done = static_cast<double>(step + 1);
    if (done <= warmup) return plan.peakRate * done / warmup;
    const double progress = (done - warmup) / std::max(1.0, static_cast<double>(numSteps) - warmup);
    return plan.peakRate * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

class Training {
public:
    Training(std::unique_ptr<nn::Transformer> model, const MqarPlan &plan, uint64_t seed)
        : m_model(std::move(model)), m_device(m_model->parameters().front().master.device()), m_plan(plan),
          m_seed(seed)
    {
        m_optimizer = std::make_unique<AdamW>(m_model->parameters(), OptimizerSpec{});
        for (const MqarStage &stage : plan.stages) m_numSteps += stage.steps;
    }

    Result<MqarOutcome> run(const std::function<void(const std::string &)> &tell,
                            const std::atomic<bool> *cancel)
    {
        const double start = monotonicSeconds();
        int64_t step = 0;
        uint64_t number = 0;
        for (const MqarStage &stage : m_plan.stages)
            for (int64_t i = 0; i < stage.steps; ++i, ++step, number += static_cast<uint64_t>(stage.batch)) {
                if (cancel && cancel->load(std::memory_order_relaxed))
                    return Error{ErrorCode::Cancelled, "Cannot finish the benchmark: it was cancelled.", ""};
                const double loss =
                    update(makeBatch(stage.shape, m_seed, number, stage.batch, m_device), step);
                if (tell && (step + 1) % 50 == 0)
                    tell("step " + std::to_string(step + 1) + " of " + std::to_string(m_numSteps) +
                         ", loss " + formatSignificant(loss, 3));
            }
        MqarOutcome outcome = measure();
        outcome.steps = step;
        outcome.seconds = monotonicSeconds() - start;
        outcome.parameters = m_model->numParameters();
        outcome.cachedAccuracy = measureCached();
        return outcome;
    }

private:
    double update(const Batch &batch, int64_t step)
    {
        nn::ForwardContext context;
        context.isTraining = true;
        context.seed = m_seed;
        context.step = static_cast<uint64_t>(step);
        const at::Tensor loss = m_model->loss(batch.ids_BT, batch.targets_BT, batch.mask_BT, context);
        loss.backward();
        const at::NoGradGuard noGrad;
        clipGradients(m_model->parameters(), gradientNorm(m_model->parameters()).item<double>(),
                      kLargestNorm);
        UpdateSettings settings;
        settings.learningRate = rateAt(m_plan, step, m_numSteps);
        settings.weightDecay = kWeightDecay;
        m_optimizer->update(settings);
        m_model->mastersChanged();
        for (nn::Parameter &parameter : m_model->parameters()) parameter.master.mutable_grad() = at::Tensor();
        return loss.item<double>();
    }

    [[nodiscard]] static int64_t numRight(const at::Tensor &logits_BTV, const Batch &batch)
    {
        const at::Tensor isRight = (logits_BTV.argmax(-1) == batch.targets_BT) & (batch.mask_BT != 0);
        return isRight.sum().item<int64_t>();
    }

    [[nodiscard]] MqarOutcome measure() const
    {
        const at::NoGradGuard noGrad;
        const MqarShape &shape = m_plan.stages.back().shape;
        MqarOutcome outcome;
        int64_t right = 0, all = 0, batches = 0;
        const int64_t atOnce = std::min(kMeasuredAtOnce, m_plan.numMeasured);
        for (int64_t first = 0; first < m_plan.numMeasured; first += atOnce, ++batches) {
            const Batch batch =
                makeBatch(shape, m_seed, kFirstMeasured + static_cast<uint64_t>(first), atOnce, m_device);
            const at::Tensor logits_BTV = m_model->logits(batch.ids_BT, {});
            right += numRight(logits_BTV, batch);
            all += batch.mask_BT.sum().item<int64_t>();
            outcome.loss += m_model->loss(batch.ids_BT, batch.targets_BT, batch.mask_BT, {}).item<double>();
        }
        outcome.accuracy = static_cast<double>(right) / static_cast<double>(all);
        outcome.loss /= static_cast<double>(batches);
        return outcome;
    }

    [[nodiscard]] double measureCached() const
    {
        const at::NoGradGuard noGrad;
        const MqarShape &shape = m_plan.stages.back().shape;
        const int64_t numCached = std::clamp<int64_t>(m_plan.numMeasured / 4, 1, kMostCached);
        const Batch batch = makeBatch(shape, m_seed, kFirstMeasured, numCached, m_device);
        nn::KvCache cache = m_model->makeCache(numCached, shape.numTokens);
        nn::ForwardContext context;
        context.cache = &cache;
        std::vector<at::Tensor> pieces;
        for (int64_t t = 0; t < shape.numTokens; t += kCachedPiece)
            pieces.push_back(m_model->logits(
                batch.ids_BT.narrow(1, t, std::min(kCachedPiece, shape.numTokens - t)), context));
        return static_cast<double>(numRight(at::cat(pieces, 1), batch)) /
               static_cast<double>(batch.mask_BT.sum().item<int64_t>());
    }

    std::unique_ptr<nn::Transformer> m_model;
    at::Device m_device;
    const MqarPlan &m_plan;
    uint64_t m_seed = 0;
    std::unique_ptr<AdamW> m_optimizer;
    int64_t m_numSteps = 0;
};

} // namespace

Result<MqarOutcome> trainMqar(const ModelSpec &model, const MqarPlan &plan, uint64_t seed,
                              const std::string &device, const std::function<void(const std::string &)> &tell,
                              const std::atomic<bool> *cancel)
{
    ORRERY_ASSIGN(auto built,
                  nn::Transformer::create(model, plan.stages.back().shape.vocabSize, seed, device));
    return nn::guardTorch("train on associative recall",
                          [&] { return Training(std::move(built), plan, seed).run(tell, cancel); });
}

} // namespace orrery::bench
