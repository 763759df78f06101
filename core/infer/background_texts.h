// SPDX-License-Identifier: Apache-2.0
// Texts of all kinds out of a corpus: what a model shall go on knowing while it learns something else.
#pragma once

#include "core/data/corpus_reader.h"

#include <cstdint>
#include <random>
#include <vector>

namespace orrery {

/// Takes a corpus and keeps some stretches of a context and a token, each of one document and as probable as any
/// other among the first maxTokens tokens (reservoir sampling: Vitter, 1985, algorithm R). The same corpus gives
/// the same texts. One caller at a time.
class BackgroundTexts final : public DocumentSink {
public:
    struct Limits {
        size_t maxTexts = 256; ///< ≥ 1
        /// Read at most; then append() refuses with Cancelled, and isFull().
        uint64_t maxTokens = 4'000'000;
    };
    /// @param context of the model, ≥ 1
    explicit BackgroundTexts(int64_t context, Limits limits);
    explicit BackgroundTexts(int64_t context) : BackgroundTexts(context, Limits()) {}

    Result<void> beginDocument() override;
    Result<void> endDocument() override;
    Result<void> append(std::span<const int32_t> ids, uint8_t mask) override;
    Result<void> append(std::span<const int32_t> ids, std::span<const uint8_t> masks) override;

    [[nodiscard]] bool isFull() const { return m_numTokens >= m_limits.maxTokens; }
    /// Each of 2 … context + 1 tokens.
    [[nodiscard]] std::vector<std::vector<int32_t>> texts() const;

private:
    Result<void> take(std::span<const int32_t> ids);
    void keepCurrent();

    Limits m_limits;
    size_t m_length;
    uint64_t m_numTokens = 0, m_numTexts = 0; ///< met
    std::mt19937_64 m_random{1};
    std::vector<int32_t> m_current;
    std::vector<std::vector<int32_t>> m_texts;
};

} // namespace orrery
