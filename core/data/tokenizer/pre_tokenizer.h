// SPDX-License-Identifier: Apache-2.0
// How a text is cut into words, within which merges happen. Immutable; any thread.
#pragma once

#include "core/data/tokenizer/pattern.h"

#include <nlohmann/json_fwd.hpp>

#include <deque>
#include <variant>

namespace orrery::tok {

/// Words of a text. They point into the text, or into what was made of it.
struct Words {
    std::vector<std::string_view> views;
    std::deque<std::string> made;
};

class PreTokenizer {
public:
    /// @param json the file's "pre_tokenizer": null, or an object  @error InvalidInput naming the component
    static Result<PreTokenizer> fromJson(const nlohmann::json &json, const std::string &name);
    /// Whether the words' bytes are written in the byte alphabet: the vocabulary is one of bytes.
    [[nodiscard]] bool isByteLevel() const { return m_isByteLevel; }

    /// What patterns need while they match; made once for a text. One thread.
    class Scratch {
    public:
        explicit Scratch(const PreTokenizer &owner);

    private:
        friend class PreTokenizer;
        std::vector<std::unique_ptr<Matcher>> m_matchers; ///< by step; empty where a step has no pattern
        std::vector<PatternPiece> m_pieces;
        std::vector<std::string_view> m_next;
    };
    /// Cuts on, in place. @param words well-formed, not empty  @param isTextStart whether the first of them
    /// begins the whole text  @error as Normalizer::apply
    Result<void> cut(Words &words, bool isTextStart, Scratch &scratch) const;

private:
    enum class Behavior : uint8_t { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };
    enum class CharKind : uint8_t { WhitespaceSplit, Digits, DigitsAlone };
    enum class PrependScheme : uint8_t { Always, First, Never };
    struct Split {
        Pattern pattern;
        Behavior behavior = Behavior::Isolated;
        bool isInverted = false;
    };
    struct ByCharacter {
        CharKind kind = CharKind::WhitespaceSplit;
    };
    struct PrefixSpace {};
    struct Metaspace {
        std::string replacement;
        PrependScheme scheme = PrependScheme::Always;
        bool splits = true;
    };
    using Step = std::variant<Split, ByCharacter, PrefixSpace, Metaspace>;

    Result<void> addSteps(const nlohmann::json &json, const std::string &name, int depth);
    Result<void> addSplit(const nlohmann::json &json, const std::string &name);
    Result<void> addByteLevel(const nlohmann::json &json, const std::string &name);
    Result<void> addMetaspace(const nlohmann::json &json, const std::string &name);
    static void applyBehavior(Behavior behavior, std::string_view word, std::vector<PatternPiece> &pieces,
                              std::vector<std::string_view> &words);
    static void cutByCharacter(CharKind kind, std::string_view word, std::vector<PatternPiece> &pieces);
    static void cutMetaspace(const Metaspace &step, std::string_view word, bool isFirst, Words &words,
                             std::vector<std::string_view> &next);

    std::vector<Step> m_steps;
    bool m_isByteLevel = false;
    std::string m_name; ///< for errors
};

/// What GPT-2 cuts by; the pattern of ByteLevel.
extern const char *const kGpt2Pattern;

} // namespace orrery::tok
