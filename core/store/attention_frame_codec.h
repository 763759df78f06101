// SPDX-License-Identifier: Apache-2.0
// An attention frame as bytes, compressed with zstd, and back. Bytes come from files and from the network: sizes are checked
// before anything is allocated. Pure; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/frames.h"

#include <string>
#include <string_view>

namespace orrery {

inline constexpr int64_t kMaxFrameEdge = 512;
inline constexpr int64_t kMaxFrameHeads = 4096;

/// @pre sizes as AttentionFrame says
std::string packFrame(const AttentionFrame &frame);
/// @error InvalidInput (cut short, damaged, or of a newer program)
Result<AttentionFrame> unpackFrame(std::string_view bytes);

} // namespace orrery
