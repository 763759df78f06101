// SPDX-License-Identifier: Apache-2.0
#include "core/infer/interchange/tokenizer_files.h"

#include "core/data/tokenizer/unicode.h"

#include <nlohmann/json.hpp>

namespace orrery {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kNumBytes = 256;

Json byteLevel()
{
    return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
}

} // namespace

std::string foreignTokenizerJson(const Tokenizer &tokenizer, bool isBytes)
{
    if (!isBytes) return tokenizer.toJson();
    Json vocabulary = Json::object(), specials = Json::array();
    for (int byte = 0; byte < kNumBytes; ++byte)
        vocabulary[tok::lettersOfBytes(std::string(1, static_cast<char>(byte)))] = byte;
    const auto numKnown = static_cast<int32_t>(std::min<int64_t>(
        tokenizer.vocabSize(), kNumBytes + (tokenizer.hasSpecials() ? kNumByteSpecials : 0)));
    for (int32_t id = kNumBytes; id < numKnown; ++id)
        specials.push_back({{"id", id},
                            {"content", tokenizer.tokenBytes(id)},
                            {"single_word", false},
                            {"lstrip", false},
                            {"rstrip", false},
                            {"normalized", false},
                            {"special", true}});
    const Json json = {{"version", "1.0"},
                       {"truncation", nullptr},
                       {"padding", nullptr},
                       {"added_tokens", specials},
                       {"normalizer", nullptr},
                       {"pre_tokenizer", byteLevel()},
                       {"post_processor", nullptr},
                       {"decoder", byteLevel()},
                       {"model",
                        {{"type", "BPE"},
                         {"dropout", nullptr},
                         {"unk_token", nullptr},
                         {"continuing_subword_prefix", nullptr},
                         {"end_of_word_suffix", nullptr},
                         {"fuse_unk", false},
                         {"byte_fallback", false},
                         {"ignore_merges", false},
                         {"vocab", vocabulary},
                         {"merges", Json::array()}}}};
    return json.dump(2) + "\n";
}

std::string foreignTokenizerConfig(const Tokenizer &tokenizer, int64_t context)
{
    Json json = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"model_max_length", context},
                 {"clean_up_tokenization_spaces", false}};
    if (const auto end = tokenizer.specialId(SpecialToken::EndOfText))
        json["eos_token"] = tokenizer.tokenBytes(*end);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace orrery
