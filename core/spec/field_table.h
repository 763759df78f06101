// SPDX-License-Identifier: Apache-2.0
// The one table of settings. A field knows its key, type, unit, default, range, effect and owner, and how to read and
// write its place in a RunSpec; JSON, JSON Schema, CLI help, forms and `control set` are all made from it. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/field.h"
#include "core/spec/plugin_info.h"
#include "core/spec/run_spec.h"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace orrery {

/// The program's own fields, in the order in which they are shown.
std::span<const Field> specFields();
/// nullptr when there is none.
const Field *findField(std::string_view key);
/// @error InvalidInput "unknown key", with the nearest name offered
Result<const Field *> requireField(std::string_view key);

/// "lr_factor": multiplies the schedule's learning rate. No part of a spec and of specFields(), only of `control RUN set`.
const Field &learningRateFactorField();
inline constexpr const char *kLearningRateFactorKey = "lr_factor";
/// The fields that `control RUN set` may change, with lr_factor. @error InvalidInput for an unknown or a frozen key
Result<const Field *> requireChangeableField(std::string_view key);

/// The fields that hold where certain plugins are installed. Immutable, shared; any thread. Without plugins it is
/// specFields(); with them it has more choices where they extend one, "plugins.use", and "plugins.<id>.*".
class FieldTable {
public:
    using Ptr = std::shared_ptr<const FieldTable>;
    static const Ptr &builtIn();
    /// @param plugins in the order in which they are loaded; of two with one id the first counts
    static Ptr withPlugins(std::vector<PluginInfo> plugins);
    /// The table that a complete spec describes by itself: what it says of plugins is taken at its word. With it a run
    /// opens where its plugins are not installed; whether they are is asked when it starts.
    static Ptr describedBy(const RunSpec &spec);
    /// The same from JSON that is not a spec yet; broken JSON gives builtIn().
    static Ptr describedBy(std::string_view json);

    [[nodiscard]] std::span<const Field> fields() const { return m_fields; }
    [[nodiscard]] const std::vector<PluginInfo> &plugins() const { return m_plugins; }
    [[nodiscard]] const Field *find(std::string_view key) const;
    /// @error InvalidInput "unknown key", with the nearest name offered
    [[nodiscard]] Result<const Field *> require(std::string_view key) const;
    /// Whether fields stand under "key.".
    [[nodiscard]] bool isGroup(std::string_view key) const;
    [[nodiscard]] const PluginInfo *findPlugin(std::string_view id) const;
    /// The plugin behind a name of an extension point, usable or not; nullptr when no plugin has it.
    [[nodiscard]] const PluginInfo *providerOf(std::string_view point, std::string_view name) const;

private:
    explicit FieldTable(std::vector<PluginInfo> plugins);
    void addPlugins();

    std::vector<PluginInfo> m_plugins;
    std::vector<Field> m_fields;
    std::map<std::string, size_t, std::less<>> m_index;
};
inline constexpr const char *kUsePluginsKey = "plugins.use";

inline constexpr size_t kMaxListEntries = 64;
inline constexpr size_t kMaxTextBytes = 65536; ///< of one text value

/// Values that were given by a person, over the defaults of a preset. Keeps explicit keys apart from defaults, so that
/// a preset may come before or after them.
class SpecBuilder {
public:
    SpecBuilder() : SpecBuilder(FieldTable::builtIn()) {}
    explicit SpecBuilder(FieldTable::Ptr table) : m_table(std::move(table)) {}
    [[nodiscard]] const FieldTable &table() const { return *m_table; }
    /// From "key=value" as typed. @error InvalidInput: unknown key, wrong type, out of range
    Result<void> setText(std::string_view key, std::string_view value);
    Result<void> setValue(std::string_view key, FieldValue value);
    void reset(std::string_view key);
    /// Merges a spec file: nested or dotted keys. @error InvalidInput naming key, value and rule; also newer versions
    Result<void> setJson(std::string_view json);
    [[nodiscard]] bool isExplicit(std::string_view key) const { return m_values.contains(std::string(key)); }
    [[nodiscard]] const std::map<std::string, FieldValue> &values() const { return m_values; }
    /// Defaults, then preset, then explicit values; not yet checked as a whole.
    [[nodiscard]] RunSpec preview() const;
    /// preview() checked by validateSpec(), its plugins completed by completePlugins().
    [[nodiscard]] Result<RunSpec> build() const;

private:
    FieldTable::Ptr m_table;
    std::map<std::string, FieldValue> m_values;
};

/// One problem of one field, for showing under it.
struct FieldProblem {
    std::string key;
    Error error;
};
/// Rules within and between fields (heads divide width, warm-up shorter than the run, …). Empty: good.
std::vector<FieldProblem> findProblems(const RunSpec &spec, const FieldTable &table);
Result<void> validateSpec(const RunSpec &spec, const FieldTable &table);
/// The same by FieldTable::describedBy(spec): whether the plugins are there is not asked.
std::vector<FieldProblem> findProblems(const RunSpec &spec);
Result<void> validateSpec(const RunSpec &spec);
/// Checks one value against its field's type, range and choices, without the rest of the spec. Numbers as typed ("1e-3"),
/// true/false/on/off, number lists with commas or blanks, text lists as a JSON list or one entry per line.
Result<FieldValue> parseFieldValue(const Field &field, std::string_view text);
Result<void> checkFieldValue(const Field &field, const FieldValue &value);
/// Text that parseFieldValue reads back to the same value.
std::string fieldValueText(const FieldValue &value);

/// 2 added the group objective; 3 the groups attention, media and continual, and model.window; 7 the value -1 of
/// probes.overview_every, which is the default since.
inline constexpr int kSpecVersion = 8;
inline constexpr size_t kMaxSpecBytes = size_t{1} << 20;
/// Complete, nested, in the table's order, with "spec_version". @param indent as in JSON libraries, -1 for one line
std::string specToJson(const RunSpec &spec, int indent = 2);
/// Missing keys keep the preset's defaults. Everything is checked but that data.path is given and that plugins are there.
/// @error InvalidInput: broken JSON, duplicate or unknown key (nearest offered), wrong type, range, contradiction; a
/// version newer than this program; more than kMaxSpecBytes
Result<RunSpec> specFromJson(std::string_view json);
/// SHA-256 over the canonical JSON of what decides the numbers. Left out: name, the preset's name, train.steps (a resume
/// with more steps is the same run), and what only reports or keeps: report, evaluation and checkpoint rhythms, keep_*,
/// probes. schedule.total_steps 0 counts as train.steps, model.ffn_width 0 as the width it stands for. The group
/// objective counts under hybrid only, with the mix's shares: next_token keeps the digests of version 1. So do models of
/// text alone, in which attention and media do not count, windows of 0, and runs without further stages.
std::string specDigest(const RunSpec &spec);
std::string specJsonSchema(const FieldTable &table = *FieldTable::builtIn());
/// Equivalent `orrery-engine train …` with only the values that differ from the preset, quoted for a shell.
std::string specToCommand(const SpecBuilder &builder);

/// Names of the presets, smallest first.
std::vector<std::string> presetNames();
/// "tiny: 4 layers × 128, context 128, 0.9 M parameters"; empty for an unknown name.
std::string presetSummary(std::string_view name);
/// Sets the preset's defaults for all fields it owns: everything under model but dropout and stochastic_depth (attention
/// and media are groups of their own), and
/// train.batch_size, train.accumulation, optimizer.lr. An unknown name changes nothing.
void applyPreset(RunSpec &spec, std::string_view name);

} // namespace orrery
