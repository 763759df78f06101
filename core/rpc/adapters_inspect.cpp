// SPDX-License-Identifier: Apache-2.0
#include "core/base/checked.h"
#include "core/rpc/adapters.h"
#include "core/rpc/wire.h"

#include <algorithm>

namespace orrery {

namespace {

void setHead(const HeadRef &value, v1::HeadMessage &message)
{
    message.set_layer(value.layer);
    message.set_head(value.head);
}

HeadRef headOf(const v1::HeadMessage &message) { return {message.layer(), message.head()}; }

void setRange(const TokenRange &value, v1::TokenRangeMessage &message)
{
    message.set_begin(value.begin);
    message.set_end(value.end);
}

TokenRange rangeOf(const v1::TokenRangeMessage &message) { return {message.begin(), message.end()}; }

using AlternativeMessages = google::protobuf::RepeatedPtrField<v1::TokenAlternativeMessage>;

void setAlternatives(const std::vector<TokenAlternative> &values, AlternativeMessages &messages)
{
    for (const TokenAlternative &value : values) {
        v1::TokenAlternativeMessage &item = *messages.Add();
        item.set_id(value.id);
        item.set_text(value.bytes);
        item.set_probability(value.probability);
        item.set_chance(value.chance);
    }
}

std::vector<TokenAlternative> alternativesOf(const AlternativeMessages &messages)
{
    std::vector<TokenAlternative> values;
    values.reserve(static_cast<size_t>(messages.size()));
    for (const v1::TokenAlternativeMessage &item : messages)
        values.push_back({item.id(), item.text(), item.probability(), item.chance()});
    return values;
}

void setMap(const AttentionMap &value, v1::AttentionMapMessage &message)
{
    setHead(value.head, *message.mutable_head());
    message.set_first_row(value.firstRow);
    message.set_num_rows(value.numRows);
    message.set_first_column(value.firstColumn);
    message.set_num_columns(value.numColumns);
    message.set_rows_per_cell(value.rowsPerCell);
    message.set_columns_per_cell(value.columnsPerCell);
    message.mutable_mean()->Assign(value.mean.begin(), value.mean.end());
    message.mutable_maximum()->Assign(value.maximum.begin(), value.maximum.end());
}

Error unreadable(const std::string &what)
{
    return Error{ErrorCode::Io, "Cannot read the engine's answer: " + what + ".",
                 "Use the same version of both programs."};
}

/// Cells are looked up by their place: a map must have as many as it says.
Result<AttentionMap> mapOf(const v1::AttentionMapMessage &message)
{
    AttentionMap value{.head = headOf(message.head()),
                       .firstRow = message.first_row(),
                       .numRows = message.num_rows(),
                       .firstColumn = message.first_column(),
                       .numColumns = message.num_columns(),
                       .rowsPerCell = message.rows_per_cell(),
                       .columnsPerCell = message.columns_per_cell(),
                       .mean = {},
                       .maximum = {}};
    constexpr int64_t kMaxTokens = int64_t{1} << 31; // so that the sums below cannot overflow
    for (const int64_t number : {value.firstRow, value.numRows, value.firstColumn, value.numColumns})
        if (number < 0 || number > kMaxTokens)
            return unreadable("a map of attention has a place outside of any text");
    for (const int64_t number : {value.rowsPerCell, value.columnsPerCell})
        if (number < 1 || number > kMaxTokens) return unreadable("a map of attention has cells of no size");
    const auto numCells = checkedMul(value.height(), value.width());
    if (!numCells || *numCells != message.mean_size())
        return unreadable("a map of attention has " + std::to_string(message.mean_size()) + " cells, not " +
                          std::to_string(value.height()) + " × " + std::to_string(value.width()));
    if (message.maximum_size() != 0 && message.maximum_size() != message.mean_size())
        return unreadable("a map of attention has fewer maxima than means");
    value.mean.assign(message.mean().begin(), message.mean().end());
    value.maximum.assign(message.maximum().begin(), message.maximum().end());
    return value;
}

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

void toMessage(const InspectRequest &value, v1::InspectQuery &message)
{
    toMessage(ModelRequest{{}, value.input}, *message.mutable_input());
    message.set_wants_overview(value.wantsOverview);
    message.set_overview_edge(value.overviewEdge);
    for (const HeadRef &head : value.heads) setHead(head, *message.add_heads());
    setRange(value.rows, *message.mutable_rows());
    setRange(value.columns, *message.mutable_columns());
    message.set_max_edge(value.maxEdge);
    for (const HeadRef &head : value.ablated) setHead(head, *message.add_ablated());
    message.set_with_memory(value.withMemory);
    for (const MemoryEdit &edit : value.memoryEdits) toMessage(edit, *message.add_memory_edits());
    message.set_token(value.token);
    message.set_wants_lens(value.wantsLens);
    message.set_wants_attribution(value.wantsAttribution);
}

InspectRequest fromMessage(const v1::InspectQuery &message)
{
    InspectRequest value;
    value.input = fromMessage(message.input()).request;
    value.wantsOverview = message.wants_overview();
    value.overviewEdge = message.overview_edge();
    for (const v1::HeadMessage &head : message.heads()) value.heads.push_back(headOf(head));
    // A caller that leaves a range out wants all of it.
    if (message.has_rows()) value.rows = rangeOf(message.rows());
    if (message.has_columns()) value.columns = rangeOf(message.columns());
    value.maxEdge = message.max_edge();
    for (const v1::HeadMessage &head : message.ablated()) value.ablated.push_back(headOf(head));
    value.withMemory = message.with_memory();
    for (const v1::MemoryRequest &edit : message.memory_edits())
        value.memoryEdits.push_back(fromMessage(edit));
    value.token = message.token();
    value.wantsLens = message.wants_lens();
    value.wantsAttribution = message.wants_attribution();
    return value;
}

void toMessage(const InspectReport &value, v1::InspectReply &message)
{
    message.set_model(wire::utf8(value.model));
    message.set_step(value.step);
    message.set_note(wire::utf8(value.note));
    message.set_layers(value.layers);
    message.set_heads(value.heads);
    for (const InspectedToken &token : value.tokens) {
        v1::InspectedTokenMessage &item = *message.add_tokens();
        item.set_id(token.id);
        item.set_text(token.bytes);
        item.set_modality(static_cast<uint32_t>(token.modality));
        item.set_item(token.item);
        item.set_place(token.place);
        item.set_surprise(token.surprise);
    }
    for (const HeadSummary &summary : value.summaries) {
        v1::HeadSummaryMessage &item = *message.add_summaries();
        setHead(summary.head, *item.mutable_head());
        item.set_entropy(summary.entropy);
        item.set_distance(summary.distance);
        item.set_first_mass(summary.firstMass);
        item.set_self_mass(summary.selfMass);
    }
    for (const ModalityFlow &flow : value.flows) {
        v1::ModalityFlowMessage &item = *message.add_flows();
        setHead(flow.head, *item.mutable_head());
        item.mutable_mass()->Assign(flow.mass.begin(), flow.mass.end());
        item.mutable_weights()->Assign(flow.weights.begin(), flow.weights.end());
    }
    for (const AttentionMap &map : value.overview) setMap(map, *message.add_overview());
    for (const AttentionMap &map : value.maps) setMap(map, *message.add_maps());
    message.set_token(value.token);
    setAlternatives(value.candidates, *message.mutable_candidates());
    setAlternatives(value.changed, *message.mutable_changed());
    message.set_changed_divergence(value.changedDivergence);
    for (const LensRow &row : value.lens) {
        v1::LensRowMessage &item = *message.add_lens();
        item.set_layer(row.layer);
        setAlternatives(row.candidates, *item.mutable_candidates());
        item.set_entropy(row.entropy);
    }
    message.mutable_attribution()->Assign(value.attribution.begin(), value.attribution.end());
    for (const MemoryRead &read : value.reads) {
        v1::MemoryReadMessage &item = *message.add_reads();
        setHead(read.head, *item.mutable_head());
        item.set_memory(wire::utf8(read.memory));
        item.set_gate(read.gate);
        for (const MemoryRead::Slot &slot : read.slots) {
            v1::MemoryReadMessage::Slot &made = *item.add_slots();
            made.set_slot(slot.slot);
            made.set_event(slot.event);
            made.set_token(slot.token);
            made.set_weight(slot.weight);
        }
    }
    message.set_seconds(value.seconds);
}

Result<InspectReport> fromMessage(const v1::InspectReply &message)
{
    InspectReport value;
    value.model = message.model();
    value.step = message.step();
    value.note = message.note();
    value.layers = message.layers();
    value.heads = message.heads();
    for (const v1::InspectedTokenMessage &item : message.tokens())
        value.tokens.push_back({.id = item.id(),
                                .bytes = item.text(),
                                .modality = item.modality() > kNumModalities
                                                ? Modality::Unknown
                                                : static_cast<Modality>(item.modality()),
                                .item = item.item(),
                                .place = item.place(),
                                .surprise = item.surprise()});
    for (const v1::HeadSummaryMessage &item : message.summaries())
        value.summaries.push_back({.head = headOf(item.head()),
                                   .entropy = item.entropy(),
                                   .distance = item.distance(),
                                   .firstMass = item.first_mass(),
                                   .selfMass = item.self_mass()});
    for (const v1::ModalityFlowMessage &item : message.flows()) {
        const auto isTable = [](int size) {
            for (int side = 1; side <= static_cast<int>(kNumModalities); ++side)
                if (size == side * side) return true;
            return false;
        };
        if (!isTable(item.mass_size()) ||
            (item.weights_size() > 0 && item.weights_size() != item.mass_size()))
            return unreadable("a table of modalities has " + std::to_string(item.mass_size()) + " and " +
                              std::to_string(item.weights_size()) + " entries");
        value.flows.push_back({.head = headOf(item.head()),
                               .mass = {item.mass().begin(), item.mass().end()},
                               .weights = {item.weights().begin(), item.weights().end()}});
    }
    for (const v1::AttentionMapMessage &item : message.overview()) {
        ORRERY_ASSIGN(AttentionMap map, mapOf(item));
        value.overview.push_back(std::move(map));
    }
    for (const v1::AttentionMapMessage &item : message.maps()) {
        ORRERY_ASSIGN(AttentionMap map, mapOf(item));
        value.maps.push_back(std::move(map));
    }
    value.token = message.token();
    value.candidates = alternativesOf(message.candidates());
    value.changed = alternativesOf(message.changed());
    value.changedDivergence = message.changed_divergence();
    for (const v1::LensRowMessage &item : message.lens())
        value.lens.push_back({item.layer(), alternativesOf(item.candidates()), item.entropy()});
    value.attribution.assign(message.attribution().begin(), message.attribution().end());
    for (const v1::MemoryReadMessage &item : message.reads()) {
        MemoryRead read{
            .head = headOf(item.head()), .memory = item.memory(), .gate = item.gate(), .slots = {}};
        for (const v1::MemoryReadMessage::Slot &slot : item.slots())
            read.slots.push_back({slot.slot(), slot.event(), slot.token(), slot.weight()});
        value.reads.push_back(std::move(read));
    }
    value.seconds = message.seconds();
    return value;
}

} // namespace orrery
