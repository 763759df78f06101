// SPDX-License-Identifier: Apache-2.0
// The parts of plugins as the model sees them: what leaves them is checked, and their exceptions name the
// plugin. Only the thread that owns the model.
#pragma once

#include "core/nn/engine_plugin.h"
#include "core/nn/plugin_failure.h"
#include "core/nn/plugin_loader.h"

#include <algorithm>

namespace orrery::nn {

std::unique_ptr<FeedForward> guardedPart(std::unique_ptr<FeedForward> part, const PluginGuard &guard);
std::unique_ptr<Block> guardedPart(std::unique_ptr<Block> part, const PluginGuard &guard);
std::unique_ptr<MaskPolicy> guardedPart(std::unique_ptr<MaskPolicy> part, const PluginGuard &guard);
/// Of these a factory may make nothing: the part has no place in the layer.
std::unique_ptr<AttentionSource> guardedPart(std::unique_ptr<AttentionSource> part, const PluginGuard &guard);
std::unique_ptr<ResidualModule> guardedPart(std::unique_ptr<ResidualModule> part, const PluginGuard &guard);
std::unique_ptr<HeadModule> guardedPart(std::unique_ptr<HeadModule> part, const PluginGuard &guard);
std::unique_ptr<Probe> guardedPart(std::unique_ptr<Probe> part, const PluginGuard &guard);

/// One point as one plugin extends it.
class OpenedPoint {
public:
    virtual ~OpenedPoint() = default;
    [[nodiscard]] virtual const char *name() const = 0; ///< as in the manifest
    [[nodiscard]] virtual PluginPoint &registry() = 0;
    [[nodiscard]] virtual uint64_t layout() const = 0; ///< pointLayout() of this program
    /// The first name of the manifest that was not registered; empty when none is missing.
    [[nodiscard]] virtual std::string missingName() const = 0;
    /// Takes out what was added; the registry stays for a plugin that still holds it.
    virtual void close() = 0;
};

/// The registry of one kind as one plugin sees it; what was added goes with it. Around a part that a factory
/// made it puts guardedPart(part, guard), which a point of another layer declares beside its parts.
template <typename Part> class ScopedRegistry final : public PluginRegistry<Part>, public OpenedPoint {
public:
    ScopedRegistry(Registry<Part> &registry, const PluginInfo &plugin)
        : m_registry(registry), m_plugin(plugin)
    {
    }
    ~ScopedRegistry() override { ScopedRegistry::close(); }
    void close() override
    {
        for (const std::string &name : m_added) m_registry.remove(name);
        m_added.clear();
    }
    Result<void> add(const std::string &name, typename Registry<Part>::Factory factory) override
    {
        const ProvidedPart part{this->name(), name};
        if (std::find(m_plugin.provides.begin(), m_plugin.provides.end(), part) == m_plugin.provides.end())
            return Error{ErrorCode::InvalidInput,
                         "Cannot register " + part.point + " \"" + name + "\": \"provides\" in " +
                             m_plugin.id + ".json does not list it.",
                         "List it there."};
        if (m_registry.find(name))
            return Error{ErrorCode::Conflict,
                         "Cannot register " + part.point + " \"" + name + "\": the name is taken.",
                         "Choose another name."};
        m_registry.add(name,
                       [factory = std::move(factory), guard = PluginGuard(m_plugin.id)](auto &&...what) {
                           return guardedPart(guard([&] { return factory(what...); }), guard);
                       });
        m_added.push_back(name);
        return {};
    }
    [[nodiscard]] const char *name() const override { return ExtensionPoint<Part>::name; }
    [[nodiscard]] PluginPoint &registry() override { return *this; }
    [[nodiscard]] uint64_t layout() const override { return pointLayout<Part>(); }
    [[nodiscard]] std::string missingName() const override
    {
        for (const ProvidedPart &part : m_plugin.provides)
            if (part.point == name() && std::find(m_added.begin(), m_added.end(), part.name) == m_added.end())
                return part.name;
        return {};
    }

private:
    Registry<Part> &m_registry;
    const PluginInfo &m_plugin;
    std::vector<std::string> m_added;
};

template <typename Part> PointOpener pointOf(Registry<Part> &registry)
{
    return [&registry](const PluginInfo &plugin) -> std::unique_ptr<OpenedPoint> {
        return std::make_unique<ScopedRegistry<Part>>(registry, plugin);
    };
}

} // namespace orrery::nn
