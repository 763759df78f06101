// SPDX-License-Identifier: Apache-2.0
#include "bench/science/text_domains.h"

#include "core/base/files.h"
#include "core/base/text.h"
#include "core/data/example.h"

#include <algorithm>

namespace orrery::bench {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestFile = 64 * 1024; ///< many files rather than a few
constexpr uint64_t kSmallestFile = 1024;

bool isWanted(const fs::path &path, const std::vector<std::string> &endings)
{
    const std::string name = path.filename().string();
    return endings.empty() || std::any_of(endings.begin(), endings.end(),
                                          [&](const std::string &ending) { return name.ends_with(ending); });
}

std::vector<fs::path> filesOf(const TextDomain &domain)
{
    std::vector<fs::path> files;
    for (const fs::path &root : domain.roots) {
        std::error_code error;
        for (fs::recursive_directory_iterator it(root, error), end; !error && it != end;
             it.increment(error)) {
            std::error_code ignored;
            const bool isPlain = it->symlink_status(ignored).type() == fs::file_type::regular;
            const uint64_t size = isPlain ? it->file_size(ignored) : 0;
            if (isPlain && !ignored && size >= kSmallestFile && size <= kLargestFile &&
                isWanted(it->path(), domain.endings))
                files.push_back(it->path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// The order in which files are taken: every stride-th one, then the ones between.
std::vector<fs::path> spread(const std::vector<fs::path> &files)
{
    constexpr size_t kStride = 7;
    std::vector<fs::path> order;
    for (size_t first = 0; first < kStride; ++first)
        for (size_t i = first; i < files.size(); i += kStride) order.push_back(files[i]);
    return order;
}

/// Of any version.
std::vector<fs::path> pythonLibraries()
{
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator it("/usr/lib", error), end; !error && it != end; it.increment(error))
        if (it->path().filename().string().starts_with("python3")) found.push_back(it->path());
    std::sort(found.begin(), found.end());
    return found;
}

std::string textName(size_t number) { return std::to_string(number) + ".txt"; }

} // namespace

std::vector<TextDomain> builtInDomains()
{
    return {{"prose",
             "English (Perl's manual, licences)",
             {"/usr/share/perl", "/usr/share/common-licenses"},
             {".pod", "GPL-1", "GPL-2", "GPL-3", "LGPL-2", "LGPL-2.1", "LGPL-3", "GFDL-1.2", "GFDL-1.3",
              "Apache-2.0", "MPL-1.1", "MPL-2.0", "CC0-1.0", "Artistic"},
             "perl-modules-5.36"},
            {"cpp", "C++ (headers of the compiler)", exampleSources(), {}, "g++"},
            {"python", "Python (its library)", pythonLibraries(), {".py"}, "python3"}};
}

Result<void> writeWhereItDiffers(const fs::path &path, const std::string &content)
{
    constexpr uint64_t kOneMore = 1; // a longer file differs
    if (const auto before = readFile(path, content.size() + kOneMore); before.ok() && *before == content)
        return {};
    return writeFileAtomically(path, content);
}

Result<uint64_t> copyDomain(const TextDomain &domain, uint64_t numBytes, const fs::path &folder)
{
    const fs::path to = folder / domain.name;
    std::error_code error;
    fs::create_directories(to, error);
    if (error) return ioError("create folder", to, error.value());
    uint64_t copied = 0;
    size_t number = 0;
    for (const fs::path &file : spread(filesOf(domain))) {
        if (copied >= numBytes) break;
        const auto content = readFile(file, kLargestFile);
        if (!content || content->find('\0') != std::string::npos || !isValidUtf8(*content)) continue;
        ORRERY_TRY(writeWhereItDiffers(to / textName(number++), *content));
        copied += content->size();
    }
    while (fs::remove(to / textName(number), error)) ++number; // of a longer copy before
    if (copied >= numBytes / 2) return copied;
    std::vector<std::string> roots;
    for (const fs::path &root : domain.roots) roots.push_back(root.string());
    return Error{ErrorCode::NotFound,
                 "Cannot make the text \"" + domain.name + "\": " + joinText(roots, ", ") + " hold " +
                     formatBytes(copied) + " of " + domain.what + ", expected at least " +
                     formatBytes(numBytes / 2) + ".",
                 "Install " + domain.package + " (on Debian: apt install " + domain.package + ")."};
}

} // namespace orrery::bench
