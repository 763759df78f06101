// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding of one word: its smallest units are joined by the merges of the file, the one that
// stands first in the list before the others. Immutable after fromJson; any thread.
#pragma once

#include "core/base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orrery::tok {

inline constexpr size_t kMaxVocabulary = 1 << 20; ///< as the largest data.vocab_size
inline constexpr size_t kMaxMerges = 2'000'000;

inline uint64_t pairKey(int32_t left, int32_t right)
{
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

/// Words of one text that were encoded already.
class WordCache {
public:
    const std::vector<int32_t> *find(std::string_view word) const;
    const std::vector<int32_t> &add(std::string_view word, std::vector<int32_t> ids);

private:
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    std::unordered_map<std::string, std::vector<int32_t>, Hash, std::equal_to<>> m_known;
};

class BpeModel {
public:
    /// @param json the file's "model"  @param isByteLevel whether its tokens are written in the byte alphabet
    /// @error InvalidInput: another model, ids out of range or twice, merges of tokens that are not there …
    static Result<BpeModel> fromJson(const nlohmann::json &json, bool isByteLevel, const std::string &name);

    /// No text becomes one of these ids any more.
    /// @param ids special tokens, of the vocabulary or not  @error InvalidInput: a merge makes one
    Result<void> withhold(const std::vector<int32_t> &ids, const std::string &name);
    [[nodiscard]] std::optional<int32_t> unknownId() const { return m_unknown; }
    /// Characters that the vocabulary lacks are passed over then.
    void forgetUnknown() { m_unknown.reset(); }

    [[nodiscard]] int64_t numIds() const { return static_cast<int64_t>(m_tokens.size()); } ///< largest id + 1
    [[nodiscard]] size_t numMerges() const { return m_merges.size(); }
    [[nodiscard]] std::optional<int32_t> idOf(std::string_view token) const; ///< as it stands in the file
    /// As it stands in the file; nothing for an id that the file leaves out.
    [[nodiscard]] const std::string *token(int32_t id) const;
    /// The bytes of text that a token is: of a byte alphabet, of "<0x0A>", or its characters.
    [[nodiscard]] const std::string &bytes(int32_t id) const { return m_bytes[static_cast<size_t>(id)]; }

    /// Appends the ids of a word. @param word well-formed UTF-8, not empty
    void encode(std::string_view word, WordCache &cache, std::vector<int32_t> &ids) const;
    /// Of a byte that is no part of well-formed text.
    void encodeByte(uint8_t byte, std::vector<int32_t> &ids) const;

private:
    struct Merge {
        int32_t rank = 0;
        int32_t made = 0;
    };
    Result<void> readVocabulary(const nlohmann::json &json, const std::string &name);
    Result<void> readMerges(const nlohmann::json &json, const std::string &name);
    Result<void> readSettings(const nlohmann::json &json, const std::string &name);
    Result<void> addMerge(const std::string &left, const std::string &right, size_t index,
                          const std::string &name);
    void findUnits();
    [[nodiscard]] std::optional<int32_t> textIdOf(std::string_view token) const; ///< but for withheld ones
    [[nodiscard]] const Merge *mergeOf(int32_t left, int32_t right) const;
    [[nodiscard]] std::vector<int32_t> unitsOf(std::string_view word) const;
    void mergeShort(std::vector<int32_t> &units) const;
    void mergeLong(std::vector<int32_t> &units) const;

    bool m_isByteLevel = false;
    bool m_ignoresMerges = false;
    bool m_hasByteFallback = false;
    bool m_fusesUnknown = false;
    std::optional<int32_t> m_unknown;
    std::unordered_map<std::string, int32_t> m_ids;             ///< by what stands in the file
    std::unordered_map<std::string_view, int32_t> m_idsOfBytes; ///< by m_bytes; byte level only
    std::vector<std::string> m_tokens;
    std::vector<bool> m_isUsed;
    std::vector<bool> m_isWithheld;
    std::vector<std::string> m_bytes;
    std::array<int32_t, 256> m_byteIds{}; ///< unit of each byte, or its "<0xNN>"; -1: none
    std::unordered_map<uint64_t, Merge> m_merges;
};

} // namespace orrery::tok
