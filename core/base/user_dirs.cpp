// SPDX-License-Identifier: Apache-2.0
#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"

#include <cerrno>
#include <cstdlib>
#include <pwd.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace orrery {

namespace {

// A Unix socket's path holds 107 bytes; what goes into the folder has short names, so this leaves plenty.
constexpr size_t kMaxRuntimePath = 72;

std::filesystem::path environmentPath(const char *name)
{
    const char *value = std::getenv(name);
    return value ? std::filesystem::path(value) : std::filesystem::path();
}

std::filesystem::path orreryHome()
{
    const auto home = environmentPath("ORRERY_HOME");
    if (home.empty()) return {};
    std::error_code ignored;
    auto absolute = std::filesystem::absolute(home, ignored);
    return ignored ? home : absolute;
}

std::filesystem::path userHome()
{
    if (auto home = environmentPath("HOME"); home.is_absolute()) return home;
    const passwd *entry = ::getpwuid(::getuid());
    return entry && entry->pw_dir ? entry->pw_dir : "/";
}

/// The XDG base directory rule: relative values are to be ignored.
std::filesystem::path xdgPath(const char *variable, const char *fallback)
{
    if (auto path = environmentPath(variable); path.is_absolute()) return path;
    return userHome() / fallback;
}

/// Makes the folder with mode 0700, or checks that what stands there is ours alone and no link.
Result<std::filesystem::path> privateFolder(const std::filesystem::path &path)
{
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return ioError("make folder", path, errno);
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return ioError("use folder", path, errno);
    std::string found;
    if (!S_ISDIR(info.st_mode))
        found = S_ISLNK(info.st_mode) ? "it is a link" : "it is not a folder";
    else if (info.st_uid != ::geteuid())
        found = "it belongs to user " + std::to_string(info.st_uid);
    else if ((info.st_mode & 0077) != 0)
        found = "others may enter it";
    if (!found.empty())
        return Error{ErrorCode::Conflict,
                     "Cannot use folder \"" + path.string() + "\": " + found +
                         ", expected a folder of this user with mode 0700.",
                     "Remove it, or set XDG_RUNTIME_DIR to a folder of your own."};
    return path;
}

std::filesystem::path temporaryFolder()
{
    const auto path = environmentPath("TMPDIR");
    return path.is_absolute() && path.string().size() < 32 ? path : std::filesystem::path("/tmp");
}

} // namespace

std::filesystem::path userDataDir()
{
    if (auto home = orreryHome(); !home.empty()) return home;
    return xdgPath("XDG_DATA_HOME", ".local/share") / "orrery";
}

std::filesystem::path userStateDir()
{
    if (auto home = orreryHome(); !home.empty()) return home / "state";
    return xdgPath("XDG_STATE_HOME", ".local/state") / "orrery";
}

std::filesystem::path userCacheDir()
{
    if (auto home = orreryHome(); !home.empty()) return home / "cache";
    return xdgPath("XDG_CACHE_HOME", ".cache") / "orrery";
}

Result<std::filesystem::path> runtimeDir()
{
    const auto home = orreryHome();
    std::string suffix;
    if (!home.empty()) {
        // Another home is another host: its sockets stand apart, too.
        if ((home / "run").string().size() <= kMaxRuntimePath) {
            std::error_code problem;
            std::filesystem::create_directories(home, problem);
            if (problem) return ioError("make folder", home, problem.value());
            return privateFolder(home / "run");
        }
        suffix = "-" + sha256Hex(home.string()).substr(0, 10);
    }
    std::error_code ignored;
    if (auto runtime = environmentPath("XDG_RUNTIME_DIR");
        runtime.is_absolute() && runtime.string().size() + 20 <= kMaxRuntimePath &&
        std::filesystem::is_directory(runtime, ignored) && ::access(runtime.c_str(), W_OK | X_OK) == 0)
        return privateFolder(runtime / ("orrery" + suffix));
    return privateFolder(temporaryFolder() / ("orrery-" + std::to_string(::geteuid()) + suffix));
}

std::filesystem::path programDir()
{
    std::error_code problem;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", problem);
    return problem ? std::filesystem::path(".") : program.parent_path();
}

} // namespace orrery
