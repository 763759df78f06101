// SPDX-License-Identifier: Apache-2.0
#include "core/base/program_build.h"

#include "core/base/files.h"
#include "core/base/text.h"

namespace orrery {

namespace {

constexpr uint64_t kMaxProgramBytes = uint64_t{1} << 30;
constexpr const char *kSharedLibraries[] = {"liborrery_base.so", "liborrery_spec.so"};

} // namespace

std::filesystem::path programPath()
{
    std::error_code problem;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", problem);
    return problem ? std::filesystem::path() : program;
}

Result<std::string> programBuild(const std::filesystem::path &program)
{
    ORRERY_ASSIGN(const std::string content, readFile(program, kMaxProgramBytes));
    std::string hashes = sha256Hex(content);
    for (const char *name : kSharedLibraries)
        for (const char *folder : {"../lib/orrery", "../lib", "."}) {
            const auto library = readFile(program.parent_path() / folder / name, kMaxProgramBytes);
            if (!library) continue;
            hashes += sha256Hex(*library);
            break;
        }
    return sha256Hex(hashes).substr(0, 16);
}

} // namespace orrery
