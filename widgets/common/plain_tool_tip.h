// SPDX-License-Identifier: GPL-3.0-or-later
// Hovers with texts from outside, names of files above all. Pure; any thread.
#pragma once

#include <QString>

namespace orrery::ui {

/// A text that is shown as it is: Qt takes for HTML what looks like it, and a name may be "<b>.png".
QString plainToolTip(const QString &text);

} // namespace orrery::ui
