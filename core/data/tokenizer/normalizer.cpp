// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/normalizer.h"

#include "core/data/tokenizer/json_fields.h"

#include <optional>

namespace orrery::tok {

using Json = nlohmann::json;

namespace {

constexpr const char *kRule = "normalizer";

std::optional<NormalForm> formOf(const std::string &type)
{
    if (type == "NFC") return NormalForm::Nfc;
    if (type == "NFD") return NormalForm::Nfd;
    if (type == "NFKC") return NormalForm::Nfkc;
    if (type == "NFKD") return NormalForm::Nfkd;
    return std::nullopt;
}

} // namespace

Result<Pattern> patternOf(const Json &component, const std::string &rule, const std::string &name)
{
    const auto pattern = component.find("pattern");
    if (pattern != component.end() && pattern->is_object() && pattern->size() == 1) {
        const std::string kind = pattern->begin().key();
        const Json &text = pattern->begin().value();
        if (text.is_string() && kind == "Regex") return Pattern::create(text.get<std::string>(), rule, name);
        if (text.is_string() && kind == "String")
            return Pattern::literal(text.get<std::string>(), rule, name);
    }
    return tokenizerError(name, "the pattern of its " + rule + " is missing or of another kind",
                          "{\"Regex\": \"…\"} or {\"String\": \"…\"}",
                          "Use a tokenizer.json as the library tokenizers writes it.");
}

Result<void> Normalizer::addSteps(const Json &json, const std::string &name, int depth)
{
    const std::string type = typeOf(json);
    ORRERY_TRY(checkSteps(m_steps.size(), kRule, name));
    if (const auto form = formOf(type)) {
        m_steps.emplace_back(*form);
    } else if (type == "Lowercase") {
        m_steps.emplace_back(Lower{});
    } else if (type == "Prepend") {
        ORRERY_ASSIGN(std::string text, textField(json, "prepend", "normalizer Prepend", name));
        m_steps.emplace_back(Prepend{std::move(text)});
    } else if (type == "Replace") {
        ORRERY_ASSIGN(Pattern pattern, patternOf(json, "normalizer Replace", name));
        ORRERY_ASSIGN(std::string content, textField(json, "content", "normalizer Replace", name));
        m_steps.emplace_back(Replace{std::move(pattern), std::move(content)});
    } else if (type == "Sequence") {
        ORRERY_ASSIGN(const Json *parts, listField(json, "normalizers", depth, kRule, name));
        for (const Json &part : *parts) ORRERY_TRY(addSteps(part, name, depth + 1));
    } else {
        return unsupported(kRule, json, "NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace or Sequence",
                           name);
    }
    return {};
}

Result<Normalizer> Normalizer::fromJson(const Json &json, const std::string &name)
{
    Normalizer normalizer;
    normalizer.m_name = name;
    if (!json.is_null()) ORRERY_TRY(normalizer.addSteps(json, name, 0));
    return normalizer;
}

Result<std::string> Normalizer::replaced(const Replace &step, const std::string &text, size_t most) const
{
    std::vector<PatternPiece> pieces;
    ORRERY_TRY(Matcher(step.pattern).cut(text, pieces));
    std::string made;
    for (const PatternPiece &piece : pieces) {
        made += piece.isMatch ? std::string_view(step.content)
                              : std::string_view(text).substr(piece.begin, piece.end - piece.begin);
        if (made.size() > most) return grownTooFar(kRule, most, m_name);
    }
    return made;
}

Result<std::string> Normalizer::apply(std::string_view text, bool isStart) const
{
    const size_t most = mostMade(text.size());
    std::string current(text);
    for (const Step &step : m_steps) {
        if (const auto *form = std::get_if<NormalForm>(&step)) {
            current = normalized(current, *form);
        } else if (std::holds_alternative<Lower>(step)) {
            current = lowerCased(current);
        } else if (const auto *prepend = std::get_if<Prepend>(&step)) {
            if (isStart && !current.empty()) current.insert(0, prepend->text);
        } else {
            ORRERY_ASSIGN(current, replaced(std::get<Replace>(step), current, most));
        }
        if (current.size() > most) return grownTooFar(kRule, most, m_name);
    }
    return current;
}

} // namespace orrery::tok
