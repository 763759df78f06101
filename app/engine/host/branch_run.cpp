// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/branch_run.h"

#include "app/engine/host/worker_output.h"
#include "core/base/files.h"
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/corpus.h"
#include "core/data/data_paths.h"
#include "core/spec/branch_rules.h"
#include "core/spec/plugin_use.h"
#include "core/spec/stage_plan.h"
#include "core/store/run_store.h"
#include "core/tensorfile/checkpoint_files.h"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <set>
#include <optional>

namespace orrery {

namespace fs = std::filesystem;

namespace {

std::string stepsText(const std::vector<int64_t> &steps)
{
    constexpr size_t kShown = 10;
    std::vector<std::string> words;
    for (size_t i = steps.size() > kShown ? steps.size() - kShown : 0; i < steps.size(); ++i)
        words.push_back(std::to_string(steps[i]));
    return (steps.size() > kShown ? "… " : "") + joinText(words, ", ");
}

Result<CheckpointManifest> requireCheckpoint(const RunDirectory &parent, int64_t step)
{
    const std::vector<int64_t> steps = listCheckpoints(parent.checkpoints());
    if (std::find(steps.begin(), steps.end(), step) == steps.end())
        return Error{ErrorCode::NotFound,
                     "Cannot branch run \"" + parent.frozen().id + "\" at step " + std::to_string(step) +
                         ": it has no checkpoint of this step, expected " +
                         (steps.empty() ? std::string("a run that has one") : "one of " + stepsText(steps)) +
                         ".",
                     steps.empty() ? "Train it to its first checkpoint." : "Choose one of these steps."};
    return verifyCheckpoint(checkpointPath(parent.checkpoints(), step));
}

/// Where the run trains to now: a resume may have given it more steps than its spec says.
int64_t totalStepsOf(const RunDirectory &parent)
{
    const RunStatus status = parent.status();
    return status.totalSteps > 0 ? status.totalSteps : parent.frozen().spec.train.steps;
}

/// The keys that the change gives a value, also one that is the parent's.
Result<std::set<std::string>> keysSet(const SpecBuilder &before, const BranchPlan &plan)
{
    std::set<std::string> keys;
    if (!plan.change) return keys;
    SpecBuilder nothing(FieldTable::describedBy(before.preview()));
    ORRERY_TRY(nothing.setValue("data.path", FieldValue{before.preview().data.path}));
    ORRERY_TRY(plan.change(nothing));
    for (const auto &[key, value] : nothing.values()) keys.insert(key);
    return keys;
}

Result<void> settleSteps(SpecBuilder &builder, const RunDirectory &parent, const BranchPlan &plan,
                         bool areStepsSet)
{
    const RunSpec &before = parent.frozen().spec;
    RunSpec now = builder.preview();
    if (now.train.steps == before.train.steps && !areStepsSet) {
        ORRERY_TRY(builder.setValue("train.steps", FieldValue{totalStepsOf(parent)}));
    } else if (now.schedule.totalSteps == before.schedule.totalSteps &&
               before.schedule.totalSteps == before.train.steps &&
               !branchRuleOf(before, "schedule.total_steps")) {
        ORRERY_TRY(builder.setValue("schedule.total_steps", FieldValue{now.train.steps}));
    }
    now = builder.preview();
    const StagePlan stages = StagePlan::of(before);
    if (before.continual.isOn() && now.train.steps <= stages.lastBegin())
        return Error{ErrorCode::InvalidInput,
                     "Cannot branch run \"" + parent.frozen().id + "\" at step " + std::to_string(plan.step) +
                         ": train.steps is " + std::to_string(now.train.steps) +
                         ", so that the last of its continual.stages would never be seen, expected " +
                         std::to_string(stages.lastBegin() + 1) + " or more.",
                     "Set train.steps to a higher total, or start a new run with fewer steps."};
    if (now.train.steps > plan.step) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot branch run \"" + parent.frozen().id + "\" at step " + std::to_string(plan.step) +
                     ": train.steps is " + std::to_string(now.train.steps) +
                     ", expected more than that step.",
                 "Steps count on from the checkpoint: set train.steps to a higher total."};
}

Result<void> settleData(SpecBuilder &builder)
{
    const std::string path = builder.preview().data.path;
    if (isGeneratorPath(path)) return checkGeneratorPath(path);
    std::error_code ignored;
    const std::string absolute = fs::absolute(path, ignored).lexically_normal().string();
    if (dataPathKind(absolute) != DataPathKind::Manifest)
        if (const auto probed = probeCorpus(absolute); !probed) return probed.error();
    return builder.setValue("data.path", FieldValue{absolute});
}

/// The keys that differ, each of which may, and those that are set to what the spec had: the parent's user
/// may have changed them while it trained.
Result<std::vector<std::string>> changedKeys(const SpecBuilder &before, const SpecBuilder &now,
                                             const std::set<std::string> &keysSet, const RunDirectory &parent,
                                             int64_t step)
{
    std::vector<std::string> changed;
    for (const auto &[key, value] : now.values()) {
        const auto old = before.values().find(key);
        const std::string was = old != before.values().end() ? fieldValueText(old->second) : std::string();
        const std::string is = fieldValueText(value);
        if (key == "name") continue;
        // lr_factor changes what optimizer.lr means.
        const bool isChangeable = requireChangeableField(key).ok() || key == "optimizer.lr";
        const bool isSetBack = was == is && keysSet.contains(key) && isChangeable;
        if (was == is && !isSetBack) continue;
        if (!isSetBack)
            ORRERY_TRY(checkBranchChange(parent.frozen().spec, parent.frozen().id, step, key, was, is));
        changed.push_back(key);
    }
    return changed;
}

/// Files of a checkpoint never change: a second name for each is as good as a copy, and takes no room.
Result<void> takeFile(const fs::path &from, const fs::path &to)
{
    std::error_code failed;
    fs::create_hard_link(from, to, failed);
    if (!failed) return {};
    failed.clear();
    fs::copy_file(from, to, failed);
    if (failed) return ioError("copy", from, failed.value());
    const FileDescriptor copy(::open(to.c_str(), O_RDONLY | O_CLOEXEC));
    if (!copy.isOpen() || ::fsync(copy.get()) != 0) return ioError("sync", to, errno);
    return {};
}

Result<void> takeFiles(const fs::path &from, const fs::path &to)
{
    std::error_code failed;
    fs::create_directories(to, failed);
    if (failed) return ioError("make", to, failed.value());
    fs::directory_iterator next(from, failed);
    if (failed) return ioError("read", from, failed.value());
    for (; next != fs::directory_iterator(); next.increment(failed)) {
        if (failed) return ioError("read", from, failed.value());
        if (next->symlink_status(failed).type() == fs::file_type::regular)
            ORRERY_TRY(takeFile(next->path(), to / next->path().filename()));
    }
    if (failed) return ioError("read", from, failed.value());
    // The parent's trainer may delete or write the checkpoint anew meanwhile.
    ORRERY_TRY(verifyCheckpoint(to));
    return syncDirectory(to);
}

Result<void> takeCheckpoint(const RunDirectory &parent, const RunDirectory &branch, int64_t step)
{
    const fs::path from = checkpointPath(parent.checkpoints(), step);
    const fs::path to = checkpointPath(branch.checkpoints(), step);
    fs::path partial = to;
    partial += ".partial";
    auto taken = takeFiles(from, partial);
    if (!taken) {
        std::error_code failed;
        fs::remove_all(partial, failed);
        taken = takeFiles(from, partial);
    }
    ORRERY_TRY(taken);
    // Its weights are of these tokens.
    std::error_code ignored;
    if (fs::is_regular_file(parent.path() / "tokenizer.json", ignored))
        ORRERY_TRY(takeFile(parent.path() / "tokenizer.json", branch.path() / "tokenizer.json"));
    return renameDurably(partial, to);
}

/// What a list shows of the run before it has trained, and where it came from.
Result<void> writeStart(const RunDirectory &branch, const RunDirectory &parent,
                        const CheckpointManifest &manifest)
{
    ORRERY_ASSIGN(const LockFile lock, branch.lock("branching"));
    ORRERY_ASSIGN(const std::unique_ptr<RunWriter> writer, RunWriter::open(branch.path()));
    const BranchOrigin &origin = *branch.frozen().branch;
    CheckpointInfo checkpoint;
    checkpoint.step = origin.step;
    checkpoint.wallTime = manifest.wallTime;
    checkpoint.valLoss = manifest.valLoss;
    checkpoint.isVerified = true;
    checkpoint.numBytes = manifest.numBytes;
    checkpoint.directory =
        checkpointPath(branch.checkpoints(), origin.step).lexically_relative(branch.path()).string();
    writer->addCheckpoint(checkpoint);
    RunEvent event;
    event.step = origin.step;
    event.wallTime = wallSeconds();
    event.kind = EventKind::Note;
    event.text = "Branched from run \"" + parent.frozen().id + "\" at step " + std::to_string(origin.step) +
                 (origin.changedKeys.empty() ? " without a change."
                                             : ", which sets " + joinText(origin.changedKeys, ", ") + ".");
    if (origin.optimizerFrom == origin.step && origin.step > 0)
        event.text += " The optimizer is another one: its moments begin at zero.";
    writer->addEvent(event);
    RunStatus status = branch.status();
    status.state = RunState::Created;
    status.step = origin.step;
    status.valLoss = manifest.valLoss;
    status.lastCheckpointStep = origin.step;
    writer->setStatus(status);
    return writer->flush();
}

/// Settings of plugins may be of parameters: which ones a model has, its plugins alone know, and so the worker builds it.
Result<void> checkParameters(const RunDirectory &branch, const RunDirectory &parent)
{
    const BranchOrigin &origin = *branch.frozen().branch;
    std::vector<std::string> keys, settings;
    for (const std::string &key : origin.changedKeys) {
        const auto value = branch.frozen().spec.plugins.settings.find(key);
        if (value == branch.frozen().spec.plugins.settings.end()) continue;
        keys.push_back(key);
        settings.push_back(key + "=" + fieldValueText(value->second));
    }
    if (keys.empty()) return {};
    ORRERY_ASSIGN(const std::string output, workerOutput({"fits", branch.path().string()}));
    const auto json = nlohmann::json::parse(lastObjectOf(output), nullptr, false);
    const auto found = json.is_object() ? json.find("differs") : json.end();
    if (!json.is_object() || found == json.end() || !found->is_string()) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot branch run \"" + parent.frozen().id + "\" at step " + std::to_string(origin.step) + " with " +
                     joinText(settings, ", ") + ": " + found->get<std::string>() +
                     ", expected the same parameters, as its weights are those of the checkpoint.",
                 "Leave " + joinText(keys, ", ") + " as " + (keys.size() > 1 ? "they are" : "it is") +
                     ", or start a new run with " + (keys.size() > 1 ? "them." : "it.")};
}

