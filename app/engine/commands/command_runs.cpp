// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"
#include "app/engine/host/worker_process.h"

#include "core/base/text.h"
#include "core/spec/field_table.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace orrery::cli {

namespace {

nlohmann::json number(double value)
{
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

} // namespace

void printJson(const nlohmann::json &json)
{
    std::printf("%s\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

nlohmann::json statusJson(const RunStatus &status)
{
    nlohmann::json json = {{"run", status.id},
                           {"name", status.name},
                           {"directory", status.directory},
                           {"state", runStateName(status.state)},
                           {"step", status.step},
                           {"steps", status.totalSteps},
                           {"attempt", status.attempt},
                           {"loss", number(status.loss)},
                           {"val_loss", number(status.valLoss)},
                           {"best_val_loss", number(status.bestValLoss)},
                           {"tokens_per_s", number(status.tokensPerSecond)},
                           {"parameters", status.numParameters},
                           {"created_at", status.createdAt},
                           {"last_report_at", status.lastReportAt},
                           {"last_checkpoint_step", status.lastCheckpointStep},
                           {"error", status.error},
                           {"tags", status.labels.tags},
                           {"archived", status.labels.isArchived}};
    if (!status.labels.notes.empty()) json["notes"] = status.labels.notes;
    if (!status.parent.empty()) json["branched_from"] = {{"run", status.parent}, {"step", status.parentStep}};
    for (const RunAlarm &alarm : status.alarms)
        json["alarms"].push_back(
            {{"kind", alarmKindName(alarm.kind)}, {"step", alarm.step}, {"text", alarm.text}});
    return json;
}

Result<RunDirectory> findRun(const Session &session, const std::string &name)
{
    ORRERY_ASSIGN(const std::filesystem::path path, session.catalogue.resolve(name));
    return RunDirectory::open(path);
}

namespace {

struct ListArguments {
    bool isAll = false;
    std::vector<std::string> tags; ///< all of them
};

bool isListed(const RunStatus &status, const ListArguments &arguments)
{
    if (status.labels.isArchived && !arguments.isAll) return false;
    const auto &tags = status.labels.tags;
    return std::all_of(arguments.tags.begin(), arguments.tags.end(), [&tags](const std::string &tag) {
        return std::find(tags.begin(), tags.end(), tag) != tags.end();
    });
}

std::string labelsText(const RunLabels &labels)
{
    std::string text;
    for (const std::string &tag : labels.tags) text += (text.empty() ? "  [" : ", ") + tag;
    if (!text.empty()) text += "]";
    return text + (labels.isArchived ? "  archived" : "");
}

int list(const Session &session, const ListArguments &arguments)
{
    const std::vector<RunStatus> all = session.catalogue.list();
    std::vector<RunStatus> runs;
    for (const RunStatus &status : all)
        if (isListed(status, arguments)) runs.push_back(status);
    if (session.json) {
        for (const RunStatus &status : runs) std::printf("%s\n", statusJson(status).dump().c_str());
        return kExitOk;
    }
    if (all.empty())
        std::printf("No runs yet. Start one: orrery-engine train --data example\n");
    else if (runs.empty())
        std::printf("None of %zu runs. Archived ones are listed with --all.\n", all.size());
    for (const RunStatus &status : runs) {
        std::printf("%s%s\n", runLine(status).c_str(), labelsText(status.labels).c_str());
        if (status.state == RunState::Unreadable) std::printf("  %s\n", status.error.c_str());
    }
    return kExitOk;
}

/// Where the run came from, when it was not made new.
void printOrigin(const Session &session, const RunDirectory &run)
{
    const FrozenSpec &frozen = run.frozen();
    if (!frozen.parentRun.empty())
        std::printf("copied from   %s at step %lld\n", frozen.parentRun.c_str(),
                    static_cast<long long>(frozen.parentStep));
    if (frozen.branch)
        for (const Ancestor &ancestor : ancestorsOf(*frozen.branch, session.catalogue))
            std::printf("branched from %s at step %lld%s\n", ancestor.id.c_str(),
                        static_cast<long long>(ancestor.step),
                        ancestor.directory.empty() ? " (not in the list any more)" : "");
    if (!frozen.importedFrom.empty()) std::printf("imported from %s\n", frozen.importedFrom.c_str());
}

int show(const Session &session, const std::string &name)
{
    auto path = session.catalogue.resolve(name);
    if (!path) return fail(session, path.error());
    auto run = RunDirectory::open(*path);
    if (!run) return fail(session, run.error());
    const RunStatus status = run->status();
    std::vector<CheckpointInfo> checkpoints;
    if (auto reader = RunReader::open(*path)) {
        if (auto found = (*reader)->checkpoints()) checkpoints = std::move(*found);
    }
    if (session.json) {
        auto object = statusJson(status);
        object["spec"] = nlohmann::json::parse(specToJson(run->frozen().spec));
        object["program"] = run->frozen().program;
        if (!run->frozen().parentRun.empty())
            object["parent"] = {{"run", run->frozen().parentRun}, {"step", run->frozen().parentStep}};
        object["cpu"] = run->frozen().cpuModel;
        object["checkpoints"] = nlohmann::json::array();
        for (const CheckpointInfo &info : checkpoints)
            object["checkpoints"].push_back({{"step", info.step},
                                             {"val_loss", number(info.valLoss)},
                                             {"best", info.isBest},
                                             {"bytes", info.numBytes}});
        std::printf("%s\n", object.dump().c_str());
        return kExitOk;
    }
    std::printf("%s\n", runLine(status).c_str());
    std::printf("directory     %s\n", status.directory.c_str());
    if (!status.error.empty()) std::printf("error         %s\n", status.error.c_str());
    std::printf("parameters    %s\n", formatCount(static_cast<double>(status.numParameters)).c_str());
    std::printf("trained for   %s\n", formatDuration(status.elapsedSeconds).c_str());
    std::printf("made by       %s on %s\n", run->frozen().program.c_str(), run->frozen().cpuModel.c_str());
    printOrigin(session, *run);
    if (!status.labels.tags.empty())
        std::printf("tags          %s\n", joinText(status.labels.tags, ", ").c_str());
    if (!status.labels.notes.empty()) std::printf("notes         %s\n", status.labels.notes.c_str());
    for (const RunAlarm &alarm : status.alarms) std::printf("alarm         %s\n", alarm.text.c_str());
    for (const CheckpointInfo &info : checkpoints)
        std::printf("checkpoint    step %lld  %s%s\n", static_cast<long long>(info.step),
                    formatBytes(info.numBytes).c_str(), info.isBest ? "  best" : "");
    std::printf("spec\n%s\n", specToJson(run->frozen().spec).c_str());
    return kExitOk;
}

int copy(const Session &session, const std::string &name, const std::string &target)
{
    auto path = session.catalogue.resolve(name);
    if (!path) return fail(session, path.error());
    auto run = RunDirectory::open(*path);
    if (!run) return fail(session, run.error());
    auto folder = std::filesystem::absolute(target).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    auto copied = run->copyTo(folder, session.catalogue.unusedId(folder.filename().string()));
    if (!copied) return fail(session, copied.error());
    const std::string &id = copied->frozen().id;
    if (session.json)
        std::printf("%s\n",
                    nlohmann::json{{"event", "done"}, {"run", id}, {"directory", copied->path().string()}}
                        .dump()
                        .c_str());
    else
        std::printf("copied to %s as run %s\n", copied->path().c_str(), id.c_str());
    return kExitOk;
}

/// Done by the worker, which knows what a model directory is.
int exportModel(const Session &session, const std::string &name, const std::string &directory,
                const std::string &format)
{
    const auto model = resolveModel(session, name);
    if (!model) return fail(session, model.error());
    std::vector<std::string> line = {"export", "--model", *model, "--out", directory};
    if (!format.empty()) line.insert(line.end(), {"--format", format});
    if (session.json) line.push_back("--json");
    return fail(session, execWorker({line, 0}));
}

} // namespace

void addRuns(CLI::App &app, Session &session)
{
    auto *command = app.add_subcommand("runs", "List, label, copy, import, export and delete runs");
    command->require_subcommand(1);
    static std::string name;
    static std::string target;
    static std::string format;
    static ListArguments listed;
    static bool isEvents = false;

    auto *listCommand = command->add_subcommand("list", "The runs of this user, newest first");
    listCommand->add_flag("--all", listed.isAll, "Archived ones, too");
    listCommand->add_option("--tag", listed.tags, "Only those with this tag; several: with all of them")
        ->allow_extra_args(false);
    addHostOption(listCommand, session);
    finish(listCommand, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteList(session, listed.isAll, listed.tags);
#endif
        return list(session, listed);
    });
    auto *showCommand = command->add_subcommand("show", "State, checkpoints and the frozen spec of a run");
    showCommand->add_option("run", name, "Id, unique prefix, name or path")->required();
    addHostOption(showCommand, session);
    finish(showCommand, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteShow(session, name);
#endif
        return show(session, name);
    });
    auto *copyCommand = command->add_subcommand("copy", "Copy a run, also while it trains");
    copyCommand->add_option("run", name, "Id, unique prefix, name or path")->required();
    copyCommand->add_option("directory", target, "New run directory")->required();
    finishHere(copyCommand, session, "Run it on that machine, or copy the run's folder (runs show RUN --host names it) with scp -r or rsync.", [&session] { return copy(session, name, target); });
    auto *exportCommand = command->add_subcommand(
        "export",
        "Write a run's model as a model directory, with what it remembers, or its curves for TensorBoard");
    exportCommand->add_option("run", name, "RUN, RUN@step, RUN@best or a model directory")->required();
    auto *positional = exportCommand->add_option("directory", target, "A free name or an empty folder (with --host a path there)");
    exportCommand->add_option("--out", target, "The same")->excludes(positional);
    exportCommand->add_flag("--tfevents", isEvents, "The curves, as TensorBoard reads them");
    exportCommand
        ->add_option("--format", format,
                     "orrery (everything that a model can have), or hf: transformers loads it, too (Llama, "
                     "Qwen3 or GPT-2)")
        ->check(CLI::IsMember({"orrery", "hf"}));
    addHostOption(exportCommand, session);
    finish(exportCommand, session, [&session] {
        if (target.empty()) { // the folder stands in one of two places, so neither option is required
            fail(session, Error{ErrorCode::InvalidInput,
                                "Cannot export \"" + name + "\": no folder was given (--out), expected one.",
                                "For example: orrery-engine runs export " + name + " FOLDER"});
            return kExitUsage;
        }
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty() && isEvents) return remoteExportEvents(session, name, target);
        if (!session.host.empty()) return remoteExportModel(session, {name, target, format.empty() ? "orrery" : format});
#endif
        return isEvents ? exportEvents(session, name, target) : exportModel(session, name, target, format);
    });
    addRunsEdit(*command, session);
    addRunsTrash(*command, session);
    addRunsImport(*command, session);
    addBranch(app, session);
}

} // namespace orrery::cli
