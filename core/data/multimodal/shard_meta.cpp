// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/shard_meta.h"

#include <nlohmann/json.hpp>

#include <limits>

namespace orrery {

namespace {

using Json = nlohmann::json;

struct FrontEndField {
    const char *key;
    int64_t FrontEnd::*member;
};
constexpr FrontEndField kFrontEndFields[] = {
    {"grid_width", &FrontEnd::gridWidth}, {"grid_height", &FrontEnd::gridHeight},
    {"patch", &FrontEnd::patch},          {"rate", &FrontEnd::rate},
    {"window", &FrontEnd::window},        {"hop", &FrontEnd::hop},
    {"bands", &FrontEnd::bands},          {"frames_per_token", &FrontEnd::framesPerToken}};

struct CountField {
    const char *key;
    uint64_t MultiModalDescription::*member;
};
constexpr CountField kCountFields[] = {{"files", &MultiModalDescription::numFiles},
                                       {"bytes", &MultiModalDescription::numBytes},
                                       {"texts", &MultiModalDescription::numTexts},
                                       {"images", &MultiModalDescription::numImages},
                                       {"recordings", &MultiModalDescription::numRecordings},
                                       {"misnamed", &MultiModalDescription::numMisnamed},
                                       {"cropped", &MultiModalDescription::numCropped},
                                       {"beyond_scale", &MultiModalDescription::numBeyondScale},
                                       {"longest", &MultiModalDescription::longest},
                                       {"longest_recording", &MultiModalDescription::longestRecording}};

struct SplitField {
    const char *key;
    uint64_t MultiModalSplit::*member;
};
constexpr SplitField kSplitFields[] = {{"documents", &MultiModalSplit::numDocuments},
                                       {"positions", &MultiModalSplit::numPositions},
                                       {"targets", &MultiModalSplit::numTargets}};

/// Each reads one field and says whether it was there and of the right type.
bool take(const Json &json, const char *key, uint64_t &out)
{
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_unsigned()) return false;
    out = found->get<uint64_t>();
    return true;
}

bool take(const Json &json, const char *key, int64_t &out)
{
    uint64_t value = 0;
    if (!take(json, key, value) || value > uint64_t{std::numeric_limits<int32_t>::max()}) return false;
    out = static_cast<int64_t>(value);
    return true;
}

bool take(const Json &json, const char *key, std::string &out)
{
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return false;
    out = found->get<std::string>();
    return true;
}

bool take(const Json &json, const char *key, bool &out)
{
    const auto found = json.find(key);
    if (found == json.end() || !found->is_boolean()) return false;
    out = found->get<bool>();
    return true;
}

template <typename T> bool takeList(const Json &json, const char *key, std::vector<T> &out)
{
    const auto found = json.find(key);
    if (found == json.end() || !found->is_array()) return false;
    for (const Json &entry : *found) {
        if constexpr (std::is_same_v<T, std::string>) {
            if (!entry.is_string()) return false;
        } else {
            if (!entry.is_number_unsigned()) return false;
        }
        out.push_back(entry.get<T>());
    }
    return true;
}

bool takeSplits(const Json &json, MultiModalDescription &description)
{
    const auto found = json.find("splits");
    if (found == json.end() || !found->is_array() || found->size() != description.splits.size()) return false;
    for (size_t i = 0; i < description.splits.size(); ++i) {
        const Json &entry = (*found)[i];
        if (!entry.is_object()) return false;
        for (const SplitField &field : kSplitFields)
            if (!take(entry, field.key, description.splits[i].*field.member)) return false;
        for (Modality modality : kModalities)
            if (!take(entry, modalityName(modality),
                      description.splits[i].positionsOf[modalityIndex(modality)]))
                return false;
    }
    return true;
}

bool takeDescription(const Json &json, MultiModalDescription &d)
{
    const auto frontEnd = json.find("front_end");
    if (frontEnd == json.end() || !frontEnd->is_object()) return false;
    for (const FrontEndField &field : kFrontEndFields)
        if (!take(*frontEnd, field.key, d.frontEnd.*field.member)) return false;
    for (const CountField &field : kCountFields)
        if (!take(json, field.key, d.*field.member)) return false;
    return take(json, "description_format", d.format) && take(json, "first_misnamed", d.firstMisnamed) &&
           take(json, "most_cropped", d.mostCropped) && take(json, "loudest", d.loudest) &&
           take(json, "shares_files", d.sharesFiles) && take(json, "content_digest", d.contentDigest) &&
           takeList(json, "length_histogram", d.lengthHistogram) && takeList(json, "samples", d.samples) &&
           takeSplits(json, d);
}

} // namespace

std::string multiModalMetaToText(const MultiModalMeta &meta)
{
    const MultiModalDescription &d = meta.description;
    nlohmann::ordered_json root = {{"format", kMultiModalFormat},
                                   {"key", meta.key},
                                   {"name", meta.name},
                                   {"vocab_size", meta.vocabSize}};
    root["description_format"] = d.format;
    for (const FrontEndField &field : kFrontEndFields)
        root["front_end"][field.key] = d.frontEnd.*field.member;
    for (const CountField &field : kCountFields) root[field.key] = d.*field.member;
    root["first_misnamed"] = d.firstMisnamed;
    root["most_cropped"] = d.mostCropped;
    root["loudest"] = d.loudest;
    root["shares_files"] = d.sharesFiles;
    root["content_digest"] = d.contentDigest;
    root["length_histogram"] = d.lengthHistogram;
    root["samples"] = d.samples;
    root["splits"] = nlohmann::ordered_json::array();
    for (const MultiModalSplit &split : d.splits) {
        nlohmann::ordered_json entry;
        for (const SplitField &field : kSplitFields) entry[field.key] = split.*field.member;
        for (Modality modality : kModalities)
            entry[modalityName(modality)] = split.positionsOf[modalityIndex(modality)];
        root["splits"].push_back(std::move(entry));
    }
    return root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::optional<MultiModalMeta> multiModalMetaFromText(const std::string &text)
{
    const Json root = Json::parse(text, nullptr, false);
    MultiModalMeta meta;
    std::string format;
    if (!root.is_object() || !take(root, "format", format) || format != kMultiModalFormat ||
        !take(root, "key", meta.key) || !take(root, "name", meta.name) ||
        !take(root, "vocab_size", meta.vocabSize) || meta.vocabSize < 1 ||
        !takeDescription(root, meta.description))
        return std::nullopt;
    return meta;
}

} // namespace orrery
