// SPDX-License-Identifier: GPL-3.0-or-later
// What the pages of the attention panel are made of: of the heads that are shown the weights, at one step or between
// two.
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/attention_stage.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/overview_page.h"

#include <array>
#include <tuple>
#include <utility>

namespace orrery::ui {
namespace {

/// Of a step: with more cells of some heads, and of all of them.
using Kept = std::array<SnapshotPtr, 2>;

HeadMatrix matrixOf(const SnapshotPtr &snapshot, const HeadRef &head)
{
    const AttentionMap *map = snapshot ? mapOf(*snapshot, head) : nullptr;
    return map ? toMatrix(*map) : HeadMatrix{};
}

HeadMatrix finest(const Kept &kept, const HeadRef &head)
{
    HeadMatrix matrix = matrixOf(kept[0], head);
    return matrix.isEmpty() ? matrixOf(kept[1], head) : matrix;
}

/// A head now and before in cells of the same tokens, the finest that both have; empty: there are none.
std::pair<HeadMatrix, HeadMatrix> comparable(const Kept &now, const Kept &base, const HeadRef &head)
{
    for (const SnapshotPtr &after : now)
        for (const SnapshotPtr &before : base) {
            HeadMatrix one = matrixOf(after, head), other = matrixOf(before, head);
            if (!one.isEmpty() && one.rows == other.rows && one.columns == other.columns)
                return {std::move(one), std::move(other)};
        }
    return {};
}

} // namespace

std::vector<HeadRef> AttentionPanel::openHeads() const
{
    return place().overlay.size() > 1 ? place().overlay : std::vector<HeadRef>{place().head};
}

/// A step of starred heads alone has no others: those beside are of the nearest step that has.
SnapshotPtr AttentionPanel::allHeads(const SnapshotPtr &now) const
{
    return !m_asked && now && m_feed->overview() ? m_feed->overview() : now;
}

OverviewContent AttentionPanel::overviewContent(const SnapshotPtr &now) const
{
    OverviewContent content;
    content.now = allHeads(now);
    content.base = m_asked ? base() : m_feed->overviewBase();
    content.isDifference = m_isDifference && content.base;
    content.value = look().value;
    content.scale = look().scale;
    content.leastLimit = m_leastLimits.overview;
    content.sort = m_stage->overview()->sort();
    return content;
}

HeadContent AttentionPanel::headContent(const SnapshotPtr &now) const
{
    const AttentionLook look = this->look();
    HeadContent content;
    content.scale = look.scale;
    content.value = look.value;
    if (!now) return content;
    content.tokens = now->report.tokens;
    if (m_thumbnails.size() == content.tokens.size()) content.pictures = m_thumbnails;
    content.leastLimit = m_leastLimits.map;
    const SnapshotPtr base = m_isDifference ? this->base() : nullptr;
    const Kept after{m_asked ? nullptr : m_feed->detail(), now};
    const Kept earlier{m_asked ? nullptr : m_feed->baseDetail(), base};
    const std::vector<TokenRange> groups = groupTokens(content.tokens, look.granularity);
    const bool isGrouped = look.granularity != Granularity::Token;
    for (const HeadRef &head : openHeads()) {
        HeadMatrix matrix, before;
        if (base)
            std::tie(matrix, before) = comparable(after, earlier, head);
        else
            matrix = finest(after, head);
        if (isGrouped && !matrix.isPooled()) {
            content.isGrouped = true;
            matrix = grouped(matrix, groups);
            if (base) before = grouped(before, groups);
        }
        if (base) {
            content.baseStep = base->report.step;
            const std::optional<HeadMatrix> change = difference(matrix, before);
            if (!change) continue;
            // Sums of many kept weights have no such simple bound; answers are exact.
            if (now->isKept && !isGrouped && content.heads.empty())
                content.rounding = keptRounding(matrix, before, look.value);
            matrix = *change;
        }
        if (!matrix.isEmpty()) content.heads.push_back(std::move(matrix));
    }
    // Changes of several heads have two signs and four colours: that is read by nobody.
    if (base && content.heads.size() > 1) content.heads.resize(1);
    return content;
}

/// Of the open heads those that the map is of.
std::vector<HeadRef> AttentionPanel::shownHeads() const
{
    std::vector<HeadRef> heads = openHeads();
    const bool isChange = m_isDifference && base();
    if (isChange && heads.size() > 1) heads.resize(1);
    return heads;
}

} // namespace orrery::ui
