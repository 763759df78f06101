// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/pre_tokenizer.h"

#include "core/data/tokenizer/json_fields.h"
#include "core/data/tokenizer/normalizer.h"
#include "core/data/tokenizer/unicode.h"

#include <algorithm>

namespace orrery::tok {

using Json = nlohmann::json;

const char *const kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

namespace {

constexpr const char *kRule = "pre_tokenizer";
/// \w+|[^\w\s]+, where \w is what the library's second engine of regular expressions means by it.
constexpr const char *kWhitespacePattern =
    R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}\s]+)";

} // namespace

Result<void> PreTokenizer::addSplit(const Json &json, const std::string &name)
{
    const std::string rule = "pre_tokenizer Split";
    ORRERY_ASSIGN(Pattern pattern, patternOf(json, rule, name));
    ORRERY_ASSIGN(const std::string behavior, textField(json, "behavior", rule, name));
    ORRERY_ASSIGN(const bool isInverted, boolField(json, "invert", false, rule, name));
    constexpr const char *kNames[] = {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext",
                                      "Contiguous"};
    const auto *const found = std::find(std::begin(kNames), std::end(kNames), behavior);
    if (found == std::end(kNames))
        return tokenizerError(name, "the behavior of its " + rule + " is " + shownText(behavior),
                              "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous",
                              "Use a tokenizer.json as the library tokenizers writes it.");
    m_steps.emplace_back(
        Split{std::move(pattern), static_cast<Behavior>(found - std::begin(kNames)), isInverted});
    return {};
}

Result<void> PreTokenizer::addByteLevel(const Json &json, const std::string &name)
{
    const std::string rule = "pre_tokenizer ByteLevel";
    ORRERY_ASSIGN(const bool hasPrefixSpace, boolField(json, "add_prefix_space", true, rule, name));
    ORRERY_ASSIGN(const bool usesRegex, boolField(json, "use_regex", true, rule, name));
    if (hasPrefixSpace) m_steps.emplace_back(PrefixSpace{});
    if (usesRegex) {
        ORRERY_ASSIGN(Pattern pattern, Pattern::create(kGpt2Pattern, rule, name));
        m_steps.emplace_back(Split{std::move(pattern)});
    }
    m_isByteLevel = true;
    return {};
}

Result<void> PreTokenizer::addMetaspace(const Json &json, const std::string &name)
{
    const std::string rule = "pre_tokenizer Metaspace";
    Metaspace step;
    ORRERY_ASSIGN(step.replacement, textField(json, "replacement", rule, name));
    ORRERY_ASSIGN(step.splits, boolField(json, "split", true, rule, name));
    // Files of before 2024 have "add_prefix_space" in its place.
    ORRERY_ASSIGN(const bool hasPrefix, boolField(json, "add_prefix_space", true, rule, name));
    std::string scheme = hasPrefix ? "always" : "never";
    if (json.contains("prepend_scheme")) {
        ORRERY_ASSIGN(scheme, textField(json, "prepend_scheme", rule, name));
    }
    if (scheme != "always" && scheme != "first" && scheme != "never")
        return tokenizerError(name, "the prepend_scheme of its " + rule + " is " + shownText(scheme),
                              "always, first or never",
                              "Use a tokenizer.json as the library tokenizers writes it.");
    step.scheme = scheme == "always"  ? PrependScheme::Always
                  : scheme == "first" ? PrependScheme::First
                                      : PrependScheme::Never;
    m_steps.emplace_back(std::move(step));
    return {};
}

Result<void> PreTokenizer::addSteps(const Json &json, const std::string &name, int depth)
{
    const std::string type = typeOf(json);
    ORRERY_TRY(checkSteps(m_steps.size(), kRule, name));
    if (m_isByteLevel)
        return tokenizerError(name, "its pre_tokenizer has a step behind ByteLevel (" + shownText(type) + ")",
                              "ByteLevel as the last step",
                              "Use another tokenizer, or train one with data.tokenizer=bpe.");
    if (type == "ByteLevel") return addByteLevel(json, name);
    if (type == "Split") return addSplit(json, name);
    if (type == "Metaspace") return addMetaspace(json, name);
    if (type == "Whitespace") {
        ORRERY_ASSIGN(Pattern pattern, Pattern::create(kWhitespacePattern, "pre_tokenizer Whitespace", name));
        m_steps.emplace_back(Split{std::move(pattern), Behavior::Removed, true});
    } else if (type == "WhitespaceSplit") {
        m_steps.emplace_back(ByCharacter{CharKind::WhitespaceSplit});
    } else if (type == "Digits") {
        ORRERY_ASSIGN(const bool areAlone,
                      boolField(json, "individual_digits", false, "pre_tokenizer Digits", name));
        m_steps.emplace_back(ByCharacter{areAlone ? CharKind::DigitsAlone : CharKind::Digits});
    } else if (type == "Sequence") {
        ORRERY_ASSIGN(const Json *parts, listField(json, "pretokenizers", depth, kRule, name));
        for (const Json &part : *parts) ORRERY_TRY(addSteps(part, name, depth + 1));
    } else {
        return unsupported(kRule, json,
                           "ByteLevel, Split, Digits, Whitespace, WhitespaceSplit, Metaspace or Sequence",
                           name);
    }
    return {};
}

Result<PreTokenizer> PreTokenizer::fromJson(const Json &json, const std::string &name)
{
    PreTokenizer made;
    made.m_name = name;
    if (!json.is_null()) ORRERY_TRY(made.addSteps(json, name, 0));
    return made;
}

