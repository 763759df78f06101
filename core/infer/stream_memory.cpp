// SPDX-License-Identifier: Apache-2.0
// What a text's parts remember of it: looked at, edited, kept in files.
#include "core/infer/text_stream.h"
#include "core/inspect/memory_edits.h"

#include <algorithm>

namespace orrery {

namespace {

constexpr size_t kShownDigits = 12; ///< of a digest

Error noMemory(const std::string &action)
{
    return Error{ErrorCode::NotFound, "Cannot " + action + ": the model has no episodic memory, expected a model with one.",
                 "Train it with plugins.memory.episodic_size above 0."};
}

} // namespace

const MemoryControl *TextStream::memory() const { return memoryIn(m_cache); }

int64_t TextStream::wipe(const std::string &source)
{
    dropStates(); // what was kept has the source still
    for (const auto &[name, part] : m_loaded) part->memory()->wipe(source);
    MemoryControl *memory = memoryIn(m_cache);
    return memory ? memory->wipe(source) : 0;
}

Result<void> TextStream::pin(int64_t event, bool isPinned)
{
    MemoryControl *memory = memoryIn(m_cache);
    if (!memory) return noMemory((isPinned ? "pin event " : "unpin event ") + std::to_string(event));
    ORRERY_TRY(memory->pin(event, isPinned));
    dropStates();
    // Events that came with this text are in it alone.
    for (const auto &[name, part] : m_loaded) (void)part->memory()->pin(event, isPinned);
    return {};
}

bool TextStream::changeLoaded(const MemoryEdit &edit, int64_t event)
{
    bool hasChanged = false;
    for (const auto &[name, part] : m_loaded) {
        const std::vector<MemoryEvent> events = part->memory()->listEvents();
        const auto found = std::find_if(events.begin(), events.end(),
                                        [event](const MemoryEvent &known) { return known.id == event; });
        // A slot may have been given to another event since.
        const bool isThere =
            found != events.end() && (edit.slot < 0 || std::find(found->slots.begin(), found->slots.end(),
                                                                 edit.slot) != found->slots.end());
        hasChanged = (isThere && part->memory()->change(edit).ok()) || hasChanged;
    }
    return hasChanged;
}

Result<int64_t> TextStream::change(const MemoryEdit &edit)
{
    MemoryControl *memory = memoryIn(m_cache);
    if (!memory) return noMemory(std::string("edit the memory (") + memoryVerbName(edit.verb) + ')');
    // Before it is gone: the event that a slot is of.
    MemoryEdit whole = edit;
    if (edit.verb != MemoryVerb::ForgetSlot && edit.verb != MemoryVerb::Scale) whole.slot = -1;
    if (whole.slot >= 0)
        for (const MemoryEvent &event : memory->listEvents())
            if (std::find(event.slots.begin(), event.slots.end(), edit.slot) != event.slots.end())
                whole.event = event.id;
    ORRERY_ASSIGN(const int64_t numFreed, memory->change(edit));
    dropStates();
    if (edit.verb != MemoryVerb::Undo) {
        m_hasChangedLoaded.push_back(changeLoaded(whole, whole.event));
    } else if (!m_hasChangedLoaded.empty()) {
        if (m_hasChangedLoaded.back())
            for (const auto &[name, part] : m_loaded) (void)part->memory()->change(edit);
        m_hasChangedLoaded.pop_back();
    }
    return numFreed;
}

Result<nn::KvCache> TextStream::cacheBehindMemory(int64_t capacity)
{
    if (!memoryIn(m_cache)) return noMemory("look behind the memory");
    nn::KvCache fresh = m_model.makeCache(1, capacity);
    for (const auto &[name, part] : m_cache.parts) {
        if (!part || !part->memory()) continue;
        const std::shared_ptr<nn::PartState> copy = part->clone();
        if (!copy)
            return Error{
                ErrorCode::NotFound,
                "Cannot look behind the memory: the model's memory is of one text only, expected one "
                "that texts begin with.",
                "Use a model with the plugin memory."};
        copy->endText(m_cache);
        fresh.parts[name] = copy;
    }
    return fresh;
}

Result<nn::KvCache> TextStream::cacheWithFile(const std::filesystem::path &path)
{
    nn::KvCache fresh = m_model.makeCache(1, 1);
    MemoryControl *memory = memoryIn(fresh);
    if (!memory) return noMemory("load \"" + path.string() + "\"");
    for (const auto &[name, part] : fresh.parts)
        if (part && part->memory() == memory && !part->clone())
            return Error{
                ErrorCode::NotFound,
                "Cannot load \"" + path.string() +
                    "\": the model's memory is of one text only, expected one that texts begin with.",
                "Use a model with the plugin memory."};
    ORRERY_TRY(memory->load(path));
    const auto *keeper = dynamic_cast<const KeepsMemoryOrigin *>(memory);
    if (keeper && !keeper->origin().tokens.empty() && !m_origin.tokens.empty() &&
        keeper->origin().tokens != m_origin.tokens)
        return Error{ErrorCode::InvalidInput,
                     "Cannot load the memory \"" + path.string() + "\": its tokens are those of digest " +
                         keeper->origin().tokens.substr(0, kShownDigits) + ", expected " +
                         m_origin.tokens.substr(0, kShownDigits) + ", as the model has another tokenizer.",
                     "Use a file that the same model wrote."};
    // Tokens are shown and read again: the file must not name others than the model has.
    for (const MemoryEvent &event : memory->listEvents()) {
        std::vector<int32_t> ids = event.tokenIds;
        for (const SlotRead &read : event.reads) ids.push_back(read.tokenId);
        for (const int32_t id : ids)
            if (id < 0 || id >= m_model.vocabSize())
                return Error{ErrorCode::InvalidInput,
                             "Cannot load the memory \"" + path.string() + "\": token " + std::to_string(id) +
                                 " in event " + std::to_string(event.id) + ", expected tokens below " +
                                 std::to_string(m_model.vocabSize()) + ".",
                             "Use a file that the same model wrote."};
    }
    return fresh;
}

Result<void> TextStream::loadMemory(const std::filesystem::path &path)
{
    ORRERY_ASSIGN(const nn::KvCache fresh, cacheWithFile(path));
    const MemoryControl *memory = memoryIn(fresh);
    m_loaded.clear();
    dropStates();
    for (const auto &[name, part] : fresh.parts)
        if (part && part->memory() == memory) m_loaded[name] = part;
    m_isUnread = false;
    restart();
    m_left.clear();
    return {};
}

void TextStream::dropMemory()
{
    if (m_loaded.empty()) return restart();
    m_loaded.clear();
    dropStates();
    m_isUnread = false;
    restart();
    m_left.clear();
}

Result<MemoryStatus> TextStream::saveMemory(const std::filesystem::path &path)
{
    for (const auto &[name, part] : m_cache.parts) {
        if (!part || !part->memory()) continue;
        const std::shared_ptr<nn::PartState> ended = part->clone();
        if (!ended) continue;
        ended->endText(m_cache);
        claim(*ended->memory());
        ORRERY_TRY(ended->memory()->save(path));
        return ended->memory()->status();
    }
    return noMemory("save \"" + path.string() + "\"");
}

Result<Consolidation> TextStream::consolidate(const std::vector<std::vector<int32_t>> &background,
                                              const ConsolidationSettings &settings,
                                              const std::atomic<bool> &cancel)
{
    for (const auto &[name, part] : m_cache.parts)
        if (part && part->memory()) return part->consolidate(m_model, background, settings, cancel);
    return noMemory("consolidate");
}

MemoryOrigin TextStream::loadedOrigin() const
{
    for (const auto &[name, part] : m_loaded)
        if (const auto *keeper = dynamic_cast<const KeepsMemoryOrigin *>(part->memory())) return keeper->origin();
    return {};
}

void TextStream::claim(MemoryControl &memory) const
{
    auto *keeper = dynamic_cast<KeepsMemoryOrigin *>(&memory);
    if (!keeper) return;
    const std::string &run = keeper->origin().run;
    if (run.empty() || run == m_origin.run || memory.status().numUsed == 0) keeper->setOrigin(m_origin);
}

bool TextStream::beginsWithMemory() const
{
    return std::any_of(m_loaded.begin(), m_loaded.end(),
                       [](const auto &part) { return part.second->memory()->status().numUsed > 0; });
}

std::vector<MemoryEvent> TextStream::loadedEvents() const
{
    std::vector<MemoryEvent> events;
    for (const auto &[name, part] : m_loaded) {
        const std::vector<MemoryEvent> more = part->memory()->listEvents();
        events.insert(events.end(), more.begin(), more.end());
    }
    return events;
}

} // namespace orrery
