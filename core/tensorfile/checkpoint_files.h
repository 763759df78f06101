// SPDX-License-Identifier: Apache-2.0
// The checkpoint protocol on files: partial folder, hashes while writing, manifest last, one rename. No
// torch. One writer per run (it holds run.lock); readers any time.
#pragma once

#include "core/tensorfile/safetensors.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

struct CheckpointFile {
    std::string name; ///< "model.safetensors"
    std::vector<TensorSource> tensors;
    std::map<std::string, std::string> metadata;
};

struct CheckpointContent {
    int64_t step = 0;
    std::vector<CheckpointFile> files;
    std::string stateJson; ///< state.json: RNG key, data cursor, loop state
    std::string specDigest;
    double valLoss = 0; ///< NaN when there is none
};

/// Writes checkpoints/step-<8 digits>/ by the protocol and reads it back (verify) before returning.
/// @return bytes written @error Io; the partial folder is removed, older checkpoints are untouched
Result<uint64_t> writeCheckpoint(const std::filesystem::path &checkpointsDirectory,
                                 const CheckpointContent &content);

struct CheckpointManifest {
    int64_t step = 0;
    std::string specDigest;
    double valLoss = 0;
    double wallTime = 0;
    uint64_t numBytes = 0;
    std::map<std::string, std::vector<TensorDigest>> files; ///< tensors of each file
    std::string stateSha256;
};

/// Re-hashes everything against the manifest. @error InvalidInput naming file and tensor with the first
/// difference
Result<CheckpointManifest> verifyCheckpoint(const std::filesystem::path &checkpoint);
/// Manifest only, checked for shape and size but not hashed.
Result<CheckpointManifest> readManifest(const std::filesystem::path &checkpoint);

/// Steps of the finished (renamed) checkpoints, ascending. Partial folders are not listed.
std::vector<int64_t> listCheckpoints(const std::filesystem::path &checkpointsDirectory);
std::filesystem::path checkpointPath(const std::filesystem::path &checkpointsDirectory, int64_t step);

struct FoundCheckpoint {
    std::filesystem::path path;
    CheckpointManifest manifest;
    std::vector<Error> skipped; ///< newer ones that did not verify, newest first
};
/// The newest checkpoint (at or before maxStep) that verifies. @error NotFound when none does; the hint lists
/// why
Result<FoundCheckpoint> findCheckpoint(const std::filesystem::path &checkpointsDirectory,
                                       std::optional<int64_t> maxStep = std::nullopt);
/// Removes one checkpoint: renamed to *.deleted first, so that a kill leaves no half of it in the list.
Result<void> removeCheckpoint(const std::filesystem::path &checkpointsDirectory, int64_t step);
/// Removes partial and deleted folders that a kill left behind. The caller holds run.lock.
Result<void> cleanCheckpoints(const std::filesystem::path &checkpointsDirectory);

} // namespace orrery
