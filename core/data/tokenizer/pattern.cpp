// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/pattern.h"

#include "core/data/tokenizer/tokenizer_error.h"
#include "core/data/tokenizer/unicode.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <ctime>

namespace orrery::tok {

namespace {

/// One match of a sane pattern takes some dozens, or some for each byte of a run of white space; an exploding
/// one ends here within a fraction of a second.
constexpr uint32_t kMatchLimit = 1'000'000;
constexpr uint32_t kMatchLimitOfByte = 4;
/// All matches of a text together: sane patterns take some hundredths of it.
constexpr double kSecondsBase = 0.1, kSecondsOfByte = 4e-6;
/// PCRE2 calls back wherever it begins to look, so that the time is seen before the whole text was looked at.
const std::string kAtEachStart = "(?C1)";
constexpr uint32_t kStartsOfClock = 64; ///< the clock is looked at once for so many
constexpr uint32_t kHeapLimitKiB = 32 << 10;
constexpr size_t kJitStackStart = 32 << 10, kJitStackMost = 8 << 20;

/// White_Space as a class without its brackets. PCRE2's own \s has U+180E, too.
constexpr const char *kSpaces =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
/// PCRE2's own \w lacks marks and connectors.
constexpr const char *kWordParts = R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc})";

/// The members of an escape or class whose meaning differs, without brackets; nullptr: it means the same.
const char *membersOf(char kind)
{
    switch (kind) {
    case 's':
    case 'S':
        return kSpaces;
    case 'w':
    case 'W':
        return kWordParts;
    case 'h':
    case 'H':
        return "0-9a-fA-F"; // hexadecimal digits there, horizontal spaces here
    default:
        return nullptr;
    }
}

std::string membersOf(const std::string &posixClass)
{
    if (posixClass == "[:alpha:]") return R"(\p{Alphabetic})";
    if (posixClass == "[:alnum:]") return R"(\p{Alphabetic}\p{Nd})";
    if (posixClass == "[:lower:]") return R"(\p{Lowercase})";
    if (posixClass == "[:upper:]") return R"(\p{Uppercase})";
    if (posixClass == "[:space:]") return kSpaces;
    if (posixClass == "[:word:]") return kWordParts;
    return posixClass;
}

/// A pattern for Oniguruma as one for PCRE2 that means the same, or what of it cannot be written so.
struct Translation {
    std::string own;
    std::string refused;
};

/// The inside of a set from its bracket on. @return the place behind it
size_t translateSet(const std::string &text, size_t at, Translation &made)
{
    made.own += text[at++];
    if (at < text.size() && text[at] == '^') made.own += text[at++];
    if (at < text.size() && text[at] == ']') made.own += text[at++];
    while (at < text.size()) {
        if (text[at] == '\\' && at + 1 < text.size()) {
            const char kind = text[at + 1];
            const char *members = membersOf(kind);
            if (members && kind >= 'A' && kind <= 'Z') made.refused = std::string("\\") + kind + " in a set";
            made.own += members ? std::string(members) : text.substr(at, 2);
            at += 2;
            continue;
        }
        const size_t end = text.compare(at, 2, "[:") == 0 ? text.find(":]", at + 2) : std::string::npos;
        if (end != std::string::npos) {
            if (text[at + 2] == '^') made.refused = text.substr(at, end + 2 - at);
            made.own += membersOf(text.substr(at, end + 2 - at));
            at = end + 2;
            continue;
        }
        made.own += text[at++];
        if (made.own.back() == ']') break;
    }
    return at;
}

/// White space, word characters and digits as explicit sets, so that their meaning is Oniguruma's.
Translation translated(const std::string &text)
{
    Translation made;
    for (size_t at = 0; at < text.size();) {
        if (text[at] == '[') {
            at = translateSet(text, at, made);
        } else if (text[at] == '\\' && at + 1 < text.size()) {
            const char kind = text[at + 1];
            if (kind == 'b' || kind == 'B') made.refused = std::string("\\") + kind;
            const char *members = membersOf(kind);
            const bool isNegated = kind >= 'A' && kind <= 'Z';
            made.own += members ? (isNegated ? "[^" : "[") + std::string(members) + "]" : text.substr(at, 2);
            at += 2;
        } else {
            made.own += text[at++];
        }
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

/// Processor time of this thread: what else the machine does decides nothing.
double threadSeconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

Error exploded(const std::string &name, const std::string &rule, const std::string &text, const char *what)
{
    return tokenizerError(name, "the pattern " + shownText(text) + " of its " + rule + " " + what,
                          "one that ends within " + std::to_string(kMatchLimit) +
                              " steps for a match and 4 seconds for 1 MB",
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
    const Translation translation = translated(text);
    if (!translation.refused.empty())
        return tokenizerError(name,
                              "the pattern " + shownText(text) + " of its " + rule + " has " +
                                  translation.refused + ", which means another thing to each program",
                              "sets of \\s, \\w, \\p{…}, classes and ranges", "Write it out as a set.");
    const std::string own = kAtEachStart + translation.own;
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
        return tokenizerError(
            name,
            "the pattern " + shownText(text) + " of its " + rule + " is broken at character " +
                std::to_string(offset - std::min(offset, kAtEachStart.size())) + " (" + reason + ")",
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
    double allowed = kSecondsBase, spent = 0; ///< seconds, of all cuts
    double seenAt = -1;                       ///< the clock, within this cut; -1: not yet
    uint32_t numStarts = 0;

    void begin(size_t numBytes)
    {
        allowed += kSecondsOfByte * static_cast<double>(numBytes);
        seenAt = -1;
        const auto scaled = kMatchLimit + kMatchLimitOfByte * std::min<uint64_t>(numBytes, 256u << 20);
        pcre2_set_match_limit(context.get(), static_cast<uint32_t>(scaled));
        pcre2_set_depth_limit(context.get(), static_cast<uint32_t>(scaled));
    }
    /// Called at each start. @return whether time is left
    bool mayGoOn()
    {
        if (++numStarts % kStartsOfClock != 0) return true;
        const double now = threadSeconds();
        if (seenAt >= 0) spent += now - seenAt;
        seenAt = now;
        return spent <= allowed;
    }
};

Matcher::Matcher(const Pattern &pattern) : m_impl(std::make_unique<Impl>()), m_pattern(pattern)
{
    m_impl->code = static_cast<const pcre2_code *>(pattern.m_code.get());
    m_impl->data.reset(pcre2_match_data_create(1, nullptr));
    m_impl->context.reset(pcre2_match_context_create(nullptr));
    pcre2_set_callout(
        m_impl->context.get(),
        [](pcre2_callout_block *, void *impl) {
            return static_cast<Impl *>(impl)->mayGoOn() ? 0 : PCRE2_ERROR_CALLOUT;
        },
        m_impl.get());
    pcre2_set_heap_limit(m_impl->context.get(), kHeapLimitKiB);
    pcre2_jit_stack_assign(
        m_impl->context.get(), [](void *) { return stackOfThread(); }, nullptr);
}

Matcher::~Matcher() = default;

Result<void> Matcher::cut(std::string_view text, std::vector<PatternPiece> &pieces)
{
    m_impl->begin(text.size());
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
