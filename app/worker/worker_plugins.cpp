// SPDX-License-Identifier: Apache-2.0
#include "app/worker/worker_plugins.h"

#include "core/base/exit_code.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/infer/sampler_point.h"
#include "core/nn/plugin_loader.h"
#include "core/plugin/plugin_catalogue.h"
#include "core/plugin/trial_process.h"
#include "core/spec/plugin_use.h"
#include "core/train/training_points.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <set>
#include <sstream>
#include <unistd.h>

namespace orrery::worker {

namespace {

constexpr double kLoadSeconds = 60;
constexpr double kListedSeconds = 20; ///< somebody waits for a list

std::vector<nn::PointOpener> pointsOfTheWorker()
{
    std::vector<nn::PointOpener> points = trainingPoints();
    for (nn::PointOpener &point : samplerPoints()) points.push_back(std::move(point));
    return points;
}

/// Never destroyed: the process ends without static destruction, and libraries stay loaded anyway.
nn::EnginePlugins &enginePlugins()
{
    static auto *plugins = new nn::EnginePlugins(pointsOfTheWorker());
    return *plugins;
}

/// Those that this process has tried: a bench loads its plugins many times.
std::set<std::filesystem::path> &goodLibraries()
{
    static std::set<std::filesystem::path> libraries;
    return libraries;
}

Error refusal(const std::string &id, const std::string &reason)
{
    return Error{ErrorCode::InvalidInput, "Cannot use plugin \"" + id + "\": " + reason,
                 "Ask the plugin's author, or run without it."};
}

/// The last line of a worker that is an error; what a plugin prints may stand around it.
std::optional<Error> errorLine(const std::string &said)
{
    std::optional<Error> found;
    std::istringstream lines(said);
    for (std::string line; std::getline(lines, line);) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (!json.is_object()) continue;
        const auto text = [&](const char *key) {
            const auto value = json.find(key);
            return value != json.end() && value->is_string() ? value->get<std::string>() : std::string();
        };
        if (text("event") == "error" && !text("message").empty())
            found = Error{ErrorCode::InvalidInput, text("message"), text("hint")};
    }
    return found;
}

/// What is installed, as this run sees it: a plugin that came later takes no name from those that it uses.
PluginCatalogue pluginsFor(const RunSpec &spec)
{
    std::vector<std::string> used;
    for (const std::string &text : spec.plugins.use)
        if (auto reference = parsePluginReference(text)) used.push_back(std::move(reference->id));
    return PluginCatalogue::ofThisUser().preferring(used);
}

} // namespace

Result<void> tryInThisProcess(const std::string &id, const std::filesystem::path &library, PluginTrial trial)
{
    // Who waits for it may be gone by then.
    ::alarm(static_cast<unsigned>(kLoadSeconds) + 5);
    if (trial == PluginTrial::Loading) return nn::checkEngineLibrary(id, library);
    // It is tried by itself, whoever has a name of its own.
    const PluginCatalogue catalogue = PluginCatalogue::ofThisUser().preferring({id});
    const PluginRecord *record = catalogue.find(id);
    if (!record || record->engineLibrary != library) return nn::checkEngineLibrary(id, library);
    return nn::tryEnginePlugin(*record, *catalogue.fieldTable(), pointsOfTheWorker());
}

Result<void> tryInOwnProcess(const std::string &id, const std::filesystem::path &library, PluginTrial trial)
{
    Trial process;
    process.arguments = {"orrery-worker", "check-plugin", id, library.string(), "--json"};
    if (trial == PluginTrial::Registering) process.arguments.push_back("--register");
    process.seconds = trial == PluginTrial::Loading ? kLoadSeconds : kListedSeconds;
    ORRERY_ASSIGN(const TrialEnd end, runTrial(process));
    if (!end.isInTime)
        return refusal(id, "its library did not load within " + formatDuration(process.seconds) + ".");
    if (end.exitCode == kExitOk) return {};
    if (auto told = errorLine(end.said)) return std::move(*told);
    return refusal(id, "loading its library ended " + end.how + ".");
}

Result<void> checkWorkerPlugins(const RunSpec &spec)
{
    if (spec.plugins.use.empty()) return {};
    const PluginCatalogue catalogue = pluginsFor(spec);
    const FieldTable::Ptr table = catalogue.fieldTable();
    ORRERY_TRY(checkPluginUse(spec, *table));
    for (const std::string &id : pluginsUsedBy(spec, *table)) {
        const PluginRecord *record = catalogue.find(id);
        if (!record || record->engineLibrary.empty() || goodLibraries().contains(record->engineLibrary))
            continue;
        ORRERY_TRY(tryInOwnProcess(id, record->engineLibrary));
        goodLibraries().insert(record->engineLibrary);
    }
    return {};
}

Result<void> loadWorkerPlugins(const RunSpec &spec)
{
    ORRERY_TRY(checkWorkerPlugins(spec));
    return enginePlugins().load(pluginsFor(spec), spec);
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
