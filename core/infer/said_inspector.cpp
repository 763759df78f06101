// SPDX-License-Identifier: Apache-2.0
// Why was that said, with what was remembered then: a token of an answer looked at from the state that the model had
// there, and the maps of a text row by row from the passes in which it came. The stream that the answer is of goes on as if nobody had looked.
#include "core/infer/text_generator.h"
#include "core/inspect/inspect_checks.h"
#include "core/inspect/seen_window.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <set>
#include <utility>

namespace orrery {

namespace {

/// Of an event that the text began with the place is one of another text: it is not told as one of this.
void forgetForeignPlaces(std::vector<MemoryRead> &reads, const TextStream &stream)
{
    const auto isOfEvent = [](const MemoryRead::Slot &slot) { return slot.event >= 0; };
    const bool hasEvents = std::any_of(reads.begin(), reads.end(), [&](const MemoryRead &read) {
        return std::any_of(read.slots.begin(), read.slots.end(), isOfEvent);
    });
    if (!hasEvents || !stream.beginsWithMemory()) return;
    std::set<int64_t> foreign;
    for (const MemoryEvent &event : stream.loadedEvents()) foreign.insert(event.id);
    for (MemoryRead &read : reads)
        for (MemoryRead::Slot &slot : read.slots)
            if (isOfEvent(slot) && foreign.contains(slot.event)) slot.token = -1;
}

/// Whose rows are asked for.
TokenRange rowsOf(const InspectRequest &request, int64_t numTokens)
{
    return {request.rows.begin, request.rows.end < 0 ? numTokens : request.rows.end};
}

/// Others than that of the token, which is there in any case.
bool wantsRows(const InspectRequest &request, const TokenRange &rows, int64_t token)
{
    return request.wantsOverview || (!request.heads.empty() && rows != TokenRange{token, token + 1});
}

/// Which rows there are, of those that were asked for; empty: all of them.
std::string rowsNote(const TextStream::Passes &passes, int64_t begin)
{
    const int64_t end = passes.ends.back();
    const std::string rows = "Rows are those of tokens " + std::to_string(begin) + " to " + std::to_string(end - 1) + ": ";
    if (!passes.areKept)
        return rows + "of what was remembered before them nothing is kept, as the memory was changed there.";
    if (!passes.areAll) return rows + "more are not read again at once. Look at another token for those about it.";
    return {};
}

} // namespace

Result<void> checkAsSaid(const InspectRequest &request)
{
    if (!request.asSaid || (!request.withMemory && request.ablated.empty())) return {};
    return Error{ErrorCode::InvalidInput,
                 std::string("Cannot look inside: the token is asked about as it was said, and ") +
                     (request.withMemory ? "with what is remembered now" : "without some heads") +
                     ", expected one of them.",
                 "Ask two questions."};
}

std::string notKeptNote()
{
    return "The state that this was said with is not kept: another text was read or the memory was changed since, or the "
           "model was loaded anew. Generate the answer again to see what it read then.";
}

Result<std::optional<InspectReport>> TextGenerator::lookAsSaid(const InspectRequest &request, const Prompt &prompt,
                                                               const std::atomic<bool> &cancel, const TellReading &tell)
{
    if (!m_stream) return std::optional<InspectReport>();
    const at::NoGradGuard noGradients;
    const MixedText text{prompt.history, prompt.media, prompt.keptFrom};
    ORRERY_TRY(checkToken(request.token, text.size()));
    const int64_t token = request.token < 0 ? text.size() - 1 : request.token;
    const TokenRange rows = rowsOf(request, text.size());
    // Where any text is looked at it is said what is wrong with them.
    if (rows.begin < 0 || rows.begin >= rows.end || rows.end > text.size()) return std::optional<InspectReport>();
    const bool hasRows = wantsRows(request, rows, token);
    MediaPositions::Range tokens{token, token + 1};
    if (hasRows) tokens = {rows.begin, rows.end};
    if (hasRows && text.size() > m_loaded.model->spec().context) {
        // Those that are in the context of the token.
        const TextStream::Passes own = m_stream->passesOf(text, {token, token + 1}, token, cancel);
        const int64_t windowBegin = own.before ? own.before->windowBegin() : 0;
        ORRERY_TRY(requestInWindow(request, {windowBegin, text.size()}));
        tokens.begin = std::max(tokens.begin, windowBegin);
    }
    const TextStream::Passes passes = m_stream->passesOf(text, tokens, token, cancel);
    if (cancel.load(std::memory_order_relaxed))
        return Error{ErrorCode::Cancelled, "Cannot finish looking inside: it was cancelled.", ""};
    if (!passes.before) return std::optional<InspectReport>();

    TextStream &reader = *passes.before;
    const int64_t origin = reader.origin(), begin = reader.numTokens(), end = passes.ends.back();
    ORRERY_ASSIGN(InspectRequest asked, requestInWindow(request, {origin, end}));
    // Of rows without it, the last one.
    asked.token = (token >= begin && token < end ? token : end - 1) - origin;
    asked.rows = {begin - origin, end - origin};
    if (hasRows) asked.rows = {std::max(rows.begin, begin) - origin, std::min(rows.end, end) - origin};
    asked.wantsAttribution = false;

    const auto batchOf = [&text](int64_t from, int64_t to) {
        return text.media ? text.media->slice(from, to - from) : ModalityBatch{};
    };
    const ModalityBatch window = batchOf(origin, end);
    const auto ids = text.ids.subspan(static_cast<size_t>(origin), static_cast<size_t>(end - origin));
    InspectInput input = describeTokens(*m_loaded.tokenizer, {ids.begin(), ids.end()}, &window);
    input.numRead = begin - origin;
    input.stateBefore = [&reader] { return reader.takeCache(); };
    int64_t passBegin = begin;
    for (const int64_t passEnd : passes.ends) {
        const bool isText = !text.media || text.media->isAllText(passBegin, passEnd - passBegin);
        input.passes.push_back({passEnd - origin, isText ? ModalityBatch{} : batchOf(passBegin, passEnd)});
        passBegin = passEnd;
    }
    if (end < text.size() && text.isText(end)) input.said = text.ids[static_cast<size_t>(end)];
    const auto isCancelled = [&cancel] { return cancel.load(std::memory_order_relaxed); };
    ORRERY_ASSIGN(InspectReport report, inspectModel(*m_loaded.model, *m_loaded.tokenizer, input, asked, at::kFloat,
                                                     isCancelled, tell));
    // What was read from the memory says its places in the whole text by itself.
    std::vector<MemoryRead> reads = std::exchange(report.reads, {});
    const ModalityBatch all = batchOf(0, text.size());
    moveToWholeText(report, origin,
                    describeTokens(*m_loaded.tokenizer, {text.ids.begin(), text.ids.end()}, &all).tokens);
    forgetForeignPlaces(reads, *m_stream);
    report.reads = std::move(reads);
    report.saidWith = SaidWith::State;
    if (origin > 0) report.note = windowNote(text.size(), {origin, end}, m_loaded.model->spec().context);
    if (const std::string more = hasRows ? rowsNote(passes, begin) : std::string(); !more.empty())
        report.note += (report.note.empty() ? "" : " ") + more;
    return std::optional<InspectReport>(std::move(report));
}

} // namespace orrery
