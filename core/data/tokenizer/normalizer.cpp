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

Result<void> Normalizer::addSteps(const Json &json, const std::string &name, int depth,
                                  std::vector<Step> &steps)
{
    const std::string type = typeOf(json);
    if (const auto form = formOf(type)) {
        steps.emplace_back(*form);
    } else if (type == "Lowercase") {
        steps.emplace_back(Lower{});
    } else if (type == "Prepend") {
        ORRERY_ASSIGN(std::string text, textField(json, "prepend", "normalizer Prepend", name));
        steps.emplace_back(Prepend{std::move(text)});
    } else if (type == "Replace") {
        ORRERY_ASSIGN(Pattern pattern, patternOf(json, "normalizer Replace", name));
        ORRERY_ASSIGN(std::string content, textField(json, "content", "normalizer Replace", name));
        steps.emplace_back(Replace{std::move(pattern), std::move(content)});
    } else if (type == "Sequence") {
        ORRERY_ASSIGN(const Json *parts, listField(json, "normalizers", depth, kRule, name));
        for (const Json &part : *parts) ORRERY_TRY(addSteps(part, name, depth + 1, steps));
    } else {
        return unsupported(kRule, json, "NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace or Sequence",
                           name);
    }
    return {};
}

Result<Normalizer> Normalizer::fromJson(const Json &json, const std::string &name)
{
    Normalizer normalizer;
    if (!json.is_null()) ORRERY_TRY(addSteps(json, name, 0, normalizer.m_steps));
    return normalizer;
}

Result<std::string> Normalizer::apply(std::string_view text, bool isStart) const
{
    std::string current(text);
    for (const Step &step : m_steps) {
        if (const auto *form = std::get_if<NormalForm>(&step)) {
            current = normalized(current, *form);
        } else if (std::holds_alternative<Lower>(step)) {
            current = lowerCased(current);
        } else if (const auto *prepend = std::get_if<Prepend>(&step)) {
            if (isStart && !current.empty()) current.insert(0, prepend->text);
        } else {
            const auto &replace = std::get<Replace>(step);
            std::vector<PatternPiece> pieces;
            ORRERY_TRY(Matcher(replace.pattern).cut(current, pieces));
            std::string made;
            for (const PatternPiece &piece : pieces)
                made += piece.isMatch
                            ? std::string_view(replace.content)
                            : std::string_view(current).substr(piece.begin, piece.end - piece.begin);
            current = std::move(made);
        }
    }
    return current;
}

} // namespace orrery::tok
