// SPDX-License-Identifier: Apache-2.0
// Token files as the shards keep them: uint16 or int32 without a header, masks as bytes. Private to this
// folder.
#pragma once

#include "core/base/files.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace orrery {

/// Bytes per token that ids below vocabSize need.
int tokenBytesFor(int64_t vocabSize);

/// Tokens [begin, begin + count) of a mapped token file.
void decodeTokens(std::span<const std::byte> file, int tokenBytes, uint64_t begin, uint64_t count,
                  int32_t *out);

/// Writes NAME.bin and, when asked to, NAME.mask.
class TokenFileWriter {
public:
    /// @error Io
    static Result<TokenFileWriter> create(const std::filesystem::path &folder, const std::string &name,
                                          int tokenBytes, bool hasMask);
    Result<void> append(std::span<const int32_t> ids, uint8_t mask);
    Result<void> append(std::span<const int32_t> ids, std::span<const uint8_t> masks);
    /// Writes out what is buffered, syncs and closes. @error Io
    Result<void> finish();
    [[nodiscard]] uint64_t numTokens() const { return m_numTokens; }
    [[nodiscard]] uint64_t numByteTokens() const { return m_numByteTokens; } ///< ids below 256
    [[nodiscard]] bool hasZeroMask() const { return m_hasZeroMask; }

private:
    Result<void> appendTokens(std::span<const int32_t> ids);
    Result<void> flush(FileWriter &file, std::string &buffer);

    FileWriter m_tokens;
    FileWriter m_masks;
    std::string m_tokenBuffer;
    std::string m_maskBuffer;
    int m_tokenBytes = 2;
    bool m_hasMask = false;
    bool m_hasZeroMask = false;
    uint64_t m_numTokens = 0;
    uint64_t m_numByteTokens = 0;
};

} // namespace orrery
