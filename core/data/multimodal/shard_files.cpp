// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/shard_files.h"

#include "core/base/assert.h"

#include <bit>
#include <cstring>
#include <vector>

namespace orrery {

static_assert(std::endian::native == std::endian::little, "prepared files are used as they stand on disk");

namespace {

constexpr size_t kBufferBytes = 1u << 20;

} // namespace

Result<MultiModalSplitWriter> MultiModalSplitWriter::create(const std::filesystem::path &folder,
                                                            const std::string &name, int tokenBytes,
                                                            const FrontEnd &frontEnd)
{
    MultiModalSplitWriter writer;
    writer.m_tokenBytes = tokenBytes;
    writer.m_patchWidth = static_cast<uint64_t>(frontEnd.patchWidth());
    writer.m_frameWidth = static_cast<uint64_t>(frontEnd.frameWidth());
    ORRERY_ASSIGN(writer.m_records.writer, FileWriter::create(folder / (name + ".records")));
    ORRERY_ASSIGN(writer.m_ids.writer, FileWriter::create(folder / (name + ".ids")));
    ORRERY_ASSIGN(writer.m_kinds.writer, FileWriter::create(folder / (name + ".kinds")));
    ORRERY_ASSIGN(writer.m_patches.writer, FileWriter::create(folder / (name + ".patches")));
    ORRERY_ASSIGN(writer.m_frames.writer, FileWriter::create(folder / (name + ".frames")));
    return writer;
}

Result<void> MultiModalSplitWriter::put(File &file, const void *data, size_t numBytes)
{
    file.buffer.append(static_cast<const char *>(data), numBytes);
    if (file.buffer.size() < kBufferBytes) return {};
    ORRERY_TRY(file.writer.write(file.buffer));
    file.buffer.clear();
    return {};
}

Result<void> MultiModalSplitWriter::putTableRow() { return put(m_records, m_ends.data(), sizeof m_ends); }

Result<void> MultiModalSplitWriter::append(const MultiModalRecord &record)
{
    ORRERY_TRY(putTableRow());
    std::string ids(record.size() * static_cast<size_t>(m_tokenBytes), '\0');
    std::string kinds(record.size(), '\0');
    for (size_t i = 0; i < record.size(); ++i) {
        const auto narrow = static_cast<uint16_t>(record.ids_L[i]);
        if (m_tokenBytes == 2)
            std::memcpy(ids.data() + 2 * i, &narrow, 2);
        else
            std::memcpy(ids.data() + 4 * i, &record.ids_L[i], 4);
        kinds[i] = static_cast<char>(static_cast<uint8_t>(record.modality_L[i]) |
                                     (record.loss_L[i] ? kLossBit : uint8_t{0}));
    }
    ORRERY_TRY(put(m_ids, ids.data(), ids.size()));
    ORRERY_TRY(put(m_kinds, kinds.data(), kinds.size()));
    ORRERY_TRY(put(m_patches, record.patches_PD.data(), record.patches_PD.size()));
    ORRERY_TRY(put(m_frames, record.frames_NF.data(), record.frames_NF.size() * sizeof(float)));
    m_ends[0] += record.size();
    m_ends[1] += record.patches_PD.size() / m_patchWidth;
    m_ends[2] += record.frames_NF.size() / m_frameWidth;
    ++m_numRecords;
    return {};
}

Result<void> MultiModalSplitWriter::finish()
{
    ORRERY_TRY(putTableRow());
    for (File *file : {&m_records, &m_ids, &m_kinds, &m_patches, &m_frames}) {
        ORRERY_TRY(file->writer.write(file->buffer));
        file->buffer.clear();
        ORRERY_TRY(file->writer.sync());
        ORRERY_TRY(file->writer.close());
    }
    return {};
}

} // namespace orrery
