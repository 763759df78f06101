// SPDX-License-Identifier: GPL-3.0-or-later
// All that a prompt session is, as the playground shows it. Values that share their versions and turns with the playground;
// GUI thread only by use.
#pragma once

#include "widgets/play/conversation_model.h"
#include "widgets/play/play_mode.h"

#include <QStringList>

#include <algorithm>
#include <optional>
#include <vector>

namespace orrery::ui {

/// One of those that are asked the same side by side.
struct ComparedColumn {
    QString model; ///< empty: none is chosen yet
    std::optional<SamplingSettings> sampling = std::nullopt; ///< its own; nothing: those of all. The seed is that of all
    VersionPtr version = {}; ///< what it said last; null: nothing
};

struct SessionState {
    PlayMode mode = PlayMode::Continue;
    QString model;
    SamplingSettings sampling;
    bool isColored = false, isManual = false, showsMore = false, showsTokens = false;
    bool seesWhole = false; ///< the prompt, where that can be
    QString prompt, after, message; ///< what is being written
    QStringList files, messageFiles; ///< paths; what was pasted has none
    std::vector<VersionPtr> versions; ///< of prompts that were continued or filled
    int shown = -1;
    std::vector<TurnPtr> turns;
    std::vector<ComparedColumn> columns;
    /// Of a draft that an older program had cut.
    qint64 numDroppedCharacters = 0;
    int numDroppedTurns = 0;

    [[nodiscard]] bool isEmpty() const
    {
        const bool hasText = !prompt.isEmpty() || !after.isEmpty() || !message.isEmpty();
        return !hasText && files.isEmpty() && messageFiles.isEmpty() && versions.empty() && turns.empty() && !hasCompared();
    }
    [[nodiscard]] bool hasCompared() const
    {
        return std::any_of(columns.begin(), columns.end(), [](const auto &column) { return column.version != nullptr; });
    }
};

} // namespace orrery::ui
