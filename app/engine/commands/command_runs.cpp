// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/command.h"
#include "app/engine/host/worker_process.h"

#include "core/base/text.h"
#include "core/spec/field_table.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>

namespace orrery::cli {

namespace {

nlohmann::json number(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr); }

nlohmann::json statusJson(const RunStatus &status)
{
    return {{"run", status.id},
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
            {"error", status.error}};
}

int list(const Session &session)
{
    const std::vector<RunStatus> runs = session.catalogue.list();
    if (session.json) {
        for (const RunStatus &status : runs) std::printf("%s\n", statusJson(status).dump().c_str());
        return kExitOk;
    }
    if (runs.empty())
        std::printf("No runs yet. Start one: orrery-engine train --data example\n");
    for (const RunStatus &status : runs) {
        std::printf("%s\n", runLine(status).c_str());
        if (status.state == RunState::Unreadable) std::printf("  %s\n", status.error.c_str());
    }
    return kExitOk;
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
            object["checkpoints"].push_back({{"step", info.step}, {"val_loss", number(info.valLoss)}, {"best", info.isBest}, {"bytes", info.numBytes}});
        std::printf("%s\n", object.dump().c_str());
        return kExitOk;
    }
    std::printf("%s\n", runLine(status).c_str());
    std::printf("directory     %s\n", status.directory.c_str());
    if (!status.error.empty()) std::printf("error         %s\n", status.error.c_str());
    std::printf("parameters    %s\n", formatCount(static_cast<double>(status.numParameters)).c_str());
    std::printf("trained for   %s\n", formatDuration(status.elapsedSeconds).c_str());
    std::printf("made by       %s on %s\n", run->frozen().program.c_str(), run->frozen().cpuModel.c_str());
    if (!run->frozen().parentRun.empty())
        std::printf("copied from   %s at step %lld\n", run->frozen().parentRun.c_str(), static_cast<long long>(run->frozen().parentStep));
    for (const CheckpointInfo &info : checkpoints)
        std::printf("checkpoint    step %lld  %s%s\n", static_cast<long long>(info.step), formatBytes(info.numBytes).c_str(),
                    info.isBest ? "  best" : "");
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
        std::printf("%s\n", nlohmann::json{{"event", "done"}, {"run", id}, {"directory", copied->path().string()}}.dump().c_str());
    else
        std::printf("copied to %s as run %s\n", copied->path().c_str(), id.c_str());
    return kExitOk;
}

/// Done by the worker, which knows what a model directory is.
int exportModel(const Session &session, const std::string &name, const std::string &directory)
{
    const auto model = resolveModel(session, name);
    if (!model) return fail(session, model.error());
    std::vector<std::string> line = {"export", "--model", *model, "--out", directory};
    if (session.json) line.push_back("--json");
    return fail(session, execWorker({line, 0}));
}

int removeRun(const Session &session, const std::string &name, bool isConfirmed)
{
    auto path = session.catalogue.resolve(name);
    if (!path) return fail(session, path.error());
    auto run = RunDirectory::open(*path);
    if (!run) return fail(session, run.error());
    if (!isConfirmed)
        return fail(session, Error{ErrorCode::InvalidInput,
                                   "Cannot delete run \"" + run->frozen().id + "\": deleting cannot be undone, expected --yes.",
                                   "Repeat the command with --yes to delete " + path->string() + "."});
    if (auto removed = run->remove(); !removed) return fail(session, removed.error());
    if (auto forgotten = session.catalogue.forget(*path); !forgotten) return fail(session, forgotten.error());
    if (session.json) std::printf("%s\n", nlohmann::json{{"event", "done"}, {"deleted", path->string()}}.dump().c_str());
    else std::printf("deleted %s\n", path->c_str());
    return kExitOk;
}

} // namespace

void addRuns(CLI::App &app, Session &session)
{
    auto *command = app.add_subcommand("runs", "List, show, copy, export and delete runs");
    command->require_subcommand(1);
    static std::string name;
    static std::string target;
    static bool isConfirmed = false;

    finish(command->add_subcommand("list", "All runs of this user, newest first"), session, [&session] { return list(session); });
    auto *showCommand = command->add_subcommand("show", "State, checkpoints and the frozen spec of a run");
    showCommand->add_option("run", name, "Id, unique prefix, name or path")->required();
    finish(showCommand, session, [&session] { return show(session, name); });
    auto *copyCommand = command->add_subcommand("copy", "Copy a run, also while it trains");
    copyCommand->add_option("run", name, "Id, unique prefix, name or path")->required();
    copyCommand->add_option("directory", target, "New run directory")->required();
    finish(copyCommand, session, [&session] { return copy(session, name, target); });
    auto *exportCommand =
        command->add_subcommand("export", "Write a run's model as a model directory, with what it remembers");
    exportCommand->add_option("run", name, "RUN, RUN@step, RUN@best or a model directory")->required();
    exportCommand->add_option("--out", target, "Directory for the model: a free name or an empty folder")
        ->required();
    finish(exportCommand, session, [&session] { return exportModel(session, name, target); });
    auto *deleteCommand = command->add_subcommand("delete", "Delete a run that nobody trains");
    deleteCommand->add_option("run", name, "Id, unique prefix, name or path")->required();
    deleteCommand->add_flag("--yes", isConfirmed, "Do not ask");
    finish(deleteCommand, session, [&session] { return removeRun(session, name, isConfirmed); });
}

} // namespace orrery::cli
