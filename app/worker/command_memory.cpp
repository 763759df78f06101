// SPDX-License-Identifier: Apache-2.0
// What a model remembers of the texts that it read, in a file of --memory or in the one that is saved with
// the model: shown, edited, moved, and learned by the model itself.
#include "app/worker/commands.h"
#include "app/worker/model_argument.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "core/base/exit_code.h"
#include "core/base/text.h"
#include "core/tensorfile/memory_file.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>

namespace orrery::worker {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kShownBytes = 60; ///< of an event's text in a list for people

struct MemoryOptions {
    ModelArgument model;
    std::string action;
    std::string file;   ///< --memory; empty: the model's own
    std::string target; ///< import, export
    std::string source;
    bool isAll = false;
    int64_t event = 0;
    ConsolidateRequest consolidate;
    bool isJson = false;
};

Json jsonOf(const MemoryReport &report, const std::string &file)
{
    Json json;
    json["memory"] = sanitizeUtf8(file);
    json["capacity"] = report.status.capacity;
    json["used"] = report.status.numUsed;
    json["pinned"] = report.status.numPinned;
    json["events"] = Json::array();
    for (const MemoryEvent &event : report.events)
        json["events"].push_back({{"id", event.id},
                                  {"source", sanitizeUtf8(event.source)},
                                  {"first_token", event.firstToken},
                                  {"last_token", event.lastToken},
                                  {"step", event.step},
                                  {"slots", event.numSlots},
                                  {"usage", event.meanUsage},
                                  {"age", event.age},
                                  {"pinned", event.isPinned},
                                  {"text", sanitizeUtf8(event.text)}});
    return json;
}

/// One line of a list: no line ends in it.
std::string oneLine(const std::string &text)
{
    std::string line = sanitizeUtf8(text.substr(0, kShownBytes));
    for (char &c : line)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    return text.size() > kShownBytes ? line + "…" : line;
}

void showReport(const MemoryReport &report, const std::string &file, bool isJson)
{
    if (isJson) return printLine(jsonOf(report, file).dump());
    printLine(file + ": " + std::to_string(report.status.numUsed) + " of " +
              std::to_string(report.status.capacity) + " slots used, " +
              std::to_string(report.status.numPinned) + " pinned");
    for (const MemoryEvent &event : report.events)
        printLine("event " + std::to_string(event.id) + "  " + oneLine(event.source) + "  tokens " +
                  std::to_string(event.firstToken) + "-" + std::to_string(event.lastToken) + "  step " +
                  std::to_string(event.step) + "  usage " + formatSignificant(event.meanUsage, 3) +
                  (event.isPinned ? "  pinned" : "") + "  " + oneLine(event.text));
}

Error nothingThere(const MemoryOptions &options, const fs::path &file)
{
    return {ErrorCode::NotFound,
            "Cannot " + options.action + " the memory of \"" + options.model.reference +
                "\": there is no \"" + file.string() + "\", expected a saved memory.",
            options.file.empty() ? "Bring one with memory import, or name a file with --memory."
                                 : "Let generate write one with --memory."};
}

Result<MemoryEdit> editOf(const MemoryOptions &options)
{
    if (options.action == "list") return MemoryEdit{};
    if (options.action != "wipe")
        return MemoryEdit{.verb = options.action == "pin" ? MemoryVerb::Pin : MemoryVerb::Unpin,
                          .source = {},
                          .event = options.event};
    if (options.source.empty() == options.isAll) return MemoryEdit{MemoryVerb::Wipe, options.source, 0};
    return Error{ErrorCode::InvalidInput,
                 "Cannot wipe: expected one of --source NAME and --all, found " +
                     std::string(options.isAll ? "both." : "none."),
                 "List the sources with memory list."};
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
    ORRERY_ASSIGN(const MemoryReport report, generator.editMemory(edit));
    if (edit.verb == MemoryVerb::Wipe && report.numFreed == 0)
        return Error{ErrorCode::NotFound,
                     "Cannot wipe source \"" + edit.source + "\": \"" + file.string() +
                         "\" has nothing of it.",
                     "List the sources with memory list."};
    if (edit.verb != MemoryVerb::List) ORRERY_TRY(generator.saveMemory(file));
    showReport(report, file.string(), options.isJson);
    return {};
}

Result<void> consolidate(const MemoryOptions &options, Generator &generator)
{
    ORRERY_ASSIGN(const Consolidation done, generator.consolidate(options.consolidate, stopSignals().flag()));
    if (options.isJson) {
        printLine(Json{{"event", "done"},
                       {"model", sanitizeUtf8(options.consolidate.directory)},
                       {"texts", done.numTexts},
                       {"slots_changed", done.slots.size()},
                       {"loss_before", done.lossBefore},
                       {"loss_after", done.lossAfter}}
                      .dump());
    } else {
        printLine(std::to_string(done.numTexts) + " remembered texts read again, " +
                  std::to_string(done.slots.size()) + " semantic slots changed; their loss was " +
                  formatSignificant(done.lossBefore, 4) + " and is " + formatSignificant(done.lossAfter, 4) +
                  " in " + options.consolidate.directory);
    }
    return {};
}

Result<void> work(const MemoryOptions &options)
{
    ORRERY_ASSIGN(const ModelReference reference, resolveReference(options.model));
    const fs::path own = memoryFileOf(reference);
    fs::path file = options.file.empty() ? own : fs::path(options.file);
    if (options.action == "import") file = options.target;
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return nothingThere(options, file);
    if (options.action == "export" && fs::exists(options.target, ignored) && !isMemoryFile(options.target))
        return noMemoryFile("write over", options.target, "Choose another name, or delete it by hand.");
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    // A broken file may be deleted.
    if (options.action != "wipe" || !options.isAll) ORRERY_TRY(generator->loadMemory(file));
    if (options.action == "consolidate") return consolidate(options, *generator);
    if (options.action != "import" && options.action != "export")
        return editFile(options, *generator, file, own);
    const fs::path to = options.action == "import" ? own : fs::path(options.target);
    ORRERY_TRY(generator->saveMemory(to));
    ORRERY_ASSIGN(const MemoryReport report, generator->editMemory({}));
    showReport(report, to.string(), options.isJson);
    return {};
}

} // namespace

