// SPDX-License-Identifier: Apache-2.0
// Short continuations of the probe prompts, drawn while training. Their randomness is keyed by (seed, step,
// prompt), so they move nothing else. Trainer thread only.
#pragma once

#include "core/data/multimodal/media_prompts.h"
#include "core/data/tokenizer.h"
#include "core/nn/transformer.h"

#include <string>
#include <vector>

namespace orrery {

inline constexpr double kSampleTemperature = 0.8;

struct SampleRequest {
    std::string prompt;
    int64_t maxTokens = 120;
    uint64_t seed = 0;
    int64_t step = 0;
    uint32_t number = 0; ///< of the prompt in its list
    at::ScalarType dtype = at::kFloat;
    const MediaPrompt *media = nullptr; ///< read in place of the prompt; its sample ends with the context
};

struct DrawnSample {
    std::string text; ///< the continuation's bytes without the prompt
    std::vector<int32_t> ids;
};
/// Ends early at end-of-text, which is no part of it. A text longer than the context goes on behind its last half
/// context.
DrawnSample drawSample(nn::Transformer &model, const Tokenizer &tokenizer, const SampleRequest &request);

} // namespace orrery
