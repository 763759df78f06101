// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/loss_text.h"

#include "widgets/common/number_text.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace orrery::ui {
namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(LossText)
};

/// "8 s", "3 min": it is counted by people.
QString wholeText(double seconds)
{
    return seconds < 60 ? Texts::tr("%1 s").arg(integerText(qint64(seconds))) : durationText(seconds);
}

} // namespace

QString sinceText(const ConnectionLoss &loss)
{
    return loss.since > 0 ? Texts::tr("since %1").arg(clockTimeText(loss.since)) : QString();
}

QString longSinceText(const ConnectionLoss &loss, double now)
{
    if (!(loss.since > 0)) return {};
    return Texts::tr("%1 (%2)").arg(sinceText(loss), wholeText(std::max(0.0, now - loss.since)));
}

QString nextTryText(const ConnectionLoss &loss, double now)
{
    if (!(loss.since > 0) || (loss.isSilent && !(loss.nextTry > 0))) return {};
    const double seconds = std::ceil(loss.nextTry - now);
    return seconds > 0 ? Texts::tr("next try in %1").arg(wholeText(seconds)) : Texts::tr("trying now");
}

QString silenceText(const ConnectionLoss &loss, const QString &place)
{
    const QString since = sinceText(loss);
    if (place.isEmpty())
        return since.isEmpty() ? Texts::tr("The engine of this computer is there and does not answer. Trainings go on, and the window waits for it.")
                               : Texts::tr("The engine of this computer is there and does not answer %1. Trainings go on, and the window waits for it.").arg(since);
    return since.isEmpty() ? Texts::tr("The host “%1” is there and does not answer. Trainings go on there, and the window waits for it.").arg(place)
                           : Texts::tr("The host “%1” is there and does not answer %2. Trainings go on there, and the window waits for it.").arg(place, since);
}

} // namespace orrery::ui
