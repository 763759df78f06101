// SPDX-License-Identifier: Apache-2.0
// Where a training pauses because of its own numbers.
#include "core/train/training_loop.h"

#include "core/base/text.h"
#include "core/store/run_breakpoints.h"
#include "core/train/continual/stage_series.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr const char *kAnyMemory = "memory"; ///< as Breakpoint::series has it
constexpr const char *kAnyEntropy = "entropy";

bool isOfHeads(const std::string &series) { return series == kAnyEntropy || series.starts_with("head/"); }

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

/// Heads tell their series with the frames that are kept.
Error TrainingLoop::noFramesError(const Breakpoint &breakpoint) const
{
    const bool isWithoutBudget = m_parts.run.frozen().spec.probes.budgetPercent <= 0;
    return {ErrorCode::InvalidInput,
            "Cannot use the breakpoint \"" + breakpointText(breakpoint) +
                "\": the run keeps no attention frames, with which heads tell their numbers, because probes." +
                (isWithoutBudget ? "budget_percent is 0, expected above 0."
                                 : "frames_every is 0, expected 1 or more."),
            isWithoutBudget ? "The budget is set when a run is made: start one with probes.budget_percent 2."
                            : "Set it while the run trains: control RUN set probes.frames_every=10."};
}

/// A name behind part/ or probe/ that none of them has told.
Error TrainingLoop::notToldError(const Breakpoint &breakpoint) const
{
    const std::vector<std::string> names = m_told.likeThis(breakpoint.series);
    const std::string near = nearestName(breakpoint.series, names);
    return {ErrorCode::InvalidInput,
            "Cannot use the breakpoint \"" + breakpointText(breakpoint) +
                "\": no part or probe of the model tells \"" + sanitizeUtf8(breakpoint.series) + "\", " +
                (names.empty() ? std::string("expected a series that the run has; they tell none of this kind.")
                               : "expected one of " + joinText(names, ", ") + "."),
            near.empty() ? "For example: loss > 4" : "Did you mean \"" + near + "\"?"};
}

/// Why it can never become true as the run is now; nothing: it can, as far as is known.
std::optional<Error> TrainingLoop::whyNever(const Breakpoint &breakpoint) const
{
    if (isOfHeads(breakpoint.series) && !m_keepsFrames) return noFramesError(breakpoint);
    if (breakpoint.series == kAnyMemory && m_occupancy == Occupancy::NotTold)
        return noOccupancyError(breakpoint);
    if (m_told.isMissing(breakpoint.series)) return notToldError(breakpoint);
    return std::nullopt;
}

/// Those that are there already and wait in vain, once: when it becomes known.
void TrainingLoop::warnOfVain(int64_t step, const std::function<bool(const std::string &series)> &isMeant)
{
    for (const std::string &text : m_breakpoints.texts()) {
        const auto breakpoint = parseBreakpoint(text);
        if (!breakpoint || !isMeant(breakpoint->series)) continue;
        if (const auto reason = whyNever(*breakpoint)) m_outputs.event(EventKind::Warning, step, reason->text());
    }
}

void TrainingLoop::noteFrameSettings()
{
    const bool keeps = spec().probes.framesEvery > 0 && m_parts.run.frozen().spec.probes.budgetPercent > 0;
    if (m_keepsFrames.exchange(keeps) && !keeps) warnOfVain(m_state.step, isOfHeads);
}

/// What was set before the start, or in an attempt before.
void TrainingLoop::takeOverBreakpoints()
{
    const auto kept = readBreakpoints(m_parts.run.path());
    if (!kept) return m_outputs.event(EventKind::Warning, m_state.step, kept.error().text());
    for (const std::string &text : *kept) {
        const Result<void> checked = checkBreakpoint({.verb = ControlVerb::Break, .setting = {"", text}});
        if (checked)
            m_breakpoints.add(*parseBreakpoint(text));
        else
            m_outputs.event(EventKind::Warning, m_state.step, checked.error().text());
    }
    if (m_breakpoints.isEmpty()) return;
    m_outputs.setBreakpoints(m_breakpoints.texts());
    m_outputs.event(EventKind::Note, m_state.step, (m_state.step > 0 ? "Breakpoints as before: " : "Breakpoints: ") + m_breakpoints.text() + ".");
}

Result<void> TrainingLoop::checkBreakpoint(const ControlCommand &command) const
{
    const std::string &text = command.setting.value;
    if (command.verb == ControlVerb::Unbreak && text.empty()) return {};
    ORRERY_ASSIGN(const Breakpoint breakpoint, parseBreakpoint(text));
    if (command.verb == ControlVerb::Unbreak) return {};
    ORRERY_TRY(checkBreakpointSeries(breakpoint, m_knownSeries));
    if (std::optional<Error> reason = whyNever(breakpoint)) return std::move(*reason);
    return {};
}

void TrainingLoop::changeBreakpoints(const ControlCommand &command)
{
    const std::string &text = command.setting.value;
    const auto note = [this](EventKind kind, const std::string &what) {
        m_outputs.setBreakpoints(m_breakpoints.texts());
        m_outputs.event(kind, m_state.step, what + " Breakpoints now: " + m_breakpoints.text() + ".");
        // For a resume; the training does not end for it.
        if (const auto written = writeBreakpoints(m_parts.run.path(), m_breakpoints.texts()); !written)
            m_outputs.event(EventKind::Warning, m_state.step, written.error().text());
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
    using News = ToldSeries::News;
    if (const News news = m_told.note(told); news != News::None)
        warnOfVain(step, [news](const std::string &series) {
            return (news != News::Probes && series.starts_with("part/")) ||
                   (news != News::Parts && series.starts_with("probe/"));
        });
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
