// SPDX-License-Identifier: Apache-2.0
// Pinning, forgetting and weakening of single events and slots, and taking it back.
#include "plugins/memory/engine/episodic_store.h"

#include "core/base/assert.h"

#include <cmath>

namespace orrery::memory {

namespace {

std::string named(const char *what, int64_t number) { return what + std::to_string(number); }

Error noSuchEvent(const std::string &action, int64_t event)
{
    return Error{ErrorCode::NotFound,
                 "Cannot " + action + " event " + std::to_string(event) +
                     ": the memory has none of that number, expected one that it lists.",
                 "List the events; one that was evicted or wiped is gone."};
}

Error noSuchSlot(const std::string &action, int64_t slot, size_t numSlots)
{
    return Error{ErrorCode::NotFound,
                 "Cannot " + action + " slot " + std::to_string(slot) +
                     ": no token stands there, expected one of the taken slots below " +
                     std::to_string(numSlots) + ".",
                 "List the events; a token that was evicted or wiped is gone."};
}

Result<void> checkFactor(const std::string &object, double factor)
{
    if (factor >= 0 && factor <= kMaxStrength) return {}; // also refuses what is no number
    return Error{ErrorCode::InvalidInput,
                 "Cannot change the strength of " + object + ": the factor is " + std::to_string(factor) +
                     ", expected 0 to " + std::to_string(int(kMaxStrength)) + ".",
                 "0 mutes it, 1 is what it had when it was stored."};
}

} // namespace

bool EpisodicStore::isTaken(int64_t slot) const
{
    return slot >= 0 && slot < static_cast<int64_t>(m_slots.size()) &&
           m_slots[static_cast<size_t>(slot)].event != 0;
}

std::vector<int64_t> EpisodicStore::slotsOf(int64_t event) const
{
    std::vector<int64_t> slots;
    for (size_t i = 0; event != 0 && i < m_slots.size(); ++i)
        if (m_slots[i].event == event) slots.push_back(static_cast<int64_t>(i));
    return slots;
}

Result<void> EpisodicStore::pin(int64_t event, bool isPinned)
{
    const std::vector<int64_t> slots = slotsOf(event);
    if (slots.empty()) return noSuchEvent(isPinned ? "pin" : "unpin", event);
    m_events.at(event).isPinned = isPinned;
    for (const int64_t slot : slots) m_slots[static_cast<size_t>(slot)].isPinned = isPinned;
    return {};
}

void EpisodicStore::setStrength(Slot &slot, float strength)
{
    m_numScaled += int64_t{strength != 1} - int64_t{slot.strength != 1};
    slot.strength = strength;
}

EpisodicStore::EditRecord EpisodicStore::forgetAll(const std::vector<int64_t> &slots, std::string text)
{
    EditRecord record{.text = std::move(text), .isForgotten = true, .slots = {}, .event = {}};
    const int64_t id = m_slots[static_cast<size_t>(slots.front())].event;
    const Event event = m_events.at(id);
    for (const int64_t slot : slots) {
        record.slots.emplace_back(slot, m_slots[static_cast<size_t>(slot)]);
        release(slot);
    }
    if (!m_events.contains(id)) record.event = {id, event};
    return record;
}

EpisodicStore::EditRecord EpisodicStore::scaleAll(const std::vector<int64_t> &slots, double factor,
                                                  std::string text)
{
    EditRecord record{.text = std::move(text), .isForgotten = false, .slots = {}, .event = {}};
    const auto strength = static_cast<float>(factor);
    for (const int64_t number : slots) {
        Slot &slot = m_slots[static_cast<size_t>(number)];
        if (slot.strength == strength) continue;
        record.slots.emplace_back(number, slot);
        setStrength(slot, strength);
    }
    return record;
}

Result<EpisodicStore::EditRecord> EpisodicStore::forget(int64_t event)
{
    const std::vector<int64_t> slots = slotsOf(event);
    if (slots.empty()) return noSuchEvent("forget", event);
    return forgetAll(slots, named("forgetting event ", event));
}

Result<EpisodicStore::EditRecord> EpisodicStore::forgetSlot(int64_t slot)
{
    if (!isTaken(slot)) return noSuchSlot("forget", slot, m_slots.size());
    const int64_t event = m_slots[static_cast<size_t>(slot)].event;
    return forgetAll({slot}, named("forgetting slot ", slot) + named(" of event ", event));
}

Result<EpisodicStore::EditRecord> EpisodicStore::scaleEvent(int64_t event, double factor)
{
    ORRERY_TRY(checkFactor(named("event ", event), factor));
    const std::vector<int64_t> slots = slotsOf(event);
    if (slots.empty()) return noSuchEvent("change the strength of", event);
    return scaleAll(slots, factor, named("the strength of event ", event));
}

Result<EpisodicStore::EditRecord> EpisodicStore::scaleSlot(int64_t slot, double factor)
{
    ORRERY_TRY(checkFactor(named("slot ", slot), factor));
    if (!isTaken(slot)) return noSuchSlot("change the strength of", slot, m_slots.size());
    const int64_t event = m_slots[static_cast<size_t>(slot)].event;
    return scaleAll({slot}, factor, named("the strength of slot ", slot) + named(" of event ", event));
}

void EpisodicStore::revert(const EditRecord &record)
{
    if (record.event) m_events.insert(*record.event).first->second.numSlots = 0;
    for (auto row = record.slots.rbegin(); row != record.slots.rend(); ++row) {
        Slot &slot = m_slots[static_cast<size_t>(row->first)];
        if (!record.isForgotten) {
            setStrength(slot, row->second.strength); // reads since then have changed its usage, rightly
            continue;
        }
        ORRERY_ASSERT(slot.event == 0 && m_free.back() == row->first);
        m_free.pop_back();
        slot = row->second;
        m_numScaled += slot.strength != 1;
        Event &event = m_events.at(slot.event);
        slot.isPinned = event.isPinned; // which may have changed since
        ++event.numSlots;
    }
}

} // namespace orrery::memory
