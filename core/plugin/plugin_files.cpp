// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/plugin_files.h"

#include "core/base/files.h"
#include "core/base/platform.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace orrery {

namespace fs = std::filesystem;

namespace {

enum class Links : uint8_t { Forbidden, Followed };

Error untrusted(const fs::path &path, const std::string &found, const std::string &expected,
                const std::string &hint)
{
    return Error{ErrorCode::Conflict,
                 "Cannot trust \"" + path.string() + "\": " + found + ", expected " + expected + ".", hint};
}

/// Whoever may write code that we load may do what we may do.
Result<void> checkTrusted(const fs::path &path, mode_t kind, Links links)
{
    struct stat info {};
    const int failed = links == Links::Followed ? ::stat(path.c_str(), &info) : ::lstat(path.c_str(), &info);
    if (failed != 0) return ioError("read", path, errno);
    const char *wanted = kind == S_IFDIR ? "a folder" : "a plain file";
    if (S_ISLNK(info.st_mode))
        return untrusted(path, "it is a link", wanted, "Put the real one in its place.");
    if ((info.st_mode & S_IFMT) != kind)
        return untrusted(path, std::string("it is not ") + wanted, wanted, "Check the path.");
    if (info.st_uid != 0 && info.st_uid != ::geteuid())
        return untrusted(path, "it belongs to user " + std::to_string(info.st_uid),
                         "root or this user as its owner", "Make a copy of your own of the plugin.");
    if ((info.st_mode & 0022) != 0)
        return untrusted(path, (info.st_mode & 0002) ? "everybody may write it" : "its group may write it",
                         "a place that only its owner may write",
                         "Take the permission away: chmod go-w \"" + path.string() + "\"");
    return {};
}

/// Whether the group is the user's alone, of the same name and without others in it: of what only that group
/// may write, the user remains the only writer. Like sshd's StrictModes of Debian, but for a look through all
/// users.
bool isOwnGroup(uid_t user, gid_t group)
{
    std::array<char, 16384> userText{}, groupText{};
    passwd userEntry{};
    struct group groupEntry {};
    passwd *foundUser = nullptr;
    struct group *foundGroup = nullptr;
    if (::getpwuid_r(user, &userEntry, userText.data(), userText.size(), &foundUser) != 0 || !foundUser)
        return false;
    if (::getgrgid_r(group, &groupEntry, groupText.data(), groupText.size(), &foundGroup) != 0 || !foundGroup)
        return false;
    const std::string_view name = foundUser->pw_name;
    if (foundUser->pw_gid != group || name != foundGroup->gr_name) return false;
    for (char **member = foundGroup->gr_mem; *member; ++member)
        if (name != *member) return false;
    return true;
}

/// @param above a folder on the way to `path`
Result<void> checkAbove(const fs::path &path, const fs::path &above)
{
    struct stat info {};
    if (::stat(above.c_str(), &info) != 0) return ioError("read", above, errno);
    const auto refuse = [&](const std::string &found, const std::string &hint) {
        return untrusted(path, found, "only folders above it that root or this user alone may change", hint);
    };
    const std::string shown = "\"" + above.string() + "\"";
    if (info.st_uid != 0 && info.st_uid != ::geteuid())
        return refuse(shown + " above it belongs to user " + std::to_string(info.st_uid),
                      "Put the plugins into a folder of your own.");
    const bool isOpen = (info.st_mode & 0002) != 0;
    const bool isOpenToGroup = (info.st_mode & 0020) != 0 && !isOwnGroup(info.st_uid, info.st_gid);
    if ((info.st_mode & S_ISVTX) != 0 || !(isOpen || isOpenToGroup)) return {};
    return refuse((isOpen ? "everybody may write " : "its group may write ") + shown + " above it",
                  "Take the permission away: chmod " + std::string(isOpen ? "o-w " : "g-w ") + shown +
                      ", or put the plugins elsewhere.");
}

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
constexpr uint16_t kMachine = EM_NONE;
#endif

/// The loader would say so too, but only when somebody needs the plugin.
Result<void> checkLibraryHeader(const fs::path &path)
{
    const auto refuse = [&](const std::string &found) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot load \"" + path.string() + "\": " + found +
                         ", expected a shared library for this machine.",
                     "Build or install the plugin again."};
    };
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.isOpen()) return ioError("read", path, errno);
    Elf64_Ehdr header{};
    const ssize_t got = ::pread(file.get(), &header, sizeof header, 0);
    if (got < 0) return ioError("read", path, errno);
    if (static_cast<size_t>(got) < sizeof header || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return refuse("it is no library");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || (kMachine != EM_NONE && header.e_machine != kMachine))
        return refuse("it was built for another kind of processor");
    if (header.e_type != ET_DYN) return refuse("it is a program or an object file");
    return {};
}

} // namespace

Result<void> checkTrustedFolder(const fs::path &folder)
{
    return checkTrusted(folder, S_IFDIR, Links::Forbidden);
}

Result<void> checkTrustedWay(const fs::path &path)
{
    const std::string program = programDir().string() + "/";
    const std::string libraries = (programDir().parent_path() / "lib").string() + "/";
    for (fs::path above = path.parent_path();; above = above.parent_path()) {
        const std::string prefix = above == above.root_path() ? "/" : above.string() + "/";
        if (!program.starts_with(prefix) && !libraries.starts_with(prefix))
            ORRERY_TRY(checkAbove(path, above));
        if (above == above.parent_path()) return {};
    }
}

Result<void> checkTrustedFile(const fs::path &file) { return checkTrusted(file, S_IFREG, Links::Forbidden); }

Result<fs::path> checkLibrary(const fs::path &folder, const std::string &name)
{
    std::error_code failed;
    const fs::path path = fs::canonical(folder / name, failed);
    if (failed == std::errc::no_such_file_or_directory)
        return Error{ErrorCode::NotFound,
                     "Cannot find \"" + name + "\" in \"" + folder.string() +
                         "\": the library is missing, expected it there.",
                     "Build or install the plugin again."};
    if (failed) return ioError("read", folder / name, failed.value());
    const fs::path home = fs::canonical(folder, failed);
    if (failed) return ioError("read", folder, failed.value());
    if (path.parent_path() != home)
        return untrusted(folder / name, "it is a link to \"" + path.string() + "\"",
                         "a library in the plugin's own folder", "Put the library itself there.");
    ORRERY_TRY(checkTrusted(path, S_IFREG, Links::Forbidden));
    ORRERY_TRY(checkLibraryHeader(path));
    return path;
}

} // namespace orrery
