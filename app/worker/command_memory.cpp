// SPDX-License-Identifier: Apache-2.0
// What a model remembers of the texts that it read, in a file of --memory or in the one that is saved with
// the model: shown, edited, moved, and learned by the model itself.
#include "app/worker/commands.h"
#include "app/worker/consolidation_output.h"
#include "app/worker/memory_change.h"
#include "app/worker/memory_output.h"
#include "app/worker/model_argument.h"
#include "app/worker/option_checks.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "core/base/exit_code.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/infer/model_directory.h"
#include "core/spec/consolidation_rules.h"
#include "core/spec/memory_sources.h"
#include "core/tensorfile/memory_file.h"
#include "core/tensorfile/memory_file_lock.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <unistd.h>

namespace orrery::worker {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct MemoryOptions {
    ModelArgument model;
    std::string action;
    std::string file;   ///< --memory; empty: the model's own
    std::string target; ///< import, export
    std::string source;
    bool isAll = false;
    std::optional<int64_t> event, slot;
    double factor = 1;
    int64_t maxEvents = MemoryEdit{}.maxEvents; ///< similarity
    ConsolidateRequest consolidate;
    bool isJson = false;
};

void showReport(const MemoryReport &report, const MemoryOptions &options, const std::string &file,
                const MemoryChange &change)
{
    if (options.isJson) {
        Json json = memoryJson(report, file);
        addChange(change, json);
        return printLine(json.dump());
    }
    if (!change.line.empty()) printLine(change.line);
    const bool isComparing = options.action == "similarity";
    for (const std::string &line : isComparing ? similarityLines(report) : memoryLines(report, file))
        printLine(line);
}

Error nothingThere(const MemoryOptions &options, const fs::path &file)
{
    const std::string cannot = "Cannot " + options.action + " the memory of \"" + options.model.reference + "\": ";
    // No file helps a model that has no memory.
    const auto generator = loadModel(options.model);
    if (!generator) return generator.error();
    const auto begun = (*generator)->loadMemory({});
    const auto listed = begun ? (*generator)->editMemory({}) : begun.error();
    if (!listed && listed.error().code == ErrorCode::NotFound)
        return {ErrorCode::NotFound, cannot + "the model has no episodic memory, expected a model with one.",
                "Train it with plugins.memory.episodic_size above 0."};
    return {ErrorCode::NotFound, cannot + "there is no \"" + file.string() + "\", expected a saved memory.",
            options.action == "import"   ? "Check the path of what is to be imported."
            : options.action == "export" ? "Bring one with memory import first; a memory file that is not saved with the model is copied as it is."
            : options.file.empty()       ? "Bring one with memory import, or name a file with --memory."
                                         : "Let generate write one with --memory."};
}

/// What the file holds; texts begin with nothing then. @error as loadMemory
Result<MemoryReport> reportOf(Generator &generator, const fs::path &file)
{
    ORRERY_TRY(generator.loadMemory(file));
    ORRERY_ASSIGN(MemoryReport report, generator.editMemory({}));
    ORRERY_TRY(generator.loadMemory({}));
    return report;
}

/// Of two options exactly one.
Error notOneOf(const MemoryOptions &options, bool areBoth, const std::string &one, const std::string &other,
               const std::string &hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot " + options.action + " anything in the memory of \"" + options.model.reference + "\": " +
                (areBoth ? "both " + one + " and " + other + " are given"
                         : "neither " + one + " nor " + other + " is given") +
                ", expected one of them.",
            hint};
}

/// What it is about: an event or, where the action knows them, one of its slots.
Result<void> checkTarget(const MemoryOptions &options)
{
    if (options.event.has_value() != options.slot.has_value()) return {};
    return notOneOf(options, options.event.has_value(), "--event NUMBER", "--slot NUMBER",
                    "List the events with memory list; --json has their slots.");
}

Result<MemoryEdit> editOf(const MemoryOptions &options)
{
    MemoryEdit edit;
    edit.verb = memoryVerbFromName(options.action);
    edit.event = options.event.value_or(0);
    edit.slot = options.slot.value_or(-1);
    edit.factor = options.factor;
    edit.maxEvents = options.maxEvents;
    edit.source = sourceName(options.source);
    if (edit.verb == MemoryVerb::Forget || edit.verb == MemoryVerb::Scale) ORRERY_TRY(checkTarget(options));
    if (edit.verb == MemoryVerb::Forget && options.slot) edit.verb = MemoryVerb::ForgetSlot;
    if (edit.verb != MemoryVerb::Wipe || options.source.empty() == options.isAll) return edit;
    return notOneOf(options, options.isAll, "--source NAME", "--all", "List the sources with memory list.");
}

