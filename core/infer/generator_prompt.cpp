// SPDX-License-Identifier: Apache-2.0
// What a request asks a generator to read: its text, turns, hole or exact tokens, and how its answer begins.
#include "core/data/chat_format.h"
#include "core/infer/model_guard.h"
#include "core/infer/prompt_media.h"
#include "core/infer/sampler.h"
#include "core/infer/text_generator.h"
#include "core/inspect/memory_edits.h"
#include "core/spec/field_values.h"
#include "core/spec/objective_mix.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace orrery {

namespace {

Error badRequest(const std::string &found, const std::string &expected, const std::string &hint)
{
    return {ErrorCode::InvalidInput, "Cannot generate: " + found + ", expected " + expected + ".", hint};
}

Result<void> checkIds(const LoadedModel &loaded, std::span<const int32_t> tokens, const std::string &action)
{
    for (int32_t id : tokens)
        if (id < 0 || id >= loaded.model->vocabSize())
            return Error{ErrorCode::InvalidInput,
                         "Cannot " + action + " \"" + loaded.info.name + "\": token " + std::to_string(id) +
                             " of the text, expected ids below " + std::to_string(loaded.model->vocabSize()) +
                             ".",
                         "Use a text for the model's own tokenizer."};
    return {};
}

/// What stands before the answer, as exact tokens or as text.
Result<std::vector<int32_t>> givenTokens(const LoadedModel &loaded, const GenerateRequest &request,
                                         const std::string &action)
{
    if (request.promptIds.empty()) return encodeFor(loaded, request.prompt, action);
    ORRERY_TRY(checkIds(loaded, request.promptIds, action));
    return request.promptIds;
}

} // namespace

Result<std::vector<int32_t>> encodeFor(const LoadedModel &loaded, const std::string &text,
                                       const std::string &action)
{
    std::vector<int32_t> tokens;
    ORRERY_TRY(loaded.tokenizer->encode(text, tokens));
    ORRERY_TRY(checkIds(loaded, tokens, action));
    return tokens;
}

HoleMarks holeMarks(const Tokenizer &tokenizer)
{
    const auto id = [&](SpecialToken token) {
        return tokenizer.specialId(token).value_or(static_cast<int32_t>(token));
    };
    return {id(SpecialToken::InfillPrefix), id(SpecialToken::InfillSuffix), id(SpecialToken::InfillMiddle)};
}

std::vector<int32_t> renderHole(std::span<const int32_t> before, std::span<const int32_t> after,
                                int64_t context, const HoleMarks &marks)
{
    const int64_t room = std::max<int64_t>(0, context - (kInfillMarks - 1) - roomForMiddle(context));
    const int64_t forBefore = std::max(room - room / 2, room - std::ssize(after));
    const auto numBefore = static_cast<size_t>(std::min(std::ssize(before), forBefore));
    const auto numAfter = std::min(after.size(), static_cast<size_t>(room) - numBefore);
    std::vector<int32_t> tokens;
    tokens.reserve(static_cast<size_t>(context));
    const auto shownBefore = before.last(numBefore), shownAfter = after.first(numAfter);
    tokens.push_back(marks.prefix);
    tokens.push_back(marks.suffix);
    tokens.insert(tokens.end(), shownAfter.begin(), shownAfter.end());
    tokens.push_back(marks.middle);
    tokens.insert(tokens.end(), shownBefore.begin(), shownBefore.end());
    return tokens;
}

std::vector<int32_t> renderBegunHole(std::span<const int32_t> before, int64_t numAnswered,
                                     std::span<const int32_t> after, int64_t context,
                                     const HoleMarks &marks)
{
    const auto numGiven = before.size() - static_cast<size_t>(numAnswered);
    std::vector<int32_t> tokens = renderHole(before.first(numGiven), after, context, marks);
    for (size_t end = numGiven; end < before.size(); ++end) {
        // Where the context is full, what has come counts as text before the hole.
        if (std::ssize(tokens) >= context)
            tokens = renderHole(before.first(end + 1), after, context, marks);
        else
            tokens.push_back(before[end]);
    }
    return tokens;
}

