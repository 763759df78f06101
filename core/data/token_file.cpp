// SPDX-License-Identifier: Apache-2.0
#include "core/data/token_file.h"

#include "core/base/assert.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace orrery {

static_assert(std::endian::native == std::endian::little, "token files are used as they stand on disk");

namespace {

constexpr size_t kBufferBytes = 1u << 20;

} // namespace

int tokenBytesFor(int64_t vocabSize) { return vocabSize <= 65'536 ? 2 : 4; }

void decodeTokens(std::span<const std::byte> file, int tokenBytes, uint64_t begin, uint64_t count,
                  int32_t *out)
{
    const std::byte *from = file.data() + begin * static_cast<uint64_t>(tokenBytes);
    if (tokenBytes == 4) {
        std::memcpy(out, from, count * 4);
        return;
    }
    for (uint64_t i = 0; i < count; ++i) {
        uint16_t id = 0;
        std::memcpy(&id, from + 2 * i, 2);
        out[i] = id;
    }
}

Result<TokenFileWriter> TokenFileWriter::create(const std::filesystem::path &folder, const std::string &name,
                                                int tokenBytes, bool hasMask)
{
    TokenFileWriter writer;
    writer.m_tokenBytes = tokenBytes;
    writer.m_hasMask = hasMask;
    ORRERY_ASSIGN(writer.m_tokens, FileWriter::create(folder / (name + ".bin")));
    if (hasMask) {
        ORRERY_ASSIGN(writer.m_masks, FileWriter::create(folder / (name + ".mask")));
    }
    return writer;
}

Result<void> TokenFileWriter::append(std::span<const int32_t> ids, uint8_t mask)
{
    ORRERY_TRY(appendTokens(ids));
    if (!m_hasMask) {
        ORRERY_ASSERT(mask == 1 || ids.empty());
        return {};
    }
    m_hasZeroMask = m_hasZeroMask || (mask == 0 && !ids.empty());
    m_maskBuffer.append(ids.size(), static_cast<char>(mask));
    return m_maskBuffer.size() >= kBufferBytes ? flush(m_masks, m_maskBuffer) : Result<void>();
}

Result<void> TokenFileWriter::append(std::span<const int32_t> ids, std::span<const uint8_t> masks)
{
    ORRERY_ASSERT(m_hasMask && ids.size() == masks.size());
    ORRERY_TRY(appendTokens(ids));
    m_hasZeroMask = m_hasZeroMask || std::find(masks.begin(), masks.end(), 0) != masks.end();
    m_maskBuffer.append(reinterpret_cast<const char *>(masks.data()), masks.size());
    return m_maskBuffer.size() >= kBufferBytes ? flush(m_masks, m_maskBuffer) : Result<void>();
}

Result<void> TokenFileWriter::appendTokens(std::span<const int32_t> ids)
{
    const size_t start = m_tokenBuffer.size();
    m_tokenBuffer.resize(start + ids.size() * static_cast<size_t>(m_tokenBytes));
    char *to = m_tokenBuffer.data() + start;
    if (m_tokenBytes == 4) {
        if (!ids.empty()) std::memcpy(to, ids.data(), ids.size() * 4);
    } else {
        for (size_t i = 0; i < ids.size(); ++i) {
            const auto id = static_cast<uint16_t>(ids[i]);
            std::memcpy(to + 2 * i, &id, 2);
        }
    }
    m_numTokens += ids.size();
    for (int32_t id : ids) m_numByteTokens += id < 256 ? 1 : 0;
    return m_tokenBuffer.size() >= kBufferBytes ? flush(m_tokens, m_tokenBuffer) : Result<void>();
}

Result<void> TokenFileWriter::flush(FileWriter &file, std::string &buffer)
{
    if (!buffer.empty()) ORRERY_TRY(file.write(buffer));
    buffer.clear();
    return {};
}

Result<void> TokenFileWriter::finish()
{
    ORRERY_TRY(flush(m_tokens, m_tokenBuffer));
    ORRERY_TRY(m_tokens.sync());
    ORRERY_TRY(m_tokens.close());
    if (!m_hasMask) return {};
    ORRERY_TRY(flush(m_masks, m_maskBuffer));
    ORRERY_TRY(m_masks.sync());
    return m_masks.close();
}

} // namespace orrery
