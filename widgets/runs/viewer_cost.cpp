// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/viewer_cost.h"

#include "widgets/common/number_text.h"

#include <QCoreApplication>

#include <cmath>

namespace orrery::ui {

QString viewerCostText(const RunStatus &status)
{
    return isLiveState(status.state) && std::isfinite(status.viewerPercent)
               ? percentText(status.viewerPercent)
               : unknownText();
}

QString viewerCostHelp()
{
    return QCoreApplication::translate(
        "ViewerCost",
        "Time that the training spent on windows, samples, frames and questions in the second or so before its last "
        "report, as a share of that time. The series viewer_percent has it for all steps.");
}

} // namespace orrery::ui
