// SPDX-License-Identifier: Apache-2.0
#include "core/train/live_settings.h"

#include "core/spec/field_table.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace orrery {

Result<void> LiveSettings::check(const SettingChange &change, const RunSpec &run)
{
    constexpr std::string_view kPlugins = "plugins.";
    if (const std::string_view key = change.key; key.starts_with(kPlugins)) {
        const std::string_view rest = key.substr(kPlugins.size());
        const auto table = FieldTable::describedBy(run);
        if (table->findPlugin(rest.substr(0, rest.find('.')))) ORRERY_TRY(table->require(key));
    }
    ORRERY_ASSIGN(const Field *field, requireChangeableField(change.key));
    if (auto value = parseFieldValue(*field, change.value); !value) return value.error();
    return {};
}

Result<void> LiveSettings::apply(const LoggedChange &change)
{
    ORRERY_ASSIGN(const Field *field, requireChangeableField(change.key));
    ORRERY_ASSIGN(FieldValue value, parseFieldValue(*field, change.value));
    if (change.key == kLearningRateFactorKey)
        m_learningRateFactor = std::get<double>(value);
    else
        field->set(m_spec, std::move(value));
    m_changes.push_back(change);
    return {};
}

std::string LiveSettings::valueText(const std::string &key) const
{
    if (key == kLearningRateFactorKey) return fieldValueText(FieldValue(m_learningRateFactor));
    const Field *field = findField(key);
    return field ? fieldValueText(field->get(m_spec)) : std::string();
}

std::string changePayload(const LoggedChange &change)
{
    const nlohmann::ordered_json payload = {
        {"key", change.key}, {"value", change.value}, {"step", change.step}, {"id", change.id}};
    return payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<LoggedChange> changeFromEvent(const RunEvent &event)
{
    if (event.kind != EventKind::Setting) return std::nullopt;
    const auto payload = nlohmann::json::parse(event.payload, nullptr, false);
    if (!payload.is_object()) return std::nullopt;
    const auto text = [&payload](const char *key) {
        const auto found = payload.find(key);
        return found != payload.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    LoggedChange change{.id = text("id"), .step = event.step, .key = text("key"), .value = text("value")};
    if (change.id.empty() || change.key.empty()) return std::nullopt;
    return change;
}

std::vector<LoggedChange> changesToReplay(std::span<const RunEvent> events, int32_t attempt, int64_t fromStep,
                                          std::span<const LoggedChange> held)
{
    // An attempt says Started or Resumed behind the changes that it took over, so one without it may lack
    // some.
    std::map<int32_t, int64_t, std::greater<>> startOf;
    for (const RunEvent &event : events)
        if (event.attempt < attempt && (event.kind == EventKind::Started || event.kind == EventKind::Resumed))
            startOf.emplace(event.attempt, event.step);
    std::set<std::string> known;
    for (const LoggedChange &change : held) known.insert(change.id);
    std::vector<LoggedChange> found;
    int64_t end = std::numeric_limits<int64_t>::max();
    for (const auto &[number, start] : startOf) {
        std::vector<LoggedChange> ofAttempt;
        for (const RunEvent &event : events) {
            if (event.attempt != number || event.step < fromStep || event.step > end) continue;
            if (auto change = changeFromEvent(event); change && known.insert(change->id).second)
                ofAttempt.push_back(std::move(*change));
        }
        // Older attempts come before: at one and the same step their changes were made first.
        found.insert(found.begin(), ofAttempt.begin(), ofAttempt.end());
        if (start <= fromStep) break;
        end = start;
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto &a, const auto &b) { return a.step < b.step; });
    return found;
}

} // namespace orrery
