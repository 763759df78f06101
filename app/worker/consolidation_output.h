// SPDX-License-Identifier: Apache-2.0
// How far a consolidation is and what came of it, as people and other programs read it. Any thread.
#pragma once

#include "core/spec/consolidation.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace orrery::worker {

/// "learning, pass 3 of 40"
std::string consolidationLine(const ConsolidationAmount &amount);
nlohmann::ordered_json consolidationJson(const ConsolidationAmount &amount);

/// What was learned, what that did to other texts, and where the names stand.
std::vector<std::string> consolidationLines(const ModelConsolidationSummary &summary);
nlohmann::ordered_json consolidationJson(const ModelConsolidationSummary &summary);

} // namespace orrery::worker
