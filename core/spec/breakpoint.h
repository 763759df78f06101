// SPDX-License-Identifier: Apache-2.0
// A condition on a training's numbers that pauses it when it becomes true. Values; any thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace orrery {

enum class Comparison : uint8_t { Unknown, Less, LessOrEqual, Greater, GreaterOrEqual };
const char *comparisonSign(Comparison comparison); ///< "<", "<=", ">", ">="

struct Breakpoint {
    std::string series; ///< a series' name, "entropy" (of any head) or "memory" (how full any memory is)
    Comparison comparison = Comparison::Unknown;
    double threshold = 0;
    bool operator==(const Breakpoint &) const = default;

    [[nodiscard]] bool covers(std::string_view name) const; ///< whether it is about that series
    [[nodiscard]] bool holdsFor(double value) const;        ///< never for NaN
};

/// From "SERIES OP NUMBER" as typed: "loss > 4", "grad_norm>=10", "entropy < 0.5".
/// @error InvalidInput: what was found, and the form
Result<Breakpoint> parseBreakpoint(std::string_view text);
/// Text that parseBreakpoint() reads back: "loss > 4".
std::string breakpointText(const Breakpoint &breakpoint);
/// @param known series of the run; those of parts and probes ("part/…", "probe/…") are taken as they are,
/// because only the parts know them   @error InvalidInput: no such series, with the nearest
Result<void> checkBreakpointSeries(const Breakpoint &breakpoint, std::span<const std::string> known);

} // namespace orrery
