// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the pictures and recordings of a text that its tokens stand for: of a request by its files, of a
// document of a run by what a sample shows of it. GUI thread; decodes what is small.
#pragma once

#include "core/spec/inspection.h"
#include "widgets/common/sample_media.h"

#include <QImage>

#include <vector>

namespace orrery::ui {

/// One a token: a patch of a picture, a column of the spectrogram of a recording; null where it is neither,
/// or where it is not known which part it is: a front end cuts the largest centred square of a picture into a
/// square number of patches, row by row, and anything else has no thumbnail. Empty: there are none at all.
std::vector<QImage> mediaThumbnails(const GenerateRequest &text, const std::vector<InspectedToken> &tokens);
/// The same of the pictures and spectrograms of a sample; of a recording whose sample has the loudness alone (an older
/// program drew it) a bar a frame.
std::vector<QImage> mediaThumbnails(const SampleMedia &sample, const std::vector<InspectedToken> &tokens);

} // namespace orrery::ui
