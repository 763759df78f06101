// SPDX-License-Identifier: Apache-2.0
// manifest.json of a checkpoint as text: what stands in it and how it guards itself. Private to this folder.
#pragma once

#include "core/tensorfile/checkpoint_files.h"

namespace orrery {

inline constexpr const char *kManifestFile = "manifest.json";
inline constexpr const char *kStateFile = "state.json";
inline constexpr uint64_t kMaxManifestBytes = 256ull << 20;

/// The public manifest and what only verification needs.
struct FullManifest {
    CheckpointManifest shown;
    struct FileRecord {
        uint64_t numBytes = 0;
        std::string headerSha256;
    };
    std::map<std::string, FileRecord> files;
    uint64_t stateBytes = 0;
};

/// A plain file name that may stand beside state.json and manifest.json.
bool isCheckpointFileName(const std::string &name);

/// JSON whose last field is the SHA-256 of all the text before it, so that a flipped bit in the manifest is
/// found too.
std::string manifestToText(const FullManifest &manifest);
/// @param path for messages @error InvalidInput
Result<FullManifest> manifestFromText(const std::filesystem::path &path, const std::string &text);

} // namespace orrery
