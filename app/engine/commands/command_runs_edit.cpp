// SPDX-License-Identifier: Apache-2.0
// What people say about a run: runs edit, runs note.
#include "app/engine/commands/command_runs.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/files.h"
#include "core/store/run_labels.h"
#include "core/store/run_note.h"
#include "core/store/run_store.h"
#ifdef ORRERY_HAS_RPC
#include "core/rpc/client.h"
#endif

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>

namespace orrery::cli {

namespace {

constexpr int32_t kNotePage = 10'000;

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
    std::optional<int64_t> step;
    int64_t replaces = 0;
    int64_t removed = 0;
    bool isListing = false;
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
    ORRERY_TRY(checkReplacedNote(run, note));
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

#endif

/// How this machine, or another one, is asked for what a note needs.
struct NotePlace {
    std::string run;
    std::function<Result<std::vector<RunEvent>>(int64_t afterId)> events; ///< some, oldest first
    std::function<Result<void>(const RunNote &)> tell;
};

Result<std::vector<RunEvent>> notesOf(const NotePlace &place)
{
    std::vector<RunEvent> all;
    for (int64_t last = 0;;) {
        ORRERY_ASSIGN(const std::vector<RunEvent> page, place.events(last));
        if (page.empty()) return notesNow(all);
        last = page.back().id;
        for (const RunEvent &event : page)
            if (isAnnotation(event)) all.push_back(event);
    }
}

int listNotes(const Session &session, const NotePlace &place)
{
    const auto notes = notesOf(place);
    if (!notes) return fail(session, notes.error());
    for (const RunEvent &note : *notes)
        if (session.json)
            printJson({{"id", note.id}, {"step", note.step}, {"time", note.wallTime}, {"text", note.text}});
        else
            std::printf("%-6lld step %-10lld %s\n", static_cast<long long>(note.id), static_cast<long long>(note.step),
                        note.text.c_str());
    if (notes->empty() && !session.json) std::printf("Run %s has no notes.\n", place.run.c_str());
    return kExitOk;
}

/// What is to be said, with the step of the note that it replaces where none is given.
Result<RunNote> noteOf(const NoteArguments &arguments, const NotePlace &place)
{
    const auto refused = [&place](const std::string &found, const std::string &hint) {
        return Error{ErrorCode::InvalidInput, "Cannot annotate run \"" + place.run + "\": " + found + ".", hint};
    };
    RunNote note{arguments.step.value_or(-1), {}, std::max(arguments.replaces, arguments.removed)};
    for (const std::string &word : arguments.words) note.text += (note.text.empty() ? "" : " ") + word;
    if (arguments.removed > 0 && !note.text.empty())
        return refused("--remove came with a text, expected none", "Correct a note with --replace " + std::to_string(arguments.removed) + " TEXT.");
    if (arguments.removed <= 0 && note.text.empty())
        return refused("no text was given, expected the note", "For example: orrery-engine runs note " + place.run + " --step 120 the loss jumps here");
    if (arguments.step) return note;
    if (note.replaces <= 0)
        return refused("no step was given, expected --step", "Name the step that the note is about.");
    ORRERY_ASSIGN(const std::vector<RunEvent> notes, notesOf(place));
    for (const RunEvent &known : notes)
        if (known.id == note.replaces) note.step = known.step;
    if (note.step >= 0) return note;
    return Error{ErrorCode::NotFound,
                 "Cannot correct note " + std::to_string(note.replaces) + " of run \"" + place.run +
                     "\": there is none of this id now, expected one that --list shows.",
                 "One that was removed comes back with --replace ID --step N TEXT."};
}

int noteAt(const Session &session, const NoteArguments &arguments, const NotePlace &place)
{
    if (arguments.isListing) return listNotes(session, place);
    const auto note = noteOf(arguments, place);
    if (!note) return fail(session, note.error());
    if (const auto told = place.tell(*note); !told) return fail(session, told.error());
    if (session.json) {
        nlohmann::json line = {{"event", "done"}, {"run", place.run}, {"step", note->step}};
        if (note->replaces > 0) line["replaces"] = note->replaces;
        printJson(line);
        return kExitOk;
    }
    const auto step = static_cast<long long>(note->step), replaced = static_cast<long long>(note->replaces);
    if (note->replaces <= 0)
        std::printf("noted at step %lld of run %s\n", step, place.run.c_str());
    else if (note->text.empty())
        std::printf("removed note %lld at step %lld of run %s\n", replaced, step, place.run.c_str());
    else
        std::printf("corrected note %lld at step %lld of run %s\n", replaced, step, place.run.c_str());
    return kExitOk;
}

int note(const Session &session, const NoteArguments &arguments)
{
#ifdef ORRERY_HAS_RPC
    if (!session.host.empty()) {
        const auto remote = connectToRemote(session);
        if (!remote) return fail(session, remote.error());
        const EngineClient &client = remote->client;
        const auto status = client.status(arguments.run);
        if (!status) return fail(session, status.error());
        return noteAt(session, arguments,
                      {status->id, [&](int64_t afterId) { return client.listEvents(status->id, afterId); },
                       [&](const RunNote &note) {
                           return note.replaces > 0 ? client.replaceNote(status->id, note)
                                                    : client.annotate(status->id, note.step, note.text);
                       }});
    }
#endif
    const auto run = findRun(session, arguments.run);
    if (!run) return fail(session, run.error());
    const auto events = [&run](int64_t afterId) -> Result<std::vector<RunEvent>> {
        std::error_code failed;
        if (!std::filesystem::exists(run->path() / "run.db", failed)) return std::vector<RunEvent>{}; // it never started
        ORRERY_ASSIGN(const std::unique_ptr<RunReader> reader, RunReader::open(run->path()));
        return reader->events(afterId, kNotePage);
    };
    return noteAt(session, arguments, {run->frozen().id, events, [&run](const RunNote &note) { return tellNote(*run, note); }});
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
    auto *noteCommand = runs.add_subcommand("note", "Write, correct or remove a note at a step, drawn on the curves");
    noteCommand->add_option("run", noted.run, "Id, unique prefix, name or path")->required();
    noteCommand->add_option("--step", noted.step, "Step that it is about; of a correction the note's own unless given");
    auto *replace = noteCommand->add_option("--replace", noted.replaces, "Id of a note that this text replaces")
                        ->check(CLI::PositiveNumber);
    auto *remove = noteCommand->add_option("--remove", noted.removed, "Id of a note that is taken away")
                       ->check(CLI::PositiveNumber)
                       ->excludes(replace);
    noteCommand->add_flag("--list", noted.isListing, "Show the notes with their ids")->excludes(replace)->excludes(remove);
    noteCommand->add_option("text", noted.words, "The note");
    addHostOption(noteCommand, session);
    finish(noteCommand, session, [&session] { return note(session, noted); });
}

} // namespace orrery::cli
