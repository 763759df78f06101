// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong with the values of a session file. What the program keeps itself is read whatever it says; of a file of
// somebody's a number that is none would be shown as one. Pure; any thread.
#pragma once

#include <QJsonObject>
#include <QString>

namespace orrery::ui {

/// "answer 2, token 17: p is \"x\", which is no number from 0 to 1"; empty: nothing. The first fault alone.
QString sessionFault(const QJsonObject &document);

} // namespace orrery::ui
