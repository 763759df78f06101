// SPDX-License-Identifier: Apache-2.0
#include "core/train/told_series.h"

namespace orrery {
namespace {

constexpr std::string_view kParts = "part/", kProbes = "probe/";

} // namespace

ToldSeries::News ToldSeries::note(std::span<const MetricValue> told)
{
    const std::lock_guard lock(m_mutex);
    const bool hadParts = m_haveParts, hadProbes = m_haveProbes;
    for (const MetricValue &metric : told) {
        m_haveParts = m_haveParts || metric.series == series::kLoss;
        m_haveProbes = m_haveProbes || metric.series == series::kValLoss;
        if (metric.series.starts_with(kParts) || metric.series.starts_with(kProbes))
            m_names.insert(metric.series);
    }
    const bool areParts = m_haveParts && !hadParts, areProbes = m_haveProbes && !hadProbes;
    return areParts && areProbes ? News::Both : areParts ? News::Parts : areProbes ? News::Probes : News::None;
}

bool ToldSeries::isMissing(std::string_view name) const
{
    const std::lock_guard lock(m_mutex);
    const bool isTold = name.starts_with(kParts)    ? m_haveParts
                        : name.starts_with(kProbes) ? m_haveProbes
                                                    : false;
    return isTold && m_names.find(name) == m_names.end();
}

std::vector<std::string> ToldSeries::likeThis(std::string_view name) const
{
    const std::string_view kind = name.starts_with(kParts) ? kParts : kProbes;
    const std::lock_guard lock(m_mutex);
    std::vector<std::string> names;
    for (const std::string &known : m_names)
        if (known.starts_with(kind)) names.push_back(known);
    return names;
}

} // namespace orrery