/// What is not a memory file is somebody's: it is neither deleted nor written over.
Error noMemoryFile(const std::string &action, const fs::path &file, const std::string &hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot " + action + " \"" + file.string() +
                "\": it is no memory file, expected one that is marked as such.",
            hint};
}

/// @param own what is saved with the model: it may be broken
Result<void> deleteFile(const MemoryOptions &options, const fs::path &file, const fs::path &own)
{
    std::error_code failed;
    const bool isOwn =
        fs::is_regular_file(fs::symlink_status(file, failed)) && fs::equivalent(file, own, failed);
    if (!isOwn && !isMemoryFile(file))
        return noMemoryFile("delete", file, "Check the path; delete other files by hand.");
    failed.clear();
    fs::remove(file, failed);
    if (failed)
        return Error{ErrorCode::Io, "Cannot delete \"" + file.string() + "\": " + failed.message() + ".",
                     "Check who may write its folder."};
    if (options.isJson)
        printLine(Json{{"event", "done"}, {"deleted", sanitizeUtf8(file.string())}}.dump());
    else
        printLine("deleted " + file.string());
    return {};
}

Result<void> editFile(const MemoryOptions &options, Generator &generator, const fs::path &file,
                      const fs::path &own)
{
    ORRERY_ASSIGN(const MemoryEdit edit, editOf(options));
    if (edit.verb == MemoryVerb::Wipe && options.isAll) return deleteFile(options, file, own);
    const bool isEdited = edit.verb != MemoryVerb::List && edit.verb != MemoryVerb::Similarity;
    MemoryReport before;
    if (isEdited) {
        ORRERY_ASSIGN(before, generator.editMemory({}));
    }
    ORRERY_ASSIGN(const MemoryReport report, generator.editMemory(edit));
    // A source may have read only, and free nothing.
    if (edit.verb == MemoryVerb::Wipe && !isKnownSource(before.events, edit.source))
        return Error{ErrorCode::NotFound,
                     "Cannot wipe source \"" + edit.source + "\": \"" + file.string() +
                         "\" has nothing of it, expected a source that it has.",
                     "List the sources with memory list."};
    if (isEdited) ORRERY_TRY(generator.saveMemory(file));
    showReport(report, options, file.string(), editChange(edit, before));
    return {};
}

/// A line that is redrawn on a terminal; lines of JSON for programs, fewer, as whoever reads them keeps them for hours.
std::function<void(const ConsolidationAmount &)> progressOf(const MemoryOptions &options)
{
    constexpr double kTerminalSeconds = 0.1, kJsonSeconds = 0.5;
    if (!options.isJson && isatty(STDERR_FILENO) != 1) return {};
    return [isJson = options.isJson, last = 0.0,
            phase = ConsolidationPhase::Unknown](const ConsolidationAmount &amount) mutable {
        const double now = monotonicSeconds();
        if (now - last < (isJson ? kJsonSeconds : kTerminalSeconds) && amount.phase == phase && amount.numDone != amount.numTotal) return;
        last = now;
        phase = amount.phase;
        if (isJson)
            printLine(consolidationJson(amount).dump());
        else
            std::fprintf(stderr, "\r\033[K%s", consolidationLine(amount).c_str());
    };
}

Result<void> consolidate(const MemoryOptions &options, Generator &generator)
{
    ConsolidateRequest request = options.consolidate;
    request.settings.onAmount = progressOf(options);
    const Result<Consolidation> done = generator.consolidate(request, stopSignals().flag());
    if (request.settings.onAmount && !options.isJson) std::fputs("\r\033[K", stderr);
    if (!done) return done.error();
    ORRERY_ASSIGN(const ModelConfig written, readModelConfig(request.directory));
    const ModelConsolidationSummary summary{.directory = request.directory,
                                            .source = written.source,
                                            .step = written.step,
                                            .learned = written.learned,
                                            .numTexts = done->numTexts,
                                            .numSlots = std::ssize(done->slots),
                                            .lossBefore = done->lossBefore,
                                            .lossAfter = done->lossAfter,
                                            .numProtected = done->numProtected,
                                            .protectedBefore = done->protectedBefore,
                                            .protectedAfter = done->protectedAfter,
                                            .protectedFrom = done->protectedFrom};
    if (options.isJson)
        printLine(consolidationJson(summary).dump());
    else
        for (const std::string &line : consolidationLines(summary)) printLine(line);
    return {};
}

