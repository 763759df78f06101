// SPDX-License-Identifier: Apache-2.0
// The Generator of a loaded transformer: prompt in chunks, then one token at a time with cached keys and
// values. Context overflow: when the cache is full, the last context/2 tokens (at least one) are kept and
// read again from position 0. Positions must start anew because learned ones end at the context, and rotating
// ones never saw more.
#pragma once

#include "core/data/tokenizer.h"
#include "core/engine_api/generator.h"
#include "core/nn/transformer.h"
#include "core/spec/run_spec.h"

#include <memory>
#include <span>
#include <vector>

namespace orrery {

/// A model ready to use, with what is needed to read and write its tokens.
struct LoadedModel {
    std::unique_ptr<nn::Transformer> model;
    std::unique_ptr<Tokenizer> tokenizer;
    DataSpec data; ///< how the model's training data were tokenized
    std::string device = "cpu";
    ModelInfo info;
};

inline constexpr int64_t kPrefillChunk = 256; ///< tokens between two looks at `cancel`
inline constexpr int64_t kEvaluateTokensPerBatch = 4096;

/// Tokens of a history that are read again when the cache is full.
constexpr int64_t keptAfterOverflow(int64_t context) { return context / 2 > 0 ? context / 2 : 1; }

class TextGenerator : public Generator {
public:
    explicit TextGenerator(LoadedModel loaded) : m_loaded(std::move(loaded)) {}
    [[nodiscard]] ModelInfo info() const override { return m_loaded.info; }
    Result<GenerateSummary> generate(const GenerateRequest &request,
                                     const std::function<bool(const GeneratedToken &)> &onToken,
                                     const std::atomic<bool> &cancel) override;
    Result<EvaluateSummary> evaluate(const std::string &dataPath, const std::atomic<bool> &cancel) override;

private:
    Result<std::vector<int32_t>> promptTokens(const std::string &prompt) const;
    Result<GenerateSummary> generateTokens(const GenerateRequest &request,
                                           const std::function<bool(const GeneratedToken &)> &onToken,
                                           const std::atomic<bool> &cancel);
    [[nodiscard]] GeneratedToken describe(const struct TokenChoice &choice) const;

    LoadedModel m_loaded;
};

/// Loss over a data path with a loaded model (see Generator::evaluate). A last window shorter than a context
/// is measured too, so that every token behind the first is a target exactly once.
Result<EvaluateSummary> evaluateText(LoadedModel &loaded, const std::string &dataPath,
                                     const std::atomic<bool> &cancel);

} // namespace orrery
