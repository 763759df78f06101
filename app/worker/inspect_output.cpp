// SPDX-License-Identifier: Apache-2.0
#include "app/worker/inspect_output.h"

#include "core/base/text.h"
#include "core/tensorfile/npz_writer.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <numeric>

namespace orrery::worker {

namespace {

using Json = nlohmann::ordered_json;

Json headJson(const HeadRef &ref) { return {{"layer", ref.layer}, {"head", ref.head}}; }

Json numberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json candidatesJson(const std::vector<TokenAlternative> &candidates)
{
    Json json = Json::array();
    for (const TokenAlternative &candidate : candidates)
        json.push_back(
            {{"id", candidate.id}, {"text", sanitizeUtf8(candidate.bytes)}, {"p", candidate.probability}});
    return json;
}

Json tokensJson(const std::vector<InspectedToken> &tokens)
{
    Json json = Json::array();
    for (const InspectedToken &token : tokens) {
        Json one;
        if (token.modality == Modality::Text)
            one = {{"id", token.id}, {"text", sanitizeUtf8(token.bytes)}};
        else
            one = {{"modality", modalityName(token.modality)}, {"item", token.item}, {"place", token.place}};
        one["surprise"] = numberOrNull(token.surprise);
        json.push_back(std::move(one));
    }
    return json;
}

Json rowsJson(const std::vector<float> &cells, int64_t width)
{
    Json rows = Json::array();
    for (auto row = cells.begin(); row != cells.end(); row += width)
        rows.push_back(std::vector<float>(row, row + width));
    return rows;
}

Json mapsJson(const std::vector<AttentionMap> &maps)
{
    Json json = Json::array();
    for (const AttentionMap &map : maps) {
        Json one = headJson(map.head);
        one["first_row"] = map.firstRow;
        one["rows"] = map.numRows;
        one["first_column"] = map.firstColumn;
        one["columns"] = map.numColumns;
        one["rows_per_cell"] = map.rowsPerCell;
        one["columns_per_cell"] = map.columnsPerCell;
        one["mean"] = rowsJson(map.mean, map.width());
        if (!map.maximum.empty()) one["maximum"] = rowsJson(map.maximum, map.width());
        json.push_back(std::move(one));
    }
    return json;
}

Json summariesJson(const std::vector<HeadSummary> &summaries)
{
    Json json = Json::array();
    for (const HeadSummary &summary : summaries) {
        Json one = headJson(summary.head);
        one["entropy"] = summary.entropy;
        one["distance"] = summary.distance;
        one["first_mass"] = summary.firstMass;
        one["self_mass"] = summary.selfMass;
        json.push_back(std::move(one));
    }
    return json;
}

Json flowsJson(const std::vector<ModalityFlow> &flows)
{
    Json json = Json::array();
    for (const ModalityFlow &flow : flows) {
        const auto size = static_cast<int64_t>(std::lround(std::sqrt(flow.mass.size())));
        Json one = headJson(flow.head);
        one["mass"] = rowsJson(flow.mass, size);
        if (!flow.weights.empty()) one["weights"] = rowsJson(flow.weights, size);
        json.push_back(std::move(one));
    }
    return json;
}

Json readsJson(const std::vector<MemoryRead> &reads)
{
    Json json = Json::array();
    for (const MemoryRead &read : reads) {
        Json one = headJson(read.head);
        one["memory"] = read.memory;
        one["gate"] = read.gate;
        one["slots"] = Json::array();
        for (const MemoryRead::Slot &slot : read.slots)
            one["slots"].push_back(
                {{"slot", slot.slot}, {"event", slot.event}, {"token", slot.token}, {"weight", slot.weight}});
        json.push_back(std::move(one));
    }
    return json;
}

Json usesJson(const std::vector<MemoryUse> &uses)
{
    Json json = Json::array();
    for (const MemoryUse &use : uses) {
        json.push_back({{"layer", use.layer},
                        {"memory", use.memory},
                        {"tokens", use.numTokens},
                        {"heads", use.numHeads},
                        {"values_read", use.numValues},
                        {"values", Json::array()}});
        for (const MemoryUse::Value &value : use.values) {
            Json readers = Json::array();
            for (const MemoryUse::Reader &reader : value.readers)
                readers.push_back({{"head", reader.head}, {"token", reader.token}, {"weight", reader.weight}});
            json.back()["values"].push_back(
                {{"slot", value.slot}, {"share", value.share}, {"reads", value.numReads}, {"readers", std::move(readers)}});
        }
    }
    return json;
}

Json lensJson(const std::vector<LensRow> &lens)
{
    Json json = Json::array();
    for (const LensRow &row : lens)
        json.push_back(
            {{"layer", row.layer}, {"entropy", row.entropy}, {"candidates", candidatesJson(row.candidates)}});
    return json;
}

/// In quotes, with what would disturb a terminal spelled out.
std::string quoted(const std::string &bytes) { return Json(sanitizeUtf8(bytes)).dump(); }

std::string percent(double share) { return formatSignificant(100 * share, 3) + " %"; }

std::string nameOf(const InspectedToken &token)
{
    if (token.modality == Modality::Text) return quoted(token.bytes);
    return std::string(modalityName(token.modality)) + ' ' + std::to_string(token.item) + " [" +
           std::to_string(token.place) + ']';
}

std::string columns(const std::vector<std::string> &cells)
{
    std::string line;
    for (const std::string &cell : cells) {
        constexpr size_t kWidth = 10;
        line += std::string(cell.size() < kWidth ? kWidth - cell.size() : 1, ' ') + cell;
    }
    return line;
}

void addHeads(const InspectReport &report, std::vector<std::string> &lines)
{
    lines.push_back(columns({"head", "entropy", "distance", "on first", "on itself"}));
    for (const HeadSummary &summary : report.summaries)
        lines.push_back(columns({headName(summary.head), formatSignificant(summary.entropy, 3),
                                 formatSignificant(summary.distance, 3), percent(summary.firstMass),
                                 percent(summary.selfMass)}));
}

/// What of the report is of these tokens.
InspectReport partOf(const InspectReport &report, const TokenRange &tokens)
{
    InspectReport part;
    part.step = report.step;
    part.tokens = {report.tokens.begin() + tokens.begin, report.tokens.begin() + tokens.end};
    if (!report.attribution.empty())
        part.attribution = {report.attribution.begin() + tokens.begin,
                            report.attribution.begin() + tokens.end};
    return part;
}

void addTokens(const InspectReport &report, std::vector<std::string> &lines)
{
    std::vector<std::string> titles = {"token", "surprise"};
    if (!report.attribution.empty()) titles.emplace_back("share");
    lines.push_back(columns(titles) + "  text");
    for (size_t t = 0; t < report.tokens.size(); ++t) {
        const double surprise = report.tokens[t].surprise;
        std::vector<std::string> cells = {std::to_string(t),
                                          std::isfinite(surprise) ? formatSignificant(surprise, 3) : "-"};
        if (!report.attribution.empty())
            cells.push_back(formatSignificant(static_cast<double>(report.attribution.at(t)), 3));
        lines.push_back(columns(cells) + "  " + nameOf(report.tokens[t]));
    }
}

} // namespace

Result<void> checkLookFile(const std::string &what, const std::string &out)
{
    const std::string ending = std::filesystem::path(out).extension();
    if (out.empty() || ending == ".npz" || ending == ".json") return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot write " + what + " to \"" + out + "\": its ending is \"" + ending +
                     "\", expected .npz or .json.",
                 "Name the file *.npz for numpy, or *.json."};
}

