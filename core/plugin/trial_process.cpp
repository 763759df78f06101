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
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orrery {

namespace {

constexpr size_t kMaxSaid = size_t{64} << 10;
constexpr size_t kMaxShown = 300;
constexpr double kLookSeconds = 0.1; ///< how soon a cancelled trial ends

/// What the child says until it ends; false: its time is up, or nobody waits for it any more.
bool readUntilEnd(int fd, const Trial &trial, std::string &text)
{
    const double limit = monotonicSeconds() + trial.seconds;
    for (;;) {
        const double left = limit - monotonicSeconds();
        if (left <= 0 || (trial.isCancelled && trial.isCancelled())) return false;
        pollfd entry{fd, POLLIN, 0};
        const double wait = trial.isCancelled ? std::min(left, kLookSeconds) : left;
        if (::poll(&entry, 1, static_cast<int>(wait * 1000) + 1) <= 0) continue;
        std::array<char, 4096> buffer{};
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return true;
        if (text.size() < kMaxSaid) text.append(buffer.data(), static_cast<size_t>(got));
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
    end.isInTime = readUntilEnd(reading.get(), trial, end.said);
    if (!end.isInTime) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
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
