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
#include <memory>
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

/// What is known without loading it; then what its library does.
PluginInfo checked(const PluginRecord &record, PluginTrial trial)
{
    PluginInfo info = record.info;
    if (!info.isUsable() || record.engineLibrary.empty()) return info;
    if (const auto tried = tryInOwnProcess(info.id, record.engineLibrary, trial); !tried) {
        info.state = PluginState::Refused;
        info.reason = tried.error().message;
        info.hint = tried.error().hint;
    }
    return info;
}

void show(const PluginRecord &record, const PluginInfo &info, bool isJson)
{
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
    const PluginCatalogue catalogue = PluginCatalogue::ofThisUser();
    if (!asked.id.empty() && !catalogue.find(asked.id)) return unknownPlugin(asked.id, catalogue);
    bool areGood = true;
    for (const PluginRecord &record : catalogue.records()) {
        if (!asked.id.empty() && record.info.id != asked.id) continue;
        const PluginInfo info = checked(record, asked.trial());
        // Another one of an id that was found before is of no matter: the first one counts.
        const bool counts = catalogue.find(record.info.id) == &record;
        areGood = areGood && (info.isUsable() || !counts);
        show(record, info, asked.isJson);
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
