// SPDX-License-Identifier: Apache-2.0
// What is asked of a generator and what comes back, token by token. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

struct SamplingSettings {
    int64_t maxTokens = 200;
    double temperature = 0.8; ///< 0: the most probable token
    int64_t topK = 0;         ///< 0: off
    double topP = 1.0;        ///< 1: off
    uint64_t seed = 0;
    int32_t numAlternatives = 10; ///< candidates reported per token, 0 … 50
    std::string sampler = {};     ///< what changes the logits before the cuts, by name; empty: nothing
    double minP = 0;              ///< tokens below this share of the most probable one's are cut; 0: off
    double typicalP = 1;          ///< mass kept of the tokens whose surprise is nearest to the entropy; 1: off
    /// Logits of tokens seen in the last penaltyWindow tokens are divided by it (multiplied below 0); 1: off.
    double repetitionPenalty = 1;
    int64_t penaltyWindow = 256;        ///< tokens; 0: all
    std::vector<std::string> stop = {}; ///< the answer ends before the first of these bytes
};

/// A picture (PNG, JPEG) or a recording (WAV, FLAC) within a prompt or a turn.
struct PromptMedia {
    std::string bytes; ///< of the file
    std::string name;  ///< for messages: "cat.png"
    int64_t place = 0; ///< byte of the text before which it stands
};

/// One turn of a conversation.
struct ChatMessage {
    std::string role;                    ///< "system", "user" or "assistant"
    std::string content;                 ///< bytes, UTF-8 or not
    std::vector<PromptMedia> media = {}; ///< in order of their places in the content
};

struct GenerateRequest {
    std::string prompt; ///< bytes, UTF-8 or not
    SamplingSettings sampling;
    /// Bytes behind a hole that begins where the prompt ends: the hole is filled. Nothing: the prompt is
    /// continued.
    std::optional<std::string> infill = std::nullopt;
    /// A conversation in place of the prompt, oldest turn first; the model answers as the assistant.
    std::vector<ChatMessage> messages = {};
    std::vector<PromptMedia> media = {}; ///< of the prompt, in order of their places
    /// What the prompt or conversation is called ("chat.json"), where a memory notes where it has something
    /// from. Empty: "prompt" or "conversation".
    std::string source = {};
    /// Exact tokens in place of the prompt, or nothing: a text that was read before is read again as it was.
    std::vector<int32_t> promptIds = {};
    /// Tokens that the answer (of a hole: its middle) begins with, as a generation gave them: it goes on
    /// behind them, and what the model has read of them is not read again. sampling.maxTokens and the numbers
    /// that sampling draws count from there on as if the model had chosen them itself: the same tokens with
    /// the same seed go on alike.
    std::vector<int32_t> answerIds = {};
    /// Who sees whom in what is read before the answer. Empty or "causal": each token what stands before it;
    /// "prefix": all of it one another, for a model that learned it so (objective.mix).
    std::string mask = {};
};

struct TokenAlternative {
    int32_t id = 0;
    std::string bytes;      ///< the token's own bytes; specials have their name in angle brackets
    double probability = 0; ///< softmax at temperature 1, before any cut
    double chance = 0;      ///< to be drawn: after penalties, temperature and cuts
};

struct GeneratedToken {
    int32_t id = 0;
    std::string bytes;
    double probability = 0;                     ///< softmax at temperature 1, before any cut
    double entropy = 0;                         ///< nats, of the same distribution
    std::vector<TokenAlternative> alternatives; ///< most probable first
    double chance = 0;                          ///< it had to be drawn, as TokenAlternative's
};

enum class FinishReason : uint8_t { Unknown, EndOfText, MaxTokens, Cancelled, EndOfInfill, EndOfTurn, StopText };
const char *finishReasonName(FinishReason reason);

struct GenerateSummary {
    FinishReason reason = FinishReason::Unknown;
    int64_t promptTokens = 0;
    int64_t reusedTokens = 0; ///< of the prompt: read in an earlier turn of the conversation
    int64_t generatedTokens = 0;
    double promptSeconds = 0;
    double decodeSeconds = 0;
    std::string model; ///< "RUN@step" or directory
    int64_t step = -1;
};

/// A text as the tokenizer of a model cuts it.
struct TokenPiece {
    int32_t id = 0;
    std::string bytes; ///< the token's own; a special has its name in angle brackets
};

/// A text as one vector.
struct EmbedRequest {
    std::string text; ///< bytes, UTF-8 or not
};
struct EmbedSummary {
    std::vector<float> embedding; ///< mean of the final hidden states over the tokens
    int64_t tokens = 0;
    std::string mask; ///< "bidirectional", or "causal" for a model that never saw both sides
    std::string model;
    int64_t step = -1;
};

struct EvaluateSummary {
    double loss = 0; ///< nats/token
    double bitsPerByte = 0;
    double perplexity = 0;
    int64_t tokens = 0;
};

} // namespace orrery
