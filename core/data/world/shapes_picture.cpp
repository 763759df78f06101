// SPDX-License-Identifier: Apache-2.0
#include "core/data/world/shapes_render.h"

#include "core/base/counter_rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace orrery {

namespace {

constexpr float kPi = std::numbers::pi_v<float>;

struct Point {
    float x = 0;
    float y = 0;
};

float length(Point p) { return std::hypot(p.x, p.y); }

/// Signed distances in units of the shape's radius, negative inside; y points down.
float circleDistance(Point p) { return length(p) - 0.95f; }

float boxDistance(Point p, float halfWidth, float halfHeight)
{
    const Point out = {std::abs(p.x) - halfWidth, std::abs(p.y) - halfHeight};
    return length({std::max(out.x, 0.0f), std::max(out.y, 0.0f)}) + std::min(std::max(out.x, out.y), 0.0f);
}

float crossDistance(Point p) { return std::min(boxDistance(p, 0.95f, 0.32f), boxDistance(p, 0.32f, 0.95f)); }

/// To a closed polygon: the nearest edge, with the sign by the number of crossed edges.
template <size_t N> float polygonDistance(Point p, const std::array<Point, N> &corners)
{
    float nearest = 1e9f;
    bool isInside = false;
    for (size_t i = 0, j = N - 1; i < N; j = i++) {
        const Point a = corners[j];
        const Point b = corners[i];
        const Point edge = {b.x - a.x, b.y - a.y};
        const float along = std::clamp(
            ((p.x - a.x) * edge.x + (p.y - a.y) * edge.y) / (edge.x * edge.x + edge.y * edge.y), 0.0f, 1.0f);
        nearest = std::min(nearest, length({p.x - a.x - along * edge.x, p.y - a.y - along * edge.y}));
        if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / edge.y * edge.x) isInside = !isInside;
    }
    return isInside ? -nearest : nearest;
}

std::array<Point, 10> starCorners()
{
    std::array<Point, 10> corners;
    for (size_t i = 0; i < corners.size(); ++i) {
        const float angle = kPi * (static_cast<float>(i) / 5 - 0.5f);
        const float radius = i % 2 == 0 ? 1.12f : 0.48f;
        corners[i] = {radius * std::cos(angle), radius * std::sin(angle) + 0.08f};
    }
    return corners;
}

/// A square on its tip with two discs on its upper sides.
float heartDistance(Point p)
{
    constexpr float kHalf = 0.56f;
    const float turned = std::numbers::sqrt2_v<float> / 2;
    const float y = p.y - 0.16f;
    const float box = boxDistance({(p.x + y) * turned, (y - p.x) * turned}, kHalf, kHalf);
    const float discX = kHalf * turned;
    const float disc = length({std::abs(p.x) - discX, y + discX}) - kHalf;
    return std::min(box, disc);
}

float shapeDistance(int shape, Point p)
{
    static const std::array<Point, 3> kTriangle = {{{0, -1.02f}, {1.02f, 0.82f}, {-1.02f, 0.82f}}};
    static const std::array<Point, 4> kDiamond = {{{0, -1.12f}, {0.78f, 0}, {0, 1.12f}, {-0.78f, 0}}};
    static const std::array<Point, 10> kStar = starCorners();
    switch (shape) {
    case 0:
        return circleDistance(p);
    case 1:
        return boxDistance(p, 0.82f, 0.82f);
    case 2:
        return polygonDistance(p, kTriangle);
    case 3:
        return polygonDistance(p, kDiamond);
    case 4:
        return heartDistance(p);
    case 5:
        return std::abs(length(p) - 0.7f) - 0.26f; // a ring
    case 6:
        return polygonDistance(p, kStar);
    default:
        return crossDistance(p);
    }
}

struct Colour {
    float red = 0;
    float green = 0;
    float blue = 0;
};

/// In the order of the names; far apart in hue, and in lightness where hues are near. Of the first six no two are
/// less than 34° apart in the plane of R − Y and B − Y, so that none is taken for another in a light of its own; orange
/// is 19° from yellow.
constexpr std::array<Colour, 8> kPalette = {{{222, 50, 48},
                                             {46, 160, 67},
                                             {36, 98, 214},
                                             {245, 200, 30},
                                             {132, 62, 188},
                                             {38, 186, 208},
                                             {240, 126, 24},
                                             {240, 128, 178}}};

