// SPDX-License-Identifier: Apache-2.0
// plugins list and show: what stands in the JSON of plugins, and which of them fall over when a worker tries them.
#include "app/engine/commands/command.h"
#include "app/engine/commands/remote_host.h"
#include "app/engine/host/plugin_trials.h"
#include "app/engine/host/worker_process.h"

#include "core/base/text.h"
#include "core/spec/field_record.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace orrery::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr auto kTrialWait = std::chrono::minutes(5); ///< a library that hangs is given up by itself, after one

std::string printable(const Json &json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json pluginJson(const PluginInfo &plugin)
{
    Json json = {{"id", plugin.id},
                 {"name", plugin.name},
                 {"version", plugin.version},
                 {"api_version", plugin.apiVersion},
                 {"state", pluginStateName(plugin.state)},
                 {"reason", plugin.reason},
                 {"hint", plugin.hint},
                 {"experimental", plugin.isExperimental},
                 {"engine", plugin.hasEngine},
                 {"ui", plugin.hasUi},
                 {"directory", plugin.directory},
                 {"provides", Json::array()},
                 {"requires", Json::array()}};
    for (const ProvidedPart &part : plugin.provides)
        json["provides"].push_back({{"point", part.point}, {"name", part.name}});
    for (const PluginRequirement &requirement : plugin.requirements)
        json["requires"].push_back({{"id", requirement.id}, {"version", requirement.version}});
    json["settings"] = Json::parse(pluginFieldsToText(plugin.settings))["settings"];
    return json;
}

std::string providedText(const PluginInfo &plugin)
{
    std::vector<std::string> parts;
    for (const ProvidedPart &part : plugin.provides) parts.push_back(part.point + " " + part.name);
    return joinText(parts, ", ");
}

void printLine(const PluginInfo &plugin)
{
    std::printf("%-24s %-9s %-10s %s\n", sanitizeUtf8(plugin.id).c_str(),
                plugin.version.empty() ? "-" : plugin.version.c_str(), pluginStateName(plugin.state),
                (plugin.isUsable() ? providedText(plugin) : sanitizeUtf8(plugin.reason)).c_str());
}

/// Those of this machine, the new ones tried, or those that a host knows.
Result<std::vector<PluginInfo>> pluginsOf(const Session &session)
{
#ifdef ORRERY_HAS_RPC
    if (!session.host.empty()) {
        ORRERY_ASSIGN(const HostConnection remote, connectToRemote(session));
        ORRERY_ASSIGN(PluginListing listing, remote.client.listPlugins());
        for (const Error &problem : listing.problems) std::fprintf(stderr, "warning: %s\n", problem.text().c_str());
        return std::move(listing.plugins);
    }
#endif
    PluginTrials trials(PluginTrials::fileOfThisUser());
    const TriedPlugins tried = trials.tried(scanPlugins(), kTrialWait);
    for (const Error &problem : tried.problems) std::fprintf(stderr, "warning: %s\n", problem.text().c_str());
    return tried.catalogue.infos();
}

int list(const Session &session)
{
    const auto plugins = pluginsOf(session);
    if (!plugins) return fail(session, plugins.error());
    for (const PluginInfo &plugin : *plugins) {
        if (session.json)
            std::printf("%s\n", printable(pluginJson(plugin)).c_str());
        else
            printLine(plugin);
    }
    if (!session.json && plugins->empty() && !session.host.empty())
        std::printf("No plugins on %s.\n", sanitizeUtf8(session.host).c_str());
    else if (!session.json && plugins->empty())
        std::printf(
            "No plugins here. A folder of them can be named: orrery-engine plugins list --plugin-dir DIR\n");
    return kExitOk;
}

void printRow(const char *name, const std::string &value)
{
    if (!value.empty()) std::printf("%-13s %s\n", name, value.c_str());
}

void printPlugin(const PluginInfo &plugin)
{
    std::printf("%s\n", (plugin.name.empty() ? plugin.id : plugin.name).c_str());
    printRow("id", sanitizeUtf8(plugin.id));
    printRow("version", plugin.version + (plugin.isExperimental ? " (experimental)" : ""));
    printRow("interface", plugin.apiVersion == 0 ? "" : std::to_string(plugin.apiVersion));
    printRow("state", pluginStateName(plugin.state));
    printRow("reason", sanitizeUtf8(plugin.reason));
    printRow("next step", sanitizeUtf8(plugin.hint));
    printRow("provides", providedText(plugin));
    std::vector<std::string> required;
    for (const PluginRequirement &requirement : plugin.requirements)
        required.push_back(requirement.id + (requirement.version.empty() ? "" : " " + requirement.version));
    printRow("requires", joinText(required, ", "));
    printRow("halves", plugin.hasEngine ? (plugin.hasUi ? "engine, window" : "engine")
                       : plugin.hasUi   ? "window"
                                        : "");
    printRow("directory", sanitizeUtf8(plugin.directory));
    for (const Field &field : plugin.settings)
        std::printf("setting       %s = %s  (%s)  %s\n", field.key.c_str(),
                    fieldValueText(field.get(RunSpec{})).c_str(), field.rangeText().c_str(),
                    field.effect.c_str());
}

int show(const Session &session, const std::string &id)
{
    const auto plugins = pluginsOf(session);
    if (!plugins) return fail(session, plugins.error());
    const auto found = std::find_if(plugins->begin(), plugins->end(), [&id](const PluginInfo &plugin) { return plugin.id == id; });
    if (found == plugins->end()) {
        std::vector<std::string> ids;
        for (const PluginInfo &other : *plugins) ids.push_back(other.id);
        const std::string near = nearestName(id, ids);
        return fail(session,
                    Error{ErrorCode::NotFound,
                          "Cannot show plugin \"" + sanitizeUtf8(id.substr(0, 80)) +
                              "\": there is none of this id, expected " +
                              (ids.empty() ? "an installed one" : "one of " + joinText(ids, ", ")) + ".",
                          near.empty() ? "Name the folder of plugins with --plugin-dir."
                                       : "Did you mean \"" + near + "\"?"});
    }
    if (session.json)
        std::printf("%s\n", printable(pluginJson(*found)).c_str());
    else
        printPlugin(*found);
    return kExitOk;
}

} // namespace

void addPlugins(CLI::App &app, Session &session)
{
    static std::string id;
    auto *command =
        app.add_subcommand("plugins", "What is installed, what it adds, and why something is not used");
    command->require_subcommand(1);
    auto *listCommand = command->add_subcommand("list", "All plugins with version, state and reason");
    addPluginFolders(listCommand);
    addHostOption(listCommand, session);
    finish(listCommand, session, [&session] { return list(session); });
    auto *check = command->add_subcommand(
        "check", "Try the engine half of one plugin or of all anew, each in a process of its own, and say whether it fits");
    check->add_option("id", id, "As plugins list prints it; without one, all");
    addPluginFolders(check);
    finishHere(
        check, session, "plugins list --host says what that machine found; or run it on that machine.",
        [&session] {
            PluginTrials(PluginTrials::fileOfThisUser()).forget(); // what was mended is not what it was
            WorkerCommand worker{{"check-plugin", "--register"}};
            if (!id.empty()) worker.arguments.push_back(id);
            if (session.json) worker.arguments.emplace_back("--json");
            return fail(session, execWorker(worker));
        });
    auto *showCommand = command->add_subcommand("show", "One plugin with its settings");
    showCommand->add_option("id", id, "As plugins list prints it")->required();
    addPluginFolders(showCommand);
    addHostOption(showCommand, session);
    finish(showCommand, session, [&session] { return show(session, id); });
}

} // namespace orrery::cli