PreTokenizer::Scratch::Scratch(const PreTokenizer &owner)
{
    m_matchers.resize(owner.m_steps.size());
    for (size_t i = 0; i < m_matchers.size(); ++i)
        if (const auto *split = std::get_if<Split>(&owner.m_steps[i]))
            m_matchers[i] = std::make_unique<Matcher>(split->pattern);
}

void PreTokenizer::applyBehavior(Behavior behavior, std::string_view word, std::vector<PatternPiece> &pieces,
                                 std::vector<std::string_view> &words)
{
    const auto add = [&](size_t begin, size_t end) {
        if (end > begin) words.push_back(word.substr(begin, end - begin));
    };
    if (behavior == Behavior::Isolated || behavior == Behavior::Removed) {
        for (const PatternPiece &piece : pieces)
            if (behavior == Behavior::Isolated || !piece.isMatch) add(piece.begin, piece.end);
        return;
    }
    // The others join a piece to the one before it, seen from the front or, MergedWithNext, from the back.
    const bool isFromBack = behavior == Behavior::MergedWithNext;
    if (isFromBack) std::reverse(pieces.begin(), pieces.end());
    std::vector<PatternPiece> joined;
    bool wasMatch = false;
    for (const PatternPiece &piece : pieces) {
        const bool joins =
            behavior == Behavior::Contiguous ? piece.isMatch == wasMatch : piece.isMatch && !wasMatch;
        if (!joins || joined.empty())
            joined.push_back(piece);
        else if (isFromBack)
            joined.back().begin = piece.begin;
        else
            joined.back().end = piece.end;
        wasMatch = piece.isMatch;
    }
    if (isFromBack) std::reverse(joined.begin(), joined.end());
    for (const PatternPiece &piece : joined) add(piece.begin, piece.end);
}

void PreTokenizer::cutByCharacter(CharKind kind, std::string_view word, std::vector<PatternPiece> &pieces)
{
    for (size_t at = 0; at < word.size();) {
        const size_t length = std::max<size_t>(1, sequenceLength(word, at));
        const char32_t point = codePointAt(word, at, length);
        const bool isMatch = kind == CharKind::WhitespaceSplit ? isWhiteSpace(point) : isNumeric(point);
        const bool joins = !pieces.empty() && pieces.back().isMatch == isMatch &&
                           !(isMatch && kind == CharKind::DigitsAlone);
        if (joins)
            pieces.back().end = at + length;
        else
            pieces.push_back({at, at + length, isMatch});
        at += length;
    }
}

void PreTokenizer::cutMetaspace(const Metaspace &step, std::string_view word, bool isFirst, Words &words,
                                std::vector<std::string_view> &next)
{
    std::string text;
    for (const char c : word) {
        if (c == ' ')
            text += step.replacement;
        else
            text += c;
    }
    const bool mayPrepend =
        step.scheme == PrependScheme::Always || (step.scheme == PrependScheme::First && isFirst);
    if (mayPrepend && !text.starts_with(step.replacement)) text.insert(0, step.replacement);
    const std::string_view whole = words.made.emplace_back(std::move(text));
    if (!step.splits || step.replacement.empty()) return next.push_back(whole);
    size_t begin = 0;
    for (size_t at = whole.find(step.replacement, 1); at != std::string_view::npos;
         at = whole.find(step.replacement, at + 1)) {
        // A run of them: each one goes with what follows it.
        if (at > begin) next.push_back(whole.substr(begin, at - begin));
        begin = at;
    }
    next.push_back(whole.substr(begin));
}

Result<void> PreTokenizer::cut(Words &words, bool isTextStart, Scratch &scratch) const
{
    size_t numBytes = 0, numMade = 0;
    for (const std::string_view word : words.views) numBytes += word.size();
    for (size_t i = 0; i < m_steps.size(); ++i) {
        const Step &step = m_steps[i];
        std::vector<std::string_view> &next = scratch.m_next;
        next.clear();
        for (size_t w = 0; w < words.views.size(); ++w) {
            const std::string_view word = words.views[w];
            std::vector<PatternPiece> &pieces = scratch.m_pieces;
            pieces.clear();
            if (const auto *split = std::get_if<Split>(&step)) {
                ORRERY_TRY(scratch.m_matchers[i]->cut(word, pieces));
                if (split->isInverted)
                    for (PatternPiece &piece : pieces) piece.isMatch = !piece.isMatch;
                applyBehavior(split->behavior, word, pieces, next);
            } else if (const auto *kind = std::get_if<ByCharacter>(&step)) {
                cutByCharacter(kind->kind, word, pieces);
                applyBehavior(kind->kind == CharKind::WhitespaceSplit ? Behavior::Removed
                                                                      : Behavior::Isolated,
                              word, pieces, next);
            } else if (const auto *meta = std::get_if<Metaspace>(&step)) {
                // Looked at before it is made: a replacement may be as long as the file.
                const auto numSpaces = static_cast<size_t>(std::count(word.begin(), word.end(), ' '));
                numMade += word.size() + (numSpaces + 1) * meta->replacement.size();
                if (numMade > mostMade(numBytes)) return grownTooFar(kRule, mostMade(numBytes), m_name);
                cutMetaspace(*meta, word, isTextStart && w == 0, words, next);
            } else {
                next.push_back(word.starts_with(' ')
                                   ? word
                                   : std::string_view(words.made.emplace_back(" " + std::string(word))));
            }
        }
        words.views.swap(next);
    }
    return {};
}

} // namespace orrery::tok
