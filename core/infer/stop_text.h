// SPDX-License-Identifier: Apache-2.0
// Texts that end an answer, looked for in its bytes as they come. Values; no torch; one thread at a time.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

inline constexpr size_t kMaxStopTexts = 16;
inline constexpr size_t kMaxStopBytes = 256;

/// At most 16 texts of 1 … 256 bytes; bytes that are no UTF-8 are allowed.
/// @error InvalidInput naming the text and its length, or how many there are
Result<void> checkStopTexts(const std::vector<std::string> &texts);

/// Looks for several texts at once. The first that is complete wins, of several that are complete with the
/// same byte the longest: what comes out is a matter of the bytes alone, however they are cut into tokens.
/// Source: Knuth, Morris, Pratt (1977), "Fast Pattern Matching in Strings", once for each text.
class StopMatcher {
public:
    explicit StopMatcher(const std::vector<std::string> &texts); ///< checkStopTexts() has seen them
    /// Takes one byte. @return length of the text that it completes; 0: none
    size_t read(char byte);
    /// Of the bytes read, how many at the end may be the beginning of a text.
    [[nodiscard]] size_t numOpen() const;

private:
    struct Pattern {
        std::string text;
        std::vector<size_t>
            fallback;      ///< by length read: of the longest shorter one that the same bytes end with
        size_t length = 0; ///< of its beginning that the bytes read end with
    };
    std::vector<Pattern> m_patterns;
};

} // namespace orrery
