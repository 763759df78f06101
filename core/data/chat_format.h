// SPDX-License-Identifier: Apache-2.0
// How a conversation becomes tokens, in training data and in generation alike: each turn is its role's token,
// its text and the token that ends a turn. Pure; any thread.
#pragma once

#include "core/data/tokenizer.h"
#include "core/spec/generation.h"
#include "core/spec/memory_events.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// Nothing for a name that is not system, user or assistant.
std::optional<SpecialToken> roleToken(std::string_view role);
/// Whether a tokenizer has the tokens that conversations are rendered with.
bool hasRoleTokens(const Tokenizer &tokenizer);

/// @error InvalidInput: no turns, an unknown role, a last turn that is not the user's, a tokenizer without
/// role tokens
Result<void> checkConversation(std::span<const ChatMessage> messages, const Tokenizer &tokenizer);
/// All turns and the assistant's token behind them, so that the model goes on as the assistant.
/// Of their texts only: pictures and recordings are left out. @error as checkConversation
Result<std::vector<int32_t>> encodeConversation(std::span<const ChatMessage> messages,
                                                const Tokenizer &tokenizer);

/// Which turn each token of a rendered conversation is of: "chat.json#2:user" from the third role token on.
/// @param name of the conversation: "chat.json"
std::vector<TextSource> conversationSources(std::span<const int32_t> ids, const std::string &name,
                                            const Tokenizer &tokenizer);

} // namespace orrery
