// SPDX-License-Identifier: GPL-3.0-or-later
// What boxes that choose a run have in common: those of the archive are left out, unless one of them is chosen. Pure.
#pragma once

#include "core/spec/run_records.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace orrery::ui {

QString runTagsText(const RunStatus &status); ///< "baseline, lr sweep"
/// In the order of the list. @param chosen ids of runs that are offered all the same
std::vector<const RunStatus *> offeredRuns(const std::vector<RunStatus> &runs, const QStringList &chosen = {});

} // namespace orrery::ui
