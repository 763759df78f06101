// SPDX-License-Identifier: GPL-3.0-or-later
// One column of the table of final values: which number of a run stands in it, how it is called, which end is the better one,
// and what it says where there is none. Pure; any thread.
#pragma once

#include "widgets/compare/compare_facts.h"

#include <optional>
#include <vector>

namespace orrery::ui {

enum class ValuesColumnKind : uint8_t {
    Name, State, Steps, Parameters, Tokens, Seconds, ValLoss, BestValLoss, Loss, BestStep, Speed,
    Series, ///< a series of any name: its last, smallest or largest value
    Setting,
};
enum class SeriesEnd : uint8_t { Last, Minimum, Maximum };
enum class Better : uint8_t { Neither, Lower, Higher };

struct ValuesColumn {
    ValuesColumnKind kind = ValuesColumnKind::Name;
    QString name = {};                    ///< of the series, or key of the setting
    SeriesEnd end = SeriesEnd::Last;

    bool operator==(const ValuesColumn &) const = default;
    [[nodiscard]] QString id() const;     ///< "best_val_loss", "series:grad_norm:max", "set:optimizer.lr"
    [[nodiscard]] QString title() const;  ///< with its unit
    [[nodiscard]] QString toolTip() const;
    [[nodiscard]] Better better() const;
    [[nodiscard]] FactNeed need() const;
    [[nodiscard]] bool isText() const;    ///< stands at the left, whatever is in it
};
/// Nothing for a text that id() does not give.
std::optional<ValuesColumn> columnFromId(const QString &id);
/// Those that a status or a spec can fill, in the order in which they are shown at first.
const std::vector<ValuesColumn> &ordinaryColumns();

struct CompareCell {
    QString text;      ///< as it is shown; a dash where there is nothing
    QString exact;     ///< for programs: all digits, no grouping; empty where there is nothing
    double number = std::numeric_limits<double>::quiet_NaN();
    QString why;       ///< why there is no number, or what is to be known of it
    bool isWaiting = false;
};
CompareCell compareCell(const ValuesColumn &column, const CompareFacts &facts, const FactsOf &others);

/// "1.412 ± 0.013" and how many it is of; the deviation is that of a sample, and is left out for one number.
struct MeanCell {
    double mean = std::numeric_limits<double>::quiet_NaN();
    double deviation = std::numeric_limits<double>::quiet_NaN();
    int number = 0;
};
MeanCell meanOf(const std::vector<double> &values); ///< those that are finite
/// As the numbers of the column are written.
QString columnNumberText(const ValuesColumn &column, double value);
/// "40.9 ± 8.7 k": both in the unit and with the decimals that the mean has there.
/// @param mean of one number or more
QString meanText(const ValuesColumn &column, const MeanCell &mean);

} // namespace orrery::ui
