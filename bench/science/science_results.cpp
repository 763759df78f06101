// SPDX-License-Identifier: Apache-2.0
#include "bench/science/science_results.h"

#include <algorithm>
#include <cmath>

namespace orrery::bench {
namespace {

std::vector<double> valuesOf(const std::map<uint64_t, double> &bySeed)
{
    std::vector<double> all;
    for (const auto &[seed, value] : bySeed) all.push_back(value);
    return all;
}

} // namespace

Check makeCheck(std::string name, double value, std::string relation, double limit,
                const MeanInterval &interval)
{
    Check check{.name = std::move(name),
                .value = value,
                .interval = interval,
                .relation = std::move(relation),
                .limit = limit};
    check.isMet = check.relation == "<="   ? value <= limit
                  : check.relation == ">=" ? value >= limit
                                           : value < limit;
    return check;
}

Check besideVerdict(Check check)
{
    check.isBeside = true;
    return check;
}

Check meanCheck(const ScienceResults &results, std::string name, const std::string &arm, const std::string &metric,
                std::string relation, double limit)
{
    const MeanInterval interval = results.interval(arm, metric);
    return makeCheck(std::move(name), interval.mean, std::move(relation), limit, interval);
}

Check equalParameters(const ScienceResults &results)
{
    return makeCheck("parameters, largest arm over smallest", results.parameterRatio(), "<=", 1.05);
}

std::map<uint64_t, double> ScienceResults::values(const std::string &arm, const std::string &metric) const
{
    std::map<uint64_t, double> found;
    for (const ScienceRow &row : rows) {
        if (row.arm != arm) continue;
        if (const auto value = row.result.metrics.find(metric); value != row.result.metrics.end())
            found[row.seed] = value->second;
    }
    return found;
}

MeanInterval ScienceResults::interval(const std::string &arm, const std::string &metric) const
{
    return meanInterval(valuesOf(values(arm, metric)));
}

MeanInterval ScienceResults::difference(const std::string &armA, const std::string &armB,
                                        const std::string &metric) const
{
    const auto a = values(armA, metric), b = values(armB, metric);
    std::vector<double> differences;
    for (const auto &[seed, value] : a)
        if (const auto other = b.find(seed); other != b.end()) differences.push_back(value - other->second);
    return meanInterval(differences);
}

std::vector<std::string> ScienceResults::arms() const
{
    std::vector<std::string> names;
    for (const ScienceRow &row : rows)
        if (std::find(names.begin(), names.end(), row.arm) == names.end()) names.push_back(row.arm);
    return names;
}

std::vector<std::string> ScienceResults::metrics() const
{
    std::vector<std::string> names;
    for (const ScienceRow &row : rows)
        for (const auto &[name, value] : row.result.metrics)
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    return names;
}

double ScienceResults::parameterRatio() const
{
    if (rows.empty()) return 1;
    const auto [least, most] =
        std::minmax_element(rows.begin(), rows.end(), [](const ScienceRow &a, const ScienceRow &b) {
            return a.result.parameters < b.result.parameters;
        });
    return static_cast<double>(most->result.parameters) /
           static_cast<double>(std::max<uint64_t>(1, least->result.parameters));
}

} // namespace orrery::bench
