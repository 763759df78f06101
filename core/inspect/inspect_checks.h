// SPDX-License-Identifier: Apache-2.0
// What may be asked of a model, and a request with its open ends filled in. Any thread.
#pragma once

#include "core/inspect/inspect.h"
#include "core/inspect/map_pool.h"

#include <vector>

namespace orrery {

inline constexpr int64_t kMinOverviewEdge = 8, kMaxOverviewEdge = 64;
inline constexpr int64_t kMaxMapEdge = 2048;
inline constexpr size_t kMaxHeadsAsked = 4096;
inline constexpr int64_t kMaxCells = int64_t{16} << 20; ///< of all maps of a report, 64 MiB
inline constexpr int32_t kMaxInspectCandidates = 50;

/// @error InvalidInput: empty, longer than the context, an id that the model has not, an unknown mask, a
/// prefix longer than the text
Result<void> checkInput(const nn::Transformer &model, const InspectInput &input);
/// @param what "head", "head to leave out"  @error InvalidInput: too many, or one that does not exist
Result<void> checkHeads(const ModelSpec &spec, const std::vector<HeadRef> &heads, const std::string &what);
/// @error InvalidInput: outside of least … most
Result<void> checkSize(const std::string &what, int64_t value, int64_t least, int64_t most);

/// @error InvalidInput: neither a token of the text nor -1
Result<void> checkToken(int64_t token, int64_t numTokens);

struct CheckedRequest {
    int64_t token = 0;
    MapShape overview; ///< no rows: not wanted
    MapShape map;      ///< of each head asked for
};
/// @error InvalidInput as Generator::inspect, or maps of more than kMaxCells cells together
Result<CheckedRequest> checkRequest(const ModelSpec &spec, int64_t numTokens, const InspectRequest &request);

/// All heads, layer by layer.
std::vector<HeadRef> allHeads(const ModelSpec &spec);

} // namespace orrery
