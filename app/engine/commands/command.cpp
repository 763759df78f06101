// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/command.h"

#include "core/base/text.h"
#include "core/spec/run_records.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>

namespace orrery::cli {

int fail(const Session &session, const Error &error)
{
    if (session.json) {
        const nlohmann::json line = {{"event", "error"},
                                     {"code", errorCodeName(error.code)},
                                     {"message", error.message},
                                     {"hint", error.hint}};
        std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    } else {
        std::fprintf(stderr, "error: %s\n", error.message.c_str());
        if (!error.hint.empty()) std::fprintf(stderr, "  %s\n", error.hint.c_str());
    }
    return exitCodeFor(error.code);
}

void finish(CLI::App *command, Session &session, std::function<int()> action)
{
    command->add_flag("--json", session.json, "One JSON object or JSON lines instead of text");
    command->callback([&session, action = std::move(action)] { session.action = action; });
}

CLI::Option *passOption(CLI::App *command, const char *name, const char *help,
                        std::vector<std::string> &passed)
{
    return command->add_option_function<std::string>(
        name,
        [name, &passed](const std::string &value) {
            passed.insert(passed.end(), {name, value});
        },
        help);
}

void addPluginFolders(CLI::App *command)
{
    // Into the environment at once: the worker that takes this process's place finds them there, too.
    command->add_option_function<std::vector<std::string>>(
               "--plugin-dir", [](const std::vector<std::string> &folders) { addPluginDirectories(folders); },
               "Folder of plugins to look into first; may be repeated")
        ->allow_extra_args(false);
}

PluginCatalogue scanPlugins()
{
    PluginCatalogue catalogue = PluginCatalogue::ofThisUser();
    for (const Error &problem : catalogue.problems()) std::fprintf(stderr, "warning: %s\n", problem.text().c_str());
    return catalogue;
}

Result<std::string> resolveModel(const Session &session, const std::string &text)
{
    std::string name = text;
    std::string suffix;
    if (const size_t at = text.rfind('@'); at != std::string::npos && !std::filesystem::exists(text)) {
        name = text.substr(0, at);
        suffix = text.substr(at);
    }
    std::error_code ignored;
    if (std::filesystem::is_directory(name, ignored)) return std::filesystem::absolute(name).string() + suffix;
    ORRERY_ASSIGN(const std::filesystem::path run, session.catalogue.resolve(name));
    return run.string() + suffix;
}

std::string runLine(const RunStatus &status)
{
    char text[512];
    const std::string loss = std::isfinite(status.loss) ? formatSignificant(status.loss, 4) : "-";
    const std::string val = std::isfinite(status.valLoss) ? formatSignificant(status.valLoss, 4) : "-";
    std::snprintf(text, sizeof text, "%-34s %-10s %9lld / %-9lld  loss %-7s val %-7s %s", status.id.c_str(),
                  runStateName(status.state), static_cast<long long>(status.step),
                  static_cast<long long>(status.totalSteps), loss.c_str(), val.c_str(), status.name.c_str());
    return text;
}

} // namespace orrery::cli
