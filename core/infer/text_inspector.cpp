// SPDX-License-Identifier: Apache-2.0
// A look inside a loaded model: the text of a request as generate() reads it, in a pass of its own, so that a
// conversation goes on as if nobody had looked.
#include "core/base/text.h"
#include "core/infer/model_guard.h"
#include "core/infer/text_generator.h"
#include "core/inspect/inspect_checks.h"
#include "core/inspect/memory_edits.h"
#include "core/inspect/seen_window.h"
#include "core/spec/kept_prompt.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

namespace orrery {
namespace {

static_assert(kSeenAtOnce == kPrefillChunk && seenAfterOverflow(7) == keptAfterOverflow(7) &&
                  seenAfterOverflow(1) == keptAfterOverflow(1),
              "a window is what TextStream reads");

/// What an answer was written with and a look does without. Empty: nothing
std::string withoutNote(bool hasNoMemory, bool hasNoPast)
{
    if (!hasNoMemory && !hasNoPast) return {};
    return std::string("Read without ") + (hasNoMemory ? "the memory that texts begin with" : "") +
           (hasNoMemory && hasNoPast ? ", and without " : "") +
           (hasNoPast ? "what it remembered beside this window" : "") + ".";
}

void addNote(std::string &note, const std::string &more)
{
    if (!note.empty() && !more.empty()) note += ' ';
    note += more;
}

/// A Load that stands first says what the text is read behind, in both passes: a file, or nothing. What the model's texts
/// begin with stays as it is. @return no value: it is not there
std::optional<std::filesystem::path> takeMemoryFile(InspectRequest &request)
{
    std::vector<MemoryEdit> &edits = request.memoryEdits;
    if (edits.empty() || edits.front().verb != MemoryVerb::Load) return {};
    std::optional<std::filesystem::path> file(edits.front().path);
    edits.erase(edits.begin());
    return file;
}

/// Tokens of a text that is looked at by its window; a longer one is refused as too long.
constexpr int64_t kMaxLongText = int64_t{1} << 20;

/// What is looked at of a text, and the question in the places of that.
struct Seen {
    TokenRange window;
    InspectRequest asked;
    std::vector<InspectedToken> whole; ///< all of the text; empty: the window is
};

std::vector<InspectedToken> describeAll(const Tokenizer &tokenizer, const MixedText &text)
{
    const ModalityBatch batch = text.media ? text.media->slice(0, text.size()) : ModalityBatch{};
    return describeTokens(tokenizer, {text.ids.begin(), text.ids.end()}, &batch).tokens;
}

/// Of a text that is longer than the context: what an answer was written with at the token that is asked
/// about.
/// @param numGiven tokens of the text that came at once
Result<Seen> seenOf(const LoadedModel &loaded, const InspectRequest &request, const MixedText &text,
                    int64_t numGiven)
{
    const int64_t context = loaded.model->spec().context, numAll = text.size();
    Seen seen{.window = {0, numAll}, .asked = request, .whole = {}};
    if (numAll <= context || numAll > kMaxLongText) return seen;
    ORRERY_TRY(checkToken(request.token, numAll));
    // Of an answer to a prompt with pictures the token that the context ended with: what was written behind it, nobody
    // read.
    const bool hasPictures = !request.input.media.empty() || (text.media && keptPromptNumber(request.input));
    const int64_t last = hasPictures ? context - 1 : numAll - 1;
    const int64_t token = request.token < 0 ? last : request.token;
    Reading reading{context, numGiven, loaded.model->remembers()};
    // A continued prompt does not outlive its pictures: an answer to it had all of it before it. Of what
    // stands behind the end of that, the last tokens that fit are looked at.
    if (hasPictures) reading = {context, token + 1, false};
    ORRERY_ASSIGN(seen.window, seenWindow(text, token, reading));
    seen.asked.token = token;
    ORRERY_ASSIGN(seen.asked, requestInWindow(seen.asked, seen.window));
    seen.whole = describeAll(*loaded.tokenizer, text);
    return seen;
}

} // namespace

Result<TextGenerator::Prompt> TextGenerator::makeKept(const GenerateRequest &request, int32_t number,
                                                      const std::atomic<bool> &cancel)
{
    if (!m_loaded.training)
        return Error{ErrorCode::InvalidInput,
                     "Cannot look inside \"" + m_loaded.info.name + "\": the text is \"" + request.source +
                         "\", which a run keeps, and this is a model without one, expected a text.",
                     "Ask the run by RUN@step, or give the text with its pictures and recordings."};
    if (!m_keptTexts.contains(number)) {
        ORRERY_ASSIGN(KeptText text, readKeptText(*m_loaded.training, *m_loaded.tokenizer, number,
                                                  m_loaded.info.name, cancel));
        m_keptTexts.emplace(number, std::move(text));
    }
    const KeptText &text = m_keptTexts.at(number);
    Prompt prompt;
    prompt.history = text.ids;
    if (!text.modalities.isTextOnly()) prompt.media = std::make_shared<const MediaPositions>(text.modalities);
    prompt.numTokens = prompt.numGiven = std::ssize(prompt.history);
    ORRERY_TRY(addAnswer(request, prompt));
    return prompt;
}

Result<InspectReport> TextGenerator::inspectWatched(const InspectRequest &request, const TellReading &tell,
                                                    const std::atomic<bool> &cancel)
{
    ORRERY_TRY(checkKind(request.input));
    ORRERY_TRY(checkAsSaid(request));
    return guardModel("look inside", m_loaded.info.name, [&]() -> Result<InspectReport> {
        // The pictures of the conversation stay decoded.
        DecodedMedia kept = std::exchange(m_decoded, {});
        const std::optional<int32_t> number = keptPromptNumber(request.input);
        Result<Prompt> made =
            number ? makeKept(request.input, *number, cancel) : makePrompt(request.input);
        m_decoded = std::move(kept);
        ORRERY_ASSIGN(const Prompt prompt, std::move(made));
        const bool remembers = m_loaded.model->remembers();
        if (request.asSaid && remembers && !number && !prompt.after && !prompt.isPrefix) {
            ORRERY_ASSIGN(std::optional<InspectReport> said, lookAsSaid(request, prompt, cancel, tell));
            if (said) {
                said->model = m_loaded.info.name;
                said->step = m_loaded.info.step;
                std::string note = m_loaded.info.note;
                addNote(note, "Read with what it remembered when this was said.");
                addNote(note, said->note);
                said->note = std::move(note);
                return std::move(*said);
            }
        }
        std::vector<int32_t> ids = prompt.history;
        if (prompt.after)
            ids = renderBegunHole(prompt.history, std::ssize(request.input.answerIds), *prompt.after,
                                  m_loaded.model->spec().context, holeMarks(*m_loaded.tokenizer));
        Seen seen{.window = {0, std::ssize(ids)}, .asked = request, .whole = {}}; // a hole is rendered to fit
        if (!prompt.after) {
            const MixedText text{ids, prompt.media, prompt.keptFrom};
            ORRERY_ASSIGN(seen, seenOf(m_loaded, request, text, prompt.numTokens));
        }
        const bool isLong = !seen.whole.empty();
        const int64_t begin = seen.window.begin, numTokens = seen.window.end - begin;
        const ModalityBatch batch = prompt.media ? prompt.media->slice(begin, numTokens) : ModalityBatch{};
        InspectInput input = describeTokens(*m_loaded.tokenizer,
                                            {ids.begin() + begin, ids.begin() + begin + numTokens}, &batch);
        if (prompt.isPrefix && !isLong) { // as it was read
            input.maskPolicy = "prefix";
            input.prefixLength = std::min(prompt.numGiven, numTokens);
        }
        const size_t next = static_cast<size_t>(seen.window.end);
        if (isLong && next < seen.whole.size() && seen.whole[next].modality == Modality::Text)
            input.said = ids[next];
        std::optional<nn::KvCache> named; // what a file holds
        if (request.withMemory) {
            const at::NoGradGuard noGradients;
            const auto file = takeMemoryFile(seen.asked);
            if (!file) {
                ORRERY_TRY(openOwnMemory());
                catchUp();
            } else if (file->empty()) {
                named = m_loaded.model->makeCache(1, 1);
                if (!memoryIn(*named)) return withoutMemory({}).error();
            } else if (!file->is_absolute()) {
                return Error{ErrorCode::InvalidInput,
                             "Cannot look behind the memory \"" + sanitizeUtf8(file->string()) +
                                 "\": expected an absolute path on the engine's computer.",
                             "Begin the path with /."};
            } else {
                ORRERY_ASSIGN(named, stream().cacheWithFile(*file));
            }
        }
        input.cacheWithMemory = [this, numTokens, &named]() -> Result<nn::KvCache> {
            if (!named) return stream().cacheBehindMemory(numTokens);
            nn::KvCache fresh = m_loaded.model->makeCache(1, numTokens);
            for (const auto &[name, part] : named->parts)
                if (part && part->memory())
                    if (const auto copy = part->clone()) fresh.parts[name] = copy;
            return fresh;
        };
        const auto isCancelled = [&cancel] { return cancel.load(std::memory_order_relaxed); };
        ORRERY_ASSIGN(InspectReport report, inspectModel(*m_loaded.model, *m_loaded.tokenizer, input,
                                                         seen.asked, at::kFloat, isCancelled, tell));
        if (isLong) moveToWholeText(report, begin, std::move(seen.whole));
        report.model = m_loaded.info.name;
        report.step = m_loaded.info.step;
        report.note = m_loaded.info.note;
        if (isLong)
            addNote(report.note,
                    windowNote(std::ssize(ids), seen.window, m_loaded.model->spec().context));
        if (isLong && prompt.isPrefix)
            addNote(report.note, "The answer was said of a prompt that was seen whole; this text is longer than the "
                                 "context and shown as read from left to right.");
        if (!request.withMemory)
            addNote(report.note, withoutNote(beginsTextsWithMemory(), begin > 0 && remembers));
        if (request.asSaid) {
            // Without a memory a text that fits into the context is read as it was.
            report.saidWith = remembers || isLong ? SaidWith::NotKept : SaidWith::Text;
            if (remembers && !request.input.answerIds.empty()) addNote(report.note, notKeptNote());
        }
        return report;
    });
}

bool TextGenerator::beginsTextsWithMemory() const
{
    if (m_isMemoryChosen) return m_stream && m_stream->beginsWithMemory();
    // It is opened with the first text.
    std::error_code ignored;
    return !m_loaded.memoryFile.empty() && std::filesystem::exists(m_loaded.memoryFile, ignored);
}

} // namespace orrery