CommandBody declareMemory(CLI::App &command)
{
    auto options = std::make_shared<MemoryOptions>();
    command.add_option("action", options->action, "What to do")
        ->required()
        ->check(CLI::IsMember({"list", "wipe", "pin", "unpin", "import", "export", "consolidate"}));
    addModelOptions(command, options->model);
    command.add_option("--memory", options->file,
                       "File of the memory; not given: what is saved with the model");
    command.add_option("--file", options->target, "import: from where; export: to where");
    command.add_option("--source", options->source, "wipe: all that is remembered of this source");
    command.add_flag("--all", options->isAll, "wipe: everything; the file is deleted");
    command.add_option("--event", options->event, "pin, unpin: its number in the list");
    command.add_option("--out", options->consolidate.directory, "consolidate: directory of the new model");
    command.add_option("--data", options->consolidate.dataPath,
                       "consolidate: texts of all kinds; not given: what the run was trained on");
    command
        .add_option("--slots", options->consolidate.settings.numSlots, "consolidate: slots that may change")
        ->check(CLI::Range(1, 1'000'000));
    command.add_option("--passes", options->consolidate.settings.numPasses, "consolidate: over all texts")
        ->check(CLI::Range(1, 100'000));
    command.add_option("--rate", options->consolidate.settings.learningRate, "consolidate: learning rate")
        ->check(CLI::Range(1e-9, 1e9));
    command.add_flag("--json", options->isJson, "One JSON object");
    return [options] {
        const auto done = work(*options);
        if (!done.ok())
            return reportError(done.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        return kExitOk;
    };
}

} // namespace orrery::worker
