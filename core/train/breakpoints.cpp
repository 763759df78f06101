// SPDX-License-Identifier: Apache-2.0
#include "core/train/breakpoints.h"

#include "core/base/text.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr size_t kMaxBreakpoints = 64;

} // namespace

bool Breakpoints::add(const Breakpoint &breakpoint)
{
    remove(breakpoint);
    if (m_watched.size() >= kMaxBreakpoints) return false;
    m_watched.push_back({breakpoint, false});
    return true;
}

bool Breakpoints::remove(const Breakpoint &breakpoint)
{
    return std::erase_if(m_watched,
                         [&](const Watched &watched) { return watched.breakpoint == breakpoint; }) > 0;
}

std::vector<Breakpoints::Hit> Breakpoints::check(const std::vector<MetricValue> &values)
{
    std::vector<Hit> hits;
    for (Watched &watched : m_watched) {
        const MetricValue *cause = nullptr;
        bool isReported = false;
        for (const MetricValue &metric : values) {
            if (!watched.breakpoint.covers(metric.series)) continue;
            isReported = true;
            if (watched.breakpoint.holdsFor(metric.value)) {
                cause = &metric;
                break;
            }
        }
        if (!isReported) continue;
        if (cause && !watched.isTrue) hits.push_back({watched.breakpoint, cause->series, cause->value});
        watched.isTrue = cause != nullptr;
    }
    return hits;
}

const Breakpoint *Breakpoints::find(std::string_view series) const
{
    for (const Watched &watched : m_watched)
        if (watched.breakpoint.series == series) return &watched.breakpoint;
    return nullptr;
}

std::vector<std::string> Breakpoints::texts() const
{
    std::vector<std::string> texts;
    for (const Watched &watched : m_watched) texts.push_back(breakpointText(watched.breakpoint));
    return texts;
}

std::string Breakpoints::text() const { return m_watched.empty() ? "none" : joinText(texts(), ", "); }

} // namespace orrery
