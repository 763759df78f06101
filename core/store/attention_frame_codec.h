// SPDX-License-Identifier: Apache-2.0
// An attention frame as bytes, compressed with zstd, and back. Bytes come from files and from the network:
// sizes are checked before anything is allocated. Pure; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/frames.h"

#include <string>
#include <string_view>

namespace orrery {

// What a frame may hold, for whoever packs one and whoever unpacks one.
inline constexpr int64_t kMaxFrameEdge = 512;
inline constexpr int64_t kMaxFrameHeads = 4096;
inline constexpr int64_t kMaxFrameTokens = int64_t{1} << 20; ///< also in one cell
inline constexpr size_t kMaxFrameTokenBytes = size_t{1} << 16;
inline constexpr int64_t kMaxFrameHeadNumber = int64_t{1} << 16; ///< of layers and of heads
inline constexpr size_t kMaxFrameCandidates = 4096;
inline constexpr size_t kMaxUnpackedFrameBytes = size_t{64} << 20;

/// Version 1 without flows, as programs before them read it; else version 2.
/// @error InvalidInput: what unpackFrame() would refuse
Result<std::string> packFrame(const AttentionFrame &frame);
/// @error InvalidInput (cut short, damaged, or of a newer program)
Result<AttentionFrame> unpackFrame(std::string_view bytes);

} // namespace orrery
