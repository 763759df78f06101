// SPDX-License-Identifier: Apache-2.0
// The program's own log: JSON lines {"time","level","thread","text"} into a file that is kept small (two
// files of 8 MiB). Before initLog, warnings and errors go to stderr as plain text. Process wide; any thread.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string_view>

namespace orrery {

enum class LogLevel : uint8_t { Debug, Info, Warning, Error };

/// Opens (appends to) the file and drops lines below level. A second call moves the log. @error Io
Result<void> initLog(const std::filesystem::path &path, LogLevel level = LogLevel::Info);
/// Where lines go; empty before initLog.
std::filesystem::path logPath();

void logDebug(std::string_view text);
void logInfo(std::string_view text);
void logWarning(std::string_view text);
void logError(std::string_view text);
void flushLog();

/// Text as the inside of a JSON string: quotes, backslashes and controls escaped, broken UTF-8 replaced.
std::string escapeJson(std::string_view text);

} // namespace orrery
