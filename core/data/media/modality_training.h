// SPDX-License-Identifier: Apache-2.0
// Training and measuring the modality head on made windows. Deterministic; any thread, seconds of work.
#pragma once

#include "core/data/media/modality_head.h"

#include <string>
#include <vector>

namespace orrery {

struct HeadTrainingOptions {
    uint64_t seed = 1;
    size_t windowsPerKind = 2'000; ///< of each kind that is not held out
    double ridge = 1e-5;           ///< weight of the squared coefficients against the mean log-loss
};

struct TrainedHead {
    HeadWeights weights = {}; ///< for features as they are, temperature included
    double temperature = 1;   ///< the logits were divided by it
    size_t numWindows = 0;
    size_t numSteps = 0; ///< of Newton's method
    double logLoss = 0;  ///< on the calibration windows, after calibration
};

/// Newton's method on the multinomial log-loss of windows of 64 to 512 bytes, each of the four classes with
/// the same weight; then one temperature on other windows of the same kinds (Guo et al. 2017).
TrainedHead trainModalityHead(const HeadTrainingOptions &options);
/// The source of modality_table.cpp for it.
std::string headTableSource(const TrainedHead &head, const HeadTrainingOptions &options);

/// Shares are of the windows that are not flat.
struct DetectorRow {
    std::string kind;
    Modality modality = Modality::Unknown;
    bool isHeldOut = false;
    size_t windowBytes = 0;
    size_t numWindows = 0;
    size_t numFlat = 0; ///< left out of all others
    size_t numRight = 0;
    size_t numUnsure = 0;
};

struct DetectorReport {
    std::vector<DetectorRow> rows;
    /// Of windows of 64 bytes of text, a patch, a frame, of kinds seen in training; unsure counts as wrong.
    double accuracy = 0;
    double answeredAccuracy = 0;  ///< of those where it was not unsure
    double heldOutAccuracy = 0;   ///< as `accuracy`, of kinds never seen
    double accuracyAt64Bytes = 0; ///< as `accuracy`, windows of 64 bytes for all three
    double calibrationError = 0;  ///< expected calibration error, 15 bins of confidence, as `accuracy`
    double heldOutCalibrationError = 0;
    double randomUnsure = 0; ///< of random bytes in windows of 64, 192 and 512 bytes, the smallest share
};

/// @param seed other than that of the training: windows nobody has trained on
DetectorReport measureModalityHead(const ModalityHead &head, uint64_t seed, size_t windowsPerKind);

} // namespace orrery
