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
    if (note.text.find_first_not_of(" \t\r\n") == std::string::npos)
        return refusal(run, "the note is empty", "some words", "Write what is to be seen there.");
    if (note.text.size() > kMaxNoteBytes)
        return refusal(run, "the note has " + std::to_string(note.text.size()) + " bytes", "at most 16384",
                       "Shorten it, or put it into the notes of the run.");
    if (!isValidUtf8(note.text) || note.text.find('\0') != std::string::npos)
        return refusal(run, "the note is no UTF-8", "text", "Write it as UTF-8.");
    return {};
}

std::string noteValue(const RunNote &note) { return std::to_string(note.step) + " " + note.text; }

Result<RunNote> noteFromValue(const std::string &value, const std::string &run)
{
    RunNote note;
    const char *end = value.data() + value.size();
    const auto [behind, failed] = std::from_chars(value.data(), end, note.step);
    if (failed != std::errc() || behind == end || *behind != ' ')
        return refusal(run, "\"" + sanitizeUtf8(value.substr(0, 80)) + "\" does not begin with a step",
                       "a step, a blank and the note", "For example: note=120 the loss jumps here");
    note.text.assign(behind + 1, end);
    ORRERY_TRY(checkNote(note, run));
    return note;
}

Result<void> addNote(const RunDirectory &run, const RunNote &note)
{
    ORRERY_TRY(checkNote(note, run.frozen().id));
    ORRERY_ASSIGN(const LockFile lock, run.lock("annotation"));
    ORRERY_ASSIGN(const std::unique_ptr<RunWriter> writer, RunWriter::open(run.path()));
    RunEvent event;
    event.step = note.step;
    event.wallTime = wallSeconds();
    event.attempt = run.status().attempt;
    event.kind = EventKind::Note;
    event.text = note.text;
    event.payload = kNotePayload;
    writer->addEvent(event);
    return writer->flush();
}

} // namespace orrery
