// SPDX-License-Identifier: Apache-2.0
#include "core/data/chat_format.h"

#include "core/base/text.h"

#include <algorithm>

namespace orrery {
namespace {

Error badConversation(const std::string &found, const std::string &expected, const std::string &hint)
{
    return {ErrorCode::InvalidInput, "Cannot answer: " + found + ", expected " + expected + ".", hint};
}

} // namespace

std::optional<SpecialToken> roleToken(std::string_view role)
{
    if (role == "system") return SpecialToken::System;
    if (role == "user") return SpecialToken::User;
    if (role == "assistant") return SpecialToken::Assistant;
    return std::nullopt;
}

bool hasRoleTokens(const Tokenizer &tokenizer)
{
    constexpr SpecialToken kNeeded[] = {SpecialToken::System, SpecialToken::User, SpecialToken::Assistant,
                                        SpecialToken::EndOfTurn};
    return std::all_of(std::begin(kNeeded), std::end(kNeeded),
                       [&](SpecialToken token) { return tokenizer.specialId(token).has_value(); });
}

Result<void> checkConversation(std::span<const ChatMessage> messages, const Tokenizer &tokenizer)
{
    if (messages.empty())
        return badConversation("the conversation is empty", "a turn of the user", "Say something.");
    if (!hasRoleTokens(tokenizer))
        return badConversation("the model's vocabulary has no role tokens (data.special_tokens is none, or "
                               "its tokenizer has none of these names)",
                               "a model with them",
                               "Continue a prompt instead, or train with data.special_tokens=default.");
    for (size_t i = 0; i < messages.size(); ++i)
        if (!roleToken(messages[i].role))
            return badConversation("the role of turn " + std::to_string(i) + " is \"" +
                                       sanitizeUtf8(messages[i].role.substr(0, 40)) + "\"",
                                   "system, user or assistant", "Name one of these.");
    if (messages.back().role != "user")
        return badConversation("the last turn is the " + messages.back().role + "'s", "the user's",
                               "Leave that turn out, or add what the user says to it.");
    return {};
}

Result<std::vector<int32_t>> encodeConversation(std::span<const ChatMessage> messages,
                                                const Tokenizer &tokenizer)
{
    ORRERY_TRY(checkConversation(messages, tokenizer));
    std::vector<int32_t> ids;
    for (const ChatMessage &message : messages) {
        ids.push_back(*tokenizer.specialId(*roleToken(message.role)));
        ORRERY_TRY(tokenizer.encode(message.content, ids));
        ids.push_back(*tokenizer.specialId(SpecialToken::EndOfTurn));
    }
    ids.push_back(*tokenizer.specialId(SpecialToken::Assistant));
    return ids;
}

std::vector<TextSource> conversationSources(std::span<const int32_t> ids, const std::string &name,
                                            const Tokenizer &tokenizer)
{
    std::vector<TextSource> sources;
    for (size_t i = 0; i < ids.size(); ++i)
        for (const char *role : {"system", "user", "assistant"})
            if (ids[i] == tokenizer.specialId(*roleToken(role)))
                sources.push_back(
                    {static_cast<int64_t>(i), name + '#' + std::to_string(sources.size()) + ':' + role});
    return sources;
}

} // namespace orrery
