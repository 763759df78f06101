// SPDX-License-Identifier: Apache-2.0
#include "core/infer/sampler_point.h"

#include "core/nn/plugin_parts.h"

namespace orrery {
namespace {

class GuardedSampler final : public Sampler {
public:
    GuardedSampler(std::unique_ptr<Sampler> part, const nn::PluginGuard &guard)
        : m_part(std::move(part)), m_guard(guard)
    {
    }
    void change(std::span<float> logits_V, const SamplerPlace &place) override
    {
        m_guard([&] { m_part->change(logits_V, place); });
    }

private:
    std::unique_ptr<Sampler> m_part;
    nn::PluginGuard m_guard;
};

} // namespace

std::unique_ptr<Sampler> guardedPart(std::unique_ptr<Sampler> part, const nn::PluginGuard &guard)
{
    nn::checkMade(part, guard);
    return std::make_unique<GuardedSampler>(std::move(part), guard);
}

std::vector<nn::PointOpener> samplerPoints() { return {nn::pointOf(samplerRegistry())}; }

} // namespace orrery
