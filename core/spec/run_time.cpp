// SPDX-License-Identifier: Apache-2.0
#include "core/spec/run_time.h"

#include "core/spec/continual_work.h"
#include "core/spec/objective_mix.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace orrery {
namespace {

// Of the reference processor; docs/benchmarks.md says what they were measured by.
constexpr int64_t kReferenceThreads = 2;
constexpr double kThreadGain = 0.8; ///< twice the threads are 2^0.8 as fast
/// Reading and writing of activations, by layer, token and width: forward, backward.
constexpr double kSecondsPerActivation = 1.95e-7;
constexpr double kActivationsOfModalities = 1.4; ///< tokens are sorted by modality, and back
constexpr double kShareOfPlugins = 1.4;          ///< of a step with parts of plugins, to one without
/// Calls of operations of one layer in one micro-batch, whatever its size: forward, backward, update.
constexpr double kSecondsPerLayer = 3.4e-3;
constexpr double kForwardShare = 0.3;  ///< of what an update takes; a third of the FLOPs, without dropout
constexpr double kDecodedToken = 0.35; ///< of a layer's calls, for one token that is generated
constexpr double kStartSeconds = 2.5;  ///< libraries, and the first steps, which are slower
constexpr double kTokensPreparedPerSecond = 4e6;
constexpr double kCheckpointBytesPerSecond = 3e8; ///< written, flushed and read back
constexpr double kSecondsPerCheckpoint = 0.15;

constexpr double kUnknownSpread = 3;    ///< of a processor that has not trained yet
constexpr double kSimilarSpread = 1.35; ///< two trainings of the same size on a machine with other work
constexpr double kUnlikeSpread = 1.9;   ///< of another size
constexpr double kSimilarWeight = 0.5;  ///< above it, one is called similar
constexpr size_t kMostMeasured = 8;

/// Layers with a set of weights for each modality call each of them.
double numLayerCalls(const ModelSpec &model)
{
    const bool hasSets = model.attention.numModalities > 1 && model.attention.isSeparate;
    return static_cast<double>(model.layers) *
           (hasSets ? static_cast<double>(model.attention.numModalities) : 1);
}

double threadFactor(const RunSpec &spec)
{
    const auto threads = static_cast<double>(spec.threads > 0 ? spec.threads : kReferenceThreads);
    return std::pow(static_cast<double>(kReferenceThreads) / threads, kThreadGain);
}

/// Losses that one measurement measures: of hybrid runs of each kind, of continual ones of each text.
double numMeasures(const RunSpec &spec)
{
    if (spec.continual.isOn()) return static_cast<double>(spec.continual.stages.size() + 1);
    double count = 1;
    const auto shares = objectiveShares(spec.objective);
    count += shares.prefix > 0 ? 1 : 0;
    count += shares.infill > 0 ? 1 : 0;
    return count;
}

double secondsPerEvaluation(const RunSpec &spec, double secondsPerMicroBatch, uint64_t valTokens)
{
    const double batchTokens =
        static_cast<double>(spec.train.batchSize) * static_cast<double>(spec.model.context);
    double tokens = static_cast<double>(spec.train.evalTokens);
    if (valTokens > 0 && (tokens <= 0 || static_cast<double>(valTokens) < tokens))
        tokens = static_cast<double>(valTokens);
    if (!(batchTokens > 0) || !(tokens > 0)) return 0;
    // A last batch that is not full costs less: counted by its tokens.
    return numMeasures(spec) * kForwardShare * secondsPerMicroBatch *
           std::max(tokens / batchTokens,
                    1.0 / static_cast<double>(std::max<int64_t>(spec.train.batchSize, 1)));
}

/// One round of samples: the prompts' answers, token by token.
double secondsPerSamples(const RunSpec &spec, const RunEstimate &estimate)
{
    const double tokens =
        static_cast<double>(spec.probes.prompts.size()) * static_cast<double>(spec.probes.maxTokens);
    const double calls = kDecodedToken * kSecondsPerLayer * static_cast<double>(spec.model.layers);
    return tokens * (calls + estimate.flopsPerToken / 3 / kReferenceFlops * threadFactor(spec));
}

/// Texts that rehearsal has the model make up, token by token and many side by side.
double secondsOfDreams(const RunSpec &spec, const RunEstimate &estimate)
{
    const double numEarlier = static_cast<double>(spec.continual.stages.size());
    const double sequences = static_cast<double>(spec.train.steps) / (numEarlier + 1) *
                             static_cast<double>(spec.train.batchSize) *
                             static_cast<double>(std::max<int64_t>(spec.train.accumulation, 1));
    const double calls = kDecodedToken * kSecondsPerLayer * static_cast<double>(spec.model.layers);
    const double perToken = estimate.flopsPerToken / 3 / kReferenceFlops * threadFactor(spec);
    double seconds = 0;
    for (double ended = 1; ended <= numEarlier; ++ended) {
        const double ofEach = std::clamp(sequences * spec.continual.replayShare * kDreamShare / ended, 1.0,
                                         static_cast<double>(kMaxDreams));
        // Those of one earlier text are made together.
        const double batches = ended * std::ceil(ofEach / static_cast<double>(kDreamsAtOnce));
        seconds += static_cast<double>(spec.model.context) * (batches * calls + ended * ofEach * perToken);
    }
    return seconds;
}

/// What a strategy does at the end of each text but the last, and what rehearsal's teacher does in each step behind it.
double secondsOfStages(const RunSpec &spec, const RunEstimate &estimate, uint64_t trainTokens)
{
    const ContinualSpec &continual = spec.continual;
    if (!continual.isOn() || spec.train.steps <= 0) return 0;
    const auto numEarlier = static_cast<double>(continual.stages.size());
    const double step = referenceSecondsPerStep(spec, estimate);
    RunSpec single = spec;
    single.train.batchSize = single.train.accumulation = 1;
    RunEstimate ofSingle = estimate;
    ofSingle.tokensPerStep = static_cast<uint64_t>(spec.model.context);
    const double window = referenceSecondsPerStep(single, ofSingle);
    if (continual.strategy == "ewc") return numEarlier * static_cast<double>(kFisherWindows) * window;
    if (continual.strategy == "sparse_memory") {
        const uint64_t numWindows = trainTokens / static_cast<uint64_t>(spec.model.context + 1);
        const auto most = static_cast<uint64_t>(kCountedWindows);
        return numEarlier * static_cast<double>(trainTokens > 0 ? std::min(most, numWindows) : most) * window;
    }
    if (continual.strategy == "derpp") {
        const double kept = continual.bufferPercent / 100 * static_cast<double>(trainTokens) * numEarlier;
        return kForwardShare * step * kept / std::max(static_cast<double>(estimate.tokensPerStep), 1.0);
    }
    if (continual.strategy != "rehearsal" || !(continual.replayShare > 0)) return 0;
    const double later = static_cast<double>(spec.train.steps) * numEarlier / (numEarlier + 1);
    const double teacher =
        continual.distillWeight > 0 ? later * step * kForwardShare * continual.replayShare : 0;
    return teacher + secondsOfDreams(spec, estimate);
}

/// Of how much a past training says about another one: 1 the same size and kind … 0 nothing.
double similarity(const RunSpec &spec, double seconds, const RunSpec &past, double pastSeconds)
{
    // A factor of four in the work of a step is as another machine.
    const double distance = std::log(seconds / pastSeconds) / std::log(4.0);
    double weight = std::exp(-distance * distance);
    if (past.model.attention.numModalities != spec.model.attention.numModalities) weight *= 0.5;
    if (past.plugins.use.empty() != spec.plugins.use.empty()) weight *= 0.5;
    if (past.train.dtype != spec.train.dtype) weight *= 0.3;
    return weight;
}

} // namespace

