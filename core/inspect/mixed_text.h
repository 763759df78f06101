// SPDX-License-Identifier: Apache-2.0
// Which positions of a text are patches of a picture or frames of a recording: what a stream compares when a
// text goes on where it ended, and cuts into pieces that hold whole pictures. Immutable; any thread.
#pragma once

#include "core/spec/modality_batch.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace orrery {

class MediaPositions {
public:
    /// @param batch of one sequence: the first positions of a text; those behind them are text
    explicit MediaPositions(ModalityBatch batch);

    struct Range {
        int64_t begin = 0, end = 0;
        [[nodiscard]] int64_t size() const { return end - begin; }
    };
    [[nodiscard]] bool isText(int64_t position) const;
    [[nodiscard]] bool isAllText(int64_t begin, int64_t count) const;
    /// The picture or recording that a position is of; only where isText() is false.
    [[nodiscard]] Range segmentAt(int64_t position) const;
    /// Whether both have the same patch or frame there, or both have text.
    [[nodiscard]] bool isSameAt(int64_t position, const MediaPositions &other) const;
    /// `count` positions, text where the batch ends.
    [[nodiscard]] ModalityBatch slice(int64_t begin, int64_t count) const;

private:
    [[nodiscard]] const ModalityRows &rowsAt(int64_t position) const;
    [[nodiscard]] std::span<const float> featuresAt(int64_t position) const;

    ModalityBatch m_batch;
    std::vector<int64_t> m_row_T;   ///< of each position in its modality's rows; text: 0
    std::vector<Range> m_segment_T; ///< of each position; text: empty
};

/// Ids, and what is not text among them. The ids of patches and frames are 0.
struct MixedText {
    std::span<const int32_t> ids;
    std::shared_ptr<const MediaPositions> media = nullptr; ///< null: all is text
    /// From here on nothing leaves the context as long as it fits into one: what is asked now. 0: nothing is
    /// said
    int64_t keptFrom = 0;

    [[nodiscard]] int64_t size() const { return std::ssize(ids); }
    [[nodiscard]] bool isText(int64_t position) const { return !media || media->isText(position); }
    /// The end of the picture that `position` lies in or begins; the position itself in text. What is cut off
    /// in front leaves no half picture, and none without its start.
    [[nodiscard]] int64_t wholeFrom(int64_t position) const;
    /// The start of the picture that `position` lies in; the position itself in text.
    [[nodiscard]] int64_t wholeTo(int64_t position) const;
    /// At most `count` positions from `begin` on that end with no half picture; a picture at `begin` is taken
    /// whole, however long. @param begin in no picture, or at the start of one
    [[nodiscard]] int64_t wholeCount(int64_t begin, int64_t count) const;
};

/// How many positions both texts begin with, whole pictures only: one that goes on differently counts as
/// different from its first patch, because its patches are weighed together.
int64_t commonStart(const MixedText &one, const MixedText &other);

} // namespace orrery
