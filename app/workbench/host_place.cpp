// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/host_place.h"

#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace orrery::ui {
namespace {

std::string ownMachine()
{
    char name[256] = {};
    return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

bool isRunningHere(int64_t pid, const std::string &program)
{
    std::error_code ignored;
    const std::filesystem::path runs = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", ignored);
    // After an update the old file is gone, and the kernel says so behind its name.
    return !program.empty() && (runs == program || runs == program + " (deleted)");
}

} // namespace

bool isLocalTarget(const HostConnectOptions &options) { return options.remote.address.empty() && options.mayStart; }

bool isHostOfThisComputer(const HostDescription &host, const HostConnectOptions &options)
{
    if (host.pid <= 0) return false;
    if (isListening(host.pid, options)) return true;
    return !host.machine.empty() && host.machine == ownMachine() && isRunningHere(host.pid, host.program);
}

} // namespace orrery::ui
