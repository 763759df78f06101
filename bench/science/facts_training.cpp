// SPDX-License-Identifier: Apache-2.0
// Axes: B sequences, T tokens, V vocabulary.
#include "bench/science/facts_training.h"

#include "bench/science/text_domains.h"
#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/nn/torch_guard.h"
#include "core/train/continual/continual.h"
#include "core/train/step_runner.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace orrery::bench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDocument = 512; ///< tokens of a record
constexpr int64_t kMeasuredAtOnce = 128, kNewRepeats = 8;

/// Other shares of the bench may be reading the same file.
Result<void> writeRecords(const fs::path &path, std::span<const std::vector<int32_t>> texts)
{
    std::string lines;
    for (const std::vector<int32_t> &text : texts)
        for (size_t start = 0; start < text.size(); start += kDocument) {
            lines += "{\"tokens\":[";
            const size_t end = std::min(text.size(), start + kDocument);
            for (size_t i = start; i < end; ++i) lines += (i > start ? "," : "") + std::to_string(text[i]);
            lines += "]}\n";
        }
    return writeWhereItDiffers(path, lines);
}

/// A sentence behind another one's end, filled up to `length`.
void appendRow(const FactSentence &sentence, size_t length, std::vector<int64_t> &ids)
{
    const int64_t stop = sentence.ids.back();
    ids.push_back(stop);
    ids.insert(ids.end(), sentence.ids.begin(), sentence.ids.end());
    ids.resize(ids.size() + length - sentence.ids.size(), stop);
}

at::Device deviceOf(nn::Transformer &model) { return model.parameters().front().master.device(); }

double recall(nn::Transformer &model, const std::vector<FactSentence> &sentences)
{
    size_t length = 0;
    for (const FactSentence &sentence : sentences) length = std::max(length, sentence.ids.size());
    int64_t right = 0;
    for (size_t first = 0; first < sentences.size(); first += kMeasuredAtOnce) {
        const size_t end = std::min(sentences.size(), first + kMeasuredAtOnce);
        std::vector<int64_t> ids;
        for (size_t i = first; i < end; ++i) appendRow(sentences[i], length, ids);
        const at::Tensor ids_BT =
            at::tensor(ids, at::kLong)
                .view({static_cast<int64_t>(end - first), static_cast<int64_t>(length + 1)})
                .to(deviceOf(model));
        const at::Tensor best_BT = model.logits(ids_BT, {}).argmax(-1).cpu().contiguous();
        const int64_t *best = best_BT.data_ptr<int64_t>();
        for (size_t i = first; i < end; ++i) {
            const FactSentence &sentence = sentences[i];
            const int64_t *row = best + (i - first) * (length + 1);
            const size_t before = sentence.answerAt; // the row begins with one word more
            right += row[before] == sentence.ids[before] && row[before + 1] == sentence.ids[before + 1];
        }
    }
    return static_cast<double>(right) / static_cast<double>(std::max<size_t>(1, sentences.size()));
}

double proseLoss(nn::Transformer &model, const std::vector<int32_t> &prose)
{
    const int64_t context = model.spec().context, numWindows = (std::ssize(prose) - 1) / context;
    const at::Tensor all = at::tensor(prose, at::kLong).to(deviceOf(model));
    constexpr int64_t kWindowsAtOnce = 32;
    double sum = 0;
    for (int64_t first = 0; first < numWindows; first += kWindowsAtOnce) {
        const int64_t count = std::min(kWindowsAtOnce, numWindows - first);
        const at::Tensor ids_BT = all.narrow(0, first * context, count * context).view({count, context});
        const at::Tensor next_BT = all.narrow(0, first * context + 1, count * context).view({count, context});
        sum += model.loss(ids_BT, next_BT, {}, {}).item<double>() * static_cast<double>(count);
    }
    return sum / static_cast<double>(std::max<int64_t>(1, numWindows));
}

/// Warm-up, then one cosine to a tenth: what is learned last is kept best where the rate is small at the end.
double rateShare(double done, double warmup, double all)
{
    if (done < warmup) return done / warmup;
    constexpr double kLeast = 0.1;
    const double way = (done - warmup) / std::max(1.0, all - warmup);
    return kLeast + (1 - kLeast) * 0.5 * (1 + std::cos(std::numbers::pi * way));
}

} // namespace

