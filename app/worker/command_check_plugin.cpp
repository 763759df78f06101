// SPDX-License-Identifier: Apache-2.0
// check-plugin ID LIBRARY: one library, in this process. check-plugin [ID]: installed plugins, each library in a
// process of its own. With --register --rows as a list asks.
#include "app/worker/commands.h"
#include "app/worker/process_setup.h"
#include "app/worker/worker_plugins.h"
#include "core/base/exit_code.h"
#include "core/base/text.h"
#include "core/plugin/plugin_catalogue.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace orrery::worker {

namespace {

struct CheckedPlugin {
    std::string id;
    std::string library;
    bool isJson = false;
    bool registers = false; ///< also what it registers
    bool isForList = false; ///< exits with 0, whatever it found
    [[nodiscard]] PluginTrial trial() const { return registers ? PluginTrial::Registering : PluginTrial::Loading; }
};

Error unknownPlugin(const std::string &id, const PluginCatalogue &catalogue)
{
    std::vector<std::string> ids;
    for (const PluginRecord &record : catalogue.records()) ids.push_back(record.info.id);
    const std::string near = nearestName(id, ids);
    return Error{ErrorCode::NotFound, "Cannot check plugin \"" + sanitizeUtf8(id) + "\": there is none of that name.",
                 near.empty() ? "See what there is: orrery-engine plugins list." : "Did you mean \"" + near + "\"?"};
}

/// With those refused whose libraries fall over; who may then have a name of theirs is tried as well.
/// @param id of the only one to try; empty: all
PluginCatalogue tried(const PluginCatalogue &scanned, const std::string &id, PluginTrial trial)
{
    PluginCatalogue catalogue = scanned;
    std::set<std::string> good;
    std::map<std::string, Error> reasons;
    for (bool isNew = true; isNew;) {
        isNew = false;
        for (const PluginRecord &record : catalogue.records()) {
            const std::string &own = record.info.id;
            if (!record.info.isUsable() || record.engineLibrary.empty() || good.contains(own)) continue;
            if (!id.empty() && own != id) continue;
            const auto fits = tryInOwnProcess(own, record.engineLibrary, trial);
            if (fits)
                good.insert(own);
            else
                reasons.emplace(own, fits.error());
            isNew = isNew || !fits;
        }
        if (isNew) catalogue = scanned.refusing(reasons);
    }
    return catalogue;
}

/// Whether nothing but a name that another plugin has stands in its way: then it depends on that one, too.
bool waitsForName(const PluginCatalogue &catalogue, const std::string &id)
{
    return !catalogue.find(id)->info.isUsable() && catalogue.preferring({id}).find(id)->info.isUsable();
}

void show(const PluginRecord &record, bool isJson)
{
    const PluginInfo &info = record.info;
    const char *good = record.engineLibrary.empty() ? "window half alone: the window loads it" : "its library loads";
    if (isJson) {
        const nlohmann::ordered_json json{{"id", info.id},
                                          {"version", info.version},
                                          {"state", pluginStateName(info.state)},
                                          {"reason", info.reason},
                                          {"hint", info.hint}};
        printLine(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
        return;
    }
    std::printf("%-24s %-9s %-10s %s\n", sanitizeUtf8(info.id).c_str(),
                info.version.empty() ? "-" : info.version.c_str(), pluginStateName(info.state),
                info.isUsable() ? good : sanitizeUtf8(info.reason + (info.hint.empty() ? "" : " " + info.hint)).c_str());
    std::fflush(stdout);
}

/// @return whether all of them can be used
Result<bool> checkInstalled(const CheckedPlugin &asked)
{
    const PluginCatalogue scanned = PluginCatalogue::ofThisUser();
    if (!asked.id.empty() && !scanned.find(asked.id)) return unknownPlugin(asked.id, scanned);
    const bool isAlone = !asked.id.empty() && !waitsForName(scanned, asked.id);
    const PluginCatalogue catalogue = tried(scanned, isAlone ? asked.id : "", asked.trial());
    bool areGood = true;
    for (const PluginRecord &record : catalogue.records()) {
        if (!asked.id.empty() && record.info.id != asked.id) continue;
        // Another one of an id that was found before is of no matter: the first one counts.
        const bool counts = catalogue.find(record.info.id) == &record;
        areGood = areGood && (record.info.isUsable() || !counts);
        show(record, asked.isJson);
    }
    return areGood;
}

} // namespace

CommandBody declareCheckPlugin(CLI::App &command)
{
    auto options = std::make_shared<CheckedPlugin>();
    auto *id = command.add_option("id", options->id, "Id of the plugin; without one, all that are installed");
    command.add_option("library", options->library, "Its engine library; without one, that of the installed plugin")
        ->needs(id);
    command.add_flag("--register", options->registers,
                     "Also see what it registers with the defaults of its settings");
    command.add_flag("--rows", options->isForList, "Exit with 0, whatever the rows say");
    command.add_flag("--json", options->isJson, "Rows and errors as JSON");
    return [options] {
        const OutputForm form = options->isJson ? OutputForm::Json : OutputForm::Text;
        if (options->library.empty()) {
            const auto areGood = checkInstalled(*options);
            if (!areGood) return reportError(areGood.error(), form);
            return *areGood || options->isForList ? kExitOk : kExitInput;
        }
        const auto fits = tryInThisProcess(options->id, options->library, options->trial());
        if (!fits) return reportError(fits.error(), form);
        if (!options->isJson) std::printf("The library fits.\n");
        return kExitOk;
    };
}

} // namespace orrery::worker
