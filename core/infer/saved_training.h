// SPDX-License-Identifier: Apache-2.0
// What a saved step of a run tells of the training that it is of: enough to find the texts that frames were kept of,
// with their pictures and recordings, after the training has ended. Any thread.
#pragma once

#include "core/data/kept_texts.h"
#include "core/spec/run_spec.h"

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

class RunDirectory;

struct SavedTraining {
    RunSpec spec;                            ///< the prompts as they were at this step
    size_t numFrozenPrompts = 0;             ///< of the spec that the run was made with
    std::vector<std::string> dataIdentities; ///< that the step was trained on; empty: not known
};

/// Of a checkpoint that was verified. What its state does not tell, is as the run was made.
SavedTraining savedTraining(const RunDirectory &run, const std::filesystem::path &checkpoint);

/// One of the texts that frames were kept of, as the training read it: made from the run's data again, which is a
/// look-up in the cache where they were prepared before.
/// @param name of the model, for messages
/// @error NotFound: no text of that number, or the data are gone; InvalidInput: the data are others now; as
/// openDocuments and prepareData
Result<KeptText> readKeptText(const SavedTraining &training, const Tokenizer &tokenizer, int32_t number,
                              const std::string &name, const std::atomic<bool> &cancel);

} // namespace orrery
