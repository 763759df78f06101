// SPDX-License-Identifier: Apache-2.0
// What people write at steps of a run: events of the kind Note with the payload {"annotation":true}. Events are never
// changed: one that corrects another says which ("replaces"), and takes it away where it has no text. Values; any thread.
#pragma once

#include "core/spec/run_records.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace orrery {

struct RunNote {
    int64_t step = 0;
    std::string text;
    /// Id of the event that this one stands in the place of, a note or a correction of one; 0: it is a new one.
    int64_t replaces = 0;
};

/// Written by a person: at any later time, about an earlier step.
bool isAnnotation(const RunEvent &event);
/// As RunNote::replaces.
int64_t replacedNote(const RunEvent &event);
/// Payload of the event.
std::string notePayload(int64_t replaces);

/// Follows corrections through the events of a run, in their order.
class NoteCorrections {
public:
    /// @return id of the note that this event corrects or takes away; 0: it stands for itself, or for a note that is
    /// not known
    int64_t add(const RunEvent &event);
    void clear() { m_notes.clear(); }

private:
    std::unordered_map<int64_t, int64_t> m_notes; ///< of each annotation, the note that it is about
};

/// The notes of these events as they are now, with the ids of the first ones, in order. Corrections have the time of theirs.
std::vector<RunEvent> notesNow(const std::vector<RunEvent> &events);

} // namespace orrery