PrefixedText renderPrefixed(std::span<const int32_t> history, int64_t numGiven, int64_t context)
{
    const auto given = history.first(static_cast<size_t>(numGiven));
    PrefixedText text{{given.begin(), given.end()}, numGiven};
    for (size_t end = given.size(); end < history.size(); ++end) {
        if (std::ssize(text.tokens) < context) {
            text.tokens.push_back(history[end]);
            continue;
        }
        text.numPrefix = keptAfterOverflow(context);
        const auto kept = history.first(end + 1).last(static_cast<size_t>(text.numPrefix));
        text.tokens.assign(kept.begin(), kept.end());
    }
    return text;
}

Result<void> TextGenerator::checkMask(const GenerateRequest &request) const
{
    if (request.mask.empty() || request.mask == "causal") return {};
    const std::string without = "Leave the mask out, or set it to causal.";
    if (request.mask != "prefix")
        return badRequest("the mask is " + quotedValue(request.mask), "causal or prefix",
                          "Set it to prefix for a prompt that sees all of itself, else to causal.");
    if (request.infill)
        return badRequest("the request has a hole and the mask prefix",
                          "causal, as holes are learned from left to right", without);
    if (hasMedia(request))
        return badRequest("the request has pictures or recordings and the mask prefix",
                          "causal, as prefixes are learned of text alone", without);
    const auto cannot = [&](const std::string &found, const std::string &expected, const std::string &hint) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot read a prompt as a prefix with \"" + m_loaded.info.name + "\": " + found +
                         ", expected " + expected + ".",
                     hint};
    };
    if (objectiveShares(m_loaded.objective).prefix <= 0)
        return cannot("its training had no prefixes (objective.name is " + m_loaded.objective.name + ")",
                      "a share of prefixes",
                      "Train a run with objective.name=hybrid and a second weight of objective.mix above 0, or leave "
                      "the mask out.");
    if (!m_loaded.model->remembers()) return {};
    // Registers are read and written segment by segment, with a prefix as without, as they were in its training.
    return guardModel("read a prompt as a prefix with", m_loaded.info.name, [&]() -> Result<void> {
        const at::NoGradGuard noGradients;
        if (!memoryIn(m_loaded.model->makeCache(1, 1))) return {};
        return cannot("it remembers events, which begin where a token is a surprise to those before it",
                      "a model without a memory of what it read, as no token of a prefix is one", without);
    });
}

Result<void> TextGenerator::checkPrefix(const Prompt &prompt) const
{
    const int64_t longest = longestPrefix(m_loaded.model->spec().context);
    if (prompt.numGiven <= longest) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot read the prompt as a prefix with \"" + m_loaded.info.name + "\": it has " +
                     std::to_string(prompt.numGiven) + " tokens, expected at most " + std::to_string(longest) +
                     ", half of the context, as no prefix of its training was longer.",
                 "Shorten the prompt, or leave the mask out."};
}

Result<void> TextGenerator::checkKind(const GenerateRequest &request) const
{
    if (!request.promptIds.empty() && !request.prompt.empty())
        return badRequest("the request has a prompt and exact tokens in its place", "one of them",
                          "Leave the prompt empty.");
    if (!request.promptIds.empty() && !request.messages.empty())
        return badRequest("the request has a conversation and exact tokens of a prompt", "one of them",
                          "Leave out the turns, or the tokens.");
    if (!request.promptIds.empty() && !request.media.empty())
        return badRequest("the request has pictures or recordings and exact tokens of a prompt",
                          "a prompt as text beside them", "Give the prompt as text.");
    if (std::ssize(request.answerIds) > kMaxGeneratedTokens)
        return badRequest("the answer begins with " + std::to_string(request.answerIds.size()) + " tokens",
                          "at most " + std::to_string(kMaxGeneratedTokens), "Give fewer tokens.");
    if (!request.messages.empty() && (!request.prompt.empty() || request.infill))
        return badRequest("the request has a conversation and a prompt", "one of them",
                          "Put the text into the last turn.");
    if (!request.media.empty() && request.infill)
        return badRequest("the request has pictures or recordings and a hole", "a prompt to continue",
                          "Put pictures and recordings into a prompt.");
    if (!request.media.empty() && !request.messages.empty())
        return badRequest("the request has pictures or recordings beside a conversation",
                          "them within its turns", "Put them into the turn that they belong to.");
    if (request.infill && objectiveShares(m_loaded.objective).infill <= 0)
        return Error{ErrorCode::InvalidInput,
                     "Cannot fill a hole with \"" + m_loaded.info.name +
                         "\": its training had no holes (objective.name is " + m_loaded.objective.name +
                         "), expected a share of infilling.",
                     "Train a run with objective.name=hybrid and a third weight of objective.mix above 0, or generate without the text behind "
                     "the hole."};
    return checkMask(request);
}

