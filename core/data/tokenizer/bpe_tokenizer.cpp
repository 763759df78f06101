// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/bpe_tokenizer.h"

#include "core/base/text.h"
#include "core/data/tokenizer/json_fields.h"
#include "core/data/tokenizer/special_names.h"

#include <algorithm>

namespace orrery::tok {

using Json = nlohmann::json;

namespace {

const Json &fieldOf(const Json &json, const char *key)
{
    static const Json kNothing;
    const auto field = json.find(key);
    return field == json.end() ? kNothing : *field;
}

std::string replacedAll(const std::string &text, const std::string &from, const std::string &to)
{
    std::string made;
    size_t done = 0;
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, done)) {
        made.append(text, done, at - done).append(to);
        done = at + from.size();
    }
    return made.append(text, done, std::string::npos);
}

} // namespace

Result<std::unique_ptr<Tokenizer>> BpeTokenizer::create(const Json &json, std::string text,
                                                        const std::string &name, int64_t vocabSize)
{
    auto made = std::make_unique<BpeTokenizer>();
    ORRERY_ASSIGN(made->m_normalizer, Normalizer::fromJson(fieldOf(json, "normalizer"), name));
    ORRERY_ASSIGN(made->m_preTokenizer, PreTokenizer::fromJson(fieldOf(json, "pre_tokenizer"), name));
    ORRERY_ASSIGN(made->m_model,
                  BpeModel::fromJson(fieldOf(json, "model"), made->m_preTokenizer.isByteLevel(), name));
    ORRERY_ASSIGN(made->m_added,
                  AddedTokens::fromJson(fieldOf(json, "added_tokens"), made->m_normalizer, name));
    ORRERY_TRY(made->readDecoder(fieldOf(json, "decoder"), name, 0));
    ORRERY_TRY(made->checkIds(name));
    ORRERY_TRY(made->readPostProcessor(fieldOf(json, "post_processor"), name, 0));
    ORRERY_TRY(made->setVocabSize(vocabSize, name));
    made->findSpecials();
    ORRERY_TRY(made->withholdSpecials(name));
    made->m_fingerprint = "tokenizer.json/1/" + sha256Hex(text);
    made->m_json = std::move(text);
    return std::unique_ptr<Tokenizer>(std::move(made));
}

Result<void> BpeTokenizer::checkIds(const std::string &name)
{
    int64_t numIds = m_model.numIds();
    for (const AddedToken &token : m_added.all()) numIds = std::max<int64_t>(numIds, token.id + 1);
    m_addedIndex.assign(static_cast<size_t>(numIds), -1);
    for (size_t i = 0; i < m_added.all().size(); ++i) {
        const AddedToken &token = m_added.all()[i];
        const std::string *here = m_model.token(token.id);
        const auto known = m_model.idOf(token.content);
        if ((here && *here != token.content) || (known && *known != token.id))
            return tokenizerError(
                name,
                "the added token " + shownText(token.content) + " has the id " + std::to_string(token.id) +
                    ", which is " +
                    (here ? "that of " + shownText(*here) : std::to_string(*known) + " in its vocabulary"),
                "one id for each token", "Use a tokenizer.json as the library tokenizers writes it.");
        m_addedIndex[static_cast<size_t>(token.id)] = static_cast<int32_t>(i);
    }
    if (numIds == 0) return tokenizerError(name, "it has no tokens", "one or more", "Use another tokenizer.");
    return {};
}

Result<void> BpeTokenizer::setVocabSize(int64_t wanted, const std::string &name)
{
    const auto own = static_cast<int64_t>(m_addedIndex.size());
    if (wanted != 0 && (wanted < own || wanted > static_cast<int64_t>(kMaxVocabulary)))
        return Error{ErrorCode::InvalidInput,
                     "Cannot make a tokenizer: data.vocab_size is " + std::to_string(wanted) +
                         ", expected 0 or at least the " + std::to_string(own) + " of \"" + name + "\".",
                     "Set data.vocab_size to 0 to take what the tokenizer has."};
    m_vocabSize = wanted == 0 ? own : wanted;
    return {};
}

void BpeTokenizer::findSpecials()
{
    const auto idOf = [&](const std::string &content) -> std::optional<int32_t> {
        const AddedToken *added = m_added.find(content);
        return added && added->isSpecial ? std::optional(added->id) : std::nullopt;
    };
    for (const SpecialName &name : specialNames()) {
        auto id = idOf(name.own);
        for (size_t i = 0; !id && i < name.foreign.size(); ++i) id = idOf(name.foreign[i]);
        if (id) m_specials.emplace_back(name.token, *id);
    }
}

/// Special ids are of documents and turns. The unknown token is the exception: it stands for text, unless the
/// file gives that place to a token that ends a text or a turn.
Result<void> BpeTokenizer::withholdSpecials(const std::string &name)
{
    const auto unknown = m_model.unknownId();
    const bool hasRole = std::any_of(m_specials.begin(), m_specials.end(),
                                     [&](const auto &special) { return special.second == unknown; });
    if (hasRole) m_model.forgetUnknown();
    std::vector<int32_t> ids;
    for (const AddedToken &token : m_added.all())
        if (token.isSpecial && token.id != m_model.unknownId()) ids.push_back(token.id);
    return m_model.withhold(ids, name);
}

