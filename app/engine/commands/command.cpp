// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/command.h"

#include "core/base/text.h"
#include "core/spec/run_records.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <cstdio>

namespace orrery::cli {

namespace {

constexpr const char *kPluginFolders = "--plugin-dir";

} // namespace

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
    if (command->get_option_no_throw(kPluginFolders))
        action = [&session, action = std::move(action)] {
            if (session.host.empty()) (void)scanPlugins(); // the worker that comes says nothing of folders
            return action();
        };
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
    command
        ->add_option_function<std::vector<std::string>>(
            kPluginFolders, [](const std::vector<std::string> &folders) { addPluginDirectories(folders); },
            "Folder of plugins to look into first; may be repeated")
        ->allow_extra_args(false);
}

PluginCatalogue scanPlugins()
{
    PluginCatalogue catalogue = PluginCatalogue::ofThisUser();
    static bool isTold = false;
    for (const Error &problem : catalogue.problems())
        if (!isTold) std::fprintf(stderr, "warning: %s\n", problem.text().c_str());
    isTold = true;
    return catalogue;
}

void tellIdleSettings(const std::vector<FieldProblem> &idle)
{
    for (const FieldProblem &problem : idle) std::fprintf(stderr, "warning: %s\n", problem.error.text().c_str());
}

namespace {

/// Of a run or an exported model; any other folder says nothing about what is meant.
bool isModelFolder(const std::filesystem::path &folder)
{
    std::error_code ignored;
    return std::filesystem::is_regular_file(folder / "spec.json", ignored) ||
           std::filesystem::is_regular_file(folder / "config.json", ignored);
}

/// A name that is both, a folder here and a run of the catalogue.
void tellOfTheOther(const std::string &name, const std::string &taken, const std::string &other)
{
    std::fprintf(stderr, "note: \"%s\" is taken for %s; %s.\n", sanitizeUtf8(name).c_str(),
                 sanitizeUtf8(taken).c_str(), sanitizeUtf8(other).c_str());
}

} // namespace

Result<std::string> resolveModel(const Session &session, const std::string &text)
{
    std::error_code ignored;
    std::string name = text;
    std::string suffix;
    if (const size_t at = text.rfind('@');
        at != std::string::npos && !std::filesystem::exists(text, ignored)) {
        name = text.substr(0, at);
        suffix = text.substr(at);
    }
    const bool isFolder = std::filesystem::is_directory(name, ignored);
    const std::filesystem::path here = isFolder ? std::filesystem::canonical(name, ignored) : "";
    if (isFolder && name.find('/') != std::string::npos) return here.string() + suffix;
    const auto run = session.catalogue.resolve(name);
    if (!isFolder)
        return run ? Result<std::string>(run->string() + suffix) : Result<std::string>(run.error());
    const bool isAnother = run && *run != here;
    if (isModelFolder(here)) {
        if (isAnother)
            tellOfTheOther(name, "the folder \"" + here.string() + '"',
                           "the catalogue has a run of that name, too: \"" + run->string() +
                               "\", which its whole id or its path names");
        return here.string() + suffix;
    }
    if (!run && run.error().code == ErrorCode::Conflict) return run.error();
    if (!isAnother) return here.string() + suffix; // the worker says what it lacks
    tellOfTheOther(name, "the run \"" + run->string() + '"',
                   "the folder \"" + here.string() + "\" holds no run and no model: \"./" + name +
                       "\" names it");
    return run->string() + suffix;
}

Result<double> parseTimeSpan(const char *option, const std::string &text)
{
    double number = 0;
    const char *end = text.data() + text.size();
    const auto [behind, failed] = std::from_chars(text.data(), end, number);
    const std::string unit(behind, end);
    const double factor = unit == "d" ? 86'400 : unit == "h" ? 3600 : unit == "m" ? 60 : unit == "s" ? 1 : 0;
    if (failed == std::errc() && number >= 0 && number < 1e9 && factor > 0) return number * factor;
    return Error{ErrorCode::InvalidInput,
                 std::string("Cannot read ") + option + " \"" + sanitizeUtf8(text) + "\": expected a number and one of d, h, m, s.",
                 std::string("For example: ") + option + " 30d"};
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
