// SPDX-License-Identifier: Apache-2.0
// orrery-engine: the command line and the host. No LibTorch here: it starts in milliseconds and execs orrery-worker.
#include "app/engine/commands/command.h"
#include "app/engine/commands/remote_host.h"
#include "app/worker/option_checks.h"

#include "core/base/platform.h"

#include <csignal>
#include <cstdio>

int main(int argc, char **argv)
{
    using namespace orrery;
    std::signal(SIGPIPE, SIG_IGN);

#ifdef ORRERY_HAS_RPC
    cli::tokenOfEnvironment(); // before any program is started from here
#endif
    CLI::App app{"Orrery trains language models and shows what happens inside while they learn."};
    app.set_version_flag("--version", "orrery-engine " ORRERY_VERSION);
    app.require_subcommand(1);
    app.footer("Exit codes: 0 ok, 2 usage, 3 input, 4 failed, 5 cancelled. Each command has --help.");

    cli::Session session{userDataDir()};
    cli::addTrain(app, session);
    cli::addRuns(app, session);
#ifdef ORRERY_HAS_RPC
    cli::addControl(app, session);
    cli::addWatch(app, session);
#endif
    cli::addModel(app, session);
    cli::addInspect(app, session);
    cli::addMemory(app, session);
    cli::addData(app, session);
    cli::addBench(app, session);
    cli::addPlugins(app, session);
    cli::addDoctor(app, session);
    cli::addSchema(app, session);
#ifdef ORRERY_HAS_RPC
    cli::addHost(app, session);
    cli::addConnections(app, session);
#endif

    worker::refuseWhatDoesNotFit(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) {
        return app.exit(success);
    } catch (const CLI::ParseError &error) {
        app.exit(error);
        return kExitUsage;
    }
    return session.action ? session.action() : kExitUsage;
}
