// SPDX-License-Identifier: Apache-2.0
// The prepared data of a run, and the sources that a training draws from them. Preparing may take minutes
// and runs on any thread; the sources belong to the trainer thread.
#pragma once

#include "core/data/multimodal/source.h"
#include "core/data/token_shards.h"
#include "core/train/batch_source.h"
#include "core/train/objective.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// Immutable once prepared; copies share.
struct RunData {
    std::vector<std::shared_ptr<const TokenShards>> text; ///< data.path, then the further stages
    /// In place of text: documents with pictures and recordings.
    std::shared_ptr<const MultiModalSource> multiModal;
    std::vector<std::string> warnings; ///< of preparing them, to be told when a training begins
    /// One line per text, or one for the documents; changes when what is read does.
    [[nodiscard]] std::vector<std::string> identities() const;
    /// Of shards that the caller keeps alive.
    static RunData ofShards(const TokenShards &shards);
};

/// What a spec names as data, tokenized or decoded into the cache unless it is there already.
/// @error NotFound: data that a run was made with are not there; as prepareData, openMultiModal and
/// checkDataModalities
Result<RunData> prepareRunData(const RunSpec &spec, const std::filesystem::path &cacheDirectory,
                               const ProgressFn &progress = {}, const std::atomic<bool> *cancel = nullptr);

/// Of a spec with further stages the batches are a StagedBatchSource.
/// @param data, objective must outlive the sources   @param fixedBatches as in TrainingOptions
/// @param totalSteps that must be in the fixed batches, when there are any
/// @error InvalidInput: too little text, too few fixed batches
Result<TrainingSources> makeTrainingSources(const RunSpec &spec, const RunData &data,
                                            const Objective &objective, const std::string &fixedBatches,
                                            int64_t totalSteps);

} // namespace orrery
