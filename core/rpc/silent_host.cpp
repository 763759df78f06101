// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/silent_host.h"

#include "core/base/files.h"
#include "core/rpc/unix_server.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orrery {

namespace {

using namespace std::chrono_literals;

constexpr auto kLastQuestion = 2s;
constexpr int kEndWaitMs = 5'000;
constexpr uint64_t kMaxProcText = 4 << 20;

/// Of the folder that the kernel has of a process; empty where it does not tell.
std::string procText(int64_t pid, const char *file)
{
    Result<std::string> text = readFile("/proc/" + std::to_string(pid) + '/' + file, kMaxProcText);
    return text.ok() ? std::move(text).value() : std::string();
}

std::vector<std::string> splitAtNul(const std::string &text)
{
    std::vector<std::string> parts;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find('\0', begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

SilenceReason reasonOf(int64_t pid)
{
    const std::string stat = procText(pid, "stat");
    const size_t name = stat.rfind(") "); // a program's name may hold anything
    if (name == std::string::npos || name + 2 >= stat.size()) return SilenceReason::Unknown;
    switch (stat[name + 2]) {
    case 'T':
    case 't': // by a debugger
        return SilenceReason::Stopped;
    case 'D':
        return SilenceReason::WaitsForDisk;
    default:
        return SilenceReason::Unknown;
    }
}

/// Whether one that is started now has the same arguments, and the same home to serve.
bool runsAsOursWould(int64_t pid, const HostConnectOptions &options)
{
    std::vector<std::string> words = splitAtNul(procText(pid, "cmdline"));
    if (words.empty()) return false;
    words.erase(words.begin()); // the program, which an update may have moved
    if (words != hostArguments(options)) return false;
    const std::vector<std::string> environment = splitAtNul(procText(pid, "environ"));
    if (environment.empty()) return false;
    for (const char *name : {"ORRERY_HOME", "XDG_DATA_HOME", "HOME"}) {
        const std::string begin = std::string(name) + '=';
        const char *ours = std::getenv(name);
        std::string theirs;
        for (const std::string &entry : environment)
            if (entry.starts_with(begin)) theirs = entry.substr(begin.size());
        if (theirs != (ours ? ours : "")) return false;
    }
    return true;
}

Result<std::string> socketOf(const HostConnectOptions &options)
{
    return options.socketPath.empty() ? hostSocketPath() : Result<std::string>(options.socketPath);
}

} // namespace

std::optional<SilentHost> silentHost(const HostConnectOptions &options)
{
    if (!options.remote.address.empty()) return std::nullopt;
    const Result<std::string> socket = socketOf(options);
    if (!socket.ok() || probeSocket(*socket) != SocketProbe::Listening) return std::nullopt;
    SilentHost host;
    host.pid = listeningProcess(*socket);
    // Behind a socket that ssh forwards, ssh listens: what it waits for says nothing.
    if (host.pid == 0 || !options.mayStart) return host;
    host.reason = reasonOf(host.pid);
    host.isReplaceable = host.pid != ::getpid() && runsAsOursWould(host.pid, options);
    return host;
}

std::string silenceReason(const SilentHost &host)
{
    if (host.pid == 0) return "The machine may have no time for it; wait, and it goes on.";
    const std::string process = "Its process is " + std::to_string(host.pid);
    switch (host.reason) {
    case SilenceReason::Stopped:
        return process + ", which is stopped; kill -CONT " + std::to_string(host.pid) + " lets it go on.";
    case SilenceReason::WaitsForDisk:
        return process + ", which waits for a disk or a network drive; see whether that is full or away.";
    case SilenceReason::Unknown:
        break;
    }
    return process + ". The machine may have no time for it; wait, and it goes on.";
}

std::string silenceHint(const SilentHost &host)
{
    const std::string reason = silenceReason(host);
    if (host.pid == 0) return reason;
    return reason + " Else end it, and another one can be started: kill -KILL " + std::to_string(host.pid) + "; trainings go on without it.";
}

Result<void> endSilentHost(const SilentHost &host, const HostConnectOptions &options)
{
    ORRERY_ASSIGN(const std::string socket, socketOf(options));
    const std::string what = "Cannot end the host at \"" + socket + "\": ";
    const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(host.pid), 0)));
    if (!process.isOpen() && errno == ESRCH) return {};
    if (!process.isOpen()) return ioError("end the host at", socket, errno);
    // From here on the number is this process's, whoever had it before.
    const std::optional<SilentHost> now = silentHost(options);
    if (!now) return Error{ErrorCode::Conflict, what + "nobody listens there any more.", "Connect again."};
    const bool isSame = now->pid == host.pid || (now->pid == 0 && runsAsOursWould(host.pid, options)); // 0: its queue is full
    if (!isSame)
        return Error{ErrorCode::Conflict,
                     what + "process " + std::to_string(now->pid) + " listens there, expected " + std::to_string(host.pid) + ".",
                     "Connect again."};
    if (!host.isReplaceable || (now->pid != 0 && !now->isReplaceable))
        return Error{ErrorCode::Conflict,
                     what + "it was not started by a window, and one that this program starts would not do the same.",
                     "Start it again where it was started: in its terminal, or as its service."};
    if (Result<EngineClient> client = EngineClient::connect(socket, kLastQuestion, options.token); client.ok()) {
        client->setDeadline(kLastQuestion);
        if (client->host().ok()) return Error{ErrorCode::Conflict, what + "it answers again.", "Nothing was ended; go on working."};
    }
    if (options.token.isCancelled()) return Error{ErrorCode::Cancelled, what + "it was cancelled.", "Ask again."};
    if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH)
        return ioError("end the host at", socket, errno);
    pollfd ended{process.get(), POLLIN, 0};
    if (::poll(&ended, 1, kEndWaitMs) == 1) return {};
    return Error{ErrorCode::Unavailable,
                 what + "its process " + std::to_string(host.pid) + " was killed and did not end within 5 s.",
                 "It waits for a disk or a network drive, as nothing else holds a process then; it ends when that answers."};
}

} // namespace orrery
