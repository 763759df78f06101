// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens, V vocabulary.
#include "core/infer/text_generator.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/chat_format.h"
#include "core/data/data_paths.h"
#include "core/infer/answer_gate.h"
#include "core/infer/logit_sampler.h"
#include "core/infer/model_guard.h"
#include "core/infer/prompt_media.h"
#include "core/infer/sampler.h"
#include "core/spec/field_values.h"
#include "core/spec/objective_mix.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

namespace orrery {

namespace {

/// `usual`, or the first of "usual 2", "usual 3" … that nothing known is of: of what a loaded memory holds
/// under the name of the text nothing is left.
std::string freeName(const std::string &usual, const std::vector<MemoryEvent> &known)
{
    const auto isTaken = [&known](const std::string &name) {
        return std::any_of(known.begin(), known.end(),
                           [&name](const MemoryEvent &event) { return isOfSource(event.source, name); });
    };
    std::string name = usual;
    for (int64_t number = 2; isTaken(name); ++number) name = usual + ' ' + std::to_string(number);
    return name;
}

/// Of what each id stands for, whatever file the tokenizer came from.
std::string tokensDigest(const Tokenizer &tokenizer)
{
    Sha256 digest;
    for (int64_t id = 0; id < tokenizer.vocabSize(); ++id) {
        const std::string bytes = tokenizer.tokenBytes(static_cast<int32_t>(id));
        const auto length = static_cast<uint64_t>(bytes.size()); // or "ab", "c" would be "a", "bc"
        digest.update(&length, sizeof length);
        digest.update(bytes.data(), bytes.size());
    }
    return digest.hex();
}

/// A continued prompt does not outlive its pictures: they would be the first to leave the context.
Result<void> checkBegunAnswer(const GenerateRequest &request, int64_t numTokens, int64_t context)
{
    if (request.media.empty() || request.answerIds.empty() || numTokens <= context) return {};
    return Error{
        ErrorCode::InvalidInput,
        "Cannot generate: the prompt with its pictures and recordings and the beginning of the answer have " +
            std::to_string(numTokens) + " tokens, expected at most the model's context of " +
            std::to_string(context) + ".",
        "Branch nearer to the beginning of the answer."};
}

/// @param numBefore tokens of the history that were there before the model said any
void endAnswer(AnswerGate &gate, int64_t numBefore, FinishReason &reason, std::vector<int32_t> &history)
{
    if (reason == FinishReason::StopText) {
        // What was read of the stop text is not said: the text goes on from what is.
        history.resize(static_cast<size_t>(numBefore));
        history.insert(history.end(), gate.ids().begin(), gate.ids().end());
    } else if (reason != FinishReason::Cancelled && !gate.flush()) {
        reason = FinishReason::Cancelled;
    }
}

} // namespace

std::optional<FinishReason> TextGenerator::endBy(int32_t id, const GenerateRequest &request) const
{
    const Tokenizer &tokenizer = *m_loaded.tokenizer;
    const bool isTurn = id == tokenizer.specialId(SpecialToken::EndOfTurn);
    if (isTurn && !request.messages.empty()) return FinishReason::EndOfTurn; // may be the end of text, too
    if (id == tokenizer.specialId(SpecialToken::EndOfText)) return FinishReason::EndOfText;
    if (!isTurn) return std::nullopt;
    if (request.infill) return FinishReason::EndOfInfill;
    return std::nullopt;
}

TextStream &TextGenerator::stream()
{
    if (!m_stream) {
        m_stream =
            std::make_unique<TextStream>(*m_loaded.model, at::Device(m_loaded.device), m_loaded.info.step);
        if (m_loaded.model->remembers())
            m_stream->setOrigin({tokensDigest(*m_loaded.tokenizer), m_loaded.run, m_loaded.info.step});
    }
    return *m_stream;
}

void TextGenerator::nameSources(const GenerateRequest &request, const Prompt &prompt)
{
    const bool isChat = !request.messages.empty();
    std::string name = sanitizeUtf8(request.source);
    if (name.empty()) name = freeName(isChat ? "conversation" : "prompt", stream().loadedEvents());
    const auto given = std::span(prompt.history).first(static_cast<size_t>(prompt.numGiven));
    if (isChat) return stream().setSources(name, conversationSources(given, name, *m_loaded.tokenizer));
    if (prompt.after) return stream().setSources(name, {{0, name + "#hole"}});
    stream().setSources(name, {{0, name + "#text"}, {prompt.numGiven, name + "#answer"}});
}

GeneratedToken TextGenerator::describe(const TokenChoice &choice) const
{
    GeneratedToken token;
    token.id = choice.id;
    token.bytes = m_loaded.tokenizer->tokenBytes(choice.id);
    token.probability = choice.probability;
    token.entropy = choice.entropy;
    token.chance = choice.chance;
    token.alternatives.reserve(choice.alternatives.size());
    for (const CandidateToken &candidate : choice.alternatives)
        token.alternatives.push_back({candidate.id, m_loaded.tokenizer->tokenBytes(candidate.id),
                                      candidate.probability, candidate.chance});
    return token;
}

Result<GenerateSummary> TextGenerator::generate(const GenerateRequest &request,
                                                const std::function<bool(const GeneratedToken &)> &onToken,
                                                const std::atomic<bool> &cancel)
{
    ORRERY_TRY(checkSampling(request.sampling));
    ORRERY_TRY(checkKind(request));
    return guardModel(request.infill ? "fill a hole with" : "continue the prompt with", m_loaded.info.name,
                      [&] { return generateTokens(request, onToken, cancel); });
}

Result<TokenChoice> TextGenerator::drawToken(Sampler *sampler, const Prompt &prompt,
                                             const SamplingSettings &settings, int64_t index)
{
    const double uniform = samplingUniform(settings.seed, index);
    if (!sampler) return sampleToken(stream().logits_V(), settings, uniform, prompt.history);
    // The stream keeps its own: a conversation may go on from them.
    m_changed_V.assign(stream().logits_V().begin(), stream().logits_V().end());
    sampler->change(m_changed_V, {.tokens = prompt.history, .numGenerated = index, .seed = settings.seed});
    // Else it would be said that the model's weights are broken.
    const auto isBad = [](float logit) { return std::isnan(logit) || (std::isinf(logit) && logit > 0); };
    const auto bad = std::find_if(m_changed_V.begin(), m_changed_V.end(), isBad);
    const bool hasAny =
        std::any_of(m_changed_V.begin(), m_changed_V.end(), [](float logit) { return std::isfinite(logit); });
    if (bad != m_changed_V.end() || !hasAny)
        return Error{
            ErrorCode::InvalidInput,
            "Cannot go on with the sampler " + quotedValue(settings.sampler) + ": it left " +
                (hasAny ? "the logit of token " + std::to_string(bad - m_changed_V.begin()) + " as no number"
                        : std::string("no token to choose from")) +
                ", expected numbers or -Inf and one finite at least.",
            "Choose another sampler, or none."};
    return sampleToken(m_changed_V, settings, uniform, prompt.history);
}

bool TextGenerator::readPrompt(const GenerateRequest &request, const Prompt &prompt,
                               const std::atomic<bool> &cancel)
{
    using Start = TextStream::Start;
    const bool mayGoOn = !request.answerIds.empty() || !request.promptIds.empty();
    if (prompt.after)
        return stream().readTogether(renderBegunHole(prompt.history, std::ssize(request.answerIds),
                                                     *prompt.after, m_loaded.model->spec().context,
                                                     holeMarks(*m_loaded.tokenizer)),
                                     mayGoOn ? Start::WhereItEnded : Start::Anew, cancel);
    if (prompt.isPrefix) {
        const PrefixedText text =
            renderPrefixed(prompt.history, prompt.numGiven, m_loaded.model->spec().context);
        return stream().readTogether(text.tokens, mayGoOn ? Start::WhereItEnded : Start::Anew, cancel,
                                     text.numPrefix);
    }
    const MixedText text{prompt.history, prompt.media, prompt.keptFrom};
    const bool isChat = !request.messages.empty();
    const Start start = isChat ? Start::WhereItEnded : Start::Anew;
    chooseStream(text, isChat || mayGoOn ? Start::WhereItEnded : Start::Anew);
    if (mayGoOn) return stream().goOn(text, prompt.numGiven, start, cancel);
    // A prompt is read anew each time, so that the same request gives the same text to the bit; a
    // conversation goes on.
    if (!isChat) stream().restart();
    return stream().advanceTo(text, cancel);
}

Result<GenerateSummary>
TextGenerator::generateTokens(const GenerateRequest &request,
                              const std::function<bool(const GeneratedToken &)> &onToken,
                              const std::atomic<bool> &cancel)
{
    const at::NoGradGuard noGradients;
    ORRERY_ASSIGN(const std::unique_ptr<Sampler> sampler,
                  makeSampler(request.sampling.sampler, *m_loaded.tokenizer));
    ORRERY_TRY(openOwnMemory());
    ORRERY_ASSIGN(Prompt prompt, makePrompt(request));
    const bool isHole = prompt.after.has_value();
    const int64_t context = m_loaded.model->spec().context;
    ORRERY_TRY(checkBegunAnswer(request, std::ssize(prompt.history), context));
    GenerateSummary summary;
    summary.model = m_loaded.info.name;
    summary.step = m_loaded.info.step;
    summary.promptTokens = prompt.numTokens;

    const double promptStart = monotonicSeconds();
    const auto numAnswered = std::ssize(request.answerIds);
    if (numAnswered > 0)
        if (const auto end = endBy(request.answerIds.back(), request)) {
            summary.reason = *end;
            return summary;
        }
    m_lastText.clear(); // the stream leaves it now, not before: its last token may still be wanted
    m_lastMedia.reset();
    nameSources(request, prompt);
    bool isRead = readPrompt(request, prompt, cancel);
    TextStream &stream = this->stream();
    const auto readNext = [&] {
        if (!isHole && !prompt.isPrefix)
            return stream.advanceTo({prompt.history, prompt.media, prompt.keptFrom}, cancel);
        if (!stream.isFull()) return stream.append(prompt.history.back(), cancel);
        if (prompt.isPrefix) {
            const auto kept = std::span(prompt.history).last(static_cast<size_t>(keptAfterOverflow(context)));
            return stream.readTogether(kept, TextStream::Start::Anew, cancel, std::ssize(kept));
        }
        return stream.readTogether(renderHole(prompt.history, *prompt.after, context, holeMarks(*m_loaded.tokenizer)),
                                   TextStream::Start::Anew, cancel);
    };
    const bool endsWithContext = !request.media.empty();
    if (!isHole) summary.reusedTokens = std::min(stream.numReused(), prompt.numGiven);
    const double decodeStart = monotonicSeconds();
    summary.promptSeconds = decodeStart - promptStart;

    summary.reason = FinishReason::MaxTokens;
    AnswerGate gate(request.sampling.stop, onToken, *m_loaded.tokenizer);
    for (const int32_t id : request.answerIds) gate.begin(m_loaded.tokenizer->tokenBytes(id));
    const auto numBefore = std::ssize(prompt.history);
    for (int64_t index = 0; index < request.sampling.maxTokens; ++index) {
        if (!isRead || cancel.load(std::memory_order_relaxed)) {
            summary.reason = FinishReason::Cancelled;
            break;
        }
        ORRERY_ASSIGN(const TokenChoice choice,
                      drawToken(sampler.get(), prompt, request.sampling, numAnswered + index));
        if (const auto end = endBy(choice.id, request)) {
            summary.reason = *end;
            break;
        }
        const AnswerGate::Next next = gate.take(describe(choice));
        if (next != AnswerGate::Next::GoOn) {
            summary.reason =
                next == AnswerGate::Next::StopText ? FinishReason::StopText : FinishReason::Cancelled;
            break;
        }
        prompt.history.push_back(choice.id);
        if (endsWithContext && stream.isFull()) break;
        if (index + 1 < request.sampling.maxTokens) isRead = readNext();
    }
    endAnswer(gate, numBefore, summary.reason, prompt.history);
    summary.generatedTokens = gate.numPassed();
    summary.decodeSeconds = monotonicSeconds() - decodeStart;
    if (!isHole && !prompt.isPrefix && summary.reason != FinishReason::Cancelled) {
        m_lastText = prompt.history;
        m_lastMedia = prompt.media;
    }
    return summary;
}

Result<EvaluateSummary> TextGenerator::evaluate(const std::string &dataPath, const std::atomic<bool> &cancel)
{
    const DataPathKind kind = dataPathKind(dataPath);
    const bool hasParts = kind == DataPathKind::Generator || kind == DataPathKind::Manifest;
    return guardModel("evaluate", m_loaded.info.name, [&] {
        return hasParts ? evaluateMultiModal(m_loaded, dataPath, cancel)
                        : evaluateText(m_loaded, dataPath, cancel);
    });
}

Result<EmbedSummary> TextGenerator::embed(const EmbedRequest &request, const std::atomic<bool> &cancel)
{
    return guardModel("embed a text with", m_loaded.info.name,
                      [&] { return embedText(m_loaded, request, cancel); });
}

} // namespace orrery
