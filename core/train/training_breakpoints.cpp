// SPDX-License-Identifier: Apache-2.0
// Where a training pauses because of its own numbers.
#include "core/train/training_loop.h"

#include "core/base/text.h"
#include "core/train/continual/stage_series.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace orrery {

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

Result<void> TrainingLoop::checkBreakpoint(const ControlCommand &command) const
{
    const std::string &text = command.setting.value;
    if (command.verb == ControlVerb::Unbreak && text.empty()) return {};
    ORRERY_ASSIGN(const Breakpoint breakpoint, parseBreakpoint(text));
    return command.verb == ControlVerb::Break ? checkBreakpointSeries(breakpoint, m_knownSeries)
                                              : Result<void>();
}

void TrainingLoop::changeBreakpoints(const ControlCommand &command)
{
    const std::string &text = command.setting.value;
    const auto note = [this](EventKind kind, const std::string &what) {
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
        return note(EventKind::Warning, "Breakpoint " + name + " was not set: there are 64 already. Remove one first: control RUN unbreak.");
    }
    if (m_breakpoints.remove(*breakpoint)) return note(EventKind::Note, "Breakpoint removed: " + name + ".");
    note(EventKind::Warning, "There is no breakpoint " + name + " to remove.");
}

void TrainingLoop::tell(int64_t step, std::vector<MetricValue> values, bool hasStepValues)
{
    const std::vector<MetricValue> told = m_outputs.report(step, std::move(values), hasStepValues);
    if (m_breakpoints.isEmpty()) return;
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
        m_stepsUntilPause = -1; // paused at the boundary
    }
}

} // namespace orrery
