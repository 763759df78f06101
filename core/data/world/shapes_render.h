// SPDX-License-Identifier: Apache-2.0
// A scene of gen:shapes as a picture and as a recording. Pure functions; any thread.
#pragma once

#include "core/data/media/media_files.h"
#include "core/data/world/shapes_scene.h"

namespace orrery {

inline constexpr int64_t kTonesRate = 8'000;   ///< samples per second of the recordings
inline constexpr int64_t kToneSamples = 2'000; ///< a tone and the pause behind it: 0.25 s

/// Soft-edged shapes on light paper, each somewhere in its cell and a little larger, smaller or turned.
/// @param size pixels along a side   @param cells along a side
Image drawScene(const Scene &scene, int64_t size, int64_t cells);

/// One tone per object in reading order: pitch and overtones say the shape, nothing says the colour. Levels
/// are those of 16 bit, so a WAV file keeps them exactly.
Audio playScene(const Scene &scene);

} // namespace orrery
