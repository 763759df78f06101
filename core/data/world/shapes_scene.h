// SPDX-License-Identifier: Apache-2.0
// What stands in a picture of gen:shapes, and what is asked about it. Pure functions of the settings and of
// (seed, split, document); any thread.
#pragma once

#include "core/base/result.h"
#include "core/data/token_shards.h"
#include "core/data/world/shapes_spec.h"

#include <string>
#include <vector>

namespace orrery {

struct SceneObject {
    int shape = 0;
    int colour = 0;
    int cell = 0; ///< row · cells + column
    bool operator==(const SceneObject &) const = default;
};

struct Scene {
    std::vector<SceneObject> objects; ///< in reading order of their cells
    uint64_t style = 0;               ///< decides places within cells, sizes, hues, pitches
};

struct ShapesDocument {
    ShapesTask task = ShapesTask::Unknown;
    Scene scene;
    bool hasImage = false;
    bool hasAudio = false;
    std::string prompt; ///< carries no loss
    std::string answer; ///< carries loss
};

/// "red", "circle", "top left".
const char *colourName(int colour);
const char *shapeName(int shape);
std::string cellName(int cell, int64_t cells);
/// "red circle top left, blue square middle".
std::string sceneCaption(const Scene &scene, int64_t cells);
/// "circle, square".
std::string sceneShapes(const Scene &scene);

/// The documents of a world. A scene belongs to one split by the hash of what stands where, so no scene is in
/// two; training and validation neither show nor name a held-out combination, each scene of the test split
/// shows one. Immutable; any thread.
class ShapesScenes {
public:
    /// @error InvalidInput when the world is so small that a split would have fewer than 8 scenes
    static Result<ShapesScenes> create(const ShapesSpec &spec);
    /// @param index below the number of documents of the split, or any other: the world has no end
    [[nodiscard]] ShapesDocument document(Split split, uint64_t index) const;
    [[nodiscard]] bool isHeldOut(int colour, int shape) const;
    [[nodiscard]] const ShapesSpec &spec() const { return m_spec; }
    /// Which split may show the scene; Unknown for one that none shows (held out by its combinations, but of
    /// another split by its hash).
    [[nodiscard]] Split splitOf(const Scene &scene) const;

private:
    explicit ShapesScenes(const ShapesSpec &spec);
    class Draw;
    enum class Question : uint8_t { Impossible, Unbalanced, Good };
    [[nodiscard]] Scene drawScene(Draw &draw, Split split) const;
    /// @param wanted decides which answer is asked for, so that answers are balanced over the documents
    [[nodiscard]] bool mayName(Split split, const SceneObject &object) const;
    Question ask(Draw &draw, Split split, uint64_t wanted, ShapesDocument &document) const;
    Question askCount(Draw &draw, Split split, uint64_t wanted, ShapesDocument &document) const;
    Question askRelation(Draw &draw, uint64_t wanted, ShapesDocument &document) const;

    ShapesSpec m_spec;
    std::vector<bool> m_heldOut; ///< [colour · numShapes + shape]
    std::vector<int> m_heldOutCombinations;
};

} // namespace orrery
