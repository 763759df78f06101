// SPDX-License-Identifier: Apache-2.0
#include "core/spec/memory_events.h"

#include <array>

namespace orrery {

namespace {

constexpr std::array<const char *, size_t(kLastMemoryVerb) + 1> kVerbNames = {
    "unknown",     "list",  "wipe", "pin",        "unpin", "forget",
    "forget_slot", "scale", "undo", "similarity", "save",  "load"};

constexpr std::array<const char *, size_t(kLastConsolidationPhase) + 1> kPhaseNames = {
    "unknown", "loading", "reading", "comparing", "learning", "writing"};

} // namespace

const char *memoryVerbName(MemoryVerb verb)
{
    const auto number = static_cast<size_t>(verb);
    return kVerbNames[number < kVerbNames.size() ? number : 0];
}

MemoryVerb memoryVerbFromName(std::string_view name)
{
    for (size_t number = 1; number < kVerbNames.size(); ++number)
        if (name == kVerbNames[number]) return static_cast<MemoryVerb>(number);
    return MemoryVerb::Unknown;
}

const char *consolidationPhaseName(ConsolidationPhase phase)
{
    const auto number = static_cast<size_t>(phase);
    return kPhaseNames[number < kPhaseNames.size() ? number : 0];
}

ConsolidationPhase consolidationPhaseFromName(std::string_view name)
{
    for (size_t number = 1; number < kPhaseNames.size(); ++number)
        if (name == kPhaseNames[number]) return static_cast<ConsolidationPhase>(number);
    return ConsolidationPhase::Unknown;
}

SlotRead lastReadOf(const MemoryEvent &event)
{
    SlotRead last;
    if (!event.reads.empty()) last.age = SlotRead::kNever;
    for (const SlotRead &read : event.reads) {
        const bool isNewer = read.isThere() && (!last.isThere() || read.age < last.age);
        if (isNewer || (read.age == SlotRead::kNotKnown && !last.isThere())) last = read;
    }
    return last;
}

Result<int64_t> MemoryControl::change(const MemoryEdit &edit)
{
    const std::string verb = memoryVerbName(edit.verb);
    return Error{ErrorCode::InvalidInput,
                 "Cannot change a memory by \"" + verb + "\": this one does not know \"" + verb +
                     "\", expected an edit that it knows.",
                 "Wipe a source, or pin an event."};
}

Result<std::vector<float>> MemoryControl::similarity(int64_t, std::vector<int64_t> &) const
{
    return Error{ErrorCode::NotFound,
                 "Cannot compare what is remembered: this memory keeps no keys to compare, expected one "
                 "with a key for each token.",
                 "Use a model with the plugin memory."};
}

} // namespace orrery
