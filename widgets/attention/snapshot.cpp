// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/snapshot.h"

#include <algorithm>
#include <array>

namespace orrery::ui {
namespace {

const std::array<float, 256> &weightsOfBytes()
{
    static const std::array<float, 256> weights = [] {
        std::array<float, 256> made{};
        for (size_t i = 0; i < made.size(); ++i) made[i] = frameWeight(static_cast<uint8_t>(i));
        return made;
    }();
    return weights;
}

std::vector<float> decoded(const std::vector<uint8_t> &bytes, size_t from, size_t count)
{
    const std::array<float, 256> &weights = weightsOfBytes();
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = weights[bytes[from + i]];
    return values;
}

} // namespace

SnapshotPtr snapshotOfFrame(const AttentionFrame &frame, const FrameInfo &info)
{
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->isKept = true;
    snapshot->frame = info.id;
    snapshot->wallTime = info.wallTime;
    InspectReport &report = snapshot->report;
    report.step = frame.step;
    report.tokens = frame.tokens;
    report.summaries = frame.summaries;
    report.candidates = frame.candidates;
    report.flows = frame.flows;
    report.token = std::ssize(frame.tokens) - 1;
    const auto numTokens = static_cast<int64_t>(frame.tokens.size());
    const auto cells = static_cast<size_t>(frame.edge() * frame.edge());
    for (size_t i = 0; i < frame.heads.size(); ++i) {
        report.layers = std::max(report.layers, frame.heads[i].layer + 1);
        report.heads = std::max(report.heads, frame.heads[i].head + 1);
        if (frame.mean.size() < (i + 1) * cells) continue; // cut short: this head has no map
        AttentionMap map{.head = frame.heads[i],
                         .numRows = numTokens,
                         .numColumns = numTokens,
                         .rowsPerCell = frame.tokensPerCell,
                         .columnsPerCell = frame.tokensPerCell,
                         .mean = decoded(frame.mean, i * cells, cells)};
        if (frame.maximum.size() >= (i + 1) * cells) map.maximum = decoded(frame.maximum, i * cells, cells);
        report.overview.push_back(std::move(map));
    }
    return snapshot;
}

SnapshotPtr snapshotOfReport(InspectReport report)
{
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->report = std::move(report);
    return snapshot;
}

const AttentionMap *mapOf(const Snapshot &snapshot, const HeadRef &head)
{
    const auto isIt = [&head](const AttentionMap &map) { return map.head == head; };
    for (const std::vector<AttentionMap> *maps : {&snapshot.report.maps, &snapshot.report.overview}) {
        const auto found = std::find_if(maps->begin(), maps->end(), isIt);
        if (found != maps->end()) return &*found;
    }
    return nullptr;
}

const HeadSummary *summaryOf(const Snapshot &snapshot, const HeadRef &head)
{
    const auto &all = snapshot.report.summaries;
    const auto found =
        std::find_if(all.begin(), all.end(), [&head](const HeadSummary &one) { return one.head == head; });
    return found == all.end() ? nullptr : &*found;
}

} // namespace orrery::ui
