// SPDX-License-Identifier: GPL-3.0-or-later
// Which host the commands of "Copy as command" are for: set by the shell when the window turns to another one. GUI thread only.
#pragma once

#include <QString>

namespace orrery::ui {

/// @param name of the connection; empty: this computer
void setCommandHost(const QString &name);
QString commandHost();
/// " --host NAME", behind a command that is put together elsewhere; empty: this computer
QString hostOption();

} // namespace orrery::ui
