// SPDX-License-Identifier: Apache-2.0
// A conversation that a command is given: a JSON file, with the pictures and recordings that it names, or standard input.
// Main thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"

#include <string>
#include <vector>

namespace orrery::worker {

/// @param file "-": standard input, with names that count from the current folder
/// @error as readFile, parseConversation, readConversationFiles; InvalidInput: more than a conversation may have
Result<std::vector<ChatMessage>> readMessages(const std::string &file);

} // namespace orrery::worker
