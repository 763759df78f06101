// SPDX-License-Identifier: Apache-2.0
// The table of the worker's subcommands. A new one is its own file with a declare function, and one line in
// commands.cpp.
#pragma once

#include <functional>
#include <span>

namespace CLI {
class App;
}

namespace orrery::worker {

/// Runs the command after its options were read. @return the exit code (core/base/exit_code.h)
using CommandBody = std::function<int()>;

struct CommandEntry {
    const char *name;
    const char *summary;
    /// Adds the options to `command` and returns what runs when it is chosen.
    CommandBody (*declare)(CLI::App &command);
};

std::span<const CommandEntry> commandTable();

CommandBody declareTrain(CLI::App &command);
CommandBody declareSettings(CLI::App &command);
CommandBody declareBegin(CLI::App &command);
CommandBody declareFits(CLI::App &command);
CommandBody declareGenerate(CLI::App &command);
CommandBody declareEmbed(CLI::App &command);
CommandBody declareEvaluate(CLI::App &command);
CommandBody declareExport(CLI::App &command);
CommandBody declareInspect(CLI::App &command);
CommandBody declareMemory(CLI::App &command);
CommandBody declareTokens(CLI::App &command);
CommandBody declareServe(CLI::App &command);
CommandBody declareBench(CLI::App &command);
CommandBody declareInfo(CLI::App &command);
CommandBody declareCheckPlugin(CLI::App &command);

} // namespace orrery::worker
