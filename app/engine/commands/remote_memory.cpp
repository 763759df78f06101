// SPDX-License-Identifier: Apache-2.0
// memory --host: the worker that the host keeps of a model loads the memory file, does what is asked, and
// saves it, in one call, so that nobody's text comes between; who edits looks first, to say what it took.
// Files are that machine's.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"

#include "app/worker/memory_change.h"
#include "app/worker/memory_output.h"
#include "app/worker/option_checks.h"
#include "core/base/text.h"
#include "core/rpc/protocol_version.h"
#include "core/spec/memory_sources.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <optional>

namespace orrery::cli {

namespace {

struct MemoryOptions {
    std::string action, model, target, file, source;
    std::optional<int64_t> event, slot;
    double factor = 1;
    int64_t maxEvents = MemoryEdit{}.maxEvents;
    bool isAll = false;
};

Error cannotThere(const Session &session, const std::string &action, const std::string &model, const std::string &why, const std::string &hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot " + action + " the memory of \"" + sanitizeUtf8(model) + "\" on \"" + sanitizeUtf8(session.host) + "\": " + why, hint};
}

Error cannot(const Session &session, const MemoryOptions &options, const std::string &why, const std::string &hint)
{
    return cannotThere(session, options.action, options.model, why, hint);
}

/// The worker's own words, as far as they mean something there.
Result<void> readOptions(const Session &session, const std::vector<std::string> &passed, MemoryOptions &options)
{
    CLI::App parser;
    parser.add_option("--memory", options.file)
        ->check(worker::namedFile("leave --memory out for what is saved with the model"));
    parser.add_option("--source", options.source);
    parser.add_option("--event", options.event);
    parser.add_option("--slot", options.slot);
    parser.add_option("--factor", options.factor);
    parser.add_option("--max-events", options.maxEvents);
    parser.add_flag("--all", options.isAll);
    worker::refuseWhatDoesNotFit(parser);
    try {
        parser.parse(std::vector<std::string>(passed.rbegin(), passed.rend())); // as CLI11 takes them
    } catch (const CLI::ExtrasError &error) {
        return cannot(session, options, std::string(error.what()) + ".",
                      "The host decides on what a model runs; leave --device and --threads out, or run the command on that machine.");
    } catch (const CLI::ParseError &error) {
        return cannot(session, options, std::string(error.what()) + ".",
                      "memory " + options.action + " --help shows what it takes.");
    }
    return {};
}

Result<MemoryEdit> editOf(const Session &session, const MemoryOptions &options)
{
    MemoryEdit edit;
    edit.verb = memoryVerbFromName(options.action);
    edit.source = sourceName(options.source);
    edit.event = options.event.value_or(0);
    edit.slot = options.slot.value_or(-1);
    edit.factor = options.factor;
    edit.maxEvents = options.maxEvents;
    const bool hasTarget = edit.verb == MemoryVerb::Forget || edit.verb == MemoryVerb::Scale;
    if (hasTarget && options.event.has_value() == options.slot.has_value())
        return cannot(session, options, options.event ? "both --event and --slot are given, expected one of them." : "neither --event nor --slot is given, expected one of them.",
                      "List the events with memory list; --json has their slots.");
    if (edit.verb == MemoryVerb::Forget && options.slot) edit.verb = MemoryVerb::ForgetSlot;
    if (options.action == "wipe" && options.isAll)
        return cannot(session, options, "--all deletes the file, which its own machine does alone, expected --source NAME.",
                      "Wipe one source after the other, or run the command on that machine.");
    if (options.action == "wipe" && options.source.empty())
        return cannot(session, options, "--source is not given, expected the name of one.", "List the sources with memory list.");
    return edit;
}

/// @param file out: what the report is of  @param change out: what was done
Result<MemoryReport> work(const Session &session, const MemoryOptions &options, std::string &file, worker::MemoryChange &change)
{
    for (const std::string &path : {options.file, options.target}) ORRERY_TRY(checkMemoryThere(session, options.model, options.action, path));
    const bool isImported = options.action == "import", isExported = options.action == "export";
    MemoryEdit edit{.verb = MemoryVerb::Save};
    if (!isImported && !isExported) {
        ORRERY_ASSIGN(edit, editOf(session, options));
    }
    ORRERY_ASSIGN(const HostConnection remote, connectToRemote(session));
    // An older one would do it to what its worker has loaded just then.
    ORRERY_TRY(checkProtocolMinor(remote.host, kMemoryFilesMinor, sanitizeUtf8(session.host),
                                  "Cannot " + options.action + " the memory of \"" + sanitizeUtf8(options.model) + '"'));
    std::string own = options.file;
    if (own.empty()) {
        ORRERY_ASSIGN(own, ownMemoryFile(session, remote.client, options.model, options.action));
    }
    edit.file = isImported ? options.target : own;
    file = isExported ? options.target : own;
    if (isImported || isExported) edit.path = file;
    std::optional<Result<MemoryReport>> before; // of what is edited or replaced
    if (edit.verb != MemoryVerb::List && edit.verb != MemoryVerb::Similarity && !isExported) {
        const auto listed = remote.client.editMemory(options.model, {.file = isImported ? file : edit.file});
        if (!listed && !isImported) return listed.error();
        if (listed)
            before = MemoryReport(*listed);
        else if (listed.error().code != ErrorCode::NotFound)
            before = listed.error();
    }
    ORRERY_ASSIGN(MemoryReport report, remote.client.editMemory(options.model, edit));
    if (isImported)
        change = worker::importChange(report, options.target, before);
    else if (isExported)
        change = worker::exportChange(report, file, false);
    else if (before)
        change = worker::editChange(edit, **before);
    // A source may have read only, and free nothing.
    if (edit.verb == MemoryVerb::Wipe && report.numFreed == 0 && !isKnownSource((*before)->events, edit.source))
        return Error{ErrorCode::NotFound,
                     "Cannot wipe source \"" + sanitizeUtf8(edit.source) + "\": \"" + sanitizeUtf8(file) + "\" has nothing of it, expected a source that it has.",
                     "List the sources with memory list."};
    return report;
}

} // namespace

