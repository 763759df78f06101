// SPDX-License-Identifier: GPL-3.0-or-later
// The only place that includes qcustomplot.h: its header needs Qt's keywords, which our targets switch off.
#pragma once

#include <QObject>

#define signals Q_SIGNALS
#define slots Q_SLOTS
#define emit Q_EMIT
#define foreach(variable, container) for (variable : container)
#include <qcustomplot.h> // IWYU pragma: export
#undef signals
#undef slots
#undef emit
#undef foreach
