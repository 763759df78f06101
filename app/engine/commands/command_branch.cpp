// SPDX-License-Identifier: Apache-2.0
// branch: a new run from a checkpoint of another one.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"
#include "app/engine/commands/spec_arguments.h"
#include "app/engine/host/branch_run.h"
#include "app/engine/host/worker_process.h"

#include "core/spec/idle_settings.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace orrery::cli {

namespace {

constexpr const char *kExample = "optimizer.lr=1e-4";

int branch(const Session &session, const BranchArguments &arguments)
{
    const auto parent = findRun(session, arguments.run);
    if (!parent) return fail(session, parent.error());
    BranchPlan plan;
    plan.step = arguments.step;
    plan.name = arguments.name;
    plan.directory = arguments.out;
    plan.change = [&arguments](SpecBuilder &builder) { return applySettings(builder, arguments.settings, kExample); };
    const auto run = branchRun(session.catalogue, *parent, plan);
    if (!run) return fail(session, run.error());
    const FrozenSpec &frozen = run->frozen();
    const std::vector<std::string> &changed = frozen.branch->changedKeys;
    tellIdleSettings(findIdleSettings(frozen.spec, {changed.begin(), changed.end()}, *FieldTable::describedBy(frozen.spec)));
    const std::string &id = frozen.id;
    if (session.json)
        printJson({{"event", "created"},
                   {"run", id},
                   {"directory", run->path().string()},
                   {"parent", parent->frozen().id},
                   {"step", arguments.step}});
    else if (!arguments.isStarting)
        std::printf("branched as run %s\nstart it with: orrery-engine resume %s\n", id.c_str(), id.c_str());
    else if (!arguments.isQuiet)
        std::fprintf(stderr, "run %s\n", run->path().c_str());
    if (!arguments.isStarting) return kExitOk;
    std::fflush(stdout);
    const char *display = session.json ? "json" : arguments.isQuiet ? "none" : "bar";
    return fail(session, execWorker({{"train", run->path().string(), "--display", display},
                                     run->frozen().spec.threads}));
}

} // namespace

void addBranch(CLI::App &app, Session &session)
{
    static BranchArguments arguments;
    auto *command = app.add_subcommand(
        "branch", "A new run that goes on from a checkpoint of another one, with settings changed");
    command->add_option("run", arguments.run, "Id, unique prefix, name or path")->required();
    command->add_option("--step", arguments.step, "Step of one of its checkpoints")->required();
    command->add_option("--set", arguments.settings, "One setting that differs, key=value; may be repeated")
        ->allow_extra_args(false);
    command->add_option("--name", arguments.name, "Name shown in lists");
    command->add_option("--out", arguments.out, "Run directory (default: a new one in your data directory; with --host a path there)");
    command->add_flag("--start", arguments.isStarting, "Train it at once");
    command->add_flag("--quiet", arguments.isQuiet, "No progress");
    addPluginFolders(command);
    addHostOption(command, session);
    finish(command, session, [&session, command] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) {
            if (const auto refused = refuseThere(*command, session, {"--plugin-dir"}, "The plugins of that machine are those that are installed there."); !refused)
                return fail(session, refused.error());
            return remoteBranch(session, arguments);
        }
#endif
        return branch(session, arguments);
    });
}

} // namespace orrery::cli
