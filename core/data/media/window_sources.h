// SPDX-License-Identifier: Apache-2.0
// Stretches of raw bytes of known modality, made and not read, to train and to measure the modality head.
// Pure functions of (seed, number); any thread.
#pragma once

#include "core/base/counter_rng.h"
#include "core/spec/modality.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace orrery {

class ShapesScenes;

/// A kind of content. Some kinds are left out of training, so that what is measured on them is what the head
/// does with content it has never seen.
struct WindowKind {
    const char *name;
    Modality modality; ///< Unknown: random and binary data, which are none of the three
    bool isHeldOut;
};
std::span<const WindowKind> windowKinds();

/// Scenes of the built-in world. Their tasks are named, whatever the world asks for by default: the built-in
/// table is made from them. Lives for ever.
const ShapesScenes &windowScenes();

/// Draws numbers one after the other from one key.
class Draws {
public:
    Draws(uint64_t seed, uint64_t number, uint32_t stream)
        : m_rng({.seed = seed, .step = number, .layer = stream, .purpose = RngPurpose::DetectorWindows})
    {
    }
    uint64_t below(uint64_t bound) { return m_rng.below(m_next++, bound); }
    double between(double least, double most)
    {
        return least + (most - least) * m_rng.uniformDouble(m_next++);
    }
    double normal() { return m_rng.normal(m_next++); }
    bool chance(double share) { return between(0, 1) < share; }

private:
    CounterRng m_rng;
    uint64_t m_next = 0;
};

/// @param kind index into windowKinds()   @param size in bytes
/// @return text as UTF-8, pixels as RGB bytes (a square patch for 192 bytes, else a run along lines), samples
/// as 16-bit little-endian PCM; whatever the draws make, also flat windows
std::vector<uint8_t> makeWindow(size_t kind, size_t size, uint64_t seed, uint64_t number);

/// Bytes that one modality is cut into by the front ends: 64 of text, a patch of 8 × 8 pixels, a frame of 256
/// samples.
size_t naturalWindowBytes(Modality modality);

namespace windows { // private: each makes at least `size` bytes
std::vector<uint8_t> makeText(size_t family, size_t size, Draws &draws);
std::vector<uint8_t> makePixels(size_t family, size_t size, Draws &draws);
std::vector<uint8_t> makeSamples(size_t family, size_t size, Draws &draws);
std::vector<uint8_t> makeBinary(size_t family, size_t size, Draws &draws);
} // namespace windows

} // namespace orrery
