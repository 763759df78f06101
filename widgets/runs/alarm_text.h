// SPDX-License-Identifier: GPL-3.0-or-later
// How an alarm of a run is said, the same in the list, the run panel and a notification. Pure; any thread.
#pragma once

#include "core/spec/run_records.h"

#include <QString>

namespace orrery::ui {

QString alarmWord(AlarmKind kind);                         ///< "Jump of the loss"
QString alarmSinceText(const RunAlarm &alarm, double now); ///< "since 14:03:27 (4 min ago), step 8,210"
QString alarmLine(const RunAlarm &alarm, double now);      ///< all of it on one line
QString numAlarmsText(size_t number);                      ///< "1 alarm", "3 alarms"

} // namespace orrery::ui
