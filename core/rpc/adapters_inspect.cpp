// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/adapters.h"
#include "core/rpc/inspect_parts.h"

#include <limits>

namespace orrery {

namespace {

void setRange(const TokenRange &value, v1::TokenRangeMessage &message)
{
    message.set_begin(value.begin);
    message.set_end(value.end);
}

TokenRange rangeOf(const v1::TokenRangeMessage &message) { return {message.begin(), message.end()}; }

} // namespace

void toMessage(const FrameInfo &value, v1::FrameMessage &message)
{
    message.set_id(value.id);
    message.set_step(value.step);
    message.set_wall_time(value.wallTime);
    message.set_attempt(value.attempt);
    message.set_kind(static_cast<uint32_t>(value.kind));
    message.set_prompt(value.prompt);
    message.set_num_bytes(value.numBytes);
    message.set_is_superseded(value.isSuperseded);
}

static FrameKind frameKindOf(uint32_t number)
{
    return number > static_cast<uint32_t>(FrameKind::Heads) ? FrameKind::Unknown
                                                            : static_cast<FrameKind>(number);
}

FrameInfo fromMessage(const v1::FrameMessage &message)
{
    return {.id = message.id(),
            .step = message.step(),
            .wallTime = message.wall_time(),
            .attempt = message.attempt(),
            .kind = frameKindOf(message.kind()),
            .prompt = message.prompt(),
            .numBytes = message.num_bytes(),
            .isSuperseded = message.is_superseded()};
}

void toMessage(const FrameQuery &value, v1::FramesRequest &message)
{
    message.set_kind(static_cast<uint32_t>(value.kind));
    message.set_prompt(value.prompt);
    message.set_after_id(value.afterId);
    message.set_max_frames(value.maxFrames);
}

FrameQuery fromMessage(const v1::FramesRequest &message)
{
    return {.kind = frameKindOf(message.kind()),
            .prompt = message.prompt(),
            .afterId = message.after_id(),
            .maxFrames = message.max_frames()};
}

void toMessage(const HeadRef &value, v1::HeadMessage &message)
{
    message.set_layer(value.layer);
    message.set_head(value.head);
}

HeadRef fromMessage(const v1::HeadMessage &message) { return {message.layer(), message.head()}; }

void toMessage(const InspectRequest &value, v1::InspectQuery &message)
{
    toMessage(ModelRequest{{}, value.input}, *message.mutable_input());
    message.set_wants_overview(value.wantsOverview);
    message.set_overview_edge(value.overviewEdge);
    for (const HeadRef &head : value.heads) toMessage(head, *message.add_heads());
    setRange(value.rows, *message.mutable_rows());
    setRange(value.columns, *message.mutable_columns());
    message.set_max_edge(value.maxEdge);
    for (const HeadRef &head : value.ablated) toMessage(head, *message.add_ablated());
    message.set_with_memory(value.withMemory);
    for (const MemoryEdit &edit : value.memoryEdits) toMessage(edit, *message.add_memory_edits());
    message.set_token(value.token);
    message.set_wants_lens(value.wantsLens);
    message.set_wants_attribution(value.wantsAttribution);
    message.set_as_said(value.asSaid);
    message.set_wants_uses(value.wantsUses);
}

InspectRequest fromMessage(const v1::InspectQuery &message)
{
    InspectRequest value;
    value.input = fromMessage(message.input()).request;
    value.wantsOverview = message.wants_overview();
    value.overviewEdge = message.overview_edge();
    for (const v1::HeadMessage &head : message.heads()) value.heads.push_back(fromMessage(head));
    // A caller that leaves a range out wants all of it.
    if (message.has_rows()) value.rows = rangeOf(message.rows());
    if (message.has_columns()) value.columns = rangeOf(message.columns());
    value.maxEdge = message.max_edge();
    for (const v1::HeadMessage &head : message.ablated()) value.ablated.push_back(fromMessage(head));
    value.withMemory = message.with_memory();
    for (const v1::MemoryRequest &edit : message.memory_edits())
        value.memoryEdits.push_back(fromMessage(edit));
    value.token = message.token();
    value.wantsLens = message.wants_lens();
    value.wantsAttribution = message.wants_attribution();
    value.asSaid = message.as_said();
    value.wantsUses = message.wants_uses();
    return value;
}

void toMessage(const InspectReport &value, v1::InspectReply &message)
{
    InspectCutter(value, std::numeric_limits<size_t>::max()).next(message);
}

Result<InspectReport> fromMessage(const v1::InspectReply &message)
{
    InspectAssembly assembly;
    ORRERY_TRY(assembly.add(message));
    return assembly.take();
}

} // namespace orrery
