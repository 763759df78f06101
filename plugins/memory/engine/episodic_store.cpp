// SPDX-License-Identifier: Apache-2.0
#include "plugins/memory/engine/episodic_store.h"

#include "core/base/assert.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery::memory {

namespace {

/// Counts of a file stay far below what overflows when they go on, and when each slot's are added up.
constexpr int64_t kLargestCount = int64_t{1} << 44;
bool isCount(int64_t value) { return value >= 0 && value <= kLargestCount; }
constexpr float kMostWeight = 1.001F; ///< a share, rounded

/// A model whose numbers broke has no surprise that could be kept.
float knownSurprise(std::optional<double> surprise)
{
    if (!surprise) return 0;
    return *surprise > 0 && *surprise < std::numeric_limits<float>::max() ? static_cast<float>(*surprise) : 0;
}

Error badImage(const std::string &found, const std::string &expected)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot restore an episodic memory: " + found + ", expected " + expected + ".",
                 "Use a file that this model wrote."};
}

/// What was lost: an eviction makes room for a write.
Result<void> checkLosses(const EpisodicStore::Image &image)
{
    for (const int64_t count : {image.numEvicted, image.numSkipped, image.numRefused})
        if (count != kUnknownCount && !isCount(count))
            return badImage("a count of " + std::to_string(count),
                            "counts from 0 to " + std::to_string(kLargestCount));
    if (image.numEvicted < image.serial) return {};
    return badImage(std::to_string(image.numEvicted) + " tokens evicted",
                    "fewer than the " + std::to_string(image.serial) + " of the next write");
}

/// Of free slots and of those that were never read, too: it is a place in the list of names.
Result<void> checkReader(const LastRead &read, const EpisodicStore::Image &image, size_t slot)
{
    if (read.reader >= -1 && read.reader < std::ssize(image.readers)) return {};
    return badImage("slot " + std::to_string(slot) + " was read by source " + std::to_string(read.reader),
                    "−1 (none) or one of the " + std::to_string(image.readers.size()) +
                        " that are named, from 0");
}

Result<void> checkRead(const LastRead &read, const EpisodicStore::Image &image, size_t slot)
{
    if (!read.isThere() && read.at >= LastRead::kNotKnown) return {};
    const bool isDated = read.at <= image.clock && read.isThere();
    if (isDated && isCount(read.place) && read.tokenId >= 0 && read.weight >= 0 &&
        read.weight <= kMostWeight && read.modality <= kModalities.back())
        return {};
    return badImage("slot " + std::to_string(slot) + " was last read when " + std::to_string(read.at) +
                        " tokens had been read, by token " + std::to_string(read.tokenId) + " at place " +
                        std::to_string(read.place) + " with weight " + std::to_string(read.weight),
                    std::to_string(image.clock) +
                        " tokens at most, a token, a place and a weight from 0 to 1");
}

} // namespace

bool EventSegmenter::begins(std::optional<double> surprise)
{
    double sum = 0, squares = 0;
    for (const double value : m_recent) {
        sum += value;
        squares += value * value;
    }
    const auto count = static_cast<double>(m_recent.size());
    const double mean = count > 0 ? sum / count : 0;
    const double deviation = count > 0 ? std::sqrt(std::max(0.0, squares / count - mean * mean)) : 0;
    const bool isSurprising = surprise && count > 0 && *surprise > mean + m_gamma * deviation;
    if (surprise) m_recent.push_back(*surprise);
    if (m_recent.size() > kSurpriseWindow) m_recent.pop_front();
    const bool begins = m_length == 0 || m_length >= m_blockMax || (isSurprising && m_length >= m_blockMin);
    m_length = begins ? 1 : m_length + 1;
    return begins;
}

EpisodicStore::EpisodicStore(const StoreSettings &settings)
    : m_settings(settings), m_segmenter(settings.surpriseGamma, settings.blockMin, settings.blockMax)
{
    ORRERY_ASSERT(settings.capacity >= 1 && settings.capacity <= kMaxSlots);
}

