// SPDX-License-Identifier: Apache-2.0
// The text that a command lets a model read: a prompt, a file, a conversation, or exact tokens; and how the
// answer begins. Main thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"

#include <string>
#include <string_view>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace orrery::worker {

inline constexpr uint64_t kMaxPromptBytes = 64u << 20;

/// --prompt-ids and --answer-ids: "12,7,260".
struct TokenOptions {
    std::string promptIds, answerIds;
};
/// @return the option --prompt-ids, for what it excludes
CLI::Option *addTokenOptions(CLI::App &command, TokenOptions &options);
/// @error InvalidInput: no whole numbers between commas
Result<void> readTokenOptions(const TokenOptions &options, GenerateRequest &request);

/// --max-tokens, --temperature, the cuts, --stop and the others, with their present values as defaults.
void addSamplingOptions(CLI::App &command, SamplingSettings &sampling);

struct TextOptions {
    std::string prompt, promptFile, messagesFile;
    TokenOptions tokens;
};
void addTextOptions(CLI::App &command, TextOptions &options);
/// @error as readFile, parseConversation, readTokenOptions
Result<void> readTextOptions(const TextOptions &options, GenerateRequest &request);

} // namespace orrery::worker
