// SPDX-License-Identifier: Apache-2.0
// train --host and branch --host: a run is made there, of data that are there, and trains there; nobody here has to stay.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"
#include "app/engine/commands/spec_arguments.h"

#include "core/base/text.h"
#include "core/data/data_paths.h"
#include "core/spec/replay_plan.h"
#include "core/spec/idle_settings.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace orrery::cli {

namespace {

/// A builder that knows the plugins of that machine, in place of those of this one.
Result<SpecBuilder> builderOf(const HostConnection &remote)
{
    ORRERY_ASSIGN(PluginListing listing, remote.client.listPlugins());
    return SpecBuilder(FieldTable::withPlugins(std::move(listing.plugins)));
}

/// A path that begins here means nothing there: the host would look in a folder of its own. @param what "data.path"
Result<void> checkPath(const Session &session, const char *what, const std::string &path)
{
    if (path.empty() || path.front() == '/') return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot train on \"" + sanitizeUtf8(session.host) + "\": " + what + " is \"" + sanitizeUtf8(path) +
                     "\", expected an absolute path, as paths are those of that machine.",
                 "Write the whole path there, from \"/\" on. Nothing is copied: bring files there first, for example with scp."};
}

Result<void> checkPaths(const Session &session, const SpecBuilder &builder, const std::string &out)
{
    const RunSpec spec = builder.preview();
    if (spec.data.path != "example" && !isGeneratorPath(spec.data.path)) ORRERY_TRY(checkPath(session, "data.path", spec.data.path));
    for (const std::string &stage : spec.continual.stages) ORRERY_TRY(checkPath(session, "continual.stages", stage));
    if (spec.data.tokenizer.ends_with(".json")) ORRERY_TRY(checkPath(session, "data.tokenizer", spec.data.tokenizer));
    return checkPath(session, "its folder (--out)", out);
}

/// Reads all of its data there and keeps them for the worker: what cannot be read leaves no run behind.
Result<void> prepareThere(const HostConnection &remote, const RunSpec &spec)
{
    DataRequest request{.tokenizer = spec.data.tokenizer,
                        .specialTokens = spec.data.specialTokens,
                        .valFraction = spec.data.valFraction,
                        .context = spec.model.context,
                        .seed = spec.seed,
                        .imageSize = spec.model.media.imageSize,
                        .patchSize = spec.model.media.patchSize};
    // One of another size than the usual is made by the worker.
    if (request.tokenizer == "bpe" && spec.data.vocabSize != 0) request.tokenizer = "bytes";
    std::vector<std::string> paths = {spec.data.path};
    paths.insert(paths.end(), spec.continual.stages.begin(), spec.continual.stages.end());
    std::vector<uint64_t> numTrainTokens;
    for (const std::string &path : paths) {
        if (path.empty()) continue; // the host says what it lacks
        request.path = path;
        ORRERY_ASSIGN(const std::string described, remote.client.describeData(request));
        const auto json = nlohmann::json::parse(described, nullptr, false);
        if (const auto count = json.find("train_tokens"); count != json.end() && count->is_number_unsigned())
            numTrainTokens.push_back(count->get<uint64_t>());
    }
    return numTrainTokens.size() == paths.size() ? checkReplayBuffers(spec, numTrainTokens) : Result<void>();
}

/// It is there, and can be started again.
Error notStarted(Error error, const std::string &run, const Session &session)
{
    const std::string host = sanitizeUtf8(session.host);
    error.hint += (error.hint.empty() ? "" : " ") + ("The run was created as \"" + run) + "\": orrery-engine resume " + run + " --host " + host +
                  " starts it again.";
    return error;
}

/// Breakpoints are kept with the run before its first step.
Result<RunStatus> createThere(const Session &session, const HostConnection &remote, const TrainArguments &arguments)
{
    ORRERY_TRY(checkBreakpoints(arguments.breakpoints));
    ORRERY_ASSIGN(SpecBuilder builder, builderOf(remote));
    if (!arguments.from.empty()) {
        ORRERY_ASSIGN(const std::string settings, remote.client.modelSettings(arguments.from));
        ORRERY_TRY(builder.setJson(settings));
    }
    ORRERY_TRY(applyArguments(builder, arguments));
    ORRERY_TRY(checkPaths(session, builder, arguments.out));
    ORRERY_ASSIGN(const RunSpec spec, builder.build());
    tellIdleSettings(findIdleSettings(builder, spec));
    ORRERY_TRY(prepareThere(remote, spec));
    ORRERY_ASSIGN(const RunStatus created,
                  remote.client.createRun({givenJson(builder), arguments.out, false, arguments.from}));
    for (const std::string &condition : arguments.breakpoints) {
        const auto kept = remote.client.control(created.id, {ControlVerb::Break, 1, {"", condition}});
        if (!kept) return notStarted(kept.error(), created.id, session);
    }
    auto started = remote.client.startRun(created.id, 0);
    if (!started) return notStarted(std::move(started).error(), created.id, session);
    return started;
}

void printCreated(const Session &session, const RunStatus &run, bool isTraining)
{
    const std::string host = sanitizeUtf8(session.host);
    if (session.json) {
        nlohmann::json object = statusJson(run);
        object["event"] = "created";
        object["host"] = host;
        return printJson(object);
    }
    std::printf("%s\n", runLine(run).c_str());
    if (isTraining)
        std::printf("trains on %s; follow it with: orrery-engine watch %s --host %s\n", host.c_str(), run.id.c_str(), host.c_str());
    else
        std::printf("branched on %s; start it with: orrery-engine resume %s --host %s\n", host.c_str(), run.id.c_str(), host.c_str());
}

} // namespace

int remoteTrain(const Session &session, const TrainArguments &arguments)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto run = createThere(session, *remote, arguments);
    if (!run) return fail(session, run.error());
    if (session.json || !arguments.isQuiet) printCreated(session, *run, true);
    return kExitOk;
}

int remoteBranch(const Session &session, const BranchArguments &arguments)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    auto builder = builderOf(*remote);
    if (!builder) return fail(session, builder.error());
    if (const auto applied = applySettings(*builder, arguments.settings, "optimizer.lr=1e-4"); !applied) return fail(session, applied.error());
    if (!arguments.name.empty())
        if (const auto named = builder->setValue("name", FieldValue{arguments.name}); !named) return fail(session, named.error());
    if (const auto checked = checkPaths(session, *builder, arguments.out); !checked) return fail(session, checked.error());
    const auto branched =
        remote->client.branchRun({arguments.run, arguments.step, givenJson(*builder), arguments.out, arguments.isStarting});
    if (!branched) return fail(session, branched.error());
    if (session.json || !arguments.isQuiet) printCreated(session, *branched, arguments.isStarting);
    return kExitOk;
}

} // namespace orrery::cli
