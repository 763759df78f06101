// SPDX-License-Identifier: Apache-2.0
// Short continuations of the probe prompts, drawn while training. Their randomness is keyed by (seed, step,
// prompt), so they move nothing else. Trainer thread only.
#pragma once

#include "core/data/tokenizer.h"
#include "core/nn/transformer.h"
#include "core/train/media_samples.h"

#include <string>

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

/// The continuation's bytes without the prompt; ends early at end-of-text. A text longer than the context
/// goes on behind its last half context.
std::string drawSample(nn::Transformer &model, const Tokenizer &tokenizer, const SampleRequest &request);

} // namespace orrery
