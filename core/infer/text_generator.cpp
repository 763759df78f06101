// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens, V vocabulary.
#include "core/infer/text_generator.h"

#include "core/base/platform.h"
#include "core/infer/sampler.h"
#include "core/infer/model_guard.h"
#include "core/spec/objective_mix.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

namespace orrery {

namespace {

/// Runs tokens through the model behind what the cache holds; the logits of the last one stay.
class Decoder {
public:
    Decoder(nn::Transformer &model, at::Device device)
        : m_model(model), m_device(device), m_context(model.spec().context),
          m_cache(model.makeCache(1, m_context))
    {
    }

    [[nodiscard]] bool isFull() const { return m_cache.length >= m_context; }
    void clear() { m_cache.length = 0; }

    /// @return false when cancelled between two chunks
    bool read(std::span<const int32_t> tokens, const std::atomic<bool> &cancel)
    {
        for (size_t begin = 0; begin < tokens.size(); begin += kPrefillChunk) {
            if (cancel.load(std::memory_order_relaxed)) return false;
            readChunk(tokens.subspan(begin, std::min<size_t>(kPrefillChunk, tokens.size() - begin)),
                      "causal");
        }
        return true;
    }

    /// In one pass, in which all of them see one another; the cache must be empty.
    bool readTogether(std::span<const int32_t> tokens, const std::atomic<bool> &cancel)
    {
        if (cancel.load(std::memory_order_relaxed)) return false;
        readChunk(tokens, "bidirectional");
        return true;
    }

    [[nodiscard]] std::span<const float> logits_V() const
    {
        return {m_logits_V.const_data_ptr<float>(), static_cast<size_t>(m_logits_V.numel())};
    }

private:
    void readChunk(std::span<const int32_t> tokens, const char *mask)
    {
        std::vector<int64_t> ids(tokens.begin(), tokens.end());
        const auto numTokens = static_cast<int64_t>(ids.size());
        const at::Tensor ids_BT =
            at::from_blob(ids.data(), {1, numTokens}, at::kLong).to(m_device, at::kLong, false, true);
        const int64_t lengthBefore = m_cache.length;
        nn::ForwardContext context;
        context.cache = &m_cache;
        context.maskPolicy = mask;
        const at::Tensor logits_BTV = m_model.logits(ids_BT, context);
        m_cache.length = lengthBefore + numTokens;
        m_logits_V = logits_BTV.select(0, 0).select(0, -1).to(at::kCPU, at::kFloat).contiguous();
    }

