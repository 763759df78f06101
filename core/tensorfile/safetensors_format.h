// SPDX-License-Identifier: Apache-2.0
// What reader, writer and checkpoints share about safetensors files and nobody else needs. Private to this
// folder.
#pragma once

#include "core/tensorfile/safetensors.h"

#include <string_view>

namespace orrery {

inline constexpr uint64_t kSafetensorsPrefix = 8; ///< bytes of the header length in front of the header
inline constexpr size_t kMaxTensorDimensions = 64;
inline constexpr std::string_view kSafetensorsMetadataKey = "__metadata__";

TensorType tensorTypeFromName(std::string_view name);

/// A name from a file as it may stand in a message: valid UTF-8, no control characters, at most 120 bytes.
std::string shownName(std::string_view name);

/// `Cannot <action> "<path>": <found>, expected <rule>.`
Error fileRuleError(std::string_view action, const std::filesystem::path &path, const std::string &found,
                    const std::string &rule, std::string hint);

/// What one written file looks like, for manifests.
struct WrittenSafetensors {
    std::vector<TensorDigest> tensors; ///< in file order
    std::string headerSha256;          ///< of the length and the header
    uint64_t numBytes = 0;
};
Result<WrittenSafetensors> writeSafetensorsFile(const std::filesystem::path &path,
                                                const std::vector<TensorSource> &tensors,
                                                const std::map<std::string, std::string> &metadata,
                                                const BytesWritten &onBytes = {});

} // namespace orrery
