// SPDX-License-Identifier: Apache-2.0
// From a run directory to a loop that is ready to run.
#include "core/train/training.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/data/prepare_tokenizer.h"
#include "core/nn/torch_guard.h"
#include "core/spec/field_table.h"
#include "core/store/begun_from.h"
#include "core/store/run_store.h"
#include "core/tensorfile/checkpoint_files.h"
#include "core/train/checkpoint_io.h"
#include "core/train/frame_taker.h"
#include "core/train/training_loop.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <string_view>

namespace orrery {
namespace {

Result<std::vector<RunEvent>> readEvents(const RunDirectory &run)
{
    constexpr int32_t kPage = 4096;
    std::vector<RunEvent> all;
    auto reader = RunReader::open(run.path());
    if (!reader) {
        // A caller without a store (a benchmark) has no events either.
        if (reader.error().code == ErrorCode::NotFound) return all;
        return reader.error();
    }
    for (;;) {
        ORRERY_ASSIGN(const std::vector<RunEvent> page,
                      (*reader)->events(all.empty() ? 0 : all.back().id, kPage));
        all.insert(all.end(), page.begin(), page.end());
        if (page.size() < static_cast<size_t>(kPage)) return all;
    }
}

/// Step 0 is both "new" and a checkpoint of a run that was stopped before its first update.
bool hasCheckpoint(const RunDirectory &run, int64_t step)
{
    return step > 0 || verifyCheckpoint(checkpointPath(run.checkpoints(), 0)).ok();
}

void prepareTorch(const RunSpec &spec)
{
    if (spec.threads > 0 && at::get_num_threads() != spec.threads)
        at::set_num_threads(static_cast<int>(spec.threads));
    if (spec.device != "cuda") return;
    // On the CPU all operations used here are deterministic; the switch would only fill fresh memory there.
    at::globalContext().setDeterministicAlgorithms(true, false);
    at::globalContext().setDeterministicFillUninitializedMemory(false);
    at::globalContext().setDeterministicCuDNN(true);
}

/// What was kept of a text is of no use with another one; where nothing was, the training may go on, and its
/// user is told.
Result<void> compareData(LoopParts &parts, const RunSpec &spec)
{
    const std::vector<std::string> now = parts.data.identities();
    if (parts.state.data.empty() || parts.state.data == now) return {};
    size_t changed = 0;
    while (changed < std::min(now.size(), parts.state.data.size()) &&
           now[changed] == parts.state.data[changed])
        ++changed;
    const std::string which =
        spec.continual.isOn() ? "the text of stage " + std::to_string(changed + 1) : "the data";
    const StagePlan plan = StagePlan::of(spec);
    // Of the last text nothing ever is.
    const int64_t numKept = std::min(plan.numEnded(parts.state.step), plan.numStages - 1);
    const bool isKept = spec.continual.isOn() && spec.continual.strategy != "naive" &&
                        static_cast<int64_t>(changed) < numKept;
    if (isKept)
        return Error{ErrorCode::InvalidInput,
                     "Cannot resume at step " + std::to_string(parts.state.step) +
                         " with continual.strategy " + spec.continual.strategy + ": " + which +
                         " changed since the checkpoint was written, expected the same text, as what the "
                         "strategy kept is of that.",
                     "Restore the text, or start a new run."};
    parts.startNote += std::string(parts.startNote.empty() ? "" : " ") + "Note that " + which +
                       " changed since then: losses before and after are of different data.";
    return {};
}

/// Whether a validation loss is another number with it, of the same weights.
bool changesValidation(const std::string &key)
{
    return key.starts_with("data.") || key.starts_with("objective.") || key == "seed" ||
           key == "model.context" || key == "train.eval_tokens";
}

/// What the parent's loop knew, as this run goes on from it: the steps count on, the changes that the
/// parent's user made stay but where the branch sets the same keys, and time, patience and best loss are this
/// run's own.
void adoptState(LoopState &state, const BranchOrigin &branch, const RunSpec &spec)
{
    state.seed = static_cast<uint64_t>(spec.seed);
    state.elapsedSeconds = 0;
    state.patience = {};
    const std::vector<std::string> &keys = branch.changedKeys;
    if (state.bestStep != branch.step || std::any_of(keys.begin(), keys.end(), changesValidation)) {
        state.bestStep = -1;
        state.bestValLoss = std::numeric_limits<double>::quiet_NaN();
    }
    const auto sets = [&keys](std::string_view key) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    // A learning rate that is set is meant as it stands, without the factor on the old one.
    std::erase_if(state.changes, [&sets](const LoggedChange &change) {
        return sets(change.key) || (change.key == kLearningRateFactorKey && sets("optimizer.lr"));
    });
    // This run counts its own changes from 0-0, too.
    for (LoggedChange &change : state.changes) change.id = branch.run + "/" + change.id;
}

Result<void> loadStart(LoopParts &parts, const TrainingStart &start, const RunSpec &spec)
{
    if (!hasCheckpoint(parts.run, start.step)) {
        parts.state.seed = static_cast<uint64_t>(spec.seed);
        if (!parts.options.initWeights.empty())
            return nn::loadWeights(*parts.model, parts.options.initWeights);
        return {};
    }
    const auto path = checkpointPath(parts.run.checkpoints(), start.step);
    const std::optional<BranchOrigin> &branch = parts.run.frozen().branch;
    const bool isOrigin = branch && branch->step == start.step;
    OptimizerStart optimizer;
    if (branch) optimizer = {branch->optimizerFrom, isOrigin && branch->optimizerFrom == start.step};
    ORRERY_ASSIGN(parts.state, loadCheckpoint(path, *parts.model, *parts.optimizer, optimizer));
    if (isOrigin) adoptState(parts.state, *branch, spec);
    if (parts.state.step != start.step || parts.state.seed != static_cast<uint64_t>(spec.seed))
        return Error{ErrorCode::InvalidInput,
                     "Cannot resume from \"" + path.string() + "\": state.json is of step " +
                         std::to_string(parts.state.step) + " and seed " + std::to_string(parts.state.seed) +
                         ", expected step " + std::to_string(start.step) + " and seed " +
                         std::to_string(spec.seed) + ".",
                     "Resume from another checkpoint."};
    ORRERY_TRY(compareData(parts, spec));
    if (parts.continual) {
        ORRERY_ASSIGN(std::vector<NamedTensor> kept, loadContinual(path));
        ORRERY_TRY(nn::guardTorch("resume with what was kept of earlier stages", [&] {
            return parts.continual->setState(std::move(kept), parts.state.step, *parts.model);
        }));
    }
    for (const LoggedChange &change : parts.state.changes) ORRERY_TRY(parts.settings.apply(change));
    parts.isResume = true;
    return {};
}

/// 0 when nobody wrote it down.
int64_t savedTotalSteps(const RunDirectory &run, const FoundCheckpoint *checkpoint)
{
    if (const auto reader = RunReader::open(run.path()))
        if (const auto status = (*reader)->status(); status && status->totalSteps > 0)
            return status->totalSteps;
    if (!checkpoint) return 0;
    const auto text = readFile(checkpoint->path / kStateFileName, kMaxStateBytes);
    if (!text) return 0;
    const auto state = loopStateFromJson(*text, checkpoint->path.string());
    return state ? state->totalSteps : 0;
}

} // namespace

Result<TrainingStart> findTrainingStart(const RunDirectory &run)
{
    TrainingStart start;
    const auto found = findCheckpoint(run.checkpoints());
    if (!found && found.error().code != ErrorCode::NotFound) return found.error();
    const std::optional<BranchOrigin> &branch = run.frozen().branch;
    if (!found && branch)
        return Error{ErrorCode::InvalidInput,
                     "Cannot train run \"" + run.frozen().id + "\": checkpoint " +
                         std::to_string(branch->step) + " of run \"" + branch->run +
                         "\", which it begins with, is not there or damaged, expected a whole one. " +
                         found.error().hint,
                     "Branch again from that run."};
    if (const auto model = !found ? readBegunFrom(run.path()) : std::nullopt)
        return Error{ErrorCode::InvalidInput,
                     "Cannot train run \"" + run.frozen().id +
                         "\": no checkpoint verifies, and the run begins "
                         "with the weights of model \"" +
                         *model + "\", expected a whole checkpoint. " + found.error().hint,
                     "Start a new run from that model (train --from)."};
    if (!found) {
        if (!listCheckpoints(run.checkpoints()).empty())
            start.note = "No checkpoint verifies, so the training starts anew. " + found.error().hint;
        start.totalSteps = savedTotalSteps(run, nullptr);
        return start;
    }
    const CheckpointManifest &manifest = found->manifest;
    const bool isParents =
        branch && manifest.step == branch->step && manifest.specDigest == branch->specDigest;
    if (!manifest.specDigest.empty() && manifest.specDigest != run.frozen().digest && !isParents)
        return Error{ErrorCode::InvalidInput,
                     "Cannot resume from \"" + found->path.string() +
                         "\": it was made with another specification (" + manifest.specDigest.substr(0, 12) +
                         "), expected " + run.frozen().digest.substr(0, 12) + ".",
                     "Restore the run's spec.json, or start a new run."};
    start.step = manifest.step;
    start.totalSteps = savedTotalSteps(run, &*found);
    for (const Error &skipped : found->skipped) start.note += skipped.message + " ";
    if (!found->skipped.empty()) start.note += "Went back to checkpoint " + std::to_string(start.step) + ".";
    if (const std::string &before = run.frozen().cpuModel; !before.empty() && before != cpuInfo().model)
        start.note += std::string(start.note.empty() ? "" : " ") + "This CPU is " + cpuInfo().model +
                      ", the run began on " + before + ": losses may differ in their last bits.";
    return start;
}

Result<void> changeTotalSteps(TrainingStart &start, const RunDirectory &run, int64_t totalSteps)
{
    if (totalSteps == 0) return {};
    if (totalSteps < start.step)
        return Error{ErrorCode::InvalidInput,
                     "Cannot train run \"" + run.frozen().id + "\" to " + std::to_string(totalSteps) +
                         " steps: its newest checkpoint is of step " + std::to_string(start.step) +
                         ", expected a total of " + std::to_string(start.step) + " or more.",
                     "Give a higher total, or start a new run with fewer steps."};
    const RunSpec &spec = run.frozen().spec;
    const StagePlan plan = StagePlan::of(spec);
    if (spec.continual.isOn() && totalSteps <= plan.lastBegin()) {
        const std::string least = std::to_string(plan.lastBegin() + 1);
        return Error{ErrorCode::InvalidInput,
                     "Cannot train run \"" + run.frozen().id + "\" to " + std::to_string(totalSteps) +
                         " steps: it shares " + std::to_string(plan.numSteps) + " steps among " +
                         std::to_string(plan.numStages) +
                         " stages, and the text of the last one would never be seen, expected a total of " + least +
                         " or more.",
                     "Give a total of " + least + " or more, or start a new run with fewer steps."};
    }
    start.totalStepsBefore = start.totalSteps;
    start.totalSteps = totalSteps;
    return {};
}

Result<std::unique_ptr<Trainer>> createTrainer(const RunDirectory &run, const RunData &data,
                                               TrainerObserver &observer, const TrainingStart &start,
                                               int32_t attempt, const TrainingOptions &options)
{
    const RunSpec &spec = run.frozen().spec;
    ORRERY_TRY(checkStarredHeads(spec.probes.starred, spec.model));
    prepareTorch(spec);
    ORRERY_TRY(nn::preparePlugins(options.preparePlugins, spec));
    const int64_t totalSteps = start.totalSteps > 0 ? start.totalSteps : spec.train.steps;
    ORRERY_ASSIGN(auto tokenizer, Tokenizer::create(withSavedTokenizer(spec.data, run.path())));
    ORRERY_ASSIGN(auto model, nn::Transformer::create(spec.model, tokenizer->vocabSize(),
                                                      static_cast<uint64_t>(spec.seed), spec.device));
    ORRERY_ASSIGN(auto objective, makeObjective(spec, *tokenizer));
    ORRERY_ASSIGN(auto optimizer, makeOptimizer(model->parameters(), spec.optimizer));
    ORRERY_ASSIGN(auto sources, nn::guardTorch("prepare the batches", [&] {
                      return makeTrainingSources(spec, data, *objective, options.fixedBatches, totalSteps);
                  }));
    ORRERY_ASSIGN(auto probes,
                  nn::guardTorch("make the probes", [&] { return ProbeSet::ofRegistry(spec.model); }));
    std::unique_ptr<Continual> continual;
    if (spec.continual.isOn()) {
        auto *staged = dynamic_cast<StagedBatchSource *>(sources.batches.get());
        if (!staged)
            return Error{ErrorCode::InvalidInput,
                         "Cannot train on continual.stages: the data are one text, expected one per stage.",
                         "Prepare the data of all stages, or leave continual.stages out."};
        ORRERY_ASSIGN(continual, Continual::create(spec, *model, *staged));
        continual->setStopCheck(options.stopRequested);
    }
    LoopParts parts{.run = run,
                    .data = data,
                    .options = options,
                    .startNote = start.note,
                    .totalSteps = totalSteps,
                    .totalStepsBefore = start.totalStepsBefore,
                    .model = std::move(model),
                    .optimizer = std::move(optimizer),
                    .tokenizer = std::move(tokenizer),
                    .objective = std::move(objective),
                    .sources = std::move(sources),
                    .probes = std::move(probes),
                    .continual = std::move(continual),
                    .state = {},
                    .settings = LiveSettings(spec)};
    ORRERY_TRY(loadStart(parts, start, spec));
    parts.state.data = data.identities();
    ORRERY_ASSIGN(const std::vector<RunEvent> events, readEvents(run));
    for (LoggedChange &change : changesToReplay(events, attempt, parts.state.step, parts.state.changes))
        parts.replays.push_back(std::move(change));
    return std::unique_ptr<Trainer>(std::make_unique<TrainingLoop>(std::move(parts), observer, attempt));
}

} // namespace orrery