Result<void> checkBranch(const RunSpec &parent, const RunSpec &branch, const FieldTable &table)
{
    auto problems = findBranchProblems(parent, branch, table);
    if (problems.empty()) return {};
    return std::move(problems.front().error);
}

/// As SpecBuilder::build().
Result<RunSpec> buildBranch(const RunSpec &parent, const SpecBuilder &builder)
{
    RunSpec spec = builder.preview();
    ORRERY_TRY(checkBranch(parent, spec, builder.table()));
    completePlugins(spec, builder.table());
    return spec;
}

} // namespace

Result<void> checkBranchChange(const RunSpec &parent, const std::string &run, int64_t step,
                               const std::string &key, const std::string &before, const std::string &now)
{
    const std::optional<BranchRule> rule = branchRuleOf(parent, key);
    if (!rule) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot branch run \"" + run + "\" at step " + std::to_string(step) + " with " + key + "=" +
                     now + ": its checkpoint has " + (before.empty() ? std::string("none") : before) +
                     ", expected " + rule->expected + ".",
                 rule->hint};
}

Result<RunDirectory> branchRun(const Catalogue &catalogue, const RunDirectory &parent, const BranchPlan &plan)
{
    const FrozenSpec &origin = parent.frozen();
    ORRERY_TRY(parent.checkTrainable());
    ORRERY_ASSIGN(const CheckpointManifest manifest, requireCheckpoint(parent, plan.step));
    SpecBuilder before(FieldTable::describedBy(origin.spec));
    ORRERY_TRY(before.setJson(specToJson(origin.spec)));
    SpecBuilder builder = before;
    if (plan.change) ORRERY_TRY(plan.change(builder));
    const std::string parentName = origin.spec.name.empty() ? origin.id : origin.spec.name;
    const bool isNamed = builder.preview().name != origin.spec.name;
    if (!plan.name.empty() || !isNamed)
        ORRERY_TRY(builder.setValue(
            "name",
            FieldValue{plan.name.empty() ? parentName + "-from-" + std::to_string(plan.step) : plan.name}));
    if (builder.preview().data.path != origin.spec.data.path) ORRERY_TRY(settleData(builder));
    BranchOrigin branch{origin.id, plan.step, manifest.specDigest, {}, 0};
    ORRERY_ASSIGN(const std::set<std::string> set, keysSet(before, plan));
    ORRERY_ASSIGN(branch.changedKeys, changedKeys(before, builder, set, parent, plan.step));
    ORRERY_TRY(settleSteps(builder, parent, plan, set.contains("train.steps")));
    ORRERY_ASSIGN(const RunSpec spec, buildBranch(origin.spec, builder));
    if (origin.branch) branch.optimizerFrom = origin.branch->optimizerFrom;
    if (spec.optimizer.name != origin.spec.optimizer.name) branch.optimizerFrom = plan.step;
    FrozenSpec frozen = freezeSpec(spec, ThreadUse::AllCores); // the parent's threads are frozen already
    frozen.branch = branch;
    ORRERY_TRY(checkBranch(origin.spec, frozen.spec, *FieldTable::describedBy(frozen.spec)));

    fs::path target = plan.directory;
    if (target.empty()) {
        ORRERY_ASSIGN(frozen.id, RunDirectory::makeId(frozen.spec.name, catalogue.runsDirectory()));
        target = catalogue.runsDirectory() / frozen.id;
    } else {
        std::error_code ignored;
        target = fs::absolute(target, ignored).lexically_normal();
        if (!target.has_filename()) target = target.parent_path();
        frozen.id = catalogue.unusedId(target.filename().string());
    }
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::create(target, frozen));
    auto filled = takeCheckpoint(parent, run, plan.step);
    if (filled) filled = checkParameters(run, parent);
    if (filled) filled = writeStart(run, parent, manifest);
    if (!filled) {
        if (const auto removed = run.remove(); !removed) logWarning(removed.error().text());
        return std::move(filled).error();
    }
    if (!plan.directory.empty())
        if (const auto added = catalogue.add(target); !added)
            logWarning("The run is not in the list of runs: " + added.error().text());
    return run;
}

} // namespace orrery
