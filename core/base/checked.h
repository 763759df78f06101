// SPDX-License-Identifier: Apache-2.0
// Arithmetic on sizes that come from files and networks: overflow is an answer, not a surprise. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace orrery {

template <typename T> [[nodiscard]] constexpr std::optional<T> checkedAdd(T a, T b)
{
    T out{};
    if (__builtin_add_overflow(a, b, &out)) return std::nullopt;
    return out;
}

template <typename T> [[nodiscard]] constexpr std::optional<T> checkedMul(T a, T b)
{
    T out{};
    if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
    return out;
}

/// Product of all dimensions; nothing when it does not fit. An empty shape is a scalar: 1.
[[nodiscard]] inline std::optional<uint64_t> checkedProduct(std::span<const uint64_t> dims)
{
    uint64_t product = 1;
    for (uint64_t dim : dims)
        if (__builtin_mul_overflow(product, dim, &product)) return std::nullopt;
    return product;
}

} // namespace orrery
