// SPDX-License-Identifier: Apache-2.0
// A model directory with the names of others as a model that is ready to use. Called in a worker only.
#pragma once

#include "core/infer/model_directory.h"
#include "core/infer/text_generator.h"

#include <string>

namespace orrery {

/// Models of others read more at once than there is room for: keys and values may take an eighth of the
/// memory.
/// @return what to say of it; empty: all fits
std::string fitContext(ModelSpec &model);

/// Fills tokenizer and model; loaded.device is set before. All sizes are checked before anything is
/// allocated.
/// @param directory as it was named   @param config with config.foreign
/// @error as TensorFolder::open and matchRecipes; OutOfMemory
Result<void> loadForeign(const std::string &directory, const ModelConfig &config, LoadedModel &loaded);

/// Weights only, into a model that is built. @error as matchRecipes and importWeights
Result<void> loadForeignWeights(const std::string &directory, const ForeignModel &foreign,
                                nn::Transformer &model);

} // namespace orrery
