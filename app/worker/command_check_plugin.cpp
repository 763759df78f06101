// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/process_setup.h"
#include "core/base/exit_code.h"
#include "core/nn/plugin_loader.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace orrery::worker {

namespace {

struct CheckedLibrary {
    std::string id;
    std::string library;
    bool isJson = false;
};

} // namespace

CommandBody declareCheckPlugin(CLI::App &command)
{
    auto options = std::make_shared<CheckedLibrary>();
    command.add_option("id", options->id, "Id of the plugin")->required();
    command.add_option("library", options->library, "Its engine library")->required();
    command.add_flag("--json", options->isJson, "Errors as JSON");
    return [options] {
        const auto checked = nn::checkEngineLibrary(options->id, options->library);
        if (!checked)
            return reportError(checked.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        if (!options->isJson) std::printf("The library fits.\n");
        return kExitOk;
    };
}

} // namespace orrery::worker
