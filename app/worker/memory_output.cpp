// SPDX-License-Identifier: Apache-2.0
#include "app/worker/memory_output.h"

#include "app/worker/inspect_output.h"
#include "app/worker/use_output.h"
#include "core/base/terminal_text.h"
#include "core/base/text.h"
#include "core/spec/memory_counts.h"
#include "core/tensorfile/npz_writer.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery::worker {

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShownBytes = 60; ///< of an event's text in a list for people

/// The text with what is not text in words.
std::string shownText(const MemoryEvent &event)
{
    std::string shown;
    int64_t at = 0;
    for (const MediaRun &run : event.media) {
        const bool isPicture = run.modality == Modality::Image;
        shown += event.text.substr(static_cast<size_t>(at), static_cast<size_t>(run.begin - at));
        shown += (isPicture ? "[picture, " : "[recording, ") + std::to_string(run.count) +
                 (isPicture ? " patch" : " frame") +
                 (run.count == 1 ? "]"
                  : isPicture    ? "es]"
                                 : "s]");
        at = run.begin + run.count;
    }
    return shown + event.text.substr(static_cast<size_t>(at));
}

/// One line of a list: no line ends in it.
std::string oneLine(const std::string &text)
{
    const std::string line = terminalText(text.substr(0, kShownBytes));
    return text.size() > kShownBytes ? line + "…" : line;
}

/// @return `usual` where a memory keeps no such column
template <typename Value> Value at(const std::vector<Value> &column, size_t index, Value usual)
{
    return index < column.size() ? column[index] : usual;
}

/// Not there: nobody knows; null: it was never read.
void addLastRead(const SlotRead &read, Json &json)
{
    if (read.age == SlotRead::kNever) json["last_read"] = nullptr;
    if (!read.isThere()) return;
    Json &last = json["last_read"];
    last = {{"age", read.age},
            {"source", sanitizeUtf8(read.source)},
            {"token", read.place},
            {"token_id", read.tokenId}};
    if (read.modality != Modality::Text) last["modality"] = modalityName(read.modality);
    last["text"] = sanitizeUtf8(read.text);
    last["layer"] = read.layer;
    last["head"] = read.head;
    last["weight"] = read.weight;
}

Json storedJson(const MemoryEvent &event)
{
    Json json = Json::array();
    for (size_t i = 0; i < event.tokenIds.size(); ++i) {
        json.push_back({{"slot", at<int64_t>(event.slots, i, -1)},
                        {"token_id", event.tokenIds[i]},
                        {"usage", at(event.usages, i, 0.F)},
                        {"surprise", at(event.surprises, i, 0.F)},
                        {"strength", at(event.strengths, i, 1.F)}});
        if (const Modality modality = at(event.modalities, i, Modality::Unknown);
            modality != Modality::Unknown)
            json.back()["modality"] = modalityName(modality);
        addLastRead(at(event.reads, i, SlotRead{}), json.back());
    }
    return json;
}

std::string lastReadWords(const MemoryEvent &event)
{
    const SlotRead last = lastReadOf(event);
    if (last.age == 0) return "last read just now";
    if (last.isThere())
        return "last read " + std::to_string(last.age) + (last.age == 1 ? " token ago" : " tokens ago");
    return last.age == SlotRead::kNever ? "never read" : "last read not known";
}

/// Empty where each slot has the strength that it was stored with.
std::string strengthWords(const MemoryEvent &event)
{
    if (event.strengths.empty()) return {};
    const auto [least, most] = std::minmax_element(event.strengths.begin(), event.strengths.end());
    if (*least == 1 && *most == 1) return {};
    return "  strength " + formatSignificant(*least, 3) + (*least == *most ? "" : "-" + formatSignificant(*most, 3));
}

/// null: the file is older than the count
Json countJson(int64_t count) { return isKnownCount(count) ? Json(count) : Json(); }

void addReads(const InspectReport &report, std::vector<std::string> &lines)
{
    if (report.reads.empty())
        lines.push_back("At token " + std::to_string(report.token) + " nothing is read from a memory.");
    for (const MemoryRead &read : report.reads) {
        std::string line =
            "head " + headName(read.head) + "  " + read.memory + "  gate " + formatSignificant(read.gate, 3);
        for (const MemoryRead::Slot &slot : read.slots) {
            line += "  ";
            if (slot.event >= 0) line += "event " + std::to_string(slot.event) + ' ';
            line += (slot.token >= 0 ? "token " + std::to_string(slot.token)
                                     : "slot " + std::to_string(slot.slot)) +
                    ' ' + formatSignificant(100 * slot.weight, 3) + " %";
        }
        lines.push_back(line);
    }
}

/// What was done before the text was read a second time.
std::string changeOf(const MemoryLook &look)
{
    const std::string heads = "without the heads left out", memory = "with the memory edited";
    if (look.edits.empty()) return heads;
    return look.isAblated ? memory + " and " + heads : memory;
}

