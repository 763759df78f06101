// SPDX-License-Identifier: Apache-2.0
// The parts of bench inspect, one file each. Each of them adds its figures under a name of its own and says
// whether they are within their limits. Only the thread that calls torch.
#pragma once

#include "bench/inspect_bench.h"
#include "core/infer/text_generator.h"

#include <nlohmann/json.hpp>

#include <vector>

namespace orrery::bench {

struct InspectSection {
    nlohmann::ordered_json figures;
    bool hasPassed = true;
};

/// A click on another token: request to first new token, at random places of an answer.
Result<InspectSection> measureBranches(const InspectBenchOptions &options);
/// A head left out, a slot of a memory forgotten: request to the new distribution.
Result<InspectSection> measureWhatIf(const InspectBenchOptions &options);
/// Maps of some heads of one text, beside a pass of the same text.
Result<InspectSection> measureQuestion(const InspectBenchOptions &options);
/// Maps of some heads by a training while it trains, and what that costs it.
Result<InspectSection> measureLive(const InspectBenchOptions &options);

/// Layers × width with heads of 64, of bytes without specials, so that nothing ends a text.
RunSpec benchSpec(int64_t layers, int64_t width, int64_t context);
/// Random weights, and so many threads as the caller prepared.
Result<std::unique_ptr<TextGenerator>> randomGenerator(const RunSpec &spec);
/// So many bytes that look like text, the same for the same seed.
std::string randomText(int64_t numBytes, uint64_t seed);

/// median_ms, p95_ms, largest_ms and how many. @param seconds at least one
nlohmann::ordered_json timesJson(std::vector<double> seconds);
/// The value below which 95 % of them are, by nearest rank.
double p95(std::vector<double> seconds);

} // namespace orrery::bench
