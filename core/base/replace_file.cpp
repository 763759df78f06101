// SPDX-License-Identifier: Apache-2.0
#include "core/base/replace_file.h"

#include "core/base/files.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <unistd.h>

namespace orrery {

namespace {

constexpr std::string_view kMark = ".tmp-";

} // namespace

std::filesystem::path temporaryBeside(const std::filesystem::path &path)
{
    static std::atomic<uint64_t> counter{0};
    std::filesystem::path temporary = path;
    temporary += std::string(kMark) + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1));
    return temporary;
}

bool isTemporaryOf(std::string_view name, std::string_view target)
{
    if (!name.starts_with(target) || !name.substr(target.size()).starts_with(kMark)) return false;
    const std::string_view numbers = name.substr(target.size() + kMark.size());
    return !numbers.empty() && numbers.find_first_not_of("0123456789-") == std::string_view::npos;
}

Result<void> replaceFile(const std::filesystem::path &path,
                         const std::function<Result<void>(const std::filesystem::path &)> &write)
{
    const std::filesystem::path temporary = temporaryBeside(path);
    Result<void> done = write(temporary);
    if (done.ok()) done = renameDurably(temporary, path);
    if (!done.ok()) ::unlink(temporary.c_str());
    return done;
}

} // namespace orrery
