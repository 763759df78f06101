// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/model_argument.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "app/worker/text_options.h"
#include "core/base/exit_code.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/tensorfile/npz_writer.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace orrery::worker {

namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxTextBytes = 64u << 20;

struct EmbedOptions {
    ModelArgument model;
    std::vector<std::string> texts;
    std::vector<std::string> files;
    std::string out; ///< *.npz or *.json
    bool isJson = false;
};

std::string jsonOf(const EmbedSummary &summary)
{
    Json json;
    json["model"] = sanitizeUtf8(summary.model);
    json["step"] = summary.step;
    json["mask"] = summary.mask;
    json["tokens"] = summary.tokens;
    json["embedding"] = summary.embedding;
    return json.dump();
}

Result<void> checkOut(const std::string &out)
{
    const std::string ending = std::filesystem::path(out).extension();
    if (out.empty() || ending == ".npz" || ending == ".json") return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot write embeddings to \"" + out + "\": its ending is \"" + ending +
                     "\", expected .npz or .json.",
                 "Name the file *.npz for numpy, or *.json."};
}

Result<void> writeOut(const std::string &out, const std::vector<EmbedSummary> &summaries)
{
    if (std::filesystem::path(out).extension() == ".json") {
        std::string text = "[";
        for (const EmbedSummary &summary : summaries)
            text += (text.size() > 1 ? ",\n " : "") + jsonOf(summary);
        return writeFileAtomically(out, text + "]\n");
    }
    std::vector<float> rows;
    std::vector<int64_t> tokens;
    for (const EmbedSummary &summary : summaries) {
        rows.insert(rows.end(), summary.embedding.begin(), summary.embedding.end());
        tokens.push_back(summary.tokens);
    }
    NpzWriter npz;
    npz.add("embedding", rows, {summaries.size(), rows.size() / summaries.size()});
    npz.add("tokens", tokens, {tokens.size()});
    ORRERY_ASSIGN(const std::string bytes, npz.bytes());
    return writeFileAtomically(out, bytes);
}

void show(const EmbedSummary &summary, bool isJson)
{
    if (isJson) return printLine(jsonOf(summary));
    std::string line;
    for (const float value : summary.embedding)
        line += (line.empty() ? "" : " ") + formatSignificant(static_cast<double>(value), 7);
    printLine(line);
}

Result<std::vector<EmbedSummary>> embed(const EmbedOptions &options)
{
    ORRERY_TRY(checkOut(options.out));
    std::vector<std::string> texts = options.texts;
    for (const std::string &file : options.files) {
        ORRERY_ASSIGN(std::string text, readTextFile(file, kMaxTextBytes, TextFileUse::TextOnly));
        texts.push_back(std::move(text));
    }
    if (texts.empty())
        return Error{ErrorCode::InvalidInput, "Cannot embed: there is no text, expected one or more.",
                     "Give it with --text TEXT or --file PATH."};
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    std::vector<EmbedSummary> summaries;
    for (const std::string &text : texts) {
        ORRERY_ASSIGN(EmbedSummary summary, generator->embed({text}, stopSignals().flag()));
        summaries.push_back(std::move(summary));
    }
    if (summaries.front().mask == "causal")
        std::fprintf(stderr,
                     "orrery-worker: the training of this model had no prefixes, so each token saw only what stands before it\n");
    if (!options.out.empty()) ORRERY_TRY(writeOut(options.out, summaries));
    return summaries;
}

} // namespace

CommandBody declareEmbed(CLI::App &command)
{
    auto options = std::make_shared<EmbedOptions>();
    addModelOptions(command, options->model);
    command.add_option("--text", options->texts, "Text to embed; may be given several times")
        ->allow_extra_args(false);
    command.add_option("--file", options->files, "File to embed as one text; may be given several times")
        ->allow_extra_args(false);
    command.add_option("--out", options->out,
                       "File for the vectors, .npz or .json, instead of printing them");
    command.add_flag("--json", options->isJson, "One JSON object per text");
    return [options] {
        const auto summaries = embed(*options);
        if (!summaries.ok())
            return reportError(summaries.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        if (options->out.empty() || options->isJson)
            for (const EmbedSummary &summary : *summaries) show(summary, options->isJson);
        return kExitOk;
    };
}

} // namespace orrery::worker
