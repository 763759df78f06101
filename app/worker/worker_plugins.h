// SPDX-License-Identifier: Apache-2.0
// The plugins of this process: where they are looked for, and those that its one run or model uses. Loaded on
// the thread that owns the model; stopped in main, when no model lives any more.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace orrery::worker {

/// How far a library is tried.
enum class PluginTrial : uint8_t {
    Loading,    ///< before a run, whose own settings come later
    Registering ///< for a list: also what it registers with the settings of its JSON
};
/// Loads an engine library in a process of its own, which a broken one may end.
/// @error InvalidInput "Cannot use plugin "x": …"; Io
Result<void> tryInOwnProcess(const std::string &id, const std::filesystem::path &library,
                             PluginTrial trial = PluginTrial::Loading);
/// The same in this process, whose only purpose that is: it ends by itself when that takes too long.
Result<void> tryInThisProcess(const std::string &id, const std::filesystem::path &library, PluginTrial trial);
/// Whether every plugin that a spec uses is there and fits, by tryInOwnProcess(), each library once in the
/// life of this process. One thread at a time. @error InvalidInput naming plugin and reason
Result<void> checkWorkerPlugins(const RunSpec &spec);
/// checkWorkerPlugins(), then into this process. @error as nn::EnginePlugins::load()
Result<void> loadWorkerPlugins(const RunSpec &spec);
/// "Plugins: example_ffn 1.0.0 (the run was made with 1.0.1)".
std::string workerPluginsText();
void stopWorkerPlugins();

} // namespace orrery::worker
