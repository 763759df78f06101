// SPDX-License-Identifier: Apache-2.0
// The text that a command lets a model read: a prompt with its pictures and recordings, a file, a
// conversation, exact tokens, or one that a run keeps frames of; and how the answer begins. Main thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace orrery::worker {

inline constexpr uint64_t kMaxPromptBytes = 64u << 20;

/// What the command that reads a file of text takes beside text: the remedy for one that is a picture.
enum class TextFileUse : uint8_t { TextOnly, Prompt };
/// A file whose bytes are read as text. @error as readFile; InvalidInput: by its signature a picture or a
/// recording
Result<std::string> readTextFile(const std::string &file, uint64_t maxBytes, TextFileUse use);

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

/// "--prompt", "--image" or "--audio" and its value, in the order in which they were given.
using PromptParts = std::vector<std::pair<std::string, std::string>>;
/// @param options of the command, of these; it was parsed
PromptParts partsInOrder(const CLI::App &command, std::span<const CLI::Option *const> options);
/// Text, and what stands in it. @error as readFile, InvalidInput: a picture that is a recording, or the other
/// way round
Result<void> readPromptParts(const PromptParts &parts, GenerateRequest &request);

struct TextOptions {
    std::vector<std::string> prompts, images, recordings;
    std::string promptFile, messagesFile;
    TokenOptions tokens;
    std::optional<int32_t> probe; ///< number of a text that the run keeps frames of
    const CLI::App *command = nullptr; ///< that they are of; read before it goes
    std::array<const CLI::Option *, 3> inOrder{};
};
void addTextOptions(CLI::App &command, TextOptions &options);
/// Once the command was parsed. @error as readTextFile, readPromptParts, parseConversation, readTokenOptions;
/// InvalidInput: a number below 0
Result<void> readTextOptions(const TextOptions &options, GenerateRequest &request);

} // namespace orrery::worker
