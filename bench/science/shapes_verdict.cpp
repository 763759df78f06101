// SPDX-License-Identifier: Apache-2.0
#include "bench/science/shapes_verdict.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace orrery::bench {
namespace {

const ScienceRow *rowOf(const ScienceResults &results, const std::string &arm, uint64_t seed)
{
    for (const ScienceRow &row : results.rows)
        if (row.arm == arm && row.seed == seed) return &row;
    return nullptr;
}

} // namespace

std::string pointName(int64_t point)
{
    return "val_loss_" + std::string(point < 10 ? "0" : "") + std::to_string(point);
}

double shareToReach(const ScienceRow &row, double loss)
{
    double before = std::nan("");
    for (int64_t point = 1; point <= kNumPoints; ++point) {
        const auto found = row.result.metrics.find(pointName(point));
        if (found == row.result.metrics.end()) return std::nan("");
        const double now = found->second;
        if (now <= loss) {
            const double part = std::isnan(before) || before <= now ? 1 : (before - loss) / (before - now);
            return (static_cast<double>(point - 1) + part) / kNumPoints;
        }
        before = now;
    }
    return std::nan("");
}

MeanInterval flopsRatio(const ScienceResults &results, const std::string &arm, const std::string &rival)
{
    std::vector<double> ratios;
    for (const ScienceRow &row : results.rows) {
        const ScienceRow *other = row.arm == arm ? rowOf(results, rival, row.seed) : nullptr;
        if (!other) continue;
        const double loss = std::max(row.result.metrics.at(pointName(kNumPoints)),
                                     other->result.metrics.at(pointName(kNumPoints)));
        ratios.push_back(shareToReach(row, loss) * row.result.metrics.at("train_tflops") /
                         (shareToReach(*other, loss) * other->result.metrics.at("train_tflops")));
    }
    return meanInterval(ratios);
}

} // namespace orrery::bench