void addEvents(const MemoryReport &memory, NpzWriter &npz)
{
    std::vector<std::string> sources;
    std::vector<int64_t> ids, firsts, lasts, steps, ages, pins, slots, ofSlots, tokens;
    std::vector<float> means, usages, surprises, strengths;
    for (const MemoryEvent &event : memory.events) {
        sources.push_back(event.source);
        ids.push_back(event.id);
        firsts.push_back(event.firstToken);
        lasts.push_back(event.lastToken);
        steps.push_back(event.step);
        ages.push_back(event.age);
        pins.push_back(event.isPinned ? 1 : 0);
        means.push_back(static_cast<float>(event.meanUsage));
        for (size_t i = 0; i < event.tokenIds.size(); ++i) {
            slots.push_back(at<int64_t>(event.slots, i, -1));
            ofSlots.push_back(event.id);
            tokens.push_back(event.tokenIds[i]);
            usages.push_back(at(event.usages, i, 0.F));
            surprises.push_back(at(event.surprises, i, 0.F));
            strengths.push_back(at(event.strengths, i, 1.F));
        }
    }
    npz.addTexts("event_source", sources);
    npz.add("event_id", ids, {ids.size()});
    npz.add("event_first", firsts, {ids.size()});
    npz.add("event_last", lasts, {ids.size()});
    npz.add("event_step", steps, {ids.size()});
    npz.add("event_age", ages, {ids.size()});
    npz.add("event_pinned", pins, {ids.size()});
    npz.add("event_usage", means, {ids.size()});
    npz.add("slot", slots, {slots.size()});
    npz.add("slot_event", ofSlots, {slots.size()});
    npz.add("slot_token_id", tokens, {slots.size()});
    npz.add("slot_usage", usages, {slots.size()});
    npz.add("slot_surprise", surprises, {slots.size()});
    npz.add("slot_strength", strengths, {slots.size()});
}

/// Ages: −1 never, −2 not known; then the other columns say nothing.
void addLastReads(const MemoryReport &memory, NpzWriter &npz)
{
    std::vector<std::string> modalities, sources;
    std::vector<int64_t> ages, places, tokens, layers, heads, eventAges;
    std::vector<float> weights;
    for (const MemoryEvent &event : memory.events) {
        eventAges.push_back(lastReadOf(event).age);
        for (size_t i = 0; i < event.tokenIds.size(); ++i) {
            modalities.emplace_back(modalityName(at(event.modalities, i, Modality::Unknown)));
            const SlotRead read = at(event.reads, i, SlotRead{});
            sources.push_back(read.source);
            ages.push_back(read.age);
            places.push_back(read.place);
            tokens.push_back(read.tokenId);
            layers.push_back(read.layer);
            heads.push_back(read.head);
            weights.push_back(read.weight);
        }
    }
    npz.add("event_read_age", eventAges, {eventAges.size()});
    npz.addTexts("slot_modality", modalities);
    npz.add("slot_read_age", ages, {ages.size()});
    npz.addTexts("slot_read_source", sources);
    npz.add("slot_read_token", places, {places.size()});
    npz.add("slot_read_token_id", tokens, {tokens.size()});
    npz.add("slot_read_layer", layers, {layers.size()});
    npz.add("slot_read_head", heads, {heads.size()});
    npz.add("slot_read_weight", weights, {weights.size()});
}

void addReadColumns(const std::vector<MemoryRead> &reads, NpzWriter &npz)
{
    std::vector<std::string> memories;
    std::vector<int64_t> layers, heads, slots, events, tokens;
    std::vector<float> gates, weights;
    for (const MemoryRead &read : reads)
        for (const MemoryRead::Slot &slot : read.slots) {
            memories.push_back(read.memory);
            layers.push_back(read.head.layer);
            heads.push_back(read.head.head);
            slots.push_back(slot.slot);
            events.push_back(slot.event);
            tokens.push_back(slot.token);
            gates.push_back(static_cast<float>(read.gate));
            weights.push_back(static_cast<float>(slot.weight));
        }
    npz.addTexts("read_memory", memories);
    npz.add("read_layer", layers, {layers.size()});
    npz.add("read_head", heads, {layers.size()});
    npz.add("read_slot", slots, {layers.size()});
    npz.add("read_event", events, {layers.size()});
    npz.add("read_token", tokens, {layers.size()});
    npz.add("read_gate", gates, {layers.size()});
    npz.add("read_weight", weights, {layers.size()});
}

void addCandidateColumns(const std::string &name, const std::vector<TokenAlternative> &candidates,
                         NpzWriter &npz)
{
    std::vector<int64_t> ids;
    std::vector<float> shares;
    for (const TokenAlternative &candidate : candidates) {
        ids.push_back(candidate.id);
        shares.push_back(static_cast<float>(candidate.probability));
    }
    npz.add(name + "_ids", ids, {ids.size()});
    npz.add(name + "_p", shares, {ids.size()});
}

} // namespace

