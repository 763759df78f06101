// SPDX-License-Identifier: Apache-2.0
// What a consolidation may be told: one rule for the command, the host and who does it. Plain values; any
// thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/consolidation.h"

#include <string>

namespace orrery {

/// @param model as people call it  @error InvalidInput: a number outside its range, or a rate that is none
Result<void> checkConsolidation(const ConsolidationSettings &settings, const std::string &model);
/// What a request asks for: as usual where it says 0.
ConsolidationSettings settingsOf(const ModelConsolidationRequest &request);

} // namespace orrery
