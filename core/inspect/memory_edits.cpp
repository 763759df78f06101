// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/memory_edits.h"

#include "core/base/text.h"
#include "core/inspect/attention_watch.h"

#include <ATen/core/Tensor.h>

#include <algorithm>

namespace orrery {
namespace {

Error refuse(const std::string &found, const std::string &expected, const std::string &hint)
{
    return {ErrorCode::InvalidInput, "Cannot look inside: " + found + ", expected " + expected + ".", hint};
}

bool isWhatIf(MemoryVerb verb)
{
    return verb == MemoryVerb::Wipe || verb == MemoryVerb::Forget || verb == MemoryVerb::ForgetSlot ||
           verb == MemoryVerb::Scale;
}

Result<void> editOne(MemoryControl &memory, const MemoryEdit &edit)
{
    if (edit.verb != MemoryVerb::Wipe) {
        ORRERY_TRY(memory.change(edit));
        return {};
    }
    const std::vector<MemoryEvent> events = memory.listEvents();
    const bool isThere = std::any_of(events.begin(), events.end(), [&edit](const MemoryEvent &event) {
        return isOfSource(event.source, edit.source);
    });
    if (!isThere)
        return Error{ErrorCode::NotFound,
                     "Cannot wipe the source \"" + sanitizeUtf8(edit.source) +
                         "\": the memory has nothing of it.",
                     "Choose a source of the memory's events."};
    memory.wipe(edit.source);
    return {};
}

} // namespace

MemoryControl *memoryIn(const nn::KvCache &cache)
{
    for (const auto &[name, part] : cache.parts)
        if (MemoryControl *memory = part ? part->memory() : nullptr) return memory;
    return nullptr;
}

Result<void> checkMemoryRequest(const InspectInput &input, const InspectRequest &request)
{
    if (!request.withMemory && !request.memoryEdits.empty())
        return refuse("edits of a memory are asked for, and the text is read without one",
                      "a text that is read with the memory", "Ask with the memory, or without edits.");
    if (!request.withMemory) return {};
    if (!input.cacheWithMemory)
        return refuse(
            "the text is to be read with a memory, and that of a running training is the one of its "
            "current batch",
            "the memory of a saved step", "Use RUN@step.");
    if (request.wantsAttribution)
        return refuse("attribution is asked for and the text is read with a memory, which has no gradient",
                      "one of them", "Ask for the attribution without the memory.");
    if (request.memoryEdits.size() > kMaxMemoryEdits)
        return refuse(std::to_string(request.memoryEdits.size()) + " edits of the memory are asked for",
                      "at most " + std::to_string(kMaxMemoryEdits),
                      "Wipe a source in place of its events, or ask about fewer.");
    for (const MemoryEdit &edit : request.memoryEdits)
        if (!isWhatIf(edit.verb))
            return refuse(std::string("the memory is to be edited by \"") + memoryVerbName(edit.verb) + "\"",
                          "wipe, forget, forget_slot or scale", "Other edits change no answer.");
    return {};
}

Result<void> editMemoryIn(const nn::KvCache &cache, const std::vector<MemoryEdit> &edits,
                          const std::function<bool()> &isCancelled)
{
    if (edits.empty()) return {};
    MemoryControl *memory = memoryIn(cache);
    if (!memory)
        return Error{ErrorCode::NotFound, "Cannot edit the memory: the model has none.",
                     "Use a model with the plugin memory."};
    for (const MemoryEdit &edit : edits) {
        if (isCancelled && isCancelled()) throw LookCancelled{};
        ORRERY_TRY(editOne(*memory, edit));
    }
    return {};
}

} // namespace orrery
