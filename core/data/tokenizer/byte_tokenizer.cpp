// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/byte_tokenizer.h"

#include "core/data/tokenizer/special_names.h"
#include "core/data/tokenizer/tokenizer_error.h"

#include <nlohmann/json.hpp>

#include <limits>

namespace orrery::tok {

namespace {

constexpr int32_t kNumBytes = 256;

/// A special's name inside a text is text: only the renderer of messages and documents makes specials.
class ByteTokenizer final : public Tokenizer {
public:
    ByteTokenizer(bool hasSpecials, int64_t vocabSize) : m_hasSpecials(hasSpecials), m_vocabSize(vocabSize) {}

    int64_t vocabSize() const override { return m_vocabSize; }
    bool hasSpecials() const override { return m_hasSpecials; }
    bool isByteWise() const override { return true; }

    std::optional<int32_t> specialId(SpecialToken token) const override
    {
        return m_hasSpecials ? std::optional(static_cast<int32_t>(token)) : std::nullopt;
    }

    bool isSpecial(int32_t id) const override
    {
        return m_hasSpecials && id >= kNumBytes && id < kNumBytes + kNumByteSpecials;
    }

    Result<void> encode(std::string_view text, std::vector<int32_t> &ids) const override
    {
        const size_t start = ids.size();
        ids.resize(start + text.size());
        for (size_t i = 0; i < text.size(); ++i) ids[start + i] = static_cast<unsigned char>(text[i]);
        return {};
    }

    std::string tokenBytes(int32_t id) const override
    {
        if (id >= 0 && id < kNumBytes) return std::string(1, static_cast<char>(id));
        if (isSpecial(id)) return ownSpecialName(id - kNumBytes);
        return "<|id_" + std::to_string(id) + "|>";
    }

    int64_t numTextBytes(int32_t id) const override { return id >= 0 && id < kNumBytes ? 1 : 0; }

    std::string fingerprint() const override { return m_hasSpecials ? "bytes/1" : "bytes/1/no-specials"; }

    std::string toJson() const override
    {
        nlohmann::ordered_json root = {{"type", "bytes"}, {"version", 1}, {"vocab_size", m_vocabSize}};
        nlohmann::ordered_json specials = nlohmann::ordered_json::object();
        if (m_hasSpecials)
            for (const SpecialName &name : specialNames())
                specials[name.own] = static_cast<int32_t>(name.token);
        root["special_tokens"] = std::move(specials);
        return root.dump(2) + "\n";
    }

private:
    bool m_hasSpecials;
    int64_t m_vocabSize;
};

} // namespace

Result<std::unique_ptr<Tokenizer>> createByteTokenizer(bool hasSpecials, int64_t vocabSize)
{
    const int64_t own = kNumBytes + (hasSpecials ? kNumByteSpecials : 0);
    if (vocabSize != 0 && (vocabSize < own || vocabSize > std::numeric_limits<int32_t>::max()))
        return Error{ErrorCode::InvalidInput,
                     "Cannot make a tokenizer: data.vocab_size is " + std::to_string(vocabSize) +
                         ", expected 0 or at least " + std::to_string(own) + " (bytes" +
                         (hasSpecials ? " and special tokens)." : ")."),
                     "Set data.vocab_size to 0 to take what the tokenizer has."};
    return std::unique_ptr<Tokenizer>(
        std::make_unique<ByteTokenizer>(hasSpecials, vocabSize == 0 ? own : vocabSize));
}

bool isByteTokenizer(const nlohmann::json &json)
{
    const auto type = json.find("type");
    return type != json.end() && *type == "bytes";
}

Result<std::unique_ptr<Tokenizer>> byteTokenizerFromJson(const nlohmann::json &json, const std::string &name)
{
    const auto size = json.find("vocab_size");
    const auto specials = json.find("special_tokens");
    if (size == json.end() || !size->is_number_integer() || specials == json.end() || !specials->is_object())
        return tokenizerError(name, "vocab_size or special_tokens are missing",
                              "a tokenizer as export writes it", "Export the model again.");
    auto made = createByteTokenizer(!specials->empty(), size->get<int64_t>());
    if (made && nlohmann::json::parse((*made)->toJson()) != json)
        return tokenizerError(name, "its special tokens are not those of this program",
                              "a tokenizer as export writes it", "Export the model again.");
    return made;
}

} // namespace orrery::tok
