// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/create_run.h"

#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/data/corpus.h"
#include "core/data/data_paths.h"
#include "core/data/example.h"
#include "core/data/tokenizer.h"
#include "core/spec/field_table.h"

#include <algorithm>

namespace orrery {

namespace {

constexpr const char *kExampleData = "example";

/// "shakespeare-tiny" from data and preset; what people would type themselves.
std::string defaultName(const RunSpec &spec)
{
    if (isGeneratorPath(spec.data.path))
        return spec.data.path.substr(4, spec.data.path.find('?') - 4) + "-" + spec.model.preset;
    std::filesystem::path data = std::filesystem::path(spec.data.path).lexically_normal();
    if (!data.has_filename()) data = data.parent_path();
    const std::string stem = data.stem().string();
    return (stem.empty() ? std::string("run") : stem) + "-" + spec.model.preset;
}

std::filesystem::path absolutePath(const std::filesystem::path &path)
{
    std::error_code ignored;
    std::filesystem::path absolute = std::filesystem::absolute(path, ignored).lexically_normal();
    return absolute.has_filename() ? absolute : absolute.parent_path();
}

/// A tokenizer's file by a path that means the same everywhere, and one that can be read.
Result<void> findTokenizer(DataSpec &data)
{
    if (!data.tokenizer.ends_with(".json")) return {}; // a name, which validateSpec knows
    DataSpec found = data;
    found.tokenizer = absolutePath(data.tokenizer).string();
    if (const auto made = Tokenizer::create(found); !made) return made.error();
    data.tokenizer = found.tokenizer;
    return {};
}

} // namespace

const char *programVersion() { return "orrery " ORRERY_VERSION; }

FrozenSpec freezeSpec(RunSpec spec, ThreadUse threadUse)
{
    if (spec.name.empty()) spec.name = defaultName(spec);
    if (spec.threads == 0) {
        const int reserved = threadUse == ThreadUse::LeaveOneForDesktop ? 1 : 0;
        spec.threads = std::max(1, cpuInfo().numLogical - reserved);
    }
    if (spec.schedule.totalSteps == 0) spec.schedule.totalSteps = spec.train.steps;
    FrozenSpec frozen;
    frozen.digest = specDigest(spec);
    frozen.program = programVersion();
    frozen.cpuModel = cpuInfo().model;
    frozen.createdAt = wallSeconds();
    frozen.spec = std::move(spec);
    return frozen;
}

Result<RunDirectory> createRun(const Catalogue &catalogue, const RunSpec &given,
                               const std::filesystem::path &directory, ThreadUse threadUse,
                               const std::function<Result<void>(const RunSpec &)> &prepare)
{
    RunSpec spec = given;
    if (spec.data.path.empty())
        return Error{ErrorCode::InvalidInput,
                     "Cannot create a run: data.path is \"\", expected a file or folder of text.",
                     "Name one, or use \"example\"."};
    if (spec.data.path == kExampleData) {
        if (spec.name.empty()) spec.name = "example-" + spec.model.preset;
        ORRERY_ASSIGN(const std::filesystem::path example, makeExampleData(userDataDir(), orrerySourcesAbove(programDir())));
        spec.data.path = example.string();
    }
    // A generator is no path, and prepares itself.
    if (isGeneratorPath(spec.data.path)) {
        ORRERY_TRY(checkGeneratorPath(spec.data.path));
    } else {
        spec.data.path = absolutePath(spec.data.path).string();
        if (const DataPathKind kind = dataPathKind(spec.data.path); kind != DataPathKind::Manifest)
            if (const auto probed = probeCorpus(spec.data.path); !probed) return probed.error();
        ORRERY_TRY(checkDataModalities(spec, dataPathKind(spec.data.path)));
    }
    ORRERY_TRY(findTokenizer(spec.data));
    for (std::string &stage : spec.continual.stages) {
        ORRERY_TRY(checkStageIsText(stage));
        stage = absolutePath(stage).string();
        if (const auto probed = probeCorpus(stage); !probed) return probed.error();
    }
    if (spec.device == "cuda")
        if (const auto devices = cudaDeviceCount(); !devices) return devices.error();
    FrozenSpec frozen = freezeSpec(std::move(spec), threadUse);
    ORRERY_TRY(validateSpec(frozen.spec));
    if (!directory.empty()) ORRERY_TRY(RunDirectory::checkFree(absolutePath(directory)));
    if (prepare) ORRERY_TRY(prepare(frozen.spec)); // takes its time

    std::filesystem::path target;
    if (directory.empty()) {
        ORRERY_ASSIGN(frozen.id, RunDirectory::makeId(frozen.spec.name, catalogue.runsDirectory()));
        target = catalogue.runsDirectory() / frozen.id;
    } else {
        target = absolutePath(directory);
        frozen.id = catalogue.unusedId(target.filename().string());
    }
    ORRERY_ASSIGN(RunDirectory run, RunDirectory::create(target, frozen));
    // The run is there, listed or not: its worker tries again, and it can be named by its path.
    if (!directory.empty())
        if (const auto added = catalogue.add(target); !added)
            logWarning("The run is not in the list of runs: " + added.error().text());
    return run;
}

} // namespace orrery
