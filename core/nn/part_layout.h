// SPDX-License-Identifier: Apache-2.0
// How a library of a plugin and a program find out that they were compiled against different headers: by the
// sizes of what crosses the boundary. Pure. No torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace orrery::nn {

template <typename Part> struct ExtensionPoint; // core/nn/registry.h

/// FNV-1a over sizes.
constexpr uint64_t hashedSizes(std::initializer_list<size_t> sizes)
{
    uint64_t hash = 1469598103934665603ull;
    for (const uint64_t size : sizes) hash = (hash ^ size) * 1099511628211ull;
    return hash;
}

/// Of what parts of a point are handed beside the types of engineLayout(): ExtensionPoint<Part>::layout()
/// where the point says it. Points of training and generating have headers of their own, which the plugin
/// interface does not know.
template <typename Part> constexpr uint64_t pointLayout()
{
    if constexpr (requires { ExtensionPoint<Part>::layout(); })
        return ExtensionPoint<Part>::layout();
    else
        return 0;
}

} // namespace orrery::nn
