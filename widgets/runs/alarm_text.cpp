// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/alarm_text.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"

#include <QCoreApplication>

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("AlarmText", text); }

} // namespace

QString alarmWord(AlarmKind kind)
{
    switch (kind) {
    case AlarmKind::NonFinite:
        return tr("Not a finite number");
    case AlarmKind::Spike:
        return tr("Jump of the loss");
    case AlarmKind::Divergence:
        return tr("Divergence");
    case AlarmKind::Plateau:
        return tr("Plateau");
    case AlarmKind::Overfitting:
        return tr("Over-fitting");
    case AlarmKind::NoReport:
        return tr("No report");
    case AlarmKind::DiskFull:
        return tr("Disk nearly full");
    case AlarmKind::Unknown:
        break;
    }
    return tr("Alarm");
}

QString alarmSinceText(const RunAlarm &alarm, double now)
{
    if (alarm.wallTime <= 0) return tr("at step %1").arg(integerText(alarm.step));
    return tr("since %1 (%2), step %3")
        .arg(clockTimeText(alarm.wallTime), relativeTimeText(now - alarm.wallTime), integerText(alarm.step));
}

QString alarmLine(const RunAlarm &alarm, double now)
{
    return tr("%1, %2: %3").arg(alarmWord(alarm.kind), alarmSinceText(alarm, now), fromStd(alarm.text));
}

QString numAlarmsText(size_t number)
{
    return counted(static_cast<qint64>(number), tr("1 alarm"), tr("%1 alarms"));
}

} // namespace orrery::ui
