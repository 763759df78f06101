// SPDX-License-Identifier: Apache-2.0
#include "core/spec/data_defaults.h"
#include "core/spec/field_table.h"
#include "core/spec/plugin_use.h"

namespace orrery {

Result<void> SpecBuilder::setText(std::string_view key, std::string_view value)
{
    ORRERY_ASSIGN(const Field *field, m_table->require(key));
    ORRERY_ASSIGN(auto parsed, parseFieldValue(*field, value));
    m_values.insert_or_assign(field->key, std::move(parsed));
    return {};
}

Result<void> SpecBuilder::setValue(std::string_view key, FieldValue value)
{
    ORRERY_ASSIGN(const Field *field, m_table->require(key));
    if (const auto *whole = std::get_if<int64_t>(&value); whole && field->type == FieldType::Real)
        value = static_cast<double>(*whole);
    ORRERY_TRY(checkFieldValue(*field, value));
    m_values.insert_or_assign(field->key, std::move(value));
    return {};
}

void SpecBuilder::reset(std::string_view key) { m_values.erase(std::string(key)); }

RunSpec SpecBuilder::preview() const
{
    RunSpec spec;
    const auto preset = m_values.find("model.preset");
    applyPreset(spec, preset == m_values.end() ? spec.model.preset : std::get<std::string>(preset->second));
    if (const auto path = m_values.find("data.path"); path != m_values.end()) {
        spec.data.path = std::get<std::string>(path->second);
        applyDataDefaults(spec);
    }
    for (const auto &[key, value] : m_values) m_table->find(key)->set(spec, value);
    return spec;
}

Result<RunSpec> SpecBuilder::build() const
{
    RunSpec spec = preview();
    ORRERY_TRY(validateSpec(spec, *m_table));
    completePlugins(spec, *m_table);
    return spec;
}

} // namespace orrery
