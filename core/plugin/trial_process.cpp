// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/trial_process.h"

#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orrery {

namespace {

constexpr size_t kMaxSaid = size_t{64} << 10;
constexpr size_t kMaxShown = 300;
constexpr double kLookSeconds = 0.05; ///< how soon a cancelled trial ends
constexpr double kEndSeconds = 0.005; ///< between what it says last and its end

/// Waits until the child has ended, and takes what it says meanwhile: neither an output that it closes nor
/// one that a child of its own keeps open says anything of it. @return its status; none: its time is up, or
/// nobody waits any more
std::optional<int> watch(pid_t child, int fd, const Trial &trial, std::string &said)
{
    const double limit = monotonicSeconds() + trial.seconds;
    bool isOpen = true;
    const auto take = [&](double seconds) {
        pollfd entry{isOpen ? fd : -1, POLLIN, 0}; // of -1 it only waits
        if (::poll(&entry, 1, static_cast<int>(seconds * 1000)) <= 0) return false;
        std::array<char, 4096> buffer{};
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) return true;
        isOpen = got > 0;
        if (got > 0 && said.size() < kMaxSaid) said.append(buffer.data(), static_cast<size_t>(got));
        return isOpen;
    };
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(child, &status, WNOHANG);
        if (ended == child) {
            while (said.size() < kMaxSaid && take(0)) { // what is still in the pipe
            }
            return status;
        }
        const double left = limit - monotonicSeconds();
        if (left <= 0 || (trial.isCancelled && trial.isCancelled())) return std::nullopt;
        (void)take(std::min(left, isOpen ? kLookSeconds : kEndSeconds));
    }
}

/// @param output of the child, both of its streams  @error Io
Result<pid_t> start(const Trial &trial, int output)
{
    std::vector<std::string> arguments = trial.arguments;
    std::vector<char *> pointers;
    for (std::string &argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    pid_t child = 0;
    const int failed =
        ::posix_spawn(&child, trial.program.c_str(), &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return ioError("start a trial with", trial.program, failed);
    return child;
}

} // namespace

Result<TrialEnd> runTrial(const Trial &trial)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return ioError("make a pipe for a trial with", trial.program, errno);
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    ORRERY_ASSIGN(const pid_t child, start(trial, writing.get()));
    writing = FileDescriptor();
    TrialEnd end;
    const std::optional<int> ended = watch(child, reading.get(), trial, end.said);
    end.isInTime = ended.has_value();
    int status = ended.value_or(0);
    if (!ended) {
        ::kill(child, SIGKILL);
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    if (end.isInTime && WIFEXITED(status)) end.exitCode = WEXITSTATUS(status);
    end.how = WIFSIGNALED(status)
                  ? std::string("a process with signal SIG") + ::sigabbrev_np(WTERMSIG(status))
                  : "a process with status " + std::to_string(WEXITSTATUS(status));
    std::string last = sanitizeUtf8(end.said.substr(0, kMaxShown));
    std::replace(last.begin(), last.end(), '\n', ' ');
    if (!last.empty()) end.how += " (" + last + ")";
    return end;
}

} // namespace orrery
