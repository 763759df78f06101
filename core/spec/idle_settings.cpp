// SPDX-License-Identifier: Apache-2.0
#include "core/spec/idle_settings.h"

#include "core/base/text.h"
#include "core/spec/data_defaults.h"
#include "core/spec/module_cost.h"
#include "core/spec/objective_mix.h"
#include "core/spec/plugin_use.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace orrery {

namespace {

/// Why a setting changes nothing, and what would make it count.
struct IdleReason {
    std::string reason; ///< "objective.name is next_token, which does not read it"
    std::string remedy; ///< "Set objective.name to hybrid"
};
using MaybeIdle = std::optional<IdleReason>;

MaybeIdle idleObjective(const RunSpec &spec, std::string_view key)
{
    if (spec.objective.name == "next_token" && key != "objective.name")
        return IdleReason{"objective.name is next_token, which does not read it", "Set objective.name to hybrid"};
    if (key == "objective.span_mean" && spec.objective.name == "hybrid" && objectiveShares(spec.objective).infill <= 0)
        return IdleReason{"the third weight of objective.mix, for infilling, is 0", "Give infilling a weight in objective.mix"};
    return std::nullopt;
}

MaybeIdle idleContinual(const RunSpec &spec, std::string_view key)
{
    if (key == "continual.stages" || key == "continual.strategy") return std::nullopt; // a rule of its own refuses it
    if (!spec.continual.isOn())
        return IdleReason{"there are no continual.stages", "Name the texts that come next in continual.stages"};
    const std::string &strategy = spec.continual.strategy;
    const auto readBy = [&](std::initializer_list<const char *> names) -> MaybeIdle {
        if (std::any_of(names.begin(), names.end(), [&](const char *name) { return strategy == name; })) return std::nullopt;
        return IdleReason{"continual.strategy is " + strategy + ", which does not read it",
                          "Set continual.strategy to " +
                              joinText(std::vector<std::string>(names.begin(), names.end()), " or ")};
    };
    if (key == "continual.ewc_lambda") return readBy({"ewc"});
    if (key == "continual.distill_weight") return readBy({"rehearsal", "derpp"});
    return readBy({"rehearsal", "er", "derpp", "sparse_memory"});
}

MaybeIdle idleMedia(const RunSpec &spec, std::string_view key)
{
    const int64_t count = spec.model.attention.numModalities;
    if (key == "attention.num_modalities") return std::nullopt;
    const std::string found = "attention.num_modalities is " + std::to_string(count);
    if (count == 1) return IdleReason{found + ", a model of text alone", "Set attention.num_modalities to 2 or 3"};
    if (key == "media.audio_tokens" && count < 3)
        return IdleReason{found + ", text and pictures", "Set attention.num_modalities to 3 to read recordings too"};
    return std::nullopt;
}

MaybeIdle idleRope(const RunSpec &spec, std::string_view key)
{
    if (!key.starts_with("model.rope_")) return std::nullopt;
    if (spec.model.position != "rope")
        return IdleReason{"model.position is " + spec.model.position, "Set model.position to rope"};
    const bool isOfStretch = key != "model.rope_theta" && key != "model.rope_factor";
    if (isOfStretch && spec.model.ropeScaling.factor == 1)
        return IdleReason{"model.rope_factor is 1, which stretches nothing", "Set model.rope_factor above 1"};
    return std::nullopt;
}

MaybeIdle idleSchedule(const RunSpec &spec, std::string_view key)
{
    const std::string &preset = spec.schedule.preset;
    const bool isFlat = key == "schedule.min_ratio" && preset == "constant";
    const bool isOneWave = key == "schedule.decay" && (preset == "cosine" || preset == "constant");
    if (!isFlat && !isOneWave) return std::nullopt;
    return IdleReason{"schedule.preset is " + preset + ", which " + (isFlat ? "does not fall" : "has no further waves"),
                      isFlat ? "Set schedule.preset to scaled or cosine" : "Set schedule.preset to scaled or portfolio"};
}

MaybeIdle idleSetting(const RunSpec &spec, const Field &field)
{
    const std::string_view key = field.key;
    const std::string_view group = key.substr(0, key.find('.'));
    if (group == "objective") return idleObjective(spec, key);
    if (group == "continual") return idleContinual(spec, key);
    if (group == "attention" || group == "media") return idleMedia(spec, key);
    if (group == "model") return idleRope(spec, key);
    if (group == "schedule") return idleSchedule(spec, key);
    return std::nullopt;
}

/// What a run is made of where nothing but preset and data are given.
RunSpec defaultsOf(const RunSpec &spec)
{
    RunSpec defaults;
    applyPreset(defaults, spec.model.preset);
    defaults.data.path = spec.data.path;
    applyDataDefaults(defaults);
    return defaults;
}

/// Plugins that somebody uses, or sets, and whose parts are all off.
void addIdlePlugins(const RunSpec &spec, const std::set<std::string> &given, const FieldTable &table,
                    std::vector<FieldProblem> &found)
{
    for (const std::string &id : pluginsUsedBy(spec, table)) {
        const PluginInfo *plugin = table.findPlugin(id);
        if (!plugin || !plugin->isUsable()) continue;
        const std::string prefix = "plugins." + id + ".";
        const bool isSet = given.contains(kUsePluginsKey) ||
                           std::any_of(given.begin(), given.end(), [&](const std::string &key) { return key.starts_with(prefix); });
        const std::vector<std::string> switches = isSet ? switchesOfIdlePlugin(*plugin, spec) : std::vector<std::string>();
        if (switches.empty()) continue;
        found.push_back({kUsePluginsKey,
                         Error{ErrorCode::InvalidInput,
                               "\"plugins.use\" has no effect with \"" + id + "\": all of its parts are off.",
                               "Set " + joinText(switches, " or ") + ", or leave the plugin out."}});
    }
}

} // namespace

std::vector<FieldProblem> findIdleSettings(const RunSpec &spec, const std::set<std::string> &given, const FieldTable &table)
{
    std::vector<FieldProblem> found;
    const RunSpec defaults = defaultsOf(spec);
    for (const Field &field : table.fields()) {
        if (!given.contains(field.key)) continue;
        const FieldValue value = field.get(spec);
        if (value == field.get(defaults)) continue;
        const MaybeIdle idle = idleSetting(spec, field);
        if (!idle) continue;
        found.push_back({field.key, Error{ErrorCode::InvalidInput,
                                          "\"" + field.key + "\" = " + fieldValueText(value) + " has no effect: " +
                                              idle->reason + ".",
                                          idle->remedy + ", or leave " + field.key + " out."}});
    }
    addIdlePlugins(spec, given, table, found);
    return found;
}

std::vector<FieldProblem> findIdleSettings(const SpecBuilder &builder, const RunSpec &spec)
{
    std::set<std::string> given;
    for (const auto &[key, value] : builder.values()) given.insert(key);
    return findIdleSettings(spec, given, builder.table());
}

} // namespace orrery
