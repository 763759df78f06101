// SPDX-License-Identifier: Apache-2.0
#include "core/infer/interchange/number_tokenizer.h"

#include <nlohmann/json.hpp>

namespace orrery {

namespace {

class NumberTokenizer final : public Tokenizer {
public:
    NumberTokenizer(std::string directory, int64_t vocabSize)
        : m_directory(std::move(directory)), m_vocabSize(vocabSize)
    {
    }
    [[nodiscard]] int64_t vocabSize() const override { return m_vocabSize; }
    [[nodiscard]] bool hasSpecials() const override { return false; }
    [[nodiscard]] std::optional<int32_t> specialId(SpecialToken) const override { return {}; }
    [[nodiscard]] bool isSpecial(int32_t) const override { return false; }
    [[nodiscard]] Result<void> encode(std::string_view text, std::vector<int32_t> &) const override
    {
        if (text.empty()) return {};
        return Error{ErrorCode::NotFound,
                     "Cannot read a text with model \"" + m_directory + "\": there is no " + kTokenizerFile +
                         ", expected one beside config.json.",
                     "Put the model's tokenizer.json there, or give exact tokens with --prompt-ids."};
    }
    [[nodiscard]] std::string tokenBytes(int32_t id) const override
    {
        return std::string("<|").append(std::to_string(id)).append("|>");
    }
    [[nodiscard]] int64_t numTextBytes(int32_t) const override { return 0; }
    [[nodiscard]] std::string fingerprint() const override { return "numbers/1"; }
    [[nodiscard]] std::string toJson() const override
    {
        return nlohmann::json{{"type", "numbers"}, {"vocab_size", m_vocabSize}}.dump(2) + "\n";
    }

private:
    std::string m_directory;
    int64_t m_vocabSize;
};

} // namespace

std::unique_ptr<Tokenizer> makeNumberTokenizer(const std::string &directory, int64_t vocabSize)
{
    return std::make_unique<NumberTokenizer>(directory, vocabSize);
}

} // namespace orrery
