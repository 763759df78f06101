// SPDX-License-Identifier: Apache-2.0
// A model that says what a test wants.
#pragma once

#include "core/nn/transformer.h"

#include <torch/types.h>

#include <functional>
#include <memory>
#include <vector>

namespace orrery::test {

/// Says one word behind each beginning of a row; the loss of any text is given.
class StubModel final : public nn::Transformer {
public:
    StubModel(int64_t vocabSize, std::function<int32_t(const std::vector<int32_t> &)> next, int64_t context = 16)
        : m_vocabSize(vocabSize), m_next(std::move(next))
    {
        m_spec.context = context;
        m_parameters.push_back({"weight", at::zeros({1})});
    }
    [[nodiscard]] const ModelSpec &spec() const override { return m_spec; }
    [[nodiscard]] int64_t vocabSize() const override { return m_vocabSize; }
    [[nodiscard]] std::vector<nn::Parameter> &parameters() override { return m_parameters; }
    [[nodiscard]] uint64_t numParameters() const override { return 1; }
    at::Tensor hidden(const at::Tensor &ids_BT, const nn::ForwardContext &) override { return ids_BT; }
    at::Tensor logits(const at::Tensor &ids_BT, const nn::ForwardContext &) override
    {
        at::Tensor logits_BTV = at::zeros({ids_BT.size(0), ids_BT.size(1), m_vocabSize});
        for (int64_t b = 0; b < ids_BT.size(0); ++b) {
            std::vector<int32_t> row;
            for (int64_t t = 0; t < ids_BT.size(1); ++t) {
                row.push_back(static_cast<int32_t>(ids_BT[b][t].item<int64_t>()));
                logits_BTV[b][t][m_next(row)] = 1;
            }
        }
        return logits_BTV;
    }
    /// The mean of the targets, so that it tells which of them were asked for.
    at::Tensor loss(const at::Tensor &, const at::Tensor &targets_BT, const at::Tensor &,
                    const nn::ForwardContext &) override
    {
        return targets_BT.to(at::kDouble).mean();
    }
    [[nodiscard]] bool remembers() const override { return false; }
    [[nodiscard]] nn::KvCache makeCache(int64_t, int64_t) const override { return {}; }
    void beginText(nn::KvCache &) const override {}
    void mastersChanged() override {}

private:
    ModelSpec m_spec;
    int64_t m_vocabSize;
    std::function<int32_t(const std::vector<int32_t> &)> m_next;
    std::vector<nn::Parameter> m_parameters;
};

} // namespace orrery::test
