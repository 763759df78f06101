// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers of a run's status and its settings, as the filter of the list compares them: "val<1.5", "optimizer.lr>1e-3",
// "seed:3". Pure; any thread.
#pragma once

#include "core/spec/run_records.h"

#include <QString>
#include <QStringList>

#include <optional>

namespace orrery::ui {

enum class Comparison : uint8_t { Equal, Less, LessOrEqual, Greater, GreaterOrEqual };

/// "val", "<=", "1.5"; nothing where there is no sign or no name before it. A colon is "equal".
struct ComparedText {
    QString name;  ///< case folded
    QString sign;
    Comparison comparison = Comparison::Equal;
    QString value; ///< without quotes; may be empty
};
std::optional<ComparedText> splitComparison(const QString &token);

/// Plain numbers, 2k, 7.1M, 3G; 30s, 45m, 12h, 2d where it is a time.
enum class NumberUnit : uint8_t { Plain, Time };
std::optional<double> comparedNumber(const QString &text, NumberUnit unit);
bool holds(double value, Comparison comparison, double wanted); ///< never for what is no number

/// What a run tells: "step", "val" … @return nullopt: there is no such number
std::optional<double> statusNumber(const RunStatus &status, const QString &name);
bool isStatusNumber(const QString &name);
NumberUnit unitOf(const QString &name);
QStringList statusNumberNames(); ///< the usual ones, for proposals

/// A setting by its key ("optimizer.lr") or, where only one ends so, by the last part of it ("lr").
struct SettingName {
    QString key;          ///< empty: there is none
    QStringList possible; ///< of an ambiguous name
    bool isText = false;   ///< a part of it is enough
    bool isOrdered = true; ///< it can be less or greater
};
SettingName settingOfName(const QString &name);
QStringList settingKeys(); ///< for proposals

/// @param plain as spec.json has it
bool settingHolds(const QString &plain, Comparison comparison, const QString &wanted, bool isText);

} // namespace orrery::ui