std::optional<int32_t> BpeTokenizer::specialId(SpecialToken token) const
{
    for (const auto &[known, id] : m_specials)
        if (known == token) return id;
    return std::nullopt;
}

bool BpeTokenizer::hasSpecials() const
{
    constexpr SpecialToken kNeeded[] = {SpecialToken::EndOfText,    SpecialToken::System,
                                        SpecialToken::User,         SpecialToken::Assistant,
                                        SpecialToken::EndOfTurn,    SpecialToken::InfillPrefix,
                                        SpecialToken::InfillSuffix, SpecialToken::InfillMiddle};
    return std::all_of(std::begin(kNeeded), std::end(kNeeded),
                       [this](SpecialToken token) { return specialId(token).has_value(); });
}

bool BpeTokenizer::isSpecial(int32_t id) const
{
    if (id < 0 || static_cast<size_t>(id) >= m_addedIndex.size()) return false;
    const int32_t index = m_addedIndex[static_cast<size_t>(id)];
    return index >= 0 && m_added.all()[static_cast<size_t>(index)].isSpecial;
}

struct BpeTokenizer::Work {
    explicit Work(const PreTokenizer &preTokenizer, std::vector<int32_t> &found)
        : ids(found), scratch(preTokenizer)
    {
    }
    std::vector<int32_t> &ids;
    PreTokenizer::Scratch scratch;
    WordCache cache;
    Words words;
};

Result<void> BpeTokenizer::encode(std::string_view text, std::vector<int32_t> &ids) const
{
    Work work(m_preTokenizer, ids);
    if (!m_added.canStandInText(false)) return encodePiece(text, true, work);
    std::vector<AddedTokens::Piece> pieces;
    m_added.cut(text, false, pieces);
    for (const AddedTokens::Piece &piece : pieces) {
        if (piece.id)
            ids.push_back(*piece.id);
        else
            ORRERY_TRY(encodePiece(piece.text, piece.text.data() == text.data(), work));
    }
    return {};
}

/// Well-formed stretches, and each broken byte on its own.
Result<void> BpeTokenizer::encodePiece(std::string_view piece, bool isTextStart, Work &work) const
{
    for (size_t at = 0; at < piece.size();) {
        const size_t end = validEnd(piece, at);
        if (end > at)
            ORRERY_TRY(encodeValid(piece.substr(at, end - at), at == 0, isTextStart && at == 0, work));
        if (end < piece.size()) m_model.encodeByte(static_cast<uint8_t>(piece[end]), work.ids);
        at = end + 1;
    }
    return {};
}

Result<void> BpeTokenizer::encodeValid(std::string_view text, bool isPieceStart, bool isTextStart,
                                       Work &work) const
{
    std::string normal;
    if (!m_normalizer.isNothing()) {
        ORRERY_ASSIGN(normal, m_normalizer.apply(text, isPieceStart));
        text = normal;
    }
    if (!m_added.canStandInText(true)) return encodeWords(text, isTextStart, work);
    std::vector<AddedTokens::Piece> pieces;
    m_added.cut(text, true, pieces);
    for (const AddedTokens::Piece &piece : pieces) {
        if (piece.id)
            work.ids.push_back(*piece.id);
        else
            ORRERY_TRY(encodeWords(piece.text, isTextStart && piece.text.data() == text.data(), work));
    }
    return {};
}

Result<void> BpeTokenizer::encodeWords(std::string_view text, bool isTextStart, Work &work) const
{
    if (text.empty()) return {};
    work.words.views.assign(1, text);
    work.words.made.clear();
    ORRERY_TRY(m_preTokenizer.cut(work.words, isTextStart, work.scratch));
    for (const std::string_view word : work.words.views) m_model.encode(word, work.cache, work.ids);
    return {};
}

std::string BpeTokenizer::tokenBytes(int32_t id) const
{
    if (id >= 0 && static_cast<size_t>(id) < m_addedIndex.size()) {
        if (const int32_t index = m_addedIndex[static_cast<size_t>(id)]; index >= 0)
            return m_added.all()[static_cast<size_t>(index)].content;
        if (const std::string *token = m_model.token(id)) {
            std::string bytes = m_model.bytes(id);
            if (bytes != *token || m_decoder.replacements.empty()) return bytes; // bytes already
            for (const auto &[from, to] : m_decoder.replacements) bytes = replacedAll(bytes, from, to);
            return bytes;
        }
    }
    return "<|id_" + std::to_string(id) + "|>";
}

int64_t BpeTokenizer::numTextBytes(int32_t id) const
{
    if (isSpecial(id)) return 0;
    const bool isKnown = id >= 0 && static_cast<size_t>(id) < m_addedIndex.size() &&
                         (m_addedIndex[static_cast<size_t>(id)] >= 0 || m_model.token(id));
    return isKnown ? std::ssize(tokenBytes(id)) : 0;
}

std::string BpeTokenizer::decode(std::span<const int32_t> ids) const
{
    std::string text = Tokenizer::decode(ids);
    if (m_decoder.stripsFirstSpace && text.starts_with(' ')) text.erase(0, 1);
    return text;
}

} // namespace orrery::tok
