// SPDX-License-Identifier: Apache-2.0
#include "core/spec/run_notes.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery {

namespace {

using Json = nlohmann::json;

constexpr const char *kAnnotation = "annotation";
constexpr const char *kReplaces = "replaces";

Json payloadOf(const RunEvent &event)
{
    if (event.kind != EventKind::Note || event.payload.find(kAnnotation) == std::string::npos) return {};
    return Json::parse(event.payload, nullptr, false);
}

bool isAnnotationPayload(const Json &payload)
{
    if (!payload.is_object()) return false;
    const auto found = payload.find(kAnnotation);
    return found != payload.end() && found->is_boolean() && found->get<bool>();
}

int64_t replacedBy(const Json &payload)
{
    if (!isAnnotationPayload(payload)) return 0;
    const auto found = payload.find(kReplaces);
    if (found == payload.end() || !found->is_number_integer()) return 0;
    return std::max<int64_t>(0, found->get<int64_t>());
}

} // namespace

bool isAnnotation(const RunEvent &event) { return isAnnotationPayload(payloadOf(event)); }

int64_t replacedNote(const RunEvent &event) { return replacedBy(payloadOf(event)); }

std::string notePayload(int64_t replaces)
{
    Json payload = {{kAnnotation, true}};
    if (replaces > 0) payload[kReplaces] = replaces;
    return payload.dump();
}

int64_t NoteCorrections::add(const RunEvent &event)
{
    const Json payload = payloadOf(event);
    if (!isAnnotationPayload(payload)) return 0;
    const auto known = m_notes.find(replacedBy(payload));
    const int64_t note = known == m_notes.end() ? 0 : known->second;
    if (event.id > 0) m_notes[event.id] = note > 0 ? note : event.id;
    return note;
}

std::vector<RunEvent> notesNow(const std::vector<RunEvent> &events)
{
    NoteCorrections corrections;
    std::vector<RunEvent> notes;
    for (const RunEvent &event : events) {
        if (!isAnnotation(event)) continue;
        const int64_t note = corrections.add(event);
        const auto corrected =
            std::find_if(notes.begin(), notes.end(), [note](const RunEvent &one) { return note > 0 && one.id == note; });
        if (corrected == notes.end()) {
            notes.push_back(event);
            continue;
        }
        *corrected = event;
        corrected->id = note;
    }
    std::erase_if(notes, [](const RunEvent &note) { return note.text.empty(); });
    return notes;
}

} // namespace orrery
