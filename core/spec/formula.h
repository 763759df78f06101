// SPDX-License-Identifier: Apache-2.0
// Small arithmetic that stands in a plugin's JSON, so that programs without its library know what it costs:
// numbers, names, + - * / and brackets, and the functions
//
//   min(a, b)  max(a, b)  root(x)  floor(x)  on(x): 1 when x is above 0, else 0
//
// "on(registers) * (8 * width * width + 2 * registers * width)". Pure; any thread.
#pragma once

#include "core/base/result.h"

#include <map>
#include <string>
#include <string_view>

namespace orrery {

inline constexpr size_t kMaxFormulaBytes = 1024;
inline constexpr int kMaxFormulaDepth = 64; ///< of brackets, functions and signs

/// @return a finite number: what is none (a division by 0, the root of -1) counts as 0
/// @error InvalidInput: what is found at which byte, and what was expected; an unknown name
Result<double> evaluateFormula(std::string_view formula, const std::map<std::string, double> &values);

} // namespace orrery