Result<TextGenerator::Prompt> TextGenerator::makeHole(const GenerateRequest &request) const
{
    Prompt prompt;
    ORRERY_ASSIGN(prompt.history, givenTokens(m_loaded, request, "fill a hole with"));
    ORRERY_ASSIGN(prompt.after, encodeFor(m_loaded, *request.infill, "fill a hole with"));
    prompt.numTokens = std::ssize(prompt.history) + std::ssize(*prompt.after) + kInfillMarks - 1;
    return prompt;
}

Result<TextGenerator::Prompt> TextGenerator::makeMediaPrompt(const GenerateRequest &request)
{
    ORRERY_ASSIGN(const MultiModalRecord record, readPromptMedia(m_loaded, request, m_decoded));
    ORRERY_TRY(checkIds(m_loaded, record.ids_L, "continue the prompt with"));
    const ModelSpec &model = m_loaded.model->spec();
    Prompt prompt;
    prompt.history = record.ids_L;
    prompt.media = std::make_shared<const MediaPositions>(
        modalitiesOf(record, frontEndOf(model.media), model.attention.numModalities));
    // The last turn before the answer: readPromptMedia() has seen that it fits into the context.
    if (const auto turns = conversationSources(prompt.history, {}, *m_loaded.tokenizer); turns.size() > 1)
        prompt.keptFrom = turns[turns.size() - 2].firstToken;
    prompt.numTokens = std::ssize(prompt.history);
    return prompt;
}

Result<TextGenerator::Prompt> TextGenerator::makeGiven(const GenerateRequest &request)
{
    if (request.infill) return makeHole(request);
    if (hasMedia(request)) return makeMediaPrompt(request);
    Prompt prompt;
    if (!request.messages.empty()) {
        ORRERY_ASSIGN(prompt.history, encodeConversation(request.messages, *m_loaded.tokenizer));
        ORRERY_TRY(checkIds(m_loaded, prompt.history, "answer with"));
    } else {
        ORRERY_ASSIGN(prompt.history, givenTokens(m_loaded, request, "continue the prompt with"));
    }
    if (prompt.history.empty()) {
        // Nothing to continue: start as a document does, or at a new line where the vocabulary has no end of text.
        prompt.history.push_back(m_loaded.tokenizer->startId());
    }
    prompt.numTokens = std::ssize(prompt.history);
    return prompt;
}

Result<TextGenerator::Prompt> TextGenerator::makePrompt(const GenerateRequest &request)
{
    ORRERY_ASSIGN(Prompt prompt, makeGiven(request));
    prompt.numGiven = std::ssize(prompt.history);
    prompt.isPrefix = request.mask == "prefix";
    if (prompt.isPrefix) ORRERY_TRY(checkPrefix(prompt));
    ORRERY_TRY(addAnswer(request, prompt));
    return prompt;
}

Result<void> TextGenerator::addAnswer(const GenerateRequest &request, Prompt &prompt) const
{
    const std::vector<int32_t> &answer = request.answerIds;
    if (answer.empty()) return {};
    ORRERY_TRY(checkIds(m_loaded, answer, "go on with an answer of"));
    for (size_t i = 0; i + 1 < answer.size(); ++i)
        if (endBy(answer[i], request))
            return badRequest("token " + std::to_string(i) + " of the answer, " +
                                  m_loaded.tokenizer->tokenBytes(answer[i]) + ", ends it, and " +
                                  std::to_string(answer.size() - i - 1) + " stand behind it",
                              "an answer that goes on", "Leave out what stands behind the end.");
    prompt.history.insert(prompt.history.end(), answer.begin(), answer.end());
    return {};
}

} // namespace orrery
