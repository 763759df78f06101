// SPDX-License-Identifier: Apache-2.0
// A model on its own: a folder in the Hugging Face layout. config.json holds the field names other programs
// look for and, under "orrery", the spec keys that this program builds the model from; tokenizer.json and
// model.safetensors stand beside.
#pragma once

#include "core/base/result.h"
#include "core/spec/run_spec.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace orrery {

struct ModelConfig {
    ModelSpec model;
    DataSpec data;           ///< tokenizer and special tokens only
    ObjectiveSpec objective; ///< what it was trained for
    PluginsSpec plugins;     ///< without which the model cannot be built
    std::string source;      ///< "RUN@step" that it was exported from, may be empty
    int64_t step = -1;       ///< -1: unknown
};

/// Whether a folder looks like a model directory (has a config.json).
bool isModelDirectory(const std::filesystem::path &directory);
/// @error NotFound (no config.json), InvalidInput (not ours, broken, a value out of range, tokenizer.json of
/// another tokenizer), Io
Result<ModelConfig> readModelConfig(const std::filesystem::path &directory);
/// Writes the folder beside its place and renames it. @param writeWeights makes the safetensors file
/// @error Conflict when the target exists and is not empty, Io
Result<void>
writeModelDirectory(const std::filesystem::path &directory, const ModelConfig &config,
                    const std::function<Result<void>(const std::filesystem::path &)> &writeWeights);

} // namespace orrery