    nn::Transformer &m_model;
    at::Device m_device;
    int64_t m_context;
    nn::KvCache m_cache;
    at::Tensor m_logits_V;
};

std::span<const int32_t> lastTokens(const std::vector<int32_t> &history, int64_t count)
{
    const auto kept = std::min<size_t>(history.size(), static_cast<size_t>(count));
    return std::span(history).last(kept);
}

} // namespace

Result<std::vector<int32_t>> encodeFor(const LoadedModel &loaded, const std::string &text,
                                       const std::string &action)
{
    std::vector<int32_t> tokens;
    loaded.tokenizer->encode(text, tokens);
    for (int32_t id : tokens)
        if (id < 0 || id >= loaded.model->vocabSize())
            return Error{ErrorCode::InvalidInput,
                         "Cannot " + action + " \"" + loaded.info.name + "\": token " + std::to_string(id) +
                             " of the text, expected ids below " + std::to_string(loaded.model->vocabSize()) +
                             ".",
                         "Use a text for the model's own tokenizer."};
    return tokens;
}

std::vector<int32_t> renderHole(std::span<const int32_t> before, std::span<const int32_t> after,
                                int64_t context)
{
    const int64_t room = std::max<int64_t>(0, context - (kInfillMarks - 1) - roomForMiddle(context));
    const int64_t forBefore = std::max(room - room / 2, room - std::ssize(after));
    const auto numBefore = static_cast<size_t>(std::min(std::ssize(before), forBefore));
    const auto numAfter = std::min(after.size(), static_cast<size_t>(room) - numBefore);
    std::vector<int32_t> tokens;
    tokens.reserve(static_cast<size_t>(context));
    tokens.push_back(static_cast<int32_t>(SpecialToken::InfillPrefix));
    const auto shownBefore = before.last(numBefore), shownAfter = after.first(numAfter);
    tokens.insert(tokens.end(), shownBefore.begin(), shownBefore.end());
    tokens.push_back(static_cast<int32_t>(SpecialToken::InfillSuffix));
    tokens.insert(tokens.end(), shownAfter.begin(), shownAfter.end());
    tokens.push_back(static_cast<int32_t>(SpecialToken::InfillMiddle));
    return tokens;
}

Result<TextGenerator::Prompt> TextGenerator::makePrompt(const GenerateRequest &request) const
{
    const std::string action = request.infill ? "fill a hole with" : "continue the prompt with";
    Prompt prompt;
    ORRERY_ASSIGN(prompt.history, encodeFor(m_loaded, request.prompt, action));
    if (request.infill) {
        ORRERY_ASSIGN(prompt.after, encodeFor(m_loaded, *request.infill, action));
        prompt.numTokens = std::ssize(prompt.history) + std::ssize(*prompt.after) + kInfillMarks - 1;
        return prompt;
    }
    if (prompt.history.empty()) {
        // Nothing to continue: start as a document does, or at a new line where the vocabulary has bytes
        // only.
        if (m_loaded.tokenizer->hasSpecials())
            prompt.history.push_back(static_cast<int32_t>(SpecialToken::EndOfText));
        else
            m_loaded.tokenizer->encode("\n", prompt.history);
    }
    prompt.numTokens = std::ssize(prompt.history);
    return prompt;
}

std::optional<FinishReason> TextGenerator::endBy(int32_t id, bool isHole) const
{
    if (!m_loaded.tokenizer->hasSpecials()) return std::nullopt;
    if (id == static_cast<int32_t>(SpecialToken::EndOfText)) return FinishReason::EndOfText;
    if (isHole && id == static_cast<int32_t>(SpecialToken::EndOfTurn)) return FinishReason::EndOfInfill;
    return std::nullopt;
}

GeneratedToken TextGenerator::describe(const TokenChoice &choice) const
{
    GeneratedToken token;
    token.id = choice.id;
    token.bytes = m_loaded.tokenizer->tokenBytes(choice.id);
    token.probability = choice.probability;
    token.entropy = choice.entropy;
    token.alternatives.reserve(choice.alternatives.size());
    for (const CandidateToken &candidate : choice.alternatives)
        token.alternatives.push_back(
            {candidate.id, m_loaded.tokenizer->tokenBytes(candidate.id), candidate.probability});
    return token;
}

Result<GenerateSummary> TextGenerator::generate(const GenerateRequest &request,
                                                const std::function<bool(const GeneratedToken &)> &onToken,
                                                const std::atomic<bool> &cancel)
{
    ORRERY_TRY(checkSampling(request.sampling));
    if (request.infill && objectiveShares(m_loaded.objective).infill <= 0)
        return Error{ErrorCode::InvalidInput,
                     "Cannot fill a hole with \"" + m_loaded.info.name +
                         "\": its training had no holes (objective.name is " + m_loaded.objective.name +
                         "), expected a share of infilling.",
                     "Train a run with objective.name=hybrid, or generate without the text behind the hole."};
    return guardModel(request.infill ? "fill a hole with" : "continue the prompt with", m_loaded.info.name,
                      [&] { return generateTokens(request, onToken, cancel); });
}

Result<GenerateSummary>
TextGenerator::generateTokens(const GenerateRequest &request,
                              const std::function<bool(const GeneratedToken &)> &onToken,
                              const std::atomic<bool> &cancel)
{
    const at::NoGradGuard noGradients;
    ORRERY_ASSIGN(Prompt prompt, makePrompt(request));
    const bool isHole = prompt.after.has_value();
    const int64_t context = m_loaded.model->spec().context;
    GenerateSummary summary;
    summary.model = m_loaded.info.name;
    summary.step = m_loaded.info.step;
    summary.promptTokens = prompt.numTokens;

    const double promptStart = monotonicSeconds();
    Decoder decoder(*m_loaded.model, at::Device(m_loaded.device));
    const auto readPrompt = [&](int64_t numKept) {
        return isHole ? decoder.readTogether(renderHole(prompt.history, *prompt.after, context), cancel)
                      : decoder.read(lastTokens(prompt.history, numKept), cancel);
    };
    const auto readNext = [&] {
        if (!decoder.isFull()) return decoder.read(lastTokens(prompt.history, 1), cancel);
        decoder.clear();
        return readPrompt(keptAfterOverflow(context));
    };
    bool isRead = readPrompt(context);
    const double decodeStart = monotonicSeconds();
    summary.promptSeconds = decodeStart - promptStart;

    summary.reason = FinishReason::MaxTokens;
    for (int64_t index = 0; index < request.sampling.maxTokens; ++index) {
        if (!isRead || cancel.load(std::memory_order_relaxed)) {
            summary.reason = FinishReason::Cancelled;
            break;
        }
        ORRERY_ASSIGN(const TokenChoice choice, sampleToken(decoder.logits_V(), request.sampling,
                                                            samplingUniform(request.sampling.seed, index)));
        if (const auto end = endBy(choice.id, isHole)) {
            summary.reason = *end;
            break;
        }
        ++summary.generatedTokens;
        if (onToken && !onToken(describe(choice))) {
            summary.reason = FinishReason::Cancelled;
            break;
        }
        prompt.history.push_back(choice.id);
        if (index + 1 < request.sampling.maxTokens) isRead = readNext();
    }
    summary.decodeSeconds = monotonicSeconds() - decodeStart;
    return summary;
}

Result<EvaluateSummary> TextGenerator::evaluate(const std::string &dataPath, const std::atomic<bool> &cancel)
{
    return guardModel("evaluate", m_loaded.info.name,
                      [&] { return evaluateText(m_loaded, dataPath, cancel); });
}

Result<EmbedSummary> TextGenerator::embed(const EmbedRequest &request, const std::atomic<bool> &cancel)
{
    return guardModel("embed a text with", m_loaded.info.name,
                      [&] { return embedText(m_loaded, request, cancel); });
}

} // namespace orrery