Result<std::string> ownMemoryFile(const Session &session, const EngineClient &host, const std::string &model, const std::string &action)
{
    const size_t at = model.rfind('@');
    const auto run = host.status(model);
    const auto named = run.ok() || at == std::string::npos ? run : host.status(model.substr(0, at));
    if (named.ok()) return named->directory + "/memory.safetensors";
    if (named.error().code != ErrorCode::NotFound && named.error().code != ErrorCode::InvalidInput) return named.error();
    if (model.starts_with('/')) return model + "/memory.safetensors";
    return cannotThere(session, action, model, "it is no run there, expected a run or the absolute path of a model directory.",
                       "runs list --host shows the runs; paths are those of that machine.");
}

Result<void> checkMemoryThere(const Session &session, const std::string &model, const std::string &action, const std::string &path)
{
    if (path.empty() || path.front() == '/') return {};
    return cannotThere(session, action, model,
                       "the file is \"" + sanitizeUtf8(path) + "\", expected an absolute path, as paths are those of that machine.",
                       "Write the whole path there, from \"/\" on.");
}

int remoteMemory(const Session &session, const std::string &action, const std::string &model, const std::string &file,
                 const std::vector<std::string> &passed)
{
    if (action == "consolidate") return remoteConsolidate(session, model, passed);
    MemoryOptions options;
    options.action = action;
    options.model = model;
    options.target = file;
    if (const auto read = readOptions(session, passed, options); !read) return fail(session, read.error());
    std::string shown;
    worker::MemoryChange change;
    const auto report = work(session, options, shown, change);
    if (!report) return fail(session, report.error());
    if (session.json) {
        nlohmann::ordered_json json = worker::memoryJson(*report, shown);
        worker::addChange(change, json);
        std::printf("%s\n", json.dump().c_str());
        return kExitOk;
    }
    if (!change.line.empty()) std::printf("%s\n", change.line.c_str());
    for (const std::string &line : action == "similarity" ? worker::similarityLines(*report) : worker::memoryLines(*report, shown))
        std::printf("%s\n", line.c_str());
    return kExitOk;
}

} // namespace orrery::cli
