// SPDX-License-Identifier: Apache-2.0
#include "app/worker/display_text.h"

#include "core/base/text.h"
#include "core/train/continual/stage_series.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery::worker {

namespace {

using Json = nlohmann::ordered_json;

Json finiteOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json valueOf(const StepReport &report, const char *name)
{
    for (const MetricValue &metric : report.values)
        if (metric.series == name) return finiteOrNull(metric.value);
    return nullptr;
}

constexpr std::array kColumns = {series::kLoss, series::kValLoss, series::kLearningRate, series::kGradNorm,
                                 series::kTokensPerSecond};
/// Only where the objective measures them, and then when they were measured.
constexpr std::array kMeasured = {series::kValLossPrefix, series::kValLossInfill};

template <size_t N> bool isOneOf(const std::array<const char *, N> &names, const std::string &series)
{
    return std::find(names.begin(), names.end(), series) != names.end();
}

/// Told where one of several texts ends, in a report of its own.
bool isOfStageEnd(const std::string &series)
{
    return series.starts_with(series::kStageLossPrefix) || series == series::kForgetting ||
           series == series::kBackwardTransfer;
}

} // namespace

std::string reportLine(const StepReport &report)
{
    Json json;
    json["step"] = report.step;
    const bool hasColumns =
        std::any_of(report.values.begin(), report.values.end(), [](const MetricValue &metric) {
            return isOneOf(kColumns, metric.series) || isOneOf(kMeasured, metric.series);
        });
    if (!hasColumns) {
        for (const MetricValue &metric : report.values)
            if (isOfStageEnd(metric.series)) json[metric.series] = finiteOrNull(metric.value);
        return json.size() > 1 ? json.dump() : std::string();
    }
    for (const char *name : kColumns) json[name] = valueOf(report, name);
    for (const char *name : kMeasured)
        if (const Json value = valueOf(report, name); !value.is_null()) json[name] = value;
    return json.dump();
}

std::string doneLine(const RunStatus &status)
{
    Json json;
    json["event"] = "done";
    json["run"] = sanitizeUtf8(status.id);
    json["directory"] = sanitizeUtf8(status.directory);
    json["state"] = runStateName(status.state);
    json["step"] = status.step;
    json["best_val_loss"] = finiteOrNull(status.bestValLoss);
    return json.dump();
}

std::string errorLine(const Error &error)
{
    Json json;
    json["event"] = "error";
    json["code"] = errorCodeName(error.code);
    json["message"] = sanitizeUtf8(error.message);
    json["hint"] = sanitizeUtf8(error.hint);
    return json.dump();
}

std::string droppedLine(uint64_t numReports)
{
    Json json;
    json["event"] = "dropped";
    json["reports"] = numReports;
    return json.dump();
}

std::string progressLine(const ProgressValues &values, int columns)
{
    constexpr int kBarCells = 24;
    const double share =
        values.isPreparing
            ? (values.bytesTotal > 0 ? double(values.bytesDone) / double(values.bytesTotal) : 0.0)
            : (values.totalSteps > 0 ? double(values.step) / double(values.totalSteps) : 0.0);
    const int numFilled = static_cast<int>(std::clamp(share, 0.0, 1.0) * kBarCells);
    std::string line = "[" + std::string(static_cast<size_t>(numFilled), '=');
    if (numFilled < kBarCells) line += ">" + std::string(static_cast<size_t>(kBarCells - numFilled - 1), ' ');
    line += "] ";
    if (values.isPreparing) {
        line += "preparing data";
        if (values.bytesTotal > 0)
            line += "  " + formatBytes(values.bytesDone) + " of " + formatBytes(values.bytesTotal);
    } else {
        line += std::to_string(values.step) + "/" + std::to_string(values.totalSteps) + "  " +
                std::to_string(static_cast<int>(share * 100)) + " %";
        if (std::isfinite(values.loss)) line += "  loss " + formatSignificant(values.loss, 4);
        if (std::isfinite(values.valLoss)) line += "  val " + formatSignificant(values.valLoss, 4);
        if (std::isfinite(values.tokensPerSecond))
            line += "  " + formatCount(values.tokensPerSecond) + " tok/s";
        if (values.isPaused)
            line += "  paused";
        else if (std::isfinite(values.etaSeconds))
            line += "  " + formatDuration(values.etaSeconds) + " left";
    }
    if (columns > 1 && line.size() >= static_cast<size_t>(columns))
        line.resize(static_cast<size_t>(columns - 1));
    return line;
}

bool isShownInTerminal(EventKind kind)
{
    switch (kind) {
    case EventKind::Resumed:
    case EventKind::Paused:
    case EventKind::Continued:
    case EventKind::Setting:
    case EventKind::NonFinite:
    case EventKind::Warning:
    case EventKind::Note:
    case EventKind::Breakpoint:
    case EventKind::Alarm:
    case EventKind::EarlyStop:
        return true;
    default:
        return false;
    }
}

} // namespace orrery::worker
