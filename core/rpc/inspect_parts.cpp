// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/inspect_parts.h"

#include "core/base/checked.h"
#include "core/rpc/adapters.h"
#include "core/rpc/wire.h"

#include <algorithm>

namespace orrery {

namespace {

using AlternativeMessages = google::protobuf::RepeatedPtrField<v1::TokenAlternativeMessage>;
constexpr size_t kItemBytes = 48; ///< of numbers and tags, about

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

void appendAlternatives(const AlternativeMessages &messages, std::vector<TokenAlternative> &values)
{
    for (const v1::TokenAlternativeMessage &item : messages)
        values.push_back({item.id(), item.text(), item.probability(), item.chance()});
}

size_t bytesOf(const std::vector<TokenAlternative> &values)
{
    size_t sum = 0;
    for (const TokenAlternative &value : values) sum += kItemBytes + value.bytes.size();
    return sum;
}

size_t setLens(const LensRow &row, v1::LensRowMessage &message)
{
    message.set_layer(row.layer);
    setAlternatives(row.candidates, *message.mutable_candidates());
    message.set_entropy(row.entropy);
    return kItemBytes + bytesOf(row.candidates);
}

size_t setRead(const MemoryRead &read, v1::MemoryReadMessage &message)
{
    toMessage(read.head, *message.mutable_head());
    message.set_memory(wire::utf8(read.memory));
    message.set_gate(read.gate);
    for (const MemoryRead::Slot &slot : read.slots) {
        v1::MemoryReadMessage::Slot &made = *message.add_slots();
        made.set_slot(slot.slot);
        made.set_event(slot.event);
        made.set_token(slot.token);
        made.set_weight(slot.weight);
    }
    return kItemBytes * (1 + read.slots.size());
}

size_t setUse(const MemoryUse &use, v1::MemoryUseMessage &message)
{
    message.set_memory(wire::utf8(use.memory));
    message.set_layer(use.layer);
    message.set_num_tokens(use.numTokens);
    message.set_num_heads(use.numHeads);
    message.set_num_values(use.numValues);
    size_t numItems = 1;
    for (const MemoryUse::Value &value : use.values) {
        v1::MemoryUseMessage::Value &made = *message.add_values();
        made.set_slot(value.slot);
        made.set_share(value.share);
        made.set_num_reads(value.numReads);
        for (const MemoryUse::Reader &reader : value.readers) {
            v1::MemoryUseMessage::Reader &by = *made.add_readers();
            by.set_head(reader.head);
            by.set_token(reader.token);
            by.set_weight(reader.weight);
        }
        numItems += 1 + value.readers.size();
    }
    return kItemBytes * numItems;
}

size_t setSummary(const HeadSummary &summary, v1::HeadSummaryMessage &message)
{
    toMessage(summary.head, *message.mutable_head());
    message.set_entropy(summary.entropy);
    message.set_distance(summary.distance);
    message.set_first_mass(summary.firstMass);
    message.set_self_mass(summary.selfMass);
    return kItemBytes;
}

size_t setFlow(const ModalityFlow &flow, v1::ModalityFlowMessage &message)
{
    toMessage(flow.head, *message.mutable_head());
    message.mutable_mass()->Assign(flow.mass.begin(), flow.mass.end());
    message.mutable_weights()->Assign(flow.weights.begin(), flow.weights.end());
    return kItemBytes + sizeof(float) * (flow.mass.size() + flow.weights.size());
}

size_t setToken(const InspectedToken &token, v1::InspectedTokenMessage &message)
{
    message.set_id(token.id);
    message.set_text(token.bytes);
    message.set_modality(static_cast<uint32_t>(token.modality));
    message.set_item(token.item);
    message.set_place(token.place);
    message.set_surprise(token.surprise);
    return kItemBytes + token.bytes.size();
}

InspectedToken tokenOf(const v1::InspectedTokenMessage &item)
{
    return {.id = item.id(),
            .bytes = item.text(),
            .modality = item.modality() > kNumModalities ? Modality::Unknown
                                                         : static_cast<Modality>(item.modality()),
            .item = item.item(),
            .place = item.place(),
            .surprise = item.surprise()};
}

MemoryRead readOf(const v1::MemoryReadMessage &item)
{
    MemoryRead read{
        .head = fromMessage(item.head()), .memory = item.memory(), .gate = item.gate(), .slots = {}};
    for (const v1::MemoryReadMessage::Slot &slot : item.slots())
        read.slots.push_back({slot.slot(), slot.event(), slot.token(), slot.weight()});
    return read;
}

MemoryUse useOf(const v1::MemoryUseMessage &item)
{
    MemoryUse use{.memory = item.memory(),
                  .layer = item.layer(),
                  .numTokens = item.num_tokens(),
                  .numHeads = item.num_heads(),
                  .numValues = item.num_values(),
                  .values = {}};
    for (const v1::MemoryUseMessage::Value &value : item.values()) {
        use.values.push_back({value.slot(), value.share(), value.num_reads(), {}});
        for (const v1::MemoryUseMessage::Reader &by : value.readers())
            use.values.back().readers.push_back({by.head(), by.token(), by.weight()});
    }
    return use;
}

/// Of values and who read them.
int64_t numItemsOf(const v1::MemoryUseMessage &use)
{
    int64_t sum = 1 + use.values_size();
    for (const v1::MemoryUseMessage::Value &value : use.values()) sum += value.readers_size();
    return sum;
}

Error unreadable(const std::string &what)
{
    return Error{ErrorCode::Io, "Cannot read the engine's answer: " + what + ".",
                 "Use the same version of both programs."};
}

/// Cells are looked up by their place: a map must have as many as it says.
Error wrongCells(const AttentionMap &map, size_t found)
{
    return unreadable("a map of attention has " + std::to_string(found) + " cells, not " +
                      std::to_string(map.height()) + " × " + std::to_string(map.width()));
}

size_t cellsOf(const AttentionMap &map) { return static_cast<size_t>(map.height() * map.width()); }

Result<void> checkWhole(const AttentionMap &map)
{
    if (map.mean.size() != cellsOf(map)) return wrongCells(map, map.mean.size());
    return {};
}

/// A map without its cells. @return with a place, cells and a number of them that can be counted
Result<AttentionMap> shapeOf(const v1::AttentionMapMessage &message)
{
    AttentionMap map{.head = fromMessage(message.head()),
                     .firstRow = message.first_row(),
                     .numRows = message.num_rows(),
                     .firstColumn = message.first_column(),
                     .numColumns = message.num_columns(),
                     .rowsPerCell = message.rows_per_cell(),
                     .columnsPerCell = message.columns_per_cell(),
                     .mean = {},
                     .maximum = {}};
    constexpr int64_t kMaxTokens = int64_t{1} << 31; // so that the sums below cannot overflow
    for (const int64_t number : {map.firstRow, map.numRows, map.firstColumn, map.numColumns})
        if (number < 0 || number > kMaxTokens)
            return unreadable("a map of attention has a place outside of any text");
    for (const int64_t number : {map.rowsPerCell, map.columnsPerCell})
        if (number < 1 || number > kMaxTokens) return unreadable("a map of attention has cells of no size");
    return map;
}

} // namespace

bool InspectCutter::next(v1::InspectReply &part)
{
    if (m_list == List::End) return false;
    m_numBytes = 0;
    while (m_list != List::End && m_numBytes < m_partBytes) {
        if (m_item < listSize()) {
            addItem(part);
        } else {
            m_list = static_cast<List>(static_cast<uint8_t>(m_list) + 1);
            m_item = 0;
        }
    }
    return m_numBytes > 0; // the first part has the single values
}

size_t InspectCutter::listSize() const
{
    switch (m_list) {
    case List::Values:
        return 1;
    case List::Lens:
        return m_report.lens.size();
    case List::Reads:
        return m_report.reads.size();
    case List::Uses:
        return m_report.uses.size();
    case List::Summaries:
        return m_report.summaries.size();
    case List::Flows:
        return m_report.flows.size();
    case List::Tokens:
        return m_report.tokens.size();
    case List::Attribution:
        return m_report.attribution.size();
    case List::Overview:
        return m_report.overview.size();
    case List::Maps:
        return m_report.maps.size();
    case List::End:
        break;
    }
    return 0;
}

void InspectCutter::addItem(v1::InspectReply &part)
{
    const size_t item = m_item;
    switch (m_list) {
    case List::Values:
        addValues(part);
        break;
    case List::Lens:
        m_numBytes += setLens(m_report.lens[item], *part.add_lens());
        break;
    case List::Reads:
        m_numBytes += setRead(m_report.reads[item], *part.add_reads());
        break;
    case List::Uses:
        m_numBytes += setUse(m_report.uses[item], *part.add_uses());
        break;
    case List::Summaries:
        m_numBytes += setSummary(m_report.summaries[item], *part.add_summaries());
        break;
    case List::Flows:
        m_numBytes += setFlow(m_report.flows[item], *part.add_flows());
        break;
    case List::Tokens:
        m_numBytes += setToken(m_report.tokens[item], *part.add_tokens());
        break;
    case List::Attribution:
        part.add_attribution(m_report.attribution[item]);
        m_numBytes += sizeof(float);
        break;
    case List::Overview:
        return addMap(m_report.overview[item], *part.add_overview());
    case List::Maps:
        return addMap(m_report.maps[item], *part.add_maps());
    case List::End:
        return;
    }
    ++m_item;
}

void InspectCutter::addValues(v1::InspectReply &part)
{
    part.set_model(wire::utf8(m_report.model));
    part.set_step(m_report.step);
    part.set_note(wire::utf8(m_report.note));
    part.set_layers(m_report.layers);
    part.set_heads(m_report.heads);
    part.set_token(m_report.token);
    setAlternatives(m_report.candidates, *part.mutable_candidates());
    setAlternatives(m_report.changed, *part.mutable_changed());
    part.set_changed_divergence(m_report.changedDivergence);
    part.set_seconds(m_report.seconds);
    part.set_said_with(static_cast<uint32_t>(m_report.saidWith));
    m_numBytes += kItemBytes + m_report.model.size() + m_report.note.size() + bytesOf(m_report.candidates) +
                  bytesOf(m_report.changed);
}

void InspectCutter::addMap(const AttentionMap &map, v1::AttentionMapMessage &message)
{
    if (m_cell == 0) {
        toMessage(map.head, *message.mutable_head());
        message.set_first_row(map.firstRow);
        message.set_num_rows(map.numRows);
        message.set_first_column(map.firstColumn);
        message.set_num_columns(map.numColumns);
        message.set_rows_per_cell(map.rowsPerCell);
        message.set_columns_per_cell(map.columnsPerCell);
        m_numBytes += kItemBytes;
    }
    const size_t bytesPerCell = sizeof(float) * (map.maximum.empty() ? 1 : 2);
    const size_t room = m_numBytes < m_partBytes ? (m_partBytes - m_numBytes) / bytesPerCell : 0;
    const size_t count = std::min(map.mean.size() - m_cell, std::max<size_t>(room, 1));
    const auto cells = [&](const std::vector<float> &all, auto *out) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(m_cell);
        out->Assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    };
    cells(map.mean, message.mutable_mean());
    if (!map.maximum.empty()) cells(map.maximum, message.mutable_maximum());
    m_numBytes += count * bytesPerCell;
    m_cell += count;
    if (m_cell < map.mean.size()) return;
    m_cell = 0;
    ++m_item;
}

