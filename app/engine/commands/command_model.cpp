// SPDX-License-Identifier: Apache-2.0
// generate, embed and evaluate: the worker does the work in this terminal; here only names become paths.
#include "app/engine/commands/remote_host.h"
#include "app/engine/host/worker_process.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>

namespace orrery::cli {

namespace {

struct ModelArguments {
    std::string model;
    std::string data;
    std::vector<std::string> prompts; ///< pieces, with pictures and recordings between them
    std::vector<std::string> images;
    std::vector<std::string> recordings;
    std::string promptFile;
    std::string infill;
    std::string messages; ///< file or "-"
    std::vector<std::string> passed; ///< options that the worker checks, which knows their ranges
    std::string device;
    std::optional<int64_t> threads; ///< not given: the worker's default, all
};

int runWorker(const Session &session, const ModelArguments &arguments, std::vector<std::string> command)
{
    auto model = resolveModel(session, arguments.model);
    if (!model) return fail(session, model.error());
    command.insert(command.end(), {"--model", *model});
    if (!arguments.device.empty()) command.insert(command.end(), {"--device", arguments.device});
    // The environment is what libgomp reads before main; the option is what the worker tells LibTorch.
    if (arguments.threads) command.insert(command.end(), {"--threads", std::to_string(*arguments.threads)});
    if (session.json) command.push_back("--json");
    return fail(session, execWorker({command, arguments.threads.value_or(0)}));
}

/// As passOption, for an option that may be given several times.
void passOptions(CLI::App *command, const char *name, const char *help, std::vector<std::string> &passed)
{
    command
        ->add_option_function<std::vector<std::string>>(
            name,
            [name, &passed](const std::vector<std::string> &values) {
                for (const std::string &value : values) {
                    // A text that begins with a dash would be read as an option.
                    if (value.starts_with('-'))
                        passed.push_back(std::string(name) + '=' + value);
                    else
                        passed.insert(passed.end(), {name, value});
                }
            },
            help)
        ->allow_extra_args(false);
}

/// Options as they were given, one among the other: their order is that of the prompt.
void passInOrder(const CLI::App &command, std::span<CLI::Option *const> options, std::vector<std::string> &out)
{
    std::map<const CLI::Option *, size_t> numSeen;
    for (const CLI::Option *given : command.parse_order()) {
        if (std::find(options.begin(), options.end(), given) == options.end()) continue;
        out.insert(out.end(), {given->get_name(), given->results().at(numSeen[given]++)});
    }
}

} // namespace

void addModel(CLI::App &app, Session &session)
{
    static ModelArguments arguments;
    auto *generate = app.add_subcommand("generate", "Continue a prompt with a run's model at any saved step");
    generate->add_option("model", arguments.model, "RUN, RUN@step, RUN@best or a model directory")->required();
    auto *prompt = generate->add_option("--prompt", arguments.prompts, "Text to continue; may be repeated between pictures and recordings")
                       ->allow_extra_args(false);
    auto *image = generate->add_option("--image", arguments.images, "Picture (PNG, JPEG) at this place of the prompt; may be repeated")
                      ->allow_extra_args(false);
    auto *audio = generate->add_option("--audio", arguments.recordings, "Recording (WAV, FLAC) at this place of the prompt; may be repeated")
                      ->allow_extra_args(false);
    auto *promptFile =
        generate->add_option("--prompt-file", arguments.promptFile, "File with the text to continue")->excludes(prompt);
    auto *infill = generate->add_option("--infill", arguments.infill, "Text behind a hole: fills what stands between it and the prompt");
    auto *promptIds = passOption(generate, "--prompt-ids", "Exact tokens in place of a prompt, 12,7,260", arguments.passed)
                          ->excludes(prompt, promptFile, image, audio);
    passOption(generate, "--answer-ids", "Tokens that the answer begins with, 12,7,260; it goes on behind them",
               arguments.passed);
    generate->add_option("--messages", arguments.messages, "JSON file with a conversation, - for stdin: the model answers")
        ->excludes(prompt, promptFile, promptIds, infill, image, audio);
    passOption(generate, "--memory", "Memory file to begin with; what is read and answered is added to it", arguments.passed);
    generate->add_flag_callback("--no-memory", [] { arguments.passed.emplace_back("--no-memory"); },
                                "Begin without the memory that is saved with the model");
    passOption(generate, "--source", "What the text is called in the memory (its file)", arguments.passed);
    passOption(generate, "--mask", "prefix: the prompt's tokens see one another (hybrid objective); causal: each what stands before it (causal)",
               arguments.passed);
    passOption(generate, "--max-tokens", "Tokens at most (200)", arguments.passed);
    passOptions(generate, "--stop", "Text before which the answer ends; may be repeated", arguments.passed);
    passOption(generate, "--temperature", "0 takes the most probable token (0.8)", arguments.passed);
    passOption(generate, "--top-k", "Only the k most probable tokens; 0: off", arguments.passed);
    passOption(generate, "--top-p", "Only the most probable tokens that reach this mass; 1: off", arguments.passed);
    passOption(generate, "--min-p", "Only tokens of at least this share of the likeliest one's probability; 0: off",
               arguments.passed);
    passOption(generate, "--typical", "Only tokens about as surprising as expected, up to this mass; 1: off",
               arguments.passed);
    passOption(generate, "--repetition-penalty", "Above 1 makes what was read or said less likely; 1: off",
               arguments.passed);
    passOption(generate, "--penalty-window", "Last tokens that the penalty looks at; 0: all (256)", arguments.passed);
    passOption(generate, "--sampler", "Plugin's part that changes the logits before these cuts; not given: none",
               arguments.passed);
    passOption(generate, "--seed", "Seed of the draws", arguments.passed);
    passOption(generate, "--alternatives", "Candidates per token in --json (10)", arguments.passed);
    generate->add_option("--device", arguments.device, "cpu or cuda (the run's own, where this machine has it)");
    generate->add_option("--threads", arguments.threads, "CPU threads; 0: all");
    addPluginFolders(generate);
    addHostOption(generate, session);
    finish(generate, session, [&session, infill, generate, given = std::array{prompt, image, audio}] {
        std::vector<std::string> command, parts;
        if (!arguments.messages.empty()) command.insert(command.end(), {"--messages", arguments.messages});
        if (!arguments.promptFile.empty()) command.insert(command.end(), {"--prompt-file", arguments.promptFile});
        passInOrder(*generate, given, parts);
        if (infill->count() > 0) command.insert(command.end(), {"--infill", arguments.infill});
        command.insert(command.end(), arguments.passed.begin(), arguments.passed.end());
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteGenerate(session, arguments.model, parts, command);
#endif
        command.insert(command.begin(), parts.begin(), parts.end());
        command.insert(command.begin(), "generate");
        return runWorker(session, arguments, std::move(command));
    });

    auto *embed = app.add_subcommand("embed", "Make a vector of a text: the mean of a model's final hidden states");
    embed->add_option("model", arguments.model, "RUN, RUN@step, RUN@best or a model directory")->required();
    passOptions(embed, "--text", "Text to embed; may be given several times", arguments.passed);
    passOptions(embed, "--file", "File to embed as one text; may be given several times", arguments.passed);
    passOption(embed, "--out", "File for the vectors, .npz or .json, instead of printing them", arguments.passed);
    embed->add_option("--device", arguments.device, "cpu or cuda");
    embed->add_option("--threads", arguments.threads, "CPU threads; 0: all");
    addPluginFolders(embed);
    addHostOption(embed, session);
    finish(embed, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteEmbed(session, arguments.model, arguments.passed);
#endif
        std::vector<std::string> command = {"embed"};
        command.insert(command.end(), arguments.passed.begin(), arguments.passed.end());
        return runWorker(session, arguments, std::move(command));
    });

    auto *evaluate = app.add_subcommand("evaluate", "Loss, bits per byte and perplexity of a model on a text");
    evaluate->add_option("model", arguments.model, "RUN, RUN@step, RUN@best or a model directory")->required();
    evaluate
        ->add_option("--data", arguments.data,
                     "What to measure, all of it: file or folder of text, JSONL, a manifest of pictures and "
                     "recordings; or gen:shapes")
        ->required();
    evaluate->add_option("--device", arguments.device, "cpu or cuda (the run's own, where this machine has it)");
    evaluate->add_option("--threads", arguments.threads, "CPU threads; 0: all");
    addPluginFolders(evaluate);
    finishHere(evaluate, session, "Run it on that machine, for example through ssh: its data and its checkpoints are there.", [&session] { return runWorker(session, arguments, {"evaluate", "--data", arguments.data}); });
}

} // namespace orrery::cli
