// SPDX-License-Identifier: Apache-2.0
#include "core/spec/field_table.h"

#include <cctype>

namespace orrery {

namespace {

/// Quotes for a POSIX shell where needed.
std::string quoted(const std::string &text)
{
    constexpr std::string_view kPlain = "_-./:=,+@%";
    bool isPlain = !text.empty();
    for (const char c : text)
        isPlain = isPlain &&
                  (std::isalnum(static_cast<unsigned char>(c)) || kPlain.find(c) != std::string_view::npos);
    if (isPlain) return text;
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

} // namespace

std::string specToCommand(const SpecBuilder &builder)
{
    SpecBuilder presetOnly;
    const auto &values = builder.values();
    if (const auto preset = values.find("model.preset"); preset != values.end())
        (void)presetOnly.setValue(preset->first, preset->second);
    RunSpec defaults = presetOnly.preview();
    defaults.model.preset = RunSpec{}.model.preset;

    std::string command = "orrery-engine train";
    if (const auto path = values.find("data.path"); path != values.end()) {
        const std::string text = fieldValueText(path->second);
        // A name that begins with a dash would be read as an option.
        command += (text.starts_with('-') ? " --data=" : " --data ") + quoted(text);
    }
    for (const Field &field : builder.table().fields()) {
        const auto given = values.find(field.key);
        if (field.key == "data.path" || given == values.end() || given->second == field.get(defaults))
            continue;
        command += " --set " + quoted(field.key + "=" + fieldValueText(given->second));
    }
    return command;
}

} // namespace orrery
