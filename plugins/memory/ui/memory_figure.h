// SPDX-License-Identifier: GPL-3.0-or-later
// The memory panel as a figure on white paper: what is remembered along the text, and below it what the model would say
// if a part of it were another, where that was compared. GUI thread only.
#pragma once

#include "core/base/result.h"

#include <QImage>
#include <QString>

namespace orrery::memory_ui {

class MemoryStrip;
class WhatIfPane;

struct MemoryFigure {
    QString title; ///< "Memory of code-7M at step 8,000"
    const MemoryStrip *strip = nullptr;
    const WhatIfPane *whatIf = nullptr; ///< null: nothing is compared, or it is not in sight
};

QImage memoryImage(const MemoryFigure &figure); ///< at twice the size on the screen
/// By the ending of the name: .svg, .pdf or .png.  @error InvalidInput (another ending), Io
Result<void> saveMemoryFigure(const MemoryFigure &figure, const QString &path);

} // namespace orrery::memory_ui