Result<void> InspectAssembly::add(const v1::InspectReply &part)
{
    m_numItems += part.lens_size() + part.summaries_size() + part.flows_size() + part.tokens_size() +
                  part.attribution_size() + part.overview_size() + part.maps_size() + part.candidates_size() +
                  part.changed_size();
    for (const v1::MemoryReadMessage &read : part.reads()) m_numItems += 1 + read.slots_size();
    for (const v1::MemoryUseMessage &use : part.uses()) m_numItems += numItemsOf(use);
    for (const v1::LensRowMessage &row : part.lens()) m_numItems += row.candidates_size();
    if (m_numItems > kMaxAnswerItems)
        return unreadable("it has " + std::to_string(m_numItems) + " tokens, heads and rows, more than " +
                          std::to_string(kMaxAnswerItems));
    if (!std::exchange(m_hasValues, true)) {
        m_report.model = part.model();
        m_report.step = part.step();
        m_report.note = part.note();
        m_report.layers = part.layers();
        m_report.heads = part.heads();
        m_report.token = part.token();
        m_report.changedDivergence = part.changed_divergence();
        m_report.seconds = part.seconds();
        m_report.saidWith = part.said_with() > static_cast<uint32_t>(kLastSaidWith)
                                ? SaidWith::Unknown
                                : static_cast<SaidWith>(part.said_with());
    }
    appendAlternatives(part.candidates(), m_report.candidates);
    appendAlternatives(part.changed(), m_report.changed);
    for (const v1::LensRowMessage &item : part.lens()) {
        m_report.lens.push_back({item.layer(), {}, item.entropy()});
        appendAlternatives(item.candidates(), m_report.lens.back().candidates);
    }
    for (const v1::MemoryReadMessage &item : part.reads()) m_report.reads.push_back(readOf(item));
    for (const v1::MemoryUseMessage &item : part.uses()) m_report.uses.push_back(useOf(item));
    for (const v1::HeadSummaryMessage &item : part.summaries())
        m_report.summaries.push_back({.head = fromMessage(item.head()),
                                      .entropy = item.entropy(),
                                      .distance = item.distance(),
                                      .firstMass = item.first_mass(),
                                      .selfMass = item.self_mass()});
    ORRERY_TRY(addFlows(part));
    for (const v1::InspectedTokenMessage &item : part.tokens()) m_report.tokens.push_back(tokenOf(item));
    m_report.attribution.insert(m_report.attribution.end(), part.attribution().begin(),
                                part.attribution().end());
    for (const v1::AttentionMapMessage &item : part.overview()) ORRERY_TRY(addMap(item, m_report.overview));
    for (const v1::AttentionMapMessage &item : part.maps()) ORRERY_TRY(addMap(item, m_report.maps));
    return {};
}

