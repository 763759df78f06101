// SPDX-License-Identifier: Apache-2.0
#include "bench/science/infill_holes.h"

#include "core/data/tokenizer.h"
#include "core/spec/objective_mix.h"

namespace orrery::bench {
namespace {

constexpr int32_t kNumBytes = 256; ///< ids below are bytes

} // namespace

ModelBatch HoleRows::batch(std::span<const Hole> holes, HoleView view) const
{
    ModelBatch out;
    out.numSequences = std::ssize(holes);
    out.context = m_context;
    for (const Hole &hole : holes) {
        int64_t firstOfHole = 0;
        std::vector<int32_t> tokens =
            view == HoleView::BothSides ? bothSides(hole, firstOfHole) : leftSide(hole, view, firstOfHole);
        tokens.resize(static_cast<size_t>(m_context + 1), 0); // behind the hole, which sees none of it
        out.ids_BT.insert(out.ids_BT.end(), tokens.begin(), tokens.end() - 1);
        out.targets_BT.insert(out.targets_BT.end(), tokens.begin() + 1, tokens.end());
        std::vector<uint8_t> mask(static_cast<size_t>(m_context), 0);
        for (int64_t i = 0; i < hole.length; ++i) {
            const auto place = static_cast<size_t>(firstOfHole + i);
            mask[place - 1] = tokens[place] < kNumBytes; // ends of files are no text
        }
        out.mask_BT.insert(out.mask_BT.end(), mask.begin(), mask.end());
    }
    return out;
}

std::vector<int32_t> HoleRows::bothSides(const Hole &hole, int64_t &firstOfHole) const
{
    const auto length = static_cast<uint64_t>(hole.length);
    const uint64_t end = hole.window + static_cast<uint64_t>(infillTextTokens(m_context));
    std::vector<int32_t> row = {static_cast<int32_t>(SpecialToken::InfillPrefix),
                                static_cast<int32_t>(SpecialToken::InfillSuffix)};
    const auto add = [&row](const std::vector<int32_t> &more) { row.insert(row.end(), more.begin(), more.end()); };
    add(m_read(hole.begin + length, end));
    row.push_back(static_cast<int32_t>(SpecialToken::InfillMiddle));
    add(m_read(hole.window, hole.begin));
    firstOfHole = std::ssize(row);
    add(m_read(hole.begin, hole.begin + length));
    return row;
}

std::vector<int32_t> HoleRows::leftSide(const Hole &hole, HoleView view, int64_t &firstOfHole) const
{
    const uint64_t end = hole.begin + static_cast<uint64_t>(hole.length);
    if (view == HoleView::LeftFilled) {
        firstOfHole = m_context + 1 - hole.length;
        return m_read(end - static_cast<uint64_t>(m_context) - 1, end);
    }
    std::vector<int32_t> row = {static_cast<int32_t>(SpecialToken::EndOfText)};
    const std::vector<int32_t> text = m_read(hole.window, end);
    row.insert(row.end(), text.begin(), text.end());
    firstOfHole = std::ssize(row) - hole.length;
    return row;
}

} // namespace orrery::bench
