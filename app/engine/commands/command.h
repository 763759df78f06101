// SPDX-License-Identifier: Apache-2.0
// What every command of orrery-engine shares: --json, error printing, exit codes, finding runs and models.
// Main thread only.
#pragma once

#include "core/base/exit_code.h"
#include "core/base/result.h"
#include "core/plugin/plugin_catalogue.h"
#include "core/store/catalogue.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace orrery::cli {

/// Set by the chosen subcommand while the options are parsed; run afterwards by main.
struct Session {
    bool json = false;
    std::string host; ///< --host: a connection's name or its address; empty: this machine
    std::function<int()> action;
    Catalogue catalogue;

    explicit Session(std::filesystem::path home) : catalogue(std::move(home)) {}
};

/// Prints to stderr (or as {"event":"error",…} on stdout with --json) and returns the exit code.
int fail(const Session &session, const Error &error);
/// Adds --json and remembers the action.
void finish(CLI::App *command, Session &session, std::function<int()> action);

/// Adds an option that the worker checks, which knows its range: name and value are appended to `passed`.
CLI::Option *passOption(CLI::App *command, const char *name, const char *help,
                        std::vector<std::string> &passed);

/// Adds --plugin-dir: folders that this command, and a worker or host it starts, look for plugins in first.
void addPluginFolders(CLI::App *command);
/// The plugins of this user and of --plugin-dir; what is wrong with a folder as such goes to stderr, once. Commands with
/// --plugin-dir that do not call it tell that, too.
PluginCatalogue scanPlugins();
/// Settings that were given and change nothing (core/spec/idle_settings.h), to stderr.
void tellIdleSettings(const std::vector<FieldProblem> &idle);

/// "RUN", "RUN@step", path or model directory → what the worker understands (absolute path, "@step" kept). A name without a
/// slash that is a run of the catalogue and a folder here is the folder where that is a run or a model, else the run;
/// stderr says which.
Result<std::string> resolveModel(const Session &session, const std::string &text);
/// "30d", "12h", "45m", "10s" → seconds. @param option as it was typed, for the message @error InvalidInput
Result<double> parseTimeSpan(const char *option, const std::string &text);
/// Shell-safe notation of one argument, for "Copy as command" and hints.
std::string runLine(const RunStatus &status);

void addTrain(CLI::App &app, Session &session);   ///< train, resume
void addRuns(CLI::App &app, Session &session);    ///< runs list|show|copy|export|delete
void addModel(CLI::App &app, Session &session);   ///< generate, embed, evaluate
void addInspect(CLI::App &app, Session &session); ///< inspect attention
void addMemory(CLI::App &app, Session &session);  ///< memory list|wipe|pin|unpin|import|export|consolidate
void addData(CLI::App &app, Session &session);    ///< data prepare|describe
void addDetector(CLI::App &data, Session &session); ///< data detector train|measure
void addTokenizer(CLI::App &data, Session &session); ///< data tokenizer train|show
void addBench(CLI::App &app, Session &session);
void addPlugins(CLI::App &app, Session &session); ///< plugins list|show
void addDoctor(CLI::App &app, Session &session);
void addSchema(CLI::App &app, Session &session);
#ifdef ORRERY_HAS_RPC
void addControl(CLI::App &app, Session &session);
void addWatch(CLI::App &app, Session &session);
void addHost(CLI::App &app, Session &session);        ///< host, host token create|list|revoke, host certificate
void addConnections(CLI::App &app, Session &session); ///< connections list|add|remove|test
#endif

} // namespace orrery::cli
