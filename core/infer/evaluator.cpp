// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens.
#include "core/data/corpus_listing.h"
#include "core/data/corpus_reader.h"
#include "core/infer/loss_sums.h"
#include "core/infer/text_generator.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <array>
#include <optional>

namespace orrery {

namespace {

/// Takes the tokens of a corpus and measures them some windows at a time, so that memory does not grow with the text.
/// A window covers up to a context of targets and sees the token before them first. No window has targets of two
/// documents: a document's first window sees the mark at the end of the one before, where the tokenizer has marks, and
/// nothing else of it. Windows of one batch are filled up at their ends, which no token before sees.
class WindowMeter : public DocumentSink {
public:
    WindowMeter(LoadedModel &loaded, const std::string &dataPath, const std::atomic<bool> &cancel)
        : m_model(*loaded.model), m_tokenizer(*loaded.tokenizer), m_device(loaded.device),
          m_context(m_model.spec().context), m_dataPath(dataPath), m_cancel(cancel)
    {
    }

    Result<void> beginDocument() override { return {}; }
    Result<void> endDocument() override
    {
        if (const auto rest = std::ssize(m_ids) - m_seen - 1; rest > 0) ORRERY_TRY(addWindow(rest));
        const bool hasMark = !m_ids.empty() && m_tokenizer.numTextBytes(m_ids.back()) == 0;
        if (!hasMark) m_seen = std::ssize(m_ids); // the next one's first token is seen by nobody
        return {};
    }

    void beginText(uint64_t numBytes) override { m_textBytes = static_cast<int64_t>(numBytes); }

    Result<void> append(std::span<const int32_t> ids, uint8_t mask) override
    {
        if (mask != 0) countBytes(ids, {});
        m_textBytes.reset();
        m_ids.insert(m_ids.end(), ids.begin(), ids.end());
        m_masks.insert(m_masks.end(), ids.size(), mask);
        return addWholeWindows();
    }

    Result<void> append(std::span<const int32_t> ids, std::span<const uint8_t> masks) override
    {
        countBytes(ids, masks);
        m_ids.insert(m_ids.end(), ids.begin(), ids.end());
        m_masks.insert(m_masks.end(), masks.begin(), masks.end());
        return addWholeWindows();
    }

    /// What is left.
    Result<EvaluateSummary> finish()
    {
        ORRERY_TRY(endDocument());
        ORRERY_TRY(measure());
        if (m_sums.numTargets == 0)
            return Error{
                ErrorCode::InvalidInput,
                "Cannot evaluate on \"" + m_dataPath +
                    "\": no token that can be predicted from another one, expected two tokens or more.",
                "Give a longer text."};
        return summaryOf(m_sums);
    }

private:
    /// Of the text itself where it is known: a tokenizer may change it (lower case, white space left out) before
    /// it is tokens. A token that no other one stands before is nobody's target.
    /// @param masks empty: all count
    void countBytes(std::span<const int32_t> ids, std::span<const uint8_t> masks)
    {
        int64_t numBytes = 0;
        for (size_t i = 0; i < ids.size() && !m_textBytes; ++i)
            if (masks.empty() || masks[i] != 0) numBytes += m_tokenizer.numTextBytes(ids[i]);
        if (m_textBytes) numBytes = *m_textBytes;
        const bool isFirst = m_seen == std::ssize(m_ids);
        const bool seesFirst = isFirst && !ids.empty() && (masks.empty() || masks[0] != 0);
        if (seesFirst) numBytes -= std::min(numBytes, m_tokenizer.numTextBytes(ids[0]));
        m_sums.numBytes += numBytes;
    }

    Result<void> addWholeWindows()
    {
        while (std::ssize(m_ids) - m_seen > m_context) ORRERY_TRY(addWindow(m_context));
        const std::ptrdiff_t numDone = m_windows.empty() ? m_seen : m_windows.front().begin;
        m_ids.erase(m_ids.begin(), m_ids.begin() + numDone);
        m_masks.erase(m_masks.begin(), m_masks.begin() + numDone);
        for (Window &window : m_windows) window.begin -= numDone;
        m_seen -= numDone;
        return {};
    }

    /// @param length targets behind m_seen
    Result<void> addWindow(int64_t length)
    {
        const int64_t longest = std::max(m_longest, length);
        if (!m_windows.empty() && (std::ssize(m_windows) + 1) * longest > kEvaluateTokensPerBatch)
            ORRERY_TRY(measure());
        m_windows.push_back({m_seen, length});
        m_longest = std::max(m_longest, length);
        m_seen += length; // the last target is what the next window sees first
        return {};
    }

    /// All windows that were added.
    Result<void> measure()
    {
        if (m_cancel.load(std::memory_order_relaxed))
            return Error{ErrorCode::Cancelled,
                         "Cannot finish evaluating on \"" + m_dataPath + "\": it was cancelled.", ""};
        const auto numWindows = std::ssize(m_windows);
        std::vector<int64_t> inputs(static_cast<size_t>(numWindows * m_longest)), targets(inputs.size());
        std::vector<uint8_t> masks(inputs.size());
        for (std::ptrdiff_t row = 0; row < numWindows; ++row) {
            const auto [begin, length] = m_windows[static_cast<size_t>(row)];
            std::copy_n(m_ids.begin() + begin, length, inputs.begin() + row * m_longest);
            std::copy_n(m_ids.begin() + begin + 1, length, targets.begin() + row * m_longest);
            std::copy_n(m_masks.begin() + begin + 1, length, masks.begin() + row * m_longest);
        }
        const int64_t numCounted = std::count(masks.begin(), masks.end(), uint8_t(1));
        if (numCounted > 0) {
            const std::array<int64_t, 2> shape = {numWindows, m_longest};
            const at::Tensor ids_BT = at::from_blob(inputs.data(), shape, at::kLong).to(m_device);
            const at::Tensor targets_BT = at::from_blob(targets.data(), shape, at::kLong).to(m_device);
            at::Tensor mask_BT;
            if (numCounted < std::ssize(masks))
                mask_BT = at::from_blob(masks.data(), shape, at::kByte).to(m_device);
            const double mean = m_model.loss(ids_BT, targets_BT, mask_BT, {}).item<double>();
            m_sums.nats += mean * static_cast<double>(numCounted);
            m_sums.numTargets += numCounted;
        }
        m_windows.clear();
        m_longest = 0;
        return {};
    }

    struct Window {
        std::ptrdiff_t begin = 0; ///< the token that is only seen
        int64_t length = 0;       ///< targets behind it
    };

    nn::Transformer &m_model;
    const Tokenizer &m_tokenizer;
    at::Device m_device;
    int64_t m_context;
    const std::string &m_dataPath;
    const std::atomic<bool> &m_cancel;

    std::vector<int32_t> m_ids; ///< not measured yet, and what they see first
    std::vector<uint8_t> m_masks;
    std::vector<Window> m_windows; ///< to be measured, in order
    int64_t m_longest = 0;         ///< of these
    std::ptrdiff_t m_seen = 0;     ///< what the next window sees first; the end: its first token is not there yet
    LossSums m_sums;
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
