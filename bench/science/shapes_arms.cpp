// SPDX-License-Identifier: Apache-2.0
// Axes: B rows, T tokens, V vocabulary.
#include "bench/science/shapes_arms.h"

#include "core/data/world/shapes_source.h"
#include "core/spec/estimate.h"
#include "core/train/multimodal_source.h"
#include "core/train/step_runner.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace orrery::bench {
namespace {

constexpr int64_t kRowsPerPass = 32;
constexpr int64_t kFeedForwardStep = 8;

/// Documents of several worlds in turn: number i is that of world i modulo their count.
class MixedSource final : public MultiModalSource {
public:
    explicit MixedSource(std::vector<std::unique_ptr<MultiModalSource>> parts) : m_parts(std::move(parts)) {}
    [[nodiscard]] const FrontEnd &frontEnd() const override { return m_parts.front()->frontEnd(); }
    [[nodiscard]] int64_t vocabSize() const override { return m_parts.front()->vocabSize(); }
    [[nodiscard]] std::string name() const override { return m_parts.front()->name() + " and others"; }
    [[nodiscard]] uint64_t numRecords(Split split) const override
    {
        return m_parts.front()->numRecords(split);
    }
    [[nodiscard]] uint64_t numPositions(Split split, uint64_t index) const override
    {
        return part(index).numPositions(split, index);
    }
    void read(Split split, uint64_t index, uint64_t begin, uint64_t count,
              MultiModalRecord &record) const override
    {
        part(index).read(split, index, begin, count, record);
    }

private:
    [[nodiscard]] const MultiModalSource &part(uint64_t index) const
    {
        return *m_parts[index % m_parts.size()];
    }
    std::vector<std::unique_ptr<MultiModalSource>> m_parts;
};

uint64_t parametersOf(const ModelSpec &model, const RunSpec &like)
{
    RunSpec spec = like;
    spec.model = model;
    return estimateRun(spec, byteVocabSize(spec.data), 1e9).numParameters;
}

} // namespace

RunSpec shapesSpec(const ShapesBudget &budget, const ScienceSetting &setting, uint64_t seed)
{
    RunSpec spec = armSpec(setting, seed);
    spec.model.layers = budget.layers;
    spec.model.width = budget.width;
    spec.model.heads = budget.heads;
    spec.model.context = budget.context;
    spec.model.dropout = 0;
    spec.model.attention.numModalities = 2;
    spec.model.media = {.imageSize = 36, .patchSize = 12, .audioTokens = 20};
    spec.train.batchSize = budget.batchSize;
    spec.train.steps = budget.steps;
    spec.train.evalTokens = (setting.mode == ScienceMode::Smoke ? 4 : 64) * budget.context;
    spec.optimizer.lr = setting.mode == ScienceMode::Full ? 1e-3 : 2e-3; // a minute needs the higher one
    spec.schedule.preset = "cosine";
    return spec;
}

std::string shapesWorld(uint64_t seed, const std::string &settings)
{
    return "gen:shapes?size=36&seed=" + std::to_string(seed) + "&" + settings;
}

ModelSpec denseModel(const RunSpec &ours, DenseOf matches)
{
    ModelSpec dense = ours.model;
    dense.attention.isSeparate = false;
    dense.ffnWidth = feedForwardWidth(ours.model);
    if (matches == DenseOf::Flops) return dense;
    const uint64_t target = parametersOf(ours.model, ours);
    while (parametersOf(dense, ours) < target) dense.ffnWidth += kFeedForwardStep;
    return dense;
}

double exactMatch(nn::Transformer &model, const MultiModalSource &source, Split split, int64_t numDocuments)
{
    const at::NoGradGuard noGrad;
    const ModelSpec &spec = model.spec();
    MultiModalValidationSource windows(source, split, spec.context, spec.attention.numModalities,
                                       static_cast<uint64_t>(numDocuments));
    BatchTensors tensors(model.parameters().front().master.device());
    ModelBatch batch;
    int64_t numRight = 0;
    for (int64_t first = 0; first < windows.numWindows(); first += kRowsPerPass) {
        windows.fill(first, std::min(kRowsPerPass, windows.numWindows() - first), 0, batch);
        tensors.load(batch);
        nn::ForwardContext context;
        tensors.describe(context);
        const at::Tensor told_BT = model.logits(tensors.ids_BT, context).argmax(-1);
        at::Tensor isWrong_BT = told_BT != tensors.targets_BT;
        if (tensors.mask_BT.defined()) isWrong_BT = isWrong_BT.logical_and(tensors.mask_BT != 0);
        numRight += (isWrong_BT.sum(-1) == 0).sum().item<int64_t>();
    }
    return static_cast<double>(numRight) / static_cast<double>(std::max<int64_t>(1, windows.numWindows()));
}

Result<std::unique_ptr<MultiModalSource>> openWorld(const RunSpec &spec, const std::string &world)
{
    ORRERY_ASSIGN(const GeneratorPath path, parseGeneratorPath(world));
    ORRERY_ASSIGN(const ShapesSpec shapes, parseShapesSpec(path));
    ORRERY_ASSIGN(auto own, Tokenizer::create(spec.data));
    const std::shared_ptr<const Tokenizer> tokenizer = std::move(own);
    ORRERY_ASSIGN(ShapesSource source, ShapesSource::create(shapes, frontEndOf(spec.model.media), tokenizer));
    return std::unique_ptr<MultiModalSource>(std::make_unique<ShapesSource>(std::move(source)));
}

Result<RunData> openWorlds(const RunSpec &spec, std::span<const std::string> worlds)
{
    std::vector<std::unique_ptr<MultiModalSource>> parts;
    for (const std::string &world : worlds) {
        ORRERY_ASSIGN(auto part, openWorld(spec, world));
        parts.push_back(std::move(part));
    }
    RunData data;
    data.multiModal = std::make_shared<MixedSource>(std::move(parts));
    return data;
}

Result<double> exactMatchOf(nn::Transformer &model, const RunSpec &spec, const std::string &world,
                            Split split, int64_t numDocuments)
{
    ORRERY_ASSIGN(const auto source, openWorld(spec, world));
    return exactMatch(model, *source, split, numDocuments);
}

} // namespace orrery::bench
