// SPDX-License-Identifier: Apache-2.0
// Loads the engine halves that a spec uses into this process and takes their parts out of the registries
// again. A library that was loaded stays loaded. One owner, a worker; load() on the thread that owns the
// model, no other thread beside it.
#pragma once

#include "core/base/result.h"
#include "core/plugin/plugin_catalogue.h"
#include "core/spec/run_spec.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace orrery::nn {

struct LoadedPlugin {
    std::string id;
    std::string version;       ///< of what was loaded
    std::string frozenVersion; ///< that the spec names; empty: none
};

/// Loads a library, reads what it says of itself, makes its plugin and destroys it again. Constructors can
/// end a process: a worker asks this in a process of its own first.
/// @error InvalidInput "Cannot use plugin "x": …"
Result<void> checkEngineLibrary(const std::string &id, const std::filesystem::path &library);

class OpenedPoint; // core/nn/plugin_parts.h
/// Opens the registry of one extension point for one plugin, which outlives what is opened.
using PointOpener = std::function<std::unique_ptr<OpenedPoint>(const PluginInfo &)>;

/// checkEngineLibrary(), and what it registers with the settings that its JSON has as defaults. An error that configure()
/// returns, or a SettingError, may be about a setting that has to be given, and is none here. For a process of its own.
/// @param points as those of EnginePlugins  @error InvalidInput "Cannot use plugin "x": …"
Result<void> tryEnginePlugin(const PluginRecord &record, const FieldTable &table, std::vector<PointOpener> points);

class EnginePlugins {
public:
    /// @param points those of other layers than the model's that the program has a use for
    explicit EnginePlugins(std::vector<PointOpener> points = {});
    ~EnginePlugins(); ///< stop()
    EnginePlugins(const EnginePlugins &) = delete;
    EnginePlugins &operator=(const EnginePlugins &) = delete;

    /// Everything that the spec uses, those that others require first; before its model is built. What was
    /// loaded for another spec is stopped first. Either all of it is loaded or nothing.
    /// @error InvalidInput "Cannot use plugin "x": …" for one that is missing, refused, of another version or
    /// interface, lacks its symbol or a part, or fails in configure() or start()
    Result<void> load(const PluginCatalogue &catalogue, const RunSpec &spec);
    /// Last loaded first: stop() with 5 s for each, then its parts leave the registries. No model may live
    /// any more.
    void stop();
    [[nodiscard]] const std::vector<LoadedPlugin> &loaded() const { return m_loaded; }

private:
    friend Result<void> tryEnginePlugin(const PluginRecord &, const FieldTable &, std::vector<PointOpener>);
    static Result<void> tryOut(const PluginRecord &record, const FieldTable &table, const std::vector<PointOpener> &points);

    class Instance;
    std::vector<PointOpener> m_points; ///< of the model, then those of other layers
    std::vector<std::shared_ptr<Instance>> m_instances;
    std::vector<LoadedPlugin> m_loaded;
};

} // namespace orrery::nn
