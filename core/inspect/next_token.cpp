// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/next_token.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

namespace orrery {

Result<NextToken> NextToken::create(const at::Tensor &logits_V)
{
    const at::Tensor logits = logits_V.detach().to(at::kCPU, at::kDouble).contiguous();
    const double highest = logits.max().item<double>(); // NaN when one is
    if (!std::isfinite(highest))
        return Error{ErrorCode::InvalidInput,
                     std::string("Cannot look inside: the largest logit of the model is ") +
                         (std::isnan(highest) ? "NaN"
                          : highest > 0       ? "Inf"
                                              : "-Inf") +
                         ", expected a finite number.",
                     "The weights are broken: choose another step of the run or another model."};
    NextToken next;
    next.m_logP_V = at::log_softmax(logits, -1);
    return next;
}

int64_t NextToken::likeliestId() const { return m_logP_V.argmax().item<int64_t>(); }

double NextToken::surpriseOf(int32_t id) const { return -m_logP_V.const_data_ptr<double>()[id]; }

std::vector<TokenAlternative> NextToken::likeliest(int64_t count, const Tokenizer &tokenizer) const
{
    return beside({}, count, tokenizer);
}

std::vector<TokenAlternative> NextToken::beside(const std::vector<TokenAlternative> &others, int64_t count,
                                                const Tokenizer &tokenizer) const
{
    const double *logP = m_logP_V.const_data_ptr<double>();
    std::vector<TokenAlternative> found;
    const auto add = [&](int32_t id) { found.push_back({id, tokenizer.tokenBytes(id), std::exp(logP[id])}); };
    for (const TokenAlternative &other : others) add(other.id);
    std::vector<int32_t> ids(static_cast<size_t>(m_logP_V.numel()));
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(i);
    const auto shown = std::min<int64_t>(count, std::ssize(ids));
    std::partial_sort(ids.begin(), ids.begin() + shown, ids.end(),
                      [&](int32_t a, int32_t b) { return logP[a] != logP[b] ? logP[a] > logP[b] : a < b; });
    for (int64_t i = 0; i < shown; ++i) {
        const int32_t id = ids[static_cast<size_t>(i)];
        const auto isId = [id](const TokenAlternative &other) { return other.id == id; };
        if (std::none_of(others.begin(), others.end(), isId)) add(id);
    }
    return found;
}

double NextToken::entropy() const
{
    return std::max(0.0, -at::xlogy(m_logP_V.exp(), m_logP_V.exp()).sum().item<double>());
}

double NextToken::divergenceTo(const NextToken &other) const
{
    // What has probability 0 here adds nothing, whatever the other one says.
    const at::Tensor p = m_logP_V.exp();
    const at::Tensor terms = at::where(p > 0, p * (m_logP_V - other.m_logP_V), at::zeros_like(p));
    return std::max(0.0, terms.sum().item<double>());
}

} // namespace orrery
