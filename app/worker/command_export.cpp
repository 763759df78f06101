// SPDX-License-Identifier: Apache-2.0
// A run's checkpoint as a model directory, with the memory that is saved with the run. Neither LibTorch's
// threads nor the model's plugins are needed: files are copied and described.
#include "app/worker/commands.h"
#include "app/worker/model_argument.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "core/base/exit_code.h"
#include "core/base/platform.h"
#include "core/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <map>
#include <memory>
#include <unistd.h>

namespace orrery::worker {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kProgressSeconds = 0.1;

struct ExportOptions {
    ModelArgument model;
    std::string directory;
    ExportFormat format = ExportFormat::Orrery;
    bool isJson = false;
};

/// A line that is redrawn on a terminal; lines of JSON for programs.
std::function<void(uint64_t, uint64_t)> progressOf(const ExportOptions &options)
{
    const bool isTerminal = isatty(STDERR_FILENO) == 1;
    if (!options.isJson && !isTerminal) return {};
    return [isJson = options.isJson, last = 0.0](uint64_t numDone, uint64_t numTotal) mutable {
        const double now = monotonicSeconds();
        if (now - last < kProgressSeconds && numDone != numTotal) return;
        last = now;
        if (isJson)
            return printLine(
                Json{{"event", "progress"}, {"bytes", numDone}, {"total_bytes", numTotal}}.dump());
        std::fprintf(stderr, "\r\033[Kexporting %s of %s", formatBytes(numDone).c_str(),
                     formatBytes(numTotal).c_str());
        if (numDone == numTotal) std::fputs("\r\033[K", stderr);
    };
}

void show(const ExportedModel &exported, const ExportOptions &options)
{
    if (options.isJson)
        return printLine(
            Json{{"event", "done"},
                 {"model", sanitizeUtf8(options.directory)},
                 {"source", sanitizeUtf8(exported.source)},
                 {"step", exported.step},
                 {"bytes", exported.numBytes},
                 {"memory", exported.hasMemory},
                 {"plugins", exported.plugins.use},
                 {"architecture", exported.architecture.empty() ? Json() : Json(exported.architecture)}}
                .dump());
    std::string line = "exported " + exported.source + " to " + options.directory + ": " +
                       formatBytes(exported.numBytes) + (exported.hasMemory ? ", its memory too" : "");
    if (!exported.architecture.empty()) line += ", as " + exported.architecture;
    for (const std::string &plugin : exported.plugins.use) line += ", needs plugin " + plugin;
    printLine(line);
}

Result<void> exportModel(const ExportOptions &options)
{
    ORRERY_ASSIGN(const ModelReference reference, resolveReference(options.model));
    const ExportWatch watch{progressOf(options), &stopSignals().flag()};
    const auto exported = exportModelDirectory(reference, options.directory, watch, options.format);
    if (!exported.ok()) {
        if (!options.isJson && isatty(STDERR_FILENO) == 1) std::fputs("\r\033[K", stderr);
        return exported.error();
    }
    if (!exported->note.empty()) std::fprintf(stderr, "orrery-worker: %s\n", exported->note.c_str());
    show(*exported, options);
    return {};
}

} // namespace

CommandBody declareExport(CLI::App &command)
{
    static const std::map<std::string, ExportFormat> formats = {{"orrery", ExportFormat::Orrery},
                                                                {"hf", ExportFormat::HuggingFace}};
    auto options = std::make_shared<ExportOptions>();
    command.add_option("--model", options->model.reference, "RUN, RUN@step, RUN@best or a model directory")
        ->required();
    command
        .add_option("--out", options->directory, "Directory for the model: a free name or an empty folder")
        ->required();
    command
        .add_option("--format", options->format,
                    "orrery: everything that a model can have; hf: transformers loads it, too (Llama, Qwen3 "
                    "or GPT-2)")
        ->transform(CLI::CheckedTransformer(formats));
    command.add_flag("--json", options->isJson, "JSON lines: progress, then one with \"event\":\"done\"");
    return [options] {
        const auto done = exportModel(*options);
        if (!done.ok())
            return reportError(done.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        return kExitOk;
    };
}

} // namespace orrery::worker
