// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/added_tokens.h"

#include "core/data/tokenizer/bpe_model.h"
#include "core/data/tokenizer/json_fields.h"

#include <algorithm>
#include <unordered_set>

namespace orrery::tok {

using Json = nlohmann::json;

namespace {

constexpr const char *kRule = "added_tokens";

Result<AddedToken> tokenFromJson(const Json &json, const std::string &name)
{
    if (!json.is_object())
        return tokenizerError(name, "an entry of its added_tokens is no object", "id, content and flags",
                              "Use a tokenizer.json as the library tokenizers writes it.");
    AddedToken token;
    ORRERY_ASSIGN(token.content, textField(json, "content", kRule, name));
    ORRERY_ASSIGN(token.isSpecial, boolField(json, "special", false, kRule, name));
    ORRERY_ASSIGN(token.isSingleWord, boolField(json, "single_word", false, kRule, name));
    ORRERY_ASSIGN(token.stripsLeft, boolField(json, "lstrip", false, kRule, name));
    ORRERY_ASSIGN(token.stripsRight, boolField(json, "rstrip", false, kRule, name));
    ORRERY_ASSIGN(token.isNormalized, boolField(json, "normalized", !token.isSpecial, kRule, name));
    const auto id = json.find("id");
    if (id == json.end() || !id->is_number_integer() || id->get<int64_t>() < 0 ||
        id->get<int64_t>() >= static_cast<int64_t>(kMaxVocabulary))
        return tokenizerError(name,
                              "the id of the added token " + shownText(token.content) + " is " +
                                  (id == json.end()
                                       ? std::string("missing")
                                       : shownText(id->dump(-1, ' ', false, Json::error_handler_t::replace))),
                              "a whole number from 0 to " + std::to_string(kMaxVocabulary - 1),
                              "Use a tokenizer.json as the library tokenizers writes it.");
    token.id = id->get<int32_t>();
    if (token.content.empty())
        return tokenizerError(name, "the added token " + std::to_string(token.id) + " is empty", "some text",
                              "Use a tokenizer.json as the library tokenizers writes it.");
    if (token.content.size() > kMaxAddedBytes)
        return tokenizerError(name,
                              "the added token " + std::to_string(token.id) + " has " +
                                  std::to_string(token.content.size()) + " bytes",
                              "at most " + std::to_string(kMaxAddedBytes), "Use another tokenizer.");
    return token;
}

char32_t lastPoint(std::string_view text)
{
    size_t at = text.size() - 1;
    while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) --at;
    return codePointAt(text, at, text.size() - at);
}

bool endsWithWord(std::string_view text) { return !text.empty() && isWordPart(lastPoint(text)); }

bool beginsWithWord(std::string_view text)
{
    return !text.empty() && isWordPart(codePointAt(text, 0, std::max<size_t>(1, sequenceLength(text, 0))));
}

size_t spaceAtEnd(std::string_view text)
{
    size_t end = text.size();
    while (end > 0 && isWhiteSpace(lastPoint(text.substr(0, end)))) {
        --end;
        while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    }
    return text.size() - end;
}

size_t spaceAtStart(std::string_view text)
{
    size_t at = 0;
    while (at < text.size()) {
        const size_t length = std::max<size_t>(1, sequenceLength(text, at));
        if (!isWhiteSpace(codePointAt(text, at, length))) break;
        at += length;
    }
    return at;
}

} // namespace

