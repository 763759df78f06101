// SPDX-License-Identifier: Apache-2.0
// The tensors of a model directory, in one file or in shards that an index names, and which files of such a
// directory may be opened at all: what a downloaded folder names is not trusted. No torch. Any thread;
// immutable after open().
#pragma once

#include "core/tensorfile/safetensors.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace orrery {

inline constexpr const char *kWeightsFile = "model.safetensors";
inline constexpr const char *kWeightsIndexFile = "model.safetensors.index.json";
inline constexpr uint64_t kMaxWeightsIndexBytes = 64ull << 20;
inline constexpr size_t kMaxShards = 10'000;

/// A file of a model directory as it may be opened. A link is followed when its target lies in the directory,
/// or in the folder "blobs" of the repository in a Hugging Face cache whose snapshot the directory is.
/// @error NotFound; InvalidInput for a link that leads elsewhere and for what is no file
Result<std::filesystem::path> fileOfModel(const std::filesystem::path &directory, const std::string &name);

class TensorFolder {
public:
    /// model.safetensors, or the shards of model.safetensors.index.json.
    /// @error NotFound (no weights; missing shards, all of them named), as fileOfModel and
    /// SafetensorsReader::open; InvalidInput for an index that is broken or does not fit its shards
    static Result<TensorFolder> open(const std::filesystem::path &directory);

    struct Found {
        const TensorInfo *info = nullptr; ///< null: there is none of this name
        const SafetensorsReader *reader = nullptr;
        [[nodiscard]] std::span<const std::byte> bytes() const { return reader->bytes(*info); }
    };
    [[nodiscard]] Found find(const std::string &name) const;
    [[nodiscard]] std::vector<std::string> names() const;          ///< sorted
    [[nodiscard]] uint64_t numBytes() const { return m_numBytes; } ///< of all tensors

private:
    Result<void> add(const std::filesystem::path &directory, SafetensorsReader reader);

    std::vector<SafetensorsReader> m_readers;
    std::map<std::string, std::pair<size_t, size_t>> m_places; ///< by name: reader, and tensor in it
    uint64_t m_numBytes = 0;
};

} // namespace orrery