Json memoryJson(const MemoryReport &report, const std::string &file)
{
    Json json;
    if (!file.empty()) json["memory"] = sanitizeUtf8(file);
    json["capacity"] = report.status.capacity;
    json["used"] = report.status.numUsed;
    json["pinned"] = report.status.numPinned;
    json["evicted"] = countJson(report.status.numEvicted);
    json["skipped"] = countJson(report.status.numSkipped);
    json["refused"] = countJson(report.status.numRefused);
    if (!report.status.lastRefusal.empty()) json["last_refusal"] = sanitizeUtf8(report.status.lastRefusal);
    json["events"] = Json::array();
    for (const MemoryEvent &event : report.events) {
        json["events"].push_back({{"id", event.id},
                                  {"source", sanitizeUtf8(event.source)},
                                  {"first_token", event.firstToken},
                                  {"last_token", event.lastToken},
                                  {"step", event.step},
                                  {"slots", event.numSlots},
                                  {"usage", event.meanUsage},
                                  {"age", event.age},
                                  {"pinned", event.isPinned},
                                  {"text", sanitizeUtf8(shownText(event))},
                                  {"stored", storedJson(event)}});
        addLastRead(lastReadOf(event), json["events"].back());
    }
    if (!report.similarEvents.empty()) {
        const size_t size = report.similarEvents.size();
        json["similar_events"] = report.similarEvents;
        json["similarity"] = Json::array();
        for (auto row = report.similarity.begin(); row != report.similarity.end();
             row += static_cast<std::ptrdiff_t>(size))
            json["similarity"].push_back(std::vector<float>(row, row + static_cast<std::ptrdiff_t>(size)));
    }
    return json;
}

std::vector<std::string> memoryLines(const MemoryReport &report, const std::string &file)
{
    std::vector<std::string> lines = {(file.empty() ? std::string("memory") : file) + ": " +
                                      std::to_string(report.status.numUsed) + " of " +
                                      std::to_string(report.status.capacity) + " slots used, " +
                                      std::to_string(report.status.numPinned) + " pinned"};
    for (const MemoryEvent &event : report.events)
        lines.push_back("event " + std::to_string(event.id) + "  " + oneLine(event.source) + "  tokens " +
                        std::to_string(event.firstToken) + "-" + std::to_string(event.lastToken) + "  step " +
                        std::to_string(event.step) + "  usage " + formatSignificant(event.meanUsage, 3) +
                        strengthWords(event) + "  " + lastReadWords(event) + (event.isPinned ? "  pinned" : "") + "  " +
                        oneLine(shownText(event)));
    return lines;
}

std::vector<std::string> similarityLines(const MemoryReport &report)
{
    std::vector<std::string> lines;
    const size_t size = report.similarEvents.size();
    for (size_t row = 0; row < size; ++row) {
        std::string line = "event " + std::to_string(report.similarEvents[row]) + ':';
        for (size_t column = 0; column < size; ++column)
            line += ' ' + formatSignificant(static_cast<double>(report.similarity[row * size + column]), 3);
        lines.push_back(line);
    }
    return lines;
}

std::string memoryLookJson(const MemoryLook &look)
{
    Json json = Json::parse(inspectJson(look.look));
    if (!look.file.empty()) json["memory_file"] = sanitizeUtf8(look.file);
    json["memory"] = memoryJson(look.memory, {});
    if (!look.edits.empty()) {
        json["edits"] = Json::array();
        for (const std::string &edit : look.edits) json["edits"].push_back(sanitizeUtf8(edit));
    }
    // Heads' summaries are of what attention looks at.
    json.erase("summaries");
    return json.dump();
}

std::vector<std::string> memoryLookTable(const MemoryLook &look)
{
    std::vector<std::string> lines = memoryLines(look.memory, look.file);
    if (!look.look.note.empty()) lines.push_back(sanitizeUtf8(look.look.note));
    addReads(look.look, lines);
    for (const std::string &line : useLines(look.look)) lines.push_back(line);
    for (const std::string &line : candidateLines(look.look, changeOf(look))) lines.push_back(line);
    return lines;
}

Result<std::string> memoryLookNpz(const MemoryLook &look)
{
    NpzWriter npz;
    addTokenColumns(look.look, npz);
    npz.add("token", std::vector<int64_t>{look.look.token}, {});
    addEvents(look.memory, npz);
    addLastReads(look.memory, npz);
    addReadColumns(look.look.reads, npz);
    addUseColumns(look.look.uses, npz);
    addCandidateColumns("candidate", look.look.candidates, npz);
    addCandidateColumns("changed", look.look.changed, npz);
    return npz.bytes();
}

} // namespace orrery::worker
