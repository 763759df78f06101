// SPDX-License-Identifier: Apache-2.0
#include "core/train/part_series.h"

namespace orrery {

ProbeSet ProbeSet::ofRegistry(const ModelSpec &spec)
{
    ProbeSet set;
    for (const std::string &name : nn::probeRegistry().names())
        if (auto probe = (*nn::probeRegistry().find(name))(spec)) {
            set.m_shown.push_back(probe.get());
            set.m_probes.push_back(std::move(probe));
        }
    return set;
}

std::vector<MetricValue> ProbeSet::take()
{
    std::vector<MetricValue> values;
    for (nn::Probe *probe : m_shown)
        for (const nn::ProbeValue &seen : probe->take())
            values.push_back({series::probe(seen.name), seen.value});
    return values;
}

} // namespace orrery
