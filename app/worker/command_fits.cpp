// SPDX-License-Identifier: Apache-2.0
// What `branch` asks of the worker, which knows the parameters of a model with plugins: whether those of a run's newest
// checkpoint are the ones that its spec asks for. Names and shapes; no number is read.
#include "app/worker/commands.h"
#include "app/worker/process_setup.h"
#include "app/worker/worker_plugins.h"
#include "core/base/exit_code.h"
#include "core/data/prepare_tokenizer.h"
#include "core/store/run_directory.h"
#include "core/tensorfile/checkpoint_files.h"
#include "core/tensorfile/safetensors.h"
#include "core/train/checkpoint_io.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>
#include <set>

namespace orrery::worker {

namespace {

struct FitsOptions {
    std::string run;
    bool isJson = false;
};

/// The first difference as a part of a sentence; empty: none.
std::string differenceOf(nn::Transformer &model, const SafetensorsReader &checkpoint)
{
    std::set<std::string> wanted;
    for (const nn::Parameter &parameter : model.parameters()) {
        wanted.insert(parameter.name);
        const TensorInfo *info = checkpoint.find(parameter.name);
        if (!info) return "the model would have a parameter \"" + parameter.name + "\", which its checkpoint has not";
        const std::vector<int64_t> shape(info->shape.begin(), info->shape.end());
        if (parameter.master.sizes() != at::IntArrayRef(shape))
            return "its parameter \"" + parameter.name + "\" would have another shape than in its checkpoint";
    }
    for (const TensorInfo &info : checkpoint.tensors())
        if (!wanted.contains(info.name))
            return "the model would have no parameter \"" + info.name + "\", which its checkpoint has";
    return {};
}

Result<std::string> difference(const std::string &path)
{
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(path));
    const std::vector<int64_t> steps = listCheckpoints(run.checkpoints());
    if (steps.empty())
        return Error{ErrorCode::NotFound,
                     "Cannot compare the parameters of run \"" + run.frozen().id + "\": it has no checkpoint, expected one.",
                     "Train it to its first checkpoint."};
    const RunSpec &spec = run.frozen().spec;
    prepareTensorThread(spec.threads);
    ORRERY_TRY(loadWorkerPlugins(spec));
    ORRERY_ASSIGN(const auto tokenizer, Tokenizer::create(withSavedTokenizer(spec.data, run.path())));
    ORRERY_ASSIGN(const auto model, nn::Transformer::create(spec.model, tokenizer->vocabSize(),
                                                            static_cast<uint64_t>(spec.seed), "cpu"));
    ORRERY_ASSIGN(const SafetensorsReader checkpoint,
                  SafetensorsReader::open(checkpointPath(run.checkpoints(), steps.back()) / kModelFile));
    return differenceOf(*model, checkpoint);
}

} // namespace

CommandBody declareFits(CLI::App &command)
{
    auto options = std::make_shared<FitsOptions>();
    command.add_option("run", options->run, "Run directory with spec.json and a checkpoint")->required();
    command.add_flag("--json", options->isJson, "Errors as JSON; the answer is JSON anyway");
    return [options] {
        const auto differs = difference(options->run);
        if (!differs.ok()) return reportError(differs.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        nlohmann::json answer{{"fits", differs->empty()}};
        if (!differs->empty()) answer["differs"] = *differs;
        printLine(answer.dump());
        return kExitOk;
    };
}

} // namespace orrery::worker
