// SPDX-License-Identifier: Apache-2.0
// The words of a finished benchmark: a JSON line that holds all that the verdict was made of, and a table.
#include "bench/science/science_runner.h"

#include "core/base/platform.h"
#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace orrery::bench {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no NaN: null stands for it.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json intervalJson(const MeanInterval &interval)
{
    return {{"mean", number(interval.mean)},
            {"low", number(interval.low)},
            {"high", number(interval.high)},
            {"count", interval.count}};
}

Json resultsJson(const ScienceResults &results)
{
    Json all = Json::array();
    for (const ScienceRow &row : results.rows) {
        Json metrics = Json::object();
        for (const auto &[name, value] : row.result.metrics) metrics[name] = number(value);
        all.push_back({{"arm", row.arm},
                       {"seed", row.seed},
                       {"metrics", metrics},
                       {"parameters", row.result.parameters},
                       {"steps", row.result.steps},
                       {"seconds", number(row.result.seconds)},
                       {"cpu_seconds", number(row.result.cpuSeconds)}});
    }
    return all;
}

Json intervalsJson(const ScienceResults &results)
{
    Json all = Json::array();
    for (const std::string &arm : results.arms())
        for (const std::string &metric : results.metrics()) {
            const MeanInterval interval = results.interval(arm, metric);
            if (interval.count == 0) continue;
            Json json = {{"arm", arm}, {"metric", metric}};
            json.update(intervalJson(interval));
            all.push_back(std::move(json));
        }
    return all;
}

Json checksJson(const std::vector<Check> &checks)
{
    Json all = Json::array();
    for (const Check &check : checks) {
        Json json = {{"name", check.name},
                     {"value", number(check.value)},
                     {"relation", check.relation},
                     {"limit", number(check.limit)},
                     {"passed", check.isMet},
                     {"decides", !check.isBeside}};
        if (check.interval.count > 0) json["interval"] = intervalJson(check.interval);
        all.push_back(std::move(json));
    }
    return all;
}

std::string today()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
    return text;
}

std::string shown(double value)
{
    return std::isfinite(value) ? formatSignificant(value, 4) : std::string("-");
}

/// "2.622 (2.601 … 2.643)"
std::string shown(const MeanInterval &interval)
{
    if (interval.count == 0) return "-";
    if (interval.count == 1) return shown(interval.mean);
    return shown(interval.mean) + " (" + shown(interval.low) + " … " + shown(interval.high) + ")";
}

/// Columns in characters of the terminal, not bytes.
size_t widthOf(const std::string &text)
{
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string tableText(const std::vector<std::vector<std::string>> &rows)
{
    std::vector<size_t> widths;
    for (const auto &row : rows)
        for (size_t i = 0; i < row.size(); ++i) {
            if (widths.size() <= i) widths.push_back(0);
            widths[i] = std::max(widths[i], widthOf(row[i]));
        }
    std::string text;
    for (const auto &row : rows) {
        for (size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 < row.size()) text += std::string(widths[i] - widthOf(row[i]) + 2, ' ');
        }
        text += '\n';
    }
    return text;
}

} // namespace

std::string scienceJson(const ScienceTask &task, const ScienceOptions &options, const ScienceRun &run)
{
    Json seeds = Json::array();
    for (int64_t seed = 1; seed <= options.seedsOf(task); ++seed) seeds.push_back(seed);
    const Json json = {{"bench", "science"},
                       {"task", task.name()},
                       {"mode", scienceModeName(options.mode)},
                       {"data", run.data},
                       {"seeds", seeds},
                       {"results", resultsJson(run.results)},
                       {"intervals", intervalsJson(run.results)},
                       {"checks", checksJson(run.checks)},
                       {"passed", run.checks.empty() ? Json() : Json(run.hasPassed)}, // without thresholds nobody can say
                       {"reused", run.numReused},
                       {"seconds", number(run.seconds)},
                       {"threads", options.threads},
                       {"device", options.device},
                       {"cpu", cpuInfo().model},
                       {"cpu_flags", cpuInfo().flags()},
                       {"build", options.build},
                       {"date", today()}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string scienceTable(const ScienceTask &task, const ScienceOptions &options, const ScienceRun &run)
{
    const std::vector<std::string> metrics = run.results.metrics();
    std::vector<std::vector<std::string>> rows = {{"arm"}};
    rows[0].insert(rows[0].end(), metrics.begin(), metrics.end());
    rows[0].insert(rows[0].end(), {"parameters", "steps", "seconds", "processor"});
    for (const ScienceArm &arm : task.arms(options.mode)) {
        std::vector<std::string> row = {arm.name};
        for (const std::string &metric : metrics)
            row.push_back(shown(run.results.interval(arm.name, metric)));
        std::vector<double> seconds, cpuSeconds;
        std::string parameters, steps;
        for (const ScienceRow &result : run.results.rows) {
            if (result.arm != arm.name) continue;
            seconds.push_back(result.result.seconds);
            cpuSeconds.push_back(result.result.cpuSeconds);
            parameters = formatCount(static_cast<double>(result.result.parameters));
            steps = std::to_string(result.result.steps);
        }
        row.insert(row.end(), {parameters, steps, shown(meanInterval(seconds).mean),
                               shown(meanInterval(cpuSeconds).mean)});
        rows.push_back(std::move(row));
    }
    std::string text = task.name() + ": " + task.summary() + "\n" + std::to_string(options.seedsOf(task)) +
                       (options.seedsOf(task) == 1 ? " seed, " : " seeds, mean (95 % interval); ") +
                       scienceModeName(options.mode) + "; " + cpuInfo().model +
                       (options.device == "cpu" ? ", " : " and its GPU, ") + std::to_string(options.threads) +
                       (options.threads == 1 ? " thread; " : " threads; ") + today() + "\n\n" +
                       tableText(rows);
    if (run.checks.empty()) return text + "\nIt runs; this mode has no thresholds.\n";
    rows = {{"", "threshold", "value"}};
    for (const Check &check : run.checks)
        rows.push_back({check.isMet ? "met" : check.isBeside ? "missed, beside" : "MISSED",
                        check.name + " " + check.relation + " " + shown(check.limit),
                        check.interval.count > 1 ? shown(check.value) + " of " + shown(check.interval)
                                                 : shown(check.value)});
    return text + "\n" + tableText(rows) + (run.hasPassed ? "\nPassed.\n" : "\nNot passed.\n");
}

} // namespace orrery::bench