double referenceSecondsPerStep(const RunSpec &spec, const RunEstimate &estimate)
{
    const auto tokens = static_cast<double>(estimate.tokensPerStep);
    const auto layers = static_cast<double>(spec.model.layers);
    const double activations = tokens * layers * static_cast<double>(spec.model.width) *
                               (spec.model.attention.numModalities > 1 ? kActivationsOfModalities : 1);
    const double parallel =
        estimate.flopsPerToken * tokens / kReferenceFlops + kSecondsPerActivation * activations;
    const double calls = kSecondsPerLayer * numLayerCalls(spec.model) *
                         static_cast<double>(std::max<int64_t>(spec.train.accumulation, 1));
    return (parallel * threadFactor(spec) + calls) * (estimate.numOfPlugins > 0 ? kShareOfPlugins : 1);
}

int64_t numCheckpoints(const TrainSpec &train)
{
    if (train.steps <= 0) return 0;
    const int64_t every = std::max<int64_t>(train.checkpointEvery, 1);
    return train.steps / every + (train.steps % every != 0 ? 1 : 0);
}

int64_t numEvaluations(const TrainSpec &train)
{
    if (train.steps <= 0) return 0;
    const int64_t every = std::max<int64_t>(train.evalEvery, 1);
    const int64_t saved = std::max<int64_t>(train.checkpointEvery, 1);
    int64_t count = train.steps / every;
    bool hasLast = train.steps % every == 0;
    if (train.keepBest) {
        const int64_t both = every / std::gcd(every, saved);
        count += train.steps / saved;
        if (saved <= train.steps / both) count -= train.steps / (saved * both);
        hasLast = hasLast || train.steps % saved == 0;
    }
    return count + (hasLast ? 0 : 1);
}

