// SPDX-License-Identifier: Apache-2.0
#include "core/store/status_json.h"

#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace orrery::store {

namespace {

using Json = nlohmann::json;
constexpr size_t kMaxTextBytes = 64 * 1024;
constexpr size_t kMaxItems = 256; ///< of a list; a run has far fewer breakpoints and alarms

/// One table for both directions: a field that is written is read.
template <typename Status, typename Visit> void visitFields(Status &status, Visit visit)
{
    visit("id", status.id);
    visit("name", status.name);
    visit("directory", status.directory);
    visit("step", status.step);
    visit("total_steps", status.totalSteps);
    visit("attempt", status.attempt);
    visit("created_at", status.createdAt);
    visit("last_report_at", status.lastReportAt);
    visit("elapsed_seconds", status.elapsedSeconds);
    visit("loss", status.loss);
    visit("val_loss", status.valLoss);
    visit("best_val_loss", status.bestValLoss);
    visit("lr", status.learningRate);
    visit("grad_norm", status.gradNorm);
    visit("tokens_per_s", status.tokensPerSecond);
    visit("viewer_percent", status.viewerPercent);
    visit("memory_bytes", status.memoryBytes);
    visit("num_parameters", status.numParameters);
    visit("device", status.device);
    visit("threads", status.threads);
    visit("error", status.error);
    visit("last_checkpoint_step", status.lastCheckpointStep);
    visit("trainer_waits", status.trainerWaits);
    visit("disk_waits", status.diskWaits);
    visit("num_viewers", status.numViewers);
    visit("last_frame_id", status.lastFrameId);
    visit("breakpoints", status.breakpoints);
    visit("pause_reason", status.pauseReason);
    visit("pause_series", status.pauseSeries);
    visit("alarms", status.alarms);
    // Not here: parent and parent_step stand in spec.json, labels in labels.json.
}

// JSON has no NaN and no Inf: they are written as words.
Json toJson(double value)
{
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}
Json toJson(const std::string &value) { return boundedText(value); }
Json toJson(const std::vector<std::string> &values)
{
    Json json = Json::array();
    for (size_t i = 0; i < std::min(values.size(), kMaxItems); ++i) json.push_back(boundedText(values[i]));
    return json;
}
Json toJson(const std::vector<RunAlarm> &alarms)
{
    Json json = Json::array();
    for (size_t i = 0; i < std::min(alarms.size(), kMaxItems); ++i)
        json.push_back({{"kind", alarmKindName(alarms[i].kind)},
                        {"step", alarms[i].step},
                        {"wall_time", toJson(alarms[i].wallTime)},
                        {"series", boundedText(alarms[i].series)},
                        {"text", boundedText(alarms[i].text)}});
    return json;
}
template <typename T>
requires std::is_integral_v<T> Json toJson(T value) { return value; }

void fromJson(const Json &json, double &value)
{
    if (json.is_number()) {
        value = json.get<double>();
    } else if (json.is_string()) {
        const auto &word = json.get_ref<const std::string &>();
        const double infinity = std::numeric_limits<double>::infinity();
        value = word == "inf"    ? infinity
                : word == "-inf" ? -infinity
                                 : std::numeric_limits<double>::quiet_NaN();
    }
}
void fromJson(const Json &json, std::string &value)
{
    if (json.is_string()) value = json.get<std::string>();
}
template <typename T>
requires std::is_integral_v<T> void fromJson(const Json &json, T &value)
{
    if (json.is_number_integer()) value = json.get<T>();
}
void fromJson(const Json &json, std::vector<std::string> &values)
{
    if (!json.is_array()) return;
    for (size_t i = 0; i < std::min(json.size(), kMaxItems); ++i)
        if (json[i].is_string()) values.push_back(json[i].get<std::string>());
}
void fromJson(const Json &json, std::vector<RunAlarm> &alarms);

template <typename T> void readField(const Json &json, const char *key, T &value)
{
    if (const auto found = json.find(key); found != json.end()) fromJson(*found, value);
}
void fromJson(const Json &json, std::vector<RunAlarm> &alarms)
{
    if (!json.is_array()) return;
    for (size_t i = 0; i < std::min(json.size(), kMaxItems); ++i) {
        if (!json[i].is_object()) continue;
        RunAlarm alarm;
        std::string kind;
        readField(json[i], "kind", kind);
        alarm.kind = alarmKindFromName(kind);
        readField(json[i], "step", alarm.step);
        readField(json[i], "wall_time", alarm.wallTime);
        readField(json[i], "series", alarm.series);
        readField(json[i], "text", alarm.text);
        alarms.push_back(std::move(alarm));
    }
}

} // namespace

std::string boundedText(const std::string &text)
{
    std::string bounded = text;
    if (bounded.size() > kMaxTextBytes) {
        // Cut before a character, not within one.
        size_t end = kMaxTextBytes - 3;
        while (end > 0 && (static_cast<uint8_t>(bounded[end]) & 0xC0) == 0x80) --end;
        bounded.resize(end);
        bounded += "…";
    }
    if (isValidUtf8(bounded)) return bounded;
    bounded = sanitizeUtf8(bounded);
    // Replacements are longer than what they replace.
    return bounded.size() > kMaxTextBytes ? boundedText(bounded) : bounded;
}

std::string statusToJson(const RunStatus &status)
{
    Json json = Json::object();
    json["state"] = runStateName(status.state);
    visitFields(status, [&json](const char *key, const auto &value) { json[key] = toJson(value); });
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<RunStatus> statusFromJson(std::string_view text)
{
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object())
        return Error{ErrorCode::InvalidInput, "Cannot read the status of the run: it is not a JSON object.",
                     "The store is damaged: restore run.db from a copy."};
    RunStatus status;
    if (const auto state = json.find("state"); state != json.end() && state->is_string())
        status.state = runStateFromName(state->get<std::string>());
    visitFields(status, [&json](const char *key, auto &value) { readField(json, key, value); });
    return status;
}

} // namespace orrery::store
