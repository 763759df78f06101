// SPDX-License-Identifier: Apache-2.0
// Pictures of a model's inside that a training keeps while it learns, so that they can be gone through later.
// Values; any thread.
#pragma once

#include "core/spec/inspection.h"

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

enum class FrameKind : uint8_t {
    Unknown,
    Overview, ///< every head, few cells
    Heads,    ///< the starred heads, more cells
};
const char *frameKindName(FrameKind kind); ///< "overview", "heads"
FrameKind frameKindFromName(const std::string &name);

struct FrameInfo {
    int64_t id = 0; ///< given by the store, increasing
    int64_t step = 0;
    double wallTime = 0; ///< Unix seconds
    int32_t attempt = 0;
    FrameKind kind = FrameKind::Unknown;
    int32_t prompt = 0;        ///< number of the probe prompt
    uint64_t numBytes = 0;     ///< on the disk
    bool isSuperseded = false; ///< from a tail that a later attempt wrote again
};

struct FrameQuery {
    FrameKind kind = FrameKind::Overview;
    int32_t prompt = 0;
    int64_t afterId = 0;
    int32_t maxFrames = 100'000;
};

/// Maps of several heads over the same tokens, in eight bits: a byte b stands for the weight (b / 255)².
struct AttentionFrame {
    int64_t step = 0;
    std::vector<InspectedToken> tokens;
    std::vector<HeadRef> heads;         ///< in the order of the maps
    std::vector<HeadSummary> summaries; ///< of these heads
    std::vector<ModalityFlow> flows; ///< of these heads; empty where all is text, and in frames of version 1
    int64_t tokensPerCell = 1;
    std::vector<uint8_t> mean;                ///< [heads, edge, edge]
    std::vector<uint8_t> maximum;             ///< likewise; empty where a cell is one token
    std::vector<TokenAlternative> candidates; ///< for what stands behind the last token
    [[nodiscard]] int64_t edge() const
    {
        return (static_cast<int64_t>(tokens.size()) + tokensPerCell - 1) / tokensPerCell;
    }
};
inline float frameWeight(uint8_t byte)
{
    const float root = static_cast<float>(byte) / 255.0F;
    return root * root;
}

} // namespace orrery
