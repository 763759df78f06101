// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/pattern.h"

#include "core/data/tokenizer/tokenizer_error.h"
#include "core/data/tokenizer/unicode.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

namespace orrery::tok {

namespace {

/// One match of a sane pattern takes some dozens; an exploding one ends here within a fraction of a second.
constexpr uint32_t kMatchLimit = 1'000'000;
constexpr uint32_t kHeapLimitKiB = 32 << 10;
constexpr size_t kJitStackStart = 32 << 10, kJitStackMost = 8 << 20;

/// White_Space as a class without its brackets. PCRE2's own \s has U+180E, too.
constexpr const char *kSpaces =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
/// PCRE2's own \w lacks marks and connectors.
constexpr const char *kWordParts = R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc})";

/// The escapes \s, \S, \w, \W as explicit classes, so that their meaning is Oniguruma's.
std::string translated(const std::string &text)
{
    std::string made;
    int depth = 0; // of brackets
    for (size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\\' && at + 1 < text.size()) {
            const char kind = text[++at];
            const char *members = kind == 's' || kind == 'S'   ? kSpaces
                                  : kind == 'w' || kind == 'W' ? kWordParts
                                                               : nullptr;
            const bool isNegated = kind == 'S' || kind == 'W';
            if (members && depth == 0)
                made += std::string(isNegated ? "[^" : "[") + members + "]";
            else if (members && !isNegated)
                made += members;
            else if (kind == 'h' && depth == 0)
                made += "[0-9a-fA-F]"; // a hexadecimal digit there, a horizontal space here
            else
                made += {'\\', kind};
            continue;
        }
        if (c == '[')
            depth = 1;
        else if (c == ']' && depth > 0 && at > 0 && text[at - 1] != '[' &&
                 !(at > 1 && text[at - 1] == '^' && text[at - 2] == '['))
            depth = 0;
        made += c;
    }
    return made;
}

/// Sets within sets and their intersections, which mean something else to PCRE2.
bool hasNestedSets(const std::string &text)
{
    bool isInside = false;
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (!isInside) {
            isInside = text[at] == '[';
            if (isInside && at + 1 < text.size() && text[at + 1] == '^') ++at;
            if (isInside && at + 1 < text.size() && text[at + 1] == ']') ++at;
        } else if (text[at] == '[' && text.compare(at, 2, "[:") != 0) {
            return true;
        } else if (text.compare(at, 2, "&&") == 0) {
            return true;
        } else if (text.compare(at, 2, "[:") == 0) {
            at = std::min(text.size(), text.find(']', at));
        } else if (text[at] == ']') {
            isInside = false;
        }
    }
    return false;
}

Error exploded(const std::string &name, const std::string &rule, const std::string &text, const char *what)
{
    return tokenizerError(name, "the pattern " + shownText(text) + " of its " + rule + " " + what,
                          "one that ends within " + std::to_string(kMatchLimit) + " steps",
                          "Write the pattern without nested repetitions, or use another tokenizer.");
}

} // namespace

Result<Pattern> Pattern::create(const std::string &text, const std::string &rule, const std::string &name)
{
    if (text.size() > kMaxPatternBytes)
        return tokenizerError(name,
                              "the pattern of its " + rule + " has " + std::to_string(text.size()) + " bytes",
                              "at most " + std::to_string(kMaxPatternBytes), "Use another tokenizer.");
    if (hasNestedSets(text))
        return tokenizerError(
            name, "the pattern " + shownText(text) + " of its " + rule + " has a set within a set",
            "sets of characters, classes and ranges", "Write the inner set out.");
    const std::string own = translated(text);
    int code = 0;
    PCRE2_SIZE offset = 0;
    const std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(
        pcre2_compile_context_create(nullptr), &pcre2_compile_context_free);
    pcre2_set_parens_nest_limit(context.get(), 100);
    pcre2_code *compiled =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(own.data()), own.size(),
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &offset, context.get());
    if (!compiled) {
        std::string reason(256, '\0');
        const int length =
            pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR *>(reason.data()), reason.size());
        reason.resize(length > 0 ? static_cast<size_t>(length) : 0);
        return tokenizerError(name,
                              "the pattern " + shownText(text) + " of its " + rule +
                                  " is broken at character " + std::to_string(offset) + " (" + reason + ")",
                              "a regular expression", "Correct the pattern, or use another tokenizer.");
    }
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE); // without it only slower
    Pattern pattern;
    pattern.m_text = text;
    pattern.m_rule = rule;
    pattern.m_name = name;
    pattern.m_code =
        std::shared_ptr<const void>(compiled, [compiled](const void *) { pcre2_code_free(compiled); });
    return pattern;
}