std::string inspectJson(const InspectReport &report)
{
    Json json;
    json["model"] = sanitizeUtf8(report.model);
    json["step"] = report.step;
    if (!report.note.empty()) json["note"] = sanitizeUtf8(report.note);
    json["layers"] = report.layers;
    json["heads"] = report.heads;
    json["tokens"] = tokensJson(report.tokens);
    json["summaries"] = summariesJson(report.summaries);
    if (!report.flows.empty()) json["flows"] = flowsJson(report.flows);
    if (!report.maps.empty()) json["maps"] = mapsJson(report.maps);
    json["token"] = report.token;
    json["candidates"] = candidatesJson(report.candidates);
    if (!report.changed.empty()) {
        json["changed"] = candidatesJson(report.changed);
        json["changed_divergence"] = numberOrNull(report.changedDivergence);
    }
    if (!report.lens.empty()) json["lens"] = lensJson(report.lens);
    if (!report.attribution.empty()) json["attribution"] = report.attribution;
    if (!report.reads.empty()) json["reads"] = readsJson(report.reads);
    if (!report.uses.empty()) json["most_read"] = usesJson(report.uses);
    json["seconds"] = report.seconds;
    return json.dump();
}

std::vector<std::string> inspectTable(const InspectReport &report)
{
    std::vector<std::string> lines = {
        sanitizeUtf8(report.model) + ": " + std::to_string(report.tokens.size()) + " tokens, " +
        std::to_string(report.layers) + " layers of " + std::to_string(report.heads) + " heads"};
    if (!report.note.empty()) lines.push_back(sanitizeUtf8(report.note));
    addHeads(report, lines);
    for (const std::string &line : candidateLines(report, "without the heads left out"))
        lines.push_back(line);
    for (const LensRow &row : report.lens) {
        std::string line = columns({"layer " + std::to_string(row.layer)});
        for (size_t i = 0; i < row.candidates.size() && i < 5; ++i)
            line += "  " + quoted(row.candidates[i].bytes) + ' ' + percent(row.candidates[i].probability);
        lines.push_back(line);
    }
    addTokens(report, lines);
    return lines;
}

