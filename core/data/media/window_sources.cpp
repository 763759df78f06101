// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/window_sources.h"

#include "core/base/assert.h"
#include "core/data/world/shapes_scene.h"

#include <cmath>
#include <cstring>

namespace orrery {

namespace {

/// The order of a modality's rows is the number of the family in its maker.
constexpr WindowKind kKinds[] = {
    {"prose", Modality::Text, false},
    {"questions about shapes", Modality::Text, false},
    {"source code", Modality::Text, false},
    {"records (JSON)", Modality::Text, false},
    {"tables of numbers", Modality::Text, false},
    {"markup", Modality::Text, false},
    {"other scripts", Modality::Text, false},
    {"log lines", Modality::Text, true},
    {"more scripts", Modality::Text, true},
    {"shapes", Modality::Image, false},
    {"gradients", Modality::Image, false},
    {"clouds", Modality::Image, false},
    {"textures", Modality::Image, false},
    {"grainy objects", Modality::Image, false},
    {"screens", Modality::Image, false},
    {"rings", Modality::Image, true},
    {"mosaics", Modality::Image, true},
    {"shape tones", Modality::Audio, false},
    {"chords", Modality::Audio, false},
    {"chirps", Modality::Audio, false},
    {"voices", Modality::Audio, false},
    {"rumble", Modality::Audio, false},
    {"drums", Modality::Audio, false},
    {"plucked strings", Modality::Audio, true},
    {"frequency modulation", Modality::Audio, true},
    {"random bytes", Modality::Unknown, false},
    {"counters and offsets", Modality::Unknown, false},
    {"floating-point numbers", Modality::Unknown, false},
    {"random words of 12 bits", Modality::Unknown, true},
};

} // namespace

const ShapesScenes &windowScenes()
{
    static const ShapesScenes scenes =
        std::move(
            ShapesScenes::create({.tasks = {ShapesTask::Caption, ShapesTask::Count, ShapesTask::Relation}}))
            .value();
    return scenes;
}

std::span<const WindowKind> windowKinds() { return kKinds; }

size_t naturalWindowBytes(Modality modality)
{
    switch (modality) {
    case Modality::Image:
        return 8 * 8 * 3;
    case Modality::Audio:
        return 256 * 2;
    default:
        return 64;
    }
}

std::vector<uint8_t> makeWindow(size_t kind, size_t size, uint64_t seed, uint64_t number)
{
    ORRERY_ASSERT(kind < std::size(kKinds));
    size_t family = 0;
    for (size_t i = 0; i < kind; ++i) family += kKinds[i].modality == kKinds[kind].modality;
    Draws draws(seed, number, static_cast<uint32_t>(kind));
    std::vector<uint8_t> bytes;
    switch (kKinds[kind].modality) {
    case Modality::Text:
        bytes = windows::makeText(family, size, draws);
        break;
    case Modality::Image:
        bytes = windows::makePixels(family, size, draws);
        break;
    case Modality::Audio:
        bytes = windows::makeSamples(family, size, draws);
        break;
    case Modality::Unknown:
        bytes = windows::makeBinary(family, size, draws);
        break;
    }
    ORRERY_ASSERT(bytes.size() >= size);
    bytes.resize(size);
    return bytes;
}

std::vector<uint8_t> windows::makeBinary(size_t family, size_t size, Draws &draws)
{
    std::vector<uint8_t> bytes;
    auto put = [&bytes](const void *value, size_t count) {
        const auto *from = static_cast<const uint8_t *>(value);
        bytes.insert(bytes.end(), from, from + count);
    };
    auto value = static_cast<uint32_t>(draws.below(1u << 30));
    const uint64_t stride = 1 + draws.below(64);
    const double scale = std::pow(10.0, draws.between(-3, 3));
    while (bytes.size() < size) {
        if (family == 1) { // counters and offsets
            value += static_cast<uint32_t>(1 + draws.below(stride));
            put(&value, sizeof value);
        } else if (family == 2) {
            const auto number = static_cast<float>(scale * draws.normal());
            put(&number, sizeof number);
        } else if (family == 3) {
            const auto word = static_cast<uint16_t>(draws.below(1u << 12) << 4);
            put(&word, sizeof word);
        } else {
            bytes.push_back(static_cast<uint8_t>(draws.below(256)));
        }
    }
    return bytes;
}

} // namespace orrery
