// SPDX-License-Identifier: Apache-2.0
// Where a training pauses because of its own numbers.
#include "core/train/training_loop.h"

#include "core/base/text.h"
#include "core/train/continual/stage_series.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr const char *kAnyMemory = "memory"; ///< as Breakpoint::series has it

} // namespace

std::vector<std::string> TrainingLoop::knownSeries(const LoopParts &parts)
{
    std::vector<std::string> names = {series::kLoss,     series::kValLoss,         series::kLearningRate,
                                      series::kGradNorm, series::kTokensPerSecond, series::kViewerPercent,
                                      series::kMemoryMiB};
    for (const ValidationMeasure &measure : parts.sources.measures)
        if (measure.series != series::kValLoss) names.push_back(measure.series);
    if (parts.continual) {
        names.insert(names.end(), {series::kStage, series::kForgetting, series::kBackwardTransfer});
        for (size_t stage = 1; stage <= parts.sources.stages.size(); ++stage) {
            names.push_back(parts.sources.stages[stage - 1].series);
            names.push_back(series::stageLoss(stage));
        }
    }
    for (std::string &name : headSeriesNames(parts.model->spec())) names.push_back(std::move(name));
    return names;
}

Error TrainingLoop::noOccupancyError(const Breakpoint &breakpoint) const
{
    std::vector<std::string> names = m_knownSeries;
    std::erase_if(names, [](const std::string &name) { return name.starts_with("head/"); });
    return {ErrorCode::InvalidInput,
            "Cannot use the breakpoint \"" + breakpointText(breakpoint) +
                "\": no part of the model tells how full its memory is while it trains, expected one of " +
                joinText(names, ", ") + ", entropy, head/LAYER.HEAD/…, part/… or probe/….",
            "An episodic memory tells it: plugins.memory.episodic_size above 0."};
}

Result<void> TrainingLoop::checkBreakpoint(const ControlCommand &command) const
{
    const std::string &text = command.setting.value;
    if (command.verb == ControlVerb::Unbreak && text.empty()) return {};
    ORRERY_ASSIGN(const Breakpoint breakpoint, parseBreakpoint(text));
    if (command.verb == ControlVerb::Unbreak) return {};
    if (breakpoint.series == kAnyMemory && m_occupancy == Occupancy::NotTold)
        return noOccupancyError(breakpoint);
    return checkBreakpointSeries(breakpoint, m_knownSeries);
}

void TrainingLoop::changeBreakpoints(const ControlCommand &command)
{
    const std::string &text = command.setting.value;
    const auto note = [this](EventKind kind, const std::string &what) {
        m_outputs.setBreakpoints(m_breakpoints.texts());
        m_outputs.event(kind, m_state.step, what + " Breakpoints now: " + m_breakpoints.text() + ".");
    };
    if (command.verb == ControlVerb::Unbreak && text.empty()) {
        m_breakpoints.clear();
        return note(EventKind::Note, "All breakpoints removed.");
    }
    const auto breakpoint = parseBreakpoint(text);
    if (!breakpoint) return note(EventKind::Warning, breakpoint.error().text());
    const std::string name = breakpointText(*breakpoint);
    if (command.verb == ControlVerb::Break) {
        if (m_breakpoints.add(*breakpoint)) return note(EventKind::Note, "Breakpoint set: " + name + ".");
        return note(EventKind::Warning,
                    "Breakpoint " + name +
                        " was not set: there are 64 already. Remove one first: control RUN unbreak.");
    }
    if (m_breakpoints.remove(*breakpoint)) return note(EventKind::Note, "Breakpoint removed: " + name + ".");
    note(EventKind::Warning, "There is no breakpoint " + name + " to remove.");
}

void TrainingLoop::tell(int64_t step, std::vector<MetricValue> values, bool hasStepValues)
{
    const std::vector<MetricValue> told = m_outputs.report(step, std::move(values), hasStepValues);
    watch(step, told);
    if (hasStepValues) lookForOccupancy(step, told);
    if (!m_breakpoints.isEmpty()) checkHits(step, told);
}

/// What the parts of a model tell shows with the first report.
void TrainingLoop::lookForOccupancy(int64_t step, const std::vector<MetricValue> &told)
{
    if (m_occupancy == Occupancy::Told) return;
    const Breakpoint anyMemory{.series = kAnyMemory};
    const bool isTold = std::any_of(
        told.begin(), told.end(), [&](const MetricValue &metric) { return anyMemory.covers(metric.series); });
    const Occupancy before = m_occupancy.exchange(isTold ? Occupancy::Told : Occupancy::NotTold);
    if (isTold || before != Occupancy::Unknown) return;
    if (const Breakpoint *breakpoint = m_breakpoints.find(kAnyMemory))
        m_outputs.event(EventKind::Warning, step, noOccupancyError(*breakpoint).text());
}

void TrainingLoop::checkHits(int64_t step, const std::vector<MetricValue> &told)
{
    for (const Breakpoints::Hit &hit : m_breakpoints.check(told)) {
        const std::string condition = breakpointText(hit.breakpoint);
        const std::string whose = hit.series == hit.breakpoint.series ? "" : hit.series + ": ";
        const nlohmann::ordered_json payload = {
            {"series", hit.series},
            {"op", comparisonSign(hit.breakpoint.comparison)},
            {"threshold", hit.breakpoint.threshold},
            {"value", std::isfinite(hit.value) ? nlohmann::ordered_json(hit.value)
                                               : nlohmann::ordered_json(hit.value > 0 ? "inf" : "-inf")},
            {"condition", condition}};
        m_outputs.event(EventKind::Breakpoint, step,
                        "Breakpoint: " + condition + " (" + whose + formatSignificant(hit.value, 4) +
                            ") at step " + std::to_string(step) + ".",
                        payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
        if (m_pauseCause.reason.empty())
            m_pauseCause = {condition + ": " + hit.series + " was " + formatSignificant(hit.value, 4),
                            hit.series};
        m_stepsUntilPause = -1; // paused at the boundary
    }
}

} // namespace orrery
