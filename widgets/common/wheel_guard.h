// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps values in a form that scrolls from being changed by the wheel as they pass under the pointer. GUI
// thread only.
#pragma once

class QWidget;

namespace orrery::ui {

/// The wheel changes the control only while it has the focus, which the wheel does not give it; without, it
/// scrolls what the control lies in.
void guardFromWheel(QWidget *control);

} // namespace orrery::ui
