// SPDX-License-Identifier: Apache-2.0
#include "app/engine/create_run.h"

#include "core/base/platform.h"
#include "core/data/corpus.h"
#include "core/data/example.h"
#include "core/spec/field_table.h"

#include <algorithm>

namespace orrery {

namespace {

/// "shakespeare-tiny" from data and preset; what people would type themselves.
std::string defaultName(const RunSpec &spec)
{
    std::filesystem::path data = std::filesystem::path(spec.data.path).lexically_normal();
    if (!data.has_filename()) data = data.parent_path();
    const std::string stem = data.stem().string();
    return (stem.empty() ? std::string("run") : stem) + "-" + spec.model.preset;
}

} // namespace

Result<RunDirectory> createRun(RunSpec spec, const Catalogue &catalogue, const CreateRunOptions &options)
{
    if (spec.data.path.empty())
        return Error{ErrorCode::InvalidInput, "Cannot create a run: data.path is empty, expected a file or folder of text.",
                     "Name one with --data PATH, or use --data example."};
    if (spec.data.path == "example") {
        if (spec.name.empty()) spec.name = "example-" + spec.model.preset;
        ORRERY_ASSIGN(const std::filesystem::path example, makeExampleData(userDataDir()));
        spec.data.path = example.string();
    }
    std::error_code ignored;
    spec.data.path = std::filesystem::absolute(spec.data.path, ignored).lexically_normal().string();
    if (auto probed = probeCorpus(spec.data.path); !probed) return std::move(probed).error();
    if (spec.device == "cuda") {
        if (auto devices = cudaDeviceCount(); !devices) return std::move(devices).error();
    }
    if (spec.name.empty()) spec.name = defaultName(spec);
    if (spec.threads == 0) spec.threads = std::max(1, cpuInfo().numLogical - options.reservedCores);
    if (spec.schedule.totalSteps == 0) spec.schedule.totalSteps = spec.train.steps;
    ORRERY_TRY(validateSpec(spec));

    FrozenSpec frozen;
    frozen.digest = specDigest(spec);
    frozen.program = "orrery " ORRERY_VERSION;
    frozen.cpuModel = cpuInfo().model;
    frozen.createdAt = wallSeconds();
    std::filesystem::path directory = options.directory;
    if (directory.empty()) {
        ORRERY_ASSIGN(frozen.id, RunDirectory::makeId(spec.name, catalogue.runsDirectory()));
        directory = catalogue.runsDirectory() / frozen.id;
    } else {
        directory = std::filesystem::absolute(directory).lexically_normal();
        if (!directory.has_filename()) directory = directory.parent_path();
        frozen.id = directory.filename().string();
    }
    frozen.spec = std::move(spec);
    ORRERY_ASSIGN(RunDirectory run, RunDirectory::create(directory, frozen));
    if (!options.directory.empty()) ORRERY_TRY(catalogue.add(directory));
    return run;
}

} // namespace orrery
