// SPDX-License-Identifier: Apache-2.0
#include "app/worker/worker_plugins.h"

#include "core/base/text.h"
#include "core/nn/plugin_loader.h"
#include "core/plugin/plugin_catalogue.h"
#include "core/spec/plugin_use.h"

namespace orrery::worker {

namespace {

/// Never destroyed: the process ends without static destruction, and libraries stay loaded anyway.
nn::EnginePlugins &enginePlugins()
{
    static auto *plugins = new nn::EnginePlugins;
    return *plugins;
}

} // namespace

Result<void> checkWorkerPlugins(const RunSpec &spec)
{
    if (spec.plugins.use.empty()) return {};
    return checkPluginUse(spec, *PluginCatalogue::ofThisUser().fieldTable());
}

Result<void> loadWorkerPlugins(const RunSpec &spec)
{
    return enginePlugins().load(PluginCatalogue::ofThisUser(), spec);
}

std::string workerPluginsText()
{
    std::vector<std::string> texts;
    for (const nn::LoadedPlugin &plugin : enginePlugins().loaded()) {
        std::string text = plugin.id + " " + plugin.version;
        if (!plugin.frozenVersion.empty() && plugin.frozenVersion != plugin.version)
            text += " (the run was made with " + plugin.frozenVersion + ")";
        texts.push_back(std::move(text));
    }
    return "Plugins: " + joinText(texts, ", ");
}

void stopWorkerPlugins() { enginePlugins().stop(); }

} // namespace orrery::worker
