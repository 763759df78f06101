// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"

#ifdef ORRERY_HAS_RPC
#include "app/worker/model_argument.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "app/worker/thread_name.h"
#include "core/base/exit_code.h"
#include "core/rpc/worker_server.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace orrery::worker {

namespace {

struct ServeOptions {
    ModelArgument model;
    std::string socket;
    double idleSeconds = 300;
};

Result<void> serve(const ServeOptions &options)
{
    nameThread("generator");
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    ORRERY_ASSIGN(const auto server, ModelServer::start(options.socket, *generator));
    return server->run(options.idleSeconds, [] { return stopSignals().isRequested(); });
}

} // namespace

CommandBody declareServe(CLI::App &command)
{
    auto options = std::make_shared<ServeOptions>();
    addModelOptions(command, options->model);
    command.add_option("--socket", options->socket, "Unix socket to answer on, at most 107 bytes")
        ->required();
    command.add_option("--idle-seconds", options->idleSeconds, "End after this long without a request")
        ->check(CLI::Range(0.1, 1e9));
    return [options] {
        const auto served = serve(*options);
        return served.ok() ? kExitOk : reportError(served.error(), OutputForm::Text);
    };
}

} // namespace orrery::worker
#endif
