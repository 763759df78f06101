// SPDX-License-Identifier: Apache-2.0
// A model on its own: a folder in the Hugging Face layout. config.json holds the field names other programs
// look for and, under "orrery", the spec keys that this program builds the model from; tokenizer.json and
// model.safetensors stand beside. Folders of others (core/infer/interchange) have no "orrery"; ours may have
// their names of tensors, so that others read them, too.
#pragma once

#include "core/base/result.h"
#include "core/infer/interchange/architecture.h"
#include "core/spec/run_spec.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

struct ModelConfig {
    ModelSpec model;
    DataSpec data;           ///< tokenizer and special tokens only
    ObjectiveSpec objective; ///< what it was trained for
    PluginsSpec plugins;     ///< without which the model cannot be built
    std::string source;      ///< "RUN@step" that it was exported from, may be empty
    int64_t step = -1;       ///< -1: unknown
    std::string run;         ///< id of the run that made the weights, may be empty
    std::vector<std::string> learned; ///< sources of a memory that consolidation taught it, for people
    int64_t numLearnedMore = 0;       ///< about: such sources that have no room in the list
    /// Whose names and shapes the weights have; nothing: ours (docs/model-files.md).
    std::optional<ForeignModel> foreign;
};

/// Whether a folder looks like a model directory (has a config.json).
bool isModelDirectory(const std::filesystem::path &directory);
/// A tokenizer that is a file comes as its path in the folder, whether it is there or not.
/// @error NotFound (no config.json), InvalidInput (of no known family, broken, a value out of range, a link
/// that leads outside, tokenizer.json of another tokenizer), Io
Result<ModelConfig> readModelConfig(const std::filesystem::path &directory);
/// What a run's spec must say to be of this model, as JSON for SpecBuilder::setJson: model, tokenizer and
/// plugins.
std::string modelSettings(const ModelConfig &config);
/// Before minutes of work are spent on it. @error Conflict when the target exists and is not empty, or
/// something that no write left behind has the name under which it is written (DIRECTORY.partial); Io: no
/// folder can be made there
Result<void> checkFreeDirectory(const std::filesystem::path &directory);
/// Writes the folder beside its place and renames it. @param config.foreign says whose config.json it gets
/// @param writeWeights makes the safetensors file, with the names that belong to that
/// @error as checkFreeDirectory(), Io
Result<void>
writeModelDirectory(const std::filesystem::path &directory, const ModelConfig &config,
                    const std::function<Result<void>(const std::filesystem::path &)> &writeWeights);

} // namespace orrery
