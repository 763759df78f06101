// SPDX-License-Identifier: Apache-2.0
// The answer to a look inside on its way over the wire: cut into parts of a bounded size, so that its first
// part leaves at once, a slow reader holds up one part only and a cancelled one costs no more than that; and put
// together again. What the parts say about their sizes is checked before room is made for it: room is only ever made
// for what has come. Private to core/rpc and its tests. One thread at a time.
#pragma once

#include "core/rpc/values.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace orrery {

namespace v1 {
class AttentionMapMessage;
class InspectReply;
} // namespace v1

inline constexpr size_t kInspectPartBytes = size_t{256} << 10;
/// Of all maps of an answer together: far beyond what an engine gives (core/inspect/inspect_checks.h).
inline constexpr int64_t kMaxAnswerCells = int64_t{64} << 20;
/// Tokens, heads, rows and candidates of an answer together.
inline constexpr int64_t kMaxAnswerItems = int64_t{8} << 20;

class InspectCutter {
public:
    /// @param report must outlive it  @param partBytes about as many a part; the single values are not cut
    explicit InspectCutter(const InspectReport &report, size_t partBytes = kInspectPartBytes)
        : m_report(report), m_partBytes(partBytes)
    {
    }
    /// Fills in the next part. @param part empty  @return false: nothing is left, and the part stays empty
    bool next(v1::InspectReply &part);

private:
    enum class List : uint8_t { Values, Lens, Reads, Uses, Summaries, Flows, Tokens, Attribution, Overview, Maps, End };
    [[nodiscard]] size_t listSize() const;
    void addItem(v1::InspectReply &part);
    void addValues(v1::InspectReply &part);
    /// As many cells of the map as there is room for.
    void addMap(const AttentionMap &map, v1::AttentionMapMessage &message);

    const InspectReport &m_report;
    const size_t m_partBytes;
    List m_list = List::Values;
    size_t m_item = 0, m_cell = 0; ///< next ones of the list
    size_t m_numBytes = 0;         ///< of the part, about
};

class InspectAssembly {
public:
    /// @error Io: no part that an engine would send; nothing can be added then
    Result<void> add(const v1::InspectReply &part);
    /// Of the maps that a request wants. numWanted 0: it wants none, or how many is not known yet.
    [[nodiscard]] InspectAmount amount(const InspectRequest &request) const;
    /// @error Io: cells are missing
    Result<InspectReport> take();

private:
    Result<void> addFlows(const v1::InspectReply &part);
    Result<void> addMap(const v1::AttentionMapMessage &message, std::vector<AttentionMap> &maps);

    InspectReport m_report;
    bool m_hasValues = false;
    int64_t m_numItems = 0;
    int64_t m_numCells = 0; ///< that the maps say they have
};

/// A part that tells how far the model is, before the answer's own; it has nothing else.
void setReading(const InspectPassAmount &amount, v1::InspectReply &part);
InspectPassAmount readingOf(const v1::InspectReply &part);

/// Tells `onAmount`, where somebody listens and there is one, what has come with each part. Both must outlive it.
std::function<void(const InspectAssembly &)> amountTeller(const InspectRequest &request,
                                                          const std::function<void(const InspectAmount &)> &onAmount);

} // namespace orrery
