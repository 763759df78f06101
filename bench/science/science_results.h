// SPDX-License-Identifier: Apache-2.0
// What the arms of a science benchmark measured, over seeds, and what follows from it. Values; any thread.
#pragma once

#include "bench/bench_statistics.h"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace orrery::bench {

/// What one arm measured with one seed.
struct ArmResult {
    std::map<std::string, double> metrics;
    uint64_t parameters = 0;
    int64_t steps = 0;
    double seconds = 0;    ///< of training, by the clock
    /// Of the processor, all threads, with measuring and with what the arm makes first for others of its seed
    /// (the base of `facts`); the runner fills it.
    double cpuSeconds = 0;
};

struct ScienceRow {
    std::string arm;
    uint64_t seed = 0;
    ArmResult result;
};

/// One threshold, and whether it was met.
struct Check {
    std::string name;      ///< "forgetting of ours, bits a byte"
    double value = 0;      ///< that is held against the limit
    MeanInterval interval; ///< of which the value is a part, where there is one
    std::string relation;  ///< "<=", ">=", "<"
    double limit = 0;
    bool isMet = false;
    bool isBeside = false; ///< beyond what is asked: told, and no part of the verdict
};
/// @param relation "<=", ">=", "<"; a value that is no number meets none
Check makeCheck(std::string name, double value, std::string relation, double limit,
                const MeanInterval &interval = {});
/// The same threshold, told beside the verdict: a harder reading than the one that is asked for.
Check besideVerdict(Check check);

class ScienceResults;
/// Of an arm's mean of a metric over the seeds, with its interval.
Check meanCheck(const ScienceResults &results, std::string name, const std::string &arm, const std::string &metric,
                std::string relation, double limit);
/// That the arms' models have the same number of parameters, within 5 %.
Check equalParameters(const ScienceResults &results);

class ScienceResults {
public:
    std::vector<ScienceRow> rows;

    /// Of the seeds that have it; NaN in all fields when none has.
    [[nodiscard]] MeanInterval interval(const std::string &arm, const std::string &metric) const;
    /// Of a − b, seed by seed.
    [[nodiscard]] MeanInterval difference(const std::string &armA, const std::string &armB,
                                          const std::string &metric) const;
    [[nodiscard]] double mean(const std::string &arm, const std::string &metric) const
    {
        return interval(arm, metric).mean;
    }
    [[nodiscard]] std::vector<std::string> arms() const; ///< in order of appearance
    [[nodiscard]] std::vector<std::string> metrics() const;
    /// Largest count of parameters over the smallest, over all arms and seeds; 1 without any.
    [[nodiscard]] double parameterRatio() const;

private:
    [[nodiscard]] std::map<uint64_t, double> values(const std::string &arm, const std::string &metric) const;
};

} // namespace orrery::bench
