// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/shards.h"

#include "core/base/assert.h"
#include "core/base/checked.h"
#include "core/data/multimodal/shard_files.h"
#include "core/data/multimodal/shard_meta.h"
#include "core/data/token_file.h"

#include <cstring>

namespace orrery {

namespace {

constexpr uint64_t kMaxMetaBytes = 4u << 20;

Error damaged(const std::filesystem::path &folder, const std::string &found, const std::string &expected)
{
    return {ErrorCode::InvalidInput,
            "Cannot open prepared data \"" + folder.string() + "\": " + found + ", expected " + expected +
                ".",
            "Prepare the data again."};
}

uint64_t word(const MappedFile &table, uint64_t row, size_t column)
{
    uint64_t value = 0;
    std::memcpy(&value, table.bytes().data() + (row * kRecordWords + column) * sizeof value, sizeof value);
    return value;
}

Modality modalityAt(const MappedFile &kinds, uint64_t position)
{
    return static_cast<Modality>(static_cast<uint8_t>(kinds.bytes()[position]) & ~kLossBit);
}

} // namespace

Result<MultiModalShards> MultiModalShards::open(const std::filesystem::path &folder)
{
    ORRERY_ASSIGN(const std::string text, readFile(folder / kMultiModalMetaFile, kMaxMetaBytes));
    std::optional<MultiModalMeta> meta = multiModalMetaFromText(text);
    if (!meta)
        return damaged(folder, "meta.json is not readable", std::string("the format ") + kMultiModalFormat);
    MultiModalShards shards;
    shards.m_folder = folder;
    shards.m_key = std::move(meta->key);
    shards.m_name = std::move(meta->name);
    shards.m_vocabSize = meta->vocabSize;
    shards.m_tokenBytes = tokenBytesFor(meta->vocabSize);
    shards.m_description = std::move(meta->description);
    if (const auto checked = checkFrontEnd(shards.m_description.frontEnd); !checked)
        return damaged(folder, "its front end is out of range", "a usable one");
    for (size_t i = 0; i < shards.m_parts.size(); ++i) {
        shards.m_parts[i].numRecords = shards.m_description.splits[i].numDocuments;
        ORRERY_TRY(shards.openPart(kMultiModalSplitNames[i], shards.m_parts[i]));
    }
    return shards;
}

Result<void> MultiModalShards::openPart(const char *name, Part &part) const
{
    auto map = [&](const char *ending, MappedFile &file) -> Result<void> {
        const std::string fileName = std::string(name) + ending;
        auto mapped = MappedFile::open(m_folder / fileName);
        if (!mapped && mapped.error().code == ErrorCode::NotFound)
            return damaged(m_folder, fileName + " is missing", "all parts");
        if (!mapped) return mapped.error();
        file = std::move(mapped).value();
        return {};
    };
    ORRERY_TRY(map(".records", part.records));
    ORRERY_TRY(map(".ids", part.ids));
    ORRERY_TRY(map(".kinds", part.kinds));
    ORRERY_TRY(map(".patches", part.patches));
    ORRERY_TRY(map(".frames", part.frames));

    auto disagree = [&](const char *what) {
        return damaged(m_folder, std::string(name) + what, "files that agree with each other");
    };
    const uint64_t tableBytes = part.records.bytes().size();
    if (part.numRecords > tableBytes || tableBytes != (part.numRecords + 1) * kRecordWords * sizeof(uint64_t))
        return disagree(".records has another number of documents");
    auto hasRows = [](const MappedFile &file, uint64_t count, uint64_t width) {
        const auto expected = checkedMul(count, width);
        return expected && file.bytes().size() == *expected;
    };
    const uint64_t end = part.numRecords;
    if (!hasRows(part.ids, word(part.records, end, 0), static_cast<uint64_t>(m_tokenBytes)) ||
        !hasRows(part.kinds, word(part.records, end, 0), 1) ||
        !hasRows(part.patches, word(part.records, end, 1), static_cast<uint64_t>(frontEnd().patchWidth())) ||
        !hasRows(part.frames, word(part.records, end, 2),
                 static_cast<uint64_t>(frontEnd().frameWidth()) * sizeof(float)))
        return disagree(" has a file of another size");
    uint64_t counts[kRecordWords] = {0, 0, 0};
    for (uint64_t record = 0; record <= end; ++record) {
        // The table must say where the positions themselves put each document.
        for (size_t column = 0; column < kRecordWords; ++column)
            if (column > 0 && word(part.records, record, column) != counts[column])
                return disagree(".kinds has other patches or audio tokens than the table");
        if (word(part.records, record, 0) != counts[0]) return disagree(".records is out of order");
        if (record == end) break;
        const uint64_t next = word(part.records, record + 1, 0);
        if (next <= counts[0] || next > part.kinds.bytes().size())
            return disagree(".records is out of order");
        for (; counts[0] < next; ++counts[0]) {
            const Modality modality = modalityAt(part.kinds, counts[0]);
            if (modality == Modality::Image)
                ++counts[1];
            else if (modality == Modality::Audio)
                ++counts[2];
            else if (modality != Modality::Text)
                return disagree(".kinds names an unknown modality");
        }
    }
    return {};
}

uint64_t MultiModalShards::numRecords(Split split) const
{
    if (split != Split::Train && split != Split::Validation) return 0;
    return m_parts[split == Split::Train ? 0 : 1].numRecords;
}

uint64_t MultiModalShards::numPositions(Split split, uint64_t index) const
{
    ORRERY_ASSERT(index < numRecords(split));
    const Part &part = m_parts[split == Split::Train ? 0 : 1];
    return word(part.records, index + 1, 0) - word(part.records, index, 0);
}

void MultiModalShards::read(Split split, uint64_t index, uint64_t begin, uint64_t count,
                            MultiModalRecord &record) const
{
    const uint64_t length = numPositions(split, index);
    ORRERY_ASSERT(begin <= length && count <= length - begin);
    const Part &part = m_parts[split == Split::Train ? 0 : 1];
    const uint64_t first = word(part.records, index, 0);
    record.clear();
    record.ids_L.resize(count);
    if (count > 0) decodeTokens(part.ids.bytes(), m_tokenBytes, first + begin, count, record.ids_L.data());
    uint64_t patch = word(part.records, index, 1);
    uint64_t frame = word(part.records, index, 2);
    int32_t place = 0;
    uint64_t numPatches = 0;
    uint64_t numFrames = 0;
    Modality last = Modality::Text;
    for (uint64_t i = 0; i < begin + count; ++i) {
        const Modality modality = modalityAt(part.kinds, first + i);
        place = modality != Modality::Text && modality == last ? place + 1 : 0;
        last = modality;
        if (i < begin) {
            patch += modality == Modality::Image;
            frame += modality == Modality::Audio;
            continue;
        }
        record.modality_L.push_back(modality);
        record.places_L.push_back(place);
        record.loss_L.push_back(static_cast<uint8_t>(part.kinds.bytes()[first + i]) & kLossBit ? 1 : 0);
        numPatches += modality == Modality::Image;
        numFrames += modality == Modality::Audio;
    }
    const auto patchWidth = static_cast<uint64_t>(frontEnd().patchWidth());
    const auto frameWidth = static_cast<uint64_t>(frontEnd().frameWidth());
    record.patches_PD.resize(numPatches * patchWidth);
    record.frames_NF.resize(numFrames * frameWidth);
    if (numPatches > 0)
        std::memcpy(record.patches_PD.data(), part.patches.bytes().data() + patch * patchWidth,
                    record.patches_PD.size());
    if (numFrames > 0)
        std::memcpy(record.frames_NF.data(), part.frames.bytes().data() + frame * frameWidth * sizeof(float),
                    record.frames_NF.size() * sizeof(float));
}

} // namespace orrery