Result<Pattern> Pattern::literal(const std::string &text, const std::string &rule, const std::string &name)
{
    std::string quoted;
    for (const char c : text) {
        const bool isPlain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                             static_cast<uint8_t>(c) >= 0x80;
        if (static_cast<uint8_t>(c) < 0x20) { // such a character may not stand behind a backslash
            constexpr const char *kDigits = "0123456789abcdef";
            quoted += {'\\', 'x', '{', kDigits[c >> 4], kDigits[c & 15], '}'};
            continue;
        }
        if (!isPlain) quoted += '\\';
        quoted += c;
    }
    return create(quoted, rule, name);
}

namespace {

/// One for each thread that matches: a match has it for itself, and making one costs more than many matches.
pcre2_jit_stack *stackOfThread()
{
    thread_local const std::unique_ptr<pcre2_jit_stack, decltype(&pcre2_jit_stack_free)> stack(
        pcre2_jit_stack_create(kJitStackStart, kJitStackMost, nullptr), &pcre2_jit_stack_free);
    return stack.get(); // nullptr: PCRE2 takes 32 KiB of the machine's stack
}

} // namespace

struct Matcher::Impl {
    const pcre2_code *code = nullptr;
    std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data{nullptr, &pcre2_match_data_free};
    std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context{
        nullptr, &pcre2_match_context_free};
};

Matcher::Matcher(const Pattern &pattern) : m_impl(std::make_unique<Impl>()), m_pattern(pattern)
{
    m_impl->code = static_cast<const pcre2_code *>(pattern.m_code.get());
    m_impl->data.reset(pcre2_match_data_create(1, nullptr));
    m_impl->context.reset(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(m_impl->context.get(), kMatchLimit);
    pcre2_set_depth_limit(m_impl->context.get(), kMatchLimit);
    pcre2_set_heap_limit(m_impl->context.get(), kHeapLimitKiB);
    pcre2_jit_stack_assign(
        m_impl->context.get(), [](void *) { return stackOfThread(); }, nullptr);
}

Matcher::~Matcher() = default;

Result<void> Matcher::cut(std::string_view text, std::vector<PatternPiece> &pieces)
{
    size_t from = 0;               // of the next search
    size_t done = 0;               // all before stands in pieces
    std::optional<size_t> lastEnd; // of the last match: an empty match there is none
    while (from <= text.size()) {
        const int found = pcre2_match(m_impl->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                      from, PCRE2_NO_UTF_CHECK, m_impl->data.get(), m_impl->context.get());
        if (found == PCRE2_ERROR_NOMATCH) break;
        if (found < 0) {
            const bool isMemory = found == PCRE2_ERROR_HEAPLIMIT || found == PCRE2_ERROR_JIT_STACKLIMIT ||
                                  found == PCRE2_ERROR_NOMEMORY;
            return exploded(m_pattern.m_name, m_pattern.m_rule, m_pattern.m_text,
                            isMemory ? "needs too much memory on this text" : "explodes on this text");
        }
        const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(m_impl->data.get());
        const size_t begin = ends[0], end = std::max(ends[0], ends[1]);
        if (begin == end && lastEnd == end) {
            if (from >= text.size()) break;
            from += std::max<size_t>(1, sequenceLength(text, from));
            continue;
        }
        if (done < begin) pieces.push_back({done, begin, false});
        pieces.push_back({begin, end, true});
        from = done = end;
        lastEnd = end;
    }
    if (done < text.size()) pieces.push_back({done, text.size(), false});
    return {};
}

} // namespace orrery::tok
