// SPDX-License-Identifier: Apache-2.0
#include "core/nn/extension_points.h"

#include "core/nn/block.h"
#include "core/nn/feed_forward.h"
#include "core/nn/masks.h"
#include "core/nn/multimodal_block.h"

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
        built.add("multimodal", makeMultiModalBlock);
        return built;
    }();
    return registry;
}

Registry<AttentionSource> &attentionSourceRegistry()
{
    static Registry<AttentionSource> registry;
    return registry;
}

Registry<ResidualModule> &residualModuleRegistry()
{
    static Registry<ResidualModule> registry;
    return registry;
}

Registry<HeadModule> &headModuleRegistry()
{
    static Registry<HeadModule> registry;
    return registry;
}

Registry<Probe> &probeRegistry()
{
    static Registry<Probe> registry;
    return registry;
}

Registry<MaskPolicy> &maskPolicyRegistry()
{
    static Registry<MaskPolicy> registry = [] {
        Registry<MaskPolicy> built;
        built.add("causal", [](const ModelSpec &spec) { return makeCausalMask(spec.window); });
        built.add("bidirectional", [](const ModelSpec &) { return makeBidirectionalMask(); });
        built.add("prefix", [](const ModelSpec &spec) { return makePrefixMask(spec.window); });
        return built;
    }();
    return registry;
}

} // namespace orrery::nn
