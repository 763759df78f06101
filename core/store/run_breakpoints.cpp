// SPDX-License-Identifier: Apache-2.0
#include "core/store/run_breakpoints.h"

#include "core/base/files.h"
#include "core/base/text.h"
#include "core/spec/breakpoint.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kMaxFileBytes = 64u << 10;

fs::path fileOf(const fs::path &runDirectory) { return runDirectory / "breakpoints.json"; }

Error unreadable(const fs::path &file, const std::string &found)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot read the breakpoints in \"" + sanitizeUtf8(file.string()) + "\": " + found +
                     ", expected a JSON list of at most " + std::to_string(kMaxKeptBreakpoints) +
                     " conditions.",
                 "Delete the file, and set them anew."};
}

} // namespace

Result<std::vector<std::string>> readBreakpoints(const fs::path &runDirectory)
{
    const fs::path file = fileOf(runDirectory);
    std::error_code failed;
    if (!fs::exists(file, failed)) return std::vector<std::string>();
    ORRERY_ASSIGN(const std::string text, readFile(file, kMaxFileBytes));
    const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
    if (!list.is_array()) return unreadable(file, "it is no list");
    if (list.size() > kMaxKeptBreakpoints) return unreadable(file, "it has " + std::to_string(list.size()));
    std::vector<std::string> conditions;
    for (const nlohmann::json &one : list) {
        if (!one.is_string()) return unreadable(file, "it has something that is no text");
        conditions.push_back(one.get<std::string>());
    }
    return conditions;
}

Result<void> writeBreakpoints(const fs::path &runDirectory, const std::vector<std::string> &conditions)
{
    const fs::path file = fileOf(runDirectory);
    if (!conditions.empty()) return writeFileAtomically(file, nlohmann::json(conditions).dump() + '\n');
    std::error_code failed;
    fs::remove(file, failed);
    if (!failed) return {};
    return Error{ErrorCode::Io,
                 "Cannot delete \"" + sanitizeUtf8(file.string()) + "\": " + failed.message() + ".",
                 "Check the permissions of the run's directory."};
}

Result<void> changeKeptBreakpoints(const fs::path &runDirectory, const std::string &condition, bool isSet)
{
    if (condition.empty() && !isSet) return writeBreakpoints(runDirectory, {});
    ORRERY_ASSIGN(const Breakpoint breakpoint, parseBreakpoint(condition));
    ORRERY_ASSIGN(std::vector<std::string> conditions, readBreakpoints(runDirectory));
    const std::string text = breakpointText(breakpoint);
    const bool isThere = std::erase(conditions, text) > 0;
    if (!isSet && !isThere)
        return Error{ErrorCode::NotFound,
                     "Cannot remove the breakpoint \"" + text + "\": the run has " +
                         (conditions.empty() ? std::string("none") : joinText(conditions, ", ")) +
                         ", expected one of these.",
                     "Name it as it is listed."};
    if (isSet && conditions.size() >= kMaxKeptBreakpoints)
        return Error{ErrorCode::InvalidInput,
                     "Cannot set the breakpoint \"" + text + "\": the run has " +
                         std::to_string(conditions.size()) + " already, expected fewer than " +
                         std::to_string(kMaxKeptBreakpoints) + ".",
                     "Remove one first: control RUN unbreak."};
    if (isSet) conditions.push_back(text);
    return writeBreakpoints(runDirectory, conditions);
}

} // namespace orrery
