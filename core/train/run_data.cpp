// SPDX-License-Identifier: Apache-2.0
#include "core/train/run_data.h"

#include "core/data/data_paths.h"
#include "core/data/describe.h"
#include "core/spec/run_records.h"
#include "core/train/continual/stage_series.h"
#include "core/train/continual/staged_source.h"
#include "core/train/multimodal_source.h"
#include "core/train/text_source.h"

namespace orrery {
namespace {

Result<BatchSampler> makeSampler(const RunSpec &spec, const TokenShards &shards,
                                 const std::string &fixedBatches, int64_t totalSteps)
{
    if (fixedBatches.empty())
        return BatchSampler::create(shards, spec.model.context, static_cast<uint64_t>(spec.seed));
    ORRERY_ASSIGN(BatchSampler sampler,
                  BatchSampler::fromFile(fixedBatches, spec.train.batchSize * spec.train.accumulation,
                                         spec.model.context));
    if (sampler.numFixedSteps() < totalSteps)
        return Error{ErrorCode::InvalidInput,
                     "Cannot train on \"" + fixedBatches + "\": it holds " +
                         std::to_string(sampler.numFixedSteps()) + " steps, expected " +
                         std::to_string(totalSteps) + ".",
                     "Write more batches or train fewer steps."};
    return sampler;
}

Result<TrainingSources> multiModalSources(const RunSpec &spec, const MultiModalSource &source,
                                          const std::string &fixedBatches)
{
    if (!fixedBatches.empty())
        return Error{
            ErrorCode::InvalidInput,
            "Cannot train on \"" + fixedBatches + "\": fixed batches are of text, expected none beside " +
                "attention.num_modalities " + std::to_string(spec.model.attention.numModalities) + ".",
            "Leave the fixed batches out."};
    const int64_t count = spec.model.attention.numModalities;
    ORRERY_ASSIGN(const MultiModalSampler sampler,
                  MultiModalSampler::create(source, spec.model.context, static_cast<uint64_t>(spec.seed),
                                            spec.model.attention.modalityDropout));
    TrainingSources sources;
    sources.batches = std::make_unique<MultiModalBatchSource>(sampler, count);
    sources.measures.push_back({series::kValLoss, std::make_unique<MultiModalValidationSource>(
                                                      source, Split::Validation, spec.model.context, count)});
    return sources;
}

/// They were there when the run was made. Another path is no remedy for it, as its spec is frozen.
Result<void> checkDataAreThere(const RunSpec &spec)
{
    std::vector<std::string> paths = {spec.data.path};
    paths.insert(paths.end(), spec.continual.stages.begin(), spec.continual.stages.end());
    for (const std::string &path : paths) {
        std::error_code error;
        if (isGeneratorPath(path) || std::filesystem::exists(path, error) || error) continue;
        return Error{ErrorCode::NotFound,
                     "Cannot read data \"" + path +
                         "\": there is no such file or folder, expected what the run was made with.",
                     spec.continual.isOn()
                         ? "Put it back, or start a new run."
                         : "Put it back, or branch the run from a checkpoint with another data.path."};
    }
    return {};
}

/// Several texts: one after the other, or, without stages in the spec, all at once.
Result<TrainingSources> makeStagedSources(const RunSpec &spec, const RunData &data,
                                          const Objective &objective)
{
    TrainingSources sources;
    ORRERY_ASSIGN(sources.batches, StagedBatchSource::create(spec, data, StagePlan::of(spec),
                                                             replayPlan(spec.continual), objective));
    for (size_t i = 0; i < data.text.size(); ++i) {
        const EvalWindows windows{data.text[i].get(), spec.model.context};
        sources.stages.push_back(
            {series::stageValLoss(i + 1), std::make_unique<TextValidationSource>(windows)});
    }
    return sources;
}

} // namespace

std::vector<std::string> RunData::identities() const
{
    std::vector<std::string> all;
    if (multiModal) all.push_back(multiModal->identity());
    for (const auto &shards : text) all.push_back(shards->key());
    return all;
}

RunData RunData::ofShards(const TokenShards &shards)
{
    return {.text = {std::shared_ptr<const TokenShards>(std::shared_ptr<void>(), &shards)}};
}

Result<RunData> prepareRunData(const RunSpec &spec, const std::filesystem::path &cacheDirectory,
                               const ProgressFn &progress, const std::atomic<bool> *cancel)
{
    ORRERY_TRY(checkDataAreThere(spec));
    RunData data;
    if (spec.model.attention.numModalities > 1) {
        ORRERY_ASSIGN(OpenedMultiModal opened, openDocuments(spec, cacheDirectory, progress, cancel));
        data.multiModal = std::move(opened.source);
        data.warnings = fileWarnings(opened.description);
        return data;
    }
    ORRERY_TRY(checkDataModalities(spec, dataPathKind(spec.data.path)));
    std::vector<std::string> paths = {spec.data.path};
    paths.insert(paths.end(), spec.continual.stages.begin(), spec.continual.stages.end());
    for (const std::string &path : paths) {
        DataSpec one = spec.data;
        one.path = path;
        ORRERY_ASSIGN(TokenShards shards,
                      prepareData(one, spec.model.context, static_cast<uint64_t>(spec.seed), cacheDirectory,
                                  progress, cancel));
        ORRERY_TRY(checkCarriesLoss(path, shards));
        for (const DataCheck &check : checkData(shards.description()))
            if (check.name == "media" && data.warnings.empty()) data.warnings.push_back(check.text);
        data.text.push_back(std::make_shared<const TokenShards>(std::move(shards)));
    }
    return data;
}

Result<TrainingSources> makeTrainingSources(const RunSpec &spec, const RunData &data,
                                            const Objective &objective, const std::string &fixedBatches,
                                            int64_t totalSteps)
{
    if (data.multiModal) return multiModalSources(spec, *data.multiModal, fixedBatches);
    if (data.text.size() > 1) return makeStagedSources(spec, data, objective);
    const TokenShards &shards = *data.text.front();
    ORRERY_ASSIGN(BatchSampler sampler, makeSampler(spec, shards, fixedBatches, totalSteps));
    TrainingSources sources;
    sources.batches = std::make_unique<TextBatchSource>(std::move(sampler), objective);
    sources.measures = textMeasures({&shards, spec.model.context}, objective);
    return sources;
}

} // namespace orrery