Result<void> InspectAssembly::addFlows(const v1::InspectReply &part)
{
    const auto isTable = [](int size) {
        for (int side = 1; side <= static_cast<int>(kNumModalities); ++side)
            if (size == side * side) return true;
        return false;
    };
    for (const v1::ModalityFlowMessage &item : part.flows()) {
        if (!isTable(item.mass_size()) ||
            (item.weights_size() > 0 && item.weights_size() != item.mass_size()))
            return unreadable("a table of modalities has " + std::to_string(item.mass_size()) + " and " +
                              std::to_string(item.weights_size()) + " entries");
        m_report.flows.push_back({.head = fromMessage(item.head()),
                                  .mass = {item.mass().begin(), item.mass().end()},
                                  .weights = {item.weights().begin(), item.weights().end()}});
    }
    return {};
}

Result<void> InspectAssembly::addMap(const v1::AttentionMapMessage &message, std::vector<AttentionMap> &maps)
{
    if (message.rows_per_cell() != 0 || maps.empty()) {
        if (!maps.empty()) ORRERY_TRY(checkWhole(maps.back()));
        ORRERY_ASSIGN(AttentionMap map, shapeOf(message));
        const auto numCells = checkedMul(map.height(), map.width());
        if (!numCells || *numCells > kMaxAnswerCells - m_numCells)
            return unreadable("its maps have more than " + std::to_string(kMaxAnswerCells) +
                              " cells together, with one of " + std::to_string(map.height()) + " × " +
                              std::to_string(map.width()));
        m_numCells += *numCells;
        maps.push_back(std::move(map));
    } else if (message.mean_size() == 0) {
        return unreadable("a map of attention has cells of no size");
    }
    AttentionMap &map = maps.back();
    const auto numMeans = static_cast<size_t>(message.mean_size());
    const bool hasMaxima = message.maximum_size() > 0;
    if (numMeans > cellsOf(map) - map.mean.size()) return wrongCells(map, map.mean.size() + numMeans);
    const bool isLikeBefore = map.mean.empty() || numMeans == 0 || hasMaxima == !map.maximum.empty();
    if ((hasMaxima && message.maximum_size() != message.mean_size()) || !isLikeBefore)
        return unreadable("a map of attention has fewer maxima than means");
    map.mean.insert(map.mean.end(), message.mean().begin(), message.mean().end());
    map.maximum.insert(map.maximum.end(), message.maximum().begin(), message.maximum().end());
    return {};
}

