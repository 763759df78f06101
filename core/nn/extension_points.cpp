// SPDX-License-Identifier: Apache-2.0
#include "core/nn/extension_points.h"

#include "core/nn/block.h"
#include "core/nn/feed_forward.h"

namespace orrery::nn {

Registry<FeedForward> &feedForwardRegistry()
{
    static Registry<FeedForward> registry = [] {
        Registry<FeedForward> built;
        built.add("gelu", [](BuildContext &build) { return makeGelu(build, "none"); });
        built.add("gelu_tanh", [](BuildContext &build) { return makeGelu(build, "tanh"); });
        built.add("swiglu", makeSwiGlu);
        return built;
    }();
    return registry;
}

Registry<Block> &blockRegistry()
{
    static Registry<Block> registry = [] {
        Registry<Block> built;
        built.add("reference", makeReferenceBlock);
        return built;
    }();
    return registry;
}

} // namespace orrery::nn
