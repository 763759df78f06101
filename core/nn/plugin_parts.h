// SPDX-License-Identifier: Apache-2.0
// The parts of plugins as the model sees them: what leaves them is checked, and their exceptions name the
// plugin. Only the thread that owns the model.
#pragma once

#include "core/nn/engine_plugin.h"
#include "core/nn/plugin_failure.h"

#include <algorithm>

namespace orrery::nn {

std::unique_ptr<FeedForward> guardedPart(std::unique_ptr<FeedForward> part, const PluginGuard &guard);
std::unique_ptr<Block> guardedPart(std::unique_ptr<Block> part, const PluginGuard &guard);
/// Of these a factory may make nothing: the part has no place in the layer.
std::unique_ptr<AttentionSource> guardedPart(std::unique_ptr<AttentionSource> part, const PluginGuard &guard);
std::unique_ptr<ResidualModule> guardedPart(std::unique_ptr<ResidualModule> part, const PluginGuard &guard);

/// The registry of one kind as one plugin sees it.
template <typename Part> class ScopedRegistry final : public PluginRegistry<Part> {
public:
    /// @param point as in the manifest
    ScopedRegistry(Registry<Part> &registry, const PluginInfo &plugin, std::string point)
        : m_registry(registry), m_plugin(plugin), m_point(std::move(point))
    {
    }
    ~ScopedRegistry() override { clear(); }
    void clear()
    {
        for (const std::string &name : m_added) m_registry.remove(name);
        m_added.clear();
    }
    Result<void> add(const std::string &name, typename Registry<Part>::Factory factory) override
    {
        const ProvidedPart part{m_point, name};
        if (std::find(m_plugin.provides.begin(), m_plugin.provides.end(), part) == m_plugin.provides.end())
            return Error{ErrorCode::InvalidInput,
                         "Cannot register " + m_point + " \"" + name + "\": \"provides\" in " + m_plugin.id +
                             ".json does not list it.",
                         "List it there."};
        if (m_registry.find(name))
            return Error{ErrorCode::Conflict,
                         "Cannot register " + m_point + " \"" + name + "\": the name is taken.",
                         "Choose another name."};
        m_registry.add(name,
                       [factory = std::move(factory), guard = PluginGuard(m_plugin.id)](BuildContext &build) {
                           return guardedPart(guard([&] { return factory(build); }), guard);
                       });
        m_added.push_back(name);
        return {};
    }
    /// The first name of the manifest that was not registered; empty when none is missing.
    [[nodiscard]] std::string missingName() const
    {
        for (const ProvidedPart &part : m_plugin.provides)
            if (part.point == m_point &&
                std::find(m_added.begin(), m_added.end(), part.name) == m_added.end())
                return part.name;
        return {};
    }

private:
    Registry<Part> &m_registry;
    const PluginInfo &m_plugin;
    std::string m_point;
    std::vector<std::string> m_added;
};

} // namespace orrery::nn
