// SPDX-License-Identifier: Apache-2.0
// Names and writing of the files of MultiModalShards. Private to this folder.
#pragma once

#include "core/base/files.h"
#include "core/data/multimodal/record.h"

#include <array>
#include <filesystem>
#include <string>

namespace orrery {

inline constexpr std::array kMultiModalSplitNames = {"train", "val"};
inline constexpr uint8_t kLossBit = 0x80;
inline constexpr size_t kRecordWords = 3; ///< first position, first patch, first audio token

/// Writes the files of one split.
class MultiModalSplitWriter {
public:
    /// @error Io
    static Result<MultiModalSplitWriter> create(const std::filesystem::path &folder, const std::string &name,
                                                int tokenBytes, const FrontEnd &frontEnd);
    Result<void> append(const MultiModalRecord &record);
    /// Writes the end of the table, syncs and closes. @error Io
    Result<void> finish();
    [[nodiscard]] uint64_t numRecords() const { return m_numRecords; }

private:
    struct File {
        FileWriter writer;
        std::string buffer;
    };
    Result<void> put(File &file, const void *data, size_t numBytes);
    Result<void> putTableRow();

    File m_records;
    File m_ids;
    File m_kinds;
    File m_patches;
    File m_frames;
    int m_tokenBytes = 2;
    uint64_t m_patchWidth = 0;
    uint64_t m_frameWidth = 0;
    uint64_t m_numRecords = 0;
    std::array<uint64_t, kRecordWords> m_ends = {}; ///< so far
};

} // namespace orrery
