// SPDX-License-Identifier: Apache-2.0
// "model" of a tokenizer.json.
#include "core/data/tokenizer/bpe_model.h"

#include "core/data/tokenizer/json_fields.h"
#include "core/data/tokenizer/unicode.h"

#include <algorithm>

namespace orrery::tok {

using Json = nlohmann::json;

namespace {

constexpr const char *kRewrite = "Use a tokenizer.json as the library tokenizers writes it.";

/// The byte of "<0x0A>"; -1 for other tokens.
int byteOfName(const std::string &token)
{
    if (token.size() != 6 || token.compare(0, 3, "<0x") != 0 || token[5] != '>') return -1;
    int value = 0;
    for (const char c : {token[3], token[4]}) {
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

} // namespace

Result<BpeModel> BpeModel::fromJson(const Json &json, bool isByteLevel, const std::string &name)
{
    // The first files of GPT-2 have no type.
    const bool isBpe =
        json.is_object() && (typeOf(json) == "BPE" || (!json.contains("type") && json.contains("merges")));
    if (!isBpe) return unsupported("model", json, "BPE", name);
    BpeModel model;
    model.m_isByteLevel = isByteLevel;
    ORRERY_TRY(model.readVocabulary(json, name));
    ORRERY_TRY(model.readSettings(json, name));
    model.findUnits();
    ORRERY_TRY(model.readMerges(json, name));
    return model;
}

Result<void> BpeModel::readVocabulary(const Json &json, const std::string &name)
{
    const auto vocabulary = json.find("vocab");
    if (vocabulary == json.end() || !vocabulary->is_object())
        return tokenizerError(name, "its model has no object \"vocab\"", "tokens with their ids", kRewrite);
    if (vocabulary->size() > kMaxVocabulary)
        return tokenizerError(name, "its model has " + std::to_string(vocabulary->size()) + " tokens",
                              "at most " + std::to_string(kMaxVocabulary), "Use a smaller vocabulary.");
    size_t largest = 0;
    for (const auto &[token, id] : vocabulary->items()) {
        const bool isGood = id.is_number_integer() && id.get<int64_t>() >= 0 &&
                            id.get<int64_t>() < static_cast<int64_t>(kMaxVocabulary);
        if (!isGood)
            return tokenizerError(name,
                                  "the id of token " + shownText(token) + " is " +
                                      shownText(id.dump(-1, ' ', false, Json::error_handler_t::replace)),
                                  "a whole number from 0 to " + std::to_string(kMaxVocabulary - 1), kRewrite);
        if (token.empty())
            return tokenizerError(name,
                                  "token " + std::to_string(id.get<int64_t>()) +
                                      " is empty, so that a merge could go in circles",
                                  "tokens of one character or more", kRewrite);
        largest = std::max(largest, id.get<size_t>());
    }
    m_tokens.resize(vocabulary->empty() ? 0 : largest + 1);
    m_bytes.resize(m_tokens.size());
    m_isUsed.resize(m_tokens.size());
    m_isWithheld.resize(m_tokens.size());
    m_ids.reserve(vocabulary->size());
    for (const auto &[token, value] : vocabulary->items()) {
        const auto id = value.get<size_t>();
        if (m_isUsed[id])
            return tokenizerError(name,
                                  "tokens " + shownText(m_tokens[id]) + " and " + shownText(token) +
                                      " both have the id " + std::to_string(id),
                                  "an id of its own for each", kRewrite);
        m_isUsed[id] = true;
        m_tokens[id] = token;
        m_ids.emplace(token, static_cast<int32_t>(id));
    }
    return {};
}

Result<void> BpeModel::readSettings(const Json &json, const std::string &name)
{
    const auto dropout = json.find("dropout");
    if (dropout != json.end() && !dropout->is_null() && *dropout != 0)
        return tokenizerError(name,
                              "its model has a dropout of " + shownText(dropout->dump()) +
                                  ", so that a text has other ids each time",
                              "none", "Set \"dropout\" to null in the file.");
    for (const char *key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        const auto field = json.find(key);
        if (field != json.end() && !field->is_null() && *field != "")
            return tokenizerError(
                name,
                "its model has a " + std::string(key) + " (" +
                    shownText(field->dump(-1, ' ', false, Json::error_handler_t::replace)) + ")",
                "none", "Use a byte-level tokenizer, or train one with data.tokenizer=bpe.");
    }
    ORRERY_ASSIGN(m_ignoresMerges, boolField(json, "ignore_merges", false, "model", name));
    ORRERY_ASSIGN(m_hasByteFallback, boolField(json, "byte_fallback", false, "model", name));
    ORRERY_ASSIGN(m_fusesUnknown, boolField(json, "fuse_unk", false, "model", name));
    const auto unknown = json.find("unk_token");
    if (unknown == json.end() || unknown->is_null()) return {};
    if (unknown->is_string()) m_unknown = idOf(unknown->get<std::string>());
    if (!m_unknown && *unknown != "")
        return tokenizerError(name,
                              "its unk_token " +
                                  shownText(unknown->dump(-1, ' ', false, Json::error_handler_t::replace)) +
                                  " is no token",
                              "one of its vocabulary, or null", kRewrite);
    return {};
}

void BpeModel::findUnits()
{
    m_byteIds.fill(-1);
    for (size_t id = 0; id < m_tokens.size(); ++id) {
        const std::string &token = m_tokens[id];
        m_bytes[id] = token;
        if (m_isByteLevel) {
            if (!bytesOfLetters(token, m_bytes[id])) continue; // a name, which no text makes
            if (!m_isUsed[id]) continue;
            m_idsOfBytes.emplace(m_bytes[id], static_cast<int32_t>(id));
            if (m_bytes[id].size() == 1)
                m_byteIds[static_cast<uint8_t>(m_bytes[id][0])] = static_cast<int32_t>(id);
        } else if (const int byte = byteOfName(token); m_hasByteFallback && byte >= 0) {
            m_bytes[id] = std::string(1, static_cast<char>(byte));
            m_byteIds[static_cast<size_t>(byte)] = static_cast<int32_t>(id);
        }
    }
}

Result<void> BpeModel::withhold(const std::vector<int32_t> &ids, const std::string &name)
{
    for (const int32_t id : ids) {
        const auto place = static_cast<size_t>(id);
        if (place >= m_tokens.size()) continue;
        m_isWithheld[place] = true;
        if (const auto found = m_idsOfBytes.find(m_bytes[place]);
            found != m_idsOfBytes.end() && found->second == id)
            m_idsOfBytes.erase(found);
        std::replace(m_byteIds.begin(), m_byteIds.end(), id, -1);
    }
    for (const auto &[pair, merge] : m_merges)
        if (m_isWithheld[static_cast<size_t>(merge.made)])
            return tokenizerError(name,
                                  "merge " + std::to_string(merge.rank) + " makes the special token " +
                                      shownText(m_tokens[static_cast<size_t>(merge.made)]) + " of text",
                                  "special tokens that no text becomes", kRewrite);
    return {};
}

Result<void> BpeModel::readMerges(const Json &json, const std::string &name)
{
    const auto merges = json.find("merges");
    if (merges == json.end() || !merges->is_array())
        return tokenizerError(name, "its model has no list \"merges\"", "pairs of tokens", kRewrite);
    if (merges->size() > kMaxMerges)
        return tokenizerError(name, "its model has " + std::to_string(merges->size()) + " merges",
                              "at most " + std::to_string(kMaxMerges), "Use a smaller vocabulary.");
    m_merges.reserve(merges->size());
    for (size_t i = 0; i < merges->size(); ++i) {
        const Json &merge = (*merges)[i];
        if (merge.is_string()) {
            const auto &text = merge.get_ref<const std::string &>();
            const size_t space = text.find(' ');
            if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos) {
                ORRERY_TRY(addMerge(text.substr(0, space), text.substr(space + 1), i, name));
                continue;
            }
        } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
            ORRERY_TRY(addMerge(merge[0].get<std::string>(), merge[1].get<std::string>(), i, name));
            continue;
        }
        return tokenizerError(name,
                              "merge " + std::to_string(i) + " is " +
                                  shownText(merge.dump(-1, ' ', false, Json::error_handler_t::replace)),
                              "\"a b\" or [\"a\", \"b\"]", kRewrite);
    }
    return {};
}

Result<void> BpeModel::addMerge(const std::string &left, const std::string &right, size_t index,
                                const std::string &name)
{
    std::array<int32_t, 3> ids{};
    const std::string texts[] = {left, right, left + right};
    for (size_t k = 0; k < 3; ++k) {
        const auto id = idOf(texts[k]);
        if (!id)
            return tokenizerError(name,
                                  "merge " + std::to_string(index) + " (" + shownText(left) + " and " +
                                      shownText(right) + ") needs " + shownText(texts[k]) +
                                      ", which is no token",
                                  "both parts and the whole in its vocabulary",
                                  "Restore the file: vocabulary and merges are not of one tokenizer.");
        ids[k] = *id;
    }
    m_merges.insert_or_assign(pairKey(ids[0], ids[1]), Merge{static_cast<int32_t>(index), ids[2]});
    return {};
}

} // namespace orrery::tok
