// SPDX-License-Identifier: GPL-3.0-or-later
// What does the same as an action in a terminal, told with the action: the palette copies it (Ctrl+C), whoever lists it there.
// GUI thread only.
#pragma once

#include <QString>

#include <functional>

class QAction;

namespace orrery::ui {

/// Asked each time it is copied. @param command empty text: nothing does now
void setActionCommand(QAction &action, std::function<QString()> command);
/// Empty function: nobody told one.
std::function<QString()> actionCommand(const QAction &action);

} // namespace orrery::ui
