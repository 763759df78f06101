// SPDX-License-Identifier: Apache-2.0
// What of a batch is not text, as plain values: how data and requests reach a model that reads pictures and
// recordings. Values; any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace orrery {

/// The positions of one modality other than text, in the order in which they stand in the batch.
struct ModalityRows {
    std::vector<float> features_NF; ///< a picture's normalised patch or a recording's frames per position
    std::vector<int32_t> places_N;  ///< cell of the picture, number of the token within the recording
    int64_t width = 0;              ///< F
};

struct ModalityBatch {
    int64_t numModalities = 1;        ///< of the model; 1: all is text, and the others are empty
    std::vector<uint8_t> modality_BT; ///< modalityIndex() of each position
    std::vector<ModalityRows> rows;   ///< by modality; that of text is empty
    [[nodiscard]] bool isTextOnly() const { return numModalities == 1; }
};

} // namespace orrery
