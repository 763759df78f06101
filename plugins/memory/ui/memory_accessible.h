// SPDX-License-Identifier: GPL-3.0-or-later
// What assistive tools are told about the painted strip and bar. GUI thread only.
#pragma once

namespace orrery::memory_ui {

/// Makes Qt ask us for the interface of every MemoryStrip and OccupancyBar. Safe to call often.
void installMemoryAccessible();

} // namespace orrery::memory_ui
