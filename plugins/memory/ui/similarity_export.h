// SPDX-License-Identifier: GPL-3.0-or-later
// The map of likeness as a figure on white paper. GUI thread only.
#pragma once

#include "core/base/result.h"
#include "plugins/memory/ui/similarity_map.h"

namespace orrery::memory_ui {

QImage similarityFigure(const SimilarityMap &map); ///< at twice the size on the screen; null: no map yet
/// By the ending of the name: .svg, .pdf or .png.
/// @error NotFound (no map yet), InvalidInput (another ending), Io
Result<void> saveSimilarity(const SimilarityMap &map, const QString &path);

} // namespace orrery::memory_ui
