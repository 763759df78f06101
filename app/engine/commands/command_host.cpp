// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/command.h"
#include "app/engine/host/host.h"

#include "core/base/platform.h"

#include <cstdio>

namespace orrery::cli {

void addHost(CLI::App &app, Session &session)
{
    static HostOptions options;
    static bool isBackground = false;
    auto *command = app.add_subcommand("host", "Serve this user's runs and models to windows and clients");
    command->add_option("--socket", options.socketPath, "Unix socket (default: in the user's runtime folder)");
    command->add_option("--idle-exit", options.idleExitSeconds, "End after this many idle seconds; 0: never")->capture_default_str();
    command->add_flag("--background", isBackground, "Started by a window: say nothing on the terminal");
    addPluginFolders(command);
    finish(command, session, [&session] {
        options.home = userDataDir();
        if (!isBackground && !session.json) std::fprintf(stderr, "serving %s\n", options.home.c_str());
        if (auto served = runHost(options); !served) return fail(session, served.error());
        return kExitOk;
    });
}

} // namespace orrery::cli
