// SPDX-License-Identifier: Apache-2.0
#include "app/worker/use_output.h"

#include "core/base/text.h"
#include "core/tensorfile/npz_writer.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery::worker {

namespace {

constexpr size_t kShownValues = 16; ///< all of them stand in --json and --out

std::string counted(int64_t count, const std::string &what)
{
    return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

std::string percent(double share) { return formatSignificant(100 * share, 3) + " %"; }

/// "token 5 \"the\" by head 0, 61.2 %"; the number alone where the text has no such token.
std::string readerWords(const MemoryUse::Reader &reader, const std::vector<InspectedToken> &tokens)
{
    std::string words = "token " + std::to_string(reader.token);
    if (reader.token >= 0 && reader.token < std::ssize(tokens)) {
        const InspectedToken &token = tokens[static_cast<size_t>(reader.token)];
        const bool isText = token.modality == Modality::Text;
        words += ' ' + (isText ? nlohmann::json(sanitizeUtf8(token.bytes)).dump() : std::string(modalityName(token.modality)));
    }
    return words + " by head " + std::to_string(reader.head) + ", " + percent(reader.weight);
}

} // namespace

std::vector<std::string> useLines(const InspectReport &report)
{
    std::vector<std::string> lines;
    for (const MemoryUse &use : report.uses) {
        const size_t numShown = std::min(kShownValues, use.values.size());
        const bool areAll = static_cast<int64_t>(numShown) == use.numValues;
        lines.push_back(counted(use.numTokens, "token") + " read " + counted(use.numValues, "value") + " of the " +
                        sanitizeUtf8(use.memory) + " memory behind layer " + std::to_string(use.layer) + " with " +
                        counted(use.numHeads, "head") + (areAll ? ":" : ", most of all:"));
        for (size_t i = 0; i < numShown; ++i) {
            const MemoryUse::Value &value = use.values[i];
            std::string line = "value " + std::to_string(value.slot) + "  " + percent(value.share) + " of all  " +
                               counted(value.numReads, "read");
            for (const MemoryUse::Reader &reader : value.readers) line += "  " + readerWords(reader, report.tokens);
            lines.push_back(line);
        }
    }
    return lines;
}

void addUseColumns(const std::vector<MemoryUse> &uses, NpzWriter &npz)
{
    std::vector<std::string> memories;
    std::vector<int64_t> layers, slots, numReads, ofLayers, ofSlots, heads, tokens;
    std::vector<float> shares, weights;
    for (const MemoryUse &use : uses)
        for (const MemoryUse::Value &value : use.values) {
            memories.push_back(use.memory);
            layers.push_back(use.layer);
            slots.push_back(value.slot);
            numReads.push_back(value.numReads);
            shares.push_back(static_cast<float>(value.share));
            for (const MemoryUse::Reader &reader : value.readers) {
                ofLayers.push_back(use.layer);
                ofSlots.push_back(value.slot);
                heads.push_back(reader.head);
                tokens.push_back(reader.token);
                weights.push_back(static_cast<float>(reader.weight));
            }
        }
    npz.addTexts("use_memory", memories);
    npz.add("use_layer", layers, {layers.size()});
    npz.add("use_slot", slots, {slots.size()});
    npz.add("use_reads", numReads, {slots.size()});
    npz.add("use_share", shares, {slots.size()});
    npz.add("reader_layer", ofLayers, {ofLayers.size()});
    npz.add("reader_slot", ofSlots, {ofSlots.size()});
    npz.add("reader_head", heads, {ofSlots.size()});
    npz.add("reader_token", tokens, {ofSlots.size()});
    npz.add("reader_weight", weights, {ofSlots.size()});
}

} // namespace orrery::worker
