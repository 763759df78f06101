// SPDX-License-Identifier: GPL-3.0-or-later
// What the settings of two or more runs have in common and where they differ, key by key. Pure; any thread.
#pragma once

#include "widgets/compare/run_settings.h"

#include <vector>

namespace orrery::ui {

struct ComparedRun {
    QString run, title;
    RunSettings::Ptr settings; ///< null: not read yet, or not to be read; its cells are then unknown
};

struct DifferenceCell {
    QString text;           ///< as it is set
    QString shown;          ///< with its unit
    bool isKnown = false;   ///< the run has this setting, stated or by default
    bool isStated = false;
    bool isDefault = false;
};

struct DifferenceRow {
    QString key, label, group;
    std::vector<DifferenceCell> cells; ///< one a run
    bool isDifferent = false; ///< among the runs that have settings, one has another value or none
};

/// All settings that any of the runs has, group by group in the order of the field table; not the name, which is no setting
/// that a number depends on.
std::vector<DifferenceRow> settingsDifference(const std::vector<ComparedRun> &runs);

/// "--set", "optimizer.lr=0.0005", …: what makes of the run `from` the settings of the run `to`, as far as both have them.
QStringList setArguments(const std::vector<DifferenceRow> &rows, size_t from, size_t to);

} // namespace orrery::ui