Colour mix(Colour a, Colour b, float share)
{
    return {a.red + (b.red - a.red) * share, a.green + (b.green - a.green) * share,
            a.blue + (b.blue - a.blue) * share};
}

/// A shape as it is drawn: in pixels, with its own turn and hue.
struct Sprite {
    int shape = 0;
    Colour colour;
    Point centre;
    float radius = 0;
    float cosine = 1;
    float sine = 0;

    [[nodiscard]] float distance(Point pixel) const
    {
        const Point p = {(pixel.x - centre.x) / radius, (pixel.y - centre.y) / radius};
        return shapeDistance(shape, {p.x * cosine + p.y * sine, p.y * cosine - p.x * sine}) * radius;
    }
};

Sprite makeSprite(const SceneObject &object, const CounterRng &rng, float cell, int64_t cells)
{
    auto between = [&rng, &object](uint64_t draw, float least, float most) {
        return least + (most - least) * rng.uniform(static_cast<uint64_t>(object.cell) * 8 + 16 + draw);
    };
    Sprite sprite;
    sprite.shape = object.shape;
    sprite.radius = cell * between(0, 0.33f, 0.40f);
    const float room = cell * 0.06f;
    sprite.centre = {cell * (static_cast<float>(object.cell % cells) + 0.5f) + between(1, -room, room),
                     cell * (static_cast<float>(object.cell / cells) + 0.5f) + between(2, -room, room)};
    // Little enough that a square is no diamond.
    const float angle = between(3, -0.14f, 0.14f);
    sprite.cosine = std::cos(angle);
    sprite.sine = std::sin(angle);
    sprite.colour = kPalette[static_cast<size_t>(object.colour)];
    sprite.colour = mix(sprite.colour, {255, 255, 255}, between(4, 0.0f, 0.10f));
    sprite.colour = mix(sprite.colour, {0, 0, 0}, between(5, 0.0f, 0.10f));
    return sprite;
}

/// Light at the top, darker to the foot, over a soft shadow.
void paint(const Sprite &sprite, float shadow, Point pixel, Colour &under)
{
    const float shade = sprite.distance({pixel.x - shadow, pixel.y - 1.5f * shadow}) / (2 * shadow);
    under = mix(under, {70, 70, 90}, 0.30f * std::clamp(0.5f - 0.5f * shade, 0.0f, 1.0f));
    const float cover = std::clamp(0.5f - sprite.distance(pixel), 0.0f, 1.0f);
    if (cover == 0) return;
    const float height = std::clamp((pixel.y - sprite.centre.y) / sprite.radius, -1.0f, 1.0f);
    const Colour lit = height < 0 ? mix(sprite.colour, {255, 255, 255}, -0.16f * height)
                                  : mix(sprite.colour, {0, 0, 0}, 0.12f * height);
    under = mix(under, lit, cover);
}

} // namespace

Image drawScene(const Scene &scene, int64_t size, int64_t cells)
{
    const CounterRng rng({.seed = scene.style, .layer = 1, .purpose = RngPurpose::SyntheticData});
    const float cell = static_cast<float>(size) / static_cast<float>(cells);
    std::vector<Sprite> sprites;
    for (const SceneObject &object : scene.objects) sprites.push_back(makeSprite(object, rng, cell, cells));
    const Colour paper = {244 - 8 * rng.uniform(0), 243 - 8 * rng.uniform(1), 240 - 8 * rng.uniform(2)};
    const float fall = 6 + 8 * rng.uniform(3);
    const float shadow = cell * 0.045f;
    Image image{size, size, std::vector<uint8_t>(static_cast<size_t>(size * size * 3))};
    uint8_t *out = image.rgb.data();
    for (int64_t y = 0; y < size; ++y)
        for (int64_t x = 0; x < size; ++x) {
            const Point pixel = {static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f};
            const float darker = fall * pixel.y / static_cast<float>(size);
            Colour colour = {paper.red - darker, paper.green - darker, paper.blue - darker};
            for (const Sprite &sprite : sprites) {
                const float reach = 1.3f * sprite.radius + 4 * shadow + 1;
                if (std::abs(pixel.x - sprite.centre.x) < reach &&
                    std::abs(pixel.y - sprite.centre.y) < reach)
                    paint(sprite, shadow, pixel, colour);
            }
            for (float channel : {colour.red, colour.green, colour.blue})
                *out++ = static_cast<uint8_t>(std::lround(std::clamp(channel, 0.0f, 255.0f)));
        }
    return image;
}

} // namespace orrery