EpisodicStore::Event &EpisodicStore::eventFor(const TokenOrigin &origin)
{
    const auto found = m_events.find(m_current);
    if (found != m_events.end() && found->second.source != origin.source) m_segmenter.restart();
    const bool isPredicted = origin.surprise && std::isfinite(*origin.surprise) && origin.modality == Modality::Text;
    const bool begins = m_segmenter.begins(isPredicted ? origin.surprise : std::nullopt);
    if (begins || found == m_events.end()) {
        // What no slot was given to is not worth a line in a list.
        if (found != m_events.end() && found->second.numSlots == 0) m_events.erase(found);
        m_current = m_nextEvent++;
        m_events[m_current] = {origin.source, origin.position, origin.position, 0, m_numRead, false};
    }
    Event &event = m_events[m_current];
    event.last = origin.position;
    return event;
}

Result<int64_t> EpisodicStore::takeSlot()
{
    if (!m_free.empty()) {
        const int64_t slot = m_free.back();
        m_free.pop_back();
        return slot;
    }
    const auto numSlots = static_cast<int64_t>(m_slots.size());
    if (numSlots < m_settings.capacity) {
        m_slots.emplace_back();
        return numSlots;
    }
    int64_t least = -1;
    for (int64_t i = 0; i < numSlots; ++i) {
        const Slot &slot = m_slots[static_cast<size_t>(i)];
        if (slot.isPinned) continue;
        if (least >= 0) {
            const Slot &best = m_slots[static_cast<size_t>(least)];
            if (slot.usage > best.usage || (slot.usage == best.usage && slot.serial > best.serial)) continue;
        }
        least = i;
    }
    if (least < 0)
        return Error{ErrorCode::OutOfMemory,
                     "Cannot store another token in the episodic memory: all of its " +
                         std::to_string(numSlots) + " slots are pinned, expected one that may be evicted.",
                     "Unpin an event, wipe a source, or train with a larger plugins.memory.episodic_size."};
    release(least);
    countOne(m_numEvicted);
    m_free.pop_back();
    return least;
}

void EpisodicStore::release(int64_t slot)
{
    Slot &freed = m_slots[static_cast<size_t>(slot)];
    const auto found = m_events.find(freed.event);
    if (found != m_events.end() && --found->second.numSlots == 0 && found->first != m_current)
        m_events.erase(found);
    m_numScaled -= freed.strength != 1;
    freed = {};
    m_free.push_back(slot);
}

Result<int64_t> EpisodicStore::write(const TokenOrigin &origin, const LastRead &read, double usage)
{
    auto taken = takeSlot();
    if (!taken) {
        countOne(m_numRefused);
        m_lastRefusal = taken.error().message;
        (void)eventFor(origin);
        return taken;
    }
    Event &event = eventFor(origin);
    ++event.numSlots;
    m_slots[static_cast<size_t>(*taken)] = {.event = m_current,
                                            .serial = m_nextSerial++,
                                            .position = origin.position,
                                            .step = origin.step,
                                            .tokenId = origin.tokenId,
                                            .usage = usage,
                                            .surprise = knownSurprise(origin.surprise),
                                            .modality = origin.modality,
                                            .isPinned = event.isPinned,
                                            .read = read};
    return taken;
}

void EpisodicStore::skip(const TokenOrigin &origin)
{
    (void)eventFor(origin);
    countOne(m_numSkipped);
}

void EpisodicStore::fade(int64_t numTokens)
{
    const double factor = std::pow(kUsageDecay, static_cast<double>(numTokens));
    for (Slot &slot : m_slots) slot.usage *= factor;
}

int32_t EpisodicStore::readerOf(const std::string &source)
{
    if (source.empty()) return -1;
    // Mostly the one that reads on.
    const auto found = std::find(m_readers.rbegin(), m_readers.rend(), source);
    const auto numBehind = static_cast<size_t>(found - m_readers.rbegin());
    if (numBehind < m_readers.size()) return static_cast<int32_t>(m_readers.size() - 1 - numBehind);
    m_readers.push_back(source);
    return static_cast<int32_t>(m_readers.size() - 1);
}

void EpisodicStore::dropWipedReader(LastRead &read) const
{
    if (read.reader >= 0 && m_readers[static_cast<size_t>(read.reader)].empty())
        read = {.at = LastRead::kNotKnown};
}

