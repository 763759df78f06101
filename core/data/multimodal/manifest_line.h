// SPDX-License-Identifier: Apache-2.0
// One line of a multi-modal manifest as values. Parses events, not a document, so that a hostile line costs
// no more memory than its own length. Private to core/data.
#pragma once

#include "core/data/corpus_errors.h"
#include "core/data/multimodal/record.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct ManifestPart {
    Modality modality = Modality::Unknown;
    std::string value;                   ///< the text, or the path of the file
    CarriesLoss loss = CarriesLoss::Yes; ///< of a text
};

/// Replaces `parts`. A line is a list of parts, or an object with such a list as "parts" (its other fields
/// are ignored). A part is {"text": …}, with "loss": false where the text is given and not to be learned, or
/// {"image": path} or {"audio": path}.
/// @return the rule that the line breaks, or nothing
std::optional<BrokenRule> parseManifestLine(std::string_view line, std::vector<ManifestPart> &parts);

} // namespace orrery