Result<FactsData> prepareFacts(const FactsWorld &world, const std::vector<int32_t> &prose,
                               const std::vector<int32_t> &heldOut, RunSpec spec, const fs::path &folder,
                               const ScienceSetting &setting)
{
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return ioError("create folder", folder, error.value());
    // Twice as many words of facts as of prose.
    const auto old = world.sentences(Facts::Old, Wordings::All);
    const auto once = static_cast<int64_t>(world.shuffledText(old, 1, 0).size());
    const int64_t repeats = std::max<int64_t>(1, 2 * std::ssize(prose) / once);
    const std::vector<int32_t> texts[] = {prose, world.shuffledText(old, repeats, 0)};
    const std::vector<int32_t> news[] = {
        world.shuffledText(world.sentences(Facts::New, Wordings::Learned), kNewRepeats, 1)};
    ORRERY_TRY(writeRecords(folder / "base.jsonl", texts));
    ORRERY_TRY(writeRecords(folder / "new.jsonl", news));
    FactsData data{.base = {}, .both = {}, .prose = heldOut};
    spec.data.path = (folder / "base.jsonl").string();
    spec.continual = {};
    ORRERY_ASSIGN(data.base, prepareRunData(spec, setting.workFolder / "shards", {}, setting.cancel));
    spec.continual.stages = {(folder / "new.jsonl").string()};
    ORRERY_ASSIGN(data.both, prepareRunData(spec, setting.workFolder / "shards", {}, setting.cancel));
    return data;
}

FactsFigures measureFacts(nn::Transformer &model, const FactsWorld &world, const std::vector<int32_t> &prose)
{
    const at::NoGradGuard noGrad;
    return {.recallNew = recall(model, world.sentences(Facts::New, Wordings::HeldOut)),
            .recallNewLearned = recall(model, world.sentences(Facts::New, Wordings::Learned)),
            .recallOld = recall(model, world.sentences(Facts::Old, Wordings::All)),
            .proseLoss = proseLoss(model, prose)};
}

Result<double> learnFacts(nn::Transformer &model, const RunSpec &given, const FactsData &data,
                          const ScienceSetting &setting)
{
    RunSpec spec = given;
    spec.schedule.totalSteps = 2 * given.train.steps; // the first half is the training that has been
    const StagePlan plan = StagePlan::of(spec);
    ORRERY_ASSIGN(auto source, StagedBatchSource::create(spec, data.both, plan, replayPlan(spec.continual),
                                                         nextTokenObjective()));
    ORRERY_ASSIGN(auto continual, Continual::create(spec, model, *source));
    ORRERY_ASSIGN(auto optimizer, makeOptimizer(model.parameters(), spec.optimizer));
    const double startedAt = monotonicSeconds();
    return nn::guardTorch("learn new facts", [&]() -> Result<double> {
        continual->keepStage(model, 0);
        StepRunner runner(model, *optimizer, *source, continual.get());
        const auto numSteps = static_cast<double>(given.train.steps);
        const double warmup = std::max(1.0, std::floor(numSteps / 20));
        for (int64_t step = plan.begin(1); step < plan.end(1); ++step) {
            if (setting.isCancelled())
                return Error{ErrorCode::Cancelled, "Cannot finish learning the facts: it was cancelled.", ""};
            const auto done = static_cast<double>(step + 1 - plan.begin(1));
            StepSettings settings;
            settings.batchSize = spec.train.batchSize;
            settings.seed = static_cast<uint64_t>(spec.seed);
            settings.clip = spec.optimizer.clip;
            settings.update = {.learningRate = spec.optimizer.lr * rateShare(done, warmup, numSteps),
                               .weightDecay = spec.optimizer.weightDecay};
            const StepOutcome outcome = runner.run(step, settings);
            if (!outcome.isFinite)
                return Error{ErrorCode::InvalidInput, "Cannot learn the facts: the loss is not finite.",
                             "Lower the learning rate of this arm."};
            if (static_cast<int64_t>(done) % 20 == 0)
                setting.tell("step " + std::to_string(static_cast<int64_t>(done)) + " of " +
                             std::to_string(given.train.steps) + ", loss " +
                             formatSignificant(outcome.loss, 3));
        }
        return monotonicSeconds() - startedAt;
    });
}

} // namespace orrery::bench
