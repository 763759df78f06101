// SPDX-License-Identifier: Apache-2.0
// The kinds of input that a position of a sequence can hold. Values stand in prepared data: append only.
// Values; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace orrery {

enum class Modality : uint8_t { Unknown = 0, Text = 1, Image = 2, Audio = 3 };

inline constexpr size_t kNumModalities = 3;
inline constexpr std::array<Modality, kNumModalities> kModalities = {Modality::Text, Modality::Image,
                                                                     Modality::Audio};

/// Row of a per-modality table: text 0, image 1, audio 2. Not for Unknown.
constexpr size_t modalityIndex(Modality modality) { return static_cast<size_t>(modality) - 1; }
const char *modalityName(Modality modality); ///< "text", "image", "audio", "unknown"
/// Unknown for any other name.
Modality modalityFromName(std::string_view name);

} // namespace orrery
