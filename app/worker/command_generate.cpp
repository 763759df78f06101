// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/model_argument.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "core/base/exit_code.h"
#include "core/base/files.h"
#include "core/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>
#include <optional>
#include <unistd.h>

namespace orrery::worker {

namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxPromptBytes = 64u << 20;

struct GenerateOptions {
    ModelArgument model;
    std::string prompt;
    std::string promptFile;
    std::optional<std::string> infill;
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
    json["entropy"] = token.entropy;
    json["alternatives"] = Json::array();
    for (const TokenAlternative &alternative : token.alternatives)
        json["alternatives"].push_back(
            {{"text", sanitizeUtf8(alternative.bytes)}, {"p", alternative.probability}});
    return json.dump();
}

std::string summaryLine(const GenerateSummary &summary, const std::string &text, const std::string &note)
{
    Json json;
    json["event"] = "done";
    json["model"] = sanitizeUtf8(summary.model);
    json["step"] = summary.step;
    json["reason"] = finishReasonName(summary.reason);
    json["prompt_tokens"] = summary.promptTokens;
    json["generated_tokens"] = summary.generatedTokens;
    json["prompt_seconds"] = summary.promptSeconds;
    json["decode_seconds"] = summary.decodeSeconds;
    json["threads"] = numTensorThreads();
    json["text"] = sanitizeUtf8(text);
    if (!note.empty()) json["note"] = sanitizeUtf8(note);
    return json.dump();
}

Result<GenerateSummary> generate(const GenerateOptions &options)
{
    GenerateRequest request{.prompt = options.prompt, .sampling = options.sampling, .infill = options.infill};
    if (!options.isJson) request.sampling.numAlternatives = 0;
    if (!options.promptFile.empty()) {
        ORRERY_ASSIGN(request.prompt, readFile(options.promptFile, kMaxPromptBytes));
    }
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    std::string text;
    const auto show = [&](const GeneratedToken &token) {
        text += token.bytes;
        if (options.isJson) {
            printLine(tokenLine(token));
        } else {
            std::fwrite(token.bytes.data(), 1, token.bytes.size(), stdout);
            std::fflush(stdout);
        }
        return std::ferror(stdout) == 0; // nobody reads any more
    };
    ORRERY_ASSIGN(const GenerateSummary summary, generator->generate(request, show, stopSignals().flag()));
    if (options.isJson)
        printLine(summaryLine(summary, text, generator->info().note));
    else
        std::fputc('\n', stdout);
    return summary;
}

} // namespace

CommandBody declareGenerate(CLI::App &command)
{
    auto options = std::make_shared<GenerateOptions>();
    addModelOptions(command, options->model);
    auto *prompt = command.add_option("--prompt", options->prompt, "Text to continue; empty: from nothing");
    command.add_option("--prompt-file", options->promptFile, "File with the text to continue")
        ->excludes(prompt);
    command.add_option_function<std::string>(
        "--infill", [options](const std::string &text) { options->infill = text; },
        "Text behind a hole; what stands between it and the prompt is generated");
    command.add_option("--max-tokens", options->sampling.maxTokens, "Tokens to add at most, 1 … 1,000,000");
    command.add_option("--temperature", options->sampling.temperature, "0 (most probable) … 10");
    command.add_option("--top-k", options->sampling.topK, "Keep the k most probable tokens; 0: off");
    command.add_option("--top-p", options->sampling.topP,
                       "Keep the most probable tokens up to this share; 1: off");
    command.add_option("--seed", options->sampling.seed, "Same seed, same text");
    command.add_option("--alternatives", options->sampling.numAlternatives,
                       "Candidates per token in --json, 0 … 50");
    command.add_flag("--json", options->isJson, "One JSON line per token, then one with \"event\":\"done\"");
    return [options] {
        const auto summary = generate(*options);
        if (!summary.ok())
            return reportError(summary.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        return summary->reason == FinishReason::Cancelled ? kExitCancelled : kExitOk;
    };
}

} // namespace orrery::worker
