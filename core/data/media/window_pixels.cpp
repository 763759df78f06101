// SPDX-License-Identifier: Apache-2.0
// Pictures of many kinds for the modality head.
#include "core/data/media/window_sources.h"

#include "core/data/media/media_files.h"
#include "core/data/world/shapes_render.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace orrery::windows {

namespace {

constexpr int kSide = 48;
constexpr double kTurn = 2 * std::numbers::pi;

using Colour = std::array<double, 3>;

Colour anyColour(Draws &draws)
{
    return {draws.between(0, 255), draws.between(0, 255), draws.between(0, 255)};
}

Colour mix(const Colour &a, const Colour &b, double share)
{
    return {a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share};
}

/// A picture from a function of the place in [0, 1) × [0, 1), with grain of so many levels.
template <typename At> Image paint(const At &at, double grain, Draws &draws)
{
    Image image{kSide, kSide, std::vector<uint8_t>(kSide * kSide * 3)};
    for (int y = 0; y < kSide; ++y)
        for (int x = 0; x < kSide; ++x) {
            const Colour colour = at(static_cast<double>(x) / kSide, static_cast<double>(y) / kSide);
            // Cameras put most of their grain into all channels alike.
            const double common = grain > 0 ? grain * draws.normal() : 0;
            for (size_t c = 0; c < 3; ++c) {
                const double own = grain > 0 ? 0.3 * grain * draws.normal() : 0;
                image.rgb[static_cast<size_t>((y * kSide + x) * 3) + c] =
                    static_cast<uint8_t>(std::lround(std::clamp(colour[c] + common + own, 0.0, 255.0)));
            }
        }
    return image;
}

/// Smooth noise: random levels on a grid of `cells`, cosine between them, in octaves.
class Clouds {
public:
    Clouds(Draws &draws, double roughness) : m_roughness(roughness)
    {
        for (double &value : m_grid) value = draws.between(0, 1);
    }
    [[nodiscard]] double at(double x, double y) const
    {
        double sum = 0;
        double weight = 1;
        double total = 0;
        for (int octave = 0, cells = 2; octave < 4; ++octave, cells *= 2) {
            sum += weight * smooth(x * cells, y * cells, octave);
            total += weight;
            weight *= m_roughness;
        }
        return sum / total;
    }

private:
    static constexpr int kGrid = 17;
    [[nodiscard]] double value(int x, int y, int octave) const
    {
        return m_grid[static_cast<size_t>(((y + 5 * octave) % kGrid) * kGrid + (x + 3 * octave) % kGrid)];
    }
    [[nodiscard]] double smooth(double x, double y, int octave) const
    {
        const int x0 = static_cast<int>(x);
        const int y0 = static_cast<int>(y);
        auto ease = [](double t) { return 0.5 - 0.5 * std::cos(std::numbers::pi * t); };
        const double u = ease(x - x0);
        const double v = ease(y - y0);
        const double top = value(x0, y0, octave) * (1 - u) + value(x0 + 1, y0, octave) * u;
        const double bottom = value(x0, y0 + 1, octave) * (1 - u) + value(x0 + 1, y0 + 1, octave) * u;
        return top * (1 - v) + bottom * v;
    }

