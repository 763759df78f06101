// SPDX-License-Identifier: Apache-2.0
#include "core/spec/frames.h"

#include <array>

namespace orrery {
namespace {

// In the order of the enum: names cross files, so they are appended to and never changed.
constexpr std::array<const char *, 3> kKindNames = {"unknown", "overview", "heads"};

} // namespace

const char *frameKindName(FrameKind kind)
{
    const auto index = static_cast<size_t>(kind);
    return index < kKindNames.size() ? kKindNames[index] : kKindNames[0];
}

FrameKind frameKindFromName(const std::string &name)
{
    for (size_t i = 1; i < kKindNames.size(); ++i)
        if (name == kKindNames[i]) return static_cast<FrameKind>(i);
    return FrameKind::Unknown;
}

} // namespace orrery
