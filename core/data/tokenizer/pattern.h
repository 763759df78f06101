// SPDX-License-Identifier: Apache-2.0
// A regular expression of a tokenizer file, run by PCRE2 under limits. What the `tokenizers` library writes
// is meant for Oniguruma: where the two differ (white space, word characters), it is rewritten so that the
// same text is cut at the same places. A Pattern is immutable and of any thread; a Matcher belongs to one
// thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::tok {

inline constexpr size_t kMaxPatternBytes = 64 << 10;

class Pattern {
public:
    /// @param rule what the pattern is of, for errors: "pre_tokenizer Split"
    /// @param name of the tokenizer, for errors
    /// @error InvalidInput: too long, not a regular expression (with the place in it), or of parts that
    /// cannot be rewritten
    static Result<Pattern> create(const std::string &text, const std::string &rule, const std::string &name);
    /// A pattern that means these characters only.
    static Result<Pattern> literal(const std::string &text, const std::string &rule, const std::string &name);
    [[nodiscard]] const std::string &text() const { return m_text; }

private:
    friend class Matcher;
    Pattern() = default;
    std::string m_text; ///< as it stands in the file
    std::string m_rule;
    std::string m_name;
    std::shared_ptr<const void> m_code;
};

/// A piece of a text, and whether the pattern found it.
struct PatternPiece {
    size_t begin = 0;
    size_t end = 0;
    bool isMatch = false;
};

class Matcher {
public:
    explicit Matcher(const Pattern &pattern);
    ~Matcher();
    Matcher(const Matcher &) = delete;
    Matcher &operator=(const Matcher &) = delete;
    /// All matches and what is between them, in order, without gaps.
    /// @param text well-formed UTF-8
    /// @error InvalidInput naming the pattern when a match takes more steps or memory than it may, or all
    /// cuts of this matcher more processor time (0.1 s, and 4 s for each MB of text)
    Result<void> cut(std::string_view text, std::vector<PatternPiece> &pieces);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
    const Pattern &m_pattern;
};

} // namespace orrery::tok
