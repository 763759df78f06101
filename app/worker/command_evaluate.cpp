// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/model_argument.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "core/base/exit_code.h"
#include "core/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <memory>

namespace orrery::worker {

namespace {

constexpr const char *kNoBytes = "no token that counts has a byte of text";

struct EvaluateOptions {
    ModelArgument model;
    std::string data;
    bool isJson = false;
};

void show(const EvaluateSummary &summary, bool isJson)
{
    const bool hasBytes = !std::isnan(summary.bitsPerByte) || std::isnan(summary.loss);
    if (!isJson) {
        const std::string bits =
            hasBytes ? formatSignificant(summary.bitsPerByte, 6) : std::string("none: ") + kNoBytes;
        std::printf("loss          %s nats/token\nbits per byte %s\nperplexity    %s\ntokens        %lld\n",
                    formatSignificant(summary.loss, 6).c_str(), bits.c_str(),
                    formatSignificant(summary.perplexity, 6).c_str(), static_cast<long long>(summary.tokens));
        return;
    }
    const auto finiteOrNull = [](double value) {
        return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
    };
    nlohmann::ordered_json json;
    json["loss"] = finiteOrNull(summary.loss);
    json["bits_per_byte"] = finiteOrNull(summary.bitsPerByte);
    json["perplexity"] = finiteOrNull(summary.perplexity);
    json["tokens"] = summary.tokens;
    if (!hasBytes) json["note"] = std::string("No bits per byte: ") + kNoBytes + ".";
    printLine(json.dump());
}

Result<EvaluateSummary> evaluate(const EvaluateOptions &options)
{
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    return generator->evaluate(options.data, stopSignals().flag());
}

} // namespace

CommandBody declareEvaluate(CLI::App &command)
{
    auto options = std::make_shared<EvaluateOptions>();
    addModelOptions(command, options->model);
    command
        .add_option("--data", options->data,
                    "What to measure, all of it: text, folder, JSONL or manifest; or gen:shapes")
        ->required();
    command.add_flag("--json", options->isJson, "One JSON object");
    return [options] {
        const auto summary = evaluate(*options);
        if (!summary.ok())
            return reportError(summary.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        show(*summary, options->isJson);
        return kExitOk;
    };
}

} // namespace orrery::worker
