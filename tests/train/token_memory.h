// SPDX-License-Identifier: Apache-2.0
// A semantic memory whose use is plain to see: token i reads slot i modulo their number. In models that are made while
// it lives.
#pragma once

#include "core/nn/extension_points.h"
#include "core/nn/layers.h"

#include <torch/types.h>

namespace orrery::test {

class TokenMemory final : public nn::ResidualModule {
public:
    TokenMemory(nn::BuildContext &build, int64_t numSlots)
        : m_numSlots(numSlots),
          m_values(build.parameters.add(build.prefix + "memory.semantic.values",
                                        {numSlots, 1, build.spec.width}, nn::ParameterInit::normal(0.1f)))
    {
    }
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        return at::embedding(m_values.as(at::kFloat).view({m_numSlots, x_BTC.size(2)}),
                             context.ids_BT % m_numSlots);
    }

private:
    int64_t m_numSlots;
    nn::Weight m_values;
};

class WithTokenMemory {
public:
    explicit WithTokenMemory(int64_t numSlots)
    {
        nn::residualModuleRegistry().add("token_memory", [numSlots](nn::BuildContext &build) {
            return build.layer == 0 ? std::make_unique<TokenMemory>(build, numSlots) : nullptr;
        });
    }
    ~WithTokenMemory() { nn::residualModuleRegistry().remove("token_memory"); }
    WithTokenMemory(const WithTokenMemory &) = delete;
    WithTokenMemory &operator=(const WithTokenMemory &) = delete;
};

} // namespace orrery::test
