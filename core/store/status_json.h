// SPDX-License-Identifier: Apache-2.0
// Private to core/store: RunStatus as JSON, with NaN and Inf kept. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_records.h"

#include <string>
#include <string_view>

namespace orrery::store {

std::string statusToJson(const RunStatus &status);
/// Unknown keys are ignored, missing ones keep their defaults. @error InvalidInput: not an object
Result<RunStatus> statusFromJson(std::string_view json);

/// At most 64 KiB of well-formed UTF-8.
std::string boundedText(const std::string &text);

} // namespace orrery::store
