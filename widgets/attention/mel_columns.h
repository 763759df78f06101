// SPDX-License-Identifier: GPL-3.0-or-later
// The spectrogram of a recording in columns, as the model reads it: a token is four frames of 32 mel bands up
// to 4 kHz, 20 tokens a second (core/data/media/front_end.h; recordings are always read so). For the eye: the
// sample rate is brought down by whole factors, without the engine's filter. GUI thread only.
#pragma once

#include <QImage>

#include <cstdint>
#include <string_view>
#include <vector>

namespace orrery::ui {

/// One picture a token, dark is quiet, low tones below. @param bytes of a WAV file with PCM of 8 to 32 bit or
/// floats @return empty: anything else, FLAC too
std::vector<QImage> melColumns(std::string_view bytes, int64_t numTokens);

} // namespace orrery::ui
