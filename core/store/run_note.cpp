// SPDX-License-Identifier: Apache-2.0
#include "core/store/run_note.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/store/run_store.h"

#include <charconv>

namespace orrery {

namespace {

Error refusal(const std::string &run, const std::string &found, const std::string &expected,
              const std::string &hint)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot annotate run \"" + run + "\": " + found + ", expected " + expected + ".", hint};
}

} // namespace

Result<void> checkNote(const RunNote &note, const std::string &run)
{
    if (note.step < 0)
        return refusal(run, "the step is " + std::to_string(note.step), "0 or more",
                       "Name a step of the run.");
    if (note.replaces < 0)
        return refusal(run, "the note to be replaced is " + std::to_string(note.replaces), "the id of one",
                       "See them with: orrery-engine runs note " + run + " --list.");
    const bool isRemoval = note.replaces > 0 && note.text.empty();
    if (!isRemoval && note.text.find_first_not_of(" \t\r\n") == std::string::npos)
        return refusal(run, "the note is empty", "some words", "Write what is to be seen there.");
    if (note.text.size() > kMaxNoteBytes)
        return refusal(run, "the note has " + std::to_string(note.text.size()) + " bytes", "at most 16384",
                       "Shorten it, or put it into the notes of the run.");
    if (!isValidUtf8(note.text) || note.text.find('\0') != std::string::npos)
        return refusal(run, "the note is no UTF-8", "text", "Write it as UTF-8.");
    return {};
}

std::string noteValue(const RunNote &note)
{
    return std::to_string(note.step) + (note.replaces > 0 ? "/" + std::to_string(note.replaces) : "") + " " + note.text;
}

Result<RunNote> noteFromValue(const std::string &value, const std::string &run)
{
    RunNote note;
    const char *end = value.data() + value.size();
    auto [behind, failed] = std::from_chars(value.data(), end, note.step);
    if (failed == std::errc() && behind != end && *behind == '/') {
        const auto replaced = std::from_chars(behind + 1, end, note.replaces);
        behind = replaced.ptr;
        failed = note.replaces > 0 ? replaced.ec : std::errc::invalid_argument;
    }
    if (failed != std::errc() || behind == end || *behind != ' ')
        return refusal(run, "\"" + sanitizeUtf8(value.substr(0, 80)) + "\" does not begin with a step",
                       "a step, a blank and the note", "For example: note=120 the loss jumps here");
    note.text.assign(behind + 1, end);
    ORRERY_TRY(checkNote(note, run));
    return note;
}

Result<void> checkReplacedNote(const RunDirectory &run, const RunNote &note)
{
    if (note.replaces <= 0) return {};
    const std::string &id = run.frozen().id;
    const auto refused = [&](const std::string &found) {
        return Error{ErrorCode::NotFound,
                     "Cannot correct note " + std::to_string(note.replaces) + " of run \"" + id + "\": " + found +
                         ", expected a note that a person wrote.",
                     "See them with: orrery-engine runs note " + id + " --list."};
    };
    std::error_code failed;
    if (!std::filesystem::exists(run.path() / "run.db", failed)) return refused("the run has no events yet");
    ORRERY_ASSIGN(const std::unique_ptr<RunReader> reader, RunReader::open(run.path()));
    ORRERY_ASSIGN(const std::vector<RunEvent> events, reader->events(note.replaces - 1, 1));
    if (events.empty() || events.front().id != note.replaces) return refused("there is no event of this id");
    if (!isAnnotation(events.front()))
        return refused(std::string("that is an event of the kind \"") + eventKindName(events.front().kind) + "\"");
    return {};
}

Result<void> addNote(const RunDirectory &run, const RunNote &note)
{
    ORRERY_TRY(checkNote(note, run.frozen().id));
    ORRERY_TRY(checkReplacedNote(run, note));
    ORRERY_ASSIGN(const LockFile lock, run.lock("annotation"));
    ORRERY_ASSIGN(const std::unique_ptr<RunWriter> writer, RunWriter::open(run.path()));
    RunEvent event;
    event.step = note.step;
    event.wallTime = wallSeconds();
    event.attempt = run.status().attempt;
    event.kind = EventKind::Note;
    event.text = note.text;
    event.payload = notePayload(note.replaces);
    writer->addEvent(event);
    return writer->flush();
}

} // namespace orrery
