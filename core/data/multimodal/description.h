// SPDX-License-Identifier: Apache-2.0
// A multi-modal corpus described for people and for programs. Values; any thread.
#pragma once

#include "core/data/describe.h"
#include "core/data/media/front_end.h"
#include "core/data/media/media_files.h"
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
    uint64_t numCropped = 0;               ///< pictures that lose more than kMuchCropped of their area
    std::string mostCropped;               ///< "wide.png, 67 %"
    uint64_t numBeyondScale = 0;           ///< recordings with samples beyond full scale, which were cut
    std::string loudest;                   ///< "hot.wav, peak 3.5"
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

/// Counts what pictures and recordings lose on their way into a model, as the files of a manifest are
/// decoded.
class MediaCutCounter {
public:
    /// @param description outlives it
    explicit MediaCutCounter(MultiModalDescription &description) : m_description(description) {}
    /// @param name as the manifest has it   @param frontEnd the description's own is not set yet while files
    /// are read
    void add(std::string_view name, const MediaFacts &facts, const FrontEnd &frontEnd);

private:
    MultiModalDescription &m_description;
    double m_mostLost = 0;
    double m_highestPeak = 0;
};

/// What to look at before training: of a manifest "names", "crop" where it has pictures and "scale" where it
/// has recordings; "split", "size" and, with a context, "length".
std::vector<DataCheck> checkMultiModal(const MultiModalDescription &description, int64_t context);
/// The sentences of "names", "crop" and "scale" that are not fine: what a training says as it begins, in the
/// words of `data describe`. They were counted as the files were decoded, so that nothing is read for them.
std::vector<std::string> fileWarnings(const MultiModalDescription &description);
/// One JSON object with the keys of describeDataJson (tokens are positions) and, beside them, "splits" by
/// name, "modalities", "front_end", "images", "recordings", "samples".
/// @param context of the model, for the check of lengths; 0: none
std::string describeMultiModalJson(const MultiModalDescription &description, int64_t context);
std::string describeMultiModalText(const MultiModalDescription &description, int64_t context);

} // namespace orrery
