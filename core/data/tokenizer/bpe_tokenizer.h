// SPDX-License-Identifier: Apache-2.0
// A tokenizer.json of the library `tokenizers` whose model is BPE: the same ids for the same text. A text is
// cut at its added tokens, normalised, cut into words, and each word is merged. Immutable; any thread.
#pragma once

#include "core/data/tokenizer.h"
#include "core/data/tokenizer/added_tokens.h"
#include "core/data/tokenizer/bpe_model.h"
#include "core/data/tokenizer/pre_tokenizer.h"

namespace orrery::tok {

/// How ids become text where the tokens are not bytes already.
struct TextDecoder {
    std::vector<std::pair<std::string, std::string>> replacements; ///< in each token
    bool stripsFirstSpace = false;
};

class BpeTokenizer final : public Tokenizer {
public:
    /// @param text that `json` was parsed from: toJson() gives it back  @error InvalidInput naming the
    /// component
    static Result<std::unique_ptr<Tokenizer>> create(const nlohmann::json &json, std::string text,
                                                     const std::string &name, int64_t vocabSize);

    int64_t vocabSize() const override { return m_vocabSize; }
    bool hasSpecials() const override;
    std::optional<int32_t> specialId(SpecialToken token) const override;
    bool isSpecial(int32_t id) const override;
    Result<void> encode(std::string_view text, std::vector<int32_t> &ids) const override;
    std::string tokenBytes(int32_t id) const override;
    int64_t numTextBytes(int32_t id) const override;
    std::string decode(std::span<const int32_t> ids) const override;
    std::string fingerprint() const override { return m_fingerprint; }
    std::string toJson() const override { return m_json; }

    /// What the file's post_processor puts before and behind a text; encode() does not.
    [[nodiscard]] const std::vector<int32_t> &idsBefore() const { return m_idsBefore; }
    [[nodiscard]] const std::vector<int32_t> &idsBehind() const { return m_idsBehind; }

private:
    struct Work;
    Result<void> readDecoder(const nlohmann::json &json, const std::string &name, int depth);
    Result<void> readPostProcessor(const nlohmann::json &json, const std::string &name, int depth);
    Result<void> checkIds(const std::string &name);
    Result<void> setVocabSize(int64_t wanted, const std::string &name);
    void findSpecials();
    Result<void> withholdSpecials(const std::string &name);
    Result<void> encodePiece(std::string_view piece, bool isTextStart, Work &work) const;
    Result<void> encodeValid(std::string_view text, bool isPieceStart, bool isTextStart, Work &work) const;
    Result<void> encodeWords(std::string_view text, bool isTextStart, Work &work) const;

    std::string m_json;
    std::string m_fingerprint;
    int64_t m_vocabSize = 0;
    Normalizer m_normalizer;
    PreTokenizer m_preTokenizer;
    BpeModel m_model;
    AddedTokens m_added;
    TextDecoder m_decoder;
    std::vector<int32_t> m_idsBefore, m_idsBehind;
    std::vector<int32_t> m_addedIndex; ///< by id: place in m_added.all(), or -1
    std::vector<std::pair<SpecialToken, int32_t>> m_specials;
};

} // namespace orrery::tok
