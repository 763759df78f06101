// SPDX-License-Identifier: GPL-3.0-or-later
// Source of the file format: Microsoft (1991), "Multimedia Programming Interface and Data Specifications
// 1.0".
#include "widgets/common/wav_sound.h"

#include <algorithm>
#include <bit>
#include <cmath>

using namespace std::string_view_literals;

namespace orrery::ui {
namespace {

constexpr uint64_t kPcm = 1, kFloat = 3, kExtensible = 0xFFFE;

uint64_t little(std::string_view bytes, size_t at, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count && at + i < bytes.size(); ++i)
        value |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
    return value;
}

/// Nothing: it is of a kind that is not read here.
std::optional<WavSound> formatOf(std::string_view body)
{
    if (body.size() < 16) return {};
    uint64_t code = little(body, 0, 2);
    if (code == kExtensible && body.size() >= 26) code = little(body, 24, 2);
    const WavSound sound{.channels = uint32_t(little(body, 2, 2)),
                         .rate = uint32_t(little(body, 4, 4)),
                         .bits = uint32_t(little(body, 14, 2)),
                         .isFloat = code == kFloat,
                         .data = {}};
    const bool isPcm = code == kPcm && sound.bits >= 8 && sound.bits <= 32 && sound.bits % 8 == 0;
    const bool isKnown = isPcm || (sound.isFloat && sound.bits == 32);
    return isKnown && sound.channels > 0 && sound.rate > 0 ? std::optional(sound) : std::nullopt;
}

} // namespace

float WavSound::sample(size_t at) const
{
    const size_t width = bits / 8;
    const uint64_t raw = little(data, at * width, width);
    if (isFloat) {
        const auto value = std::bit_cast<float>(static_cast<uint32_t>(raw));
        return std::isfinite(value) ? std::clamp(value, -1.0F, 1.0F) : 0.0F;
    }
    if (bits == 8) return (float(raw) - 128.0F) / 128.0F;
    return float(static_cast<int32_t>(static_cast<uint32_t>(raw) << (32 - bits))) / 2147483648.0F;
}

std::optional<WavSound> readWav(std::string_view bytes)
{
    if (bytes.size() < 12 || !bytes.starts_with("RIFF"sv) || bytes.substr(8, 4) != "WAVE"sv) return {};
    std::optional<WavSound> sound;
    for (size_t at = 12; at + 8 <= bytes.size();) {
        const auto promised = size_t(little(bytes, at + 4, 4));
        const std::string_view name = bytes.substr(at, 4), body = bytes.substr(at + 8, promised);
        if (name == "fmt "sv) sound = formatOf(body);
        if (name == "data"sv) {
            if (sound) sound->data = body;
            return sound;
        }
        at += 8 + promised + (promised & 1);
    }
    return {};
}

} // namespace orrery::ui
