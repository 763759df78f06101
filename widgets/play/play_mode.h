// SPDX-License-Identifier: GPL-3.0-or-later
// What the playground asks the model for. Values; any thread.
#pragma once

#include <QString>

#include <array>
#include <cstdint>
#include <utility>

namespace orrery::ui {

enum class PlayMode : uint8_t { Continue, Infill, Converse, Compare };

inline constexpr std::array<std::pair<PlayMode, const char *>, 4> kPlayModes = {
    {{PlayMode::Continue, "continue"},
     {PlayMode::Infill, "infill"},
     {PlayMode::Converse, "converse"},
     {PlayMode::Compare, "compare"}}};

/// As it stands in drafts, links and sessions.
inline QString playModeId(PlayMode mode)
{
    for (const auto &[known, id] : kPlayModes)
        if (known == mode) return QString::fromLatin1(id);
    return {};
}
/// Continue for what no mode is called.
inline PlayMode playModeOf(const QString &id)
{
    for (const auto &[mode, known] : kPlayModes)
        if (id == QLatin1String(known)) return mode;
    return PlayMode::Continue;
}

} // namespace orrery::ui
