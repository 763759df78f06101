// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/adapters.h"
#include "core/rpc/wire.h"

#include <map>

namespace orrery {

namespace {

/// A column that is not as long as the others is left out: it would be read by their places.
template <typename Field> auto columnOf(const Field &field, int numTokens)
{
    std::vector<typename Field::value_type> column;
    if (field.size() == numTokens) column.assign(field.begin(), field.end());
    return column;
}

Modality modalityOf(uint32_t number)
{
    return number > kNumModalities ? Modality::Unknown : static_cast<Modality>(number);
}

/// Who reads is named once for all slots.
class Readers {
public:
    explicit Readers(v1::MemoryReply &message) : m_message(message) {}
    uint32_t numberOf(const std::string &source)
    {
        if (source.empty()) return 0;
        const auto [at, isNew] = m_numbers.try_emplace(source, static_cast<uint32_t>(m_numbers.size() + 1));
        if (isNew) m_message.add_readers(wire::utf8(source));
        return at->second;
    }

private:
    v1::MemoryReply &m_message;
    std::map<std::string, uint32_t> m_numbers;
};

void addRead(const SlotRead &read, Readers &readers, v1::SlotReadMessage &message)
{
    message.set_age(read.age);
    if (!read.isThere()) return;
    message.set_place(read.place);
    message.set_source(readers.numberOf(read.source));
    message.set_token_id(read.tokenId);
    message.set_modality(static_cast<uint32_t>(read.modality));
    message.set_text(read.text);
    message.set_layer(read.layer);
    message.set_head(read.head);
    message.set_weight(read.weight);
}

SlotRead readOf(const v1::SlotReadMessage &message, const v1::MemoryReply &reply)
{
    SlotRead read{.age = message.age(), .source = {}, .text = {}};
    if (!read.isThere()) {
        if (read.age != SlotRead::kNever) read.age = SlotRead::kNotKnown;
        return read;
    }
    const auto source = static_cast<int64_t>(message.source()) - 1;
    read.place = message.place();
    if (source >= 0 && source < reply.readers_size()) read.source = reply.readers(static_cast<int>(source));
    read.tokenId = message.token_id();
    read.modality = modalityOf(message.modality());
    read.text = message.text();
    read.layer = message.layer();
    read.head = message.head();
    read.weight = message.weight();
    return read;
}

/// What else is told of stored tokens.
void addColumns(const MemoryEvent &event, Readers &readers, v1::MemoryEventMessage &message)
{
    for (const Modality modality : event.modalities) message.add_modalities(static_cast<uint32_t>(modality));
    for (const SlotRead &read : event.reads) addRead(read, readers, *message.add_reads());
    for (const MediaRun &run : event.media) {
        v1::MediaRunMessage &item = *message.add_media();
        item.set_begin(run.begin);
        item.set_count(run.count);
        item.set_modality(static_cast<uint32_t>(run.modality));
    }
}

void takeColumns(const v1::MemoryEventMessage &message, const v1::MemoryReply &reply, MemoryEvent &event)
{
    for (const uint32_t number : columnOf(message.modalities(), message.token_ids_size()))
        event.modalities.push_back(modalityOf(number));
    if (message.reads_size() == message.token_ids_size())
        for (const v1::SlotReadMessage &read : message.reads()) event.reads.push_back(readOf(read, reply));
    int64_t end = 0;
    const auto numBytes = static_cast<int64_t>(event.text.size());
    for (const v1::MediaRunMessage &run : message.media()) {
        // Whoever shows the text takes these bytes out of it.
        if (run.begin() < end || run.count() < 1 || run.begin() > numBytes ||
            run.count() > numBytes - run.begin()) {
            event.media.clear();
            return;
        }
        event.media.push_back({run.begin(), run.count(), modalityOf(run.modality())});
        end = run.begin() + run.count();
    }
}

} // namespace

void toMessage(const MemoryEdit &value, v1::MemoryRequest &message)
{
    message.set_verb(static_cast<uint32_t>(value.verb));
    message.set_source(wire::utf8(value.source));
    message.set_event(value.event);
    message.set_slot(value.slot);
    message.set_factor(value.factor);
    message.set_path(wire::utf8(value.path));
    message.set_max_events(value.maxEvents);
    message.set_file(wire::utf8(value.file));
}

MemoryEdit fromMessage(const v1::MemoryRequest &message)
{
    MemoryEdit value;
    value.verb = message.verb() > static_cast<uint32_t>(kLastMemoryVerb)
                     ? MemoryVerb::Unknown
                     : static_cast<MemoryVerb>(message.verb());
    value.source = message.source();
    value.event = message.event();
    value.slot = message.slot();
    value.factor = message.factor();
    value.path = message.path();
    value.maxEvents = message.max_events();
    value.file = message.file();
    return value;
}

void toMessage(const MemoryReport &value, v1::MemoryReply &message)
{
    message.set_capacity(value.status.capacity);
    message.set_num_used(value.status.numUsed);
    message.set_num_pinned(value.status.numPinned);
    message.set_num_evicted(value.status.numEvicted);
    message.set_num_skipped(value.status.numSkipped);
    message.set_num_refused(value.status.numRefused);
    message.set_last_refusal(wire::utf8(value.status.lastRefusal));
    message.set_num_freed(value.numFreed);
    Readers readers(message);
    for (const MemoryEvent &event : value.events) {
        v1::MemoryEventMessage &item = *message.add_events();
        item.set_id(event.id);
        item.set_source(wire::utf8(event.source));
        item.set_first_token(event.firstToken);
        item.set_last_token(event.lastToken);
        item.set_step(event.step);
        item.set_num_slots(event.numSlots);
        item.set_mean_usage(event.meanUsage);
        item.set_age(event.age);
        item.set_is_pinned(event.isPinned);
        item.mutable_token_ids()->Assign(event.tokenIds.begin(), event.tokenIds.end());
        item.set_text(event.text);
        item.mutable_slots()->Assign(event.slots.begin(), event.slots.end());
        item.mutable_usages()->Assign(event.usages.begin(), event.usages.end());
        item.mutable_surprises()->Assign(event.surprises.begin(), event.surprises.end());
        item.mutable_strengths()->Assign(event.strengths.begin(), event.strengths.end());
        addColumns(event, readers, item);
    }
    message.set_undo_text(wire::utf8(value.undoText));
    message.mutable_similar_events()->Assign(value.similarEvents.begin(), value.similarEvents.end());
    message.mutable_similarity()->Assign(value.similarity.begin(), value.similarity.end());
    message.set_note(wire::utf8(value.note));
}

MemoryReport fromMessage(const v1::MemoryReply &message)
{
    MemoryReport value;
    value.status = {.capacity = message.capacity(),
                    .numUsed = message.num_used(),
                    .numPinned = message.num_pinned(),
                    .numEvicted = message.num_evicted(),
                    .numSkipped = message.num_skipped(),
                    .numRefused = message.num_refused(),
                    .lastRefusal = message.last_refusal()};
    value.numFreed = message.num_freed();
    for (const v1::MemoryEventMessage &item : message.events()) {
        value.events.push_back({.id = item.id(),
                                .source = item.source(),
                                .firstToken = item.first_token(),
                                .lastToken = item.last_token(),
                                .step = item.step(),
                                .numSlots = item.num_slots(),
                                .meanUsage = item.mean_usage(),
                                .age = item.age(),
                                .isPinned = item.is_pinned(),
                                .tokenIds = {item.token_ids().begin(), item.token_ids().end()},
                                .slots = columnOf(item.slots(), item.token_ids_size()),
                                .usages = columnOf(item.usages(), item.token_ids_size()),
                                .surprises = columnOf(item.surprises(), item.token_ids_size()),
                                .strengths = columnOf(item.strengths(), item.token_ids_size()),
                                .text = item.text()});
        takeColumns(item, message, value.events.back());
    }
    value.undoText = message.undo_text();
    value.note = message.note();
    const auto numSimilar = static_cast<int64_t>(message.similar_events_size());
    if (message.similarity_size() == numSimilar * numSimilar) {
        value.similarEvents.assign(message.similar_events().begin(), message.similar_events().end());
        value.similarity.assign(message.similarity().begin(), message.similarity().end());
    }
    return value;
}

void toMessage(const ModelConsolidationRequest &value, v1::ConsolidateQuery &message)
{
    message.set_model(wire::utf8(value.model));
    message.set_directory(wire::utf8(value.directory));
    message.set_memory_file(wire::utf8(value.memoryFile));
    message.set_is_loaded(value.isLoaded);
    message.set_data(wire::utf8(value.data));
    message.set_num_slots(value.numSlots);
    message.set_num_passes(value.numPasses);
    message.set_learning_rate(value.learningRate);
}

ModelConsolidationRequest fromMessage(const v1::ConsolidateQuery &message)
{
    return {message.model(), message.directory(), message.memory_file(), message.is_loaded(),
            message.data(),  message.num_slots(), message.num_passes(),  message.learning_rate()};
}

void toMessage(const ConsolidationAmount &value, v1::ConsolidateAmount &message)
{
    message.set_phase(static_cast<uint32_t>(value.phase));
    message.set_num_done(value.numDone);
    message.set_num_total(value.numTotal);
}

ConsolidationAmount fromMessage(const v1::ConsolidateAmount &message)
{
    const bool isKnown = message.phase() <= static_cast<uint32_t>(kLastConsolidationPhase);
    return {isKnown ? static_cast<ConsolidationPhase>(message.phase()) : ConsolidationPhase::Unknown,
            message.num_done(), message.num_total()};
}

void toMessage(const ModelConsolidationSummary &value, v1::ConsolidateDone &message)
{
    message.set_directory(wire::utf8(value.directory));
    message.set_source(wire::utf8(value.source));
    message.set_step(value.step);
    for (const std::string &name : value.learned) message.add_learned(wire::utf8(name));
    message.set_num_texts(value.numTexts);
    message.set_num_slots(value.numSlots);
    message.set_loss_before(value.lossBefore);
    message.set_loss_after(value.lossAfter);
    message.set_num_protected(value.numProtected);
    message.set_protected_before(value.protectedBefore);
    message.set_protected_after(value.protectedAfter);
    for (const std::string &path : value.protectedFrom) message.add_protected_from(wire::utf8(path));
}

ModelConsolidationSummary fromMessage(const v1::ConsolidateDone &message)
{
    ModelConsolidationSummary value;
    value.directory = message.directory();
    value.source = message.source();
    value.step = message.step();
    value.learned.assign(message.learned().begin(), message.learned().end());
    value.numTexts = message.num_texts();
    value.numSlots = message.num_slots();
    value.lossBefore = message.loss_before();
    value.lossAfter = message.loss_after();
    value.numProtected = message.num_protected();
    value.protectedBefore = message.protected_before();
    value.protectedAfter = message.protected_after();
    value.protectedFrom.assign(message.protected_from().begin(), message.protected_from().end());
    return value;
}

} // namespace orrery
