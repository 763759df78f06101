// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/prepare_for_run.h"
#include "app/engine/commands/remote_host.h"
#include "app/engine/commands/spec_arguments.h"
#include "app/engine/host/begin_with_model.h"
#include "app/engine/host/create_run.h"
#include "app/engine/host/plugin_trials.h"
#include "app/engine/host/worker_process.h"

#include "core/spec/field_table.h"
#include "core/spec/idle_settings.h"
#include "core/store/run_breakpoints.h"
#include "core/store/run_directory.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace orrery::cli {

namespace {

/// @param from as resolveModel() gives it; empty: none
Result<RunSpec> buildSpec(const TrainArguments &arguments, const std::string &from, const PluginCatalogue &plugins)
{
    SpecBuilder builder(plugins.fieldTable());
    if (!from.empty()) {
        ORRERY_ASSIGN(const std::string settings, settingsOfModelJson(from));
        ORRERY_TRY(builder.setJson(settings));
    }
    ORRERY_TRY(applyArguments(builder, arguments));
    auto spec = builder.build();
    if (spec) tellIdleSettings(findIdleSettings(builder, *spec));
    return spec;
}

Result<void> keepBreakpoints(const RunDirectory &run, const std::vector<std::string> &conditions)
{
    for (const std::string &condition : conditions) ORRERY_TRY(changeKeptBreakpoints(run.path(), condition, true));
    return {};
}

/// Replaces this process by the worker; comes back only with an error.
int becomeWorker(const Session &session, const TrainArguments &arguments, const RunDirectory &run)
{
    std::vector<std::string> command = {"train", run.path().string(), "--display",
                                        session.json ? "json" : arguments.isQuiet ? "none" : "bar"};
    if (arguments.steps && !arguments.run.empty()) {
        command.push_back("--steps");
        command.push_back(std::to_string(*arguments.steps));
    }
    return fail(session, execWorker({command, run.frozen().spec.threads}));
}

int train(const Session &session, const TrainArguments &arguments)
{
    std::string from;
    if (!arguments.from.empty()) {
        auto model = resolveModel(session, arguments.from);
        if (!model) return fail(session, model.error());
        from = *model;
    }
    if (const auto checked = checkBreakpoints(arguments.breakpoints); !checked) return fail(session, checked.error());
    const PluginCatalogue plugins = scanPlugins();
    auto spec = buildSpec(arguments, from, plugins);
    if (!spec) return fail(session, spec.error());
    if (const auto checked = PluginTrials(PluginTrials::fileOfThisUser()).checkUsed(*spec, plugins); !checked)
        return fail(session, checked.error());
    const auto prepare = [&](const RunSpec &checked) { return prepareForRun(checked, arguments.isQuiet); };
    auto run = createRun(session.catalogue, *spec, arguments.out, ThreadUse::AllCores, prepare);
    if (!run) return fail(session, run.error());
    if (!from.empty())
        if (auto begun = beginWithModel(*run, from); !begun) {
            (void)session.catalogue.forget(run->path());
            return fail(session, begun.error());
        }
    if (const auto kept = keepBreakpoints(*run, arguments.breakpoints); !kept) return fail(session, kept.error());
    if (session.json)
        std::printf("%s\n", nlohmann::json{{"event", "created"}, {"run", run->frozen().id}, {"directory", run->path().string()}}.dump().c_str());
    else if (!arguments.isQuiet)
        std::fprintf(stderr, "run %s\n", run->path().c_str());
    std::fflush(stdout);
    return becomeWorker(session, arguments, *run);
}

int resume(const Session &session, const TrainArguments &arguments)
{
    if (arguments.steps)
        if (auto checked = checkFieldValue(*findField("train.steps"), FieldValue{*arguments.steps}); !checked)
            return fail(session, checked.error());
    auto path = session.catalogue.resolve(arguments.run);
    if (!path) return fail(session, path.error());
    auto run = RunDirectory::open(*path);
    if (!run) return fail(session, run.error());
    return becomeWorker(session, arguments, *run);
}

} // namespace

void addTrain(CLI::App &app, Session &session)
{
    static TrainArguments arguments;
    auto *trainCommand = app.add_subcommand("train", "Train a model on text, or on text, pictures and recordings");
    trainCommand->add_option("--data", arguments.data, "File or folder of text, JSONL, a manifest of pictures and recordings, gen:shapes, or \"example\"; with --host a path there");
    trainCommand->add_option("--from", arguments.from,
                             "Begin with the weights of a model: RUN, RUN@step, RUN@best or a model directory; with --host one there");
    trainCommand->add_option("--spec", arguments.specFile, "Spec file (JSON, see `schema spec`)");
    trainCommand->add_option("--set", arguments.settings, "One setting, key=value; may be repeated")->allow_extra_args(false);
    trainCommand
        ->add_option("--break", arguments.breakpoints, "Pause when this becomes true, for example \"loss > 4\"; may be repeated")
        ->allow_extra_args(false);
    trainCommand->add_option("--steps", arguments.steps, "Total number of updates");
    trainCommand->add_option("--seed", arguments.seed, "Seed of weights, order and dropout");
    trainCommand->add_option("--device", arguments.device, "cpu or cuda");
    trainCommand->add_option("--name", arguments.name, "Name shown in lists");
    trainCommand->add_option("--out", arguments.out, "Run directory (default: a new one in your data directory; with --host a path there)");
    trainCommand->add_flag("--quiet", arguments.isQuiet, "No progress");
    addPluginFolders(trainCommand);
    addHostOption(trainCommand, session);
    finish(trainCommand, session, [&session, trainCommand] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) {
            if (const auto refused = refuseThere(*trainCommand, session, {"--plugin-dir"},
                                                 "Its plugins are those that are installed there.");
                !refused)
                return fail(session, refused.error());
            return remoteTrain(session, arguments);
        }
#endif
        return train(session, arguments);
    });

    auto *resumeCommand = app.add_subcommand("resume", "Go on with a run from its newest good checkpoint");
    resumeCommand->add_option("run", arguments.run, "Id, unique prefix, name or path")->required();
    resumeCommand->add_option("--steps", arguments.steps, "New total number of updates");
    resumeCommand->add_flag("--quiet", arguments.isQuiet, "No progress");
    addPluginFolders(resumeCommand);
    addHostOption(resumeCommand, session);
    finish(resumeCommand, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteResume(session, arguments.run, arguments.steps.value_or(0));
#endif
        return resume(session, arguments);
    });
}

} // namespace orrery::cli
