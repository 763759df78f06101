// SPDX-License-Identifier: Apache-2.0
#include "core/base/log.h"

#include "core/base/text.h"

#include <cstdio>
#include <mutex>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>

namespace orrery {

namespace {

constexpr size_t kMaxFileBytes = 8u << 20;

std::mutex logMutex;
std::shared_ptr<spdlog::logger> logger;
std::filesystem::path currentPath;

spdlog::level::level_enum spdlogLevel(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return spdlog::level::debug;
    case LogLevel::Info:
        return spdlog::level::info;
    case LogLevel::Warning:
        return spdlog::level::warn;
    case LogLevel::Error:
        return spdlog::level::err;
    }
    return spdlog::level::info;
}

void writeLine(LogLevel level, std::string_view text)
{
    std::shared_ptr<spdlog::logger> target;
    {
        std::lock_guard lock(logMutex);
        target = logger;
    }
    if (target) {
        target->log(spdlogLevel(level), "{}", escapeJson(text));
    } else if (level >= LogLevel::Warning) {
        std::fprintf(stderr, "%s: %.*s\n", level == LogLevel::Error ? "error" : "warning",
                     static_cast<int>(text.size()), text.data());
    }
}

} // namespace

std::string escapeJson(std::string_view text)
{
    std::string out;
    for (const char c : sanitizeUtf8(text)) {
        switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            if (static_cast<unsigned char>(c) < 0x20) {
                char code[8];
                std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
                out += code;
            } else {
                out += c;
            }
        }
    }
    return out;
}

Result<void> initLog(const std::filesystem::path &path, LogLevel level)
{
    try {
        auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path.string(), kMaxFileBytes, 1);
        auto fresh = std::make_shared<spdlog::logger>("orrery", std::move(sink));
        fresh->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","thread":%t,"text":"%v"})");
        fresh->set_level(spdlogLevel(level));
        fresh->flush_on(spdlog::level::warn);
        // A full disk must not make every log call print: one line on stderr per problem is spdlog's own
        // limit.
        std::lock_guard lock(logMutex);
        logger = std::move(fresh);
        currentPath = path;
        return {};
    } catch (const spdlog::spdlog_ex &problem) {
        return Error{ErrorCode::Io, "Cannot open log \"" + path.string() + "\": " + problem.what() + ".",
                     "Check that its folder exists and can be written."};
    }
}

std::filesystem::path logPath()
{
    std::lock_guard lock(logMutex);
    return currentPath;
}

void logDebug(std::string_view text) { writeLine(LogLevel::Debug, text); }
void logInfo(std::string_view text) { writeLine(LogLevel::Info, text); }
void logWarning(std::string_view text) { writeLine(LogLevel::Warning, text); }
void logError(std::string_view text) { writeLine(LogLevel::Error, text); }

void flushLog()
{
    std::lock_guard lock(logMutex);
    if (logger) logger->flush();
}

} // namespace orrery
