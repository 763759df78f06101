// SPDX-License-Identifier: Apache-2.0
// sum: product { (+|-) product }   product: factor { (*|/) factor }
// factor: - factor | number | name | function ( sum [, sum] ) | ( sum )
#include "core/spec/formula.h"

#include "core/base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace orrery {

namespace {

class FormulaReader {
public:
    FormulaReader(std::string_view text, const std::map<std::string, double> &values)
        : m_text(text), m_values(values)
    {
    }
    Result<double> read()
    {
        if (m_text.size() > kMaxFormulaBytes)
            return Error{ErrorCode::InvalidInput,
                         "Cannot read a formula: it has " + std::to_string(m_text.size()) +
                             " bytes, expected at most " + std::to_string(kMaxFormulaBytes) + ".",
                         kHint};
        ORRERY_ASSIGN(const double value, sum());
        if (m_place < m_text.size()) return refuse("+, -, *, / or the end");
        return std::isfinite(value) ? value : 0.0;
    }

private:
    static constexpr const char *kHint =
        "Numbers, names, + - * / ( ), min, max, root, floor and on make one.";

    [[nodiscard]] Error refuse(const std::string &expected) const
    {
        const std::string found =
            m_place < m_text.size() ? "\"" + sanitizeUtf8(m_text.substr(m_place, 20)) + "\"" : "the end";
        return {ErrorCode::InvalidInput,
                "Cannot read the formula \"" + sanitizeUtf8(m_text.substr(0, 80)) + "\": at byte " +
                    std::to_string(m_place) + " is " + found + ", expected " + expected + ".",
                kHint};
    }
    void skipSpace()
    {
        while (m_place < m_text.size() && m_text[m_place] == ' ') ++m_place;
    }
    bool take(char wanted)
    {
        skipSpace();
        if (m_place >= m_text.size() || m_text[m_place] != wanted) return false;
        ++m_place;
        return true;
    }

    Result<double> sum()
    {
        ORRERY_ASSIGN(double value, product());
        for (;;) {
            const bool isPlus = take('+');
            if (!isPlus && !take('-')) return value;
            ORRERY_ASSIGN(const double next, product());
            value += isPlus ? next : -next;
        }
    }
    Result<double> product()
    {
        ORRERY_ASSIGN(double value, factor());
        for (;;) {
            const bool isTimes = take('*');
            if (!isTimes && !take('/')) return value;
            ORRERY_ASSIGN(const double next, factor());
            value = isTimes ? value * next : value / next;
        }
    }
    Result<double> factor()
    {
        if (++m_depth > kMaxFormulaDepth) return refuse("no deeper brackets");
        auto value = bareFactor();
        --m_depth;
        skipSpace();
        return value;
    }
    Result<double> bareFactor()
    {
        if (take('-')) {
            ORRERY_ASSIGN(const double value, factor());
            return -value;
        }
        if (take('(')) {
            ORRERY_ASSIGN(const double value, sum());
            if (!take(')')) return refuse(")");
            return value;
        }
        skipSpace();
        const char *begin = m_text.data() + m_place, *end = m_text.data() + m_text.size();
        if (begin != end && *begin >= '0' && *begin <= '9') {
            double value = 0;
            const auto [behind, code] = std::from_chars(begin, end, value);
            if (code != std::errc()) return refuse("a number that a double holds");
            m_place += static_cast<size_t>(behind - begin);
            return value;
        }
        return named();
    }
    Result<double> named()
    {
        const auto isPart = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        };
        const auto *end = std::find_if_not(m_text.begin() + m_place, m_text.end(), isPart);
        const std::string name(m_text.begin() + m_place, end);
        if (name.empty()) return refuse("a number, a name or (");
        static const std::map<std::string, size_t> functions = {
            {"min", 2}, {"max", 2}, {"root", 1}, {"floor", 1}, {"on", 1}};
        if (const auto function = functions.find(name); function != functions.end()) {
            m_place += name.size();
            return called(name, function->second);
        }
        const auto found = m_values.find(name);
        if (found == m_values.end()) return refuse("a function or one of " + knownNames());
        m_place += name.size();
        return found->second;
    }
    Result<double> called(const std::string &name, size_t numArguments)
    {
        if (!take('(')) return refuse("(");
        std::vector<double> given;
        for (size_t i = 0; i < numArguments; ++i) {
            if (i > 0 && !take(',')) return refuse(",");
            ORRERY_ASSIGN(const double value, sum());
            given.push_back(value);
        }
        if (!take(')')) return refuse(")");
        if (name == "min") return std::min(given[0], given[1]);
        if (name == "max") return std::max(given[0], given[1]);
        if (name == "root") return std::sqrt(given[0]);
        if (name == "floor") return std::floor(given[0]);
        return given[0] > 0 ? 1.0 : 0.0;
    }
    [[nodiscard]] std::string knownNames() const
    {
        std::vector<std::string> names;
        for (const auto &[name, value] : m_values) names.push_back(name);
        return joinText(names, ", ");
    }

    std::string_view m_text;
    const std::map<std::string, double> &m_values;
    size_t m_place = 0;
    int m_depth = 0;
};

} // namespace

Result<double> evaluateFormula(std::string_view formula, const std::map<std::string, double> &values)
{
    return FormulaReader(formula, values).read();
}

} // namespace orrery
