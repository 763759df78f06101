// SPDX-License-Identifier: Apache-2.0
#include "core/data/world/shapes_scene.h"

#include "core/base/assert.h"
#include "core/base/counter_rng.h"

#include <algorithm>
#include <array>
#include <set>

namespace orrery {

namespace {

constexpr std::array kColours = {"red", "green", "blue", "yellow", "purple", "cyan", "orange", "pink"};
/// The first six begin with different letters, as the first six colours do: to a model of bytes a name is
/// settled by the letter that tells it from the others, and where "red c" always went on to "cross" nobody
/// would look whether it is a circle.
constexpr std::array kShapes = {"circle", "square", "triangle", "diamond", "heart", "ring", "star", "cross"};

/// Of 16 shares by hash: training 14, validation 1, test 1.
constexpr uint64_t kShares = 16;
constexpr uint64_t kValidationShare = 14;
constexpr uint64_t kTestShare = 15;

constexpr uint32_t kHeldOutLayer = 0xffffffff; ///< RNG layers beside those of the attempts
constexpr uint32_t kHashLayer = 0xfffffffe;
constexpr uint32_t kDocumentLayer = 0xfffffffd;
constexpr int kMaxBalanced = 64; ///< attempts at the wanted answer before any is taken

uint32_t splitWord(Split split) { return static_cast<uint32_t>(split); }

std::string plural(const std::string &word) { return word + (word.ends_with("s") ? "es" : "s"); }

} // namespace

/// Numbers of one attempt at one document, drawn in order.
class ShapesScenes::Draw {
public:
    Draw(const ShapesSpec &spec, Split split, uint64_t index, uint32_t attempt)
        : m_rng({.seed = static_cast<uint64_t>(spec.seed),
                 .step = index,
                 .sample = splitWord(split),
                 .layer = attempt,
                 .purpose = RngPurpose::SyntheticData})
    {
    }
    int below(int64_t bound) { return static_cast<int>(m_rng.below(m_next++, static_cast<uint64_t>(bound))); }
    uint64_t bits() { return m_rng.below(m_next++, UINT64_MAX); }

private:
    CounterRng m_rng;
    uint64_t m_next = 0;
};

const char *colourName(int colour) { return kColours[static_cast<size_t>(colour)]; }
const char *shapeName(int shape) { return kShapes[static_cast<size_t>(shape)]; }

std::string cellName(int cell, int64_t cells)
{
    const int64_t row = cell / cells;
    const int64_t column = cell % cells;
    if (cells > 3) return {static_cast<char>('a' + column), static_cast<char>('1' + row)};
    const std::string vertical = row == 0 ? "top" : row == cells - 1 ? "bottom" : "";
    const std::string horizontal = column == 0 ? "left" : column == cells - 1 ? "right" : "";
    if (vertical.empty() && horizontal.empty()) return "middle";
    return vertical + (vertical.empty() || horizontal.empty() ? "" : " ") + horizontal;
}

namespace {

std::string objectName(const SceneObject &object)
{
    return std::string(colourName(object.colour)) + " " + shapeName(object.shape);
}

} // namespace

std::string sceneCaption(const Scene &scene, int64_t cells)
{
    std::string text;
    for (const SceneObject &object : scene.objects)
        text += (text.empty() ? "" : ", ") + objectName(object) + " " + cellName(object.cell, cells);
    return text;
}

std::string sceneShapes(const Scene &scene)
{
    std::string text;
    for (const SceneObject &object : scene.objects)
        text += (text.empty() ? "" : ", ") + std::string(shapeName(object.shape));
    return text;
}

ShapesScenes::ShapesScenes(const ShapesSpec &spec)
    : m_spec(spec), m_heldOut(static_cast<size_t>(spec.numColours * spec.numShapes), false)
{
    // Along diagonals of the table of combinations, so that every colour and every shape stays in training.
    const CounterRng rng({.seed = static_cast<uint64_t>(spec.seed),
                          .layer = kHeldOutLayer,
                          .purpose = RngPurpose::SyntheticData});
    const int64_t longer = std::max(spec.numColours, spec.numShapes);
    const int64_t shorter = std::min(spec.numColours, spec.numShapes);
    const auto turn = static_cast<int64_t>(rng.below(0, static_cast<uint64_t>(shorter)));
    const auto start = static_cast<int64_t>(rng.below(1, static_cast<uint64_t>(longer)));
    for (int64_t k = 0; k < spec.numHeldOut; ++k) {
        const int64_t a = (start + k) % longer;
        const int64_t b = (a + turn + k / longer) % shorter;
        const int64_t colour = spec.numColours >= spec.numShapes ? a : b;
        const int64_t shape = spec.numColours >= spec.numShapes ? b : a;
        const int64_t combination = colour * spec.numShapes + shape;
        m_heldOut[static_cast<size_t>(combination)] = true;
        m_heldOutCombinations.push_back(static_cast<int>(combination));
    }
}

bool ShapesScenes::isHeldOut(int colour, int shape) const
{
    return m_heldOut[static_cast<size_t>(colour * m_spec.numShapes + shape)];
}

bool ShapesScenes::mayName(Split split, const SceneObject &object) const
{
    return split == Split::Test || !isHeldOut(object.colour, object.shape);
}

Split ShapesScenes::splitOf(const Scene &scene) const
{
    // The words of what stands where go through the generator's block function one after the other.
    std::array<uint32_t, 4> state = {0, 0, 0, kHashLayer};
    bool hasHeldOut = false;
    for (const SceneObject &object : scene.objects) {
        state[0] ^= static_cast<uint32_t>(object.cell);
        state[1] ^= static_cast<uint32_t>(object.colour);
        state[2] ^= static_cast<uint32_t>(object.shape);
        state = philox4x32(state, {static_cast<uint32_t>(m_spec.seed), kHashLayer});
        hasHeldOut = hasHeldOut || isHeldOut(object.colour, object.shape);
    }
    const uint64_t share = state[0] % kShares;
    if (hasHeldOut) return share == kTestShare ? Split::Test : Split::Unknown;
    if (share == kTestShare) return m_spec.numHeldOut == 0 ? Split::Test : Split::Unknown;
    return share == kValidationShare ? Split::Validation : Split::Train;
}

Scene ShapesScenes::drawScene(Draw &draw, Split split) const
{
    Scene scene;
    const int count =
        static_cast<int>(m_spec.minShapes) + draw.below(m_spec.maxShapes - m_spec.minShapes + 1);
    const auto numCells = static_cast<int>(m_spec.cells * m_spec.cells);
    std::vector<int> cells(static_cast<size_t>(numCells));
    for (int i = 0; i < numCells; ++i) cells[static_cast<size_t>(i)] = i;
    for (int i = 0; i < count; ++i) {
        std::swap(cells[static_cast<size_t>(i)], cells[static_cast<size_t>(i + draw.below(numCells - i))]);
        SceneObject object;
        do {
            object.colour = draw.below(m_spec.numColours);
            object.shape = draw.below(m_spec.numShapes);
            // Repeats make counting worth asking; half of the objects take something over from the first.
            const int repeat = i == 0 ? 0 : draw.below(4);
            if (repeat == 1) object.colour = scene.objects.front().colour;
            if (repeat == 2) object.shape = scene.objects.front().shape;
        } while (!mayName(split, object));
        object.cell = cells[static_cast<size_t>(i)];
        scene.objects.push_back(object);
    }
    if (split == Split::Test && !m_heldOutCombinations.empty()) {
        const int combination =
            m_heldOutCombinations[static_cast<size_t>(draw.below(int64_t(m_heldOutCombinations.size())))];
        SceneObject &object = scene.objects[static_cast<size_t>(draw.below(count))];
        object.colour = combination / static_cast<int>(m_spec.numShapes);
        object.shape = combination % static_cast<int>(m_spec.numShapes);
    }
    std::sort(scene.objects.begin(), scene.objects.end(),
              [](const SceneObject &a, const SceneObject &b) { return a.cell < b.cell; });
    scene.style = draw.bits();
    return scene;
}

/// Asks for a colour, a shape or both, mostly of something that is there. The wanted answers are 0 to 3
/// alike.
ShapesScenes::Question ShapesScenes::askCount(Draw &draw, Split split, uint64_t wanted,
                                              ShapesDocument &document) const
{
    const std::vector<SceneObject> &objects = document.scene.objects;
    const auto wantedCount =
        static_cast<int>(wanted % static_cast<uint64_t>(std::min<int64_t>(m_spec.maxShapes, 3) + 1));
    SceneObject about = objects[static_cast<size_t>(draw.below(int64_t(objects.size())))];
    if (wantedCount == 0) {
        about.colour = draw.below(m_spec.numColours);
        about.shape = draw.below(m_spec.numShapes);
    }
    const int kind = draw.below(3);
    const bool asksColour = kind != 0;
    const bool asksShape = kind != 1;
    // Were it asked for while it is never there, "none" would be learned as its answer, without a look at the
    // picture.
    if (asksColour && asksShape && !mayName(split, about)) return Question::Impossible;
    const auto count = std::count_if(objects.begin(), objects.end(), [&](const SceneObject &object) {
        return (!asksColour || object.colour == about.colour) && (!asksShape || object.shape == about.shape);
    });
    document.prompt = std::string("how many ") +
                      (asksColour ? std::string(colourName(about.colour)) + " " : "") +
                      plural(asksShape ? shapeName(about.shape) : "shape") + "? ";
    document.answer = std::to_string(count);
    return count == wantedCount ? Question::Good : Question::Unbalanced;
}

/// About two objects that can be told apart by name; yes and no alike.
ShapesScenes::Question ShapesScenes::askRelation(Draw &draw, uint64_t wanted, ShapesDocument &document) const
{
    const std::vector<SceneObject> &objects = document.scene.objects;
    const int relation = draw.below(4);
    const auto a = static_cast<size_t>(draw.below(int64_t(objects.size())));
    const auto b = static_cast<size_t>(draw.below(int64_t(objects.size())));
    auto isUnique = [&](const SceneObject &about) {
        return std::count_if(objects.begin(), objects.end(), [&](const SceneObject &object) {
                   return object.colour == about.colour && object.shape == about.shape;
               }) == 1;
    };
    if (a == b || !isUnique(objects[a]) || !isUnique(objects[b])) return Question::Impossible;
    const auto cells = static_cast<int>(m_spec.cells);
    const int across = objects[b].cell % cells - objects[a].cell % cells;
    const int down = objects[b].cell / cells - objects[a].cell / cells;
    constexpr std::array kWords = {"left of", "right of", "above", "below"};
    const bool holds = relation == 0   ? across > 0
                       : relation == 1 ? across < 0
                       : relation == 2 ? down > 0
                                       : down < 0;
    document.prompt = "is the " + objectName(objects[a]) + " " + kWords[static_cast<size_t>(relation)] +
                      " the " + objectName(objects[b]) + "? ";
    document.answer = holds ? "yes" : "no";
    return holds == (wanted % 2 == 1) ? Question::Good : Question::Unbalanced;
}

ShapesScenes::Question ShapesScenes::ask(Draw &draw, Split split, uint64_t wanted,
                                         ShapesDocument &document) const
{
    switch (document.task) {
    case ShapesTask::Caption:
        document.prompt = "caption: ";
        document.answer = sceneCaption(document.scene, m_spec.cells);
        return Question::Good;
    case ShapesTask::Count:
        return askCount(draw, split, wanted, document);
    case ShapesTask::Relation:
        return askRelation(draw, wanted, document);
    case ShapesTask::Tones:
    case ShapesTask::Both:
        document.prompt = document.task == ShapesTask::Tones ? "heard: " : "shapes: ";
        document.answer = sceneShapes(document.scene);
        return Question::Good;
    case ShapesTask::Unknown:
        break;
    }
    ORRERY_ASSERT(false);
    return Question::Impossible;
}

ShapesDocument ShapesScenes::document(Split split, uint64_t index) const
{
    ORRERY_ASSERT(split != Split::Unknown);
    Draw own(m_spec, split, index, kDocumentLayer);
    ShapesDocument document;
    document.task = m_spec.tasks[static_cast<size_t>(own.below(int64_t(m_spec.tasks.size())))];
    document.hasImage = document.task != ShapesTask::Tones && m_spec.hidesImage == 0;
    document.hasAudio =
        (document.task == ShapesTask::Tones || document.task == ShapesTask::Both) && m_spec.hidesAudio == 0;
    const uint64_t wanted = own.bits();
    // The first attempt that stands; each is a function of its number alone.
    int numUnbalanced = 0;
    for (uint32_t attempt = 0;; ++attempt) {
        Draw draw(m_spec, split, index, attempt);
        document.scene = drawScene(draw, split);
        if (splitOf(document.scene) != split) continue;
        const Question question = ask(draw, split, wanted, document);
        if (question == Question::Good) return document;
        if (question == Question::Unbalanced && ++numUnbalanced >= kMaxBalanced) return document;
    }
}

Result<ShapesScenes> ShapesScenes::create(const ShapesSpec &spec)
{
    constexpr uint32_t kTried = 4096;
    constexpr size_t kFewest = 8;
    ShapesScenes scenes(spec);
    for (Split split : {Split::Train, Split::Validation, Split::Test}) {
        std::set<std::string> found;
        for (uint32_t attempt = 0; attempt < kTried && found.size() < kFewest; ++attempt) {
            Draw draw(spec, split, 0, attempt);
            const Scene scene = scenes.drawScene(draw, split);
            if (scenes.splitOf(scene) == split) found.insert(sceneCaption(scene, spec.cells));
        }
        if (found.size() < kFewest)
            return generatorError("shapes",
                                  "this world is so small that one of its splits has " +
                                      std::to_string(found.size()) + " scenes",
                                  std::to_string(kFewest) + " at least",
                                  "Raise colors, shapes, cells or max_shapes.");
    }
    return scenes;
}

} // namespace orrery
