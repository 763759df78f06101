// SPDX-License-Identifier: Apache-2.0
// A look at a text that is longer than the context: what a generation had before it at the place that is
// looked at, and the answer told in the places of the whole text. Pure; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/inspection.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// Where the window of a fresh generation begins behind `numRead` tokens, `numPrompt` of which came at once
/// and are read by the last ones that fit (0 with a model that remembers): it moves as that of a TextStream
/// does, half a context at a time.
int64_t windowOrigin(int64_t numPrompt, int64_t numRead, int64_t context);

/// The request in the places of a window that begins at `origin` and has `size` tokens.
/// @error InvalidInput (rows or columns that the window does not have)
Result<InspectRequest> requestInWindow(const InspectRequest &request, int64_t origin, int64_t size);

/// The report in the places of the whole text. Tokens outside of the window were not read: no surprise, no
/// share in anything.
/// @param tokens all of the text
void moveToWholeText(InspectReport &report, int64_t origin, std::vector<InspectedToken> tokens);

} // namespace orrery
