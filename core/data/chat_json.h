// SPDX-License-Identifier: Apache-2.0
// A conversation as JSON, as people write it for the command line and as training data has it. Pure; any
// thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"

#include <string_view>
#include <vector>

namespace orrery {

inline constexpr size_t kMaxConversationBytes = size_t{64} << 20;

/// {"messages":[{"role":"user","content":"…"}, …]}, or the list alone. Turns are counted from 0 in messages.
/// @param name of the source, for messages: "chat.json"
/// @error InvalidInput: too large, broken JSON, another key, no turns, a role that is not system, user or
/// assistant, a role or content that is missing or no text
Result<std::vector<ChatMessage>> parseConversation(std::string_view json, std::string_view name);

} // namespace orrery
