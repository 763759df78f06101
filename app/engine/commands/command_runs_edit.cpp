// SPDX-License-Identifier: Apache-2.0
// What people say about a run: runs edit, runs note.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/files.h"
#include "core/store/run_labels.h"
#include "core/store/run_note.h"
#ifdef ORRERY_HAS_RPC
#include "core/rpc/client.h"
#endif

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>

namespace orrery::cli {

namespace {

struct EditArguments {
    std::string run;
    std::optional<std::string> name;
    std::vector<std::string> tags;
    std::vector<std::string> untags;
    std::optional<std::string> notes;
    std::string notesFile;
    bool isArchiving = false;
    bool isUnarchiving = false;
};

struct NoteArguments {
    std::string run;
    int64_t step = 0;
    std::vector<std::string> words;
};

bool saysNothing(const EditArguments &arguments)
{
    return !arguments.name && !arguments.notes && arguments.notesFile.empty() && arguments.tags.empty() &&
           arguments.untags.empty() && !arguments.isArchiving && !arguments.isUnarchiving;
}

RunEdit editOf(const EditArguments &arguments, const StoredLabels &stored)
{
    RunEdit edit;
    edit.name = arguments.name;
    edit.notes = arguments.notes;
    if (arguments.isArchiving || arguments.isUnarchiving) edit.isArchived = arguments.isArchiving;
    if (arguments.tags.empty() && arguments.untags.empty()) return edit;
    std::vector<std::string> tags = stored.labels.tags;
    tags.insert(tags.end(), arguments.tags.begin(), arguments.tags.end());
    std::erase_if(tags, [&arguments](const std::string &tag) {
        return std::find(arguments.untags.begin(), arguments.untags.end(), tag) != arguments.untags.end();
    });
    edit.tags = std::move(tags);
    return edit;
}

/// What is wrong with the arguments as such, and the notes from their file.
Result<void> completeEdit(EditArguments &arguments, const std::string &run)
{
    if (saysNothing(arguments))
        return Error{ErrorCode::InvalidInput, "Cannot edit run \"" + run + "\": nothing was given, expected a change.",
                     "Use --name, --tag, --untag, --notes, --notes-file, --archive or --unarchive."};
    if (arguments.notesFile.empty()) return {};
    ORRERY_ASSIGN(arguments.notes, readFile(arguments.notesFile, uint64_t{1} << 20));
    return {};
}

int edit(const Session &session, EditArguments &arguments)
{
    const auto run = findRun(session, arguments.run);
    if (!run) return fail(session, run.error());
    if (const auto complete = completeEdit(arguments, run->frozen().id); !complete) return fail(session, complete.error());
    const auto edited =
        editRunLabels(run->path(), run->frozen().id,
                      [&arguments](const StoredLabels &stored) { return editOf(arguments, stored); });
    if (!edited) return fail(session, edited.error());
    const RunStatus status = run->status();
    if (session.json)
        printJson(statusJson(status));
    else
        std::printf("%s\n", runLine(status).c_str());
    return kExitOk;
}

/// The worker writes it where one lives: it alone writes run.db then.
Result<void> tellNote(const RunDirectory &run, const RunNote &note)
{
    ORRERY_TRY(checkNote(note, run.frozen().id));
    const auto worker = run.liveWorker();
    if (!worker) return addNote(run, note);
#ifdef ORRERY_HAS_RPC
    if (!worker->socket.empty()) {
        ORRERY_ASSIGN(const EngineClient client, EngineClient::connect(worker->socket));
        ORRERY_TRY(client.control(run.frozen().id, {ControlVerb::Set, 1, {kNoteKey, noteValue(note)}}));
        return {};
    }
#endif
    return Error{
        ErrorCode::Unavailable,
        "Cannot annotate run \"" + run.frozen().id + "\": its worker (pid " + std::to_string(worker->pid) +
            ") has no socket, expected one that listens.",
        "It starts up just now, or was built without gRPC; try again in a moment, or when it has ended."};
}

#ifdef ORRERY_HAS_RPC
int remoteEdit(const Session &session, EditArguments &arguments)
{
    if (const auto complete = completeEdit(arguments, arguments.run); !complete) return fail(session, complete.error());
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    const auto before = remote->client.status(arguments.run); // tags are added to those that are there
    if (!before) return fail(session, before.error());
    StoredLabels stored;
    stored.labels = before->labels;
    const auto edited = remote->client.editRun(before->id, editOf(arguments, stored));
    if (!edited) return fail(session, edited.error());
    if (session.json)
        printJson(statusJson(*edited));
    else
        std::printf("%s\n", runLine(*edited).c_str());
    return kExitOk;
}

int remoteNote(const Session &session, const NoteArguments &arguments, const std::string &text)
{
    const auto remote = connectToRemote(session);
    if (!remote) return fail(session, remote.error());
    if (const auto told = remote->client.annotate(arguments.run, arguments.step, text); !told) return fail(session, told.error());
    if (session.json)
        printJson({{"event", "done"}, {"run", arguments.run}, {"step", arguments.step}});
    else
        std::printf("noted at step %lld of run %s\n", static_cast<long long>(arguments.step), arguments.run.c_str());
    return kExitOk;
}
#endif

int note(const Session &session, const NoteArguments &arguments)
{
    std::string text;
    for (const std::string &word : arguments.words) text += (text.empty() ? "" : " ") + word;
#ifdef ORRERY_HAS_RPC
    if (!session.host.empty()) return remoteNote(session, arguments, text);
#endif
    const auto run = findRun(session, arguments.run);
    if (!run) return fail(session, run.error());
    if (const auto told = tellNote(*run, {arguments.step, text}); !told) return fail(session, told.error());
    if (session.json)
        printJson({{"event", "done"}, {"run", run->frozen().id}, {"step", arguments.step}});
    else
        std::printf("noted at step %lld of run %s\n", static_cast<long long>(arguments.step),
                    run->frozen().id.c_str());
    return kExitOk;
}

} // namespace

void addRunsEdit(CLI::App &runs, Session &session)
{
    static EditArguments edited;
    auto *editCommand = runs.add_subcommand("edit", "Name, tag, archive or write notes about a run");
    editCommand->add_option("run", edited.run, "Id, unique prefix, name or path")->required();
    editCommand->add_option("--name", edited.name, "Name shown in lists; empty: that of its spec again");
    editCommand->add_option("--tag", edited.tags, "Adds a tag; may be repeated")->allow_extra_args(false);
    editCommand->add_option("--untag", edited.untags, "Takes a tag off; may be repeated")
        ->allow_extra_args(false);
    auto *notes = editCommand->add_option("--notes", edited.notes,
                                          "What there is to say, in Markdown; replaces the old notes");
    editCommand->add_option("--notes-file", edited.notesFile, "The same from a file")->excludes(notes);
    auto *archive = editCommand->add_flag("--archive", edited.isArchiving, "Leave it out of lists");
    editCommand->add_flag("--unarchive", edited.isUnarchiving, "List it again")->excludes(archive);
    addHostOption(editCommand, session);
    finish(editCommand, session, [&session] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) return remoteEdit(session, edited);
#endif
        return edit(session, edited);
    });

    static NoteArguments noted;
    auto *noteCommand = runs.add_subcommand("note", "Write a note at a step, drawn on the curves");
    noteCommand->add_option("run", noted.run, "Id, unique prefix, name or path")->required();
    noteCommand->add_option("--step", noted.step, "Step that it is about")->required();
    noteCommand->add_option("text", noted.words, "The note")->required();
    addHostOption(noteCommand, session);
    finish(noteCommand, session, [&session] { return note(session, noted); });
}

} // namespace orrery::cli