SlotRead EpisodicStore::toldRead(const LastRead &read) const
{
    SlotRead told{.source = {}, .text = {}};
    if (!read.isThere()) {
        told.age = read.at == LastRead::kNever ? SlotRead::kNever : SlotRead::kNotKnown;
        return told;
    }
    told.age = m_clock - read.at;
    told.place = read.place;
    if (read.reader >= 0) told.source = m_readers[static_cast<size_t>(read.reader)];
    told.tokenId = read.tokenId;
    told.modality = read.modality;
    told.head = read.head;
    told.weight = read.weight;
    return told;
}

std::string EpisodicStore::sourceOf(const Slot &slot) const
{
    const auto found = m_events.find(slot.event);
    return found == m_events.end() ? std::string() : found->second.source;
}

MemoryStatus EpisodicStore::status() const
{
    MemoryStatus status;
    status.capacity = m_settings.capacity;
    status.numUsed = static_cast<int64_t>(m_slots.size() - m_free.size());
    for (const auto &[id, event] : m_events)
        if (event.isPinned) status.numPinned += event.numSlots;
    status.numEvicted = m_numEvicted;
    status.numSkipped = m_numSkipped;
    status.numRefused = m_numRefused;
    status.lastRefusal = m_lastRefusal;
    return status;
}

std::vector<MemoryEvent> EpisodicStore::listEvents() const
{
    std::map<int64_t, std::vector<const Slot *>> members;
    for (const Slot &slot : m_slots)
        if (slot.event != 0) members[slot.event].push_back(&slot);
    std::vector<MemoryEvent> events;
    for (auto &[id, slots] : members) {
        std::sort(slots.begin(), slots.end(),
                  [](const Slot *a, const Slot *b) { return a->serial < b->serial; });
        const Event &event = m_events.at(id);
        MemoryEvent listed{.id = id,
                           .source = event.source,
                           .firstToken = event.first,
                           .lastToken = event.last,
                           .numSlots = event.numSlots,
                           .age = m_numRead - event.begun,
                           .isPinned = event.isPinned,
                           .tokenIds = {},
                           .slots = {},
                           .usages = {},
                           .surprises = {},
                           .strengths = {},
                           .text = {}};
        listed.step = slots.back()->step;
        for (const Slot *slot : slots) {
            listed.meanUsage += slot->usage / static_cast<double>(slots.size());
            listed.tokenIds.push_back(slot->tokenId);
            listed.slots.push_back(slot - m_slots.data());
            listed.usages.push_back(static_cast<float>(slot->usage));
            listed.surprises.push_back(slot->surprise);
            listed.strengths.push_back(slot->strength);
            listed.modalities.push_back(slot->modality);
            listed.reads.push_back(toldRead(slot->read));
        }
        events.push_back(std::move(listed));
    }
    return events;
}

std::vector<int64_t> EpisodicStore::wipe(const std::string &source)
{
    std::vector<int64_t> freed;
    for (int64_t i = 0; i < static_cast<int64_t>(m_slots.size()); ++i) {
        const Slot &slot = m_slots[static_cast<size_t>(i)];
        if (slot.event == 0 || !isOfSource(m_events.at(slot.event).source, source)) continue;
        release(i);
        freed.push_back(i);
    }
    for (std::string &reader : m_readers)
        if (isOfSource(reader, source)) reader.clear();
    for (Slot &slot : m_slots) dropWipedReader(slot.read);
    // Also the event that goes on: nothing of the source is left, not even its name.
    std::erase_if(m_events, [&](const auto &entry) { return isOfSource(entry.second.source, source); });
    if (!m_events.contains(m_current)) {
        m_current = 0;
        m_segmenter.restart();
    }
    return freed;
}

EpisodicStore::Image EpisodicStore::image() const
{
    Image image;
    image.slots = m_slots;
    std::vector<int32_t> numberOf(m_readers.size(), -1); // those alone that a slot names
    for (Slot &slot : image.slots) {
        if (slot.read.reader < 0) continue;
        int32_t &number = numberOf[static_cast<size_t>(slot.read.reader)];
        if (number < 0) {
            number = static_cast<int32_t>(image.readers.size());
            image.readers.push_back(m_readers[static_cast<size_t>(slot.read.reader)]);
        }
        slot.read.reader = number;
    }
    for (const auto &[id, event] : m_events)
        if (event.numSlots > 0)
            image.events.push_back({id, event.first, event.last, event.begun, event.isPinned, event.source});
    image.serial = m_nextSerial;
    image.numRead = m_numRead;
    image.clock = m_clock;
    image.numEvicted = std::max(m_numEvicted, kUnknownCount);
    image.numSkipped = std::max(m_numSkipped, kUnknownCount);
    image.numRefused = std::max(m_numRefused, kUnknownCount);
    return image;
}

