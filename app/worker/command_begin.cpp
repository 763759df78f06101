// SPDX-License-Identifier: Apache-2.0
// What `train --from MODEL` asks of the worker, which knows models: the settings that a run with a model's
// weights must have, and checkpoint 0 of such a run.
#include "app/worker/commands.h"
#include "app/worker/model_argument.h"
#include "app/worker/process_setup.h"
#include "app/worker/worker_plugins.h"
#include "core/base/exit_code.h"
#include "core/data/prepare_tokenizer.h"
#include "core/store/run_directory.h"
#include "core/train/checkpoint_io.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace orrery::worker {

namespace {

struct BeginOptions {
    ModelArgument model;
    std::string run;
    bool isJson = false;
};

/// The checkpoint is that of a run which was stopped before its first update: nothing else is needed to train
/// it, copy it or look at it.
Result<void> begin(const BeginOptions &options)
{
    ORRERY_ASSIGN(const ModelReference reference, resolveReference(options.model));
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(options.run));
    const RunSpec &spec = run.frozen().spec;
    ORRERY_ASSIGN(const LockFile lock, run.lock("beginning with a model"));
    prepareTensorThread(spec.threads);
    ORRERY_TRY(loadWorkerPlugins(spec));
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(withSavedTokenizer(spec.data, run.path())));
    ORRERY_ASSIGN(const auto model, nn::Transformer::create(spec.model, tokenizer->vocabSize(),
                                                            static_cast<uint64_t>(spec.seed), "cpu"));
    ORRERY_TRY(loadWeightsOf(reference, *model));
    ORRERY_ASSIGN(const auto optimizer, makeOptimizer(model->parameters(), spec.optimizer));
    LoopState state;
    state.totalSteps = spec.train.steps;
    state.seed = static_cast<uint64_t>(spec.seed);
    const auto written = saveCheckpoint(run.checkpoints(), *model, *optimizer, state, run.frozen().digest);
    return written.ok() ? Result<void>() : written.error();
}

} // namespace

CommandBody declareSettings(CLI::App &command)
{
    auto options = std::make_shared<BeginOptions>();
    command.add_option("--model", options->model.reference, "RUN, RUN@step, RUN@best or a model directory")
        ->required();
    command.add_flag("--json", options->isJson, "Errors as JSON; the settings are JSON anyway");
    return [options] {
        const auto form = options->isJson ? OutputForm::Json : OutputForm::Text;
        const auto reference = resolveReference(options->model);
        if (!reference.ok()) return reportError(reference.error(), form);
        const auto settings = settingsOfModel(*reference);
        if (!settings.ok()) return reportError(settings.error(), form);
        printLine(*settings);
        return kExitOk;
    };
}

CommandBody declareBegin(CLI::App &command)
{
    auto options = std::make_shared<BeginOptions>();
    command.add_option("run", options->run, "Run directory with spec.json, not yet trained")->required();
    command.add_option("--from", options->model.reference, "RUN, RUN@step, RUN@best or a model directory")
        ->required();
    command.add_flag("--json", options->isJson, "Errors as JSON");
    return [options] {
        const auto done = begin(*options);
        if (!done.ok())
            return reportError(done.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        return kExitOk;
    };
}

} // namespace orrery::worker
