// SPDX-License-Identifier: Apache-2.0
// Texts of many kinds for the modality head.
#include "core/data/media/window_sources.h"

#include "core/data/world/shapes_scene.h"

#include <array>
#include <cstdio>

namespace orrery::windows {

namespace {

constexpr std::array kWords = {
    "the",    "of",    "and",    "a",      "to",       "in",       "is",    "that",   "it",      "for",
    "was",    "on",    "are",    "with",   "as",       "at",       "be",    "this",   "have",    "from",
    "or",     "one",   "had",    "by",     "but",      "not",      "what",  "all",    "were",    "when",
    "we",     "there", "can",    "an",     "your",     "which",    "their", "said",   "if",      "do",
    "river",  "model", "window", "yellow", "between",  "measure",  "stone", "letter", "morning", "engine",
    "answer", "light", "orbit",  "planet", "question", "although", "music", "number", "weather", "garden"};

template <typename Words> const char *pick(const Words &words, Draws &draws)
{
    return words[draws.below(words.size())];
}

/// A sentence; now and then a name, a figure, a quotation, a dash of another alphabet.
std::string sentence(Draws &draws)
{
    std::string text;
    const uint64_t count = 4 + draws.below(14);
    for (uint64_t i = 0; i < count; ++i) {
        std::string word = pick(kWords, draws);
        if (i == 0 || draws.chance(0.05)) word[0] = static_cast<char>(word[0] - 'a' + 'A');
        if (draws.chance(0.02)) word = std::to_string(draws.below(3000));
        if (draws.chance(0.02)) word = "“" + word + "”";
        if (draws.chance(0.03)) word += draws.chance(0.5) ? "é" : "’s";
        text += (i > 0 ? " " : "") + word + (draws.chance(0.08) ? "," : "");
    }
    return text +
           (draws.chance(0.8)   ? ". "
            : draws.chance(0.5) ? "? "
                                : " — ") +
           (draws.chance(0.2) ? "\n" : "");
}

std::string shapesText(Draws &draws)
{
    const ShapesDocument document = windowScenes().document(Split::Train, draws.below(1u << 20));
    return document.prompt + document.answer + (draws.chance(0.5) ? "\n" : " ");
}

std::string codeLine(Draws &draws)
{
    constexpr std::array kStarts = {"if (",   "for (auto ",   "return ", "const int64_t ",
                                    "auto *", "std::vector<", "static ", "#include <",
                                    "// ",    "} else {\n",   "def ",    "self."};
    constexpr std::array kOperators = {" = ", " + ",  "->", ".", "::",  " < ",
                                       ", ",  " && ", "(",  ")", "[i]", ";"};
    // Rules between parts, and the indentation that stands in front of everything.
    if (draws.chance(0.12)) return "//" + std::string(10 + draws.below(60), "-=*/ "[draws.below(5)]) + "\n";
    if (draws.chance(0.08)) return std::string(1 + draws.below(2), '\n');
    std::string text(draws.chance(0.3) ? draws.below(48) : 4 * draws.below(5),
                     draws.chance(0.1) ? '\t' : ' ');
    text += pick(kStarts, draws);
    for (uint64_t i = 0; i < 2 + draws.below(5); ++i) {
        std::string name = pick(kWords, draws);
        if (draws.chance(0.5)) {
            std::string second = pick(kWords, draws);
            second[0] = static_cast<char>(second[0] - 'a' + 'A');
            name += draws.chance(0.5) ? second : "_" + second;
        }
        text += name + pick(kOperators, draws);
        if (draws.chance(0.2)) text += std::to_string(draws.below(100));
    }
    return text + (draws.chance(0.7) ? ";\n" : " {\n");
}

std::string jsonRecord(Draws &draws)
{
    std::string text = "{";
    for (uint64_t i = 0; i < 1 + draws.below(6); ++i) {
        text += std::string(i > 0 ? ", " : "") + "\"" + pick(kWords, draws) + "\": ";
        if (draws.chance(0.4))
            text += std::to_string(draws.below(100'000));
        else if (draws.chance(0.3))
            text += draws.chance(0.5) ? "true" : "null";
        else
            text += std::string("\"") + pick(kWords, draws) + " " + pick(kWords, draws) + "\"";
    }
    return text + "}\n";
}

std::string tableRow(Draws &draws)
{
    if (draws.chance(0.05)) return std::string(20 + draws.below(60), "-=+ "[draws.below(4)]) + "\n";
    std::string text;
    const char *separator = draws.chance(0.5) ? "," : draws.chance(0.5) ? "\t" : "; ";
    for (uint64_t i = 0; i < 3 + draws.below(8); ++i) {
        std::array<char, 64> number{};
        std::snprintf(number.data(), number.size(), draws.chance(0.5) ? "%.3f" : "%.0f",
                      1000 * draws.normal());
        text += (i > 0 ? separator : "") + std::string(number.data());
    }
    return text + "\n";
}

std::string markup(Draws &draws)
{
    const std::string word = pick(kWords, draws);
    if (draws.chance(0.3)) return std::string(1 + draws.below(3), '#') + " " + word + "\n\n";
    if (draws.chance(0.3))
        return "- [" + word + "](https://" + pick(kWords, draws) + ".example/" + word + ")\n";
    const std::string tag = draws.chance(0.5) ? "p" : draws.chance(0.5) ? "div" : "span";
    return "<" + tag + " class=\"" + word + "\">" + sentence(draws) + "</" + tag + ">";
}

void appendUtf8(std::string &text, uint32_t code)
{
    if (code < 0x80) {
        text += static_cast<char>(code);
    } else if (code < 0x800) {
        text += {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
    } else if (code < 0x10000) {
        text += {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
                 static_cast<char>(0x80 | (code & 0x3f))};
    } else {
        text += {static_cast<char>(0xf0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3f)),
                 static_cast<char>(0x80 | (code >> 6 & 0x3f)), static_cast<char>(0x80 | (code & 0x3f))};
    }
}

struct Script {
    uint32_t first;
    uint32_t count;
    uint64_t longestWord; ///< 0: written without blanks
};
constexpr std::array kScripts = {
    Script{0x3b1, 25, 9},    // Greek
    Script{0x430, 32, 10},   // Cyrillic
    Script{0x5d0, 27, 7},    // Hebrew
    Script{0x627, 28, 8},    // Arabic
    Script{0x904, 54, 7},    // Devanagari
    Script{0x4e00, 3000, 0}, // Chinese characters
    Script{0x3042, 82, 0},   // Hiragana
};
constexpr std::array kMoreScripts = {
    Script{0xac00, 2000, 5}, // Hangul
    Script{0xe01, 46, 0},    // Thai
    Script{0x561, 38, 9},    // Armenian
    Script{0x1f600, 60, 3},  // pictographs
};

std::string scriptText(const Script &script, Draws &draws)
{
    std::string text;
    for (int word = 0; word < 8; ++word) {
        const uint64_t length = 1 + draws.below(script.longestWord > 0 ? script.longestWord : 12);
        // Common letters come more often than rare ones.
        for (uint64_t i = 0; i < length; ++i)
            appendUtf8(text,
                       script.first + static_cast<uint32_t>(draws.below(1 + draws.below(script.count))));
        if (script.longestWord > 0)
            text += draws.chance(0.1) ? ", " : " ";
        else if (draws.chance(0.4))
            text += "。";
        if (draws.chance(0.05)) text += std::to_string(draws.below(2000));
    }
    return text + (draws.chance(0.3) ? "\n" : "");
}

std::string logLine(Draws &draws)
{
    std::array<char, 160> line{};
    std::snprintf(line.data(), line.size(), "2031-%02d-%02d %02d:%02d:%02d.%03d [%s] %s:%d ",
                  static_cast<int>(1 + draws.below(12)), static_cast<int>(1 + draws.below(28)),
                  static_cast<int>(draws.below(24)), static_cast<int>(draws.below(60)),
                  static_cast<int>(draws.below(60)), static_cast<int>(draws.below(1000)),
                  draws.chance(0.8) ? "info" : "warning", pick(kWords, draws),
                  static_cast<int>(draws.below(900)));
    return std::string(line.data()) + pick(kWords, draws) + "=0x" + std::to_string(draws.below(1u << 20)) +
           " " + pick(kWords, draws) + " took " + std::to_string(draws.below(500)) + " ms\n";
}

std::string piece(size_t family, Draws &draws)
{
    switch (family) {
    case 0:
        return sentence(draws);
    case 1:
        return shapesText(draws);
    case 2:
        return codeLine(draws);
    case 3:
        return jsonRecord(draws);
    case 4:
        return tableRow(draws);
    case 5:
        return markup(draws);
    case 6:
        return scriptText(kScripts[draws.below(kScripts.size())], draws);
    case 7:
        return logLine(draws);
    default:
        return scriptText(kMoreScripts[draws.below(kMoreScripts.size())], draws);
    }
}

} // namespace

std::vector<uint8_t> makeText(size_t family, size_t size, Draws &draws)
{
    // A window begins anywhere, also within a character.
    const size_t skipped = draws.below(40);
    std::string text;
    while (text.size() < skipped + size) text += piece(family, draws);
    return {text.begin() + static_cast<ptrdiff_t>(skipped), text.end()};
}

} // namespace orrery::windows
