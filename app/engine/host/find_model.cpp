// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/find_model.h"

#include "core/store/run_directory.h"
#include "core/store/run_store.h"
#include "core/tensorfile/checkpoint_files.h"

#include <filesystem>
#include <vector>

namespace orrery {

namespace {

namespace fs = std::filesystem;

bool isFolder(const fs::path &path)
{
    std::error_code failed;
    return fs::is_directory(path, failed);
}

Error noCheckpoint(const RunDirectory &run)
{
    return {ErrorCode::NotFound,
            "Cannot use run \"" + run.frozen().id + "\" as a model: it has no checkpoint yet, expected one.",
            run.isOwned() ? "Save one now with Checkpoint, or wait for the next."
                          : "Start the run and let it reach its first checkpoint."};
}

/// The step of the checkpoint with the lowest validation loss; the newest when none is marked.
int64_t bestStep(const RunDirectory &run, int64_t newest)
{
    const auto reader = RunReader::open(run.path());
    if (!reader) return newest;
    const auto checkpoints = (*reader)->checkpoints();
    if (!checkpoints) return newest;
    for (const CheckpointInfo &checkpoint : *checkpoints)
        if (checkpoint.isBest) return checkpoint.step;
    return newest;
}

} // namespace

Result<std::string> findModel(const Catalogue &catalogue, const std::string &model)
{
    if (model.empty())
        return Error{ErrorCode::InvalidInput,
                     "Cannot find the model: its name is \"\", expected a run or a model directory.",
                     "Name a run, RUN@step or a model directory."};
    // A folder without spec.json is a model directory, or what its worker will say about it.
    const bool isPathOfFolder = model.front() == '/' && isFolder(model);
    if (isPathOfFolder && !RunDirectory::open(model).ok()) return model;
    std::string name = model;
    std::string step = "latest";
    if (const size_t at = model.rfind('@'); at != std::string::npos && at > 0 && !isPathOfFolder) {
        name = model.substr(0, at);
        step = model.substr(at + 1);
    }
    ORRERY_ASSIGN(const fs::path path, catalogue.resolve(name));
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(path));
    if (step != "latest" && step != "best") return path.string() + "@" + step;
    // The newest checkpoint of now: a worker that loaded an older one must not answer for it.
    const std::vector<int64_t> steps = listCheckpoints(run.checkpoints());
    if (steps.empty()) return noCheckpoint(run);
    return path.string() + "@" + std::to_string(step == "best" ? bestStep(run, steps.back()) : steps.back());
}

} // namespace orrery
