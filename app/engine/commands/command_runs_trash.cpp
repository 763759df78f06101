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

void printEntry(const Session &session, const TrashEntry &entry)
{
    if (session.json)
        printJson({{"run", entry.id},
                   {"name", entry.name},
                   {"origin", entry.origin.string()},
                   {"deleted_at", entry.deletedAt},
                   {"bytes", entry.numBytes}});
    else
        std::printf("%-32s %10s  deleted %s ago  %s\n", entry.id.c_str(), formatBytes(entry.numBytes).c_str(),
                    formatDuration(wallSeconds() - entry.deletedAt).c_str(), entry.origin.c_str());
}

int listTrash(const Session &session)
{
    const std::vector<TrashEntry> entries = trashOf(session).list();
    for (const TrashEntry &entry : entries) printEntry(session, entry);
    if (entries.empty() && !session.json) std::printf("The trash is empty.\n");
    return kExitOk;
}

int emptyTrash(const Session &session, const EmptyArguments &arguments)
{
    double before = std::numeric_limits<double>::infinity();
    if (!arguments.older.empty()) {
        const auto age = parseTimeSpan("--older", arguments.older);
        if (!age) return fail(session, age.error());
        before = wallSeconds() - *age;
    }
    if (!arguments.isConfirmed)
        return fail(session, Error{ErrorCode::InvalidInput,
                                   "Cannot empty the trash: that cannot be undone, expected --yes.",
                                   "See what is there with: orrery-engine runs trash list"});
    const auto gone = trashOf(session).empty(before);
    if (!gone) return fail(session, gone.error());
    uint64_t numBytes = 0;
    for (const TrashEntry &entry : *gone) numBytes += entry.numBytes;
    if (session.json)
        printJson({{"event", "done"}, {"runs", gone->size()}, {"bytes", numBytes}});
    else
        std::printf("deleted %zu runs, %s\n", gone->size(), formatBytes(numBytes).c_str());
    return kExitOk;
}

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
    finishHere(trashCommand->add_subcommand("list", "Deleted runs, newest first"), session,
               "Run it on that machine; runs restore ID --host brings one of its runs back.",
               [&session] { return listTrash(session); });
    static EmptyArguments emptied;
    auto *emptyCommand = trashCommand->add_subcommand("empty", "Delete what is in the trash forever");
    emptyCommand->add_option("--older", emptied.older,
                             "Only what was deleted longer ago: 30d, 12h, 45m, 10s");
    emptyCommand->add_flag("--yes", emptied.isConfirmed, "Do not ask");
    finishHere(emptyCommand, session, "What cannot be undone is done on the machine itself: run it there.", [&session] { return emptyTrash(session, emptied); });
}

} // namespace orrery::cli