MachineSpeed machineSpeed(const RunSpec &spec, const RunEstimate &estimate, std::span<const PastSpeed> past)
{
    MachineSpeed speed{.slowness = 1, .spread = kUnknownSpread};
    const double seconds = referenceSecondsPerStep(spec, estimate);
    double sum = 0, weights = 0, most = 0;
    std::vector<std::pair<double, double>> measured; // weight, logarithm of the slowness
    for (const PastSpeed &one : past) {
        const double reference = referenceSecondsPerStep(one.spec, one.estimate);
        const bool isUsable = one.spec.device == spec.device && std::isfinite(one.secondsPerStep) &&
                              one.secondsPerStep > 0 && reference > 0 && seconds > 0;
        if (!isUsable || measured.size() >= kMostMeasured) continue;
        // Even one that is unlike says more than nothing.
        const double weight = std::max(similarity(spec, seconds, one.spec, reference), 1e-3);
        measured.emplace_back(weight, std::log(one.secondsPerStep / reference));
        sum += weight * measured.back().second;
        weights += weight;
        most = std::max(most, weight);
    }
    if (measured.empty()) return speed;
    const double mean = sum / weights;
    double variance = 0;
    for (const auto &[weight, value] : measured) variance += weight * (value - mean) * (value - mean);
    speed.slowness = std::exp(mean);
    speed.numMeasured = static_cast<int>(measured.size());
    speed.isSimilar = most >= kSimilarWeight;
    const double least = speed.isSimilar ? kSimilarSpread : kUnlikeSpread;
    speed.spread = std::clamp(std::exp(std::sqrt(variance / weights)), least, kUnknownSpread);
    return speed;
}

TimeEstimate estimateTime(const RunSpec &spec, const RunEstimate &estimate, const MachineSpeed &speed,
                          uint64_t valTokens, uint64_t trainTokens)
{
    TimeEstimate time;
    time.speed = speed;
    time.secondsPerStep = referenceSecondsPerStep(spec, estimate) * speed.slowness;
    RunTime &parts = time.parts;
    const auto steps = static_cast<double>(std::max<int64_t>(spec.train.steps, 0));
    const double microBatch =
        time.secondsPerStep / static_cast<double>(std::max<int64_t>(spec.train.accumulation, 1));
    parts.updates = steps * time.secondsPerStep;
    parts.evaluation =
        static_cast<double>(numEvaluations(spec.train)) * secondsPerEvaluation(spec, microBatch, valTokens);
    const double numBytes =
        static_cast<double>(estimate.numParameters) * 12 + static_cast<double>(estimate.continualBytes);
    parts.checkpoints = static_cast<double>(numCheckpoints(spec.train)) *
                        (kSecondsPerCheckpoint + numBytes / kCheckpointBytesPerSecond);
    parts.stages = secondsOfStages(spec, estimate, trainTokens) * speed.slowness;
    // At least the round that nothing puts off; beyond it what the budget allows.
    if (steps > 0) {
        const double samples = spec.probes.every > 0 ? secondsPerSamples(spec, estimate) * speed.slowness : 0;
        const int64_t overviewEvery = spec.probes.overviewInterval();
        const double frames = overviewEvery > 0
                                  ? kForwardShare * microBatch *
                                        static_cast<double>(spec.probes.prompts.size() + 1) /
                                        static_cast<double>(std::max<int64_t>(spec.train.batchSize, 1))
                                  : 0;
        const auto framesEach = [&](int64_t every) {
            return every > 0 ? std::floor(steps / static_cast<double>(every) + 1) * frames : 0;
        };
        const double wanted =
            (spec.probes.every > 0 ? std::floor(steps / static_cast<double>(spec.probes.every)) * samples
                                   : 0) +
            framesEach(overviewEvery) +
            (spec.probes.starred.empty() ? 0 : framesEach(spec.probes.framesEvery)); // a pass of their own
        const double allowed =
            spec.probes.budgetPercent / 100 * (parts.updates + parts.evaluation + parts.checkpoints);
        const double round =
            frames + (spec.probes.every > 0 && spec.train.steps >= spec.probes.every ? samples : 0);
        parts.looking = std::min(wanted, std::max(allowed, 0.0) + round);
    }
    parts.start = (kStartSeconds + static_cast<double>(valTokens) / kTokensPreparedPerSecond) *
                  std::max(1.0, speed.slowness);
    time.seconds = parts.total();
    time.least = time.seconds / speed.spread;
    time.most = time.seconds * speed.spread;
    return time;
}

} // namespace orrery
