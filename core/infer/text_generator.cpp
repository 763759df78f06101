// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens, V vocabulary.
#include "core/infer/text_generator.h"

#include "core/base/platform.h"
#include "core/infer/sampler.h"
#include "core/infer/model_guard.h"

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
            readChunk(tokens.subspan(begin, std::min<size_t>(kPrefillChunk, tokens.size() - begin)));
        }
        return true;
    }

    [[nodiscard]] std::span<const float> logits_V() const
    {
        return {m_logits_V.const_data_ptr<float>(), static_cast<size_t>(m_logits_V.numel())};
    }

private:
    void readChunk(std::span<const int32_t> tokens)
    {
        std::vector<int64_t> ids(tokens.begin(), tokens.end());
        const auto numTokens = static_cast<int64_t>(ids.size());
        const at::Tensor ids_BT =
            at::from_blob(ids.data(), {1, numTokens}, at::kLong).to(m_device, at::kLong, false, true);
        const int64_t lengthBefore = m_cache.length;
        nn::ForwardContext context;
        context.cache = &m_cache;
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

Result<std::vector<int32_t>> TextGenerator::promptTokens(const std::string &prompt) const
{
    std::vector<int32_t> tokens;
    if (prompt.empty()) {
        // Nothing to continue: start as a document does, or at a new line where the vocabulary has bytes
        // only.
        if (m_loaded.tokenizer->hasSpecials())
            tokens.push_back(static_cast<int32_t>(SpecialToken::EndOfText));
        else
            m_loaded.tokenizer->encode("\n", tokens);
        return tokens;
    }
    m_loaded.tokenizer->encode(prompt, tokens);
    for (int32_t id : tokens)
        if (id < 0 || id >= m_loaded.model->vocabSize())
            return Error{ErrorCode::InvalidInput,
                         "Cannot continue the prompt with \"" + m_loaded.info.name + "\": token " +
                             std::to_string(id) + " of the prompt, expected ids below " +
                             std::to_string(m_loaded.model->vocabSize()) + ".",
                         "Use a prompt for the model's own tokenizer."};
    return tokens;
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
    return guardModel("continue the prompt with", m_loaded.info.name,
                      [&] { return generateTokens(request, onToken, cancel); });
}

Result<GenerateSummary>
TextGenerator::generateTokens(const GenerateRequest &request,
                              const std::function<bool(const GeneratedToken &)> &onToken,
                              const std::atomic<bool> &cancel)
{
    const at::NoGradGuard noGradients;
    ORRERY_ASSIGN(std::vector<int32_t> history, promptTokens(request.prompt));
    const int64_t context = m_loaded.model->spec().context;
    GenerateSummary summary;
    summary.model = m_loaded.info.name;
    summary.step = m_loaded.info.step;
    summary.promptTokens = static_cast<int64_t>(history.size());

    const double promptStart = monotonicSeconds();
    Decoder decoder(*m_loaded.model, at::Device(m_loaded.device));
    bool isRead = decoder.read(lastTokens(history, context), cancel);
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
        if (m_loaded.tokenizer->hasSpecials() && choice.id == static_cast<int32_t>(SpecialToken::EndOfText)) {
            summary.reason = FinishReason::EndOfText;
            break;
        }
        ++summary.generatedTokens;
        if (onToken && !onToken(describe(choice))) {
            summary.reason = FinishReason::Cancelled;
            break;
        }
        history.push_back(choice.id);
        if (index + 1 == request.sampling.maxTokens) break;
        if (decoder.isFull()) {
            decoder.clear();
            isRead = decoder.read(lastTokens(history, keptAfterOverflow(context)), cancel);
        } else {
            isRead = decoder.read(lastTokens(history, 1), cancel);
        }
    }
    summary.decodeSeconds = monotonicSeconds() - decodeStart;
    return summary;
}

Result<EvaluateSummary> TextGenerator::evaluate(const std::string &dataPath, const std::atomic<bool> &cancel)
{
    return guardModel("evaluate", m_loaded.info.name,
                      [&] { return evaluateText(m_loaded, dataPath, cancel); });
}

} // namespace orrery
