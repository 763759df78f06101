// SPDX-License-Identifier: Apache-2.0
// A multi-modal corpus described for people and for programs. Values; any thread.
#pragma once

#include "core/data/describe.h"
#include "core/data/media/front_end.h"
#include "core/data/multimodal/source.h"

#include <array>
#include <string>
#include <vector>

namespace orrery {

struct MultiModalSplit {
    uint64_t numDocuments = 0;
    uint64_t numPositions = 0;
    uint64_t numTargets = 0;                               ///< positions that carry loss
    std::array<uint64_t, kNumModalities> positionsOf = {}; ///< by modalityIndex
    bool operator==(const MultiModalSplit &) const = default;
};

struct MultiModalDescription {
    std::string format; ///< "manifest" or "generated"
    FrontEnd frontEnd;
    uint64_t numFiles = 0; ///< the manifest and what it names
    uint64_t numBytes = 0; ///< of them
    uint64_t numTexts = 0;
    uint64_t numImages = 0;
    uint64_t numRecordings = 0;
    uint64_t numMisnamed = 0;              ///< files whose ending names another kind than their content
    std::string firstMisnamed;             ///< "a.png is JPEG"
    bool sharesFiles = false;              ///< one file stands in most documents, so it stands in both splits
    std::array<MultiModalSplit, 3> splits; ///< training, validation, test
    uint64_t longest = 0;                  ///< positions of the longest document
    uint64_t longestRecording = 0;         ///< tokens, without its start
    /// Counts of a generator are those of this many documents of each split, scaled up; 0: exact.
    uint64_t numSampled = 0;
    std::vector<uint64_t> lengthHistogram; ///< [i]: documents of 2^i … 2^(i+1) - 1 positions
    std::string contentDigest;
    std::vector<std::string>
        samples; ///< the first training documents as text, "[image: 36 patches]" for media
    bool operator==(const MultiModalDescription &) const = default;
};

/// One document in a line: texts as they are, media in brackets.
std::string recordPreview(const MultiModalRecord &record, const Tokenizer &tokenizer);
/// Counts one document of a split.
void countRecord(const MultiModalRecord &record, size_t split, MultiModalDescription &description);

/// What to look at before training: "names", "split", "size" and, with a context, "length".
std::vector<DataCheck> checkMultiModal(const MultiModalDescription &description, int64_t context);
/// One JSON object with the keys of describeDataJson (tokens are positions) and, beside them, "splits" by
/// name, "modalities", "front_end", "images", "recordings", "samples".
/// @param context of the model, for the check of lengths; 0: none
std::string describeMultiModalJson(const MultiModalDescription &description, int64_t context);
std::string describeMultiModalText(const MultiModalDescription &description, int64_t context);

} // namespace orrery