Result<AddedTokens> AddedTokens::fromJson(const Json &json, const Normalizer &normalizer,
                                          const std::string &name)
{
    AddedTokens added;
    if (json.is_null()) return added;
    if (!json.is_array() || json.size() > kMaxVocabulary)
        return tokenizerError(name, "its added_tokens are no list, or too many",
                              "a list of at most " + std::to_string(kMaxVocabulary),
                              "Use a tokenizer.json as the library tokenizers writes it.");
    std::unordered_set<std::string> contents;
    std::unordered_set<int32_t> ids;
    for (const Json &entry : json) {
        ORRERY_ASSIGN(AddedToken token, tokenFromJson(entry, name));
        if (!contents.insert(token.content).second || !ids.insert(token.id).second)
            return tokenizerError(name,
                                  "the added token " + shownText(token.content) + " or its id " +
                                      std::to_string(token.id) + " stands there twice",
                                  "each of them once",
                                  "Use a tokenizer.json as the library tokenizers writes it.");
        std::string wanted = token.content;
        if (token.isNormalized && !normalizer.isNothing() && validEnd(wanted, 0) == wanted.size()) {
            ORRERY_ASSIGN(wanted, normalizer.apply(wanted, true));
            if (wanted.size() > kMaxAddedBytes) return grownTooFar("normalizer", kMaxAddedBytes, name);
        }
        Finder &finder = token.isNormalized ? added.m_inNormalized : added.m_inRaw;
        if (!wanted.empty()) {
            finder.canBegin[static_cast<uint8_t>(wanted[0])] = true;
            finder.sorted.emplace_back(std::move(wanted), added.m_all.size());
        }
        finder.hasPlain = finder.hasPlain || !token.isSpecial;
        added.m_all.push_back(std::move(token));
    }
    for (Finder *finder : {&added.m_inRaw, &added.m_inNormalized})
        std::sort(finder->sorted.begin(), finder->sorted.end());
    return added;
}

const AddedTokens::Finder::Entry *AddedTokens::Finder::longestAt(std::string_view text) const
{
    const Entry *longest = nullptr;
    auto first = sorted.begin(), last = sorted.end(); // those that begin with the first `size` bytes
    for (size_t size = 0; size < text.size() && first != last; ++size) {
        const auto byte = static_cast<uint8_t>(text[size]);
        if (size == 0 && !canBegin[byte]) return nullptr;
        const auto byteOf = [size](const Entry &entry) {
            return entry.first.size() > size ? static_cast<uint8_t>(entry.first[size]) : -1;
        };
        first = std::partition_point(first, last, [&](const Entry &entry) { return byteOf(entry) < byte; });
        last = std::partition_point(first, last, [&](const Entry &entry) { return byteOf(entry) == byte; });
        if (first != last && first->first.size() == size + 1) longest = &*first;
    }
    return longest;
}

const AddedToken *AddedTokens::find(int32_t id) const
{
    const auto found =
        std::find_if(m_all.begin(), m_all.end(), [id](const AddedToken &token) { return token.id == id; });
    return found == m_all.end() ? nullptr : &*found;
}

const AddedToken *AddedTokens::find(const std::string &content) const
{
    const auto found = std::find_if(m_all.begin(), m_all.end(),
                                    [&](const AddedToken &token) { return token.content == content; });
    return found == m_all.end() ? nullptr : &*found;
}

void AddedTokens::cut(std::string_view text, bool inNormalized, std::vector<Piece> &pieces) const
{
    const Finder &wanted = finder(inNormalized);
    size_t done = 0; // all before stands in pieces
    for (size_t at = 0; at < text.size();) {
        const Finder::Entry *found = wanted.longestAt(text.substr(at));
        if (!found) {
            ++at;
            continue;
        }
        const AddedToken &token = m_all[found->second];
        size_t begin = at, end = at + found->first.size();
        at = end;
        // A special's name is text, but nothing else is looked for within it.
        if (token.isSpecial) continue;
        if (token.isSingleWord && (endsWithWord(text.substr(0, begin)) || beginsWithWord(text.substr(end))))
            continue;
        if (token.stripsLeft)
            begin -= spaceAtEnd(text.substr(std::min(done, begin), begin - std::min(done, begin)));
        if (token.stripsRight) end += spaceAtStart(text.substr(end));
        begin = std::max(begin, done);
        if (begin > done) pieces.push_back({text.substr(done, begin - done), std::nullopt});
        pieces.push_back({text.substr(begin, end - begin), token.id});
        done = end;
        at = std::max(at, end);
    }
    if (done < text.size()) pieces.push_back({text.substr(done), std::nullopt});
}

} // namespace orrery::tok
