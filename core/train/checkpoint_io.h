// SPDX-License-Identifier: Apache-2.0
// Model, optimiser and loop state to a checkpoint and back. Trainer thread only.
#pragma once

#include "core/nn/transformer.h"
#include "core/train/loop_state.h"
#include "core/train/optimizer.h"

#include <filesystem>

namespace orrery {

inline constexpr const char *kModelFile = "model.safetensors";
inline constexpr const char *kOptimizerFile = "optimizer-0.safetensors"; ///< of rank 0
inline constexpr const char *kContinualFile = "continual.safetensors";   ///< of runs on several data in turn
inline constexpr const char *kStateFileName = "state.json";
inline constexpr uint64_t kMaxStateBytes = 64ull << 20;

/// Writes and verifies. @return bytes written @error Io
Result<uint64_t> saveCheckpoint(const std::filesystem::path &checkpointsDirectory, nn::Transformer &model,
                                Optimizer &optimizer, const LoopState &state, const std::string &specDigest,
                                const std::vector<NamedTensor> &continual = {});
/// Updates in front of the optimiser's first one. A branch with another optimiser begins at its step.
struct OptimizerStart {
    int64_t step = 0;
    bool isFresh = false; ///< the checkpoint's moments are another optimiser's: they stay at zero
};

/// Fills model and optimiser. The checkpoint was verified by its reader before.
/// @error InvalidInput naming the first thing that does not fit
Result<LoopState> loadCheckpoint(const std::filesystem::path &checkpoint, nn::Transformer &model,
                                 Optimizer &optimizer, const OptimizerStart &start = {});

/// What saveCheckpoint got as `continual`, as fp32 on the host; empty without such a file.
/// @error InvalidInput, Io
Result<std::vector<NamedTensor>> loadContinual(const std::filesystem::path &checkpoint);

} // namespace orrery
