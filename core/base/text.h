// SPDX-License-Identifier: Apache-2.0
// Small text helpers shared by messages, reports and the command line. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// The candidate with the smallest edit distance, or empty when none is near (distance > max(2, length / 3)).
std::string nearestName(std::string_view wanted, std::span<const std::string> candidates);

/// True for well-formed UTF-8 (no overlong forms, surrogates or values above U+10FFFF).
bool isValidUtf8(std::string_view text);
/// Broken bytes replaced by U+FFFD, for showing only.
std::string sanitizeUtf8(std::string_view text);

std::string formatBytes(uint64_t bytes);     ///< "437 MiB"
std::string formatCount(double value);       ///< "12.4 k", "7.1 M"
std::string formatDuration(double seconds);  ///< "42 s", "12 min", "3 h 05 min"
/// Value with n significant digits, plain where readable: "0.001", "6.2e-04".
std::string formatSignificant(double value, int numDigits);
std::string joinText(std::span<const std::string> parts, std::string_view separator);

/// Lower-case hexadecimal SHA-256.
std::string sha256Hex(std::string_view data);

/// SHA-256 over data that arrives in pieces.
class Sha256 {
public:
    Sha256();
    Sha256(Sha256 &&other) noexcept;
    Sha256 &operator=(Sha256 &&other) noexcept;
    ~Sha256();
    void update(const void *data, size_t numBytes);
    std::string hex(); ///< ends the computation

private:
    void *m_context = nullptr;
};

} // namespace orrery
