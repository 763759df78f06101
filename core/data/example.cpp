// SPDX-License-Identifier: Apache-2.0
#include "core/data/example.h"

#include "core/base/files.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <string>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kMaxFileBytes = 512 * 1024;
constexpr uint64_t kOwnSourcesBytes = 2'000'000; ///< of kExampleBytes at most, where there are headers

/// The leading number of a version folder ("12", "12.2.0"), or -1.
int majorVersion(const std::string &name)
{
    int version = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    return error == std::errc() && (end == name.data() + name.size() || *end == '.') ? version : -1;
}

bool isSourceName(const fs::path &path)
{
    const std::string extension = path.extension().string();
    for (const char *known : {"", ".h", ".hpp", ".tcc", ".cpp", ".md", ".proto"})
        if (extension == known) return true;
    return false;
}

/// Regular source files below a folder, sorted by path; nothing when it cannot be read.
std::vector<fs::path> sourceFiles(const fs::path &folder)
{
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        std::error_code typeError;
        const bool isPlain = it->symlink_status(typeError).type() == fs::file_type::regular;
        if (isPlain && isSourceName(it->path())) files.push_back(it->path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// Copies files in order until `budget` bytes are reached. @return bytes copied
Result<uint64_t> copySources(const fs::path &from, const fs::path &to, uint64_t budget)
{
    uint64_t copied = 0;
    for (const fs::path &file : sourceFiles(from)) {
        const auto content = readFile(file, kMaxFileBytes);
        // A file that is large, unreadable or no text is not missed among hundreds.
        if (!content || content->empty() || content->find('\0') != std::string::npos) continue;
        if (copied + content->size() > budget) break;
        const fs::path target = to / fs::relative(file, from);
        std::error_code error;
        fs::create_directories(target.parent_path(), error);
        if (error) return ioError("create folder", target.parent_path(), error.value());
        ORRERY_ASSIGN(FileWriter writer, FileWriter::create(target));
        ORRERY_TRY(writer.write(*content));
        ORRERY_TRY(writer.close());
        copied += content->size();
    }
    return copied;
}

Result<void> fill(const fs::path &folder, const std::vector<fs::path> &headers, const fs::path &orrerySources)
{
    uint64_t left = kExampleBytes;
    if (!orrerySources.empty()) {
        uint64_t own = headers.empty() ? kExampleBytes : kOwnSourcesBytes;
        for (const char *part : {"core", "widgets", "app", "docs"}) {
            ORRERY_ASSIGN(const uint64_t copied,
                          copySources(orrerySources / part, folder / "orrery" / part, own));
            own -= copied;
            left -= copied;
        }
    }
    for (size_t i = 0; i < headers.size(); ++i) {
        ORRERY_ASSIGN(const uint64_t copied,
                      copySources(headers[i], folder / ("c++-" + headers[i].filename().string()), left));
        left -= copied;
    }
    return {};
}

} // namespace

std::vector<fs::path> exampleSources(const fs::path &headersRoot)
{
    fs::path newest;
    int best = -1;
    std::error_code error;
    for (fs::directory_iterator it(headersRoot, error), end; !error && it != end; it.increment(error)) {
        std::error_code typeError;
        const int version = it->is_directory(typeError) ? majorVersion(it->path().filename().string()) : -1;
        if (version > best || (version == best && version >= 0 && it->path() > newest)) {
            best = version;
            newest = it->path();
        }
    }
    if (best >= 0) return {newest};
    if (fs::is_directory(headersRoot / "v1", error)) return {headersRoot / "v1"};
    return {};
}

Result<fs::path> makeExampleData(const fs::path &home, const fs::path &orrerySources,
                                 const fs::path &headersRoot)
{
    const fs::path folder = home / "example-data";
    std::error_code error;
    if (fs::is_directory(folder, error)) return folder;
    const std::vector<fs::path> headers = exampleSources(headersRoot);
    if (headers.empty() && orrerySources.empty())
        return Error{ErrorCode::NotFound,
                     "Cannot make the example data: there are no C++ headers in \"" + headersRoot.string() +
                         "\" and no sources of Orrery near the program, expected one of them.",
                     "Install a C++ compiler (on Debian: apt install g++), or train on a text of your own."};
    static std::atomic<uint64_t> counter = 0;
    const fs::path partial =
        home / ("example-data.partial-" + std::to_string(::getpid()) + "-" + std::to_string(++counter));
    fs::create_directories(partial, error);
    if (error) return ioError("create folder", partial, error.value());
    Result<void> made = fill(partial, headers, orrerySources);
    if (made) made = renameDurably(partial, folder);
    if (!made) {
        fs::remove_all(partial, error);
        // Another process was faster: its folder holds the same.
        if (fs::is_directory(folder, error)) return folder;
        return made.error();
    }
    return folder;
}

std::filesystem::path orrerySourcesAbove(std::filesystem::path programFolder)
{
    constexpr int kMostLevels = 5; // bin, preset, build, checkout, and one to spare
    std::error_code ignored;
    for (int i = 0; i < kMostLevels && programFolder.has_relative_path();
         ++i, programFolder = programFolder.parent_path())
        for (const fs::path &root : {programFolder, programFolder / "share" / "orrery" / "source"})
            if (fs::exists(root / "core" / "data" / "example.h", ignored)) return root;
    return {};
}

} // namespace orrery
