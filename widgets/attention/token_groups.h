// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens as words and lines, and how a token or a group of them is written on an axis. Pure; any thread.
#pragma once

#include "core/spec/inspection.h"

#include <QString>

#include <vector>

namespace orrery::ui {

enum class Granularity : uint8_t { Token, Word, Line };

/// Groups in order, without gaps. A word takes the white space before it; a line ends with its newline; a
/// picture or recording is one word per patch or frame, and one line.
std::vector<TokenRange> groupTokens(const std::vector<InspectedToken> &tokens, Granularity granularity);
/// "␣the", "↵", "\xE2", "<|end_of_text|>"; patches and frames of media as "image 0, patch 3" and
/// "audio 0, frame 3": their bytes are not known here.
QString tokenLabel(const InspectedToken &token);
/// The labels of a range behind each other; an ellipsis where it is long.
QString rangeLabel(const std::vector<InspectedToken> &tokens, const TokenRange &range);
/// One a range, for axes and lists: as rangeLabel(), but "patch 3" and "frame 3" where the text has one picture and
/// one recording at most.
std::vector<QString> axisLabels(const std::vector<InspectedToken> &tokens,
                                const std::vector<TokenRange> &ranges);
/// In full, for sentences and hovers: "patch 3 of image 0, row 0, column 3" (of a picture in square many patches),
/// "frame 3 of audio 0, from 0.15 s"; of a text token as tokenLabel(). Empty: there is none at this place.
QString partSentence(const std::vector<InspectedToken> &tokens, int64_t place);
/// "token 12 “the”", "tokens 12-15 “the cat”", "token 12, patch 3 of image 0, row 0, column 3": for sentences.
QString rangeSentence(const std::vector<InspectedToken> &tokens, const TokenRange &range);

} // namespace orrery::ui
