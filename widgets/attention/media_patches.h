// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the pictures in a request that its tokens stand for. GUI thread; decodes what is small.
#pragma once

#include "core/spec/inspection.h"

#include <QImage>

#include <vector>

namespace orrery::ui {

/// One a token; null where it is no patch, or where it is not known which part of the picture it is: a front
/// end cuts the largest centred square into a square number of patches, row by row, and anything else has no
/// thumbnail. Empty: there are none at all.
std::vector<QImage> patchThumbnails(const GenerateRequest &text, const std::vector<InspectedToken> &tokens);

} // namespace orrery::ui
