// SPDX-License-Identifier: Apache-2.0
// The stage between the model and the draw of a token: it may change the logits of a position, knowing all
// tokens before it. Chosen by name for each generation (SamplingSettings::sampler). No torch; only the thread
// that generates.
#pragma once

#include "core/base/result.h"
#include "core/data/tokenizer.h"
#include "core/nn/part_layout.h"
#include "core/nn/registry.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace orrery {

/// Where a token is about to be drawn.
struct SamplerPlace {
    /// All tokens before it: the prompt as the model reads it (of a hole: what stands before it), then what
    /// was generated.
    std::span<const int32_t> tokens;
    int64_t numGenerated = 0; ///< of those, the last ones
    uint64_t seed = 0; ///< of the generation; what a sampler draws is a function of it and numGenerated
};

/// One is made for each generation, so it may keep what it needs of it.
class Sampler {
public:
    virtual ~Sampler() = default;
    /// In front of the repetition penalty, temperature and cuts. -inf forbids a token; NaN, +inf and -inf for all end the
    /// generation. Probabilities and alternatives that are reported are of the changed logits.
    virtual void change(std::span<float> logits_V, const SamplerPlace &place) = 0;
};

namespace nn {
template <> struct ExtensionPoint<Sampler> {
    static constexpr const char *name = "Sampler";
    static constexpr uint64_t layout() { return hashedSizes({sizeof(Sampler), sizeof(SamplerPlace)}); }
    using Factory = std::function<std::unique_ptr<Sampler>(const Tokenizer &)>;
};
} // namespace nn

nn::Registry<Sampler> &samplerRegistry(); ///< empty but for plugins
/// @return null for an empty name   @error InvalidInput for an unknown one; Unavailable: a plugin's threw
Result<std::unique_ptr<Sampler>> makeSampler(const std::string &name, const Tokenizer &tokenizer);

} // namespace orrery
