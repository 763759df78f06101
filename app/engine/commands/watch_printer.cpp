// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/watch_printer.h"

#include "core/base/text.h"
#include "core/spec/run_notes.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace orrery::cli {

namespace {

using Json = nlohmann::json;
constexpr int32_t kEventPage = 10'000;

} // namespace

Result<void> WatchPrinter::collectSeries(const std::string &series, Lines &lines) const
{
    const auto printed = m_last.find(series);
    const Place last = printed == m_last.end() ? Place{} : printed->second;
    ORRERY_ASSIGN(std::vector<SeriesBucket> buckets, m_history.query(series, 0));
    if (printed != m_last.end()) {
        // Only what is new, at full resolution: a newer attempt may have begun before the last step.
        int64_t fromStep = last.step + 1;
        for (const SeriesBucket &bucket : buckets)
            if (bucket.attempt > last.attempt) fromStep = std::min(fromStep, bucket.firstStep);
        ORRERY_ASSIGN(buckets, m_history.query(series, fromStep));
    }
    for (const SeriesBucket &bucket : buckets) {
        const Place place{bucket.attempt, bucket.lastStep};
        if (bucket.isSuperseded || place <= last) continue;
        StepReport &report = lines[place].report;
        report.step = place.step;
        report.attempt = place.attempt;
        report.values.push_back({series, bucket.last});
    }
    return {};
}

Result<void> WatchPrinter::collectEvents(Lines &lines) const
{
    for (int64_t after = m_lastEvent;;) {
        ORRERY_ASSIGN(const std::vector<RunEvent> page, m_history.events(after, kEventPage));
        for (const RunEvent &event : page) lines[{event.attempt, event.step}].events.push_back(event);
        if (page.size() < static_cast<size_t>(kEventPage)) return {};
        after = page.back().id;
    }
}

Result<void> WatchPrinter::replay()
{
    ORRERY_ASSIGN(const std::vector<std::string> names, m_history.open());
    Lines lines;
    for (const std::string &name : names) ORRERY_TRY(collectSeries(name, lines));
    ORRERY_TRY(collectEvents(lines));
    for (const auto &[place, line] : lines) {
        printReport(line.report);
        for (const RunEvent &event : line.events) printEvent(event);
    }
    // Only now: in the order of attempts and steps their numbers need not rise.
    for (const auto &[place, line] : lines)
        for (const RunEvent &event : line.events) m_lastEvent = std::max(m_lastEvent, event.id);
    std::fflush(stdout);
    return {};
}

Result<void> WatchPrinter::print(const WatchBatch &batch)
{
    if (batch.numDropped > 0) {
        if (m_session.json)
            std::printf(
                "%s\n",
                Json{{"event", "dropped"}, {"count", batch.numDropped}, {"from_step", batch.firstDroppedStep}}
                    .dump()
                    .c_str());
        else
            std::printf("(%llu reports came too fast for this terminal; now from the run's store)\n",
                        static_cast<unsigned long long>(batch.numDropped));
    }
    if (batch.mustReplay || batch.numDropped > 0) ORRERY_TRY(replay());
    for (const StepReport &report : batch.reports) printReport(report);
    for (const RunEvent &event : batch.events) {
        if (event.id <= m_lastEvent) continue;
        m_lastEvent = event.id;
        printEvent(event);
    }
    std::fflush(stdout);
    return {};
}

void WatchPrinter::printReport(const StepReport &report)
{
    const Place place{report.attempt, report.step};
    std::vector<MetricValue> fresh;
    for (const MetricValue &value : report.values) {
        Place &last = m_last[value.series];
        if (place <= last) continue;
        last = place;
        fresh.push_back(value);
    }
    if (fresh.empty()) return;
    if (m_session.json) {
        Json line = {{"step", report.step}, {"attempt", report.attempt}};
        for (const MetricValue &value : fresh)
            line[value.series] = std::isfinite(value.value) ? Json(value.value) : Json(nullptr);
        std::printf("%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
        return;
    }
    std::printf("step %-8lld", static_cast<long long>(report.step));
    for (const MetricValue &value : fresh)
        std::printf(" %s %s", value.series.c_str(), formatSignificant(value.value, 4).c_str());
    std::printf("\n");
}

void WatchPrinter::printEvent(const RunEvent &event)
{
    if (!m_session.json) {
        const int64_t replaced = replacedNote(event);
        const std::string about = replaced <= 0        ? ""
                                  : event.text.empty() ? " " + std::to_string(replaced) + " was removed"
                                                       : " " + std::to_string(replaced) + " now says";
        std::printf("step %-8lld %s%s%s%s\n", static_cast<long long>(event.step), eventKindName(event.kind), about.c_str(),
                    event.text.empty() ? "" : ": ", event.text.c_str());
        return;
    }
    Json line = {{"event", eventKindName(event.kind)}, {"id", event.id},         {"step", event.step},
                 {"attempt", event.attempt},           {"time", event.wallTime}, {"text", event.text}};
    const Json payload = Json::parse(event.payload, nullptr, false);
    if (!payload.is_discarded() && !payload.is_null()) line["payload"] = payload;
    std::printf("%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
}

} // namespace orrery::cli
