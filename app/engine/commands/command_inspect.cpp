// SPDX-License-Identifier: Apache-2.0
// inspect: what a model does inside while it reads a text. The worker does the work in this terminal.
#include "app/engine/commands/inspect_frames.h"
#include "app/engine/commands/remote_host.h"
#include "app/engine/host/worker_process.h"

#include <map>
#include <optional>

namespace orrery::cli {

namespace {

struct InspectArguments {
    std::string model;
    std::vector<std::string> prompts, images, recordings;
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

/// What makes the prompt, in the order in which it was given, then the rest.
std::vector<std::string> passedOf(const CLI::App &look, const InspectArguments &arguments)
{
    std::vector<std::string> all;
    std::map<const CLI::Option *, size_t> numSeen;
    for (const CLI::Option *given : look.parse_order()) {
        const std::string name = given->get_name();
        const bool isPart = name == "--image" || name == "--audio" || (name == "--prompt" && !arguments.prompts.empty());
        if (isPart) all.insert(all.end(), {name, given->results().at(numSeen[given]++)});
    }
    all.insert(all.end(), arguments.passed.begin(), arguments.passed.end());
    return all;
}

/// What both have: the model, the text, and the token that is looked at.
CLI::App *addLook(CLI::App *inspect, const char *name, const char *help, InspectArguments &arguments)
{
    auto *look = inspect->add_subcommand(name, help);
    std::vector<std::string> &passed = arguments.passed;
    look->add_option("model", arguments.model,
                     "RUN, RUN@step, RUN@best, RUN@live (while it trains: attention) or a model directory")
        ->required();
    const auto part = [look](const char *name, std::vector<std::string> &values, const char *help) {
        return look->add_option(name, values, help)->allow_extra_args(false);
    };
    auto *prompt = part("--prompt", arguments.prompts,
                        "Text to read; may be repeated between pictures and recordings");
    auto *image = part("--image", arguments.images,
                       "Picture (PNG, JPEG) at this place of the prompt; may be repeated");
    auto *audio = part("--audio", arguments.recordings,
                       "Recording (WAV, FLAC) at this place of the prompt; may be repeated");
    auto *promptFile =
        passOption(look, "--prompt-file", "File with the text to read", passed)->excludes(prompt);
    auto *messages = passOption(look, "--messages", "JSON file with a conversation to read, - for stdin", passed)
                         ->excludes(prompt, promptFile, image, audio);
    auto *ids = passOption(look, "--prompt-ids", "Exact tokens in place of a prompt, 12,7,260", passed)
                    ->excludes(prompt, promptFile, messages, image, audio);
    passOption(look, "--probe", "Number of a text that the run keeps frames of, with its pictures and recordings",
               passed)
        ->excludes(prompt, promptFile, messages, image, audio, ids);
    passOption(look, "--answer-ids", "Tokens that the answer begins with, 12,7,260", passed);
    passRepeated(look, "--layer", "Layer, from 0; may be repeated; not given: all", passed);
    passRepeated(look, "--head", "Head, from 0; may be repeated; not given: all", passed);
    passOption(look, "--token", "Behind which token candidates stand; -1: the last one", passed);
    passOption(look, "--alternatives", "Candidates (10)", passed);
    passRepeated(look, "--ablate", "Head to leave out, LAYER.HEAD; may be repeated", passed);
    passOption(look, "--out", "File, .npz or .json, instead of printing", passed);
    passOption(look, "--device", "cpu or cuda (the run's own, where this machine has it)", passed);
    look->add_option("--threads", arguments.threads, "CPU threads; 0: all");
    addPluginFolders(look);
    return look;
}

/// @param words of the worker's command
void finishLook(CLI::App *look, Session &session, const std::vector<std::string> &words,
                const InspectArguments &arguments)
{
    addHostOption(look, session);
    finish(look, session, [look, &session, words, &arguments] {
        const std::vector<std::string> passed = passedOf(*look, arguments);
#ifdef ORRERY_HAS_RPC
        const bool isLive = words.back() == "attention" && arguments.model.ends_with("@live");
        if (!session.host.empty() || isLive)
            return remoteInspect(session, arguments.model, words, passed);
#endif
        const auto model = resolveModel(session, arguments.model);
        if (!model) return fail(session, model.error());
        std::vector<std::string> line = words;
        line.insert(line.end(), {"--model", *model});
        line.insert(line.end(), passed.begin(), passed.end());
        // As in command_model.cpp: the environment is what libgomp reads before main.
        if (arguments.threads) line.insert(line.end(), {"--threads", std::to_string(*arguments.threads)});
        if (session.json) line.push_back("--json");
        return fail(session, execWorker({line, arguments.threads.value_or(0)}));
    });
}

/// The text alone, as the tokenizer cuts it.
void addTokens(CLI::App *inspect, Session &session, InspectArguments &arguments)
{
    auto *tokens = inspect->add_subcommand("tokens", "How the tokenizer of a model cuts a text");
    tokens->add_option("model", arguments.model, "RUN, RUN@step, RUN@best or a model directory")->required();
    auto *prompt = passOption(tokens, "--prompt", "Text to cut", arguments.passed);
    passOption(tokens, "--prompt-file", "File with the text to cut", arguments.passed)->excludes(prompt);
    addPluginFolders(tokens);
    finishLook(tokens, session, {"tokens"}, arguments);
}

} // namespace

void addInspect(CLI::App &app, Session &session)
{
    static InspectArguments arguments;
    std::vector<std::string> &passed = arguments.passed;
    auto *inspect = app.add_subcommand("inspect", "Look inside a model while it reads a text");
    inspect->require_subcommand(1);
    auto *attention =
        addLook(inspect, "attention",
                "Who looks at whom: heads, candidates, weights; not by itself an explanation", arguments);
    passOption(attention, "--rows", "A:B, tokens A to B - 1 that look (all)", passed);
    passOption(attention, "--max-edge", "Cells of a map's side in JSON (512)", passed);
    passFlag(attention, "--lens", "What the model would say at each layer", passed);
    passFlag(attention, "--attribution", "Gradient × input of each token for what was said next (at the end: what is likeliest)", passed);
    finishLook(attention, session, {"inspect", "attention"}, arguments);
    auto *memory = addLook(inspect, "memory",
                           "What is remembered, what of it is read, and what if it were another", arguments);
    passOption(memory, "--memory", "Memory file to read behind; not given: what is saved with the model",
               passed);
    passRepeated(memory, "--edit",
                 "Done before the text is read again; may be repeated: forget EVENT, forget_slot SLOT, "
                 "scale EVENT FACTOR, scale_slot SLOT FACTOR, wipe SOURCE",
                 passed);
    finishLook(memory, session, {"inspect", "memory"}, arguments);
    addInspectFrames(inspect, session);
    addTokens(inspect, session, arguments);
}

} // namespace orrery::cli
