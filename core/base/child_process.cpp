// SPDX-License-Identifier: Apache-2.0
#include "core/base/child_process.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace orrery {

namespace {

std::vector<char *> pointersTo(const std::vector<std::string> &texts)
{
    std::vector<char *> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string &text : texts) pointers.push_back(const_cast<char *>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

/// Everything the child needs, made before fork(): between fork and exec only async-signal-safe calls are
/// allowed.
struct ChildPlan {
    const char *program;
    char *const *arguments;
    char *const *environment;
    int input;
    int output;
    int errorPipe;
    bool forksAgain;
};

[[noreturn]] void runChild(const ChildPlan &plan)
{
    ::setsid();
    if (plan.forksAgain) {
        const pid_t again = ::fork();
        if (again > 0) ::_exit(0);
        if (again < 0) {
            const int problem = errno;
            [[maybe_unused]] const ssize_t written = ::write(plan.errorPipe, &problem, sizeof(problem));
            ::_exit(127);
        }
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(plan.input, 0);
    ::dup2(plan.output, 1);
    ::dup2(plan.output, 2);
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execve(plan.program, plan.arguments, plan.environment);
    const int problem = errno;
    [[maybe_unused]] const ssize_t written = ::write(plan.errorPipe, &problem, sizeof(problem));
    ::_exit(127);
}

/// A descriptor above 2, so that dup2 to 0 … 2 never overwrites it, even when a parent started us without
/// them.
FileDescriptor aboveStandard(int descriptor)
{
    if (descriptor < 0 || descriptor > 2) return FileDescriptor(descriptor);
    const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    ::close(descriptor);
    return FileDescriptor(moved);
}

} // namespace

std::vector<std::string> currentEnvironment()
{
    std::vector<std::string> variables;
    for (char **variable = environ; variable && *variable; ++variable) variables.emplace_back(*variable);
    return variables;
}

Result<StartedChild> startInNewSession(const ChildOptions &options)
{
    const std::string program = options.program.string();
    std::vector<std::string> argumentTexts = {program};
    argumentTexts.insert(argumentTexts.end(), options.arguments.begin(), options.arguments.end());
    const std::vector<std::string> environmentTexts =
        options.environment.empty() ? currentEnvironment() : options.environment;
    const std::vector<char *> arguments = pointersTo(argumentTexts);
    const std::vector<char *> environment = pointersTo(environmentTexts);

    const FileDescriptor input = aboveStandard(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const std::string outputPath = options.outputFile.empty() ? "/dev/null" : options.outputFile.string();
    const int outputFlags =
        O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (options.outputFile.empty() ? 0 : O_TRUNC);
    const FileDescriptor output = aboveStandard(::open(outputPath.c_str(), outputFlags, 0600));
    if (!input.isOpen() || !output.isOpen())
        return ioError("write the output of a program to", outputPath, errno);
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return ioError("start", options.program, errno);
    const FileDescriptor readEnd = aboveStandard(ends[0]);
    FileDescriptor writeEnd = aboveStandard(ends[1]);

    const ChildPlan plan{program.c_str(),
                         arguments.data(),
                         environment.data(),
                         input.get(),
                         output.get(),
                         writeEnd.get(),
                         options.parent == ChildParent::Init};
    const pid_t pid = ::fork();
    if (pid < 0) return ioError("start", options.program, errno);
    if (pid == 0) runChild(plan);

    writeEnd = FileDescriptor();
    int problem = 0;
    ssize_t got = 0;
    do got = ::read(readEnd.get(), &problem, sizeof(problem));
    while (got < 0 && errno == EINTR);
    const bool failed = got == static_cast<ssize_t>(sizeof(problem));
    if (failed || options.parent == ChildParent::Init)
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    if (failed && problem == ENOENT)
        return Error{ErrorCode::NotFound, "Cannot start \"" + program + "\": there is no such program.",
                     "Build or install it, then try again."};
    if (failed) return ioError("start", options.program, problem);

    StartedChild child;
    if (options.parent == ChildParent::Us) {
        child.pid = pid;
        // Not yet reaped, so the number cannot belong to anybody else.
        child.pidfd = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    }
    return child;
}

} // namespace orrery
