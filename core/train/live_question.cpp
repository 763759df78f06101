// SPDX-License-Identifier: Apache-2.0
#include "core/train/live_question.h"

#include "core/inspect/inspect_checks.h"
#include "core/inspect/memory_edits.h"
#include "core/inspect/seen_window.h"
#include "core/spec/kept_prompt.h"

#include <utility>

namespace orrery {
namespace {

Error tooLong(const std::string &run, const std::string &found, const std::string &expected)
{
    return {ErrorCode::InvalidInput,
            "Cannot look inside run \"" + run + "\" while it trains: the text has " + found +
                ", expected at most " + expected + ".",
            "Shorten the text, or look at its newest checkpoint."};
}

Result<void> checkLength(size_t numTokens, const std::string &run)
{
    if (numTokens <= static_cast<size_t>(kMaxLiveTokens)) return {};
    return tooLong(run, std::to_string(numTokens) + " tokens", std::to_string(kMaxLiveTokens));
}

/// A running training reads plain text; beside it, what it keeps itself for its frames.
Result<void> checkKind(const GenerateRequest &input, const std::string &run)
{
    const bool isPrefix = !input.mask.empty() && input.mask != "causal";
    const char *found = !input.media.empty()      ? "pictures or recordings"
                        : !input.messages.empty() ? "a conversation"
                        : input.infill            ? "a hole to fill"
                        : isPrefix                ? "a mask of its own"
                                                  : nullptr;
    if (!found) return {};
    return Error{
        ErrorCode::InvalidInput,
        "Cannot look inside run \"" + run + "\" while it trains: the request has " + found +
            ", expected a prompt of plain text, or one that it keeps by its number.",
        "Look at its newest checkpoint instead. With its pictures and recordings it reads its own probe "
        "prompts only, which are asked for by their numbers."};
}

} // namespace

void LiveQuestion::finish(InspectReport &report)
{
    report.note = note;
    if (!whole.empty()) moveToWholeText(report, origin, std::move(whole));
}

Result<LiveQuestion> prepareQuestion(std::shared_ptr<LiveInspection> inspection, const nn::Transformer &model,
                                     const Tokenizer &tokenizer, const std::string &run)
{
    const GenerateRequest &input = inspection->request.input;
    ORRERY_TRY(checkKind(input, run));
    ORRERY_TRY(checkMemoryRequest({}, inspection->request)); // it has no memory to give
    LiveQuestion question{.inspection = inspection, .text = std::nullopt, .asked = inspection->request};
    if (keptPromptNumber(input)) return question;
    ORRERY_TRY(checkLength(input.promptIds.size() + input.answerIds.size(), run));
    if (input.prompt.size() > kMaxLiveBytes)
        return tooLong(run, std::to_string(input.prompt.size()) + " bytes", std::to_string(kMaxLiveBytes));
    ORRERY_ASSIGN(std::vector<int32_t> ids, plainIds(tokenizer, input));
    ORRERY_TRY(checkLength(ids.size(), run));
    const int64_t context = model.spec().context, numAll = std::ssize(ids);
    if (numAll <= context) {
        question.text = describeTokens(tokenizer, std::move(ids), nullptr);
        return question;
    }
    ORRERY_TRY(checkToken(question.asked.token, numAll));
    if (question.asked.token < 0) question.asked.token = numAll - 1;
    const Reading reading{context, numAll - std::ssize(input.answerIds), model.remembers()};
    ORRERY_ASSIGN(const TokenRange window, seenWindow({.ids = ids}, question.asked.token, reading));
    ORRERY_ASSIGN(question.asked, requestInWindow(question.asked, window));
    question.whole = describeTokens(tokenizer, ids, nullptr).tokens;
    question.origin = window.begin;
    question.note = windowNote(numAll, window, context);
    if (window.begin > 0 && model.remembers())
        question.note += " Read without what it remembered beside this window.";
    question.text = describeTokens(tokenizer, {ids.begin() + window.begin, ids.begin() + window.end}, nullptr);
    if (window.end < numAll) question.text->said = ids[static_cast<size_t>(window.end)];
    return question;
}

} // namespace orrery
