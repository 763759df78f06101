// SPDX-License-Identifier: Apache-2.0
// "decoder" and "post_processor" of a tokenizer.json.
#include "core/data/tokenizer/bpe_tokenizer.h"

#include "core/data/tokenizer/json_fields.h"

#include <algorithm>

namespace orrery::tok {

using Json = nlohmann::json;

namespace {

constexpr double kMostGrowth = 16;
constexpr const char *kRewrite = "Use a tokenizer.json as the library tokenizers writes it.";

/// The text that a Replace looks for. A pattern would have to be run on each token.
Result<std::string> replacedText(const Json &json, const std::string &name)
{
    const auto pattern = json.find("pattern");
    const bool isText = pattern != json.end() && pattern->is_object() && pattern->contains("String") &&
                        (*pattern)["String"].is_string() && (*pattern)["String"] != "";
    if (!isText)
        return tokenizerError(name, "the pattern of its decoder Replace is missing or of another kind",
                              "{\"String\": \"…\"}", kRewrite);
    return (*pattern)["String"].get<std::string>();
}

/// Replacements one after the other may make a token longer each time.
Result<void> checkGrowth(const TextDecoder &decoder, const std::string &name)
{
    double growth = 1;
    for (const auto &[from, to] : decoder.replacements)
        growth *= std::max(1.0, static_cast<double>(to.size()) / static_cast<double>(from.size()));
    if (growth <= kMostGrowth) return {};
    return tokenizerError(name, "the Replace of its decoder make a token more than 16 times as long",
                          "16 times at most", "Use another tokenizer.");
}

Result<void> addTemplateIds(const Json &part, const Json &specials, std::vector<int32_t> &ids, int64_t numIds,
                            const std::string &name)
{
    const auto token = part.find("SpecialToken");
    const bool hasName =
        token != part.end() && token->is_object() && token->contains("id") && (*token)["id"].is_string();
    const auto named =
        hasName && specials.is_object() ? specials.find((*token)["id"].get<std::string>()) : specials.end();
    const bool hasIds =
        named != specials.end() && named->is_object() && named->contains("ids") && (*named)["ids"].is_array();
    if (!hasIds)
        return tokenizerError(name, "the template of its post_processor names a token without ids",
                              "special_tokens with ids", kRewrite);
    for (const Json &id : (*named)["ids"]) {
        if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() >= numIds)
            return tokenizerError(name,
                                  "the template of its post_processor has the id " +
                                      shownText(id.dump(-1, ' ', false, Json::error_handler_t::replace)),
                                  "one below " + std::to_string(numIds), kRewrite);
        ids.push_back(id.get<int32_t>());
    }
    return {};
}

} // namespace

Result<void> BpeTokenizer::readDecoder(const Json &json, const std::string &name, int depth)
{
    if (json.is_null()) return {};
    const std::string type = typeOf(json);
    if (type == "Sequence") {
        ORRERY_ASSIGN(const Json *parts, listField(json, "decoders", depth, "decoder", name));
        for (const Json &part : *parts) ORRERY_TRY(readDecoder(part, name, depth + 1));
    } else if (type == "Replace") {
        ORRERY_ASSIGN(std::string from, replacedText(json, name));
        ORRERY_ASSIGN(std::string to, textField(json, "content", "decoder Replace", name));
        ORRERY_TRY(checkSteps(m_decoder.replacements.size(), "decoder", name));
        m_decoder.replacements.emplace_back(std::move(from), std::move(to));
        ORRERY_TRY(checkGrowth(m_decoder, name));
    } else if (type == "Metaspace") {
        ORRERY_ASSIGN(std::string from, textField(json, "replacement", "decoder Metaspace", name));
        ORRERY_TRY(checkSteps(m_decoder.replacements.size(), "decoder", name));
        if (!from.empty()) m_decoder.replacements.emplace_back(std::move(from), " ");
        m_decoder.stripsFirstSpace = !json.contains("prepend_scheme") || json["prepend_scheme"] != "never";
    } else if (type == "Strip") {
        ORRERY_ASSIGN(const std::string content, textField(json, "content", "decoder Strip", name));
        const auto count = [&](const char *key) {
            return json.contains(key) && json[key].is_number_integer() ? json[key].get<int64_t>() : -1;
        };
        if (content != " " || count("start") < 0 || count("start") > 1 || count("stop") != 0)
            return tokenizerError(name,
                                  "its decoder Strip takes away other things than one space at the start",
                                  "content \" \", start 0 or 1, stop 0", "Use another tokenizer.");
        m_decoder.stripsFirstSpace = count("start") == 1;
    } else if (type != "ByteLevel" && type != "ByteFallback" && type != "Fuse") {
        return unsupported("decoder", json,
                           "ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip or Sequence", name);
    }
    return {};
}

Result<void> BpeTokenizer::readPostProcessor(const Json &json, const std::string &name, int depth)
{
    const std::string type = typeOf(json);
    if (json.is_null() || type == "ByteLevel") return {}; // ByteLevel moves offsets only
    if (type == "Sequence") {
        ORRERY_ASSIGN(const Json *parts, listField(json, "processors", depth, "post_processor", name));
        for (const Json &part : *parts) ORRERY_TRY(readPostProcessor(part, name, depth + 1));
        return {};
    }
    if (type != "TemplateProcessing")
        return unsupported("post_processor", json, "ByteLevel, TemplateProcessing or Sequence", name);
    ORRERY_ASSIGN(const Json *single,
                  listField(json, "single", depth, "post_processor TemplateProcessing", name));
    const auto specials = json.find("special_tokens");
    bool isBehind = false;
    for (const Json &part : *single) {
        if (part.is_object() && part.contains("Sequence"))
            isBehind = true;
        else
            ORRERY_TRY(addTemplateIds(part, specials == json.end() ? Json() : *specials,
                                      isBehind ? m_idsBehind : m_idsBefore,
                                      static_cast<int64_t>(m_addedIndex.size()), name));
    }
    return {};
}

} // namespace orrery::tok
