// SPDX-License-Identifier: Apache-2.0
// A loaded model that continues prompts and measures texts. One caller at a time; cancellation from any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace orrery {

struct ModelInfo {
    std::string name;       ///< "RUN@step" or directory
    int64_t step = -1;      ///< -1: unknown
    uint64_t numParameters = 0;
    int64_t context = 0;
    int64_t vocabSize = 0;
    std::string note;       ///< "checkpoint 1200 is damaged (tensor …); loaded 1000", shown to the user
};

class Generator {
public:
    virtual ~Generator() = default;
    [[nodiscard]] virtual ModelInfo info() const = 0;
    /// Streams tokens; onToken returns false to stop. @error InvalidInput (prompt or settings; a hole for a model that
    /// was not trained to fill them), OutOfMemory, Cancelled
    virtual Result<GenerateSummary> generate(const GenerateRequest &request,
                                             const std::function<bool(const GeneratedToken &)> &onToken,
                                             const std::atomic<bool> &cancel) = 0;
    /// Loss over a text or data path, in windows of one context, in order, without overlap.
    virtual Result<EvaluateSummary> evaluate(const std::string &dataPath, const std::atomic<bool> &cancel) = 0;
    /// A text as one vector. @error InvalidInput (no text), OutOfMemory, Cancelled
    virtual Result<EmbedSummary> embed(const EmbedRequest &request, const std::atomic<bool> &cancel) = 0;
};

} // namespace orrery
