// SPDX-License-Identifier: Apache-2.0
// Which kernels of attention a piece of work dispatches on this thread.
#pragma once

#include <ATen/record_function.h>

#include <algorithm>
#include <set>
#include <string>

namespace orrery::nn::test {

inline std::set<std::string> &seenKernels()
{
    static std::set<std::string> names;
    return names;
}

/// Names such as "aten::_scaled_dot_product_flash_attention_for_cpu", on a GPU "aten::_scaled_dot_product_flash_attention",
/// "…_efficient_attention" or "…_cudnn_attention"; what falls back to plain operations has
/// "aten::_scaled_dot_product_attention_math".
template <typename Work> std::set<std::string> attentionKernels(Work &&work)
{
    seenKernels().clear();
    const auto handle = at::addThreadLocalCallback(
        at::RecordFunctionCallback([](const at::RecordFunction &function) -> std::unique_ptr<at::ObserverContext> {
            const std::string name = function.name();
            if (name.starts_with("aten::_scaled_dot_product")) seenKernels().insert(name);
            return nullptr;
        }).scopes({at::RecordScope::FUNCTION}));
    work();
    at::removeCallback(handle);
    return seenKernels();
}

inline bool areFusedAlone(const std::set<std::string> &kernels)
{
    const bool isFused = std::any_of(kernels.begin(), kernels.end(), [](const std::string &name) {
        return name.starts_with("aten::_scaled_dot_product_flash_attention") || name.starts_with("aten::_scaled_dot_product_efficient_attention") ||
               name.starts_with("aten::_scaled_dot_product_cudnn_attention");
    });
    return isFused && !kernels.contains("aten::_scaled_dot_product_attention_math");
}

} // namespace orrery::nn::test
