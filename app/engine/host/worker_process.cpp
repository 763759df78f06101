// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/worker_process.h"

#include "core/base/child_process.h"
#include "core/base/exit_code.h"
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/store/failure_note.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace orrery {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr const char *kWorkerName = "orrery-worker";
constexpr const char *kOutputFile = "worker.log";      ///< in the run's folder
constexpr const char *kTextPrefix = "orrery-worker: "; ///< of an error line on stderr
/// A worker that owns its run is up; it may tokenize for minutes before it listens, and its status says so.
constexpr auto kOwnedIsEnough = std::chrono::seconds(4);

bool isProgram(const std::filesystem::path &path)
{
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

void setVariable(std::vector<std::string> &environment, const std::string &name, const std::string &value,
                 bool replace)
{
    const auto it = std::find_if(environment.begin(), environment.end(), [&](const std::string &variable) {
        return variable.starts_with(name + "=");
    });
    if (it == environment.end())
        environment.push_back(name + "=" + value);
    else if (replace)
        *it = name + "=" + value;
}

bool hasVariable(const char *name)
{
    const char *value = std::getenv(name);
    return value && *value;
}

/// The end of a file, from a whole line on.
std::string tailOf(const std::filesystem::path &file, off_t maxBytes)
{
    const FileDescriptor input(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!input.isOpen() || ::fstat(input.get(), &info) != 0) return {};
    const off_t begin = std::max<off_t>(0, info.st_size - maxBytes);
    std::string text(static_cast<size_t>(info.st_size - begin), '\0');
    const ssize_t got = ::pread(input.get(), text.data(), text.size(), begin);
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    if (begin > 0) text.erase(0, std::min(text.size(), text.find('\n') + 1));
    return text;
}

std::vector<std::string> linesOf(const std::string &text)
{
    std::vector<std::string> lines;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        if (end > begin) lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

ErrorCode errorCodeFromName(const std::string &name)
{
    for (int code = 0; code <= static_cast<int>(ErrorCode::NonFinite); ++code)
        if (name == errorCodeName(static_cast<ErrorCode>(code))) return static_cast<ErrorCode>(code);
    return ErrorCode::Unknown;
}

std::optional<Error> errorFromJsonLine(const std::string &line)
{
    if (line.front() != '{') return std::nullopt;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    const auto inner = json.find("error");
    const nlohmann::json &object = inner != json.end() && inner->is_object() ? *inner : json;
    const auto text = [&](const char *key) {
        const auto it = object.find(key);
        return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    if (&object == &json && text("event") != "error") return std::nullopt;
    if (text("message").empty()) return std::nullopt;
    return Error{errorCodeFromName(text("code")), text("message"), text("hint")};
}

ErrorCode errorCodeForExit(int exit)
{
    switch (exit) {
    case kExitUsage:
        return ErrorCode::Internal; // we wrote its command line
    case kExitInput:
        return ErrorCode::InvalidInput;
    case kExitCancelled:
        return ErrorCode::Cancelled;
    default:
        return ErrorCode::Unavailable;
    }
}

/// Children whose objects are gone: still ours to reap.
struct Forgotten {
    std::mutex mutex;
    std::vector<pid_t> pids;
};

Forgotten &forgottenChildren()
{
    static Forgotten forgotten;
    return forgotten;
}

std::string howItEnded(int exit)
{
    if (exit >= 0) return "ended with status " + std::to_string(exit);
    const char *name = ::sigabbrev_np(-exit);
    return std::string("was ended by signal SIG") + (name ? name : std::to_string(-exit).c_str());
}

} // namespace

Result<std::filesystem::path> findWorkerProgram()
{
    if (hasVariable("ORRERY_WORKER")) {
        const std::filesystem::path named = std::getenv("ORRERY_WORKER");
        if (isProgram(named)) return named;
        return Error{ErrorCode::NotFound,
                     "Cannot start the worker: ORRERY_WORKER is \"" + named.string() +
                         "\", expected a program.",
                     "Correct or unset ORRERY_WORKER."};
    }
    const std::filesystem::path folder = programDir();
    const std::filesystem::path candidates[] = {folder / kWorkerName,
                                                folder / "../libexec/orrery" / kWorkerName,
                                                folder / "../libexec" / kWorkerName};
    std::vector<std::string> tried;
    for (const std::filesystem::path &candidate : candidates) {
        if (isProgram(candidate)) return candidate.lexically_normal();
        tried.push_back(candidate.lexically_normal().string());
    }
    return Error{ErrorCode::NotFound,
                 "Cannot start the worker: no program \"" + joinText(tried, "\", \"") +
                     "\", expected one of them.",
                 "Build the worker (it needs LibTorch), or set ORRERY_WORKER to where it is."};
}

std::vector<std::string> workerEnvironment(int64_t threads)
{
    std::vector<std::string> environment = currentEnvironment();
    if (threads > 0) {
        setVariable(environment, "OMP_NUM_THREADS", std::to_string(threads), true);
        setVariable(environment, "MKL_NUM_THREADS", std::to_string(threads), true);
    }
    setVariable(environment, "OMP_DYNAMIC", "FALSE", true); // the number of threads decides the bits
    setVariable(environment, "MKL_DYNAMIC", "FALSE", true);
    if (!hasVariable("OMP_WAIT_POLICY") && !hasVariable("GOMP_SPINCOUNT")) {
        setVariable(environment, "OMP_WAIT_POLICY", "PASSIVE", true);
        // Some microseconds of spinning keep short barriers short; libgomp's default would burn a whole time
        // slice.
        setVariable(environment, "GOMP_SPINCOUNT", "1000", true);
    }
    return environment;
}

WorkerCommand trainCommand(const RunDirectory &run, const TrainLaunch &launch)
{
    WorkerCommand command;
    command.threads = run.frozen().spec.threads;
    command.arguments = {"train", run.path().string()};
    if (launch.steps > 0) {
        command.arguments.emplace_back("--steps");
        command.arguments.push_back(std::to_string(launch.steps));
    }
    if (launch.startPaused) command.arguments.emplace_back("--paused");
    command.arguments.insert(command.arguments.end(), launch.extraArguments.begin(),
                             launch.extraArguments.end());
    return command;
}

Error execWorker(const WorkerCommand &command)
{
    const Result<std::filesystem::path> program = findWorkerProgram();
    if (!program) return program.error();
    std::vector<std::string> argumentTexts = {program->string()};
    argumentTexts.insert(argumentTexts.end(), command.arguments.begin(), command.arguments.end());
    std::vector<std::string> environmentTexts = workerEnvironment(command.threads);
    std::vector<char *> arguments;
    for (std::string &text : argumentTexts) arguments.push_back(text.data());
    arguments.push_back(nullptr);
    std::vector<char *> environment;
    for (std::string &text : environmentTexts) environment.push_back(text.data());
    environment.push_back(nullptr);
    ::execve(program->c_str(), arguments.data(), environment.data());
    return ioError("start", *program, errno);
}

Result<WorkerProcess> WorkerProcess::spawn(const WorkerCommand &command,
                                           const std::filesystem::path &outputFile)
{
    ChildOptions options;
    ORRERY_ASSIGN(options.program, findWorkerProgram());
    options.arguments = command.arguments;
    options.environment = workerEnvironment(command.threads);
    options.outputFile = outputFile;
    ORRERY_ASSIGN(StartedChild child, startInNewSession(options));
    WorkerProcess process;
    process.m_pid = child.pid;
    process.m_pidfd = std::move(child.pidfd);
    return process;
}

WorkerProcess::WorkerProcess(WorkerProcess &&other) noexcept
    : m_pid(std::exchange(other.m_pid, 0)), m_pidfd(std::move(other.m_pidfd)), m_exit(other.m_exit)
{
}

WorkerProcess &WorkerProcess::operator=(WorkerProcess &&other) noexcept
{
    if (this == &other) return *this;
    forget();
    m_pid = std::exchange(other.m_pid, 0);
    m_pidfd = std::move(other.m_pidfd);
    m_exit = other.m_exit;
    return *this;
}

WorkerProcess::~WorkerProcess() { forget(); }

void WorkerProcess::forget()
{
    if (m_pid <= 0 || m_exit) return;
    Forgotten &forgotten = forgottenChildren();
    const std::lock_guard lock(forgotten.mutex);
    forgotten.pids.push_back(static_cast<pid_t>(m_pid));
}

void WorkerProcess::reapForgotten()
{
    Forgotten &forgotten = forgottenChildren();
    const std::lock_guard lock(forgotten.mutex);
    std::erase_if(forgotten.pids, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

std::optional<int> WorkerProcess::wait(Milliseconds timeout)
{
    if (m_exit || m_pid <= 0) return m_exit;
    const auto until = Clock::now() + timeout;
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(static_cast<pid_t>(m_pid), &status, WNOHANG);
        if (ended == m_pid) {
            m_exit = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
            return m_exit;
        }
        if (ended < 0 && errno == ECHILD) { // somebody else reaped it
            m_exit = 0;
            return m_exit;
        }
        const auto left = std::chrono::duration_cast<Milliseconds>(until - Clock::now());
        if (left.count() <= 0) return std::nullopt;
        if (m_pidfd.isOpen()) {
            pollfd entry{m_pidfd.get(), POLLIN, 0};
            ::poll(&entry, 1, static_cast<int>(std::min<int64_t>(left.count(), 1000)));
        } else {
            std::this_thread::sleep_for(std::min(left, Milliseconds(10)));
        }
    }
}

void WorkerProcess::signal(int number) const
{
    if (m_exit || m_pid <= 0) return;
    if (m_pidfd.isOpen())
        ::syscall(SYS_pidfd_send_signal, m_pidfd.get(), number, nullptr, 0);
    else
        ::kill(static_cast<pid_t>(m_pid), number); // not reaped yet, so the number is still its own
}

bool isListening(const std::string &socketPath)
{
    sockaddr_un address{};
    if (socketPath.empty() || socketPath.size() >= sizeof(address.sun_path)) return false;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socketPath.data(), socketPath.size());
    const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe.isOpen()) return false;
    return ::connect(probe.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) == 0 ||
           errno == EAGAIN;
}

Result<WorkerProcess> startTraining(const RunDirectory &run, const TrainLaunch &launch, Milliseconds timeout)
{
    if (run.isOwned()) {
        const std::optional<WorkerInfo> owner = run.liveWorker();
        return Error{ErrorCode::Conflict,
                     "Cannot start run \"" + run.frozen().id + "\": " +
                         (owner ? "worker " + std::to_string(owner->pid) : std::string("another process")) +
                         " owns it, expected nobody.",
                     "Watch it, or stop it first."};
    }
    const std::filesystem::path output = run.path() / kOutputFile;
    ORRERY_ASSIGN(WorkerProcess worker, WorkerProcess::spawn(trainCommand(run, launch), output));
    const auto start = Clock::now();
    std::optional<Clock::time_point> ownedSince;
    while (Clock::now() - start < timeout) {
        if (const std::optional<int> exit = worker.wait(Milliseconds(20))) {
            if (*exit == 0) return worker;
            noteEndOfTraining(run, worker.pid(), *exit);
            return lastWorkerError(output, *exit);
        }
        const std::optional<WorkerInfo> info = run.liveWorker();
        if (!info || info->pid != worker.pid()) continue;
        if (isListening(info->socket)) return worker;
        if (!ownedSince) ownedSince = Clock::now();
        if (Clock::now() - *ownedSince > kOwnedIsEnough) return worker;
    }
    return Error{ErrorCode::Unavailable,
                 "Cannot see run \"" + run.frozen().id + "\" start: its worker " +
                     std::to_string(worker.pid()) + " did not take the run within " +
                     formatDuration(std::chrono::duration<double>(timeout).count()) + ".",
                 "It goes on; look at \"" + output.string() + "\"."};
}

void noteEndOfTraining(const RunDirectory &run, int64_t pid, int exit)
{
    if (exit == 0 || run.status().state != RunState::Crashed) return;
    std::string text;
    if (exit < 0) {
        const char *name = ::sigabbrev_np(-exit);
        text = "The worker was killed by signal " + std::to_string(-exit) +
               (name ? " (SIG" + std::string(name) + ")" : "") +
               (exit == -SIGKILL ? ", perhaps because memory ran out." : ".");
    } else {
        text = lastWorkerError(run.path() / kOutputFile, exit).text();
    }
    const auto noted = noteEndOfWorker(run.path(), pid, {RunState::Crashed, text});
    if (!noted.ok())
        logWarning("Why run " + run.frozen().id + " ended could not be noted: " + noted.error().text());
    logWarning("Run " + run.frozen().id + ": " + text);
}

Error lastWorkerError(const std::filesystem::path &outputFile, int exit)
{
    const std::vector<std::string> lines = linesOf(tailOf(outputFile, 64 << 10));
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        if (std::optional<Error> error = errorFromJsonLine(*line)) return *error;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        if (line->starts_with(kTextPrefix) && exit > 0)
            return {errorCodeForExit(exit), sanitizeUtf8(line->substr(std::strlen(kTextPrefix))), ""};
    Error error{exit == -SIGKILL ? ErrorCode::OutOfMemory : errorCodeForExit(exit),
                "Cannot go on: the worker " + howItEnded(exit) + ", expected 0.", ""};
    if (exit == -SIGKILL)
        error.hint = "The system may have run out of memory: try a smaller batch or model.";
    else if (lines.empty())
        error.hint = "It said nothing; see \"" + outputFile.string() + "\".";
    else
        error.hint = "It said: " + sanitizeUtf8(lines.back().substr(0, 500));
    return error;
}

} // namespace orrery
