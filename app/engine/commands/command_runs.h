// SPDX-License-Identifier: Apache-2.0
// The parts of `runs`, which stand in several files. Main thread only.
#pragma once

#include "app/engine/commands/command.h"
#include "core/spec/run_records.h"
#include "core/store/run_directory.h"

#include <nlohmann/json_fwd.hpp>

namespace orrery::cli {

nlohmann::json statusJson(const RunStatus &status);
/// One line on stdout; bytes that are no UTF-8 are replaced.
void printJson(const nlohmann::json &json);
Result<RunDirectory> findRun(const Session &session, const std::string &name);

void addRunsEdit(CLI::App &runs, Session &session);   ///< runs edit|note
void addRunsTrash(CLI::App &runs, Session &session);  ///< runs delete|restore|trash
void addRunsImport(CLI::App &runs, Session &session); ///< runs import
void addBranch(CLI::App &app, Session &session);      ///< branch
/// runs export --tfevents
int exportEvents(const Session &session, const std::string &name, const std::string &directory);

} // namespace orrery::cli
