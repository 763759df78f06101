// SPDX-License-Identifier: Apache-2.0
// inspect: what a model does inside while it reads a text. The worker does the work in this terminal.
#include "app/engine/commands/command.h"
#include "app/engine/host/worker_process.h"

#include <optional>

namespace orrery::cli {

namespace {

struct InspectArguments {
    std::string model;
    std::vector<std::string> passed; ///< options that the worker checks, which knows their ranges
    std::optional<int64_t> threads;
};

/// As passOption, for an option that may be given several times.
void passRepeated(CLI::App *command, const char *name, const char *help, std::vector<std::string> &passed)
{
    command
        ->add_option_function<std::vector<std::string>>(
            name,
            [name, &passed](const std::vector<std::string> &values) {
                for (const std::string &value : values) passed.insert(passed.end(), {name, value});
            },
            help)
        ->allow_extra_args(false);
}

void passFlag(CLI::App *command, const char *name, const char *help, std::vector<std::string> &passed)
{
    command->add_flag_callback(
        name, [name, &passed] { passed.emplace_back(name); }, help);
}

} // namespace

void addInspect(CLI::App &app, Session &session)
{
    static InspectArguments arguments;
    auto *inspect = app.add_subcommand("inspect", "Look inside a model while it reads a text");
    inspect->require_subcommand(1);
    auto *attention = inspect->add_subcommand(
        "attention", "Who looks at whom: heads, candidates, weights; not by itself an explanation");
    std::vector<std::string> &passed = arguments.passed;
    attention->add_option("model", arguments.model, "RUN, RUN@step, RUN@best or a model directory")
        ->required();
    auto *prompt = passOption(attention, "--prompt", "Text to read", passed);
    auto *promptFile =
        passOption(attention, "--prompt-file", "File with the text to read", passed)->excludes(prompt);
    passOption(attention, "--messages", "JSON file with a conversation to read", passed)
        ->excludes(prompt, promptFile);
    passRepeated(attention, "--layer", "Layer, from 0; may be repeated; not given: all", passed);
    passRepeated(attention, "--head", "Head, from 0; may be repeated; not given: all", passed);
    passOption(attention, "--rows", "A:B, tokens A to B - 1 that look (all)", passed);
    passOption(attention, "--max-edge", "Cells of a map's side in JSON (512)", passed);
    passOption(attention, "--token", "Behind which token candidates stand; -1: the last one", passed);
    passOption(attention, "--alternatives", "Candidates (10)", passed);
    passRepeated(attention, "--ablate", "Head to leave out, LAYER.HEAD; may be repeated", passed);
    passFlag(attention, "--lens", "What the model would say at each layer", passed);
    passFlag(attention, "--attribution", "Gradient × input of each token for what is likeliest next", passed);
    passOption(attention, "--out", "File, .npz with each weight or .json, instead of printing", passed);
    passOption(attention, "--device", "cpu or cuda (the run's own, where this machine has it)", passed);
    attention->add_option("--threads", arguments.threads, "CPU threads; 0: all");
    addPluginFolders(attention);
    finish(attention, session, [&session] {
        const auto model = resolveModel(session, arguments.model);
        if (!model) return fail(session, model.error());
        std::vector<std::string> line = {"inspect", "attention", "--model", *model};
        line.insert(line.end(), arguments.passed.begin(), arguments.passed.end());
        // As in command_model.cpp: the environment is what libgomp reads before main.
        if (arguments.threads) line.insert(line.end(), {"--threads", std::to_string(*arguments.threads)});
        if (session.json) line.push_back("--json");
        return fail(session, execWorker({line, arguments.threads.value_or(0)}));
    });
}

} // namespace orrery::cli
