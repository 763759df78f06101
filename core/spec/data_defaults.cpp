// SPDX-License-Identifier: Apache-2.0
#include "core/spec/data_defaults.h"

namespace orrery {

namespace {

constexpr std::string_view kPictureWorld = "gen:shapes";
constexpr std::string_view kTasks = "tasks=";

/// As core/data/world/shapes_spec.h has it: all tasks are asked unless some are named, and those with a
/// recording are "tones" and "both".
bool hasRecordings(std::string_view path)
{
    const size_t begin = path.find(kTasks);
    if (begin == std::string_view::npos) return true;
    const std::string_view tasks = path.substr(begin, path.find('&', begin) - begin);
    return tasks.find("tones") != std::string_view::npos || tasks.find("both") != std::string_view::npos;
}

} // namespace

bool isPictureWorld(std::string_view path) { return path.starts_with(kPictureWorld); }

void applyDataDefaults(RunSpec &spec)
{
    if (isPictureWorld(spec.data.path))
        spec.model.attention.numModalities = hasRecordings(spec.data.path) ? 3 : 2;
}

} // namespace orrery
