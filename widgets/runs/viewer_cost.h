// SPDX-License-Identifier: GPL-3.0-or-later
// What looking at a training costs it, said the same wherever it stands. Pure.
#pragma once

#include "core/spec/run_records.h"

#include <QString>

namespace orrery::ui {

/// "0.3 %"; a dash where no worker has measured it, or none lives any more.
QString viewerCostText(const RunStatus &status);
/// Of what it is a share, and since when.
QString viewerCostHelp();

} // namespace orrery::ui
