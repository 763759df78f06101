// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/spec_arguments.h"

#include "core/base/files.h"
#include "core/spec/breakpoint.h"

#include <nlohmann/json.hpp>

#include <variant>

namespace orrery::cli {

Result<void> applySettings(SpecBuilder &builder, const std::vector<std::string> &settings, const std::string &example)
{
    for (const std::string &setting : settings) {
        const size_t equals = setting.find('=');
        if (equals == std::string::npos)
            return Error{ErrorCode::InvalidInput, "Cannot read --set \"" + setting + "\": no \"=\" found, expected key=value.",
                         "For example: --set " + example};
        ORRERY_TRY(builder.setText(setting.substr(0, equals), setting.substr(equals + 1)));
    }
    return {};
}

Result<void> applyArguments(SpecBuilder &builder, const TrainArguments &arguments)
{
    if (!arguments.specFile.empty()) {
        ORRERY_ASSIGN(const std::string json, readFile(arguments.specFile, 1 << 20));
        ORRERY_TRY(builder.setJson(json));
    }
    if (!arguments.data.empty()) ORRERY_TRY(builder.setValue("data.path", FieldValue{arguments.data}));
    if (!arguments.name.empty()) ORRERY_TRY(builder.setValue("name", FieldValue{arguments.name}));
    if (!arguments.device.empty()) ORRERY_TRY(builder.setText("device", arguments.device));
    if (arguments.steps) ORRERY_TRY(builder.setValue("train.steps", FieldValue{*arguments.steps}));
    if (arguments.seed) ORRERY_TRY(builder.setValue("seed", FieldValue{*arguments.seed}));
    return applySettings(builder, arguments.settings, "model.layers=4");
}

Result<void> checkBreakpoints(const std::vector<std::string> &conditions)
{
    for (const std::string &condition : conditions)
        if (const auto parsed = parseBreakpoint(condition); !parsed) return parsed.error();
    return {};
}

std::string givenJson(const SpecBuilder &builder)
{
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto &[key, value] : builder.values())
        json[key] = std::visit([](const auto &plain) { return nlohmann::ordered_json(plain); }, value);
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace orrery::cli
