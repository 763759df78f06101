// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens.
#include "core/data/corpus_listing.h"
#include "core/data/corpus_reader.h"
#include "core/infer/text_generator.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace orrery {

namespace {

/// Takes the tokens of a corpus as one stream and measures them a batch of windows at a time, so that memory
/// does not grow with the text. Window w covers tokens [w·context, (w + 1)·context]: its first token is only
/// seen.
class WindowMeter : public DocumentSink {
public:
    WindowMeter(LoadedModel &loaded, const std::string &dataPath, const std::atomic<bool> &cancel)
        : m_model(*loaded.model), m_tokenizer(*loaded.tokenizer), m_device(loaded.device), m_context(m_model.spec().context),
          m_batch(std::max<int64_t>(1, kEvaluateTokensPerBatch / m_context)), m_dataPath(dataPath),
          m_cancel(cancel)
    {
    }

    Result<void> beginDocument() override { return {}; }
    Result<void> endDocument() override { return {}; }

    void beginText(uint64_t numBytes) override { m_textBytes = static_cast<int64_t>(numBytes); }

    Result<void> append(std::span<const int32_t> ids, uint8_t mask) override
    {
        if (mask != 0) countBytes(ids, {});
        m_textBytes.reset();
        m_ids.insert(m_ids.end(), ids.begin(), ids.end());
        m_masks.insert(m_masks.end(), ids.size(), mask);
        return measureFullBatches();
    }

    Result<void> append(std::span<const int32_t> ids, std::span<const uint8_t> masks) override
    {
        countBytes(ids, masks);
        m_ids.insert(m_ids.end(), ids.begin(), ids.end());
        m_masks.insert(m_masks.end(), masks.begin(), masks.end());
        return measureFullBatches();
    }

    /// What is left: whole windows, then one that is shorter.
    Result<EvaluateSummary> finish()
    {
        const auto numLeft = std::ssize(m_ids) - m_begin;
        const int64_t numWindows = std::max<int64_t>(0, (numLeft - 1) / m_context);
        if (numWindows > 0) ORRERY_TRY(measure(numWindows, m_context));
        if (const int64_t numTargets = std::ssize(m_ids) - m_begin - 1; numTargets > 0)
            ORRERY_TRY(measure(1, numTargets));
        if (m_numTargets == 0)
            return Error{
                ErrorCode::InvalidInput,
                "Cannot evaluate on \"" + m_dataPath +
                    "\": no token that can be predicted from another one, expected two tokens or more.",
                "Give a longer text."};
        EvaluateSummary summary;
        summary.tokens = m_numTargets;
        summary.loss = m_sum / static_cast<double>(m_numTargets);
        summary.perplexity = std::exp(summary.loss);
        summary.bitsPerByte =
            m_sum / std::log(2.0) / static_cast<double>(m_numBytes); // NaN or Inf without text
        return summary;
    }

private:
    /// Of the text itself where it is known: a tokenizer may change it (lower case, white space left out) before
    /// it is tokens. The very first token is nobody's target.
    /// @param masks empty: all count
    void countBytes(std::span<const int32_t> ids, std::span<const uint8_t> masks)
    {
        int64_t numBytes = 0;
        for (size_t i = 0; i < ids.size() && !m_textBytes; ++i)
            if (masks.empty() || masks[i] != 0) numBytes += m_tokenizer.numTextBytes(ids[i]);
        if (m_textBytes) numBytes = *m_textBytes;
        const bool seesFirst = m_ids.empty() && !ids.empty() && (masks.empty() || masks[0] != 0);
        if (seesFirst) numBytes -= std::min(numBytes, m_tokenizer.numTextBytes(ids[0]));
        m_numBytes += numBytes;
    }

    Result<void> measureFullBatches()
    {
        while (std::ssize(m_ids) - m_begin > m_batch * m_context) ORRERY_TRY(measure(m_batch, m_context));
        m_ids.erase(m_ids.begin(), m_ids.begin() + m_begin);
        m_masks.erase(m_masks.begin(), m_masks.begin() + m_begin);
        m_begin = 0;
        return {};
    }

    /// Measures windows from m_begin on and moves it to the last target, which the next window sees first.
    Result<void> measure(int64_t numWindows, int64_t length)
    {
        if (m_cancel.load(std::memory_order_relaxed))
            return Error{ErrorCode::Cancelled,
                         "Cannot finish evaluating on \"" + m_dataPath + "\": it was cancelled.", ""};
        const int64_t numTokens = numWindows * length;
        std::vector<int64_t> inputs(m_ids.begin() + m_begin, m_ids.begin() + m_begin + numTokens);
        std::vector<int64_t> targets(m_ids.begin() + m_begin + 1, m_ids.begin() + m_begin + 1 + numTokens);
        uint8_t *masks = m_masks.data() + m_begin + 1;
        const int64_t numCounted = std::count(masks, masks + numTokens, uint8_t(1));
        if (numCounted > 0) {
            const at::Tensor ids_BT =
                at::from_blob(inputs.data(), {numWindows, length}, at::kLong).to(m_device);
            const at::Tensor targets_BT =
                at::from_blob(targets.data(), {numWindows, length}, at::kLong).to(m_device);
            at::Tensor mask_BT;
            if (numCounted < numTokens)
                mask_BT = at::from_blob(masks, {numWindows, length}, at::kByte).to(m_device);
            const double mean = m_model.loss(ids_BT, targets_BT, mask_BT, {}).item<double>();
            m_sum += mean * static_cast<double>(numCounted);
            m_numTargets += numCounted;
        }
        m_begin += numTokens;
        return {};
    }

    nn::Transformer &m_model;
    const Tokenizer &m_tokenizer;
    at::Device m_device;
    int64_t m_context;
    int64_t m_batch;
    const std::string &m_dataPath;
    const std::atomic<bool> &m_cancel;

    std::vector<int32_t> m_ids; ///< seen and not yet measured, from m_begin on
    std::vector<uint8_t> m_masks;
    std::ptrdiff_t m_begin = 0;
    double m_sum = 0; ///< nats over all counted targets
    int64_t m_numTargets = 0;
    int64_t m_numBytes = 0;             ///< of text behind all targets that count
    std::optional<int64_t> m_textBytes; ///< of the tokens that come next
};

} // namespace

Result<EvaluateSummary> evaluateText(LoadedModel &loaded, const std::string &dataPath,
                                     const std::atomic<bool> &cancel)
{
    const at::NoGradGuard noGradients;
    ORRERY_ASSIGN(const CorpusListing listing, listCorpus(dataPath, {}));
    WindowMeter meter(loaded, dataPath, cancel);
    ReadOptions options;
    options.tokenizer = loaded.tokenizer.get();
    ORRERY_TRY(readDocuments(listing, options, meter));
    return meter.finish();
}

} // namespace orrery