Result<void> work(const MemoryOptions &options)
{
    if (options.action == "consolidate")
        ORRERY_TRY(checkConsolidation(options.consolidate.settings, options.model.reference));
    ORRERY_ASSIGN(const ModelReference reference, resolveReference(options.model));
    const fs::path own = memoryFileOf(reference);
    fs::path file = options.file.empty() ? own : fs::path(options.file);
    if (options.action == "import") file = options.target;
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return nothingThere(options, file);
    if (options.action == "export" && fs::exists(options.target, ignored) && !isMemoryFile(options.target))
        return noMemoryFile("write over", options.target, "Choose another name, or delete it by hand.");
    const bool isImport = options.action == "import", isExport = options.action == "export";
    const bool isWritten =
        options.action != "list" && options.action != "similarity" && options.action != "consolidate";
    const fs::path written = isImport ? own : isExport ? fs::path(options.target) : file;
    MemoryFileLock lock;
    if (isWritten) {
        ORRERY_ASSIGN(lock, MemoryFileLock::acquire(written, "memory " + options.action));
    }
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    const bool isOver = (isImport || isExport) && fs::exists(written, ignored);
    std::optional<Result<MemoryReport>> replaced;
    if (isImport && isOver) replaced = reportOf(*generator, own);
    // A broken file may be deleted.
    if (options.action != "wipe" || !options.isAll) ORRERY_TRY(loadMemoryOf(*generator, file));
    if (options.action == "consolidate") return consolidate(options, *generator);
    if (!isImport && !isExport) return editFile(options, *generator, file, own);
    ORRERY_TRY(generator->saveMemory(written));
    ORRERY_ASSIGN(const MemoryReport report, generator->editMemory({}));
    showReport(report, options, written.string(),
               isImport ? importChange(report, file.string(), replaced) : exportChange(report, written.string(), isOver));
    return {};
}

} // namespace

CommandBody declareMemory(CLI::App &command)
{
    auto options = std::make_shared<MemoryOptions>();
    command.add_option("action", options->action, "What to do")
        ->required()
        ->check(CLI::IsMember({"list", "wipe", "pin", "unpin", "forget", "scale", "similarity", "import",
                               "export", "consolidate"}));
    addModelOptions(command, options->model);
    command
        .add_option("--memory", options->file, "File of the memory; not given: what is saved with the model")
        ->check(namedFile("leave --memory out for what is saved with the model"));
    command.add_option("--file", options->target, "import: from where; export: to where");
    command.add_option("--source", options->source, "wipe: all that is remembered of this source");
    command.add_flag("--all", options->isAll, "wipe: everything; the file is deleted");
    command.add_option("--event", options->event, "pin, unpin, forget, scale: its number in the list");
    command.add_option("--slot", options->slot, "forget, scale: one token, by its slot in --json");
    command.add_option("--factor", options->factor, "scale: of what a read of it gives, 0 … 4");
    command.add_option("--max-events", options->maxEvents, "similarity: of the newest, 1 … 1024");
    command.add_option("--out", options->consolidate.directory, "consolidate: directory of the new model");
    command.add_option("--data", options->consolidate.dataPath,
                       "consolidate: texts of all kinds; not given: all that the run was trained on");
    command
        .add_option("--slots", options->consolidate.settings.numSlots, "consolidate: slots that may change");
    command.add_option("--passes", options->consolidate.settings.numPasses, "consolidate: over all texts");
    command.add_option("--rate", options->consolidate.settings.learningRate,
                       "consolidate: how far a step moves, in units of the values");
    command.add_flag("--json", options->isJson, "One JSON object; consolidate: lines of progress before it");
    return [options] {
        const auto done = work(*options);
        if (!done.ok())
            return reportError(done.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        return kExitOk;
    };
}

} // namespace orrery::worker