    static constexpr size_t kPoints = kGrid * kGrid;
    std::array<double, kPoints> m_grid = {};
    double m_roughness;
};

Image shapes(Draws &draws)
{
    return drawScene(windowScenes().document(Split::Train, draws.below(1u << 20)).scene, kSide, 3);
}

Image gradient(Draws &draws)
{
    const Colour a = anyColour(draws);
    const Colour b = anyColour(draws);
    const double angle = draws.between(0, kTurn);
    return paint(
        [&](double x, double y) {
            return mix(a, b,
                       std::clamp(0.5 + (x - 0.5) * std::cos(angle) + (y - 0.5) * std::sin(angle), 0.0, 1.0));
        },
        draws.between(0, 4), draws);
}

Image clouds(Draws &draws)
{
    const Clouds noise(draws, draws.between(0.3, 0.8));
    const Colour a = anyColour(draws);
    const Colour b = anyColour(draws);
    return paint([&](double x, double y) { return mix(a, b, noise.at(x, y)); }, draws.between(0, 6), draws);
}

Image texture(Draws &draws)
{
    const Colour a = anyColour(draws);
    const Colour b = mix(a, anyColour(draws), draws.between(0.2, 1));
    const double angle = draws.between(0, kTurn);
    const double waves = draws.between(2, 14);
    const bool isHard = draws.chance(0.4);
    const Clouds bend(draws, 0.5);
    return paint(
        [&](double x, double y) {
            const double along = x * std::cos(angle) + y * std::sin(angle) + 0.2 * bend.at(x, y);
            const double wave = 0.5 + 0.5 * std::sin(kTurn * waves * along);
            return mix(a, b, isHard ? (wave > 0.5 ? 1.0 : 0.0) : wave);
        },
        draws.between(0, 8), draws);
}

/// Discs in front of clouds, as a camera sees them.
Image objects(Draws &draws)
{
    const Clouds noise(draws, 0.6);
    const Colour sky = anyColour(draws);
    const Colour ground = anyColour(draws);
    struct Disc {
        double x, y, radius;
        Colour colour;
    };
    std::vector<Disc> discs;
    for (uint64_t i = 0; i < 2 + draws.below(4); ++i)
        discs.push_back(
            {draws.between(0, 1), draws.between(0, 1), draws.between(0.1, 0.35), anyColour(draws)});
    return paint(
        [&](double x, double y) {
            Colour colour = mix(sky, ground, 0.6 * y + 0.4 * noise.at(x, y));
            for (const Disc &disc : discs) {
                const double distance = std::hypot(x - disc.x, y - disc.y);
                const double cover = std::clamp((disc.radius - distance) * kSide / 2, 0.0, 1.0);
                colour = mix(colour, mix(disc.colour, {0, 0, 0}, distance / disc.radius / 2), cover);
            }
            return colour;
        },
        draws.between(2, 12), draws);
}

Image rings(Draws &draws)
{
    const Colour a = anyColour(draws);
    const Colour b = anyColour(draws);
    const double x0 = draws.between(0, 1);
    const double y0 = draws.between(0, 1);
    const double waves = draws.between(3, 12);
    return paint(
        [&](double x, double y) {
            return mix(a, b, 0.5 + 0.5 * std::sin(kTurn * waves * std::hypot(x - x0, y - y0)));
        },
        draws.between(0, 5), draws);
}

/// Panels, bars and lines of dark strokes, as on a screen.
Image screen(Draws &draws)
{
    const Colour paper = draws.chance(0.6) ? Colour{246, 246, 244} : Colour{32, 34, 40};
    const Colour ink = mix(paper, {128, 128, 128}, 1.6);
    const Colour panel = mix(paper, anyColour(draws), 0.3);
    const double left = draws.between(0, 0.6);
    const double top = draws.between(0, 0.6);
    const uint64_t lineHeight = 4 + draws.below(4);
    // Strokes have soft edges; many places have none.
    const double density = draws.between(0.05, 0.5);
    const double softness = draws.between(0, 1);
    constexpr size_t kPixels = kSide * kSide;
    std::array<double, kPixels> strokes = {};
    for (double &stroke : strokes) stroke = draws.chance(density) ? 1 - softness * draws.between(0, 1) : 0;
    return paint(
        [&](double x, double y) {
            const auto row = static_cast<size_t>(y * kSide);
            const auto column = static_cast<size_t>(x * kSide);
            const Colour under = x > left && y > top ? panel : paper;
            const bool isLine = row / lineHeight % 2 == 0 && row % lineHeight > 0;
            return isLine ? mix(under, ink, strokes[row * kSide + column]) : under;
        },
        0, draws);
}

/// Tiles of one colour each, with a little grain.
Image mosaic(Draws &draws)
{
    const uint64_t tile = 2 + draws.below(8);
    std::array<Colour, kSide * kSide> colours;
    for (Colour &colour : colours) colour = anyColour(draws);
    return paint(
        [&](double x, double y) {
            const auto row = static_cast<uint64_t>(y * kSide) / tile;
            const auto column = static_cast<uint64_t>(x * kSide) / tile;
            return colours[row * kSide / tile + column];
        },
        draws.between(0, 3), draws);
}

void removeColour(Image &image)
{
    for (size_t i = 0; i < image.rgb.size(); i += 3) image.rgb[i] = image.rgb[i + 2] = image.rgb[i + 1];
}

Image make(size_t family, Draws &draws)
{
    switch (family) {
    case 0:
        return shapes(draws);
    case 1:
        return gradient(draws);
    case 2:
        return clouds(draws);
    case 3:
        return texture(draws);
    case 4:
        return objects(draws);
    case 5:
        return screen(draws);
    case 6:
        return rings(draws);
    default:
        return mosaic(draws);
    }
}

} // namespace

std::vector<uint8_t> makePixels(size_t family, size_t size, Draws &draws)
{
    Image image = make(family, draws);
    if (draws.chance(0.15)) removeColour(image);
    constexpr int kPatch = 8;
    if (size != kPatch * kPatch * 3) {
        const size_t begin = draws.below(image.rgb.size() - size);
        return {image.rgb.begin() + static_cast<ptrdiff_t>(begin), image.rgb.end()};
    }
    const auto x = static_cast<size_t>(draws.below(kSide - kPatch + 1));
    const auto y = static_cast<size_t>(draws.below(kSide - kPatch + 1));
    std::vector<uint8_t> patch;
    for (size_t row = 0; row < kPatch; ++row) {
        const auto begin = image.rgb.begin() + static_cast<ptrdiff_t>(((y + row) * kSide + x) * 3);
        patch.insert(patch.end(), begin, begin + kPatch * 3);
    }
    return patch;
}

} // namespace orrery::windows
