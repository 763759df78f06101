// SPDX-License-Identifier: Apache-2.0
#include "core/store/prompt_tokens.h"

#include <zstd.h>

#include <algorithm>
#include <bit>

namespace orrery::store {

namespace {

constexpr int kLevel = 3;
constexpr uint8_t kVersion = 1;
constexpr uint64_t kMaxPlainBytes = uint64_t{512} << 20;
constexpr uint64_t kMaxCandidates = 64;
/// The lower bits of a candidate's numbers, which nobody reads and which do not compress.
constexpr uint32_t kCandidateMask = 0xFFFFFF00U;

/// Of one answer: the file around it may be whole, so this is not the error of a damaged file.
Error damaged(const std::string &found)
{
    return Error{ErrorCode::Io,
                 "Cannot read kept tokens: " + found + ", expected what this program packed.",
                 "The other answers are not touched by it."};
}

void putNumber(std::string &bytes, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(0x80U | (value & 0x7FU));
    bytes += static_cast<char>(value);
}

/// Bytes of equal weight beside each other: signs and exponents are alike and pack well.
void putFloats(std::string &bytes, const std::vector<float> &values, uint32_t mask)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        for (const float value : values)
            bytes += static_cast<char>(((std::bit_cast<uint32_t>(value) & mask) >> shift) & 0xFFU);
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : m_bytes(bytes) {}
    [[nodiscard]] bool isGood() const { return m_isGood; }
    [[nodiscard]] bool isAtEnd() const { return m_bytes.empty(); }
    uint64_t number(uint64_t most)
    {
        uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (m_bytes.empty()) return fail();
            const auto byte = static_cast<uint8_t>(m_bytes.front());
            m_bytes.remove_prefix(1);
            value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
            if (byte < 0x80) return value <= most ? value : fail();
        }
        return fail();
    }
    std::string_view text(size_t size)
    {
        if (size > m_bytes.size()) {
            fail();
            return {};
        }
        const std::string_view part = m_bytes.substr(0, size);
        m_bytes.remove_prefix(size);
        return part;
    }
    std::vector<float> floats(size_t count)
    {
        const std::string_view planes = text(4 * count);
        std::vector<float> values(m_isGood ? count : 0);
        for (size_t i = 0; i < values.size(); ++i) {
            uint32_t bits = 0;
            for (size_t plane = 0; plane < 4; ++plane)
                bits = (bits << 8) | static_cast<uint8_t>(planes[plane * count + i]);
            values[i] = std::bit_cast<float>(bits);
        }
        return values;
    }

private:
    uint64_t fail()
    {
        m_isGood = false;
        m_bytes = {};
        return 0;
    }

    std::string_view m_bytes;
    bool m_isGood = true;
};

std::string compress(const std::string &plain)
{
    std::string packed(1 + ZSTD_compressBound(plain.size()), '\0');
    packed[0] = static_cast<char>(kVersion);
    const size_t size = ZSTD_compress(packed.data() + 1, packed.size() - 1, plain.data(), plain.size(), kLevel);
    packed.resize(ZSTD_isError(size) ? 0 : 1 + size); // only without memory; read back as damaged
    return packed;
}

Result<std::string> decompress(std::string_view packed, uint64_t maxBytes)
{
    if (packed.empty() || static_cast<uint8_t>(packed.front()) != kVersion)
        return damaged(packed.empty() ? "nothing" : "format " + std::to_string(static_cast<uint8_t>(packed.front())));
    packed.remove_prefix(1);
    const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) return damaged("no compressed bytes");
    if (size > maxBytes) return damaged(std::to_string(size) + " bytes");
    std::string plain(static_cast<size_t>(size), '\0');
    const size_t got = ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
    if (ZSTD_isError(got) || got != size) return damaged("compressed bytes that do not fit together");
    return plain;
}

} // namespace

std::string packTokens(std::span<const GeneratedToken> tokens)
{
    std::string plain, texts;
    std::vector<float> own, candidates;
    putNumber(plain, tokens.size());
    for (const GeneratedToken &token : tokens) {
        putNumber(plain, static_cast<uint32_t>(token.id));
        putNumber(plain, token.bytes.size());
        putNumber(plain, std::min<uint64_t>(token.alternatives.size(), kMaxCandidates));
        texts += token.bytes;
    }
    for (const auto member : {&GeneratedToken::probability, &GeneratedToken::entropy, &GeneratedToken::chance})
        for (const GeneratedToken &token : tokens) own.push_back(static_cast<float>(token.*member));
    for (const GeneratedToken &token : tokens) {
        size_t number = 0;
        for (const TokenAlternative &one : token.alternatives) {
            if (++number > kMaxCandidates) break;
            putNumber(plain, static_cast<uint32_t>(one.id));
            putNumber(plain, one.bytes.size());
            texts += one.bytes;
            candidates.push_back(static_cast<float>(one.probability));
            candidates.push_back(static_cast<float>(one.chance));
        }
    }
    putFloats(plain, own, ~uint32_t{0});
    putFloats(plain, candidates, kCandidateMask);
    return compress(plain + texts);
}

Result<std::vector<GeneratedToken>> unpackTokens(std::string_view packed)
{
    ORRERY_ASSIGN(const std::string plain, decompress(packed, kMaxPlainBytes));
    Reader reader(plain);
    const uint64_t count = reader.number(kMaxPackedTokens);
    std::vector<GeneratedToken> tokens(static_cast<size_t>(count));
    std::vector<size_t> sizes, candidateSizes;
    size_t numCandidates = 0;
    for (GeneratedToken &token : tokens) {
        token.id = static_cast<int32_t>(static_cast<uint32_t>(reader.number(UINT32_MAX)));
        sizes.push_back(static_cast<size_t>(reader.number(plain.size())));
        const auto numOwn = static_cast<size_t>(reader.number(kMaxCandidates));
        numCandidates += numOwn;
        if (!reader.isGood() || numCandidates > plain.size()) return damaged("tokens that are cut off");
        token.alternatives.resize(numOwn);
    }
    for (GeneratedToken &token : tokens)
        for (TokenAlternative &one : token.alternatives) {
            one.id = static_cast<int32_t>(static_cast<uint32_t>(reader.number(UINT32_MAX)));
            candidateSizes.push_back(static_cast<size_t>(reader.number(plain.size())));
        }
    const std::vector<float> own = reader.floats(3 * tokens.size());
    const std::vector<float> numbers = reader.floats(2 * numCandidates);
    if (!reader.isGood()) return damaged("tokens that are cut off");
    size_t next = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
        GeneratedToken &token = tokens[i];
        token.bytes = reader.text(sizes[i]);
        token.probability = own[i];
        token.entropy = own[tokens.size() + i];
        token.chance = own[2 * tokens.size() + i];
    }
    // Texts stand in the order in which they were met: all of tokens, then all of candidates.
    for (GeneratedToken &token : tokens)
        for (TokenAlternative &one : token.alternatives) {
            one.bytes = reader.text(candidateSizes[next]);
            one.probability = numbers[2 * next];
            one.chance = numbers[2 * next + 1];
            ++next;
        }
    if (!reader.isGood() || !reader.isAtEnd()) return damaged("texts of another length");
    return tokens;
}

std::string packText(std::string_view text) { return compress(std::string(text)); }

Result<std::string> unpackText(std::string_view packed, uint64_t maxBytes) { return decompress(packed, maxBytes); }

} // namespace orrery::store
