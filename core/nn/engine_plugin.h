// SPDX-License-Identifier: Apache-2.0
// What the engine half of a plugin implements, and what it is given. The library is loaded by a worker whose
// run names the plugin; every call comes on the thread that owns the model, but stop(). See docs/plugins.md.
// The interface only grows within one kPluginApiVersion: new virtual functions go to the end of their class.
#pragma once

#include "core/base/result.h"
#include "core/nn/extension_points.h"
#include "core/nn/part_layout.h"
#include "core/nn/setting_error.h"
#include "core/plugin/plugin_entry.h"
#include "core/spec/field_value.h"
#include "core/spec/plugin_info.h"

#include <torch/version.h>

#include <map>
#include <string>
#include <string_view>

namespace orrery::nn {

/// The plugin's settings in this run, complete and within the ranges of its JSON, by their short names
/// ("slope"). Asking for one that the JSON does not declare, or as another type, throws: the run is refused
/// with that reason.
class PluginSettings {
public:
    explicit PluginSettings(std::map<std::string, FieldValue> values) : m_values(std::move(values)) {}
    [[nodiscard]] bool flag(const std::string &name) const { return get<bool>(name); }
    [[nodiscard]] int64_t integer(const std::string &name) const { return get<int64_t>(name); }
    [[nodiscard]] double real(const std::string &name) const { return get<double>(name); }
    /// Texts, choices and paths.
    [[nodiscard]] const std::string &text(const std::string &name) const { return get<std::string>(name); }
    [[nodiscard]] const std::vector<double> &reals(const std::string &name) const
    {
        return get<std::vector<double>>(name);
    }
    [[nodiscard]] const std::vector<std::string> &texts(const std::string &name) const
    {
        return get<std::vector<std::string>>(name);
    }

private:
    [[nodiscard]] const FieldValue &find(const std::string &name) const;
    [[noreturn]] static void throwWrongType(const std::string &name);
    template <typename T> const T &get(const std::string &name) const
    {
        if (const T *value = std::get_if<T>(&find(name))) return *value;
        throwWrongType(name);
    }

    std::map<std::string, FieldValue> m_values;
};

/// The registry of one extension point, whichever.
class PluginPoint {
public:
    virtual ~PluginPoint() = default;
};

/// Registers parts of one kind under the plugin's name; they go again with the plugin.
template <typename Part> class PluginRegistry : public PluginPoint {
public:
    /// @param name one that "provides" in the plugin's JSON lists   @param factory may throw; its parts too
    /// @error InvalidInput (not listed), Conflict (taken)
    virtual Result<void> add(const std::string &name, typename Registry<Part>::Factory factory) = 0;
};

/// Of a point that the program has no use for: what is registered is dropped.
template <typename Part> class UnusedRegistry final : public PluginRegistry<Part> {
public:
    Result<void> add(const std::string &, typename Registry<Part>::Factory) override { return {}; }
};

/// The services of a plugin. Valid from configure() to the plugin's destruction.
class EngineContext {
public:
    virtual ~EngineContext() = default;
    [[nodiscard]] virtual const std::string &id() const = 0;               ///< @since 1
    [[nodiscard]] virtual const PluginSettings &settings() const = 0;      ///< @since 1
    [[nodiscard]] virtual PluginRegistry<FeedForward> &feedForwards() = 0; ///< @since 1
    [[nodiscard]] virtual PluginRegistry<Block> &blocks() = 0;             ///< @since 1
    virtual void log(std::string_view text) = 0; ///< a line in the run's log @since 1
    [[nodiscard]] virtual PluginRegistry<AttentionSource> &attentionSources() = 0; ///< @since 1
    [[nodiscard]] virtual PluginRegistry<ResidualModule> &residualModules() = 0;   ///< @since 1
    /// The registry of any point: a PluginRegistry of the point's parts; null where the program has no use
    /// for them. Use parts(). @since 1
    [[nodiscard]] virtual PluginPoint *findPoint(std::string_view point) = 0;

    /// context.parts<nn::HeadModule>().add(…); Objective, Optimizer and Sampler come with the headers of
    /// theirs (core/train/objective.h, core/train/optimizer.h, core/infer/logit_sampler.h).
    template <typename Part> [[nodiscard]] PluginRegistry<Part> &parts()
    {
        static UnusedRegistry<Part> unused;
        PluginPoint *point = findPointOf(ExtensionPoint<Part>::name, pointLayout<Part>());
        return point ? static_cast<PluginRegistry<Part> &>(*point) : unused;
    }

    /// As findPoint(), for a library in whose headers the point has this pointLayout(). Throws where it has
    /// another one here, which refuses the run. Use parts(). @since 1
    [[nodiscard]] virtual PluginPoint *findPointOf(std::string_view point, uint64_t layout) = 0;
};

/// Life: create, configure, start, (the run), stop, destroy. Plugins that others require come first on the
/// way up and last on the way down. An error or exception on the way up refuses the run with that reason.
class EnginePlugin {
public:
    virtual ~EnginePlugin() = default;
    /// Reads the settings and registers every part that the plugin's JSON lists. No tensor work here.
    virtual Result<void> configure(EngineContext &context) = 0;
    /// After all plugins of the run are configured, before the model is built.
    virtual Result<void> start() { return {}; }
    /// After the model is gone; on a thread of its own, 5 s at most. No tensor work here.
    virtual void stop() {}
};

/// Virtual functions that the classes above have got at their ends.
inline constexpr size_t kNumAddedFunctions = 1;

/// Changes when the size of a type does that crosses the boundary: a library that was compiled against other
/// headers is told apart before any of its code runs.
constexpr uint64_t engineLayout()
{
    return hashedSizes({sizeof(ModelSpec), sizeof(ForwardContext), sizeof(BuildContext), sizeof(SharedTables),
                        sizeof(KvCache), sizeof(PassNotes), sizeof(SourceInput), sizeof(MaskShape),
                        sizeof(ProbeValue), sizeof(Parameter), sizeof(ParameterStore), sizeof(Weight),
                        sizeof(Registry<FeedForward>), sizeof(RunSpec), sizeof(FieldValue),
                        sizeof(Result<void>), kNumAddedFunctions});
}

} // namespace orrery::nn

/// Once in each engine library: ORRERY_ENGINE_PLUGIN(my::Plugin, "my_plugin")
#define ORRERY_ENGINE_PLUGIN(Class, pluginId)                                                                \
    extern "C" __attribute__((visibility("default"))) const orrery::EnginePluginEntry *                      \
    orrery_plugin_engine_v1()                                                                                \
    {                                                                                                        \
        static const orrery::EnginePluginEntry entry = {                                                     \
            sizeof(orrery::EnginePluginEntry),                                                               \
            static_cast<uint32_t>(orrery::kPluginApiVersion),                                                \
            orrery::nn::engineLayout(),                                                                      \
            TORCH_VERSION,                                                                                   \
            pluginId,                                                                                        \
            []() -> orrery::nn::EnginePlugin * { return new Class; },                                        \
            [](orrery::nn::EnginePlugin *plugin) { delete plugin; }};                                        \
        return &entry;                                                                                       \
    }
