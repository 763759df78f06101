// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_numbers.h"

#include "core/spec/field_table.h"
#include "widgets/common/number_text.h"

#include <array>
#include <cmath>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

struct StatusNumber {
    QLatin1StringView name;
    double (*of)(const RunStatus &);
    NumberUnit unit = NumberUnit::Plain;
    bool isProposed = true; ///< else another name of one that is
};

constexpr auto numberOf = [](auto member) { return static_cast<double>(member); };

const std::array kNumbers = {
    StatusNumber{"step"_L1, [](const RunStatus &run) { return numberOf(run.step); }},
    StatusNumber{"steps"_L1, [](const RunStatus &run) { return numberOf(run.totalSteps); }},
    StatusNumber{"attempt"_L1, [](const RunStatus &run) { return numberOf(run.attempt); }},
    StatusNumber{"loss"_L1, [](const RunStatus &run) { return run.loss; }},
    StatusNumber{"val"_L1, [](const RunStatus &run) { return run.valLoss; }},
    StatusNumber{"val_loss"_L1, [](const RunStatus &run) { return run.valLoss; }, NumberUnit::Plain, false},
    StatusNumber{"best"_L1, [](const RunStatus &run) { return run.bestValLoss; }},
    StatusNumber{"best_val_loss"_L1, [](const RunStatus &run) { return run.bestValLoss; }, NumberUnit::Plain, false},
    StatusNumber{"grad_norm"_L1, [](const RunStatus &run) { return run.gradNorm; }},
    StatusNumber{"tokens_per_s"_L1, [](const RunStatus &run) { return run.tokensPerSecond; }},
    StatusNumber{"parameters"_L1, [](const RunStatus &run) { return numberOf(run.numParameters); }},
    StatusNumber{"time"_L1, [](const RunStatus &run) { return run.elapsedSeconds; }, NumberUnit::Time},
};

const StatusNumber *find(const QString &name)
{
    for (const StatusNumber &number : kNumbers)
        if (number.name == name) return &number;
    return nullptr;
}

double factorOf(QChar letter, NumberUnit unit)
{
    using Factor = std::pair<char16_t, double>;
    static constexpr std::array<Factor, 3> plain = {{{u'k', 1e3}, {u'M', 1e6}, {u'G', 1e9}}};
    static constexpr std::array<Factor, 4> time = {{{u's', 1}, {u'm', 60}, {u'h', 3600}, {u'd', 86400}}};
    const auto look = [letter](const auto &factors) {
        for (const Factor &factor : factors)
            if (letter == QChar(factor.first)) return factor.second;
        return 0.0;
    };
    return unit == NumberUnit::Time ? look(time) : look(plain);
}

SettingName settingOf(const Field &field)
{
    const bool isText = field.type == FieldType::Text || field.type == FieldType::Path ||
                        field.type == FieldType::TextList || field.type == FieldType::RealList;
    const bool isOrdered = field.type == FieldType::Integer || field.type == FieldType::Real;
    return {fromStd(field.key), {}, isText, isOrdered};
}

} // namespace

std::optional<ComparedText> splitComparison(const QString &token)
{
    const auto isSign = [](QChar letter) { return letter == u':' || letter == u'<' || letter == u'>'; };
    qsizetype at = 0;
    while (at < token.size() && !isSign(token[at])) ++at;
    if (at == 0 || at == token.size()) return std::nullopt;
    ComparedText compared;
    compared.name = token.first(at).toCaseFolded();
    const bool hasEqual = token[at] != u':' && at + 1 < token.size() && token[at + 1] == u'=';
    compared.sign = token.sliced(at, hasEqual ? 2 : 1);
    if (token[at] == u'<') compared.comparison = hasEqual ? Comparison::LessOrEqual : Comparison::Less;
    if (token[at] == u'>') compared.comparison = hasEqual ? Comparison::GreaterOrEqual : Comparison::Greater;
    compared.value = token.sliced(at + compared.sign.size()).remove(u'"');
    return compared;
}

std::optional<double> comparedNumber(const QString &text, NumberUnit unit)
{
    if (text.isEmpty()) return std::nullopt;
    const double factor = factorOf(text.back(), unit);
    bool isNumber = false;
    const double number = (factor > 0 ? text.chopped(1) : text).toDouble(&isNumber);
    if (!isNumber || std::isnan(number)) return std::nullopt;
    return number * (factor > 0 ? factor : 1);
}

bool holds(double value, Comparison comparison, double wanted)
{
    switch (comparison) {
    case Comparison::Equal:
        return value == wanted || std::abs(value - wanted) <= 1e-9 * std::abs(wanted); // as it was typed, rounded
    case Comparison::Less:
        return value < wanted;
    case Comparison::LessOrEqual:
        return value <= wanted;
    case Comparison::Greater:
        return value > wanted;
    case Comparison::GreaterOrEqual:
        return value >= wanted;
    }
    return false;
}

std::optional<double> statusNumber(const RunStatus &status, const QString &name)
{
    const StatusNumber *number = find(name);
    return number ? std::optional(number->of(status)) : std::nullopt;
}

bool isStatusNumber(const QString &name) { return find(name) != nullptr; }

NumberUnit unitOf(const QString &name)
{
    const StatusNumber *number = find(name);
    return number ? number->unit : NumberUnit::Plain;
}

QStringList statusNumberNames()
{
    QStringList names;
    for (const StatusNumber &number : kNumbers)
        if (number.isProposed) names << number.name;
    return names;
}

SettingName settingOfName(const QString &name)
{
    SettingName found;
    if (name == u"name") return found; // a word finds it, and by the name that it has now
    if (const Field *field = findField(toStd(name))) return settingOf(*field);
    if (name.startsWith("plugins."_L1)) return {name}; // as the runs have it
    const Field *last = nullptr;
    for (const Field &field : specFields()) {
        const QString key = fromStd(field.key);
        if (!key.endsWith(u'.' + name)) continue;
        found.possible << key;
        last = &field;
    }
    return found.possible.size() == 1 ? settingOf(*last) : found;
}

QStringList settingKeys()
{
    QStringList keys;
    for (const Field &field : specFields())
        if (field.key != "name") keys << fromStd(field.key);
    return keys;
}

bool settingHolds(const QString &plain, Comparison comparison, const QString &wanted, bool isText)
{
    if (plain.isNull()) return false;
    bool isNumber = false;
    const double value = plain.toDouble(&isNumber);
    const auto number = isText ? std::nullopt : comparedNumber(wanted, NumberUnit::Plain);
    if (isNumber && number) return holds(value, comparison, *number);
    if (comparison != Comparison::Equal) return false;
    return isText ? plain.contains(wanted, Qt::CaseInsensitive) : plain.compare(wanted, Qt::CaseInsensitive) == 0;
}

} // namespace orrery::ui
