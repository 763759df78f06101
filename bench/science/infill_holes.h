// SPDX-License-Identifier: Apache-2.0
// Holes in a text, and the rows in which a model is asked for their bytes. Values; any thread.
// Axes: B rows, T tokens.
#pragma once

#include "core/train/model_batch.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace orrery::bench {

/// A hole of the validation stream: tokens [begin, begin + length), and where the window around it begins.
struct Hole {
    uint64_t begin = 0;
    int64_t length = 0;
    uint64_t window = 0;
};

enum class HoleView : uint8_t {
    BothSides,  ///< the text before and behind it, as the hybrid objective shows it
    LeftSame,   ///< the text before it in the same window
    LeftFilled, ///< as much text before it as the context holds
};

/// Rows of T tokens in which only the hole's bytes count.
class HoleRows {
public:
    /// Tokens [begin, end) of the stream that the holes are of.
    using Read = std::function<std::vector<int32_t>(uint64_t begin, uint64_t end)>;
    HoleRows(Read read, int64_t context) : m_read(std::move(read)), m_context(context) {}

    [[nodiscard]] ModelBatch batch(std::span<const Hole> holes, HoleView view) const;

private:
    /// @param firstOfHole out: the place of its first token in the row
    std::vector<int32_t> bothSides(const Hole &hole, int64_t &firstOfHole) const;
    std::vector<int32_t> leftSide(const Hole &hole, HoleView view, int64_t &firstOfHole) const;

    Read m_read;
    int64_t m_context;
};

} // namespace orrery::bench
