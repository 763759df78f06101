// SPDX-License-Identifier: Apache-2.0
// memory: what a model remembers of the texts that it read. The worker does the work in this terminal.
#include "app/engine/commands/remote_host.h"
#include "app/engine/host/worker_process.h"

namespace orrery::cli {

namespace {

struct MemoryArguments {
    std::string model, file;
    std::vector<std::string> passed; ///< options that the worker checks, which knows their ranges
};

/// One action: a subcommand with what all of them have. @param file help of its FILE; nullptr: it has none
CLI::App *addAction(CLI::App *memory, Session &session, MemoryArguments &arguments, const std::string &action,
                    const char *help, const char *file)
{
    CLI::App *command = memory->add_subcommand(action, help);
    command->add_option("model", arguments.model, "RUN, RUN@step, RUN@best or a model directory")->required();
    if (file)
        command->add_option("file", arguments.file, file)->required();
    else
        passOption(command, "--memory", "Memory file; not given: what is saved with the model",
                   arguments.passed);
    passOption(command, "--device", "cpu or cuda (the run's own, where this machine has it)",
               arguments.passed);
    passOption(command, "--threads", "CPU threads; 0: all", arguments.passed);
    addPluginFolders(command);
    addHostOption(command, session);
    finish(command, session, [&session, &arguments, action] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteMemory(session, action, arguments.model, arguments.file, arguments.passed);
#endif
        const auto model = resolveModel(session, arguments.model);
        if (!model) return fail(session, model.error());
        std::vector<std::string> line = {"memory", action, "--model", *model};
        if (!arguments.file.empty()) line.insert(line.end(), {"--file", arguments.file});
        line.insert(line.end(), arguments.passed.begin(), arguments.passed.end());
        if (session.json) line.push_back("--json");
        return fail(session, execWorker({line, 0}));
    });
    return command;
}

} // namespace

void addMemory(CLI::App &app, Session &session)
{
    static MemoryArguments arguments;
    auto *memory = app.add_subcommand("memory", "Show, edit, move and consolidate what a model remembers");
    memory->require_subcommand(1);
    addAction(memory, session, arguments, "list", "Events: source, tokens, step, usage, text", nullptr);
    auto *wipe = addAction(memory, session, arguments, "wipe", "Forget a source, or everything", nullptr);
    passOption(wipe, "--source", "What to forget: chat.json, or one turn, chat.json#2:user",
               arguments.passed);
    wipe->add_flag_callback(
        "--all", [] { arguments.passed.emplace_back("--all"); }, "Delete the whole memory");
    for (const char *action : {"pin", "unpin"}) {
        auto *pin = addAction(
            memory, session, arguments, action,
            *action == 'p' ? "Keep an event, whatever comes" : "Let an event go when it must", nullptr);
        passOption(pin, "--event", "Its number in the list", arguments.passed)->required();
    }
    auto *forget = addAction(memory, session, arguments, "forget", "Forget an event, or one token of it", nullptr);
    auto *scale = addAction(memory, session, arguments, "scale",
                            "Make what is read of an event, or of one token, stronger or weaker", nullptr);
    for (CLI::App *command : {forget, scale}) {
        passOption(command, "--event", "Its number in the list", arguments.passed);
        passOption(command, "--slot", "One token, by its slot in the list as --json", arguments.passed);
    }
    passOption(scale, "--factor", "0 … 4; 1: as it was", arguments.passed)->required();
    auto *similarity =
        addAction(memory, session, arguments, "similarity", "How alike the events are, -1 to 1", nullptr);
    passOption(similarity, "--max-events", "Of the newest (256)", arguments.passed);
    addAction(memory, session, arguments, "import",
              "Save a memory file with the model: each text begins with it",
              "File that generate --memory or memory export wrote");
    addAction(memory, session, arguments, "export", "Write the memory that is saved with the model to a file",
              "File to write");
    auto *consolidate =
        addAction(memory, session, arguments, "consolidate",
                  "Let the semantic memory learn what is remembered; writes a new model", nullptr);
    passOption(consolidate, "--out", "Directory for the new model", arguments.passed)->required();
    passOption(consolidate, "--data", "Texts of all kinds, so that what they need stays (the run's own)",
               arguments.passed);
    passOption(consolidate, "--slots", "Semantic slots that may change (1024)", arguments.passed);
    passOption(consolidate, "--passes", "Times that everything is read (40)", arguments.passed);
    passOption(consolidate, "--rate", "How far one step moves, in units of what stands in the semantic memory (1)", arguments.passed);
}

} // namespace orrery::cli
