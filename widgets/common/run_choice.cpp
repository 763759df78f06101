// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/run_choice.h"

#include "widgets/common/number_text.h"

namespace orrery::ui {

QString runTagsText(const RunStatus &status)
{
    QStringList tags;
    for (const std::string &tag : status.labels.tags) tags << fromStd(tag);
    return tags.join(QStringLiteral(", "));
}

std::vector<const RunStatus *> offeredRuns(const std::vector<RunStatus> &runs, const QStringList &chosen)
{
    std::vector<const RunStatus *> offered;
    for (const RunStatus &status : runs)
        if (!status.labels.isArchived || chosen.contains(fromStd(status.id))) offered.push_back(&status);
    return offered;
}

} // namespace orrery::ui
