// SPDX-License-Identifier: Apache-2.0
// What 32 numbers say about a stretch of raw bytes: is it text, pixels, samples, or nothing of these. Pure;
// any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace orrery {

inline constexpr size_t kNumWindowFeatures = 32;
inline constexpr size_t kMinWindowBytes = 64;
inline constexpr size_t kMaxWindowBytes = 4096;
using WindowFeatures = std::array<double, kNumWindowFeatures>;

/// In this order: histogram entropy over log2(min(n, 256)); shares of printable, high-bit, part of valid
/// UTF-8, letter or blank, blank, digit, 0x00 or 0xff bytes; autocorrelation of bytes at lags 1 to 4;
/// autocorrelation of 16-bit samples at lags 1 to 4 (of the two alignments the one with the less flat
/// spectrum), and the largest of these without its sign; spectral flatness of bytes, of samples, of every
/// third byte; mean distance on the circle of bytes to the byte 1, 2 and 3 before, over 64; of every second
/// byte to the one before, the smaller alignment first; entropy of every second byte, the smaller first;
/// share of samples below 1/8 of full scale; mean and deviation of bytes; share of values that occur; 1 where
/// all is valid UTF-8 without controls. No feature holds the length itself.
/// @param bytes kMinWindowBytes to kMaxWindowBytes
WindowFeatures windowFeatures(std::span<const uint8_t> bytes);

/// Fewer than four different values: silence, white paper, a line of dashes. Says nothing of the modality.
bool isFlatWindow(std::span<const uint8_t> bytes);

} // namespace orrery
