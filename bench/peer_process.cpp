// SPDX-License-Identifier: Apache-2.0
#include "bench/peer_process.h"

#include "core/base/files.h"
#include "core/base/text.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orrery::bench {
namespace {

constexpr uint64_t kMaxOutput = 16ull << 20;

} // namespace

Result<std::string> runPeer(const std::vector<std::string> &arguments,
                            const std::filesystem::path &workDirectory)
{
    const std::filesystem::path out = workDirectory / "peer.out", err = workDirectory / "peer.err";
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    std::vector<char *> pointers;
    for (const std::string &argument : arguments) pointers.push_back(const_cast<char *>(argument.c_str()));
    pointers.push_back(nullptr);
    pid_t pid = 0;
    const int problem = posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (problem != 0)
        return Error{ErrorCode::NotFound,
                     "Cannot start the peer \"" + arguments.front() + "\": " + std::strerror(problem) +
                         ", expected a Python with torch.",
                     "Run scripts/setup/python_peer.sh and give the path that it prints."};
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return readFile(out, kMaxOutput);
    const auto said = readFile(err, kMaxOutput);
    const std::string text = said.ok() ? *said : std::string();
    return Error{ErrorCode::Unavailable,
                 "Cannot run the peer \"" + arguments.front() + "\": it ended with status " +
                     std::to_string(status) + ", expected 0.",
                 sanitizeUtf8(text.size() > 600 ? text.substr(text.size() - 600) : text)};
}

} // namespace orrery::bench
