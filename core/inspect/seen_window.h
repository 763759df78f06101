// SPDX-License-Identifier: Apache-2.0
// A look at a text that is longer than the context: what a generation had before it at the place that is
// looked at, and the answer told in the places of the whole text. Pure; any thread.
#pragma once

#include "core/base/result.h"
#include "core/inspect/mixed_text.h"
#include "core/spec/inspection.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

/// As core/infer/text_stream.h reads: tokens at once, and those that are read again when the context is full.
inline constexpr int64_t kSeenAtOnce = 256;
constexpr int64_t seenAfterOverflow(int64_t context) { return context / 2 > 0 ? context / 2 : 1; }

/// How a text comes to a model that writes an answer.
struct Reading {
    int64_t context = 1;
    int64_t numTogether = 0; ///< tokens that come at once; the others one at a time
    bool remembers = false;  ///< the model reads all that comes at once, too, a context at a time
};

/// What a fresh generation has before it behind token `last` of a text, as TextStream reads it, and what of
/// the text fits in behind that: whole pictures only.
/// @param last 0 … size of the text − 1
/// @error InvalidInput (a picture or recording that is longer than the context)
Result<TokenRange> seenWindow(const MixedText &text, int64_t last, const Reading &reading);

/// What is said of an answer that is of a window only.
std::string windowNote(int64_t numAll, const TokenRange &window, int64_t context);

/// The request in the places of a window.
/// @error InvalidInput (rows or columns that the window does not have)
Result<InspectRequest> requestInWindow(const InspectRequest &request, const TokenRange &window);

/// The report in the places of the whole text. Tokens outside of the window were not read: no surprise, no
/// share in anything.
/// @param tokens all of the text
void moveToWholeText(InspectReport &report, int64_t origin, std::vector<InspectedToken> tokens);

} // namespace orrery
