// SPDX-License-Identifier: Apache-2.0
#include "app/worker/worker_plugins.h"

#include "core/base/exit_code.h"
#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/infer/sampler_point.h"
#include "core/nn/plugin_loader.h"
#include "core/plugin/plugin_catalogue.h"
#include "core/spec/plugin_use.h"
#include "core/train/training_points.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace orrery::worker {

namespace {

constexpr double kLoadSeconds = 60;
constexpr double kListedSeconds = 20; ///< somebody waits for a list
constexpr size_t kMaxSaid = size_t{64} << 10;

std::vector<nn::PointOpener> pointsOfTheWorker()
{
    std::vector<nn::PointOpener> points = trainingPoints();
    for (nn::PointOpener &point : samplerPoints()) points.push_back(std::move(point));
    return points;
}

/// Never destroyed: the process ends without static destruction, and libraries stay loaded anyway.
nn::EnginePlugins &enginePlugins()
{
    static auto *plugins = new nn::EnginePlugins(pointsOfTheWorker());
    return *plugins;
}

Error refusal(const std::string &id, const std::string &reason)
{
    return Error{ErrorCode::InvalidInput, "Cannot use plugin \"" + id + "\": " + reason,
                 "Ask the plugin's author, or run without it."};
}

/// What the child says until it ends or its time is up; false: it was too slow.
bool readUntilEnd(int fd, double seconds, std::string &text)
{
    const double limit = monotonicSeconds() + seconds;
    for (;;) {
        pollfd entry{fd, POLLIN, 0};
        const double left = limit - monotonicSeconds();
        if (left <= 0) return false;
        if (::poll(&entry, 1, static_cast<int>(left * 1000) + 1) <= 0) continue;
        std::array<char, 4096> buffer{};
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return true;
        if (text.size() < kMaxSaid) text.append(buffer.data(), static_cast<size_t>(got));
    }
}

/// The last line of a worker that is an error; what a plugin prints may stand around it.
std::optional<Error> errorLine(const std::string &said)
{
    std::optional<Error> found;
    std::istringstream lines(said);
    for (std::string line; std::getline(lines, line);) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (!json.is_object()) continue;
        const auto text = [&](const char *key) {
            const auto value = json.find(key);
            return value != json.end() && value->is_string() ? value->get<std::string>() : std::string();
        };
        if (text("event") == "error" && !text("message").empty())
            found = Error{ErrorCode::InvalidInput, text("message"), text("hint")};
    }
    return found;
}

} // namespace

Result<void> tryInThisProcess(const std::string &id, const std::filesystem::path &library, PluginTrial trial)
{
    // Who waits for it may be gone by then.
    ::alarm(static_cast<unsigned>(kLoadSeconds) + 5);
    if (trial == PluginTrial::Loading) return nn::checkEngineLibrary(id, library);
    const PluginCatalogue catalogue = PluginCatalogue::ofThisUser();
    const PluginRecord *record = catalogue.find(id);
    if (!record || record->engineLibrary != library) return nn::checkEngineLibrary(id, library);
    return nn::tryEnginePlugin(*record, *catalogue.fieldTable(), pointsOfTheWorker());
}

Result<void> tryInOwnProcess(const std::string &id, const std::filesystem::path &library, PluginTrial trial)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return ioError("make a pipe for", library, errno);
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDERR_FILENO);
    const std::string path = library.string();
    std::array<const char *, 7> arguments = {"orrery-worker", "check-plugin", id.c_str(), path.c_str(),
                                             "--json",        nullptr,        nullptr};
    if (trial == PluginTrial::Registering) arguments[5] = "--register";
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr,
                                     const_cast<char **>(arguments.data()), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return ioError("start a worker for", library, failed);
    writing = FileDescriptor();
    std::string said;
    const double seconds = trial == PluginTrial::Loading ? kLoadSeconds : kListedSeconds;
    const bool isInTime = readUntilEnd(reading.get(), seconds, said);
    if (!isInTime) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!isInTime)
        return refusal(id, "its library did not load within " + formatDuration(seconds) + ".");
    if (WIFEXITED(status) && WEXITSTATUS(status) == kExitOk) return {};
    if (auto told = errorLine(said)) return std::move(*told);
    const std::string how = WIFSIGNALED(status) ? std::string("signal SIG") + ::sigabbrev_np(WTERMSIG(status))
                                                : "status " + std::to_string(WEXITSTATUS(status));
    std::string last = sanitizeUtf8(said.substr(0, 300));
    std::replace(last.begin(), last.end(), '\n', ' ');
    return refusal(id, "loading its library ended a process with " + how +
                           (last.empty() ? "" : " (" + last + ")") + ".");
}

Result<void> checkWorkerPlugins(const RunSpec &spec)
{
    if (spec.plugins.use.empty()) return {};
    const PluginCatalogue catalogue = PluginCatalogue::ofThisUser();
    const FieldTable::Ptr table = catalogue.fieldTable();
    ORRERY_TRY(checkPluginUse(spec, *table));
    for (const std::string &id : pluginsUsedBy(spec, *table)) {
        const PluginRecord *record = catalogue.find(id);
        if (record && !record->engineLibrary.empty()) ORRERY_TRY(tryInOwnProcess(id, record->engineLibrary));
    }
    return {};
}

Result<void> loadWorkerPlugins(const RunSpec &spec)
{
    return enginePlugins().load(PluginCatalogue::ofThisUser(), spec);
}

std::string workerPluginsText()
{
    std::vector<std::string> texts;
    for (const nn::LoadedPlugin &plugin : enginePlugins().loaded()) {
        std::string text = plugin.id + " " + plugin.version;
        if (!plugin.frozenVersion.empty() && plugin.frozenVersion != plugin.version)
            text += " (the run was made with " + plugin.frozenVersion + ")";
        texts.push_back(std::move(text));
    }
    return "Plugins: " + joinText(texts, ", ");
}

void stopWorkerPlugins() { enginePlugins().stop(); }

} // namespace orrery::worker
