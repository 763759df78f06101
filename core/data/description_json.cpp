// SPDX-License-Identifier: Apache-2.0
#include "core/data/description_json.h"

#include <nlohmann/json.hpp>

namespace orrery {

namespace {

struct CountField {
    const char *key;
    uint64_t CorpusDescription::*member;
};
constexpr CountField kCounts[] = {
    {"files", &CorpusDescription::numFiles},
    {"documents", &CorpusDescription::numDocuments},
    {"bytes", &CorpusDescription::numBytes},
    {"tokens", &CorpusDescription::numTokens},
    {"train_tokens", &CorpusDescription::numTrainTokens},
    {"val_tokens", &CorpusDescription::numValTokens},
    {"invalid_utf8_files", &CorpusDescription::numInvalidUtf8Files},
    {"num_skipped", &CorpusDescription::numSkipped},
};
constexpr CorpusFormat kFormats[] = {CorpusFormat::Text, CorpusFormat::Folder, CorpusFormat::JsonlText,
                                     CorpusFormat::JsonlMessages, CorpusFormat::JsonlTokens};

} // namespace

void descriptionToJson(const CorpusDescription &description, nlohmann::ordered_json &out)
{
    out["format"] = corpusFormatName(description.format);
    for (const CountField &field : kCounts) out[field.key] = description.*field.member;
    out["content_digest"] = description.contentDigest;
    out["skipped"] = nlohmann::ordered_json::array();
    for (const CorpusFileProblem &problem : description.skipped)
        out["skipped"].push_back({{"path", problem.path}, {"reason", problem.reason}});
    out["length_histogram"] = description.lengthHistogram;
    out["preview"] = description.firstText;
    if (!description.unreadMedia.empty()) out["unread_media"] = description.unreadMedia;
}

std::optional<CorpusDescription> descriptionFromJson(const nlohmann::json &json)
{
    using Json = nlohmann::json;
    CorpusDescription description;
    if (!json.is_object()) return std::nullopt;
    const Json format = json.value("format", Json());
    for (CorpusFormat known : kFormats)
        if (format == corpusFormatName(known)) description.format = known;
    if (description.format == CorpusFormat::Unknown) return std::nullopt;
    for (const CountField &field : kCounts) {
        const Json value = json.value(field.key, Json());
        if (!value.is_number_unsigned()) return std::nullopt;
        description.*field.member = value.get<uint64_t>();
    }
    const Json digest = json.value("content_digest", Json());
    const Json preview = json.value("preview", Json());
    const Json skipped = json.value("skipped", Json());
    const Json histogram = json.value("length_histogram", Json());
    if (!digest.is_string() || !preview.is_string() || !skipped.is_array() || !histogram.is_array())
        return std::nullopt;
    description.contentDigest = digest.get<std::string>();
    description.firstText = preview.get<std::string>();
    if (const Json unread = json.value("unread_media", Json()); unread.is_string())
        description.unreadMedia = unread.get<std::string>();
    for (const Json &problem : skipped) {
        if (!problem.is_object() || !problem.value("path", Json()).is_string() ||
            !problem.value("reason", Json()).is_string())
            return std::nullopt;
        description.skipped.push_back(
            {problem["path"].get<std::string>(), problem["reason"].get<std::string>()});
    }
    for (const Json &count : histogram) {
        if (!count.is_number_unsigned()) return std::nullopt;
        description.lengthHistogram.push_back(count.get<uint64_t>());
    }
    return description;
}

} // namespace orrery
