// SPDX-License-Identifier: Apache-2.0
// control: speaks to the run's own worker, so it works without a host too.
#include "app/engine/commands/remote_host.h"

#include "core/base/text.h"
#include "core/rpc/client.h"
#include "core/spec/breakpoint.h"
#include "core/spec/field_table.h"
#include "core/store/run_breakpoints.h"
#include "core/store/run_directory.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <map>

namespace orrery::cli {

namespace {

struct LiveArguments {
    std::string run;
    std::string verb;
    std::vector<std::string> rest;
};

} // namespace

Result<EngineClient> connectToWorker(const RunDirectory &run)
{
    const auto worker = run.liveWorker();
    if (!worker)
        return Error{ErrorCode::Conflict,
                     "Cannot reach run \"" + run.frozen().id +
                         "\": no worker trains it now, expected a running one.",
                     "Start it again with: orrery-engine resume " + run.frozen().id};
    if (worker->socket.empty())
        return Error{ErrorCode::Unavailable,
                     "Cannot reach run \"" + run.frozen().id + "\": its worker (pid " +
                         std::to_string(worker->pid) + ") has no socket.",
                     "It starts up just now, or was built without gRPC; try again in a moment."};
    return EngineClient::connect(worker->socket);
}

namespace {

Result<ControlCommand> parseCommand(const LiveArguments &arguments)
{
    static const std::map<std::string, ControlVerb> verbs = {{"pause", ControlVerb::Pause},
                                                             {"resume", ControlVerb::Continue},
                                                             {"continue", ControlVerb::Continue},
                                                             {"step", ControlVerb::StepN},
                                                             {"checkpoint", ControlVerb::Checkpoint},
                                                             {"stop", ControlVerb::Stop},
                                                             {"set", ControlVerb::Set},
                                                             {"break", ControlVerb::Break},
                                                             {"unbreak", ControlVerb::Unbreak}};
    const auto found = verbs.find(arguments.verb);
    if (found == verbs.end()) {
        std::vector<std::string> names;
        for (const auto &[name, verb] : verbs) names.push_back(name);
        const std::string near = nearestName(arguments.verb, names);
        return Error{ErrorCode::InvalidInput,
                     "Cannot control the run: unknown verb \"" + arguments.verb + "\", expected one of " +
                         joinText(names, ", ") + ".",
                     near.empty() ? "" : "Did you mean \"" + near + "\"?"};
    }
    ControlCommand command;
    command.verb = found->second;
    if (command.verb == ControlVerb::StepN && !arguments.rest.empty()) {
        char *end = nullptr;
        command.steps = std::strtoll(arguments.rest[0].c_str(), &end, 10);
        if (*end != '\0' || command.steps < 1)
            return Error{ErrorCode::InvalidInput,
                         "Cannot step by \"" + arguments.rest[0] +
                             "\": expected a whole number of 1 or more.",
                         "For example: orrery-engine control RUN step 10"};
    }
    if (command.verb == ControlVerb::Set) {
        const std::string text = arguments.rest.empty() ? "" : arguments.rest[0];
        const size_t equals = text.find('=');
        if (equals == std::string::npos)
            return Error{ErrorCode::InvalidInput,
                         "Cannot set \"" + text + "\": no \"=\" found, expected key=value.",
                         "For example: orrery-engine control RUN set optimizer.clip=0.5"};
        command.setting = {text.substr(0, equals), text.substr(equals + 1)};
    }
    if (command.verb == ControlVerb::Break || command.verb == ControlVerb::Unbreak) {
        // In parts where the shell has split it; nothing at all means every breakpoint of the run.
        command.setting.value = joinText(arguments.rest, " ");
        if (command.verb == ControlVerb::Break || !arguments.rest.empty()) {
            ORRERY_ASSIGN(const Breakpoint breakpoint, parseBreakpoint(command.setting.value));
            command.setting.value = breakpointText(breakpoint);
        }
    }
    return command;
}

/// The run's own worker, or the host of another machine.
Result<RunStatus> tell(const Session &session, const std::string &name, const ControlCommand &command)
{
    if (!session.host.empty()) {
        ORRERY_ASSIGN(const HostConnection remote, connectToRemote(session));
        return remote.client.control(name, command);
    }
    ORRERY_ASSIGN(const std::filesystem::path path, session.catalogue.resolve(name));
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(path));
    if ((command.verb == ControlVerb::Break || command.verb == ControlVerb::Unbreak) && !run.liveWorker()) {
        // Kept for the next start, as the host does it.
        ORRERY_TRY(changeKeptBreakpoints(path, command.setting.value, command.verb == ControlVerb::Break));
        return run.status();
    }
    ORRERY_ASSIGN(const EngineClient client, connectToWorker(run));
    return client.control(run.frozen().id, command);
}

int control(const Session &session, const LiveArguments &arguments)
{
    auto command = parseCommand(arguments);
    if (!command) return fail(session, command.error());
    const auto status = tell(session, arguments.run, *command);
    if (!status) return fail(session, status.error());
    if (session.json)
        std::printf("%s\n", nlohmann::json{{"run", status->id},
                                           {"state", runStateName(status->state)},
                                           {"step", status->step}}
                                .dump()
                                .c_str());
    else
        std::printf("%s\n", runLine(*status).c_str());
    return kExitOk;
}

} // namespace

void addControl(CLI::App &app, Session &session)
{
    static LiveArguments arguments;
    auto *controlCommand = app.add_subcommand(
        "control",
        "Pause, resume, step, checkpoint, stop or change a running training, or pause it on a condition");
    controlCommand->add_option("run", arguments.run, "Id, unique prefix, name or path")->required();
    controlCommand
        ->add_option(
            "verb", arguments.verb,
            "pause | resume | step N | checkpoint | stop | set key=value | break \"loss > 4\" | unbreak")
        ->required();
    controlCommand->add_option("argument", arguments.rest, "Number of steps, key=value, or the condition");
    addHostOption(controlCommand, session);
    finish(controlCommand, session, [&session] { return control(session, arguments); });
}

} // namespace orrery::cli