std::vector<std::string> candidateLines(const InspectReport &report, const std::string &change)
{
    std::vector<std::string> lines = {"Behind token " + std::to_string(report.token) + ", " +
                                      nameOf(report.tokens.at(static_cast<size_t>(report.token))) + ":"};
    const bool isChanged = !report.changed.empty();
    for (size_t i = 0; i < report.candidates.size(); ++i) {
        std::string line = columns({percent(report.candidates[i].probability)});
        if (isChanged) line += columns({percent(report.changed[i].probability)});
        lines.push_back(line + "  " + quoted(report.candidates[i].bytes));
    }
    for (size_t i = report.candidates.size(); i < report.changed.size(); ++i)
        lines.push_back(columns({"", percent(report.changed[i].probability)}) + "  " +
                        quoted(report.changed[i].bytes));
    if (isChanged)
        lines.push_back("The second column is " + change + "; divergence " +
                        formatSignificant(report.changedDivergence, 4) + " nats.");
    return lines;
}

void addTokenColumns(const InspectReport &report, NpzWriter &npz)
{
    const size_t numTokens = report.tokens.size();
    std::vector<std::string> texts;
    std::vector<int64_t> ids;
    std::vector<float> surprise;
    for (const InspectedToken &token : report.tokens) {
        texts.push_back(token.modality == Modality::Text ? token.bytes : nameOf(token));
        ids.push_back(token.id);
        surprise.push_back(static_cast<float>(token.surprise));
    }
    npz.addTexts("tokens", texts);
    npz.add("token_ids", ids, {numTokens});
    npz.add("surprise", surprise, {numTokens});
    npz.add("step", std::vector<int64_t>{report.step}, {});
}

Result<std::string> inspectNpz(const InspectReport &report, const AttentionArray &attention)
{
    const size_t numLayers = attention.layers.size(), numHeads = attention.heads.size();
    const InspectReport read = partOf(report, attention.columns);
    const size_t numTokens = read.tokens.size();
    std::vector<int64_t> rows(static_cast<size_t>(attention.rows.end - attention.rows.begin));
    std::vector<float> entropy, distance, firstMass, selfMass;
    std::iota(rows.begin(), rows.end(), attention.rows.begin);
    for (const int64_t layer : attention.layers)
        for (const int64_t head : attention.heads) {
            const HeadSummary &summary =
                report.summaries.at(static_cast<size_t>(layer * report.heads + head));
            entropy.push_back(static_cast<float>(summary.entropy));
            distance.push_back(static_cast<float>(summary.distance));
            firstMass.push_back(static_cast<float>(summary.firstMass));
            selfMass.push_back(static_cast<float>(summary.selfMass));
        }
    NpzWriter npz;
    npz.add("attention", attention.weights, {numLayers, numHeads, rows.size(), numTokens});
    addTokenColumns(read, npz);
    npz.add("first_token", std::vector<int64_t>{attention.columns.begin}, {});
    npz.add("layers", attention.layers, {numLayers});
    npz.add("heads", attention.heads, {numHeads});
    npz.add("rows", rows, {rows.size()});
    npz.add("entropy", entropy, {numLayers, numHeads});
    npz.add("distance", distance, {numLayers, numHeads});
    npz.add("first_mass", firstMass, {numLayers, numHeads});
    npz.add("self_mass", selfMass, {numLayers, numHeads});
    if (!read.attribution.empty()) npz.add("attribution", read.attribution, {numTokens});
    return npz.bytes();
}

} // namespace orrery::worker
