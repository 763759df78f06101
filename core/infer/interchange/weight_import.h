// SPDX-License-Identifier: Apache-2.0
// Foreign weights into a model's fp32 masters, and our weights as a foreign file. The first needs torch and
// the thread that owns the model; the second neither.
#pragma once

#include "core/infer/interchange/weight_recipes.h"
#include "core/nn/transformer.h"

#include <filesystem>

namespace orrery {

/// @param recipes as matchRecipes gave them for these tensors   @error InvalidInput (a bias that must be 0 is
/// not)
Result<void> importWeights(nn::Transformer &model, const std::filesystem::path &directory,
                           const TensorFolder &tensors, const std::vector<WeightRecipe> &recipes);

/// @param own a model.safetensors of ours, fp32   @param onBytes as of writeSafetensors
/// @return bytes written   @error InvalidInput (tensors that are not those of the model), Io, what onBytes
/// gives
Result<uint64_t> exportWeights(const std::filesystem::path &own, const std::filesystem::path &to,
                               const ForeignModel &model, const BytesWritten &onBytes = {});

} // namespace orrery
