// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/conversation_input.h"
#include "app/worker/model_argument.h"
#include "app/worker/option_checks.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "app/worker/text_options.h"
#include "core/base/exit_code.h"
#include "core/base/text.h"
#include "core/data/tokenizer/utf8_stream.h"
#include "core/spec/memory_counts.h"
#include "core/spec/memory_sources.h"
#include "core/tensorfile/memory_file_lock.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <unistd.h>

namespace orrery::worker {

namespace {

using Json = nlohmann::ordered_json;

struct GenerateOptions {
    ModelArgument model;
    std::vector<std::string> prompts;
    std::vector<std::string> images;
    std::vector<std::string> recordings;
    PromptParts parts;
    std::string promptFile;
    std::optional<std::string> infill;
    std::string messagesFile; ///< "-": stdin
    TokenOptions tokens;
    std::string source;       ///< what the text is called in a memory; empty: its file
    std::string memoryFile;
    bool usesNoMemory = false;
    std::string mask; ///< of the prompt; empty: causal
    SamplingSettings sampling;
    bool isJson = false;
};

/// A byte of a longer character is no text by itself: `id` says which byte it was.
std::string tokenLine(const GeneratedToken &token)
{
    Json json;
    json["id"] = token.id;
    json["text"] = sanitizeUtf8(token.bytes);
    json["p"] = token.probability;
    json["chance"] = token.chance;
    json["entropy"] = token.entropy;
    json["alternatives"] = Json::array();
    for (const TokenAlternative &alternative : token.alternatives)
        json["alternatives"].push_back(
            {{"text", sanitizeUtf8(alternative.bytes)},
             {"p", alternative.probability},
             {"chance", alternative.chance}});
    return json.dump();
}

/// @param numRefused tokens that the memory file has no room for; nothing: there is no such file
std::string summaryLine(const GenerateSummary &summary, const std::string &text, const std::string &note,
                        std::optional<int64_t> numRefused, bool isPrefix)
{
    Json json;
    json["event"] = "done";
    json["model"] = sanitizeUtf8(summary.model);
    json["step"] = summary.step;
    json["reason"] = finishReasonName(summary.reason);
    json["prompt_tokens"] = summary.promptTokens;
    if (summary.reusedTokens > 0) json["reused_tokens"] = summary.reusedTokens;
    json["generated_tokens"] = summary.generatedTokens;
    json["prompt_seconds"] = summary.promptSeconds;
    json["decode_seconds"] = summary.decodeSeconds;
    json["threads"] = numTensorThreads();
    json["text"] = sanitizeUtf8(text);
    if (isPrefix) json["mask"] = "prefix";
    if (numRefused) json["refused"] = *numRefused;
    if (!note.empty()) json["note"] = sanitizeUtf8(note);
    return json.dump();
}

/// The prompt, and what stands in it.
Result<void> readParts(const GenerateOptions &options, GenerateRequest &request)
{
    ORRERY_TRY(readPromptParts(options.parts, request));
    if (options.promptFile.empty()) return {};
    ORRERY_ASSIGN(request.prompt, readTextFile(options.promptFile, kMaxPromptBytes, TextFileUse::Prompt));
    return {};
}

/// What the text is called that a memory may keep.
std::string sourceOf(const GenerateOptions &options)
{
    if (!options.source.empty()) return options.source;
    if (!options.messagesFile.empty()) return options.messagesFile == "-" ? "" : options.messagesFile;
    return options.promptFile;
}

/// A file that is not there yet is an empty memory: it is written behind the answer.
/// @return tokens that it had refused before
Result<int64_t> openMemory(const GenerateOptions &options, Generator &generator)
{
    if (options.usesNoMemory) ORRERY_TRY(generator.loadMemory({}));
    if (options.usesNoMemory || options.memoryFile.empty()) return 0;
    std::error_code ignored;
    const bool isThere = std::filesystem::exists(options.memoryFile, ignored);
    ORRERY_TRY(isThere ? loadMemoryOf(generator, options.memoryFile) : generator.loadMemory({}));
    // A model without one says so before it writes an answer that nobody would remember.
    ORRERY_ASSIGN(const MemoryReport before, generator.editMemory({}));
    return before.status.numRefused;
}

/// What was read and answered, to the file. @return tokens of it that found no slot
Result<int64_t> saveMemory(const GenerateOptions &options, Generator &generator, int64_t numRefusedBefore)
{
    std::error_code failed;
    const std::filesystem::path path = std::filesystem::weakly_canonical(std::filesystem::absolute(options.memoryFile), failed);
    MemoryEdit edit{.verb = MemoryVerb::Save};
    edit.path = failed ? std::filesystem::absolute(options.memoryFile).string() : path.string();
    ORRERY_ASSIGN(const MemoryReport report, generator.editMemory(edit));
    const int64_t numRefused = countBetween(numRefusedBefore, report.status.numRefused);
    if (numRefused > 0)
        std::fprintf(stderr,
                     "orrery-worker: %lld %s not remembered: all %lld slots are pinned. Unpin an event with "
                     "memory unpin, or wipe a source.\n",
                     static_cast<long long>(numRefused), numRefused == 1 ? "token was" : "tokens were",
                     static_cast<long long>(report.status.capacity));
    return numRefused;
}

Result<GenerateSummary> generate(const GenerateOptions &options)
{
    GenerateRequest request{.sampling = options.sampling, .infill = options.infill};
    if (!options.isJson) request.sampling.numAlternatives = 0;
    ORRERY_TRY(readParts(options, request));
    if (!options.messagesFile.empty()) {
        ORRERY_ASSIGN(request.messages, readMessages(options.messagesFile));
    }
    ORRERY_TRY(readTokenOptions(options.tokens, request));
    request.source = sourceName(sourceOf(options));
    request.mask = options.mask;
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    MemoryFileLock lock; // until what was answered is saved
    if (!options.memoryFile.empty()) {
        ORRERY_ASSIGN(lock, MemoryFileLock::acquire(options.memoryFile, "generate"));
    }
    ORRERY_ASSIGN(const int64_t numRefusedBefore, openMemory(options, *generator));
    std::string text;
    Utf8Stream characters;
    const auto show = [&](const GeneratedToken &token) {
        text += token.bytes;
        if (options.isJson) {
            printLine(tokenLine(token));
        } else {
            const std::string whole = characters.append(token.bytes);
            std::fwrite(whole.data(), 1, whole.size(), stdout);
            std::fflush(stdout);
        }
        return std::ferror(stdout) == 0; // nobody reads any more
    };
    ORRERY_ASSIGN(const GenerateSummary summary, generator->generate(request, show, stopSignals().flag()));
    if (!options.isJson) {
        const std::string rest = characters.flush(); // an answer may end within a character
        std::fwrite(rest.data(), 1, rest.size(), stdout);
        std::fputc('\n', stdout);
        std::fflush(stdout); // before what is said of the memory
    }
    std::optional<int64_t> numRefused;
    if (!options.memoryFile.empty() && summary.reason != FinishReason::Cancelled) {
        ORRERY_ASSIGN(numRefused, saveMemory(options, *generator, numRefusedBefore));
    }
    if (options.isJson)
        printLine(summaryLine(summary, text, generator->info().note, numRefused, options.mask == "prefix"));
    return summary;
}

} // namespace

CommandBody declareGenerate(CLI::App &command)
{
    auto options = std::make_shared<GenerateOptions>();
    addModelOptions(command, options->model);
    auto *prompt = command
                       .add_option("--prompt", options->prompts,
                                   "Text to continue; empty: from nothing. May stand several times, between "
                                   "pictures and recordings")
                       ->allow_extra_args(false);
    auto *image = command.add_option("--image", options->images, "Picture at this place of the prompt")
                      ->allow_extra_args(false);
    auto *audio = command.add_option("--audio", options->recordings, "Recording at this place of the prompt")
                      ->allow_extra_args(false);
    auto *promptFile =
        command.add_option("--prompt-file", options->promptFile, "File with the text to continue")
            ->excludes(prompt);
    auto *infill = command.add_option_function<std::string>(
        "--infill", [options](const std::string &text) { options->infill = text; },
        "Text behind a hole; what stands between it and the prompt is generated");
    auto *promptIds = addTokenOptions(command, options->tokens)->excludes(prompt, promptFile, image, audio);
    command
        .add_option(
            "--messages", options->messagesFile,
            "JSON file with the turns of a conversation and their pictures and recordings, - for stdin; "
            "the model answers")
        ->excludes(prompt, promptFile, promptIds, infill, image, audio);
    auto *noMemory = command.add_flag("--no-memory", options->usesNoMemory,
                                      "Begin without the memory that is saved with the model");
    command
        .add_option("--memory", options->memoryFile,
                    "Begin with what this file holds, and add what is read and answered to it")
        ->excludes(noMemory)
        ->check(namedFile("leave --memory out to keep nothing"));
    command.add_option("--source", options->source,
                       "What the text is called in the memory; its file, if not given");
    command.add_option("--mask", options->mask,
                       "prefix: the prompt's tokens see one another, with a model that learned it so; causal");
    addSamplingOptions(command, options->sampling);
    command.add_flag("--json", options->isJson, "One JSON line per token, then one with \"event\":\"done\"");
    return [options, &command, given = std::array<const CLI::Option *, 3>{prompt, image, audio}] {
        options->parts = partsInOrder(command, given);
        const auto summary = generate(*options);
        if (!summary.ok())
            return reportError(summary.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        return summary->reason == FinishReason::Cancelled ? kExitCancelled : kExitOk;
    };
}

} // namespace orrery::worker
