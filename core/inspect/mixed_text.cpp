// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/mixed_text.h"

#include <algorithm>
#include <utility>

namespace orrery {

MediaPositions::MediaPositions(ModalityBatch batch) : m_batch(std::move(batch))
{
    const auto numPositions = static_cast<int64_t>(m_batch.modality_BT.size());
    std::vector<int64_t> numRows(m_batch.rows.size(), 0);
    m_row_T.assign(static_cast<size_t>(numPositions), 0);
    m_segment_T.assign(static_cast<size_t>(numPositions), {});
    for (int64_t begin = 0; begin < numPositions;) {
        const uint8_t modality = m_batch.modality_BT[static_cast<size_t>(begin)];
        int64_t end = begin;
        while (end < numPositions && m_batch.modality_BT[static_cast<size_t>(end)] == modality) ++end;
        for (int64_t i = begin; i < end && modality != 0; ++i) {
            m_row_T[static_cast<size_t>(i)] = numRows[modality]++;
            m_segment_T[static_cast<size_t>(i)] = {begin, end};
        }
        begin = end;
    }
}

bool MediaPositions::isText(int64_t position) const
{
    return position >= std::ssize(m_batch.modality_BT) ||
           m_batch.modality_BT[static_cast<size_t>(position)] == 0;
}

bool MediaPositions::isAllText(int64_t begin, int64_t count) const
{
    for (int64_t i = begin; i < begin + count; ++i)
        if (!isText(i)) return false;
    return true;
}

MediaPositions::Range MediaPositions::segmentAt(int64_t position) const
{
    return m_segment_T[static_cast<size_t>(position)];
}

const ModalityRows &MediaPositions::rowsAt(int64_t position) const
{
    return m_batch.rows[m_batch.modality_BT[static_cast<size_t>(position)]];
}

std::span<const float> MediaPositions::featuresAt(int64_t position) const
{
    const ModalityRows &rows = rowsAt(position);
    const auto width = static_cast<size_t>(rows.width);
    return std::span(rows.features_NF)
        .subspan(static_cast<size_t>(m_row_T[static_cast<size_t>(position)]) * width, width);
}

bool MediaPositions::isSameAt(int64_t position, const MediaPositions &other) const
{
    if (this == &other) return true;
    if (isText(position) || other.isText(position)) return isText(position) && other.isText(position);
    const auto index = static_cast<size_t>(position);
    if (m_batch.modality_BT[index] != other.m_batch.modality_BT[index]) return false;
    const auto placeIn = [position, index](const MediaPositions &of) {
        return of.rowsAt(position).places_N[static_cast<size_t>(of.m_row_T[index])];
    };
    return placeIn(*this) == placeIn(other) &&
           std::ranges::equal(featuresAt(position), other.featuresAt(position));
}

ModalityBatch MediaPositions::slice(int64_t begin, int64_t count) const
{
    ModalityBatch out;
    out.numModalities = m_batch.numModalities;
    out.modality_BT.assign(static_cast<size_t>(count), 0);
    out.rows.resize(m_batch.rows.size());
    for (size_t m = 0; m < out.rows.size(); ++m) out.rows[m].width = m_batch.rows[m].width;
    for (int64_t i = begin; i < begin + count; ++i) {
        if (isText(i)) continue;
        const uint8_t modality = m_batch.modality_BT[static_cast<size_t>(i)];
        out.modality_BT[static_cast<size_t>(i - begin)] = modality;
        ModalityRows &rows = out.rows[modality];
        const std::span<const float> features = featuresAt(i);
        rows.features_NF.insert(rows.features_NF.end(), features.begin(), features.end());
        rows.places_N.push_back(rowsAt(i).places_N[static_cast<size_t>(m_row_T[static_cast<size_t>(i)])]);
    }
    return out;
}

int64_t MixedText::wholeFrom(int64_t position) const
{
    return isText(position) ? position : media->segmentAt(position).end;
}

int64_t MixedText::wholeTo(int64_t position) const
{
    return isText(position) ? position : media->segmentAt(position).begin;
}

int64_t MixedText::wholeCount(int64_t begin, int64_t count) const
{
    const int64_t end = begin + count;
    if (end >= size() || isText(end)) return count;
    const MediaPositions::Range segment = media->segmentAt(end);
    return (segment.begin > begin ? segment.begin : segment.end) - begin;
}

int64_t commonStart(const MixedText &one, const MixedText &other)
{
    const int64_t shorter = std::min(one.size(), other.size());
    const auto isSameAt = [&](int64_t i) {
        if (one.ids[static_cast<size_t>(i)] != other.ids[static_cast<size_t>(i)]) return false;
        if (!one.media || !other.media) return one.isText(i) && other.isText(i);
        return one.media->isSameAt(i, *other.media);
    };
    int64_t common = 0;
    while (common < shorter && isSameAt(common)) ++common;
    // Both have the same position before the difference: it may be of a picture that goes on in one of them.
    if (common == 0 || one.isText(common - 1)) return common;
    const MediaPositions::Range here = one.media->segmentAt(common - 1);
    const MediaPositions::Range there = other.media->segmentAt(common - 1);
    return here.end == common && there.end == common ? common : here.begin;
}

} // namespace orrery
