// SPDX-License-Identifier: Apache-2.0
// What a tokenizer does to a text before it is cut: Unicode normal forms, lower case, replaced and added
// text. Immutable; any thread.
#pragma once

#include "core/data/tokenizer/pattern.h"
#include "core/data/tokenizer/unicode.h"

#include <nlohmann/json_fwd.hpp>

#include <variant>

namespace orrery::tok {

class Normalizer {
public:
    /// @param json the file's "normalizer": null, or an object  @error InvalidInput naming the component
    static Result<Normalizer> fromJson(const nlohmann::json &json, const std::string &name);
    [[nodiscard]] bool isNothing() const { return m_steps.empty(); }
    /// @param text well-formed  @param isStart whether text may be put before it
    /// @error as Matcher::cut; InvalidInput when the text would grow beyond mostMade()
    [[nodiscard]] Result<std::string> apply(std::string_view text, bool isStart) const;

private:
    struct Lower {};
    struct Prepend {
        std::string text;
    };
    struct Replace {
        Pattern pattern;
        std::string content;
    };
    using Step = std::variant<NormalForm, Lower, Prepend, Replace>;
    Result<void> addSteps(const nlohmann::json &json, const std::string &name, int depth);
    Result<std::string> replaced(const Replace &step, const std::string &text, size_t most) const;
    std::vector<Step> m_steps;
    std::string m_name; ///< for errors
};

/// {"String": "…"} or {"Regex": "…"} of a component. @error InvalidInput
Result<Pattern> patternOf(const nlohmann::json &component, const std::string &rule, const std::string &name);

} // namespace orrery::tok
