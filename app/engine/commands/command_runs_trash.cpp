// SPDX-License-Identifier: Apache-2.0
// runs delete, runs restore, runs trash.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/store/run_trash.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <limits>

namespace orrery::cli {

namespace {

struct DeleteArguments {
    std::string run;
    bool isForever = false;
    bool isConfirmed = false;
};

struct EmptyArguments {
    std::vector<std::string> runs; ///< none: all
    std::string older;
    bool isConfirmed = false;
};

RunTrash trashOf(const Session &session) { return RunTrash(session.catalogue.runsDirectory().parent_path()); }

int removeRun(const Session &session, const DeleteArguments &arguments)
{
    const auto run = findRun(session, arguments.run);
    if (!run) return fail(session, run.error());
    const std::string &id = run->frozen().id;
    if (arguments.isForever && !arguments.isConfirmed)
        return fail(session,
                    Error{ErrorCode::InvalidInput,
                          "Cannot delete run \"" + id + "\" forever: that cannot be undone, expected --yes.",
                          "Repeat the command with --yes, or without --forever to move it to the trash."});
    const std::filesystem::path path = run->path();
    const auto removed = arguments.isForever ? run->remove() : trashOf(session).put(*run);
    if (!removed) return fail(session, removed.error());
    if (auto forgotten = session.catalogue.forget(path); !forgotten) return fail(session, forgotten.error());
    if (session.json)
        printJson(
            {{"event", "done"}, {"run", id}, {"deleted", path.string()}, {"forever", arguments.isForever}});
    else if (arguments.isForever)
        std::printf("deleted %s\n", path.c_str());
    else
        std::printf("moved to the trash: %s\nundo with: orrery-engine runs restore %s\n", path.c_str(),
                    id.c_str());
    return kExitOk;
}

int restore(const Session &session, const std::string &id)
{
    const auto run = trashOf(session).restore(id, session.catalogue);
    if (!run) return fail(session, run.error());
    if (session.json)
        printJson({{"event", "done"}, {"run", run->frozen().id}, {"directory", run->path().string()}});
    else
        std::printf("restored %s\n", run->path().c_str());
    return kExitOk;
}

int printTrash(const Session &session, const std::vector<DeletedRun> &runs)
{
    for (const DeletedRun &run : runs)
        if (session.json)
            printJson({{"run", run.id},
                       {"name", run.name},
                       {"origin", run.origin},
                       {"entry", run.entry},
                       {"deleted_at", run.deletedAt},
                       {"bytes", run.numBytes}});
        else
            std::printf("%-32s %10s  deleted %s ago  %s\n", run.id.c_str(), formatBytes(run.numBytes).c_str(),
                        formatDuration(wallSeconds() - run.deletedAt).c_str(), run.origin.c_str());
    if (runs.empty() && !session.json) std::printf("The trash is empty.\n");
    return kExitOk;
}

std::vector<DeletedRun> told(const std::vector<TrashEntry> &entries)
{
    std::vector<DeletedRun> runs;
    for (const TrashEntry &entry : entries) runs.push_back(entry.told());
    return runs;
}

int printGone(const Session &session, const std::vector<DeletedRun> &gone)
{
    uint64_t numBytes = 0;
    for (const DeletedRun &run : gone) numBytes += run.numBytes;
    if (session.json)
        printJson({{"event", "done"}, {"runs", gone.size()}, {"bytes", numBytes}});
    else
        std::printf("deleted %zu %s, %s\n", gone.size(), gone.size() == 1 ? "run" : "runs", formatBytes(numBytes).c_str());
    return kExitOk;
}

Result<TrashChoice> choiceOf(const EmptyArguments &arguments)
{
    TrashChoice choice{arguments.runs.empty(), 0, arguments.runs};
    if (!arguments.older.empty()) {
        ORRERY_ASSIGN(choice.olderThan, parseTimeSpan("--older", arguments.older));
    }
    if (arguments.isConfirmed) return choice;
    return Error{ErrorCode::InvalidInput, "Cannot empty the trash: that cannot be undone, expected --yes.",
                 "See what is there with: orrery-engine runs trash list"};
}

int emptyTrash(const Session &session, const EmptyArguments &arguments)
{
    const auto choice = choiceOf(arguments);
    if (!choice) return fail(session, choice.error());
    const RunTrash trash = trashOf(session);
    const double before = choice->olderThan > 0 ? wallSeconds() - choice->olderThan : std::numeric_limits<double>::infinity();
    const auto gone = choice->isWhole ? trash.empty(before) : trash.remove(choice->entries);
    if (!gone) return fail(session, gone.error());
    return printGone(session, told(*gone));
}

#ifdef ORRERY_HAS_RPC
int remoteListTrash(const Session &session)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto runs = remote->client.listTrash();
    if (!runs) return fail(session, runs.error());
    return printTrash(session, *runs);
}

int remoteEmptyTrash(const Session &session, const EmptyArguments &arguments)
{
    const auto choice = choiceOf(arguments);
    if (!choice) return fail(session, choice.error());
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto gone = remote->client.emptyTrash(*choice);
    if (!gone) return fail(session, gone.error());
    return printGone(session, *gone);
}
#endif

} // namespace

void addRunsTrash(CLI::App &runs, Session &session)
{
    static DeleteArguments deleted;
    auto *deleteCommand = runs.add_subcommand("delete", "Move a run that nobody trains to the trash");
    deleteCommand->add_option("run", deleted.run, "Id, unique prefix, name or path")->required();
    deleteCommand->add_flag("--forever", deleted.isForever, "Delete it at once; needs --yes");
    deleteCommand->add_flag("--yes", deleted.isConfirmed, "Do not ask");
    addHostOption(deleteCommand, session);
    finish(deleteCommand, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty() && !deleted.isForever) return remoteDelete(session, deleted.run);
        if (!session.host.empty())
            return fail(session, Error{ErrorCode::InvalidInput,
                                       "Cannot delete run \"" + deleted.run + "\" forever from another machine: expected no --forever.",
                                       "Leave it out: the run moves to that machine's trash; or run the command there."});
#endif
        return removeRun(session, deleted);
    });

    static std::string restored;
    auto *restoreCommand = runs.add_subcommand("restore", "Bring a deleted run back to where it was");
    restoreCommand->add_option("id", restored, "Id of the run, as `runs trash list` shows it")->required();
    addHostOption(restoreCommand, session);
    finish(restoreCommand, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteRestore(session, restored);
#endif
        return restore(session, restored);
    });

    auto *trashCommand = runs.add_subcommand("trash", "What was deleted and can be restored");
    trashCommand->require_subcommand(1);
    auto *listCommand = trashCommand->add_subcommand("list", "Deleted runs, newest first");
    addHostOption(listCommand, session);
    finish(listCommand, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteListTrash(session);
#endif
        return printTrash(session, told(trashOf(session).list()));
    });
    static EmptyArguments emptied;
    auto *emptyCommand = trashCommand->add_subcommand("empty", "Delete what is in the trash forever");
    auto *runsOption = emptyCommand->add_option("run", emptied.runs, "Only these: ids, or their folders in the trash (--json shows them)");
    emptyCommand->add_option("--older", emptied.older, "Only what was deleted longer ago: 30d, 12h, 45m, 10s")->excludes(runsOption);
    emptyCommand->add_flag("--yes", emptied.isConfirmed, "Do not ask");
    addHostOption(emptyCommand, session);
    finish(emptyCommand, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteEmptyTrash(session, emptied);
#endif
        return emptyTrash(session, emptied);
    });
}

} // namespace orrery::cli
