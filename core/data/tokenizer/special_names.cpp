// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/special_names.h"

#include <array>

namespace orrery {

namespace tok {

namespace {

constexpr const char *kEndOfText[] = {"<|endoftext|>", "</s>", "<eos>", "<|eot_id|>", "<|im_end|>"};
constexpr const char *kSystem[] = {"<|start_system|>"};
constexpr const char *kUser[] = {"<|start_user|>"};
constexpr const char *kAssistant[] = {"<|start_assistant|>"};
constexpr const char *kEndOfTurn[] = {"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|eot|>"};
constexpr const char *kPrefix[] = {"<|fim_prefix|>", "<fim_prefix>", "<PRE>", "<fim-prefix>"};
constexpr const char *kSuffix[] = {"<|fim_suffix|>", "<fim_suffix>", "<SUF>", "<fim-suffix>"};
constexpr const char *kMiddle[] = {"<|fim_middle|>", "<fim_middle>", "<MID>", "<fim-middle>"};
constexpr const char *kImage[] = {"<|vision_start|>"};
constexpr const char *kAudio[] = {"<|audio_bos|>"};

constexpr std::array<SpecialName, 10> kNames = {{
    {SpecialToken::EndOfText, "<|end_of_text|>", kEndOfText},
    {SpecialToken::System, "<|system|>", kSystem},
    {SpecialToken::User, "<|user|>", kUser},
    {SpecialToken::Assistant, "<|assistant|>", kAssistant},
    {SpecialToken::EndOfTurn, "<|end_of_turn|>", kEndOfTurn},
    {SpecialToken::InfillPrefix, "<|infill_prefix|>", kPrefix},
    {SpecialToken::InfillSuffix, "<|infill_suffix|>", kSuffix},
    {SpecialToken::InfillMiddle, "<|infill_middle|>", kMiddle},
    {SpecialToken::ImageStart, "<|image_start|>", kImage},
    {SpecialToken::AudioStart, "<|audio_start|>", kAudio},
}};

} // namespace

std::span<const SpecialName> specialNames() { return kNames; }

std::string ownSpecialName(int32_t number)
{
    const int32_t id = static_cast<int32_t>(SpecialToken::EndOfText) + number;
    for (const SpecialName &name : kNames)
        if (static_cast<int32_t>(name.token) == id) return name.own;
    return "<|reserved_" + std::to_string(id) + "|>";
}

} // namespace tok

const char *specialTokenName(SpecialToken token)
{
    for (const tok::SpecialName &name : tok::specialNames())
        if (name.token == token) return name.own;
    return "<|reserved|>";
}

} // namespace orrery