InspectAmount InspectAssembly::amount(const InspectRequest &request) const
{
    InspectAmount amount{.numWanted = std::ssize(request.heads)};
    if (request.wantsOverview && m_hasValues) amount.numWanted += m_report.layers * m_report.heads;
    double numMaps = 0;
    for (const std::vector<AttentionMap> *maps : {&m_report.overview, &m_report.maps})
        for (const AttentionMap &map : *maps) {
            const size_t all = cellsOf(map);
            if (map.mean.size() == all) ++amount.numMaps;
            numMaps += all > 0 ? static_cast<double>(map.mean.size()) / static_cast<double>(all) : 1;
        }
    // An answer may have others than were asked for: of a window it has the overview of none.
    amount.numWanted = std::max(amount.numWanted, amount.numMaps);
    if (amount.numWanted > 0) amount.share = std::min(1.0, numMaps / static_cast<double>(amount.numWanted));
    return amount;
}

std::function<void(const InspectAssembly &)> amountTeller(const InspectRequest &request,
                                                          const std::function<void(const InspectAmount &)> &onAmount)
{
    return [&request, &onAmount](const InspectAssembly &assembly) {
        if (!onAmount) return;
        if (const InspectAmount amount = assembly.amount(request); amount.numWanted > 0) onAmount(amount);
    };
}

void setReading(const InspectPassAmount &amount, v1::InspectReply &part)
{
    v1::InspectProgressMessage &message = *part.mutable_progress();
    message.set_layer(amount.layer);
    message.set_layers(amount.layers);
    message.set_pass(amount.pass);
    message.set_passes(amount.passes);
}

InspectPassAmount readingOf(const v1::InspectReply &part)
{
    const v1::InspectProgressMessage &message = part.progress();
    InspectPassAmount amount{message.layer(), message.layers(), message.pass(), message.passes()};
    const auto isWithin = [](int64_t number, int64_t least, int64_t all) { return number >= least && number <= all; };
    // What makes no sense is not counted; who reads it shows no nonsense.
    if (!isWithin(amount.layer, 0, amount.layers)) amount.layer = amount.layers = 0;
    if (!isWithin(amount.pass, 1, amount.passes)) amount.pass = amount.passes = 1;
    return amount;
}

Result<InspectReport> InspectAssembly::take()
{
    if (!m_hasValues) return unreadable("it is empty");
    for (const std::vector<AttentionMap> *maps : {&m_report.overview, &m_report.maps})
        if (!maps->empty()) ORRERY_TRY(checkWhole(maps->back()));
    return std::move(m_report);
}

} // namespace orrery
