// SPDX-License-Identifier: Apache-2.0
// Lines of mixed scripts, emoji, code, white space and control characters, drawn as make_golden.py draws
// them.
#pragma once

#include "core/data/tokenizer/unicode.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace orrery {

class MixedLines {
public:
    static constexpr uint64_t kNumLines = 12'000, kLinesOfBlock = 8;

    explicit MixedLines(const std::string &table)
    {
        std::ifstream file(table);
        for (std::string line; std::getline(file, line);) {
            std::istringstream words(line);
            std::string kind, name;
            words >> kind;
            if (kind == "snippet") m_snippets.push_back(nlohmann::json::parse(line.substr(8)));
            if (kind != "script" && kind != "list") continue;
            words >> name;
            std::vector<char32_t> points;
            for (std::string range; words >> range;) {
                const size_t dash = range.find('-');
                const auto first = std::stoul(range.substr(0, dash), nullptr, 16);
                const auto last = std::stoul(range.substr(dash + 1), nullptr, 16);
                for (auto point = first; point <= last; ++point)
                    points.push_back(static_cast<char32_t>(point));
            }
            if (kind == "script")
                m_scripts.push_back(std::move(points));
            else
                m_lists[name] = std::move(points);
        }
    }

    [[nodiscard]] bool isEmpty() const { return m_scripts.empty() || m_snippets.empty(); }

    [[nodiscard]] std::string line(uint64_t index) const
    {
        Draws draws{(index + 1) * 0xD1342543DE82EF95};
        std::string text;
        const uint64_t numParts = 1 + draws.below(8);
        for (uint64_t part = 0; part < numParts; ++part) {
            const uint64_t kind = draws.below(100);
            if (kind < 45) {
                const uint64_t script = draws.below(2 * m_scripts.size());
                addRun(draws, m_scripts[script < m_scripts.size() ? script : 0], 9, text);
            } else if (kind < 57) {
                addRun(draws, m_lists.at("space"), 5, text);
            } else if (kind < 66) {
                addRun(draws, m_lists.at("digit"), 7, text);
            } else if (kind < 80) {
                text += m_snippets[draws.below(m_snippets.size())];
            } else if (kind < 88) {
                addRun(draws, m_lists.at("punctuation"), 5, text);
            } else if (kind < 91) {
                addRun(draws, m_lists.at("control"), 3, text);
            } else if (kind < 95) {
                addRun(draws, m_scripts[0], 1, text);
                addRun(draws, m_lists.at("mark"), 4, text);
            } else {
                addRun(draws, m_lists.at("emoji"), 3, text);
            }
            if (draws.below(100) < 60) text += ' ';
        }
        return text;
    }

private:
    static constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;
    struct Draws { ///< splitmix64
        uint64_t state = 0;
        uint64_t below(uint64_t bound)
        {
            uint64_t z = state += kGolden;
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
            z = (z ^ z >> 27) * 0x94D049BB133111EB;
            return (z ^ z >> 31) % bound;
        }
    };

    static void addRun(Draws &draws, const std::vector<char32_t> &points, uint64_t most, std::string &text)
    {
        const uint64_t count = 1 + draws.below(most);
        for (uint64_t i = 0; i < count; ++i) tok::appendCodePoint(points[draws.below(points.size())], text);
    }

    std::vector<std::vector<char32_t>> m_scripts;
    std::map<std::string, std::vector<char32_t>> m_lists;
    std::vector<std::string> m_snippets;
};

} // namespace orrery
