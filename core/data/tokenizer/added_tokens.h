// SPDX-License-Identifier: Apache-2.0
// Tokens that stand beside the vocabulary: special ones, which no text of a user becomes, and others, which
// are found in a text before it is cut into words. Immutable after fromJson; any thread.
#pragma once

#include "core/data/tokenizer/normalizer.h"

#include <array>
#include <optional>

namespace orrery::tok {

struct AddedToken {
    int32_t id = 0;
    std::string content;
    bool isSpecial = false;
    bool isSingleWord = false;
    bool stripsLeft = false;
    bool stripsRight = false;
    bool isNormalized = true; ///< looked for in the normalised text
};

/// Of an added token; those in use have some dozens.
inline constexpr size_t kMaxAddedBytes = 1024;

class AddedTokens {
public:
    /// A stretch of text, or the token that stands there.
    struct Piece {
        std::string_view text;
        std::optional<int32_t> id;
    };
    /// @param json the file's "added_tokens": null, or a list  @error InvalidInput
    static Result<AddedTokens> fromJson(const nlohmann::json &json, const Normalizer &normalizer,
                                        const std::string &name);
    [[nodiscard]] const std::vector<AddedToken> &all() const { return m_all; }
    [[nodiscard]] const AddedToken *find(int32_t id) const;
    [[nodiscard]] const AddedToken *find(const std::string &content) const;
    /// Whether any text can become one: specials never come from a text.
    [[nodiscard]] bool canStandInText(bool inNormalized) const { return finder(inNormalized).hasPlain; }
    /// Cuts a text at its added tokens. @param text well-formed  @param inNormalized the ones of which
    void cut(std::string_view text, bool inNormalized, std::vector<Piece> &pieces) const;

private:
    /// Looks for the longest token at a place.
    struct Finder {
        using Entry = std::pair<std::string, size_t>; ///< what is looked for, and its place in m_all
        std::vector<Entry> sorted;
        std::array<bool, 256> canBegin{};
        bool hasPlain = false;
        [[nodiscard]] const Entry *longestAt(std::string_view text) const;
    };
    [[nodiscard]] const Finder &finder(bool inNormalized) const
    {
        return inNormalized ? m_inNormalized : m_inRaw;
    }
    std::vector<AddedToken> m_all;
    Finder m_inRaw, m_inNormalized;
};

} // namespace orrery::tok
