// SPDX-License-Identifier: Apache-2.0
// schema: what other programs want to know of this one, from the tables that it is made of.
#include "app/engine/commands/command.h"

#include "core/spec/field_table.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace orrery::cli {

namespace {

using Json = nlohmann::ordered_json;

Json optionJson(const CLI::Option &option)
{
    const bool isFlag = option.get_items_expected_max() == 0;
    Json json = {{"names", option.get_positional() ? option.get_name(true) : option.get_name(false, true)},
                 {"value", isFlag || option.get_positional() ? std::string() : option.get_type_name()},
                 {"help", option.get_description()},
                 {"required", option.get_required()}};
    if (!option.get_default_str().empty()) json["default"] = option.get_default_str();
    if (!option.get_envname().empty()) json["variable"] = option.get_envname();
    return json;
}

/// What --help tells, of a command and of all below it.
Json commandJson(const CLI::App &command)
{
    Json json = {{"name", command.get_name()}, {"help", command.get_description()}, {"arguments", Json::array()}, {"options", Json::array()}, {"commands", Json::array()}};
    for (const CLI::Option *option : command.get_options([](const CLI::Option *one) { return !one->get_group().empty(); })) {
        if (option == command.get_help_ptr()) continue;
        json[option->get_positional() ? "arguments" : "options"].push_back(optionJson(*option));
    }
    for (const CLI::App *below : command.get_subcommands([](const CLI::App *) { return true; })) json["commands"].push_back(commandJson(*below));
    return json;
}

} // namespace

void addSchema(CLI::App &app, Session &session)
{
    auto *command = app.add_subcommand("schema", "What other programs want to know: the files that Orrery reads, and its commands");
    auto *spec = command->add_subcommand("spec", "JSON Schema of a run's spec, made from the table of settings");
    command->require_subcommand(1);
    addPluginFolders(spec);
    finish(spec, session, [] {
        std::printf("%s\n", specJsonSchema(*scanPlugins().fieldTable()).c_str());
        return kExitOk;
    });
    auto *commands = command->add_subcommand("commands", "All commands with their options, as JSON: for completions and the manual page");
    finish(commands, session, [&app] {
        Json json = commandJson(app);
        json["name"] = "orrery-engine";
        json["version"] = ORRERY_VERSION;
        json["footer"] = app.get_footer();
        std::printf("%s\n", json.dump().c_str());
        return kExitOk;
    });
}

} // namespace orrery::cli
