// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/command.h"

#include "core/spec/field_table.h"

#include <cstdio>

namespace orrery::cli {

void addSchema(CLI::App &app, Session &session)
{
    auto *command = app.add_subcommand("schema", "JSON Schema of the files Orrery reads");
    auto *spec = command->add_subcommand("spec", "Schema of a run's spec, made from the table of settings");
    command->require_subcommand(1);
    addPluginFolders(spec);
    finish(spec, session, [] {
        std::printf("%s\n", specJsonSchema(*scanPlugins().fieldTable()).c_str());
        return kExitOk;
    });
}

} // namespace orrery::cli
