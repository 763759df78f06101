// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer.h"

#include "core/base/files.h"
#include "core/data/tokenizer/bpe_tokenizer.h"
#include "core/data/tokenizer/byte_tokenizer.h"
#include "core/data/tokenizer/json_limits.h"
#include "core/data/tokenizer/tokenizer_error.h"

#include <nlohmann/json.hpp>

namespace orrery {

std::string Tokenizer::decode(std::span<const int32_t> ids) const
{
    std::string text;
    for (const int32_t id : ids) text += tokenBytes(id);
    return text;
}

Result<std::vector<TokenPiece>> Tokenizer::tokenize(std::string_view text) const
{
    std::vector<int32_t> ids;
    ORRERY_TRY(encode(text, ids));
    std::vector<TokenPiece> pieces;
    pieces.reserve(ids.size());
    for (const int32_t id : ids) pieces.push_back({id, tokenBytes(id)});
    return pieces;
}

int32_t Tokenizer::startId() const
{
    if (const auto end = specialId(SpecialToken::EndOfText)) return *end;
    std::vector<int32_t> ids;
    const auto encoded = encode("\n", ids);
    return encoded.ok() && !ids.empty() ? ids.front() : 0;
}

namespace {

Result<std::unique_ptr<Tokenizer>> createFromFile(const DataSpec &data)
{
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(data.tokenizer, ignored))
        return Error{
            ErrorCode::NotFound,
            "Cannot make a tokenizer: data.tokenizer is \"" + data.tokenizer +
                "\", and there is no such file, expected bytes, bpe or the path of a tokenizer.json.",
            "Set data.tokenizer to bytes or bpe, or correct the path."};
    ORRERY_ASSIGN(std::string text, readFile(data.tokenizer, tok::kMaxTokenizerBytes));
    return Tokenizer::fromJson(std::move(text), data.tokenizer, data.vocabSize);
}

} // namespace

Result<std::unique_ptr<Tokenizer>> Tokenizer::create(const DataSpec &data)
{
    if (data.specialTokens != "default" && data.specialTokens != "none")
        return Error{ErrorCode::InvalidInput,
                     "Cannot make a tokenizer: data.special_tokens is \"" + data.specialTokens +
                         "\", expected \"default\" or \"none\".",
                     "Set data.special_tokens to default."};
    if (data.tokenizer == "bytes")
        return tok::createByteTokenizer(data.specialTokens == "default", data.vocabSize);
    if (data.tokenizer == "bpe")
        return Error{
            ErrorCode::NotFound,
            "Cannot make a tokenizer: data.tokenizer is \"bpe\", and none was trained on these data yet, "
            "expected a tokenizer.json.",
            "Train one with data tokenizer train, and set data.tokenizer to its path."};
    return createFromFile(data);
}

Result<std::unique_ptr<Tokenizer>> Tokenizer::fromJson(std::string text, const std::string &name,
                                                       int64_t vocabSize)
{
    ORRERY_ASSIGN(const nlohmann::json json, tok::parseWithinLimits(text, name));
    if (tok::isByteTokenizer(json)) return tok::byteTokenizerFromJson(json, name);
    return tok::BpeTokenizer::create(json, std::move(text), name, vocabSize);
}

} // namespace orrery
