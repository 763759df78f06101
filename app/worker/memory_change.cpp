// SPDX-License-Identifier: Apache-2.0
#include "app/worker/memory_change.h"

#include "core/base/terminal_text.h"
#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery::worker {

namespace {

struct Slots {
    int64_t numAll = 0, numPinned = 0;
    int64_t event = -1; ///< one of which they are
    void add(const MemoryEvent &of, int64_t count)
    {
        numAll += count;
        numPinned += of.isPinned ? count : 0;
        event = of.id;
    }
};

bool isOfOneSlot(const MemoryEdit &edit)
{
    return edit.verb == MemoryVerb::ForgetSlot || (edit.verb == MemoryVerb::Scale && edit.slot >= 0);
}

/// What an edit is about.
Slots slotsOf(const MemoryEdit &edit, const std::vector<MemoryEvent> &events)
{
    Slots slots;
    for (const MemoryEvent &event : events) {
        if (edit.verb == MemoryVerb::Wipe) {
            if (isOfSource(event.source, edit.source)) slots.add(event, event.numSlots);
        } else if (isOfOneSlot(edit)) {
            if (std::ranges::find(event.slots, edit.slot) != event.slots.end()) slots.add(event, 1);
        } else if (event.id == edit.event) {
            slots.add(event, event.numSlots);
        }
    }
    return slots;
}

std::string counted(int64_t count) { return std::to_string(count) + (count == 1 ? " slot" : " slots"); }

/// Of what is gone: a pin does not keep it from that.
std::string pinnedOf(const Slots &slots)
{
    if (slots.numPinned == 0) return {};
    if (slots.numPinned < slots.numAll) return ", " + std::to_string(slots.numPinned) + " of them pinned";
    return slots.numAll == 1 ? ", which was pinned" : ", all of them pinned";
}

/// "event 13, 8 slots"
std::string objectOf(const MemoryEdit &edit, const Slots &slots)
{
    if (!isOfOneSlot(edit)) return "event " + std::to_string(edit.event) + ", " + counted(slots.numAll);
    return "slot " + std::to_string(edit.slot) +
           (slots.event >= 0 ? " of event " + std::to_string(slots.event) : std::string());
}

std::string inQuotes(const std::string &text) { return '"' + terminalText(text) + '"'; }

/// "chat.json", "notes.txt" and 3 more: the wholes, each once.
std::string wholeSources(const std::vector<MemoryEvent> &events)
{
    constexpr size_t kMostShown = 3;
    std::vector<std::string> names;
    for (const MemoryEvent &event : events) {
        std::string whole = event.source.substr(0, event.source.rfind('#'));
        if (std::ranges::find(names, whole) == names.end()) names.push_back(std::move(whole));
    }
    std::string shown;
    for (size_t i = 0; i < std::min(names.size(), kMostShown); ++i)
        shown += (i > 0 ? ", " : "") + inQuotes(names[i]);
    if (names.size() > kMostShown) shown += " and " + std::to_string(names.size() - kMostShown) + " more";
    return shown;
}

} // namespace

MemoryChange editChange(const MemoryEdit &edit, const MemoryReport &before)
{
    const Slots slots = slotsOf(edit, before.events);
    const std::string object = objectOf(edit, slots);
    MemoryChange change;
    switch (edit.verb) {
    case MemoryVerb::Pin:
        change.line = "pinned " + object;
        break;
    case MemoryVerb::Unpin:
        change.line = "unpinned " + object;
        break;
    case MemoryVerb::Forget:
    case MemoryVerb::ForgetSlot:
        change.line = "forgot " + object + pinnedOf(slots);
        break;
    case MemoryVerb::Scale:
        change.line = "scaled " + object + (isOfOneSlot(edit) ? "" : ",") + " to strength " +
                      formatSignificant(edit.factor, 3);
        break;
    case MemoryVerb::Wipe:
        change.line = "wiped " + counted(slots.numAll) + " of source " + inQuotes(edit.source) +
                      (slots.numAll > 0 ? pinnedOf(slots) : ", which had only read");
        break;
    default:
        return change;
    }
    change.numbers = {{"slots", slots.numAll}, {"pinned", slots.numPinned}};
    return change;
}

MemoryChange importChange(const MemoryReport &now, const std::string &file,
                          const std::optional<Result<MemoryReport>> &replaced)
{
    MemoryChange change{"imported " + counted(now.status.numUsed) + " of " + inQuotes(file),
                        {{"slots", now.status.numUsed}}};
    if (!replaced) return change;
    if (!replaced->ok()) {
        change.line += "; replaced a file that could not be read";
        change.numbers.insert(change.numbers.end(),
                              {{"replaced", std::nullopt}, {"replaced_pinned", std::nullopt}});
        return change;
    }
    const MemoryReport &old = **replaced;
    const Slots slots{.numAll = old.status.numUsed, .numPinned = old.status.numPinned};
    change.line += "; replaced " + counted(slots.numAll) +
                   (old.events.empty() ? "" : " of " + wholeSources(old.events)) + pinnedOf(slots);
    change.numbers.insert(change.numbers.end(),
                          {{"replaced", slots.numAll}, {"replaced_pinned", slots.numPinned}});
    return change;
}

MemoryChange exportChange(const MemoryReport &now, const std::string &file, bool isOver)
{
    return {"exported " + counted(now.status.numUsed) + " to " + inQuotes(file) +
                (isOver ? ", over the memory file that was there" : ""),
            {{"slots", now.status.numUsed}}};
}

void addChange(const MemoryChange &change, nlohmann::ordered_json &json)
{
    for (const auto &[name, number] : change.numbers)
        json["changed"][name] = number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json();
}

} // namespace orrery::worker
