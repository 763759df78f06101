// SPDX-License-Identifier: Apache-2.0
// What stands behind a token, by the model's logits: probabilities at temperature 1. Only the thread that
// owns the model. Axes: V vocabulary.
#pragma once

#include "core/base/result.h"
#include "core/data/tokenizer.h"
#include "core/spec/generation.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace orrery {

class NextToken {
public:
    /// @error InvalidInput: a logit is NaN or +Inf, or all are −Inf (broken weights)
    static Result<NextToken> create(const at::Tensor &logits_V);
    /// Most probable first, the lower id on a tie.
    [[nodiscard]] std::vector<TokenAlternative> likeliest(int64_t count, const Tokenizer &tokenizer) const;
    /// The same ids first, in their order, then the likeliest that are not among them.
    [[nodiscard]] std::vector<TokenAlternative> beside(const std::vector<TokenAlternative> &others,
                                                       int64_t count, const Tokenizer &tokenizer) const;
    [[nodiscard]] int64_t likeliestId() const;
    [[nodiscard]] double surpriseOf(int32_t id) const; ///< −log p, nats. @param id of the vocabulary
    [[nodiscard]] double entropy() const; ///< nats
    /// KL(this ‖ other), nats.
    [[nodiscard]] double divergenceTo(const NextToken &other) const;

private:
    at::Tensor m_logP_V; ///< double, on the CPU
};

} // namespace orrery
