// SPDX-License-Identifier: Apache-2.0
// The settings of gen:shapes. Values; any thread.
#pragma once

#include "core/base/result.h"
#include "core/data/world/generator_path.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

/// What a document asks. Values stand in RNG keys: append only.
enum class ShapesTask : uint8_t {
    Unknown,
    Caption,  ///< picture: what is where
    Count,    ///< picture: how many of a colour or shape, or both
    Relation, ///< picture: is one left of, right of, above or below another
    Tones,    ///< recording: which shapes, in order
    Both,     ///< picture and recording of the same scene: which shapes, in order
};
inline constexpr std::array kShapesTasks = {ShapesTask::Caption, ShapesTask::Count, ShapesTask::Relation,
                                            ShapesTask::Tones, ShapesTask::Both};
const char *shapesTaskName(ShapesTask task); ///< "caption", "count" …

inline constexpr int64_t kNoNoise = 100; ///< decibels that stand for no noise at all

struct ShapesSpec {
    int64_t numTrain = 20'000; ///< n: documents of the training split
    int64_t numVal = 1'000;    ///< val: other scenes of the same kind
    int64_t numTest = 1'000;   ///< test: each with a combination that training never shows
    int64_t size = 48;         ///< pixels along a side
    int64_t cells = 3;         ///< cells along a side; a cell holds one shape at most
    int64_t minShapes = 2;
    int64_t maxShapes = 4;
    int64_t numColours = 6; ///< colors: the first of red, green, blue, yellow, purple, cyan, orange, pink
    int64_t numShapes =
        6; ///< shapes: the first of circle, square, triangle, diamond, heart, ring, star, cross
    int64_t numHeldOut = 6; ///< held_out: combinations of colour and shape that only the test split shows
    std::vector<ShapesTask> tasks = {kShapesTasks.begin(), kShapesTasks.end()};
    int64_t imageDecibels = kNoNoise; ///< image_snr: signal to noise of the pictures; -15 hides them
    int64_t audioDecibels = kNoNoise; ///< audio_snr: and of the recordings
    int64_t hidesImage = 0;           ///< drop_image: 1 leaves the pictures out
    int64_t hidesAudio = 0;           ///< drop_audio: and the recordings
    int64_t seed = 1;                 ///< scenes depend on it and on what is shown, not on noise and dropping
    bool operator==(const ShapesSpec &) const = default;
};

/// In a small world without held_out, a sixth of the combinations is held out. Keys: n, val, test, size,
/// cells, min_shapes, max_shapes, colors, shapes, held_out, tasks (names joined by commas), seed.
/// @error InvalidInput naming key, value and range: as takeSettings; an unknown or repeated task; more shapes
/// than cells, min_shapes above max_shapes, held_out above a third of the combinations
Result<ShapesSpec> parseShapesSpec(const GeneratorPath &path);
/// "gen:shapes?n=…": every setting, so that equal worlds have equal texts.
std::string shapesSpecText(const ShapesSpec &spec);

} // namespace orrery
