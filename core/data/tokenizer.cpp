// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer.h"

#include <nlohmann/json.hpp>

#include <limits>

namespace orrery {

namespace {

constexpr int32_t kNumBytes = 256;

struct SpecialRow {
    SpecialToken token;
    const char *name;
};
constexpr SpecialRow kSpecials[] = {
    {SpecialToken::EndOfText, "<|end_of_text|>"},
    {SpecialToken::System, "<|system|>"},
    {SpecialToken::User, "<|user|>"},
    {SpecialToken::Assistant, "<|assistant|>"},
    {SpecialToken::EndOfTurn, "<|end_of_turn|>"},
    {SpecialToken::InfillPrefix, "<|infill_prefix|>"},
    {SpecialToken::InfillSuffix, "<|infill_suffix|>"},
    {SpecialToken::InfillMiddle, "<|infill_middle|>"},
    {SpecialToken::ImageStart, "<|image_start|>"},
    {SpecialToken::AudioStart, "<|audio_start|>"},
};

/// One id per byte. A special's name inside a text is text: only the renderer of messages and documents makes
/// specials.
class ByteTokenizer final : public Tokenizer {
public:
    ByteTokenizer(bool hasSpecials, int64_t vocabSize) : m_hasSpecials(hasSpecials), m_vocabSize(vocabSize) {}

    int64_t vocabSize() const override { return m_vocabSize; }
    bool hasSpecials() const override { return m_hasSpecials; }

    void encode(std::string_view text, std::vector<int32_t> &ids) const override
    {
        const size_t start = ids.size();
        ids.resize(start + text.size());
        for (size_t i = 0; i < text.size(); ++i) ids[start + i] = static_cast<unsigned char>(text[i]);
    }

    std::string tokenBytes(int32_t id) const override
    {
        if (id >= 0 && id < kNumBytes) return std::string(1, static_cast<char>(id));
        if (m_hasSpecials)
            for (const SpecialRow &row : kSpecials)
                if (static_cast<int32_t>(row.token) == id) return row.name;
        return "<|" +
               std::string(m_hasSpecials && id >= kNumBytes && id < kNumBytes + kNumByteSpecials ? "reserved_"
                                                                                                 : "id_") +
               std::to_string(id) + "|>";
    }

    std::string fingerprint() const override { return m_hasSpecials ? "bytes/1" : "bytes/1/no-specials"; }

    std::string toJson() const override
    {
        nlohmann::ordered_json root = {{"type", "bytes"}, {"version", 1}, {"vocab_size", m_vocabSize}};
        nlohmann::ordered_json specials = nlohmann::ordered_json::object();
        if (m_hasSpecials)
            for (const SpecialRow &row : kSpecials) specials[row.name] = static_cast<int32_t>(row.token);
        root["special_tokens"] = std::move(specials);
        return root.dump(2) + "\n";
    }

private:
    bool m_hasSpecials;
    int64_t m_vocabSize;
};

} // namespace

const char *specialTokenName(SpecialToken token)
{
    for (const SpecialRow &row : kSpecials)
        if (row.token == token) return row.name;
    return "<|reserved|>";
}

Result<std::unique_ptr<Tokenizer>> Tokenizer::create(const DataSpec &data)
{
    if (data.tokenizer != "bytes")
        return Error{ErrorCode::InvalidInput,
                     "Cannot make a tokenizer: data.tokenizer is \"" + data.tokenizer +
                         "\", expected \"bytes\".",
                     "Set data.tokenizer to bytes."};
    if (data.specialTokens != "default" && data.specialTokens != "none")
        return Error{ErrorCode::InvalidInput,
                     "Cannot make a tokenizer: data.special_tokens is \"" + data.specialTokens +
                         "\", expected \"default\" or \"none\".",
                     "Set data.special_tokens to default."};
    const bool hasSpecials = data.specialTokens == "default";
    const int64_t own = kNumBytes + (hasSpecials ? kNumByteSpecials : 0);
    if (data.vocabSize != 0 && (data.vocabSize < own || data.vocabSize > std::numeric_limits<int32_t>::max()))
        return Error{ErrorCode::InvalidInput,
                     "Cannot make a tokenizer: data.vocab_size is " + std::to_string(data.vocabSize) +
                         ", expected 0 or at least " + std::to_string(own) + " (bytes" +
                         (hasSpecials ? " and special tokens)." : ")."),
                     "Set data.vocab_size to 0 to take what the tokenizer has."};
    return std::unique_ptr<Tokenizer>(
        std::make_unique<ByteTokenizer>(hasSpecials, data.vocabSize == 0 ? own : data.vocabSize));
}

} // namespace orrery