Result<void> EpisodicStore::restore(const Image &image)
{
    if (static_cast<int64_t>(image.slots.size()) > m_settings.capacity)
        return badImage(std::to_string(image.slots.size()) + " slots",
                        "at most " + std::to_string(m_settings.capacity));
    for (const int64_t count : {image.serial, image.numRead, image.clock})
        if (!isCount(count) || image.serial < 1)
            return badImage("a count of " + std::to_string(count),
                            "counts from 0 to " + std::to_string(kLargestCount));
    ORRERY_TRY(checkLosses(image));
    std::map<int64_t, Event> events;
    for (const Image::EventRow &row : image.events) {
        const bool isNew =
            events.emplace(row.id, Event{row.source, row.first, row.last, 0, row.begun, row.isPinned}).second;
        if (row.id < 1 || !isCount(row.id) || !isCount(row.first) || !isCount(row.last) ||
            row.first > row.last || row.begun < 0 || row.begun > image.numRead || !isNew)
            return badImage("event " + std::to_string(row.id) + " with tokens " + std::to_string(row.first) +
                                " to " + std::to_string(row.last) + ", begun at " + std::to_string(row.begun),
                            "each event once, numbered from 1, its tokens in order, begun when " +
                                std::to_string(image.numRead) + " tokens were read at most");
    }
    std::vector<int64_t> freeSlots;
    int64_t numScaled = 0;
    for (size_t i = 0; i < image.slots.size(); ++i) {
        const Slot &slot = image.slots[i];
        ORRERY_TRY(checkReader(slot.read, image, i));
        if (slot.event == 0) {
            freeSlots.push_back(static_cast<int64_t>(i));
            continue;
        }
        const auto found = events.find(slot.event);
        if (found == events.end() || slot.serial < 1 || slot.serial >= image.serial ||
            !isCount(slot.position) || !isCount(slot.step) || slot.tokenId < 0 ||
            !(slot.usage >= 0 && slot.usage <= double(kLargestCount)))
            return badImage(
                "slot " + std::to_string(i) + " of event " + std::to_string(slot.event),
                "a slot of an event that is listed, with its number, place, step, token and usage "
                "in range");
        if (!(slot.surprise >= 0 && std::isfinite(slot.surprise)))
            return badImage("slot " + std::to_string(i) + " with surprise " + std::to_string(slot.surprise),
                            "nats from 0");
        if (!(slot.strength >= 0 && slot.strength <= kMaxStrength))
            return badImage("slot " + std::to_string(i) + " with strength " + std::to_string(slot.strength),
                            "a factor from 0 to " + std::to_string(int(kMaxStrength)));
        ORRERY_TRY(checkRead(slot.read, image, i));
        if (slot.modality > kModalities.back())
            return badImage("slot " + std::to_string(i) + " of modality " +
                                std::to_string(static_cast<int>(slot.modality)),
                            "text, image or audio");
        numScaled += slot.strength != 1;
        ++found->second.numSlots;
    }
    for (const auto &[id, event] : events)
        if (event.numSlots == 0) return badImage("event " + std::to_string(id) + " without slots", "one");
    m_slots = image.slots;
    for (const int64_t slot : freeSlots) m_slots[static_cast<size_t>(slot)] = {};
    for (Slot &slot : m_slots) {
        slot.isPinned = slot.event != 0 && events.at(slot.event).isPinned;
        if (!slot.read.isThere())
            slot.read = {.at = slot.read.at}; // the file may say who, which means nothing
    }
    m_numScaled = numScaled;
    m_free = std::move(freeSlots);
    m_events = std::move(events);
    m_current = 0;
    m_segmenter.restart();
    m_nextEvent = m_events.empty() ? 1 : m_events.rbegin()->first + 1;
    m_nextSerial = image.serial;
    m_numRead = image.numRead;
    m_clock = image.clock;
    m_readers = image.readers;
    m_numEvicted = image.numEvicted;
    m_numSkipped = image.numSkipped;
    m_numRefused = image.numRefused;
    m_lastRefusal.clear();
    return {};
}

} // namespace orrery::memory
