// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/adapters.h"
#include "core/rpc/wire.h"

namespace orrery {

void toMessage(const MemoryEdit &value, v1::MemoryRequest &message)
{
    message.set_verb(static_cast<uint32_t>(value.verb));
    message.set_source(wire::utf8(value.source));
    message.set_event(value.event);
}

MemoryEdit fromMessage(const v1::MemoryRequest &message)
{
    MemoryEdit value;
    value.verb = message.verb() > static_cast<uint32_t>(MemoryVerb::Unpin)
                     ? MemoryVerb::Unknown
                     : static_cast<MemoryVerb>(message.verb());
    value.source = message.source();
    value.event = message.event();
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
    }
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
    for (const v1::MemoryEventMessage &item : message.events())
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
                                .text = item.text()});
    return value;
}

} // namespace orrery
