// SPDX-License-Identifier: Apache-2.0
// Private to core/spec: the wording of a bad value, shared by the parsers of text and JSON. Any thread.
#pragma once

#include "core/spec/field_table.h"

namespace orrery {

/// "Cannot set "train.steps": found 0, expected 1 … 1000000000." with the next step as hint.
Error fieldError(const Field &field, const std::string &found, const std::string &expected);
/// The same for a value of another type: expected "a whole number, 1 … 1000000000".
Error fieldTypeError(const Field &field, const std::string &found);
/// In quotes, shortened, without control characters or broken UTF-8.
std::string quotedValue(std::string_view text);
/// Whether a choice may also be the path of a JSON file.
bool takesFile(const Field &field);
/// The integer that a number stands for, when it is whole and exact.
std::optional<int64_t> wholeNumber(double value);

} // namespace orrery
