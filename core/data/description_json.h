// SPDX-License-Identifier: Apache-2.0
// CorpusDescription to JSON and back, for meta.json and for reports. Private to this folder.
#pragma once

#include "core/data/corpus.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace orrery {

/// All fields; broken UTF-8 is replaced when the JSON is printed.
void descriptionToJson(const CorpusDescription &description, nlohmann::ordered_json &out);
/// Nothing when a field is missing or of another type.
std::optional<CorpusDescription> descriptionFromJson(const nlohmann::json &json);

} // namespace orrery
